//! Tables of text, for a terminal or as Markdown.

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// For a terminal: aligned, without colour.
    Text,
    /// Markdown.
    Markdown,
}

/// A table; the first row heads it, and all columns but the first are set to the right.
pub(super) struct Table(Vec<Vec<String>>);

impl Table {
    pub fn new<const N: usize>(head: [&str; N]) -> Self {
        Self(vec![head.map(str::to_owned).to_vec()])
    }

    pub fn headed(head: Vec<String>) -> Self {
        Self(vec![head])
    }

    pub fn row(&mut self, cells: Vec<String>) {
        self.0.push(cells);
    }

    pub fn write(&self, style: Style) -> String {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.0
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut out = String::new();
        for (place, row) in self.0.iter().enumerate() {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
            let cells: Vec<String> = cells.collect();
            let line = match style {
                Style::Text => format!("  {}", cells.join("  ")),
                Style::Markdown => format!("| {} |", cells.join(" | ")),
            };
            out.push_str(line.trim_end());
            out.push('\n');
            if place == 0 {
                out.push_str(&rule(&widths, style));
            }
        }
        out
    }
}

fn rule(widths: &[usize], style: Style) -> String {
    let dashes = |(column, width): (usize, &usize)| match (style, column) {
        (Style::Text, _) => "─".repeat(*width),
        (Style::Markdown, 0) => "-".repeat(width + 2),
        (Style::Markdown, _) => format!("{}:", "-".repeat(width + 1)),
    };
    let parts: Vec<String> = widths.iter().enumerate().map(dashes).collect();
    match style {
        Style::Text => format!("  {}\n", parts.join("  ")),
        Style::Markdown => format!("|{}|\n", parts.join("|")),
    }
}
