//! A document to the terminal or into a file, in the form that was asked for.

use crate::failure::Failure;
use analysis::Document;
use analysis::render::{html, markdown, pdf, terminal};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

/// How to write a document.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Format {
    /// For a terminal
    Text,
    /// Markdown
    Md,
    /// A page of its own, with charts
    Html,
    /// On paper
    Pdf,
    /// For programs
    Json,
}

/// Writes `document`; the form for programs is the caller's own.
pub fn write(document: &Document, format: Format, out: Option<&Path>) -> Result<(), Failure> {
    let text = match format {
        Format::Text | Format::Json => terminal(document),
        Format::Md => markdown(document),
        Format::Html => html(document),
        Format::Pdf if out.is_none() && io::stdout().is_terminal() => {
            return Err(Failure::unusable("a PDF is not for a terminal; say where with `--out FILE.pdf`"));
        }
        Format::Pdf => return bytes(&pdf(document), out),
    };
    bytes(text.as_bytes(), out)
}

/// Writes bytes into a file, or to standard output.
pub fn bytes(content: &[u8], out: Option<&Path>) -> Result<(), Failure> {
    match out {
        Some(path) => std::fs::write(path, content)
            .map_err(|error| Failure::unusable(format!("cannot write `{}`: {error}", path.display()))),
        None => match io::stdout().write_all(content) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.map_err(Failure::failed),
        },
    }
}
