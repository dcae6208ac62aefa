//! The ledgers of a deal's parties: worked examples as accounts, and what holds for any facts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use contract::fact::Facts;
use contract::flow::{Kind, circle, flows};
use contract::{Evaluation, Versions};
use proptest::prelude::*;
use settlement::deal_posting::{Chart, Class, Entry, Ledgers};
use std::collections::{BTreeMap, BTreeSet};
use units::{Currency, Money, Timestamp};

const DEAL: &str = r#"schema = "offtake.contract/1"
id = "d"
version = 1
known_from = 2026-01-01
effective = { from = 2026-01-01, to = 2029-01-01 }
currency = "USD"
[[party]]
id = "cloud"
roles = ["vendor", "investor"]
[[party]]
id = "lab"
roles = ["customer", "issuer"]
[metric.score]
kind = "ratio"
source = "metered"
[[tranche]]
id = "T1"
amount = "50"
when = "at_signing"
[[tranche]]
id = "T2"
amount = "20"
instrument = "convertible-note"
when = "score >= 0.5"
[[tranche]]
id = "P"
amount = "120"
instrument = "prepayment"
draws = "c"
when = "at_signing"
[[commitment]]
id = "c"
schedule = [{ y = 1, min = "100" }, { y = 2, min = "100" }, { y = 3, min = "100" }]
excess = { carry = "1", cap_of_next_min = "0.3" }
shortfall = { settle = "pay", becomes = "credit", share = "0.5" }
eligible = [{ where = 'provider == "cloud"', weight = "1" }]
discounts = [{ upto_year_min = true, rate = "0.2" }, { above = true, rate = "0.25" }]
"#;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn usd(text: &str) -> Money {
    Money::parse(text, Currency::USD).unwrap()
}

fn funded(tranche: &str, amount: &str, at: &str) -> String {
    format!(r#"{{"funded":"{tranche}","amount":"{amount}","recorded_at":"{at}"}}"#)
}

/// Spend, effective and put on record on these days.
fn spend(amount: &str, provider: &str, [effective, recorded]: [&str; 2], more: &str) -> String {
    format!(
        r#"{{"metric":"list_spend","value":"{amount}","unit":"USD","effective_at":"{effective}","recorded_at":"{recorded}","source":"bill","attributes":{{"provider":"{provider}"}}{more}}}"#
    )
}

fn score(value: &str, effective: &str, recorded: &str) -> String {
    format!(
        r#"{{"metric":"score","value":"{value}","unit":"ratio","effective_at":"{effective}","recorded_at":"{recorded}","source":"meter"}}"#
    )
}

fn lines() -> Vec<String> {
    vec![
        funded("T1", "50", "2026-01-02"),
        funded("P", "120", "2026-01-05"),
        spend("100", "cloud", ["2026-06-01", "2026-06-02"], ",\"id\":\"june\""),
        spend("7", "other", ["2026-06-01", "2026-06-02"], ""),
        spend("165", "cloud", ["2027-06-01", "2027-06-02"], ""),
        spend("10", "cloud", ["2028-02-01", "2028-02-02"], ""),
    ]
}

/// The deal with its commitment alone, without discounts and without what is carried.
fn spend_alone() -> String {
    let (head, rest) = DEAL.split_once("[[tranche]]").unwrap();
    let (_, commitment) = rest.split_once("[[commitment]]").unwrap();
    let lines =
        commitment.lines().filter(|line| !line.starts_with("discounts") && !line.starts_with("excess"));
    format!("{head}[[commitment]]{}\n", lines.collect::<Vec<_>>().join("\n"))
}

struct Kept {
    ledgers: Ledgers,
    evaluation: Evaluation,
}

fn kept(deal: &str, lines: &[String], as_of: &str, known: &[&str], fair: &[(&str, &str)]) -> Kept {
    let versions = Versions::parse(&[deal]).unwrap();
    let facts = Facts::read(&versions, &[("facts", &lines.join("\n"))]).unwrap();
    let known: BTreeSet<Timestamp> = known.iter().map(|at| time(at)).collect();
    let fair = fair.iter().map(|(id, amount)| ((*id).to_owned(), usd(amount))).collect();
    let (ledgers, evaluation) =
        Ledgers::kept((&versions, &facts), time(as_of), &known, fair).unwrap().unwrap();
    Kept { ledgers, evaluation }
}

impl Kept {
    /// What an account holds, debits less credits, with whomever.
    fn holds(&self, party: &str, code: u16) -> Money {
        self.ledgers.sum(party, |place| place.chart.code() == code).unwrap()
    }

    #[track_caller]
    fn check(&self, rows: &[(&str, u16, &str)]) {
        for (party, code, amount) in rows {
            assert_eq!(self.holds(party, *code).to_decimal(), *amount, "{party} {code}");
        }
    }

    fn balances(&self) -> BTreeMap<String, Money> {
        let all = self.ledgers.accounts();
        let all = all.map(|(place, balance)| (place.to_string(), balance.net().unwrap()));
        all.filter(|(_, net)| !net.is_zero()).collect()
    }
}

#[test]
fn each_partys_books_hold_what_moved() {
    kept(DEAL, &lines(), "2027-01-01", &["2027-01-01"], &[]).check(&[
        ("cloud", 140, "50.00"),
        ("cloud", 100, "70.00"),
        ("lab", 500, "-50.00"),
        // 100 at list, less 20 %, is 80 of the 100 promised; 20 are short, of which half come back as credit.
        ("cloud", 300, "-107.00"),
        ("cloud", 310, "20.00"),
        ("cloud", 330, "-10.00"),
        ("cloud", 210, "-10.00"),
        // The prepayment covers the 100 that are due; the 7 that do not count are paid apart.
        ("cloud", 110, "7.00"),
        ("cloud", 200, "-20.00"),
        ("lab", 600, "107.00"),
        ("lab", 610, "-20.00"),
        ("lab", 630, "10.00"),
        ("lab", 170, "10.00"),
        ("lab", 160, "20.00"),
        ("lab", 240, "-7.00"),
    ]);
    // 125 at list reach the minimum of 100, 40 more at three quarters are 30 above it, of which credit pays 10.
    kept(DEAL, &lines(), "2028-01-01", &["2028-01-01"], &[]).check(&[
        ("cloud", 320, "-30.00"),
        ("cloud", 210, "0.00"),
        ("cloud", 110, "107.00"),
        ("lab", 620, "30.00"),
        ("lab", 240, "-107.00"),
    ]);
    // A year that is not over is accrued, not due.
    kept(DEAL, &lines(), "2028-03-01", &["2028-03-01"], &[]).check(&[
        ("cloud", 120, "8.00"),
        ("cloud", 110, "107.00"),
        ("lab", 250, "-8.00"),
    ]);
}

#[test]
fn e05_make_good_credit_reduces_what_is_due_and_lapses_after_a_year() {
    let deal = spend_alone().replace("share = \"0.5\"", "share = \"1\"");
    let of = |amounts: [&str; 3]| {
        let days = ["2026-03-01", "2027-03-01", "2028-03-01"];
        let lines: Vec<String> =
            amounts.iter().zip(days).map(|(amount, day)| spend(amount, "cloud", [day, day], "")).collect();
        kept(&deal, &lines, "2029-01-01", &["2029-01-01"], &[])
    };
    // Cash 100, 110, 100, of which 20 came back as credit that the second year used.
    of(["80", "130", "100"]).check(&[
        ("cloud", 110, "310.00"),
        ("cloud", 210, "0.00"),
        ("cloud", 330, "0.00"),
    ]);
    // Nothing to use it on: it lapses, and is the vendor's.
    of(["80", "100", "100"]).check(&[
        ("cloud", 110, "300.00"),
        ("cloud", 340, "-20.00"),
        ("lab", 640, "20.00"),
        ("lab", 170, "0.00"),
    ]);
}

#[test]
fn e06_a_shortfall_that_becomes_credit_is_a_liability_and_forfeited_it_is_revenue() {
    let one_year = |becomes: &str| {
        let deal = spend_alone()
            .replace("min = \"100\"", "min = \"1000\"")
            .replace("becomes = \"credit\", share = \"0.5\"", becomes);
        kept(
            &deal,
            &[spend("820", "cloud", ["2026-03-01", "2026-03-01"], "")],
            "2027-01-01",
            &["2027-01-01"],
            &[],
        )
    };
    let forfeited = [("cloud", 110, "1000.00"), ("cloud", 300, "-820.00"), ("cloud", 330, "-180.00")];
    one_year("becomes = \"forfeit\"").check(&forfeited);
    let credit = [("cloud", 110, "1000.00"), ("cloud", 330, "0.00"), ("cloud", 210, "-180.00")];
    one_year("becomes = \"credit\"").check(&credit);
}

#[test]
fn e11_a_price_above_or_below_fair_value_is_a_concession_taken_off_as_spend_is_earned() {
    let deal = r#"schema = "offtake.contract/1"
id = "d"
version = 1
known_from = 2026-01-01
effective = { from = 2026-01-01, to = 2036-01-01 }
currency = "USD"
[[party]]
id = "cloud"
roles = ["vendor", "investor"]
[[party]]
id = "lab"
roles = ["customer", "issuer"]
[[tranche]]
id = "T1"
amount = "5000"
when = "at_signing"
[[commitment]]
id = "c"
total = "100000"
schedule = [{ y = 1, min = "10000" }, { y = 2, min = "10000" }, { y = 3, min = "10000" }, { y = 4, min = "10000" }, { y = 5, min = "10000" }, { y = 6, min = "10000" }, { y = 7, min = "10000" }, { y = 8, min = "10000" }, { y = 9, min = "10000" }, { y = 10, min = "10000" }]
"#;
    let lines =
        [funded("T1", "5000", "2026-01-02"), spend("2500", "cloud", ["2026-06-01", "2026-06-01"], "")];
    let of = |fair: &str| kept(deal, &lines, "2026-07-01", &["2026-07-01"], &[("T1", fair)]);
    of("4000").check(&[
        ("cloud", 100, "-5000.00"),
        ("cloud", 140, "4000.00"),
        ("cloud", 130, "975.00"),
        ("cloud", 310, "25.00"),
        ("lab", 100, "5000.00"),
        ("lab", 500, "-4000.00"),
        ("lab", 510, "-975.00"),
        ("lab", 610, "-25.00"),
    ]);
    of("6000").check(&[
        ("cloud", 100, "-5000.00"),
        ("cloud", 140, "6000.00"),
        ("cloud", 200, "-975.00"),
        ("cloud", 300, "-2525.00"),
        ("lab", 150, "975.00"),
        ("lab", 600, "2525.00"),
    ]);
    of("5000").check(&[("cloud", 130, "0.00"), ("cloud", 200, "0.00"), ("cloud", 140, "5000.00")]);
}

#[test]
fn e04_a_ramp_of_ten_years_comes_to_what_the_evaluation_says() {
    let minimums = ["4", "6", "8", "9", "10", "11", "12", "13", "13.5", "13.5"];
    let schedule: Vec<String> = (1..)
        .zip(minimums)
        .map(|(year, least): (u32, &str)| format!("{{ y = {year}, min = \"{least}e9\" }}"))
        .collect();
    let deal = format!(
        "{}schedule = [{}]\ndiscounts = [{{ upto_year_min = true, rate = \"0.10\" }}, {{ above = true, rate = \"0.15\" }}]\n",
        DEAL.split_once("[[tranche]]").unwrap().0.replace("2029", "2036") + "[[commitment]]\nid = \"c\"\n",
        schedule.join(", ")
    );
    let usage = ["5", "6", "7", "11", "12", "12", "11", "15", "16", "20"];
    let lines: Vec<String> = (2026..)
        .zip(usage)
        .map(|(year, list): (u32, &str)| {
            let day = format!("{year}-03-01");
            spend(&format!("{list}e9"), "cloud", [&day, &day], "")
        })
        .collect();
    let kept = kept(&deal, &lines, "2036-01-01", &["2036-01-01"], &[]);
    let cash: i128 = kept.evaluation.commitments[0].years.iter().map(|year| year.cash.pico()).sum();
    // Of three years with ninths, each rounded down or up; the sum is 107,650 million exactly.
    assert_eq!(usd("107650000000").pico() - cash, 0);
    kept.check(&[
        ("cloud", 110, "107650000000.00"),
        ("cloud", 330, "-4600000000.00"),
        ("cloud", 320, "-7650000000.00"),
        ("cloud", 350, "0.00"),
    ]);
}

#[test]
fn what_rounding_leaves_is_in_its_account() {
    // Half of 10⁻¹² is charged and half is short: both are rounded to nothing, and 10⁻¹² was promised.
    let deal = spend_alone().replace("min = \"100\"", "min = \"0.000000000001\"")
        + "discounts = [{ upto_year_min = true, rate = \"0.5\" }]\n";
    let lines = [spend("0.000000000001", "cloud", ["2026-03-01", "2026-03-01"], "")];
    let kept = kept(&deal, &lines, "2027-01-01", &["2027-01-01"], &[]);
    kept.check(&[("cloud", 110, "0.00"), ("cloud", 350, "0.000000000001"), ("lab", 650, "-0.000000000001")]);
    laws(&kept);
}

#[test]
fn a_restated_fact_posts_the_difference_with_the_old_event_time() {
    let mut lines = lines();
    // June was 10 more, as became known in March of the next year.
    lines.push(spend("110", "cloud", ["2026-06-01", "2027-03-09"], ",\"replaces\":\"june\""));
    let live = kept(DEAL, &lines, "2027-04-01", &["2027-02-01", "2027-04-01"], &[]);
    let later: Vec<&Entry> = live
        .ledgers
        .entries()
        .iter()
        .filter(|entry| entry.transfer.posted_at == time("2027-04-01") && !entry.is_memo())
        .collect();
    let charge =
        later.iter().find(|entry| &*entry.transfer.code == "charge" && entry.party() == "cloud").unwrap();
    assert_eq!(charge.transfer.amount, usd("8"));
    assert_eq!(charge.transfer.event_at, time("2027-01-01"));
    let first =
        live.ledgers.entries().iter().find(|entry| Some(entry.transfer.id) == charge.transfer.corrects);
    let first = first.unwrap();
    assert_eq!((first.transfer.amount, first.transfer.event_at), (usd("80"), time("2027-01-01")));
    assert!(later.iter().all(|entry| entry.transfer.corrects.is_some()), "{later:#?}");
    // The shortfall shrinks by as much: what is due stays the minimum.
    let short =
        later.iter().find(|entry| &*entry.transfer.code == "shortfall" && entry.party() == "cloud").unwrap();
    assert_eq!((short.debit.chart, short.credit.chart), (Chart::Shortfall, Chart::Receivable));
    assert_eq!(short.transfer.amount, usd("8"));
}

#[test]
fn a_dispute_takes_back_what_is_due_and_never_what_is_paid() {
    let met = [score("0.6", "2026-02-01", "2026-02-01")];
    let mut disputed = met.to_vec();
    disputed.push(score("0.4", "2026-02-01", "2026-05-01"));
    let released = kept(DEAL, &met, "2026-03-01", &["2026-03-01"], &[]);
    released.check(&[("lab", 110, "70.00"), ("lab", 230, "-20.00")]);
    let after = kept(DEAL, &disputed, "2026-06-01", &["2026-03-01", "2026-06-01"], &[]);
    after.check(&[("lab", 110, "50.00"), ("lab", 230, "0.00")]);
    let back =
        after.ledgers.entries().iter().filter(|entry| &*entry.clause == "T2" && entry.party() == "lab");
    let back: Vec<_> =
        back.map(|entry| (entry.transfer.event_at, entry.transfer.corrects.is_some())).collect();
    assert_eq!(back, [(time("2026-02-01"), false), (time("2026-02-01"), true)]);
    let mut paid = disputed.clone();
    paid.push(funded("T2", "20", "2026-02-03"));
    kept(DEAL, &paid, "2026-06-01", &["2026-06-01"], &[])
        .check(&[("lab", 100, "20.00"), ("lab", 230, "-20.00")]);
}

#[test]
fn closing_a_year_turns_what_was_accrued_into_what_is_due_and_corrects_nothing() {
    let live = kept(DEAL, &lines(), "2027-01-01", &["2026-08-01", "2027-01-01"], &[]);
    assert!(live.ledgers.entries().iter().all(|entry| entry.transfer.corrects.is_none()));
    let accrued = live.ledgers.entries().iter().filter(|entry| entry.debit.chart == Chart::Unbilled);
    assert!(accrued.clone().count() > 0 && accrued.clone().all(|entry| entry.open));
    live.check(&[("cloud", 120, "0.00"), ("lab", 250, "0.00"), ("cloud", 110, "7.00")]);
}

#[test]
fn what_was_known_earlier_is_not_posted_later() {
    let versions = Versions::parse(&[DEAL]).unwrap();
    let facts = Facts::default();
    let at = time("2026-03-01");
    let evaluation = contract::evaluate(&versions, &facts, at, at).unwrap();
    let mut ledgers = Ledgers::new(Currency::USD, BTreeMap::new());
    ledgers.post(versions.known_at(at), &evaluation).unwrap();
    let before = ledgers.entries().len();
    let refused = ledgers.post(versions.known_at(at), &evaluation).unwrap_err();
    assert!(matches!(refused, settlement::Error::NotLater { .. }), "{refused}");
    assert_eq!(ledgers.entries().len(), before);
}

/// Accounts that mirror each other: what the first holds in one party's books, the second holds in the other's.
const MIRRORS: [(Chart, Chart); 11] = [
    (Chart::Receivable, Chart::Payable),
    (Chart::Unbilled, Chart::Accrued),
    (Chart::Prepaid, Chart::ContractLiability),
    (Chart::CreditHeld, Chart::MakeGood),
    (Chart::Expense, Chart::Revenue),
    (Chart::DiscountReceived, Chart::ContraRevenue),
    (Chart::OverageExpense, Chart::Overage),
    (Chart::ShortfallExpense, Chart::Shortfall),
    (Chart::CreditLost, Chart::Breakage),
    (Chart::RoundingExpense, Chart::Rounding),
    (Chart::Cash, Chart::Cash),
];

fn laws(kept: &Kept) {
    let nothing = Money::zero(Currency::USD);
    let parties = kept.ledgers.parties();
    for party in &parties {
        for memo in [true, false] {
            let sum = kept.ledgers.sum(party, |place| (place.chart.class() == Class::Memo) == memo).unwrap();
            assert_eq!(sum, nothing, "{party}");
        }
    }
    for (one, other) in MIRRORS {
        let of = |chart: Chart, party: &str| kept.holds(party, chart.code()).pico();
        for (here, there) in [("cloud", "lab"), ("lab", "cloud")] {
            assert_eq!(of(one, here) + of(other, there), 0, "{one:?} of {here}, {other:?} of {there}");
        }
    }
    // What one pays is what the other receives, kind by kind.
    let mut by_code: BTreeMap<&str, BTreeMap<&str, i128>> = BTreeMap::new();
    for entry in kept.ledgers.entries().iter().filter(|entry| !entry.is_memo()) {
        let sums = by_code.entry(&entry.transfer.code).or_default();
        *sums.entry(entry.party()).or_insert(0) += entry.transfer.amount.pico();
    }
    for (code, sums) in &by_code {
        assert_eq!(sums.get("cloud"), sums.get("lab"), "{code}");
    }
    // What is due of closed years is the evaluation's own cash.
    let cash: i128 =
        kept.evaluation.commitments[0].years.iter().filter(|y| !y.open).map(|y| y.cash.pico()).sum();
    let due =
        |entry: &Entry| ["charge", "overage", "shortfall", "credit_used"].contains(&&*entry.transfer.code);
    let booked: i128 = kept
        .ledgers
        .entries()
        .iter()
        .filter(|entry| entry.party() == "cloud" && due(entry))
        .map(|entry| match (entry.debit.chart, entry.credit.chart) {
            (Chart::Receivable, _) => entry.transfer.amount.pico(),
            (_, Chart::Receivable) => -entry.transfer.amount.pico(),
            _ => 0,
        })
        .sum();
    assert_eq!(booked, cash);
    assert!(kept.holds("cloud", 350).pico().abs() <= 2, "half of 10⁻¹² a year at most");
    corrections(kept);
}

fn corrections(kept: &Kept) {
    let by_id: BTreeMap<_, &Entry> =
        kept.ledgers.entries().iter().map(|entry| (entry.transfer.id, entry)).collect();
    for entry in kept.ledgers.entries() {
        let Some(corrected) = entry.transfer.corrects.map(|id| by_id[&id]) else { continue };
        assert_eq!(corrected.transfer.event_at, entry.transfer.event_at);
        assert!(corrected.transfer.posted_at < entry.transfer.posted_at);
        assert_eq!((entry.party(), &entry.clause), (corrected.party(), &corrected.clause));
    }
}

prop_compose! {
    fn a_spend()(
        day in 0_i64..1090, late in 0_i64..400, micros in -40_000_000_i64..200_000_000, other in any::<bool>(),
    ) -> (i64, i64, i64, bool) {
        (day, late, micros, other)
    }
}

fn day(number: i64) -> String {
    time("2026-01-01").plus_seconds(number * 86_400).date()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn books_kept_day_by_day_hold_what_books_made_at_once_hold(
        spends in prop::collection::vec(a_spend(), 0..12),
        scores in prop::collection::vec((30_i64..900, 0_i64..300, 3_u8..8), 0..4),
        looked in prop::collection::btree_set(1_i64..1500, 1..6),
    ) {
        let mut lines = vec![funded("T1", "33.333333333333", "2026-01-02"), funded("P", "120", "2026-01-05")];
        for (number, late, micros, other) in spends {
            let amount = units::format_decimal(i128::from(micros) * 333_333, 12, 2);
            let provider = if other { "other" } else { "cloud" };
            lines.push(spend(&amount, provider, [&day(number), &day(number + late)], ""));
        }
        for (number, late, value) in scores {
            lines.push(score(&format!("0.{value}"), &day(number), &day(number + late)));
        }
        let known: Vec<String> = looked.iter().map(|number| day(*number)).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let last = *known.last().unwrap();
        let live = kept(DEAL, &lines, last, &known, &[]);
        laws(&live);
        let replayed = kept(DEAL, &lines, last, &[last], &[]);
        laws(&replayed);
        prop_assert_eq!(live.balances(), replayed.balances());
        // What was posted by any of the moments is what was posted when it was the last.
        for (place, at) in known.iter().enumerate() {
            let then = kept(DEAL, &lines, at, &known[..=place], &[]);
            let so_far = live.ledgers.entries().iter().filter(|entry| entry.transfer.posted_at <= time(at));
            prop_assert!(so_far.eq(then.ledgers.entries()));
        }
        // The circle says what the books hold.
        let versions = Versions::parse(&[DEAL]).unwrap();
        let moved = flows(versions.known_at(time(last)), &live.evaluation);
        let net = circle(&moved, Currency::USD).unwrap().parties;
        let cloud = net.iter().find(|net| net.party == "cloud").unwrap();
        // A prepayment that is due is a receivable already, and no part of the circle before it is paid.
        let due = moved.iter().filter(|flow| flow.kind == Kind::PrepaymentDue).map(|flow| flow.amount.pico());
        let holds = [100, 110, 120].map(|code| live.holds("cloud", code).pico());
        prop_assert_eq!(cloud.net.pico() + due.sum::<i128>(), holds.iter().sum::<i128>());
    }
}
