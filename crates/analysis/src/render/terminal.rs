//! A document for a terminal: plain letters, a hundred columns wide.

use super::{plain, wrap};
use crate::document::{Bars, Block, Chart, Column, Document, Fan, Table};
use std::fmt::{Result, Write as _};

const WIDTH: usize = 100;
const BAR: usize = 40;

/// The document as text.
pub fn terminal(document: &Document) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = page(&mut out, document);
    out
}

fn page(out: &mut String, document: &Document) -> Result {
    writeln!(out, "{}\n{}", plain(&document.title), "═".repeat(WIDTH))?;
    for line in &document.subtitle {
        paragraph(out, "", line)?;
    }
    for block in &document.blocks {
        // A heading is near what follows it; a picture or a table stands apart.
        if matches!(block, Block::Table(_) | Block::Chart(_)) {
            writeln!(out)?;
        }
        match block {
            Block::Heading(1, text) => writeln!(out, "\n{}\n{}", plain(text), "─".repeat(WIDTH))?,
            Block::Heading(_, text) => writeln!(out, "\n{}", plain(text))?,
            Block::Text(text) => paragraph(out, "", text)?,
            Block::Warning(text) => paragraph(out, "! ", text)?,
            Block::List(points) => points.iter().try_for_each(|point| paragraph(out, "• ", point))?,
            Block::Tiles(tiles) => tiles.iter().try_for_each(|tile| {
                writeln!(
                    out,
                    "  {:<42}  {:<30}  {}",
                    plain(&tile.label),
                    plain(&tile.value),
                    plain(&tile.basis)
                )
            })?,
            Block::Table(shown) => table(out, shown)?,
            Block::Chart(Chart::Fan(shown)) => fan(out, shown)?,
            Block::Chart(Chart::Bars(shown)) => bars(out, shown)?,
            Block::Chart(shown) => table(out, &shown.table())?,
        }
    }
    if document.legend.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    paragraph(out, "", &document.legend)
}

fn letters(text: &str) -> usize {
    text.chars().count()
}

fn paragraph(out: &mut String, mark: &str, text: &str) -> Result {
    let indent = letters(mark);
    for (place, line) in lines(text, WIDTH - indent).iter().enumerate() {
        let lead = if place == 0 { mark.to_owned() } else { " ".repeat(indent) };
        writeln!(out, "{lead}{line}")?;
    }
    Ok(())
}

fn table(out: &mut String, table: &Table) -> Result {
    if !table.caption.is_empty() {
        writeln!(out, "{}", plain(&table.caption))?;
    }
    let mut widths: Vec<usize> = (0..table.columns.len())
        .map(|place| {
            let cells = table.rows.iter().filter_map(|row| row.get(place)).map(|cell| letters(cell));
            cells.chain([letters(&table.columns[place].name)]).max().unwrap_or(0)
        })
        .collect();
    shrink(&table.columns, &mut widths);
    let names: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    row(out, &table.columns, &widths, &names)?;
    table.rows.iter().try_for_each(|cells| row(out, &table.columns, &widths, cells))
}

/// Narrows the widest columns of words until a row fits; numbers are never broken.
fn shrink(columns: &[Column], widths: &mut [usize]) {
    const NARROW: usize = 14;
    while widths.iter().map(|width| width + 2).sum::<usize>() >= WIDTH {
        let words = columns
            .iter()
            .zip(widths.iter_mut())
            .filter(|(column, width)| !column.number && **width > NARROW);
        let Some((_, widest)) = words.max_by_key(|(_, width)| **width) else { return };
        *widest -= 1;
    }
}

/// One row, in as many lines as its longest cell needs.
fn row(out: &mut String, columns: &[Column], widths: &[usize], cells: &[String]) -> Result {
    let wrapped: Vec<Vec<String>> = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| if letters(cell) <= *width { vec![plain(cell)] } else { lines(cell, *width) })
        .collect();
    for line in 0..wrapped.iter().map(Vec::len).max().unwrap_or(0) {
        let mut text = String::from(" ");
        for ((column, width), cell) in columns.iter().zip(widths).zip(&wrapped) {
            let cell = cell.get(line).map_or("", String::as_str);
            let pad = " ".repeat(width.saturating_sub(letters(cell)));
            let (before, after) = if column.number { (pad.as_str(), "") } else { ("", pad.as_str()) };
            write!(text, " {before}{cell}{after} ")?;
        }
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}

/// `text` in lines of at most `width` letters.
fn lines(text: &str, width: usize) -> Vec<String> {
    let room = (0..width).map(|_| 1.0).sum();
    wrap(text, room, |part| part.chars().map(|_| 1.0).sum())
}

/// The median as a line of blocks, and the numbers by year under it.
fn fan(out: &mut String, fan: &Fan) -> Result {
    let most = fan.quantiles.iter().map(|five| five[2]).fold(0.0, f64::max);
    let step = fan.times.len().div_ceil(WIDTH - 20).max(1);
    let blocks = fan.quantiles.iter().step_by(step).map(|five| height(five[2], most));
    table(out, &Chart::Fan(fan.clone()).table())?;
    writeln!(out, "  median  {}", blocks.collect::<String>())
}

/// One of eight blocks, as high as `value` is beside `most`.
fn height(value: f64, most: f64) -> char {
    let steps =
        [(0.875, '█'), (0.75, '▇'), (0.625, '▆'), (0.5, '▅'), (0.375, '▄'), (0.25, '▃'), (0.125, '▂')];
    let share = if most > 0.0 { value / most } else { 0.0 };
    steps.into_iter().find(|(least, _)| share >= *least).map_or('▁', |(_, block)| block)
}

fn bars(out: &mut String, bars: &Bars) -> Result {
    writeln!(out, "{}", plain(&bars.title))?;
    let size = |bar: &crate::document::Bar| bar.pieces.iter().map(|(_, size, _)| size.abs()).sum::<f64>();
    let most = bars.bars.iter().map(size).fold(f64::MIN_POSITIVE, f64::max);
    let wide = bars.bars.iter().map(|bar| letters(&bar.label)).max().unwrap_or(0);
    for bar in &bars.bars {
        let mut drawn = String::new();
        for ((_, size, _), fill) in bar.pieces.iter().zip(["█", "▓", "▒", "░"].into_iter().cycle()) {
            drawn.push_str(&fill.repeat((1..=BAR).filter(|step| share(*step) <= size.abs() / most).count()));
        }
        let amounts: Vec<String> = bar.pieces.iter().map(|(_, _, amount)| plain(amount)).collect();
        let (label, amounts) = (plain(&bar.label), amounts.join(" + "));
        writeln!(out, "  {label:<wide$}  {drawn:<BAR$}  {amounts}")?;
    }
    Ok(())
}

/// A step of a bar as a part of the whole.
fn share(step: usize) -> f64 {
    (0..step).map(|_| 1.0).sum::<f64>() / (0..BAR).map(|_| 1.0).sum::<f64>()
}
