//! The books as plain text that accounting programs read: a journal for hledger, a file for beancount.
//!
//! One transaction a transfer, on the day of its event; when it was posted and what it corrects stand beside it.
//! Commitments have a commodity of their own, so that they sum to zero apart. At the end every balance is asserted,
//! so a figure that was changed by 10⁻¹² is refused.

use super::{Books, moment};
use crate::failure::Failure;
use contract::Day;
use settlement::deal_posting::{Class, Entry, Place};
use std::fmt::Write as _;
use units::{Currency, Money, Timestamp};

/// Stands behind the currency of what is promised and not money.
const PROMISED: &str = "-COMMIT";

pub fn hledger(books: &Books) -> Result<String, Failure> {
    let currency = books.ledgers.currency();
    let mut text = format!("; {}\n\n", title(books));
    let _ = writeln!(text, "commodity {currency} 1000.000000000000");
    let _ = writeln!(text, "commodity \"{currency}{PROMISED}\" 1000.000000000000");
    let amount = |place: &Place, pico: i128| {
        let unit = if is_memo(place) { format!("\"{currency}{PROMISED}\"") } else { currency.to_string() };
        format!("{unit} {}", units::format_decimal(pico, 12, 12))
    };
    for (place, _) in books.accounts() {
        let _ = writeln!(text, "account {}  ; code:{}", lower(place), place.chart.code());
    }
    for entry in books.entries() {
        let transfer = &entry.transfer;
        let _ = writeln!(text, "\n{} * {}", transfer.event_at.date(), what(entry));
        let corrects = transfer.corrects.map_or_else(String::new, |id| format!(", corrects:{id}"));
        let _ = writeln!(text, "    ; id:{}, posted:{}{corrects}", transfer.id, moment(transfer.posted_at));
        let pico = transfer.amount.pico();
        for (place, pico) in [(&entry.debit, pico), (&entry.credit, -pico)] {
            let _ = writeln!(text, "    {}  {}", lower(place), amount(place, pico));
        }
    }
    let _ = writeln!(text, "\n{} * what every account holds", Day::of(last(books)));
    for (place, balance) in books.accounts() {
        let held = balance.net().map_err(Failure::failed)?.pico();
        let _ = writeln!(text, "    {}  {} = {}", lower(place), amount(place, 0), amount(place, held));
    }
    Ok(text)
}

pub fn beancount(books: &Books) -> Result<String, Failure> {
    let currency = books.ledgers.currency();
    let mut text = format!("option \"title\" \"{}\"\n", quoted(&title(books)));
    let _ = writeln!(text, "option \"operating_currency\" \"{currency}\"");
    for unit in [currency.to_string(), format!("{currency}{PROMISED}")] {
        let _ = writeln!(text, "option \"inferred_tolerance_default\" \"{unit}:0.0000000000005\"");
    }
    text.push('\n');
    let first = books.entries().map(|entry| entry.transfer.event_at).min().unwrap_or(last(books));
    for (place, _) in books.accounts() {
        let _ = writeln!(text, "{} open {} {}", first.date(), upper(place), commodity(place, currency));
        let _ = writeln!(text, "  code: \"{}\"", place.chart.code());
    }
    for entry in books.entries() {
        let transfer = &entry.transfer;
        let (day, party) = (transfer.event_at.date(), quoted(entry.party()));
        let _ = writeln!(text, "\n{day} * \"{party}\" \"{}\"", quoted(&what(entry)));
        let _ = writeln!(text, "  id: \"{}\"\n  posted: \"{}\"", transfer.id, moment(transfer.posted_at));
        if let Some(corrects) = transfer.corrects {
            let _ = writeln!(text, "  corrects: \"{corrects}\"");
        }
        let pico = transfer.amount.pico();
        for (place, pico) in [(&entry.debit, pico), (&entry.credit, -pico)] {
            let amount = units::format_decimal(pico, 12, 12);
            let _ = writeln!(text, "  {}  {amount} {}", upper(place), commodity(place, currency));
        }
    }
    // A balance is asserted for the beginning of a day.
    let after = Day::of(last(books)).plus_days(1);
    text.push('\n');
    for (place, balance) in books.accounts() {
        let held: Money = balance.net().map_err(Failure::failed)?;
        let held = units::format_decimal(held.pico(), 12, 12);
        let _ = writeln!(text, "{after} balance {}  {held} ~ 0 {}", upper(place), commodity(place, currency));
    }
    Ok(text)
}

fn title(books: &Books) -> String {
    let evaluation = &books.evaluation;
    let contract = &evaluation.contract;
    format!(
        "{}, version {}: as of {}, as known at {}",
        contract.id,
        contract.version,
        moment(evaluation.as_of),
        moment(evaluation.known_at)
    )
}

/// The last moment anything happened at, or that was asked about.
fn last(books: &Books) -> Timestamp {
    let events = books.entries().map(|entry| entry.transfer.event_at);
    events.max().unwrap_or(books.evaluation.as_of).max(books.evaluation.as_of)
}

fn is_memo(place: &Place) -> bool {
    place.chart.class() == Class::Memo
}

fn commodity(place: &Place, currency: Currency) -> String {
    if is_memo(place) { format!("{currency}{PROMISED}") } else { currency.to_string() }
}

/// What an entry books, in a line.
fn what(entry: &Entry) -> String {
    let year = entry.year.map_or_else(String::new, |year| format!(", year {year}"));
    let open = if entry.open { ", open" } else { "" };
    let clause: String = entry.clause.chars().filter(|letter| !";|\n".contains(*letter)).collect();
    format!("{} {clause}{year}{open}", entry.transfer.code)
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// `assets:lab:receivable:cloud`.
fn lower(place: &Place) -> String {
    parts(place).join(":")
}

/// `Assets:Lab:Receivable:Cloud`; beancount knows five classes, and a memo stands in the owners'.
fn upper(place: &Place) -> String {
    let mut parts = parts(place);
    if is_memo(place) {
        "equity".clone_into(&mut parts[0]);
    }
    let capital = |part: &String| {
        let mut letters = part.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>())
            .unwrap_or_default()
    };
    parts.iter().map(capital).collect::<Vec<_>>().join(":")
}

fn parts(place: &Place) -> Vec<String> {
    let mut parts =
        vec![place.chart.class().word().to_owned(), word(&place.party), place.chart.name().to_owned()];
    parts.extend(place.with.iter().flat_map(|with| with.split(':')).map(word));
    parts
}

/// Letters, digits and dashes, as both programs take them in the name of an account.
fn word(text: &str) -> String {
    let kept = text.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
    let kept: String = kept.collect();
    if kept.starts_with('-') || kept.is_empty() { format!("x{kept}") } else { kept }
}
