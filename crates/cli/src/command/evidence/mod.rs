//! `offtake evidence`: what was called, by whom and where, for those who have to see it proven. One file a verb.

mod components;
mod controls;
mod export;
mod import;
mod pack;
mod verify;

use crate::failure::Failure;

/// What was called, by whom and where, for those who have to see it proven
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Write a period's calls, and what decided them, as one signed file
    Export(export::Arguments),
    /// Take the places of calls from AWS's audit trail (CloudTrail)
    Import(import::Arguments),
    /// Check such a file, with nothing but itself and a public key
    Verify(verify::Arguments),
    /// Answer a security and vendor review from the configuration as it is
    Pack(pack::Arguments),
}

/// Does what is asked.
pub fn run(verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Export(arguments) => export::run(arguments),
        Verb::Import(arguments) => import::run(arguments),
        Verb::Verify(arguments) => verify::run(arguments),
        Verb::Pack(arguments) => pack::run(arguments),
    }
}
