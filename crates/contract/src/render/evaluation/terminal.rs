//! An evaluation as plain text, at most 100 columns wide where words allow.

use super::words;
use crate::evaluate::{CommitmentStatus, Evaluation, Step};
use crate::render::plain;
use crate::render::terminal::{WIDTH, section, width, wrapped};
use crate::settle::YearSettlement;
use std::fmt::Write as _;
use units::Money;

/// Text for a terminal.
pub fn terminal(evaluation: &Evaluation) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, evaluation);
    out
}

fn write(out: &mut String, evaluation: &Evaluation) -> std::fmt::Result {
    writeln!(out, "{}\n{}", plain(&evaluation.contract.title), "═".repeat(WIDTH))?;
    writeln!(out, "{}\n{}", words::asked(evaluation), plain(&words::version(evaluation)))?;
    let tranches = evaluation.tranches.iter().map(|status| {
        let name = words::name(&status.id, status.title.as_ref());
        (name, format!("{}  {}", words::amount(status.amount), words::state(status)), &status.trace[..])
    });
    clauses(out, "Tranches", &tranches.collect::<Vec<_>>())?;
    for status in &evaluation.commitments {
        commitment(out, evaluation, status)?;
    }
    let shares = evaluation.revenue_shares.iter().map(|status| {
        let due =
            status.due.map_or_else(|| "unknown".to_owned(), |due| format!("{} due", words::amount(due)));
        let cap = status.cap.map_or_else(String::new, |cap| format!(" of at most {}", words::amount(cap)));
        (words::name(&status.id, status.title.as_ref()), format!("{due}{cap}"), &status.trace[..])
    });
    clauses(out, "Shares of revenue", &shares.collect::<Vec<_>>())?;
    let prices = evaluation.price_protection.iter().map(|status| {
        let (name, state) = words::price(status);
        (name, state, &status.trace[..])
    });
    clauses(out, "Price protection", &prices.collect::<Vec<_>>())?;
    let capacity = evaluation.capacity.iter().map(|status| {
        (words::name(&status.id, status.title.as_ref()), words::capacity(status), &status.trace[..])
    });
    clauses(out, "Capacity", &capacity.collect::<Vec<_>>())?;
    let covenants = evaluation.covenants.iter().map(|status| {
        (words::name(&status.id, status.title.as_ref()), words::covenant(status), &status.trace[..])
    });
    clauses(out, "Covenants", &covenants.collect::<Vec<_>>())?;
    let watch = evaluation.watch.iter().map(|status| {
        (words::name(&status.id, status.title.as_ref()), words::watch(status), &status.trace[..])
    });
    clauses(out, "Signals to watch", &watch.collect::<Vec<_>>())?;
    let rights =
        evaluation.rights.iter().map(|right| (right.id.clone(), words::right(right), &right.trace[..]));
    clauses(out, "Rights to end it", &rights.collect::<Vec<_>>())?;
    let exit = evaluation.exit.as_ref().map(words::exit).unwrap_or_default();
    let exit = exit.into_iter().map(|(item, cost)| (item, cost, &[][..]));
    clauses(out, "What leaving costs", &exit.collect::<Vec<_>>())?;
    let ignored = evaluation.ignored.iter();
    let ignored = ignored.map(|(reference, why)| (words::reference(reference), (*why).to_owned(), &[][..]));
    clauses(out, "Facts that do not count", &ignored.collect::<Vec<_>>())?;
    let notes = evaluation.notes.iter();
    let notes = notes.map(|note| (note.clause.clone(), note.what.to_owned(), &[][..]));
    clauses(out, "On record only", &notes.collect::<Vec<_>>())
}

/// A label, its state, and why beneath; nothing where there is no row.
fn clauses(out: &mut String, title: &str, rows: &[(String, String, &[Step])]) -> std::fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    section(out, title)?;
    let column = rows.iter().map(|(label, ..)| width(label)).max().unwrap_or(0).min(40) + 3;
    for (label, state, trace) in rows {
        let gap = " ".repeat(column.saturating_sub(width(label)).max(2));
        let line = format!("  {}{gap}{}", plain(label), plain(state));
        if width(&line) <= WIDTH {
            writeln!(out, "{line}")?;
        } else {
            wrapped(out, "  ", label)?;
            wrapped(out, "      ", state)?;
        }
        for step in *trace {
            wrapped(out, "      ", &words::step(step))?;
        }
    }
    Ok(())
}

/// One column of a commitment's years.
type Column = (&'static str, fn(&YearSettlement) -> Money);

const COLUMNS: [Column; 7] = [
    ("minimum", |year| year.minimum),
    ("carried in", |year| year.carried_in),
    ("counted", |year| year.counted),
    ("charge", |year| year.charge),
    ("overage", |year| year.overage),
    ("shortfall", |year| year.shortfall),
    ("cash", |year| year.cash),
];

fn commitment(out: &mut String, evaluation: &Evaluation, status: &CommitmentStatus) -> std::fmt::Result {
    section(out, &format!("Commitment {}", words::name(&status.id, status.title.as_ref())))?;
    wrapped(out, "  ", &words::position(status))?;
    if status.years.is_empty() {
        return Ok(());
    }
    let heads = COLUMNS.iter().map(|(head, _)| format!("{head:>12}")).collect::<String>();
    writeln!(out, "  {:<10}{heads}", "year")?;
    for year in &status.years {
        let shown = if words::begun(evaluation, year) { COLUMNS.len() } else { 1 };
        let amounts = COLUMNS.iter().take(shown).map(|(_, pick)| {
            let shown = words::amount(pick(year)).replace("≈ ", "≈");
            format!("{}{shown}", " ".repeat(12_usize.saturating_sub(width(&shown)).max(1)))
        });
        writeln!(out, "  {:<10}{}", words::year(year), amounts.collect::<String>())?;
    }
    Ok(())
}
