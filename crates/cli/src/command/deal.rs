//! `offtake deal`: what a deal file says and what follows from it.

use super::{answer, check};
use crate::failure::Failure;
use std::path::PathBuf;

/// What a deal file says, and what follows from it
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// The deal's figures, each reported, derived (with its formula) or assumed
    Report {
        /// The deal file, such as `presets/amazon-anthropic-2026.toml`
        file: PathBuf,
        /// How to write it
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}

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

/// Does what is asked of the deal.
pub fn run(verb: &Verb) -> Result<(), Failure> {
    let Verb::Report { file, format } = verb;
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::unusable(format!("cannot read `{}`: {error}", file.display())))?;
    let deal = check::deal(file, &text)?;
    let report = contract::report(&deal);
    answer(&match format {
        Format::Text => contract::render::terminal(&report),
        Format::Md => contract::render::markdown(&report),
        Format::Html => contract::render::html(&report),
        Format::Json => contract::render::json(&report),
    })
}
