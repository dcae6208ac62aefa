//! What is wrong with a catalogue file, and where.

use super::Wrong;

/// A catalogue file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {message}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct CatalogueError {
    /// The file's name as given.
    pub file: String,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead; may be empty.
    pub mend: String,
}

impl CatalogueError {
    pub(super) fn syntax(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let line =
            error.span().and_then(|span| text.get(..span.start)).map(|before| line_of(before.len(), text));
        Self {
            file: file.to_owned(),
            line,
            message: error.message().replace('\n', ", "),
            mend: String::new(),
        }
    }

    pub(super) fn schema(file: &str, schema: u64) -> Self {
        let message = format!("schema {schema} is not known here");
        Self { file: file.to_owned(), line: Some(1), message, mend: "write `schema = 1`".to_owned() }
    }

    /// A word that stands somewhere in the text; the line of its first place.
    pub(super) fn found(file: &str, text: &str, wrong: Wrong) -> Self {
        let line = text.find(&format!("\"{}\"", wrong.word)).map(|place| line_of(place, text));
        Self { file: file.to_owned(), line, message: wrong.message, mend: wrong.mend }
    }
}

fn line_of(place: usize, text: &str) -> usize {
    text.get(..place).unwrap_or_default().matches('\n').count() + 1
}
