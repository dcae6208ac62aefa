//! FOCUS cost exports, read into facts of spend at list price.
//!
//! Bytes go in ([`Import::csv`], [`Import::parquet`]), facts and a [`Summary`] come out ([`Import::finish`]), beside
//! what is [`Known`] of earlier bills.
//!
//! What stays true:
//! - Exact: an amount is the bill's decimal, or the shortest decimal of its double; sums are exact, and rounded once,
//!   to twelve places.
//! - Whole or not at all: the first row that cannot be used ends the import, with its place and the mend.
//! - The same rows are the same facts, however files are cut and in whatever order; importing them again adds
//!   nothing. What a newer edition of a bill says otherwise replaces what stood, and nothing is ever changed.
//! - Nothing is left out silently: rows that are no facts are reported with their reason and what they cost.

mod cell;
mod charge;
mod check;
mod column;
mod columnar;
mod fault;
mod gather;
mod known;
mod moment;
mod number;
mod reconcile;
mod rules;
mod summary;
mod text;
mod vendor;

pub use charge::LeftOut;
pub use check::Breach;
pub use fault::{Fault, Line, Place, Problem};
pub use gather::{BillIs, Import, Named, Options};
pub use known::Known;
pub use rules::{Counted, RuleLine};
pub use summary::{BesideLine, ChargeLine, Facts, FileLine, LeftLine, Outcome, Summary};
