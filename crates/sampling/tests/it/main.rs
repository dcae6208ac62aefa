//! The room from outside.

mod elementary;
mod random;
mod sobol;
