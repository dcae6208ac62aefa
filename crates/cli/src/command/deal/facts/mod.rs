//! `offtake deal facts`: facts from where they are. One file a source.

mod books;
mod import;
mod metered;
mod store;
mod table;

use crate::failure::Failure;

/// Facts of a deal from where they are: bills, and these books
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    Import(import::Arguments),
    Books(books::Arguments),
}

/// Takes facts from their source.
pub fn run(verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Import(arguments) => import::run(arguments),
        Verb::Books(arguments) => books::run(arguments),
    }
}

#[expect(clippy::print_stderr, reason = "standard output has the facts")]
fn complain(text: &str) {
    eprint!("{text}");
}
