//! Accounting rules beyond the worked examples, and laws that hold for any amounts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use contract::{Day, Ratio};
use finance::Error;
use finance::accounting::{
    Amortisation, Classification, Direction, Entry, Exchange, FinancingFacts, Form, InReturn, LeaseFacts,
    Question, Side, TrancheFacts, VestOnPurchase, allocate, amortise, booking, breakage, catch_up, citation,
    customer_entry, financing, financing_component, onerous, purchase_obligation, reestimate, revenue_entry,
    screen, vendor_entry,
};
use proptest::prelude::*;
use units::Currency;

fn w(number: i128) -> Ratio {
    Ratio::whole(number)
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn exchange(given: i128, received: i128, committed_spend: i128) -> Exchange {
    Exchange { given: w(given), form: Form::Cash, received: w(received), committed_spend: w(committed_spend) }
}

#[test]
fn only_what_is_paid_above_something_distinct_reduces_the_price() {
    let of = |in_return| allocate(&exchange(5000, 4000, 100_000), in_return).unwrap();
    for (in_return, reduction) in [
        (InReturn::Nothing, 1000),
        (InReturn::Distinct(w(300)), 700),
        (InReturn::Distinct(w(1000)), 0),
        (InReturn::Distinct(w(5000)), 0),
        (InReturn::DistinctOfUnknownValue, 1000),
    ] {
        assert_eq!(of(in_return).reduction, w(reduction), "{in_return:?}");
    }
    assert!(of(InReturn::Distinct(w(1))).citations.contains(&citation::PAYABLE_DISTINCT));
    let from = allocate(&exchange(5000, 6000, 100_000), InReturn::Nothing).unwrap();
    assert_eq!(from.direction, Direction::FromCustomer);
    assert!(from.citations.contains(&citation::NONCASH) && !from.citations.contains(&citation::PAYABLE));
}

#[test]
fn amounts_that_make_no_sense_are_refused() {
    for bad in [exchange(-1, 0, 100), exchange(1, -1, 100), exchange(1, 1, 0), exchange(1, 1, -5)] {
        assert!(matches!(allocate(&bad, InReturn::Nothing), Err(Error::Parameter { .. })), "{bad:?}");
    }
    let huge = Exchange { received: Ratio::NONE, ..exchange(1, 1, 1) };
    assert!(matches!(allocate(&huge, InReturn::Nothing), Err(Error::NoNumber(_))));
    assert!(matches!(amortise(w(1), &[w(0), w(0)]), Err(Error::Parameter { .. })));
    for share in [w(1), w(2), w(-1), Ratio::NONE] {
        assert!(breakage(w(180), share).is_err(), "{share:?}");
    }
}

#[test]
fn a_new_estimate_spreads_what_is_left_and_leaves_closed_years_alone() {
    let first = amortise(w(100), &[w(10), w(20), w(70)]).unwrap();
    let amortised = |lines: &[Amortisation]| lines.iter().map(|line| line.amortised).collect::<Vec<_>>();
    assert_eq!(amortised(&first), [w(10), w(20), w(70)]);
    let again = reestimate(w(100), &first[..1], &[w(60), w(120)]).unwrap();
    assert_eq!(amortised(&again), [w(10), w(30), w(60)]);
    assert_eq!(again[0], first[0]);
    assert_eq!(reestimate(w(100), &[], &[w(1)]).unwrap(), amortise(w(100), &[w(1)]).unwrap());
    // Variable consideration instead is caught up at once: 10 of 100 earned, now of 190.
    assert_eq!(catch_up(w(100), w(10), w(100), w(190)), Ratio::new(100 * 10, 190) - w(10));
}

#[test]
fn a_tranche_waits_for_everything() {
    for (met, signed, unconditional) in
        [(true, true, true), (false, true, true), (true, false, true), (true, true, false)]
    {
        let booked = booking(&TrancheFacts { met, signed, unconditional });
        assert_eq!(booked.booked, met && signed && unconditional, "{}", booked.reason);
    }
}

#[test]
fn more_than_a_year_apart_is_a_loan_unless_there_is_a_reason() {
    let facts = |transferred: &str| FinancingFacts {
        paid: day("2027-01-01"),
        transferred: day(transferred),
        customer_decides_when: false,
        other_reason: false,
    };
    assert!(!financing(&facts("2028-01-01")).significant, "a year to the day");
    assert!(financing(&facts("2028-01-02")).significant);
    assert!(financing(&facts("2025-12-31")).significant, "paid in arrears");
    assert!(!financing(&FinancingFacts { customer_decides_when: true, ..facts("2036-01-01") }).significant);
    assert!(!financing(&FinancingFacts { other_reason: true, ..facts("2036-01-01") }).significant);
    assert!((financing_component(w(100), 0.08, 730) - 16.64).abs() < 1e-9);
}

const CONTROLLED: LeaseFacts = LeaseFacts {
    named: Some(true),
    may_substitute: Some(false),
    gains_by_substitution: None,
    share: Some(Ratio::ONE),
    benefits: Some(true),
    directs: Some(true),
};

#[test]
fn the_lease_screen_decides_by_its_table() {
    let lease = screen(&CONTROLLED);
    assert_eq!((lease.classification, lease.citation), (Classification::Lease, citation::LEASE));
    assert!(lease.open.is_empty());
    for (facts, decided_by) in [
        (LeaseFacts { named: Some(false), ..CONTROLLED }, citation::LEASE_ASSET),
        (
            LeaseFacts { may_substitute: Some(true), gains_by_substitution: Some(true), ..CONTROLLED },
            citation::LEASE_SUBSTITUTION,
        ),
        (LeaseFacts { share: Some(Ratio::new(89, 100)), ..CONTROLLED }, citation::LEASE_PORTION),
        (LeaseFacts { benefits: Some(false), ..CONTROLLED }, citation::LEASE_BENEFITS),
        (LeaseFacts { directs: Some(false), ..CONTROLLED }, citation::LEASE_DIRECTION),
    ] {
        let screened = screen(&facts);
        assert_eq!(
            (screened.classification, screened.citation),
            (Classification::Service, decided_by),
            "{facts:?}"
        );
    }
    let most = LeaseFacts { share: Some(Ratio::new(9, 10)), ..CONTROLLED };
    assert_eq!(screen(&most).classification, Classification::Lease, "90 % is substantially all");
}

#[test]
fn what_is_open_is_a_service_by_default_but_substitution_is_presumed_away() {
    let nothing = screen(&LeaseFacts::default());
    assert_eq!(nothing.classification, Classification::ServiceByDefault);
    assert_eq!(nothing.open, Question::ALL);
    let unsure = screen(&LeaseFacts { directs: None, ..CONTROLLED });
    assert_eq!(
        (unsure.classification, unsure.open),
        (Classification::ServiceByDefault, vec![Question::Direction])
    );
    // 842-10-15-15, IFRS 16.B19: a right that nobody can judge is no obstacle to a lease.
    for facts in [
        LeaseFacts { may_substitute: None, ..CONTROLLED },
        LeaseFacts { may_substitute: Some(true), ..CONTROLLED },
        LeaseFacts { may_substitute: Some(true), gains_by_substitution: Some(false), ..CONTROLLED },
    ] {
        assert_eq!(screen(&facts).classification, Classification::Lease, "{facts:?}");
    }
}

#[test]
fn obligations_fall_into_years_ahead() {
    let due: Vec<(Day, Ratio)> =
        (1..=8).map(|year| (day("2026-04-20").plus_years(year), w(i128::from(year)))).collect();
    let all = purchase_obligation(&due, day("2026-04-20"));
    assert_eq!(all.total, w(36));
    assert_eq!(all.next, [w(1), w(2), w(3), w(4), w(5)]);
    assert_eq!(all.later, w(6 + 7 + 8));
    let on_the_day = purchase_obligation(&due, day("2027-04-20"));
    assert_eq!((on_the_day.total, on_the_day.next[0]), (w(35), w(2)), "what is due by then is not ahead");
}

#[test]
fn an_onerous_contract_provides_for_the_cheaper_way() {
    for (benefits, fulfil, leave, provision, leaves) in
        [(100, 120, 50, 20, false), (100, 180, 50, 50, true), (200, 120, 50, 0, false), (0, 0, 0, 0, false)]
    {
        let test = onerous(w(benefits), w(fulfil), w(leave));
        assert_eq!((test.provision, test.leave), (w(provision), leaves), "{benefits} {fulfil} {leave}");
    }
}

#[test]
fn a_warrant_takes_its_grant_date_value_off_the_purchases_that_vest_it() {
    let warrant = VestOnPurchase { shares: w(60), strike: w(1), immediate: w(10), purchases: w(1000) };
    assert_eq!(
        (warrant.vested(w(0)), warrant.vested(w(500)), warrant.vested(w(2000))),
        (w(10), w(35), w(60))
    );
    assert_eq!(warrant.contra_revenue(w(600), w(0), w(500)), w(250));
    assert_eq!(warrant.contra_revenue(w(600), w(900), w(500)), w(50), "nothing vests beyond the last share");
    assert_eq!(warrant.intrinsic(Ratio::new(1, 2)), w(0), "nobody exercises at a loss");
}

fn side(entry: &Entry, side: Side) -> i128 {
    entry.lines.iter().filter(|line| line.side == side).map(|line| line.amount.pico()).sum()
}

proptest! {
    /// Every entry balances in 10⁻¹², whatever rounding does, and no line is below nothing.
    #[test]
    fn journals_balance(given in 0_i128..1_000_000_000, received in 0_i128..1_000_000_000, den in 1_i128..1000, usage in 0_i128..1_000_000) {
        let exchange = Exchange {
            given: Ratio::new(given, den),
            received: Ratio::new(received, den + 6),
            ..exchange(0, 0, 3_000_000_007)
        };
        let allocation = allocate(&exchange, InReturn::Nothing).unwrap();
        for entry in [
            vendor_entry(&exchange, &allocation, Currency::USD).unwrap(),
            customer_entry(&exchange, &allocation, Currency::USD).unwrap(),
            revenue_entry(&allocation, Ratio::new(usage, den), Currency::USD).unwrap(),
        ] {
            prop_assert_eq!(side(&entry, Side::Debit), side(&entry, Side::Credit));
            prop_assert!(entry.lines.iter().all(|line| line.amount.pico() > 0));
        }
    }

    /// An amortisation ends at nothing, exactly, with or without a new estimate, for either sign.
    #[test]
    fn amortisations_end_at_nothing(
        concession in -1_000_000_i128..1_000_000,
        revenues in prop::collection::vec(1_i128..100_000, 1..10),
        again in prop::collection::vec(1_i128..100_000, 1..10),
        closed in 0_usize..9,
    ) {
        let whole = |numbers: &[i128]| numbers.iter().map(|number| w(*number)).collect::<Vec<_>>();
        let first = amortise(w(concession), &whole(&revenues)).unwrap();
        prop_assert_eq!(first.last().unwrap().closing, Ratio::ZERO);
        let closed = &first[..closed.min(first.len() - 1)];
        let second = reestimate(w(concession), closed, &whole(&again)).unwrap();
        prop_assert_eq!(second.last().unwrap().closing, Ratio::ZERO);
        let all = second.iter().fold(Ratio::ZERO, |sum, line| sum + line.amortised);
        prop_assert_eq!(all, w(concession));
    }
}
