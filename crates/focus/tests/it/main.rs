//! Exports as vendors publish them, made here in their shape, and what becomes of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bad;
mod editions;
mod laws;
mod parquet;
mod support;
mod vendors;
