//! Where the deal stands by its facts, and the signals to watch.

use super::Sources;
use crate::document::{Block, Column, Table};
use crate::words::{figures, money, percent};
use contract::deal::MetricKind;
use contract::{Bound, Quantity, WatchStatus, YearSettlement};

pub(super) fn blocks(sources: &Sources<'_>) -> Vec<Block> {
    let evaluation = sources.evaluation;
    let title = format!("Where it stands on {}", evaluation.as_of.date());
    let mut blocks = vec![Block::Heading(1, title)];
    let tranches: Vec<Vec<String>> = evaluation
        .tranches
        .iter()
        .map(|status| {
            let unknown = if status.unknown { ", a fact is missing" } else { "" };
            let name = status.title.clone().unwrap_or_else(|| status.id.clone());
            let amount = Quantity::money(status.amount, Bound::Exactly).shown();
            vec![name, amount, format!("{}{unknown}", status.state.word()), status.condition.clone()]
        })
        .collect();
    if !tranches.is_empty() {
        let columns = vec![
            Column::words("tranche"),
            Column::numbers("amount"),
            Column::words("state"),
            Column::words("released by"),
        ];
        blocks.push(Block::Table(Table { caption: "Tranches".to_owned(), columns, rows: tranches }));
    }
    for status in &evaluation.commitments {
        let name = status.title.clone().unwrap_or_else(|| status.id.clone());
        let [drawn, remaining] =
            [status.drawn, status.remaining].map(|amount| Quantity::money(amount, Bound::Exactly).shown());
        blocks.push(Block::Text(format!(
            "{name}: {drawn} drawn down, {remaining} of the minimums not yet reached."
        )));
        let past: Vec<&YearSettlement> =
            status.years.iter().filter(|year| year.from.start() <= evaluation.as_of).collect();
        if !past.is_empty() {
            blocks.push(years(&past));
        }
    }
    if blocks.len() == 1 {
        blocks.push(Block::Text("It has no tranche and no commitment to stand anywhere with.".to_owned()));
    }
    blocks
}

fn years(years: &[&YearSettlement]) -> Block {
    let columns = vec![
        Column::words("year"),
        Column::words("from"),
        Column::numbers("minimum"),
        Column::numbers("counted"),
        Column::numbers("charge"),
        Column::numbers("shortfall"),
        Column::numbers("due"),
    ];
    let rows = years.iter().map(|year| {
        let amounts = [year.minimum, year.counted, year.charge, year.shortfall, year.cash];
        let open = if year.open { " (not over)" } else { "" };
        let mut row = vec![format!("{}{open}", year.year), year.from.to_string()];
        row.extend(amounts.map(|amount| Quantity::money(amount, Bound::Exactly).shown()));
        row
    });
    Block::Table(Table { caption: String::new(), columns, rows: rows.collect() })
}

/// The signals, each with its last reading and its threshold.
pub(super) fn watch(sources: &Sources<'_>) -> Vec<Block> {
    let signals = &sources.evaluation.watch;
    let title = if signals.len() == 3 { "The three things to watch" } else { "What to watch" };
    let mut blocks = vec![Block::Heading(1, title.to_owned())];
    if signals.is_empty() {
        let text = "The deal file names no signal. Add `[[watch]]` with a metric and the condition under which the deal \
                    is on track; for a large deal: revenue growth, adoption of the committed silicon, competitors' moves.";
        blocks.push(Block::Text(text.to_owned()));
        return blocks;
    }
    let columns = vec![
        Column::words("signal"),
        Column::numbers("last reading"),
        Column::words("on"),
        Column::words("on track while"),
        Column::words("now"),
    ];
    let currency = &sources.evaluation.contract.currency.to_string();
    let rows = signals.iter().map(|signal| {
        let (reading, on) = match signal.reading {
            Some((at, value)) => (reading_of(signal, value.to_f64(), currency), at.date()),
            None => ("none yet".to_owned(), String::new()),
        };
        let now = match signal.on_track {
            Some(true) => "on track",
            Some(false) => "off track",
            None => "unknown: no fact says",
        };
        let name = signal.title.clone().unwrap_or_else(|| signal.id.clone());
        vec![name, reading, on, signal.condition.clone(), now.to_owned()]
    });
    blocks.push(Block::Table(Table { caption: String::new(), columns, rows: rows.collect() }));
    let notes: Vec<String> = signals.iter().filter_map(|signal| signal.note.clone()).collect();
    if !notes.is_empty() {
        blocks.push(Block::List(notes));
    }
    blocks
}

fn reading_of(signal: &WatchStatus, value: f64, currency: &str) -> String {
    match signal.kind {
        Some(MetricKind::Money | MetricKind::Price) | None => money(value, currency),
        Some(MetricKind::Ratio) => percent(value),
        Some(MetricKind::PowerGw) => format!("{} GW", figures(value)),
        Some(MetricKind::Duration) => format!("{} days", figures(value)),
        Some(MetricKind::Bool) => (if value > 0.5 { "yes" } else { "no" }).to_owned(),
        Some(MetricKind::Count) => figures(value),
    }
}
