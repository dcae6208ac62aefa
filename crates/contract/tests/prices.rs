//! Clauses that protect a price, capacity that is paid for unused, bursts: from facts, by hand.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use contract::render::evaluation;
use support::*;

const HEAD: &str = "schema = \"offtake.contract/1\"\nid = \"d\"\nversion = 1\nknown_from = 2026-01-01\n\
    effective = { from = 2026-01-01, to = 2029-01-01 }\ncurrency = \"USD\"\n[[party]]\nid = \"p\"\n\
    [metric.best]\nkind = \"ratio\"\nsource = \"market\"\n[metric.index]\nkind = \"ratio\"\nsource = \"market\"\n\
    [metric.there]\nkind = \"power_gw\"\nsource = \"market\"\n[metric.busy]\nkind = \"power_gw\"\nsource = \"market\"\n";

fn level(metric: &str, value: &str, unit: &str, at: &str) -> String {
    format!(
        r#"{{"metric":"{metric}","value":"{value}","unit":"{unit}","effective_at":"{at}","recorded_at":"{at}","source":"s"}}"#
    )
}

fn json(deal: &str, facts: &[String], at_day: &str) -> serde_json::Value {
    let found = at(deal, facts, at_day, at_day);
    assert!(evaluation::terminal(&found).len() > 100 && evaluation::markdown(&found).len() > 100);
    serde_json::from_str(&evaluation::json(&found)).unwrap()
}

fn commitment(protection: &str) -> String {
    format!(
        "{HEAD}[[commitment]]\nid = \"c\"\nschedule = [{{ y = 1, min = \"1\" }}, {{ y = 2, min = \"1\" }}, {{ y = 3, min = \"1\" }}]\n\
         eligible = [{{ where = 'charge == \"half\"', weight = \"0.5\" }}, {{ where = 'charge != \"half\"', weight = \"1\" }}]\n\
         discounts = [{{ upto_year_min = true, rate = \"0.10\" }}]\nprice_protection = {{ {protection} }}\n"
    )
}

#[test]
fn the_rate_of_others_is_matched_from_when_it_is_better() {
    let deal =
        commitment("mfn = { scope = \"same sku\", remedy = \"rate-match-forward\", metric = \"best\" }");
    let spends = [
        spend("1000", "2026-02-01", "\"charge\":\"usage\""),
        spend("1000", "2026-05-01", "\"charge\":\"usage\""),
        spend("1000", "2026-06-01", "\"charge\":\"half\""),
        spend("1000", "2026-08-01", "\"charge\":\"usage\""),
    ];
    let with = |levels: &[(&str, &str)]| {
        let levels = levels.iter().map(|(value, at)| level("best", value, "ratio", at));
        let facts: Vec<String> = spends.iter().cloned().chain(levels).collect();
        json(&deal, &facts, "2026-12-01")["price_protection"][0].clone()
    };
    let unknown = with(&[]);
    assert_eq!((&unknown["state"], &unknown["owed"]), (&"unknown".into(), &serde_json::Value::Null));
    let kept = with(&[("0.10", "2026-03-01")]);
    assert_eq!(
        (&kept["state"], &kept["owed"], &kept["agreed"]),
        (&"kept".into(), &"0.00".into(), &"0.1".into())
    );
    // 2 % of 1,000 and of half of 1,000, then 5 % of 1,000.
    let owed = with(&[("0.12", "2026-04-01"), ("0.15", "2026-07-01")]);
    assert_eq!((&owed["state"], &owed["owed"]), (&"owed".into(), &"80.00".into()));
    assert_eq!((&owed["since"], &owed["seen"]), (&"2026-04-01".into(), &"0.15".into()));
    // What was owed stays owed when others' terms are no better any more.
    let over = with(&[("0.12", "2026-04-01"), ("0.08", "2026-07-01")]);
    assert_eq!((&over["state"], &over["owed"]), (&"kept".into(), &"30.00".into()));
}

#[test]
fn list_prices_rise_no_faster_than_agreed() {
    let deal = commitment("list_increase_cap = \"0.03/yr\", list_metric = \"index\"");
    let facts = [
        level("index", "100", "ratio", "2026-01-01"),
        level("index", "103", "ratio", "2027-01-01"),
        level("index", "108.15", "ratio", "2027-06-01"),
        spend("1000", "2027-02-01", "\"charge\":\"usage\""),
        spend("1000", "2027-07-01", "\"charge\":\"usage\""),
    ];
    let found = json(&deal, &facts, "2027-12-01")["price_protection"][0].clone();
    assert_eq!((&found["clause"], &found["state"]), (&"list_increase_cap".into(), &"owed".into()));
    assert_eq!((&found["agreed"], &found["seen"]), (&"103".into(), &"108.15".into()));
    // 103 of 108.15 is 1 of 1.05: a twenty-first of 1,000 is too much, after the discount of a tenth.
    assert_eq!((&found["since"], &found["owed"]), (&"2027-06-01".into(), &"42.857142857143".into()));
    // A year later 3 % more are allowed.
    let found = json(&deal, &facts, "2028-02-01")["price_protection"][0].clone();
    assert_eq!(found["agreed"], "106.09");
}

#[test]
fn capacity_is_paid_for_unused_and_bursts_are_counted() {
    let grant = "[[capacity]]\nid = \"g\"\nunit = \"GW\"\nmetric = \"there\"\nused = \"busy\"\n\
        ramp = [{ by = 2026-01-31, at_least = \"1\" }]\n\
        take_or_pay = { share = \"0.8\", unit_price = \"per GW-day\", price = \"1000\" }\n\
        burst = { to = \"1.5x\", price = \"list\" }\n";
    let facts = [
        level("there", "1", "GW", "2026-01-31"),
        level("busy", "0.5", "GW", "2026-01-31"),
        level("busy", "0.9", "GW", "2026-02-11"),
        level("busy", "1.2", "GW", "2026-02-21"),
        level("busy", "1.6", "GW", "2026-02-26"),
    ];
    let found = json(&format!("{HEAD}{grant}"), &facts, "2026-03-01")["capacity"][0].clone();
    // Ten days of 0.3 below 0.8; then five above the grant, and three beyond half as much again.
    assert_eq!(found["take_or_pay"], serde_json::json!({ "unused": "3", "owed": "3000.00" }));
    assert_eq!(
        (&found["burst"], &found["used"]),
        (&serde_json::json!({ "days": 8, "beyond": 3 }), &"1.6".into())
    );
    // What was not there could not be used.
    let mut late = facts.to_vec();
    late[0] = level("there", "0.5", "GW", "2026-01-31");
    let found = json(&format!("{HEAD}{grant}"), &late, "2026-03-01")["capacity"][0].clone();
    assert_eq!(found["take_or_pay"]["unused"], "0");
}

#[test]
fn what_nothing_is_computed_from_is_said() {
    let text = commitment("mfn = { scope = \"s\", remedy = \"r\" }, list_increase_cap = \"0.03/yr\"");
    let credits = |order: &str| text.replacen("schedule", &format!("credits_order = {order}\nschedule"), 1);
    let notes = |deal: &str| {
        let found = json(deal, &[], "2026-03-01");
        let notes = found["notes"].as_array().unwrap().iter();
        notes.map(|note| note["clause"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let usual =
        ["commitment `c`: `price_protection.mfn`", "commitment `c`: `price_protection.list_increase_cap`"];
    assert_eq!(notes(&credits("[\"make-good\", \"prepaid\"]")), usual);
    for order in ["[\"prepaid\", \"make-good\"]", "[\"promo\", \"make-good\"]"] {
        assert_eq!(notes(&credits(order))[0], "commitment `c`: `credits_order`", "{order}");
    }
    for (from, to, said) in [
        ("mfn = { scope = \"s\",", "mfn = { metric = \"bset\", scope = \"s\",", "did you mean `best`?"),
        ("list_increase_cap", "list_metric = \"none\", list_increase_cap", "there is `best`"),
    ] {
        let error = contract::Deal::parse(&text.replacen(from, to, 1)).unwrap_err();
        assert!(error.mend.contains(said), "{}", error.mend);
    }
}
