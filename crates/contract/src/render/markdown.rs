//! The report as Markdown, for a document or a ticket.

use super::{LEGEND, basis_line, condition, parties, parts, term, version};
use crate::report::Report;
use std::fmt::Write as _;

/// A Markdown document.
pub fn markdown(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &Report) -> std::fmt::Result {
    let head = &report.head;
    writeln!(
        out,
        "# {}\n\n{}  \n{}  \n{}",
        cell(&head.title),
        cell(&parties(head)),
        term(head),
        cell(&version(head))
    )?;
    for (title, figures) in parts(&report.figures) {
        writeln!(out, "\n## {title}\n\n| figure | value | how it is known |\n|---|---:|---|")?;
        for figure in figures {
            let (shown, basis) = (figure.quantity.shown(), basis_line(&figure.basis));
            writeln!(out, "| {} | **{}** | {} |", figure.label, cell(&shown), cell(&basis))?;
        }
    }
    if !report.tranches.is_empty() {
        writeln!(out, "\n## Tranches\n\n| tranche | amount | state | how it is known |\n|---|---:|---|---|")?;
    }
    for line in &report.tranches {
        let (name, amount, state) = (line.name(), line.quantity.shown(), condition(line));
        let (state, basis) = (cell(&state), cell(&basis_line(&line.basis)));
        writeln!(out, "| {} | **{}** | {state} | {basis} |", cell(&name), cell(&amount))?;
    }
    if !report.minimums.is_empty() {
        writeln!(
            out,
            "\n## Yearly minimums\n\n| commitment | year | from | to | minimum |\n|---|---:|---|---|---:|"
        )?;
    }
    for line in &report.minimums {
        let ((from, to), minimum) = (line.days, line.quantity.shown());
        writeln!(out, "| {} | {} | {from} | {to} | {} |", cell(&line.commitment), line.year, cell(&minimum))?;
    }
    if !report.notes.is_empty() {
        writeln!(out, "\n## Notes\n")?;
    }
    for note in &report.notes {
        writeln!(out, "- {}", cell(note))?;
    }
    writeln!(out, "\n*{LEGEND}*")
}

/// Text that cannot end a table's cell or line, start a heading or become HTML or a link.
pub(super) fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '|' | '*' | '[' | ']' | '\\' | '#' => safe.extend(['\\', letter]),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            letter if letter.is_control() => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}
