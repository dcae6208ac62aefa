//! Rates, multiples and payback: golden numbers of an independent library, several roots, and laws.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use contract::{Day, Ratio};
use finance::returns::{Flow, InternalRate, discounted_payback, mirr, npv, payback, xirr};
use proptest::prelude::*;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn flows(rows: &[(&str, f64)]) -> Vec<Flow<f64>> {
    rows.iter().map(|(on, amount)| Flow { day: day(on), amount: *amount }).collect()
}

#[track_caller]
fn near(number: f64, expected: f64) {
    assert!((number - expected).abs() <= 1e-11 * expected.abs().max(1.0), "{number} is not {expected}");
}

/// Made with pyxirr 0.10.8 from PyPI, which agrees with mpmath to the digits compared here.
#[test]
fn golden_numbers_of_pyxirr() {
    let uneven = flows(&[("2020-01-01", -1000.0), ("2020-07-01", 600.0), ("2021-09-15", 700.0)]);
    near(xirr(&uneven, 0.1).rate().unwrap(), 0.267_716_031_848_849);
    near(npv(0.07, day("2020-01-01"), &uneven), 203.750_585_128_660_3);
    // Whole years of 365 days, so that a method by periods can be compared.
    let yearly = flows(&[
        ("2021-01-01", -1000.0),
        ("2022-01-01", -4000.0),
        ("2023-01-01", 5000.0),
        ("2024-01-01", 2000.0),
    ]);
    near(mirr(&yearly, 0.08, 0.055).unwrap(), 0.156_461_059_193_936_38);
}

#[test]
fn several_roots_are_all_told_with_a_modified_rate() {
    // 10 % and 20 % on years of 365 days: −1000 (1 − 1.1/x)(1 − 1.2/x).
    let twice = flows(&[("2021-01-01", -1000.0), ("2022-01-01", 2300.0), ("2023-01-01", -1320.0)]);
    let InternalRate { roots, sign_changes, modified } = xirr(&twice, 0.12);
    assert_eq!(roots.len(), 2, "{roots:?}");
    near(roots[0], 0.1);
    near(roots[1], 0.2);
    assert_eq!(sign_changes, [day("2022-01-01"), day("2023-01-01")]);
    near(modified.unwrap(), (2300.0 * 1.12_f64 / (1000.0 + 1320.0 / 1.12_f64.powi(2))).sqrt() - 1.0);
    assert_eq!(xirr(&twice, 0.12).rate(), None, "one rate would be a choice");
}

#[test]
fn what_has_no_rate_has_none() {
    let paid = flows(&[("2021-01-01", -1000.0), ("2022-01-01", -1.0)]);
    let rate = xirr(&paid, 0.1);
    assert_eq!((rate.rate(), rate.sign_changes.len(), rate.modified), (None, 0, None));
    assert_eq!(xirr(&[], 0.1).rate(), None);
    let same_day = flows(&[("2021-01-01", -1000.0), ("2021-01-01", 1000.0)]);
    assert!(xirr(&same_day, 0.1).roots.is_empty(), "netted to nothing");
    // Ten times the money within a week: the rate is beyond the range that is searched.
    let wild = flows(&[("2021-01-01", -100.0), ("2021-01-08", 1000.0)]);
    assert_eq!(xirr(&wild, 0.1).rate(), None);
    assert_eq!(mirr(&paid, 0.1, 0.1), None);
}

#[test]
fn payback_counts_a_day_as_a_whole() {
    let whole = |rows: &[(&str, i128)]| {
        rows.iter()
            .map(|(on, amount)| Flow { day: day(on), amount: Ratio::whole(*amount) })
            .collect::<Vec<_>>()
    };
    // Listed first, the income of the second day would pay back before that day's payment is seen.
    let mixed = whole(&[("2021-01-01", -10), ("2022-01-01", 12), ("2022-01-01", -5), ("2023-01-01", 3)]);
    assert_eq!(payback(&mixed), Some(day("2023-01-01")));
    assert_eq!(payback(&whole(&[("2021-01-01", -10), ("2022-01-01", 9)])), None);
    let later = flows(&[("2021-01-01", -100.0), ("2022-01-01", 100.0), ("2023-01-01", 20.0)]);
    assert_eq!(payback(&later), Some(day("2022-01-01")));
    assert_eq!(discounted_payback(0.05, &later), Some(day("2023-01-01")));
    assert_eq!(discounted_payback(0.5, &later), None);
}

proptest! {
    /// Money lent at a rate returns it, whatever the days and the rate.
    #[test]
    fn a_loan_returns_its_rate(rate in -0.9_f64..5.0, days in 30_u32..6000, amount in 1.0_f64..1e9) {
        let from = day("2026-04-20");
        let back = amount * (1.0 + rate).powf(f64::from(days) / 365.0);
        let loan = [Flow { day: from, amount: -amount }, Flow { day: from.plus_days(days), amount: back }];
        let found = xirr(&loan, 0.1).rate().unwrap();
        prop_assert!((found - rate).abs() < 1e-9 * (1.0 + rate.abs()), "{found} is not {rate}");
    }

    /// Every root makes the present value nothing, there are no more of them than changes of sign, and the order
    /// of the flows makes no difference.
    #[test]
    fn roots_are_roots(amounts in prop::collection::vec((-100_i32..100, 0_u32..4000), 2..9)) {
        let from = day("2026-04-20");
        let flows: Vec<Flow<f64>> = amounts
            .iter()
            .map(|(amount, days)| Flow { day: from.plus_days(*days), amount: f64::from(*amount) })
            .collect();
        let found = xirr(&flows, 0.1);
        prop_assert!(found.roots.len() <= found.sign_changes.len());
        for root in &found.roots {
            let first = flows.iter().map(|flow| flow.day).min().unwrap();
            let scale: f64 = flows.iter().map(|flow| npv(*root, first, &[*flow]).abs()).sum();
            prop_assert!(npv(*root, first, &flows).abs() <= 1e-9 * scale.max(1.0), "at {root}");
        }
        let reversed: Vec<Flow<f64>> = flows.iter().rev().copied().collect();
        prop_assert_eq!(xirr(&reversed, 0.1), found);
    }
}
