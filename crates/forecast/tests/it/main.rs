//! The forecast held to closed forms, to an independent model, to the contract's exact arithmetic, and to
//! itself on any number of threads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "a few years and months")]

mod clauses;
mod closed_forms;
mod golden;
mod history;
mod laws;
mod presets;
mod scenarios;
mod threads;

use contract::Deal;
use forecast::{Design, Forecast, History, Scenario, Settings, project};

/// A deal of one commitment over whole years from 2026, with more of its file after the head.
pub fn deal(years: u32, rest: &str) -> Deal {
    let text = format!(
        "schema = \"offtake.contract/1\"\nid = \"d\"\nversion = 1\nknown_from = 2026-01-01\n\
         effective = {{ from = 2026-01-01, to = {}-01-01 }}\ncurrency = \"USD\"\n\
         [[party]]\nid = \"v\"\nroles = [\"vendor\", \"investor\"]\n\
         [[party]]\nid = \"c\"\nroles = [\"customer\", \"issuer\"]\n{rest}",
        2026 + years
    );
    Deal::parse(&text).unwrap()
}

/// A scenario of these lines.
pub fn scenario(text: &str) -> Scenario {
    Scenario::parse(&format!("schema = \"offtake.scenario/1\"\nid = \"s\"\n{text}")).unwrap()
}

/// So many paths, quasi-random, from one seed.
pub fn settings(paths: u64) -> Settings {
    Settings { paths, seed: 7, design: Design::Sobol, sensitivity_paths: 0 }
}

/// A forecast without history.
pub fn run(deal: &Deal, scenario: &Scenario, paths: u64) -> Forecast {
    project(deal, scenario, &History::default(), &settings(paths), &|_| ()).unwrap()
}

/// Near, by a share of what is wanted.
pub fn near(what: &str, seen: f64, wanted: f64, share: f64) {
    assert!((seen - wanted).abs() <= share * wanted.abs().max(1e-12), "{what}: {seen} instead of {wanted}");
}
