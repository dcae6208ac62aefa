//! Concentration, drawdown, apportionment and rating beyond the worked examples.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use contract::{Day, Ratio};
use finance::apportion::{largest_remainder, positional};
use finance::commitment::units_needed;
use finance::concentration::{Band, Leaving, Provider, Route, band, lock_in, switching_cost, tested_share};
use finance::credit::{Grant, draw};
use finance::exposure::{Chance, expected_independent, expected_nested, maximum};
use finance::rating::{DatedPrice, Event, Tier, Unused, graduated, graduated_total, rated};
use proptest::prelude::*;
use units::Timestamp;

fn w(number: i128) -> Ratio {
    Ratio::whole(number)
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

#[test]
fn bands_begin_above_their_edges() {
    for (index, expected) in [
        (1000, Band::Low),
        (1001, Band::Moderate),
        (1800, Band::Moderate),
        (1801, Band::High),
        (10_000, Band::High),
    ] {
        assert_eq!(band(w(index)), expected, "{index}");
    }
    let alone = |portable| lock_in(&[Provider { share: Ratio::ONE, portable }]);
    assert!((alone(Ratio::ZERO) - 1.0).abs() < 1e-12 && alone(Ratio::ONE).abs() < 1e-12);
}

#[test]
fn a_replay_counts_for_its_days_and_no_longer() {
    let route = |traffic, passed: Option<&str>| Route { traffic: w(traffic), passed: passed.map(day) };
    let routes = [route(60, Some("2026-10-01")), route(30, Some("2026-08-01")), route(10, None)];
    for (as_of, share) in [("2026-10-01", 60), ("2026-10-31", 60), ("2026-11-01", 0), ("2026-08-31", 30)] {
        assert_eq!(tested_share(&routes, day(as_of), 30), Ratio::new(share, 100), "{as_of}");
    }
    assert_eq!(tested_share(&[], day("2026-10-01"), 30), Ratio::NONE);
}

#[test]
fn leaving_adds_up() {
    let leaving = Leaving {
        untested_traffic: w(27),
        requalification: w(3),
        termination_fee: w(100),
        lost_credits: w(5),
        switching_charges: w(7),
    };
    assert_eq!(switching_cost(&leaving), w(81 + 100 + 5 + 7));
}

#[test]
fn a_unit_is_bought_whole() {
    for (needed, units) in [(0, 0), (1, 1), (100, 1), (101, 2), (150, 2), (250, 3)] {
        assert_eq!(units_needed(w(needed), w(100)), w(units), "{needed}");
    }
}

#[test]
fn usage_without_a_price_is_no_number() {
    let at = |seconds| Timestamp::from_seconds(seconds);
    let event = Event { at: at(10), quantity: w(1), known_at: at(10) };
    let price = DatedPrice { from: at(11), rate: w(1), known_at: at(0) };
    assert_eq!(rated(&[event], &[price], at(20)), Ratio::NONE);
    assert_eq!(rated(&[event], &[price], at(9)), Ratio::ZERO, "not known yet, so nothing to price");
    // Of two prices from the same moment the one recorded later is the correction.
    let prices = [
        DatedPrice { from: at(0), rate: w(3), known_at: at(5) },
        DatedPrice { from: at(0), rate: w(2), known_at: at(1) },
    ];
    assert_eq!(rated(&[event], &prices, at(20)), w(3));
}

#[test]
fn what_cannot_be_split_is_not() {
    for (total, weights) in
        [(5, vec![0, 0]), (-1, vec![1]), (1, vec![1, -1]), (1, vec![]), (i128::MAX, vec![2])]
    {
        assert_eq!(largest_remainder(total, &weights), None, "{total} over {weights:?}");
        assert_eq!(positional(total, &weights), None, "{total} over {weights:?}");
    }
}

proptest! {
    /// Parts add up, and none is a whole unit or more away from its exact share.
    #[test]
    fn parts_add_up(total in 0_i128..1_000_000_000, weights in prop::collection::vec(0_i128..1_000_000, 1..30)) {
        prop_assume!(weights.iter().sum::<i128>() > 0);
        let all: i128 = weights.iter().sum();
        let parts = largest_remainder(total, &weights).unwrap();
        prop_assert_eq!(parts.iter().sum::<i128>(), total);
        for (part, weight) in parts.iter().zip(&weights) {
            let away = w(*part) - Ratio::new(total * weight, all);
            prop_assert!(away < Ratio::ONE && away > w(-1));
        }
        prop_assert_eq!(positional(total, &weights).unwrap().iter().sum::<i128>(), total);
    }

    /// What is drawn, what is left and what is uncovered conserve grants and usage, and the order that grants are
    /// listed in makes no difference to who pays.
    #[test]
    fn drawdown_conserves(
        grants in prop::collection::vec((0_i128..100, 0_u32..3, prop::option::of(1_i64..50), 0_i64..40), 0..12),
        usage in 0_i128..600,
        at in 0_i64..60,
    ) {
        let at = Timestamp::from_seconds(at);
        let grants: Vec<Grant> = grants
            .iter()
            .enumerate()
            .map(|(id, (balance, priority, expires, created))| Grant {
                id: format!("g{id:02}"),
                balance: *balance,
                priority: *priority,
                expires: expires.map(Timestamp::from_seconds),
                created: Timestamp::from_seconds(*created),
            })
            .collect();
        let drawn = draw(&grants, usage, at);
        let burned: i128 = drawn.burned.iter().map(|(_, taken)| taken).sum();
        prop_assert_eq!(burned + drawn.uncovered, usage);
        let sum = |grants: &[Grant]| grants.iter().map(|grant| grant.balance).sum::<i128>();
        prop_assert_eq!(sum(&grants), sum(&drawn.left) + burned);
        let spendable = |grant: &&Grant| grant.created <= at && grant.expires.is_none_or(|end| end > at);
        let usable: i128 = grants.iter().filter(spendable).map(|grant| grant.balance).sum();
        prop_assert_eq!(burned, usage.min(usable));
        let reversed: Vec<Grant> = grants.iter().rev().cloned().collect();
        prop_assert_eq!(draw(&reversed, usage, at).burned, drawn.burned);
    }

    /// However a period is cut by invoices, they come to what one invoice would.
    #[test]
    fn graduated_invoices_add_up(tops in prop::collection::vec((1_i128..50, 0_i128..20, 0_i128..100), 1..5), cuts in prop::collection::vec(0_i128..200, 1..6)) {
        let mut top = Ratio::ZERO;
        let mut tiers: Vec<Tier> = tops
            .iter()
            .map(|(width, rate, flat)| {
                top = top + w(*width);
                Tier { up_to: Some(top), rate: w(*rate), flat: w(*flat) }
            })
            .collect();
        tiers.push(Tier { up_to: None, rate: w(1), flat: w(7) });
        let mut cuts = cuts;
        cuts.sort_unstable();
        let (mut from, mut all) = (Ratio::ZERO, Ratio::ZERO);
        for cut in &cuts {
            all = graduated(&tiers, from, w(*cut)).iter().fold(all, |sum, line| sum + line.amount);
            from = w(*cut);
        }
        prop_assert_eq!(all, graduated_total(&tiers, from, Unused::Free));
    }

    /// Nesting never expects more than independence does, and neither more than everything.
    #[test]
    fn exposure_is_ordered(chances in prop::collection::vec((0_i128..100, 0_i128..=10), 0..8)) {
        let tranches: Vec<Chance> = chances
            .iter()
            .map(|(amount, tenths)| Chance { amount: w(*amount), probability: Ratio::new(*tenths, 10) })
            .collect();
        let (alone, nested) = (expected_independent(w(13), &tranches), expected_nested(w(13), &tranches));
        prop_assert!(w(13) <= nested && nested <= alone && alone <= maximum(w(13), &tranches));
    }
}
