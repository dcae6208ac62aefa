//! Numbers for simulation: counter-based random numbers, scrambled Sobol points, correlated paths, and the
//! statistics of what came out; pure.
//!
//! One seed gives one answer, bit for bit, on any number of threads and any processor: every draw is a
//! function of its address (seed, stream, path, dimension), sums have one order, and the elementary
//! functions are this room's own, written in operations that IEEE 754 fixes. Multiplication and addition
//! are fused only where the source says `mul_add`.

mod bridge;
pub mod closed;
mod correlation;
mod draws;
mod elementary;
mod error;
mod lanes;
mod moments;
mod paths;
mod quantile;
mod random;
mod row;
mod sensitivity;
mod sobol;
mod strata;
mod vector;
mod wide;

pub use bridge::Bridge;
pub use correlation::Correlation;
pub use draws::{bernoulli, exponential, lognormal, poisson};
pub use elementary::{exp, inverse_normal, ln};
pub use error::Error;
pub use lanes::{LANES, Lanes, Mask, Words};
pub use moments::{ExactSum, Moments};
pub use paths::{BLOCK, Design, GROUPS, Paths};
pub use quantile::quantile;
pub use random::{Random, philox4x32};
pub use row::Row;
pub use sensitivity::{Index, Sensitivity, sensitivity};
pub use sobol::{DIMENSIONS, Sobol};
pub use vector::{Vector, Word};
pub use wide::{Kernel, Task, Wide, at_most_bits, widest};
