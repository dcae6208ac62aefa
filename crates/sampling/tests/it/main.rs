//! The room from outside.

mod elementary;
mod paths;
mod random;
mod sobol;
