//! The plane under faults: the real binary, the vendors' double behind it, and clients that misbehave. After
//! each, the books are held against what clients saw and what the vendor counted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod client;
mod support;

mod bad_input;
mod books;
mod client_gone;
mod config;
mod deal_accounting;
mod deal_evaluate;
mod deal_facts;
mod deal_forecast;
mod deal_ledger;
mod deal_new;
mod deal_report;
mod deal_sign;
mod disk;
mod evidence;
mod forwarded;
mod instrument;
mod kill;
mod login;
mod pages;
mod policy;
mod provider;
mod relay;
mod residency;
mod retention;
mod sight;
mod upstream;
