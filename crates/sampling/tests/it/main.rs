//! The room from outside.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::approx_constant,
    clippy::excessive_precision,
    reason = "small whole numbers, and golden values as they were printed"
)]

mod closed;
mod elementary;
mod paths;
mod random;
mod sensitivity;
mod sobol;
mod statistics;
mod variance;
mod walks;
