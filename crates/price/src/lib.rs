//! Rate: usage and a dated price book become an exact charge.
//!
//! A price is named by a hash of all it says and is never edited: a change is a new price with a later `from`.
//! Rating multiplies whole counts by whole rates (10⁻¹² of a currency unit a token), checked, so that the same
//! usage at the same price gives the same charge on the request path and in the books, today and in a year.
//!
//! Absent on purpose: a default price (a model without one is unrated, never guessed), rounding, floats.

mod book;
mod error;
mod rate;

pub use book::{Added, Price, PriceBook};
pub use error::PriceError;
pub use rate::{rate, rate_per_million};
