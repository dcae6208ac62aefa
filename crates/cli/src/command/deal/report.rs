//! `offtake deal report`: a deal's figures as a document.

use crate::command::answer;
use crate::failure::Failure;
use std::path::Path;

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Format {
    /// For a terminal
    Text,
    /// Markdown
    Md,
    /// A page of its own
    Html,
    /// For programs
    Json,
}

/// Writes the report of the deal in `file`.
pub fn run(file: &Path, format: Format) -> Result<(), Failure> {
    let report = contract::report(&super::read(file)?);
    answer(&match format {
        Format::Text => contract::render::terminal(&report),
        Format::Md => contract::render::markdown(&report),
        Format::Html => contract::render::html(&report),
        Format::Json => contract::render::json(&report),
    })
}
