//! The verbs.

pub mod ask;
mod books;
pub mod check;
pub mod deal;
pub mod demo;
pub mod evidence;
pub mod identity;
pub mod instrument;
mod issuer;
pub mod key;
pub mod ledger;
pub mod login;
pub mod policy;
pub mod retention;
pub mod serve;
pub mod token;
pub mod usage;

use crate::failure::Failure;
use std::io::Write as _;

/// Writes an answer to standard output; a closed pipe ends it quietly.
pub fn answer(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(Failure::failed),
    }
}
