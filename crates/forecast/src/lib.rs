//! Where a deal ends up: simulated paths through the contract's own rules; pure.

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
pub use number::{Eight, Truths};
pub use result::*;
pub use sampling::Design;
pub use scenario::Scenario;
