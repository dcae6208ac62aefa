//! The room from outside: each rule on both sides of its edge, the decisions that a reader can check by hand, and the laws
//! that hold whatever is asked.
#![cfg(test)]

mod catalogue;
mod decisions;
mod edges;
mod laws;
mod residency;
mod support;
