//! Flows between the parties: their sums are the evaluation's own numbers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use contract::Versions;
use contract::fact::Facts;
use contract::flow::{Flow, Kind, circle, flows};
use support::*;

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
[[tranche]]
id = "T1"
amount = "50"
when = "at_signing"
[[tranche]]
id = "T2"
amount = "20"
when = "at_signing"
[[tranche]]
id = "P"
amount = "120"
instrument = "prepayment"
draws = "c"
when = "at_signing"
[[commitment]]
id = "c"
schedule = [{ y = 1, min = "100" }, { y = 2, min = "100" }, { y = 3, min = "100" }]
shortfall = { settle = "pay", invoice_days = 30, becomes = "credit", share = "0.5" }
eligible = [{ where = 'provider == "cloud"', weight = "1" }]
discounts = [{ upto_year_min = true, rate = "0.2" }, { above = true, rate = "0.25" }]
"#;

fn moved(as_of: &str) -> Vec<Flow> {
    let cloud = r#""provider":"cloud""#;
    let lines = [
        funded("T1", "30", "2026-01-02"),
        funded("T1", "20", "2026-03-01"),
        funded("P", "120", "2026-01-05"),
        spend("100", "2026-06-01", cloud),
        spend("7", "2026-06-01", ""),
        spend("165", "2027-06-01", cloud),
        spend("10", "2028-02-01", cloud),
    ];
    flows_of(DEAL, &lines, as_of)
}

fn flows_of(deal: &str, lines: &[String], as_of: &str) -> Vec<Flow> {
    let deal = Versions::parse(&[deal]).unwrap();
    let facts = Facts::read(&deal, &[("f", &lines.join("\n"))]).unwrap();
    let at = as_of.parse().unwrap();
    let evaluation = contract::evaluate(&deal, &facts, at, at).unwrap();
    flows(deal.known_at(at), &evaluation)
}

#[test]
fn each_flow_has_its_date_sides_and_clause() {
    let shown: Vec<String> = moved("2028-03-01")
        .iter()
        .map(|flow| {
            let (from, to) = (flow.from.as_deref().unwrap(), flow.to.as_deref().unwrap());
            let due = flow.due.map_or_else(String::new, |due| format!(" due {due}"));
            let open = if flow.open { " open" } else { "" };
            format!(
                "{} {from}>{to} {} {} {}{due}{open}",
                flow.date,
                flow.kind.word(),
                flow.amount.to_decimal(),
                flow.clause
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "2026-01-01 cloud>lab tranche_due 20.00 T2 open",
            "2026-01-02 cloud>lab tranche 30.00 T1",
            "2026-01-05 lab>cloud prepayment 120.00 P",
            "2026-03-01 cloud>lab tranche 20.00 T1",
            "2027-01-01 cloud>lab drawdown 100.00 P",
            "2027-01-01 lab>cloud charge 80.00 c",
            "2027-01-01 lab>cloud uncounted 7.00 c",
            "2027-01-01 cloud>lab discount 20.00 c",
            "2027-01-01 lab>cloud shortfall 20.00 c due 2027-01-31",
            "2027-01-01 cloud>lab credit 10.00 c",
            "2028-01-01 cloud>lab drawdown 20.00 P",
            "2028-01-01 lab>cloud charge 130.00 c",
            "2028-01-01 cloud>lab discount 35.00 c",
            "2028-01-01 cloud>lab credit_used 10.00 c",
            "2028-03-01 lab>cloud charge 8.00 c open",
            "2028-03-01 cloud>lab discount 2.00 c open",
        ]
    );
}

#[test]
fn list_spend_is_charge_discount_and_the_rest() {
    for day in ["2026-05-01", "2026-07-01", "2027-01-01", "2028-03-01", "2029-01-01"] {
        let sum = |kinds: &[Kind]| -> i128 {
            moved(day).iter().filter(|flow| kinds.contains(&flow.kind)).map(|flow| flow.amount.pico()).sum()
        };
        let list = match day {
            "2026-05-01" => 0,
            "2026-07-01" | "2027-01-01" => 107,
            _ => 282,
        };
        assert_eq!(
            sum(&[Kind::Charge, Kind::Discount, Kind::Uncounted]),
            list * units::PICO_PER_UNIT,
            "{day}"
        );
        assert!(sum(&[Kind::Drawdown]) <= sum(&[Kind::Prepayment]));
    }
}

#[test]
fn the_circle_has_exact_sums_and_leaves_nothing() {
    let circle = circle(&moved("2028-03-01"), units::Currency::USD).unwrap();
    let shown = |from: &str, to: &str, kind: Kind| {
        let found =
            circle.totals.iter().find(|total| (&*total.from, &*total.to, total.kind) == (from, to, kind));
        found.map_or("nothing".to_owned(), |total| total.amount.to_decimal())
    };
    for (from, to, kind, amount) in [
        ("cloud", "lab", Kind::Tranche, "50.00"),
        ("cloud", "lab", Kind::TrancheDue, "20.00"),
        ("lab", "cloud", Kind::Prepayment, "120.00"),
        ("cloud", "lab", Kind::Drawdown, "120.00"),
        ("lab", "cloud", Kind::Charge, "218.00"),
        ("lab", "cloud", Kind::Shortfall, "20.00"),
        ("cloud", "lab", Kind::CreditUsed, "10.00"),
        ("cloud", "lab", Kind::Charge, "nothing"),
    ] {
        assert_eq!(shown(from, to, kind), amount, "{from} {to} {}", kind.word());
    }
    let parties: Vec<[String; 6]> = circle
        .parties
        .iter()
        .map(|net| {
            let sums = [net.invested, net.raised, net.spent, net.earned, net.net].map(|sum| sum.to_decimal());
            let [invested, raised, spent, earned, left] = sums;
            [net.party.clone(), invested, raised, spent, earned, left]
        })
        .collect();
    // 120 paid ahead, and 218 + 7 + 20 − 10 due, of which that covers 120.
    assert_eq!(
        parties,
        [
            ["cloud", "50.00", "0.00", "0.00", "235.00", "185.00"],
            ["lab", "0.00", "50.00", "235.00", "0.00", "-185.00"],
        ]
    );
}

#[test]
fn stock_is_no_money_and_a_party_without_a_name_is_called_by_its_role() {
    let deal = r#"schema = "offtake.contract/1"
id = "d"
version = 1
known_from = 2026-01-01
effective = { from = 2026-01-01, to = 2029-01-01 }
currency = "USD"
[[party]]
id = "cloud"
roles = ["vendor"]
[[tranche]]
id = "S"
amount = "350"
instrument = "stock"
from = "cloud"
when = "at_signing"
[[commitment]]
id = "c"
total = { at_least = "1000" }
"#;
    let lines = [funded("S", "300", "2026-01-02"), spend("40", "2026-06-01", "")];
    let moved = flows_of(deal, &lines, "2027-06-01");
    let shown: Vec<String> = moved
        .iter()
        .map(|flow| format!("{:?} {} {} {}", flow.sides(), flow.kind.word(), flow.amount, flow.open))
        .collect();
    assert_eq!(
        shown,
        [
            r#"("cloud", "issuer") stock_due 50.00 USD true"#,
            r#"("cloud", "issuer") stock 300.00 USD false"#,
            r#"("customer", "cloud") charge 40.00 USD true"#,
        ]
    );
    let circle = circle(&moved, units::Currency::USD).unwrap();
    let nets: Vec<_> = circle.parties.iter().map(|net| (&*net.party, net.net.to_decimal())).collect();
    assert_eq!(nets, [("cloud", "40.00".into()), ("customer", "-40.00".into()), ("issuer", "0.00".into())]);
}
