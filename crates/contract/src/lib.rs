//! Deals as data: terms, commitments, tranches; what a charge draws down.

mod check;
mod day;
pub mod deal;
mod decimal;
mod error;
mod ratio;

pub use day::{Day, Period};
pub use deal::Deal;
pub use decimal::Decimal;
pub use error::{Error, Place, Problem};
pub use ratio::Ratio;
