//! What a deal is worth: returns, accounting, break-even, concentration; pure.
//!
//! Each function is one stated method. What is rational is computed in exact fractions ([`Ratio`]), in any one
//! unit of money, and is [`Ratio::NONE`] where there is no number (nothing to divide by, or too large for 128
//! bits). `f64` stands only where a root or a power needs it, and the function says so. Nothing here knows a
//! deal's undisclosed terms: whatever is not in a deal file is a parameter.

pub mod accounting;
pub mod apportion;
pub mod capacity;
pub mod circularity;
pub mod commitment;
pub mod concentration;
pub mod credit;
mod error;
pub mod exposure;
pub mod rating;
pub mod returns;
pub mod selfhost;

pub use error::Error;

use contract::Ratio;

/// The sum; [`Ratio::NONE`] when it does not fit.
pub(crate) fn sum(parts: impl IntoIterator<Item = Ratio>) -> Ratio {
    parts.into_iter().fold(Ratio::ZERO, |sum, part| sum + part)
}

/// The number itself, or the error that there is none.
pub(crate) fn number(exact: Ratio, what: &'static str) -> Result<Ratio, Error> {
    if exact.is_some() { Ok(exact) } else { Err(Error::NoNumber(what)) }
}
