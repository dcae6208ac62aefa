//! The report as plain text, at most 100 columns wide where words allow. No colour: what matters is in words.

use super::{LEGEND, basis_line, condition, parties, parts, plain, term, version};
use crate::report::Report;
use std::fmt::Write as _;

pub(super) const WIDTH: usize = 100;

/// Text for a terminal.
pub fn terminal(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &Report) -> std::fmt::Result {
    let head = &report.head;
    writeln!(out, "{}\n{}", plain(&head.title), "═".repeat(WIDTH))?;
    for line in [parties(head), term(head), version(head)] {
        wrapped(out, "", &line)?;
    }
    let sections = sections(report);
    let labels = sections.iter().flat_map(|(_, rows)| rows).map(|row| width(&row.label));
    let column = labels.max().unwrap_or(0) + 3;
    for (title, rows) in &sections {
        section(out, title)?;
        for row in rows {
            row.write(out, column)?;
        }
    }
    if !report.notes.is_empty() {
        section(out, "Notes")?;
    }
    for note in &report.notes {
        wrapped(out, "  • ", note)?;
    }
    writeln!(out)?;
    wrapped(out, "", LEGEND)
}

/// Each section's title and rows; sections without rows are left out.
fn sections(report: &Report) -> Vec<(&'static str, Vec<Row>)> {
    let mut sections: Vec<(&str, Vec<Row>)> = Vec::new();
    for (title, figures) in parts(&report.figures) {
        let rows = figures.iter().map(|figure| Row {
            label: figure.label.to_owned(),
            value: figure.quantity.shown(),
            below: vec![basis_line(&figure.basis)],
        });
        sections.push((title, rows.collect()));
    }
    let tranches = report.tranches.iter().map(|line| Row {
        label: line.name(),
        value: line.quantity.shown(),
        below: vec![condition(line), basis_line(&line.basis)],
    });
    sections.push(("Tranches", tranches.collect()));
    let minimums = report.minimums.iter().map(|line| Row {
        label: format!("{}, year {}, from {}", line.commitment, line.year, line.days.0),
        value: line.quantity.shown(),
        below: Vec::new(),
    });
    sections.push(("Yearly minimums", minimums.collect()));
    sections.retain(|(_, rows)| !rows.is_empty());
    sections
}

pub(super) fn section(out: &mut String, title: &str) -> std::fmt::Result {
    writeln!(out, "\n{title}\n{}", "─".repeat(WIDTH))
}

/// A label and a value on one line, and how it is known beneath.
struct Row {
    label: String,
    value: String,
    below: Vec<String>,
}

impl Row {
    fn write(&self, out: &mut String, column: usize) -> std::fmt::Result {
        let gap = " ".repeat(column.saturating_sub(width(&self.label)));
        writeln!(out, "  {}{gap}{}", plain(&self.label), plain(&self.value))?;
        for line in &self.below {
            wrapped(out, "      ", line)?;
        }
        Ok(())
    }
}

/// Words filled up to the width, each line behind `lead`, whose mark stands on the first one only.
pub(super) fn wrapped(out: &mut String, lead: &str, text: &str) -> std::fmt::Result {
    let hang = " ".repeat(width(lead));
    let mut line = lead.to_owned();
    let mut empty = true;
    for word in plain(text).split(' ').filter(|word| !word.is_empty()) {
        if !empty && width(&line) + 1 + width(word) > WIDTH {
            writeln!(out, "{line}")?;
            line.clone_from(&hang);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    if empty { Ok(()) } else { writeln!(out, "{line}") }
}

pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}
