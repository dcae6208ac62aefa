//! Deals as data: terms, commitments, tranches; what a charge draws down.

mod check;
mod day;
pub mod deal;
mod decimal;
mod error;
mod ratio;
mod report;

pub use day::{Day, Period};
pub use deal::Deal;
pub use decimal::Decimal;
pub use error::{Error, Place, Problem};
pub use ratio::Ratio;
pub use report::{
    Basis, Bound, Figure, Head, MinimumLine, Quantity, Report, TrancheLine, TrancheState, Unit, report,
};
