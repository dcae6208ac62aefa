//! `offtake deal facts`: facts from where they are. One file a source.

mod import;
mod store;
mod table;

use crate::failure::Failure;

/// Facts of a deal from where they are: bills, and these books
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    Import(import::Arguments),
}

/// Takes facts from their source.
pub fn run(verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Import(arguments) => import::run(arguments),
    }
}
