//! The language of conditions: what reads, what it comes to, what is refused where, and the laws it keeps.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod document;
mod faults;
mod lanes;
mod laws;
mod selecting;
mod truths;
mod world;
