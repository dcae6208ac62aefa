//! Where a deal ends up: simulated paths through the contract's own rules; pure.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "places on a grid and counts of steps, all far below 2^31"
)]
#![expect(clippy::result_large_err, reason = "an error ends a run; none is made inside one")]

mod engine;
mod error;
mod history;
mod number;
mod plan;
pub mod render;
mod result;
pub mod scenario;
mod timeline;

pub use engine::Progress;
pub use error::{Error, Problem};
pub use history::{Estimate, Fit, History, Month, Moves, Quantile, Spend};
pub use number::{Bits, Eight, Many, Truths};
pub use result::*;
pub use sampling::Design;
pub use scenario::Scenario;
