//! An evaluation as Markdown, for a document or a ticket.

use super::words;
use crate::evaluate::{CommitmentStatus, Evaluation, Step};
use crate::render::markdown::cell;
use std::fmt::Write as _;

/// A Markdown document.
pub fn markdown(evaluation: &Evaluation) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, evaluation);
    out
}

fn write(out: &mut String, evaluation: &Evaluation) -> std::fmt::Result {
    let (title, asked) = (cell(&evaluation.contract.title), words::asked(evaluation));
    writeln!(out, "# {title}\n\n{asked}  \n{}", cell(&words::version(evaluation)))?;
    if !evaluation.tranches.is_empty() {
        writeln!(out, "\n## Tranches\n\n| tranche | amount | state | why |\n|---|---:|---|---|")?;
    }
    for status in &evaluation.tranches {
        let name = cell(&words::name(&status.id, status.title.as_ref()));
        let (amount, state) = (words::amount(status.amount), cell(&words::state(status)));
        writeln!(out, "| {name} | **{amount}** | {state} | {} |", why(&status.trace))?;
    }
    for status in &evaluation.commitments {
        commitment(out, evaluation, status)?;
    }
    revenue_shares(out, evaluation)?;
    rows(out, "Price protection", "clause", &evaluation.price_protection, |status| {
        let (name, state) = words::price(status);
        (name, state, why(&status.trace))
    })?;
    rows(out, "Capacity", "grant", &evaluation.capacity, |status| {
        (words::name(&status.id, status.title.as_ref()), words::capacity(status), why(&status.trace))
    })?;
    rows(out, "Covenants", "rule", &evaluation.covenants, |status| {
        (words::name(&status.id, status.title.as_ref()), words::covenant(status), why(&status.trace))
    })?;
    rows(out, "Signals to watch", "signal", &evaluation.watch, |status| {
        (words::name(&status.id, status.title.as_ref()), words::watch(status), why(&status.trace))
    })?;
    rows(out, "Rights to end it", "cause", &evaluation.rights, |right| {
        (right.id.clone(), words::right(right), why(&right.trace))
    })?;
    let exit = evaluation.exit.as_ref().map(words::exit).unwrap_or_default();
    rows(out, "What leaving costs", "item", &exit, |(item, cost)| {
        (item.clone(), cost.clone(), String::new())
    })?;
    rows(out, "Facts that do not count", "fact", &evaluation.ignored, |(reference, why)| {
        (words::reference(reference), (*why).to_owned(), String::new())
    })?;
    rows(out, "On record only", "clause", &evaluation.notes, |note| {
        (note.clause.clone(), note.what.to_owned(), String::new())
    })
}

fn commitment(out: &mut String, evaluation: &Evaluation, status: &CommitmentStatus) -> std::fmt::Result {
    let name = cell(&words::name(&status.id, status.title.as_ref()));
    writeln!(out, "\n## Commitment {name}\n\n{}", cell(&words::position(status)))?;
    if !status.years.is_empty() {
        writeln!(
            out,
            "\n| year | from | to | minimum | carried in | counted | charge | overage | shortfall | credit used | cash |\n\
             |---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"
        )?;
    }
    for year in &status.years {
        let amounts = [
            year.minimum,
            year.carried_in,
            year.counted,
            year.charge,
            year.overage,
            year.shortfall,
            year.credit_used,
            year.cash,
        ];
        let begun = words::begun(evaluation, year);
        let shown = amounts.iter().enumerate().map(|(place, amount)| match begun || place == 0 {
            true => words::amount(*amount),
            false => String::new(),
        });
        let amounts = shown.collect::<Vec<_>>().join(" | ");
        writeln!(out, "| {} | {} | {} | {amounts} |", words::year(year), year.from, year.to)?;
    }
    Ok(())
}

fn revenue_shares(out: &mut String, evaluation: &Evaluation) -> std::fmt::Result {
    rows(out, "Shares of revenue", "share", &evaluation.revenue_shares, |status| {
        let due =
            status.due.map_or_else(|| "unknown".to_owned(), |due| format!("{} due", words::amount(due)));
        let cap = status.cap.map_or_else(String::new, |cap| format!(" of at most {}", words::amount(cap)));
        (words::name(&status.id, status.title.as_ref()), format!("{due}{cap}"), why(&status.trace))
    })
}

/// A table of names, states and reasons; nothing where there is no row.
fn rows<T>(
    out: &mut String,
    title: &str,
    what: &str,
    list: &[T],
    row: impl Fn(&T) -> (String, String, String),
) -> std::fmt::Result {
    if list.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## {title}\n\n| {what} | state | why |\n|---|---|---|")?;
    for (name, state, why) in list.iter().map(row) {
        writeln!(out, "| {} | {} | {why} |", cell(&name), cell(&state))?;
    }
    Ok(())
}

/// Reasons in one cell; without code marks, in which what must be escaped would show as its escape.
fn why(steps: &[Step]) -> String {
    steps.iter().map(|step| cell(&words::step(step).replace('`', ""))).collect::<Vec<_>>().join("<br>")
}
