//! `offtake instrument`: the events of a financing instrument, from its ACTUS terms. It needs no configuration.

use super::answer;
use crate::failure::Failure;
use actus::{Event, Fault, Instrument, Time};
use config::{Problem, Problems};
use std::path::PathBuf;

/// The events of a financing instrument, from its ACTUS terms: what is paid when, and what is owed then
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The instrument, TOML or JSON
    file: PathBuf,
    /// Until when, such as `2031-12-31`
    #[arg(long, value_name = "DATE", value_parser = time)]
    to: Time,
    /// For programs: the events by their ACTUS names
    #[arg(long)]
    json: bool,
}

fn time(text: &str) -> Result<Time, String> {
    actus::parse_time(text).ok_or_else(|| "should be a date such as `2031-12-31`".to_owned())
}

/// Writes the events of the instrument in a file.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = &arguments.file;
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::unusable(format!("cannot read `{}`: {error}", path.display())))?;
    let refuse = |fault: Fault| {
        let problem = Problem { span: fault.span, message: fault.message, hint: fault.mend, of: None };
        Failure::from(Problems { path: path.clone(), text: text.clone(), list: vec![problem] })
    };
    let instrument = actus::parse(&text).map_err(refuse)?;
    let events = instrument.events(arguments.to).map_err(|error| refuse(Fault::of(&error, &text)))?;
    if arguments.json {
        let events: Vec<_> = events.iter().map(Event::json).collect();
        let text = serde_json::to_string_pretty(&events).map_err(Failure::failed)?;
        return answer(&format!("{text}\n"));
    }
    answer(&table(&instrument, &events))
}

/// The events as a table, with the sum of what is received and paid.
fn table(instrument: &Instrument, events: &[Event]) -> String {
    let currency = instrument.terms.settlement_currency.as_ref().or(instrument.terms.currency.as_ref());
    let payoff = currency.map_or_else(|| "payoff".to_owned(), |currency| format!("payoff {currency}"));
    let mut rows = vec![["date", "event", &payoff, "notional", "rate", "accrued", "due"].map(str::to_owned)];
    rows.extend(events.iter().map(row));
    let total = events.iter().map(|event| event.payoff).sum();
    rows.push([
        "total".to_owned(),
        String::new(),
        amount(total),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
    ]);
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    let exercised = events.iter().any(|event| event.exercise.is_some());
    let mut text = String::new();
    for row in &rows {
        let mut line = format!("{:w0$}  {:w1$}", row[0], row[1], w0 = widths[0], w1 = widths[1]);
        for (cell, width) in row.iter().zip(widths).skip(2).take(if exercised { 5 } else { 4 }) {
            line += &format!("  {cell:>width$}");
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn row(event: &Event) -> [String; 7] {
    let whole = event.date.to_string();
    [
        whole.strip_suffix("T00:00:00").map(str::to_owned).unwrap_or(whole),
        event.kind.code().to_owned(),
        amount(event.payoff),
        amount(event.notional_principal),
        format!("{:.4} %", event.nominal_interest_rate * 100.0),
        amount(event.accrued_interest),
        event.exercise.map_or_else(String::new, |exercise| amount(exercise.amount)),
    ]
}

/// Two decimals, with commas.
fn amount(value: f64) -> String {
    let text = format!("{:.2}", value.abs());
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 && text != "0.00" { "-" } else { "" };
    format!("{sign}{grouped}.{cents}")
}
