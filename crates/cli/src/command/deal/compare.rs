//! `offtake deal compare`: deals side by side.

use super::write::{Format, write};
use crate::failure::Failure;
use std::path::PathBuf;

/// Deals side by side: parties, terms, what releases money, and every figure
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The deal files
    #[arg(required = true, num_args = 2..)]
    files: Vec<PathBuf>,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// For programs; the same as `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Where to write it, instead of the terminal; a PDF needs one
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Writes the deals side by side.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let deals = arguments.files.iter().map(|file| super::read(file)).collect::<Result<Vec<_>, _>>()?;
    let reports: Vec<contract::Report> = deals.iter().map(contract::report).collect();
    if arguments.json || matches!(arguments.format, Format::Json) {
        let reports: Vec<String> = reports.iter().map(contract::render::json).collect();
        let text =
            format!("[{}]\n", reports.iter().map(|one| one.trim_end()).collect::<Vec<_>>().join(",\n"));
        return super::write::bytes(text.as_bytes(), arguments.out.as_deref());
    }
    let pairs: Vec<_> = deals.iter().zip(&reports).collect();
    write(&analysis::compare(&pairs), arguments.format, arguments.out.as_deref())
}
