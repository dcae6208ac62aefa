//! Contract years settled as the worked examples E04, E05 and E07 say, and laws that hold for any of them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use contract::{
    Carried, Charge, CommitmentTerms, Day, Deal, Position, Ratio, YearPosition, YearSettlement, advance,
    settle, settle_year,
};
use proptest::prelude::*;
use units::{Currency, Money};

const MILLION: i128 = 1_000_000_000_000_000_000;

/// A deal from 2026-04-20 whose one commitment has these yearly minimums in millions, and these clauses.
fn terms(minimums: &[u32], clauses: &str) -> CommitmentTerms {
    let years: Vec<String> =
        (1..).zip(minimums).map(|(y, min): (u32, _)| format!("{{ y = {y}, min = \"{min}e6\" }}")).collect();
    let text = format!(
        "schema = \"offtake.contract/1\"\nid = \"d\"\nversion = 1\nknown_from = 2026-04-20T00:00:00Z\n\
         effective = {{ from = 2026-04-20, to = {}-04-20 }}\ncurrency = \"USD\"\n[[party]]\nid = \"p\"\n\
         [[commitment]]\nid = \"c\"\nschedule = [{}]\n{clauses}",
        2026 + minimums.len(),
        years.join(", ")
    );
    Deal::parse(&text).unwrap().commitment_terms().remove(0)
}

fn millions(number: i128) -> Money {
    Money::from_pico(number * MILLION, Currency::USD)
}

/// One charge a year, in millions, at its start.
fn charged(terms: &CommitmentTerms, usage: &[i128]) -> Position {
    let mut position = Position::opening(Currency::USD);
    for (year, list) in (1..).zip(usage) {
        let at = terms.period.year(year).unwrap().0.start();
        position = advance(terms, &position, &Charge::of(millions(*list)), at).unwrap().position;
    }
    position
}

/// All years closed.
fn settled(terms: &CommitmentTerms, usage: &[i128]) -> Vec<YearSettlement> {
    settle(terms, &charged(terms, usage), terms.period.to.unwrap()).unwrap()
}

/// Each amount is the fraction of a million given, rounded to 10⁻¹² of a dollar.
#[track_caller]
fn check(
    years: &[YearSettlement],
    what: &str,
    pick: impl Fn(&YearSettlement) -> Money,
    expected: &[(i128, i128)],
) {
    let exact = expected.iter().map(|(num, den)| Ratio::new(num * MILLION, *den).round_half_even().unwrap());
    let got: Vec<i128> = years.iter().map(|year| pick(year).pico()).collect();
    assert_eq!(got, exact.collect::<Vec<_>>(), "{what}");
}

fn whole(numbers: &[i128]) -> Vec<(i128, i128)> {
    numbers.iter().map(|number| (*number, 1)).collect()
}

#[test]
fn e04_ten_years_with_ramp_and_two_discounts() {
    let minimums = [4000, 6000, 8000, 9000, 10_000, 11_000, 12_000, 13_000, 13_500, 13_500];
    let discounts =
        r#"discounts = [{ upto_year_min = true, rate = "0.10" }, { above = true, rate = "0.15" }]"#;
    let terms = terms(&minimums, discounts);
    let usage = [5000, 6000, 7000, 11_000, 12_000, 12_000, 11_000, 15_000, 16_000, 20_000];
    let years = settled(&terms, &usage);
    check(&years, "shortfall", |year| year.shortfall, &whole(&[0, 600, 1700, 0, 0, 200, 2100, 0, 0, 0]));
    let ninths = [
        (40_250, 9),
        (5400, 1),
        (6300, 1),
        (9850, 1),
        (96_800, 9),
        (10_800, 1),
        (9900, 1),
        (121_250, 9),
        (14_350, 1),
        (17_750, 1),
    ];
    check(&years, "charge", |year| year.charge, &ninths);
    let over =
        [(4250, 9), (0, 1), (0, 1), (850, 1), (6800, 9), (0, 1), (0, 1), (4250, 9), (850, 1), (4250, 1)];
    check(&years, "overage", |year| year.overage, &over);
    // The exact total is 107,650 million: what was rounded away is all in the residues.
    let cash: i128 = years.iter().map(|year| year.cash.pico()).sum();
    let residue = years.iter().fold(Ratio::ZERO, |sum, year| sum + year.residue);
    assert_eq!(Ratio::whole(cash) + residue, Ratio::whole(107_650 * MILLION));
    assert_eq!(years[0].residue, Ratio::new(2, 9), "40,250/9 million is …222.2 recurring");
}

#[test]
fn e05_excess_counts_next_year() {
    let terms = terms(&[100, 100, 100], r#"excess = { carry = "1.0" }"#);
    let years = settled(&terms, &[130, 80, 150]);
    check(&years, "cash", |year| year.cash, &whole(&[130, 80, 150]));
    check(&years, "carried in", |year| year.carried_in, &whole(&[0, 30, 10]));
    check(&years, "overage", |year| year.overage, &whole(&[30, 10, 60]));
    check(&years, "excess out", |year| year.excess_out, &whole(&[30, 10, 0]));
    // The recursion itself knows no last year.
    let nothing = Money::zero(Currency::USD);
    let last = YearPosition { list: vec![millions(150)], unmatched: nothing };
    let carried = Carried { excess: millions(10), credit: nothing };
    assert_eq!(settle_year(&terms, 3, &last, carried).unwrap().excess_out, millions(60));
}

#[test]
fn e05_a_paid_shortfall_is_made_good() {
    let terms =
        terms(&[100, 100, 100], r#"shortfall = { settle = "pay", becomes = "credit", share = "1.0" }"#);
    let years = settled(&terms, &[80, 130, 100]);
    check(&years, "cash", |year| year.cash, &whole(&[100, 110, 100]));
    check(&years, "shortfall", |year| year.shortfall, &whole(&[20, 0, 0]));
    check(&years, "credit in", |year| year.credit_in, &whole(&[0, 20, 0]));
    check(&years, "credit used", |year| year.credit_used, &whole(&[0, 20, 0]));
    check(&years, "credit out", |year| year.credit_out, &whole(&[20, 0, 0]));
}

#[test]
fn e07_marketplace_spend_is_capped() {
    let rules = r#"eligible = [
        { where = 'channel == "marketplace"', weight = "1.0", cap_of_year_min = "0.25" },
        { where = 'provider == "vendor"', weight = "1.0" }]"#;
    let terms = terms(&[10], rules);
    let at = terms.period.from.start();
    let mut position = Position::opening(Currency::USD);
    for (list, rule) in [("4000000", 0), ("6500000", 1)] {
        let charge = Charge { list: Money::parse(list, Currency::USD).unwrap(), rule: Some(rule) };
        position = advance(&terms, &position, &charge, at).unwrap().position;
    }
    let year = settle(&terms, &position, terms.period.to.unwrap()).unwrap().remove(0);
    assert_eq!(year.counted.to_decimal(), "9000000.00");
    assert_eq!(year.shortfall.to_decimal(), "1000000.00");
    assert_eq!(year.cash.to_decimal(), "10000000.00");
    assert_eq!(year.uncounted.to_decimal(), "1500000.00");
    assert_eq!(year.cash.checked_add(year.uncounted).unwrap().to_decimal(), "11500000.00");
}

#[test]
fn a_cap_limits_what_is_carried() {
    let terms = terms(&[100, 200], r#"excess = { carry = "0.5", cap_of_next_min = "0.1" }"#);
    assert_eq!(settled(&terms, &[130, 0])[0].excess_out, millions(15), "half of it");
    assert_eq!(settled(&terms, &[180, 0])[0].excess_out, millions(20), "a tenth of the next minimum");
}

#[test]
fn a_year_within_its_grace_is_met() {
    let clauses = "grace = \"0.95\"\nexcess = { carry = \"1\" }\n\
                   shortfall = { settle = \"pay\", becomes = \"credit\" }\n\
                   discounts = [{ upto_year_min = true, rate = \"0.20\" }]";
    let terms = terms(&[80, 160, 80, 80], clauses);
    // Net of the discount: 76 of 80, a little less than 152 of 160, 80 and 125 more at list price, nothing.
    let mut position = charged(&terms, &[95, 0, 225, 0]);
    let at = terms.period.year(2).unwrap().0.start();
    let almost = Money::from_pico(190 * MILLION - 1, Currency::USD);
    position = advance(&terms, &position, &Charge::of(almost), at).unwrap().position;
    let years = settle(&terms, &position, terms.period.to.unwrap()).unwrap();
    check(&years[..1], "shortfall", |year| year.shortfall, &whole(&[0]));
    check(&years[..1], "cash is what was used", |year| year.cash, &whole(&[76]));
    check(&years[..1], "nothing is made good", |year| year.credit_out, &whole(&[0]));
    assert_eq!(years[1].shortfall.pico(), 8 * MILLION + 1, "just below the mark all of it is short");
    assert_eq!(years[2].carried_in, millions(0));
    check(&years[2..], "shortfall", |year| year.shortfall, &whole(&[0, 0]));
    assert_eq!(years[3].carried_in, millions(125));
}

#[test]
fn an_open_year_hands_nothing_on() {
    let terms = terms(&[100, 100], r#"excess = { carry = "1" }"#);
    let position = charged(&terms, &[130]);
    let day = |text: &str| text.parse::<Day>().unwrap();
    let before = settle(&terms, &position, day("2027-04-19")).unwrap();
    assert!(before[0].open && before[1].carried_in.is_zero());
    let after = settle(&terms, &position, day("2027-04-20")).unwrap();
    assert!(!after[0].open && after[1].open);
    assert_eq!(after[1].carried_in, millions(30));
}

#[test]
fn charges_outside_the_term_or_its_rules_draw_nothing() {
    let terms = terms(&[100], "");
    let opening = Position::opening(Currency::USD);
    let end = terms.period.to.unwrap().start();
    let late = advance(&terms, &opening, &Charge::of(millions(1)), end).unwrap();
    assert_eq!((late.year, late.drawn, late.position.outside), (None, millions(0), millions(1)));
    let last_moment = units::Timestamp::from_micros(end.micros() - 1);
    assert_eq!(advance(&terms, &opening, &Charge::of(millions(1)), last_moment).unwrap().year, Some(1));
    let unruled = Charge { list: millions(1), rule: None };
    let outcome = advance(&terms, &opening, &unruled, terms.period.from.start()).unwrap();
    assert_eq!((outcome.drawn, outcome.position.years[&1].unmatched), (millions(0), millions(1)));
    let euro = Money::zero("EUR".parse().unwrap());
    assert!(advance(&terms, &opening, &Charge::of(euro), end).is_err());
}

#[test]
fn what_does_not_fit_is_refused() {
    let terms = terms(&[100], r#"discounts = [{ upto_year_min = true, rate = "0.123456789012" }]"#);
    let huge = Money::from_pico(i128::MAX / 2, Currency::USD);
    let position =
        advance(&terms, &Position::opening(Currency::USD), &Charge::of(huge), terms.period.from.start());
    assert!(settle(&terms, &position.unwrap().position, terms.period.to.unwrap()).is_err());
}

proptest! {
    /// However charges are split, their drawdowns add up to the position, which is the same in the end.
    #[test]
    fn drawdowns_add_up_to_the_position(
        lists in prop::collection::vec((-1_000_000_i128..1_000_000_000_000, 0_usize..3, 0_u32..1200), 0..40),
        weight in 0_u32..=1000,
    ) {
        let rules = format!("eligible = [{{ where = 'a == \"b\"', weight = \"{weight}e-3\" }}, {{ where = 'b == \"c\"', weight = \"0.333333333333\" }}]");
        let terms = terms(&[1, 2, 3], &rules);
        let (mut position, mut drawn) = (Position::opening(Currency::USD), 0_i128);
        let mut sums = std::collections::BTreeMap::new();
        for (list, rule, day) in &lists {
            let at = terms.period.from.plus_days(*day).start();
            let rule = (*rule < 2).then_some(*rule);
            let outcome = advance(&terms, &position, &Charge { list: Money::from_pico(*list, Currency::USD), rule }, at).unwrap();
            drawn += outcome.drawn.pico();
            position = outcome.position;
            *sums.entry((outcome.year, rule)).or_insert((0, at)) = (sums.get(&(outcome.year, rule)).map_or(0, |(sum, _)| *sum) + list, at);
        }
        prop_assert_eq!(position.drawn(&terms).unwrap().pico(), drawn);
        let mut batched = Position::opening(Currency::USD);
        for ((_, rule), (sum, at)) in sums {
            let charge = Charge { list: Money::from_pico(sum, Currency::USD), rule };
            batched = advance(&terms, &batched, &charge, at).unwrap().position;
        }
        prop_assert_eq!(batched, position);
    }

    /// What is due covers the need; a minimum met exactly owes nothing more; all list spend is somewhere.
    #[test]
    fn settlement_conserves(
        usage in prop::collection::vec(0_i128..300, 4),
        inside in 0_u32..90,
        over in 0_u32..=100,
        carry in 0_u32..=100,
        share in 0_u32..=100,
    ) {
        let clauses = format!(
            "excess = {{ carry = \"{carry}e-2\", cap_of_next_min = \"0.25\" }}\n\
             shortfall = {{ settle = \"pay\", becomes = \"credit\", share = \"{share}e-2\" }}\n\
             discounts = [{{ upto_year_min = true, rate = \"{inside}e-2\" }}, {{ above = true, rate = \"{over}e-2\" }}]"
        );
        let terms = terms(&[100, 120, 90, 150], &clauses);
        for (year, list) in settled(&terms, &usage).iter().zip(&usage) {
            let need = (year.minimum.pico() - year.carried_in.pico()).max(0);
            prop_assert!(year.charge.pico() + year.shortfall.pico() >= need - 1);
            prop_assert!(year.shortfall.is_zero() || year.overage.is_zero());
            prop_assert!(year.credit_used.pico() <= year.credit_in.pico().min(year.overage.pico()));
            prop_assert!(year.residue < Ratio::new(2, 1) && year.residue > Ratio::new(-2, 1));
            prop_assert_eq!(year.counted.pico() + year.uncounted.pico(), millions(*list).pico());
        }
    }
}
