//! A document of sections, as Markdown or for a terminal. Tables are padded in both, so that both read well.

/// A piece of a section.
pub enum Block {
    /// A paragraph.
    Text(String),
    /// One item a line.
    List(Vec<String>),
    /// A heading and rows, all of the same length.
    Table(Vec<&'static str>, Vec<Vec<String>>),
}

/// A document.
pub struct Document {
    /// Its heading.
    pub title: String,
    /// Before the first section.
    pub lead: Vec<Block>,
    /// The sections in order, each with its heading.
    pub sections: Vec<(&'static str, Vec<Block>)>,
}

impl Document {
    /// As Markdown.
    pub fn markdown(&self) -> String {
        let heading = |level: usize, text: &str| format!("{} {text}\n\n", "#".repeat(level));
        self.write(heading, &Style { edge: "| ", between: " | ", end: " |", rule: true, item: "- " })
    }

    /// For a terminal.
    pub fn text(&self) -> String {
        let heading = |level: usize, text: &str| {
            let line = if level == 1 { "═" } else { "─" };
            format!("{text}\n{}\n\n", line.repeat(text.chars().count()))
        };
        self.write(heading, &Style { edge: "", between: "  ", end: "", rule: false, item: "· " })
    }

    fn write(&self, heading: impl Fn(usize, &str) -> String, style: &Style) -> String {
        let blocks = |blocks: &[Block]| blocks.iter().map(|block| style.block(block)).collect::<String>();
        let mut out = heading(1, &self.title) + &blocks(&self.lead);
        for (title, section) in &self.sections {
            out += &heading(2, title);
            out += &blocks(section);
        }
        out.trim_end().to_owned() + "\n"
    }
}

struct Style {
    edge: &'static str,
    between: &'static str,
    end: &'static str,
    /// Whether a line stands between heading and rows.
    rule: bool,
    item: &'static str,
}

impl Style {
    fn block(&self, block: &Block) -> String {
        match block {
            Block::Text(text) => format!("{text}\n\n"),
            Block::List(items) => {
                let lines = items.iter().map(|item| format!("{}{item}\n", self.item));
                lines.collect::<String>() + "\n"
            }
            Block::Table(head, rows) => self.table(head, rows),
        }
    }

    fn table(&self, head: &[&str], rows: &[Vec<String>]) -> String {
        let column = |place: usize| rows.iter().filter_map(move |row| row.get(place));
        let width = |place: usize, name: &str| {
            column(place).map(|cell| cell.chars().count()).max().unwrap_or(0).max(name.chars().count())
        };
        let widths: Vec<usize> = head.iter().enumerate().map(|(place, name)| width(place, name)).collect();
        let right: Vec<bool> = (0..head.len()).map(|place| is_numeric(column(place))).collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let padded: Vec<String> = cells
                .zip(widths.iter().zip(&right))
                .map(
                    |(cell, (width, right))| {
                        if *right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
                    },
                )
                .collect();
            let line = format!("{}{}{}", self.edge, padded.join(self.between), self.end);
            line.trim_end().to_owned() + "\n"
        };
        let mut out = line(&mut head.iter().copied());
        if self.rule {
            let rules = widths.iter().zip(&right).map(|(width, right)| {
                let dashes = "-".repeat(width.saturating_sub(1).max(2));
                if *right { dashes + ":" } else { dashes + "-" }
            });
            let rules: Vec<String> = rules.collect();
            out += &line(&mut rules.iter().map(String::as_str));
        }
        for row in rows {
            out += &line(&mut row.iter().map(String::as_str));
        }
        out + "\n"
    }
}

/// A column of numbers, some of which may be left out.
fn is_numeric<'a>(cells: impl Iterator<Item = &'a String>) -> bool {
    let mut filled = cells.filter(|cell| !cell.is_empty()).peekable();
    filled.peek().is_some() && filled.all(|cell| is_number(cell))
}

fn is_number(cell: &str) -> bool {
    let cell = cell.trim_end_matches(" %");
    cell.bytes().all(|byte| byte.is_ascii_digit() || b"-.,".contains(&byte))
}
