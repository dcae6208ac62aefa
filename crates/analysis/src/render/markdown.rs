//! A document as Markdown; charts stand as the tables of their numbers.

use super::plain;
use crate::document::{Block, Document, Table};
use std::fmt::{Result, Write as _};

/// The document as Markdown.
pub fn markdown(document: &Document) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = page(&mut out, document);
    out
}

fn page(out: &mut String, document: &Document) -> Result {
    writeln!(out, "# {}\n", safe(&document.title))?;
    for line in &document.subtitle {
        writeln!(out, "{}\n", safe(line))?;
    }
    for block in &document.blocks {
        match block {
            Block::Heading(level, text) => {
                writeln!(out, "{} {}\n", "#".repeat(usize::from(*level) + 1), safe(text))?;
            }
            Block::Text(text) => writeln!(out, "{}\n", safe(text))?,
            Block::Warning(text) => writeln!(out, "> **{}**\n", safe(text))?,
            Block::List(points) => {
                points.iter().try_for_each(|point| writeln!(out, "- {}", safe(point)))?;
                writeln!(out)?;
            }
            Block::Tiles(tiles) => {
                writeln!(out, "| | | |\n|---|---:|---|")?;
                for tile in tiles {
                    let (label, value, basis) = (cell(&tile.label), cell(&tile.value), cell(&tile.basis));
                    writeln!(out, "| {label} | {value} | {basis} |")?;
                }
                writeln!(out)?;
            }
            Block::Table(shown) => table(out, shown)?,
            Block::Chart(chart) => table(out, &chart.table())?,
        }
    }
    if document.legend.is_empty() { Ok(()) } else { writeln!(out, "*{}*", safe(&document.legend)) }
}

fn table(out: &mut String, table: &Table) -> Result {
    if !table.caption.is_empty() {
        writeln!(out, "**{}**\n", safe(&table.caption))?;
    }
    let names: Vec<String> = table.columns.iter().map(|column| cell(&column.name)).collect();
    let rules: Vec<&str> =
        table.columns.iter().map(|column| if column.number { "---:" } else { "---" }).collect();
    writeln!(out, "| {} |\n|{}|", names.join(" | "), rules.join("|"))?;
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    writeln!(out)
}

fn cell(text: &str) -> String {
    safe(text).replace('|', "\\|")
}

/// Text that starts no markup of its own.
fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in plain(text).chars() {
        if matches!(letter, '\\' | '*' | '_' | '`' | '[' | ']' | '<' | '>' | '#') {
            safe.push('\\');
        }
        safe.push(letter);
    }
    safe
}
