//! An evaluation as text for a terminal, Markdown or JSON, and one tranche explained in words.
//!
//! What stays true: all show the same numbers, and none of them computes anything.

mod explain;
mod json;
mod markdown;
mod terminal;
mod words;

pub use explain::explain;
pub use json::json;
pub use markdown::markdown;
pub use terminal::terminal;
