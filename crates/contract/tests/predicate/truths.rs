//! Tables: a condition, the facts, the moment, and whether it is true.

use crate::world::{at, facts, vocabulary};
use contract::Ratio;
use contract::predicate::{Condition, Formula, Kleene};

const YES: Kleene<bool> = Kleene::YES;
const NO: Kleene<bool> = Kleene::NO;
const UNKNOWN: Kleene<bool> = Kleene::UNKNOWN;

fn check(text: &str, known: &str, moment: &str, expected: Kleene<bool>) {
    let condition = Condition::parse(text, &vocabulary()).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    let world = facts(known);
    assert_eq!(condition.truth(&world, at(moment)), expected, "{text} | {known} | {moment}");
    let proof = condition.prove(&world, at(moment));
    assert_eq!(proof.value, contract::predicate::Value::Truth(expected), "{proof}");
}

#[test]
fn levels_hold_until_the_next_observation() {
    let known = "arr_usd 2026-03-31 30e9; arr_usd 2026-06-30 41e9";
    check("arr_usd >= 40e9", known, "2026-03-30", UNKNOWN);
    check("arr_usd >= 40e9", known, "2026-06-29", NO);
    check("arr_usd >= 40e9", known, "2026-06-30", YES);
    check("arr_usd >= $40bn", known, "2027-01-01", YES);
    check("arr_usd >= 41bn USD and arr_usd <= 41_000mn", known, "2027-01-01", YES);
    check("arr_usd > 41e9", known, "2027-01-01", NO);
    check("arr_usd != 41e9", known, "2027-01-01", NO);
    check("arr_usd in [30e9, 41e9]", known, "2027-01-01", YES);
    check("arr_usd not in [30e9, 41e9]", known, "2027-01-01", NO);
}

#[test]
fn a_day_s_observation_is_that_day_s_alone() {
    let text = "arr_usd @ quarter_end(2026-06-30) >= 40e9";
    check(text, "", "2026-07-10", UNKNOWN);
    // The quarter before says nothing about this one.
    check(text, "arr_usd 2026-03-31 90e9", "2026-07-10", UNKNOWN);
    check(text, "arr_usd 2026-06-30 41e9", "2026-07-10", YES);
    check(text, "arr_usd 2026-06-30T21:00:00Z 38.5e9", "2026-07-10", NO);
    check(text, "arr_usd 2026-06-30 41e9; arr_usd 2026-09-30 1", "2026-12-31", YES);
    check(text, "arr_usd 2026-06-30 41e9", "2026-06-29", UNKNOWN);
    check(text, "arr_usd 2026-06-30T12:00:00Z 41e9", "2026-06-30T11:59:59Z", UNKNOWN);
    check(text, "arr_usd 2026-06-30T12:00:00Z 41e9", "2026-06-30T12:00:00Z", YES);
    check("arr_usd @ quarter_end(as_of - 3 months) >= 40e9", "arr_usd 2026-06-30 41e9", "2026-09-10", YES);
    check("arr_usd @ year_end(2026-02-01) >= 40e9", "arr_usd 2026-12-31 41e9", "2027-01-01", YES);
    check("arr_usd @ (2026-07-01 - 1 day) >= 40e9", "arr_usd 2026-06-30 41e9", "2026-09-10", YES);
}

#[test]
fn a_time_is_held_throughout_or_not() {
    let text = "trainium_gw_online >= 1.0 for 30 days";
    let known = "trainium_gw_online 2027-01-01 1.0";
    check(text, known, "2027-01-30", UNKNOWN);
    check(text, known, "2027-01-31", YES);
    let dips = "trainium_gw_online 2027-01-01 1.2; trainium_gw_online 2027-01-20 0.9; \
                trainium_gw_online 2027-01-21 1.2";
    check(text, dips, "2027-01-19", UNKNOWN);
    check(text, dips, "2027-02-19", NO);
    check(text, dips, "2027-02-20", YES);
    check(&format!("{text} and not in_default(labco)"), dips, "2027-02-20", UNKNOWN);
    check(
        &format!("{text} and not in_default(labco)"),
        &format!("{dips}; in_default(labco) = 0"),
        "2027-02-20",
        YES,
    );
    check(
        &format!("{text} and not in_default(labco)"),
        &format!("{dips}; in_default(labco) = 1"),
        "2027-02-20",
        NO,
    );
    check("trainium_gw_online >= 1 GW for 1 month", "trainium_gw_online 2027-01-31 1", "2027-02-27", UNKNOWN);
    check("trainium_gw_online >= 1000 MW for 1 month", "trainium_gw_online 2027-01-31 1", "2027-02-28", YES);
}

#[test]
fn aggregates_look_at_the_facts_of_their_window() {
    let spend = "list_spend 2026-04-20 1e9; list_spend 2026-05-20 2e9; list_spend 2026-05-20 2e9; \
                 list_spend 2027-04-20 4e9";
    check("sum(list_spend, contract_year) == 5e9", spend, "2027-04-19", YES);
    check("sum(list_spend, contract_year) == 4e9", spend, "2027-04-20", YES);
    check("sum(list_spend, contract_year) == 0", spend, "2028-04-20", YES);
    check("sum(list_spend, contract_year) >= 0", spend, "2036-04-20", UNKNOWN);
    check("sum(list_spend, contract_year) >= 0", "", "2027-04-19", UNKNOWN);
    check("sum(list_spend, 30 days) == 4e9", spend, "2026-05-20", YES);
    check("sum(list_spend, 31 days) == 4e9", spend, "2026-06-19", YES);
    check("sum(list_spend, quarter) == 5e9", spend, "2026-06-30", YES);
    check("sum(list_spend, quarter) == 0", spend, "2026-07-01", YES);
    check("sum(list_spend, month) / 30 > 100e6", spend, "2026-05-31", YES);
    let arr = "arr_usd 2026-03-31 10e9; arr_usd 2026-06-30 20e9; arr_usd 2026-09-30 60e9";
    check("avg(arr_usd, 2 quarters) == 40e9", arr, "2026-09-30", YES);
    check("avg(arr_usd, 12 months) == 30e9", arr, "2026-12-31", YES);
    check("min(arr_usd, 1 year) == 10e9 and max(arr_usd, 1 year) == 60e9", arr, "2026-12-31", YES);
    check("last(arr_usd, 30 days) > 0", arr, "2026-10-31", UNKNOWN);
    check("last(arr_usd, 30 days) > 0", arr, "2026-10-29", YES);
}

#[test]
fn what_is_missing_decides_nothing_and_hides_nothing() {
    check("arr_usd >= 1 and customers >= 1", "arr_usd 2026-06-30 0", "2026-07-01", NO);
    check("arr_usd >= 1 and customers >= 1", "arr_usd 2026-06-30 1", "2026-07-01", UNKNOWN);
    check("arr_usd >= 1 or customers >= 1", "arr_usd 2026-06-30 1", "2026-07-01", YES);
    check("arr_usd >= 1 => customers >= 1", "arr_usd 2026-06-30 0", "2026-07-01", YES);
    check("arr_usd >= 1 => customers >= 1", "customers 2026-06-30 1", "2026-07-01", YES);
    check("arr_usd / customers >= 1", "arr_usd 2026-06-30 5; customers 2026-06-30 0", "2026-07-01", UNKNOWN);
    check("not ipo", "", "2026-07-01", UNKNOWN);
    check("!ipo || ipo", "", "2026-07-01", UNKNOWN);
    check("ipo", "ipo 2026-06-30 1", "2026-07-01", YES);
    check("true and not false", "", "2026-07-01", YES);
}

#[test]
fn arithmetic_is_exact() {
    let known = "arr_usd 2026-06-30 1; customers 2026-06-30 3; benchmark_score 2026-06-30 0.1";
    check("arr_usd / 3 * 3 == 1", known, "2026-07-01", YES);
    check("benchmark_score + benchmark_score + benchmark_score == 30%", known, "2026-07-01", YES);
    check("-arr_usd + 2 > 0 and arr_usd - -1 == 2", known, "2026-07-01", YES);
    check("arr_usd * benchmark_score * 2 == 0.2", known, "2026-07-01", YES);
    check("arr_usd × 2 ÷ 4 ≤ 0.5", known, "2026-07-01", YES);
    check("arr_usd / arr_usd == benchmark_score * 10", known, "2026-07-01", YES);
    check("1 + 2 * 3 == 7 and (1 + 2) * 3 == 9", known, "2026-07-01", YES);
}

#[test]
fn days_and_states() {
    check("as_of >= 2027-01-01", "", "2026-12-31", NO);
    check("as_of >= 2027-01-01", "", "2027-01-01", YES);
    check("month_end(as_of) == 2026-02-28", "", "2026-02-01", YES);
    check("payment_default > 60 days", "payment_default = 61", "2027-01-01", YES);
    check("payment_default > 60 days", "payment_default = 60", "2027-01-01", NO);
    check("capacity_late > 26 weeks", "capacity_late = 200", "2027-01-01", YES);
    check("capacity_late(trn-us) > 6 months", "capacity_late(trn-us) = 184", "2027-01-01", NO);
    check("capacity_late(\"trn-us\") > 6 months", "capacity_late(trn-us) = 185", "2027-01-01", YES);
    check("sanctions", "", "2027-01-01", UNKNOWN);
    check("released(T1) and met(\"T2\")", "released(T1) = 1; met(T2) = 1", "2027-01-01", YES);
    let share = "portability_tested_share(30 days) = 0.6";
    check("portability_tested_share(30 days) >= 0.60", share, "2027-01-01", YES);
}

#[test]
fn proofs_in_words() {
    let lines = |text: &str, known: &str, moment: &str| {
        Condition::parse(text, &vocabulary()).unwrap().prove(&facts(known), at(moment)).lines()
    };
    assert_eq!(
        lines(
            "arr_usd @ 2026-06-30 >= 40e9 and ipo and\n customers >= 3",
            "customers 2026-07-01 2",
            "2026-07-20"
        ),
        [
            "false: arr_usd @ 2026-06-30 >= 40e9 and ipo and customers >= 3",
            "  undecided, waiting for arr_usd at 2026-06-30: arr_usd @ 2026-06-30 >= 40e9",
            "    arr_usd @ 2026-06-30 is not known, waiting for arr_usd at 2026-06-30",
            "  undecided: ipo",
            "  false: customers >= 3",
            "    customers is 2 (of 2026-07-01)",
        ]
    );
    assert_eq!(
        lines(
            "sum(list_spend, quarter) / customers > 3",
            "list_spend 2026-07-02 1.5; customers 2026-07-01 0",
            "2026-07-20"
        ),
        [
            "undecided: sum(list_spend, quarter) / customers > 3",
            "  sum(list_spend, quarter) / customers comes to no number",
            "    sum(list_spend, quarter) is 1.5 (from 2026-07-01 to 2026-07-20)",
            "    customers is 0 (of 2026-07-01)",
        ]
    );
    assert_eq!(
        lines("ipo or arr_usd > 3 or payment_default > 1 week", "", "2026-07-20")[0],
        "undecided, waiting for ipo, arr_usd and payment_default: ipo or arr_usd > 3 or payment_default > 1 week",
    );
}

#[test]
fn what_a_condition_speaks_of() {
    let text = "released(T1) and arr_usd >= 1 and met(T2) and arr_usd @ 2026-06-30 >= 2";
    let condition = Condition::parse(text, &vocabulary()).unwrap();
    assert_eq!(condition.tranches().collect::<Vec<_>>(), ["T1", "T2"]);
    assert_eq!(condition.metrics().iter().map(|metric| &*metric.name).collect::<Vec<_>>(), ["arr_usd"]);
}

#[test]
fn the_moment_it_first_held() {
    let held = |text: &str, known: &str, from: &str, to: &str| {
        let condition = Condition::parse(text, &vocabulary()).unwrap();
        let held = condition.held(&facts(known), at(from), at(to));
        (held.truth, held.first.map(|at| at.date()))
    };
    let dips = "trainium_gw_online 2027-01-01 1.2; trainium_gw_online 2027-03-20 0.9";
    let text = "trainium_gw_online >= 1.0 for 30 days";
    assert_eq!(held(text, dips, "2026-10-01", "2028-12-31"), (YES, Some("2027-01-31".to_owned())));
    assert_eq!(held(text, dips, "2026-10-01", "2027-01-30"), (UNKNOWN, None));
    assert_eq!(held(text, dips, "2027-03-21", "2028-12-31"), (NO, None));
    let spend = "list_spend 2027-01-10 3; list_spend 2027-01-25 3; list_spend 2027-03-01 3";
    let text = "sum(list_spend, 30 days) <= 3";
    assert_eq!(held(text, spend, "2027-01-25", "2027-12-31"), (YES, Some("2027-02-09".to_owned())));
    let text = "as_of >= 2027-06-01 and sum(list_spend, quarter) == 0";
    assert_eq!(held(text, spend, "2027-01-25", "2027-12-31"), (YES, Some("2027-06-01".to_owned())));
}

#[test]
fn worked_example_e19_leaving_early() {
    let text = "0.50 * pv(remaining_minimums, rate=0.08) + clawback(discounts)";
    let formula = Formula::parse(text, &vocabulary()).unwrap();
    let mut world = facts("clawback(discounts) = 60");
    world.minimums =
        ["2032-04-20", "2033-04-20", "2034-04-20"].map(|due| (at(due), Ratio::whole(100))).to_vec();
    let fee = formula.amount(&world, at("2031-04-20")).unwrap();
    assert_eq!(fee.to_decimal(6, 0).as_deref(), Some("188.854849"));
    let proof = formula.prove(&world, at("2031-04-20"));
    assert_eq!(
        proof.lines(),
        [
            "0.50 * pv(remaining_minimums, rate=0.08) + clawback(discounts) is 188.854849362394",
            "  0.50 * pv(remaining_minimums, rate=0.08) is 128.854849362394",
            "    pv(remaining_minimums, rate=0.08) is 257.709698724788",
            "  clawback(discounts) is 60",
        ]
    );
    world.states.clear();
    assert_eq!(formula.amount(&world, at("2031-04-20")), None);
}
