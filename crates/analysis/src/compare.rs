//! Deals side by side: the same figures of each, in one table.

use crate::document::{Block, Column, Document, Table};
use contract::deal::{Binding, When};
use contract::{Deal, PromiseKind, Report, promises};

/// A row that is not a figure: what it is called, and what a deal says to it.
type Feature = (&'static str, fn(&Deal) -> String);

const FEATURES: [Feature; 7] = [
    ("Parties", parties),
    ("In force", term),
    ("Binding", binding),
    ("Money depends on", depends),
    ("Stock for buying", stock),
    ("Silicon", silicon),
    ("Minimums by year", minimums),
];

/// The deals beside one another, each with its figures.
pub fn compare(deals: &[(&Deal, &Report)]) -> Document {
    let mut columns = vec![Column::words("")];
    columns.extend(deals.iter().map(|(deal, _)| Column::words(deal.name())));
    let mut ids: Vec<(&str, &str)> = Vec::new();
    for figure in deals.iter().flat_map(|(_, report)| &report.figures) {
        if !ids.iter().any(|(id, _)| *id == figure.id) {
            ids.push((figure.id, figure.label));
        }
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (label, feature) in FEATURES {
        let cells = deals.iter().map(|(deal, _)| feature(deal));
        rows.push(std::iter::once(label.to_owned()).chain(cells).collect());
    }
    for (id, label) in ids {
        let cells = deals.iter().map(|(_, report)| {
            let figure = report.figures.iter().find(|figure| figure.id == id);
            figure.map_or_else(
                || "—".to_owned(),
                |figure| format!("{} ({})", figure.quantity.shown(), figure.basis.word()),
            )
        });
        rows.push(std::iter::once(label.to_owned()).chain(cells).collect());
    }
    Document {
        title: "Deals side by side".to_owned(),
        subtitle: deals.iter().map(|(deal, report)| format!("{}: hash {}", deal.name(), short(report))).collect(),
        blocks: vec![Block::Table(Table { caption: String::new(), columns, rows })],
        legend: "reported: a public source or the file says so · derived: it follows, by the formula · assumed: a \
                 guess · —: not stated, or nothing to derive it from"
            .to_owned(),
    }
}

fn short(report: &Report) -> &str {
    report.head.hash.get(..12).unwrap_or(&report.head.hash)
}

fn parties(deal: &Deal) -> String {
    let named =
        deal.parties.get_ref().iter().map(|party| format!("{} ({})", party.name(), party.roles.join(", ")));
    named.collect::<Vec<_>>().join("; ")
}

fn term(deal: &Deal) -> String {
    let period = deal.period();
    period.to.map_or_else(|| format!("from {}", period.from), |to| format!("{} to {to}", period.from))
}

fn binding(deal: &Deal) -> String {
    match deal.binding {
        Binding::Contract => "contract",
        Binding::Loi => "letter of intent: binds nobody",
    }
    .to_owned()
}

/// What releases money, in kinds.
fn depends(deal: &Deal) -> String {
    let kinds = deal.tranches.iter().map(|tranche| match tranche.when.get_ref() {
        When::AtSigning => "signing",
        When::On(_) => "the calendar",
        When::Text(_) => "milestones",
    });
    distinct(kinds, "no money goes in")
}

fn stock(deal: &Deal) -> String {
    let stock = promises(deal).into_iter().any(|promise| promise.kind == PromiseKind::Stock);
    let vests = deal.tranches.iter().any(|tranche| tranche.vests_on.is_some() || !tranche.vests.is_empty());
    match (stock, vests) {
        (true, true) => "yes, vesting on purchases or hurdles",
        (true, false) => "yes",
        (false, _) => "no",
    }
    .to_owned()
}

fn silicon(deal: &Deal) -> String {
    distinct(deal.capacity.iter().flat_map(|capacity| &capacity.chips).map(String::as_str), "not stated")
}

fn minimums(deal: &Deal) -> String {
    let years = deal.commitments.iter().map(|commitment| commitment.schedule.len()).max().unwrap_or(0);
    if years == 0 { "not stated".to_owned() } else { format!("{years} stated") }
}

fn distinct<'a>(words: impl Iterator<Item = &'a str>, none: &str) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for word in words {
        if !seen.contains(&word) {
            seen.push(word);
        }
    }
    if seen.is_empty() { none.to_owned() } else { seen.join(", ") }
}
