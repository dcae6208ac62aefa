//! The burn-down's curve, pace and projection.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use contract::{CommitmentTerms, Day, Deal, burn_down};
use proptest::prelude::*;
use units::{Currency, Money, Timestamp};

fn demo() -> CommitmentTerms {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../presets/demo-commitment.toml"))
            .unwrap();
    Deal::parse(&text).unwrap().commitment_terms().remove(0)
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn usd(text: &str) -> Money {
    Money::parse(text, Currency::USD).unwrap()
}

#[test]
fn draws_against_an_even_pace() {
    let draws = [
        (day("2026-01-02"), usd("0.30")),
        (day("2026-01-01"), usd("0.10")),
        (day("2026-01-02"), usd("0.20")),
    ];
    let burn = burn_down(&demo(), &draws, at("2026-01-03T12:00:00Z")).unwrap();
    assert_eq!((burn.target, burn.drawn, burn.remaining), (usd("50"), usd("0.60"), usd("49.40")));
    let curve: Vec<String> =
        burn.points.iter().map(|point| format!("{} {}", point.at.date(), point.drawn.to_decimal())).collect();
    assert_eq!(curve, ["2026-01-01 0.00", "2026-01-02 0.10", "2026-01-03 0.60", "2026-01-03 0.60"]);
    // Two and a half days of 365: 50 × 5 / 730.
    assert_eq!(burn.points[3].pace, usd("0.342465753425"));
    let projection = burn.projection.unwrap();
    assert_eq!(projection.at_end, usd("87.60"));
    // 0.60 in 2.5 days reaches 50 in 208 days and 8 hours.
    assert_eq!(projection.reaches_target, Some(at("2026-07-28T08:00:00Z")));
}

#[test]
fn claims_nothing_without_data() {
    let nothing = burn_down(&demo(), &[], at("2026-06-01")).unwrap();
    assert_eq!((nothing.drawn, nothing.projection), (usd("0"), None));
    let minutes = burn_down(&demo(), &[(day("2026-01-01"), usd("1"))], at("2026-01-01T00:05:00Z")).unwrap();
    assert_eq!((minutes.drawn, minutes.projection), (usd("1"), None));
    let early = burn_down(&demo(), &[(day("2025-12-31"), usd("1"))], at("2025-12-31T12:00:00Z")).unwrap();
    assert!(early.points.is_empty() && early.drawn.is_zero());
}

#[test]
fn stays_at_the_end_once_it_is_over() {
    let draws = [(day("2026-12-31"), usd("60")), (day("2027-01-01"), usd("5"))];
    let burn = burn_down(&demo(), &draws, at("2027-03-01")).unwrap();
    assert_eq!((burn.drawn, burn.remaining), (usd("60"), usd("0")));
    let last = burn.points.last().unwrap();
    assert_eq!((last.at, last.pace), (at("2027-01-01"), usd("50")));
    assert_eq!(burn.projection.unwrap().at_end, usd("60"));
}

#[test]
fn covers_the_contract_year_or_else_the_term() {
    let mut terms = demo();
    terms.period.to = Some(day("2029-01-01"));
    terms.minimums = vec![usd("10"), usd("15"), usd("25")];
    let second = burn_down(&terms, &[(day("2027-06-01"), usd("1"))], at("2027-06-02")).unwrap();
    assert_eq!((second.from, second.to, second.target), (day("2027-01-01"), day("2028-01-01"), usd("15")));
    terms.minimums.clear();
    let term = burn_down(&terms, &[], at("2027-06-02")).unwrap();
    assert_eq!((term.from, term.to, term.target), (day("2026-01-01"), day("2029-01-01"), usd("50")));
    terms.period.to = None;
    assert!(burn_down(&terms, &[], at("2027-06-02")).is_err());
}

proptest! {
    #[test]
    fn the_last_point_is_what_is_drawn(
        draws in prop::collection::vec((0_u32..400, 0_i128..1_000_000_000_000), 0..60),
        now in 0_i64..34_000_000,
    ) {
        let (terms, start) = (demo(), day("2026-01-01"));
        let now = start.start().plus_seconds(now);
        let draws: Vec<(Day, Money)> = draws.into_iter().map(|(later, pico)| (start.plus_days(later), Money::from_pico(pico, Currency::USD))).collect();
        let burn = burn_down(&terms, &draws, now).unwrap();
        let counted: i128 = draws.iter().filter(|(day, _)| *day < burn.to && day.start() <= now).map(|(_, drawn)| drawn.pico()).sum();
        prop_assert_eq!(burn.drawn.pico(), counted);
        prop_assert_eq!(burn.points.last().unwrap().drawn, burn.drawn);
        prop_assert_eq!(burn.points.last().unwrap().at, now.min(burn.to.start()));
        prop_assert!(burn.points.windows(2).all(|pair| pair[0].at <= pair[1].at && pair[0].drawn.pico() <= pair[1].drawn.pico() && pair[0].pace.pico() <= pair[1].pace.pico()));
    }
}
