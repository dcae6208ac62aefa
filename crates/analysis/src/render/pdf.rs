//! A document on A4 paper, as PDF with the built-in Helvetica: nothing is embedded, so it stays small.

use super::font::{encode, width};
use super::{plain, wrap};
use crate::document::{Block, Document, Table, Tile};
use crate::drawing::{Anchor, Drawing, Ink, Shape, draw};
use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

const PAPER: (f64, f64) = (595.0, 842.0);
const MARGIN: f64 = 50.0;
const ROOM: f64 = PAPER.0 - 2.0 * MARGIN;
const PLAIN: Name<'static> = Name(b"F1");
const BOLD: Name<'static> = Name(b"F2");

type Colour = (f32, f32, f32);
const BLACK: Colour = (0.11, 0.11, 0.12);
const SOFT: Colour = (0.36, 0.38, 0.41);
const WARN: Colour = (0.58, 0.35, 0.04);

/// The document as a PDF file.
pub fn pdf(document: &Document) -> Vec<u8> {
    let mut paper = Paper { pages: vec![Content::new()], y: MARGIN };
    paper.paragraph(&document.title, Style { size: 20.0, bold: true, ..Style::TEXT });
    for line in &document.subtitle {
        paper.paragraph(line, Style::SMALL);
    }
    for block in &document.blocks {
        paper.block(block);
    }
    if !document.legend.is_empty() {
        paper.down(10.0);
        paper.paragraph(&document.legend, Style::SMALL);
    }
    bind(&document.title, paper.pages)
}

/// How a paragraph looks.
#[derive(Debug, Clone, Copy)]
struct Style {
    size: f64,
    bold: bool,
    colour: Colour,
    /// What stands before the first line; the others stand under its end.
    mark: &'static str,
}

impl Style {
    const TEXT: Self = Self { size: 10.0, bold: false, colour: BLACK, mark: "" };
    const SMALL: Self = Self { size: 8.5, colour: SOFT, ..Self::TEXT };
}

/// The pages so far, and how far down the last one is written on.
struct Paper {
    pages: Vec<Content>,
    y: f64,
}

impl Paper {
    /// Begins a new page when `height` more does not fit on this one.
    fn room(&mut self, height: f64) {
        if self.y + height > PAPER.1 - MARGIN {
            self.pages.push(Content::new());
            self.y = MARGIN;
        }
    }

    /// The page being written.
    fn page(&mut self) -> &mut Content {
        // INVARIANT: there is a page from the start, and none is ever taken away.
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    fn down(&mut self, height: f64) {
        self.y += height;
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(level, text) => {
                let size = if *level == 1 { 14.0 } else { 11.5 };
                self.down(size);
                // A heading is not left alone at the foot of a page.
                self.room(size * 5.0);
                self.paragraph(text, Style { size, bold: true, ..Style::TEXT });
            }
            Block::Text(text) => self.paragraph(text, Style::TEXT),
            Block::Warning(text) => self.paragraph(text, Style { bold: true, colour: WARN, ..Style::TEXT }),
            Block::List(points) => {
                points.iter().for_each(|point| self.paragraph(point, Style { mark: "•  ", ..Style::TEXT }));
            }
            Block::Tiles(tiles) => self.tiles(tiles),
            Block::Table(table) => self.table(table),
            Block::Chart(chart) => {
                self.room(220.0);
                self.paragraph(chart.title(), Style { bold: true, ..Style::TEXT });
                self.drawing(&draw(chart));
            }
        }
    }

    fn paragraph(&mut self, text: &str, style: Style) {
        let indent = width(style.mark) * style.size;
        // Bold letters are about a sixteenth wider than plain ones.
        let scale = if style.bold { style.size * 1.0625 } else { style.size };
        let lines = wrap(text, ROOM - indent, |part| width(part) * scale);
        for (place, line) in lines.iter().enumerate() {
            self.room(style.size * 1.4);
            let y = self.y + style.size;
            if place == 0 && !style.mark.is_empty() {
                write(self.page(), (MARGIN, y), style, style.mark);
            }
            write(self.page(), (MARGIN + indent, y), style, line);
            self.down(style.size * 1.4);
        }
        self.down(style.size * 0.4);
    }

    fn tiles(&mut self, tiles: &[Tile]) {
        for tile in tiles {
            self.room(18.0);
            let y = self.y + 10.0;
            let page = self.page();
            write(page, (MARGIN, y), Style::TEXT, &tile.label);
            write(page, (MARGIN + 230.0, y), Style { bold: true, ..Style::TEXT }, &tile.value);
            write(page, (MARGIN + 370.0, y), Style::SMALL, &tile.basis);
            self.down(15.0);
        }
        self.down(6.0);
    }

    fn table(&mut self, table: &Table) {
        if !table.caption.is_empty() {
            self.room(60.0);
            self.paragraph(&table.caption, Style { bold: true, ..Style::TEXT });
        }
        let size = if table.columns.len() > 7 { 6.5 } else { 8.5 };
        let widths = widths(table, size);
        let names: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        let head = Style { size, colour: SOFT, bold: true, mark: "" };
        self.row(table, &widths, &names, head);
        for row in &table.rows {
            self.row(table, &widths, row, Style { size, ..Style::TEXT });
        }
        self.down(8.0);
    }

    fn row(&mut self, table: &Table, widths: &[f64], cells: &[String], style: Style) {
        let scale = style.size * 1.0625;
        let wrapped: Vec<Vec<String>> = cells
            .iter()
            .zip(widths)
            .map(|(cell, room)| wrap(cell, room - 8.0, |part| width(part) * scale))
            .collect();
        let lines = wrapped.iter().map(Vec::len).max().unwrap_or(1);
        let height = (0..lines).map(|_| style.size * 1.3).sum::<f64>() + 4.0;
        self.room(height);
        let top = self.y;
        let page = self.page();
        page.set_stroke_rgb(0.89, 0.88, 0.86).set_line_width(0.5);
        let rule = point((MARGIN, top));
        page.move_to(rule.0, rule.1).line_to(point((MARGIN + ROOM, top)).0, rule.1).stroke();
        let mut left = MARGIN;
        for ((lines, room), column) in wrapped.iter().zip(widths).zip(&table.columns) {
            let mut y = top + style.size + 2.0;
            for line in lines {
                let size = if style.bold { scale } else { style.size };
                let x = if column.number { left + room - 6.0 - width(line) * size } else { left + 2.0 };
                write(page, (x, y), style, line);
                y += style.size * 1.3;
            }
            left += room;
        }
        self.down(height);
    }

    fn drawing(&mut self, drawing: &Drawing) {
        let scale = ROOM / drawing.width;
        let height = drawing.height * scale;
        self.room(height);
        let top = self.y;
        let page = self.page();
        let place = |(x, y): (f64, f64)| (MARGIN + x * scale, top + y * scale);
        for shape in &drawing.shapes {
            match shape {
                Shape::Rectangle { x, y, width, height, ink } => {
                    let corners = [(*x, *y), (x + width, *y), (x + width, y + height), (*x, y + height)];
                    fill(page, &corners.map(place), colour(*ink));
                }
                Shape::Area { points, ink } => {
                    let points: Vec<_> = points.iter().copied().map(place).collect();
                    fill(page, &points, colour(*ink));
                }
                Shape::Line { points, width, ink } => {
                    let points: Vec<_> = points.iter().copied().map(place).collect();
                    stroke(page, &points, narrow(width * scale), colour(*ink));
                }
                Shape::Text { x, y, size, anchor, text, ink } => {
                    let style = Style { size: size * scale, colour: colour(*ink), ..Style::TEXT };
                    let wide = width(text) * style.size;
                    let (x, y) = place((*x, *y));
                    let shift = match anchor {
                        Anchor::Start => 0.0,
                        Anchor::Middle => wide / 2.0,
                        Anchor::End => wide,
                    };
                    write(page, (x - shift, y), style, text);
                }
            }
        }
        self.down(height + 10.0);
    }
}

/// Each column's width: its widest cell, all of them shrunk or grown to fill the paper.
fn widths(table: &Table, size: f64) -> Vec<f64> {
    let widest = |place: usize| {
        let cells = table.rows.iter().filter_map(|row| row.get(place)).map(String::as_str);
        let all = cells.chain(table.columns.get(place).map(|column| column.name.as_str()));
        all.map(|cell| width(cell) * size * 1.0625 + 12.0).fold(24.0, f64::max)
    };
    let natural: Vec<f64> = (0..table.columns.len()).map(widest).collect();
    let total: f64 = natural.iter().sum();
    if total <= ROOM {
        return natural.iter().map(|wide| wide * ROOM / total).collect();
    }
    // What is narrow keeps its width; the wide columns share what is left and wrap.
    let fair = ROOM / natural.iter().map(|_| 1.0).sum::<f64>();
    let narrow: f64 = natural.iter().filter(|wide| **wide <= fair).sum();
    let wide: f64 = natural.iter().filter(|wide| **wide > fair).sum();
    natural.iter().map(|width| if *width <= fair { *width } else { width * (ROOM - narrow) / wide }).collect()
}

/// A place counted from the upper left corner, as PDF counts it: from the lower left.
fn point((x, y): (f64, f64)) -> (f32, f32) {
    (narrow(x), narrow(PAPER.1 - y))
}

#[expect(clippy::cast_possible_truncation, reason = "a place on paper needs no more than four digits")]
fn narrow(number: f64) -> f32 {
    number as f32
}

fn write(page: &mut Content, at: (f64, f64), style: Style, text: &str) {
    let ((x, y), (red, green, blue)) = (point(at), style.colour);
    page.set_fill_rgb(red, green, blue);
    page.begin_text().set_font(if style.bold { BOLD } else { PLAIN }, narrow(style.size)).next_line(x, y);
    page.show(Str(&encode(&plain(text)))).end_text();
}

fn outline(page: &mut Content, points: &[(f64, f64)]) {
    for (place, at) in points.iter().enumerate() {
        let (x, y) = point(*at);
        if place == 0 {
            page.move_to(x, y)
        } else {
            page.line_to(x, y)
        };
    }
}

fn fill(page: &mut Content, points: &[(f64, f64)], (red, green, blue): Colour) {
    page.set_fill_rgb(red, green, blue);
    outline(page, points);
    page.close_path().fill_nonzero();
}

fn stroke(page: &mut Content, points: &[(f64, f64)], width: f32, (red, green, blue): Colour) {
    page.set_stroke_rgb(red, green, blue).set_line_width(width);
    outline(page, points);
    page.stroke();
}

fn colour(ink: Ink) -> Colour {
    const SERIES: [Colour; 4] =
        [(0.18, 0.49, 0.36), (0.70, 0.33, 0.12), (0.25, 0.44, 0.71), (0.54, 0.49, 0.40)];
    match ink {
        Ink::Text => BLACK,
        Ink::Faint => SOFT,
        Ink::Grid => (0.89, 0.88, 0.86),
        Ink::BandOuter => (0.85, 0.90, 0.96),
        Ink::BandInner => (0.66, 0.77, 0.90),
        Ink::Median => (0.17, 0.36, 0.66),
        Ink::Panel => (0.95, 0.93, 0.91),
        Ink::Series(index) => SERIES[index % SERIES.len()],
    }
}

/// The pages as one file, each with its number.
fn bind(title: &str, pages: Vec<Content>) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let mut ids = (1..).map(Ref::new);
    let mut next = || ids.next().unwrap_or(Ref::new(1));
    let (catalog, tree, plain_font, bold_font, info) = (next(), next(), next(), next(), next());
    pdf.catalog(catalog).pages(tree);
    pdf.document_info(info).title(TextStr(title)).creator(TextStr("Offtake"));
    for (id, name) in [(plain_font, "Helvetica"), (bold_font, "Helvetica-Bold")] {
        let mut font = pdf.type1_font(id);
        font.base_font(Name(name.as_bytes())).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    let mut kids = Vec::new();
    for (number, mut content) in (1..).zip(pages) {
        let (page_id, content_id) = (next(), next());
        kids.push(page_id);
        write(&mut content, (PAPER.0 - MARGIN - 10.0, PAPER.1 - 25.0), Style::SMALL, &format!("{number}"));
        let mut page = pdf.page(page_id);
        page.media_box(Rect::new(0.0, 0.0, narrow(PAPER.0), narrow(PAPER.1)))
            .parent(tree)
            .contents(content_id);
        page.resources().fonts().pair(PLAIN, plain_font).pair(BOLD, bold_font);
        page.finish();
        pdf.stream(content_id, &content.finish());
    }
    let count = i32::try_from(kids.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(kids).count(count);
    pdf.finish()
}
