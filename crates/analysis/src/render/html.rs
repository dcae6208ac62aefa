//! A document as one HTML page that needs nothing else: no script, font or image from anywhere.

use super::svg::svg;
use crate::document::{Block, Chart, Document, Table, Tile};
use crate::drawing::draw;
use std::fmt::{Result, Write as _};

/// The document as a page.
pub fn html(document: &Document) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = page(&mut out, document);
    out
}

fn page(out: &mut String, document: &Document) -> Result {
    let title = escape(&document.title);
    write!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(out, "<title>{title}</title>\n<style>\n{}</style>\n</head>", include_str!("page.css"))?;
    writeln!(out, "<body>\n<main>\n<header>\n<h1>{title}</h1>")?;
    for line in &document.subtitle {
        writeln!(out, "<p>{}</p>", escape(line))?;
    }
    writeln!(out, "</header>")?;
    document.blocks.iter().try_for_each(|shown| block(out, shown))?;
    if !document.legend.is_empty() {
        writeln!(out, "<footer>{}</footer>", escape(&document.legend))?;
    }
    writeln!(out, "</main>\n</body>\n</html>")
}

fn block(out: &mut String, block: &Block) -> Result {
    match block {
        Block::Heading(level, text) => {
            let level = level + 1;
            writeln!(out, "<h{level}>{}</h{level}>", escape(text))
        }
        Block::Text(text) => writeln!(out, "<p>{}</p>", escape(text)),
        Block::Warning(text) => writeln!(out, "<p class=\"warn\">{}</p>", escape(text)),
        Block::List(points) => {
            writeln!(out, "<ul>")?;
            points.iter().try_for_each(|point| writeln!(out, "<li>{}</li>", escape(point)))?;
            writeln!(out, "</ul>")
        }
        Block::Tiles(shown) => tiles(out, shown),
        Block::Table(shown) => table(out, shown),
        Block::Chart(shown) => chart(out, shown),
    }
}

fn tiles(out: &mut String, tiles: &[Tile]) -> Result {
    writeln!(out, "<dl class=\"tiles\">")?;
    for tile in tiles {
        let (label, value, basis) = (escape(&tile.label), escape(&tile.value), escape(&tile.basis));
        writeln!(
            out,
            "<div class=\"tile\"><dt>{label}</dt><dd>{value}</dd><dd class=\"how\">{basis}</dd></div>"
        )?;
    }
    writeln!(out, "</dl>")
}

fn table(out: &mut String, table: &Table) -> Result {
    writeln!(out, "<div class=\"card\"><table>")?;
    if !table.caption.is_empty() {
        writeln!(out, "<caption>{}</caption>", escape(&table.caption))?;
    }
    let kind = |place: usize| match table.columns.get(place) {
        Some(column) if column.number => " class=\"number\"",
        _ => "",
    };
    write!(out, "<thead><tr>")?;
    for (place, column) in table.columns.iter().enumerate() {
        write!(out, "<th scope=\"col\"{}>{}</th>", kind(place), escape(&column.name))?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    for row in &table.rows {
        write!(out, "<tr>")?;
        for (place, cell) in row.iter().enumerate() {
            write!(out, "<td{}>{}</td>", kind(place), escape(cell))?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody>\n</table></div>")
}

/// The picture, and its numbers for whoever opens them.
fn chart(out: &mut String, chart: &Chart) -> Result {
    writeln!(out, "<figure class=\"card\">\n<figcaption>{}</figcaption>", escape(chart.title()))?;
    svg(out, &draw(chart), chart.title())?;
    writeln!(out, "<details><summary>numbers</summary>")?;
    table(out, &chart.table())?;
    writeln!(out, "</details>\n</figure>")
}

/// Text that is no markup.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in super::plain(text).chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}
