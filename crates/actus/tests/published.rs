//! The public ACTUS cases of the types that are understood: every event and every field the cases give.
//!
//! The cases (CC BY-SA 4.0) are not part of this repository; without them this test says so and passes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use actus::{Event, Instrument};
use jiff::civil::{DateTime, date};
use serde_json::{Map, Value};
use std::path::PathBuf;

const TYPES: [(&str, usize); 8] =
    [("ann", 31), ("lam", 31), ("pam", 25), ("optns", 23), ("nam", 22), ("clm", 15), ("stk", 10), ("ump", 9)];

/// Relative to the value wanted.
const PRECISION: f64 = 1e-10;
/// Some cases cut every number off after ten decimals, and then drop noughts: those may be this far off.
const CUT_OFF: f64 = 1e-10;

#[test]
fn every_published_case_is_met() {
    let folder = std::env::var_os("OFFTAKE_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
        PathBuf::from,
    );
    let folder = folder.join("actusfrf+actus-tests");
    if !folder.is_dir() {
        println!("skipped: no vectors");
        return;
    }
    let mut faults = Vec::new();
    let mut met = 0;
    for (name, count) in TYPES {
        let text = std::fs::read_to_string(folder.join(format!("actus-tests-{name}.json"))).unwrap();
        let cases: Map<String, Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(cases.len(), count, "{name}");
        for (id, case) in &cases {
            match check(case.as_object().unwrap()) {
                Ok(()) => met += 1,
                Err(fault) => faults.push(format!("{id}: {fault}")),
            }
        }
    }
    println!("{met} published cases met");
    assert!(faults.is_empty(), "{} cases fail:\n{}", faults.len(), faults.join("\n"));
    assert_eq!(met, 166);
}

fn check(case: &Map<String, Value>) -> Result<(), String> {
    let to = time(case.get("to").unwrap()).unwrap_or(date(2100, 1, 1).at(0, 0, 0, 0));
    let instrument = Instrument::read(case).map_err(|error| error.to_string())?;
    let events = instrument.events(to).map_err(|error| error.to_string())?;
    let wanted = case["results"].as_array().unwrap();
    for (event, wanted) in events.iter().zip(wanted) {
        compare(event, wanted.as_object().unwrap())?;
    }
    if events.len() != wanted.len() {
        let next = events.get(wanted.len()).map(|event| format!("{event:?}"));
        return Err(format!("{} events instead of {}: {next:?}", events.len(), wanted.len()));
    }
    Ok(())
}

fn compare(event: &Event, wanted: &Map<String, Value>) -> Result<(), String> {
    for (field, value) in wanted {
        let same = match field.as_str() {
            "eventDate" => time(value) == Some(event.date),
            "eventType" => value == event.kind.code(),
            "payoff" => close(event.payoff, value),
            "notionalPrincipal" => close(event.notional_principal, value),
            "nominalInterestRate" => close(event.nominal_interest_rate, value),
            "accruedInterest" => close(event.accrued_interest, value),
            "exerciseAmount" => close(event.exercise.unwrap().amount, value),
            "exerciseDate" => time(value) == event.exercise.unwrap().date,
            "currency" => true, // repeats the terms
            other => panic!("a field nobody compares: {other}"),
        };
        if !same {
            return Err(format!("{field} should be {value} in {event:?}"));
        }
    }
    Ok(())
}

fn close(got: f64, wanted: &Value) -> bool {
    let text = wanted.as_str().map_or_else(|| wanted.to_string(), |text| text.trim().to_owned());
    let wanted: f64 = text.parse().unwrap();
    let cut_off = text.split_once('.').is_some_and(|(_, decimals)| (7..=10).contains(&decimals.len()));
    let slack = if cut_off || wanted == 0.0 { CUT_OFF } else { 0.0 };
    (got - wanted).abs() <= (PRECISION * wanted.abs()).max(slack)
}

fn time(value: &Value) -> Option<DateTime> {
    value.as_str().filter(|text| !text.is_empty()).map(|text| text.parse().unwrap())
}
