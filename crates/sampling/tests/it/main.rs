//! The room from outside.

mod closed;
mod elementary;
mod paths;
mod random;
mod sensitivity;
mod sobol;
mod statistics;
mod variance;
mod walks;
