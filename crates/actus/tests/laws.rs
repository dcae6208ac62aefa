//! What holds for every loan, whatever its terms.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use actus::{Event, Instrument, Kind};
use jiff::civil::DateTime;
use proptest::prelude::*;
use serde_json::{Value, json};

fn terms() -> impl Strategy<Value = Value> {
    let types = prop::sample::select(vec!["PAM", "LAM", "NAM", "ANN"]);
    let cycles = prop::sample::select(vec!["P1ML0", "P1ML1", "P3ML1", "P2WL0", "P10DL1"]);
    let counts = prop::sample::select(vec!["AA", "A360", "A365", "30E360", "30E360ISDA", "28E336", "B252"]);
    let shifts = prop::sample::select(vec!["NOS", "SCF", "SCMP", "CSF", "CSMF"]);
    let money = (1_u32..1_000_000, 1_u32..50_000, -500_i32..3000);
    (types, cycles, counts, shifts, money, 1_u8..29, 2_u8..13).prop_map(
        |(kind, cycle, count, shift, (notional, payment, rate), day, month)| {
            json!({
                "contractType": kind, "contractRole": "RPA", "statusDate": "2025-12-31", "calendar": "MF",
                "initialExchangeDate": format!("2026-01-{day:02}"),
                "maturityDate": format!("2027-{month:02}-{day:02}"),
                "notionalPrincipal": notional, "nominalInterestRate": f64::from(rate) / 10_000.0,
                "cycleOfInterestPayment": cycle, "cycleOfPrincipalRedemption": cycle,
                "nextPrincipalRedemptionPayment": if kind == "ANN" { Value::Null } else { json!(payment) },
                "dayCountConvention": count, "businessDayConvention": shift,
            })
        },
    )
}

fn events(terms: &Value, to: &str) -> Vec<Event> {
    let document = json!({ "terms": terms });
    let instrument = Instrument::read(document.as_object().unwrap()).unwrap();
    instrument.events(to.parse::<DateTime>().unwrap()).unwrap()
}

const END: &str = "2030-01-01T00:00:00";

proptest! {
    #[test]
    fn the_principal_lent_is_the_principal_repaid(terms in terms()) {
        let all = events(&terms, END);
        let principal = [Kind::InitialExchange, Kind::Redemption, Kind::Maturity];
        let sum: f64 = all.iter().filter(|event| principal.contains(&event.kind)).map(|event| event.payoff).sum();
        let lent = terms["notionalPrincipal"].as_f64().unwrap();
        prop_assert!(sum.abs() <= 1e-9 * lent, "{sum}");
        let last = all.last().unwrap();
        prop_assert_eq!(last.kind, Kind::Maturity);
        prop_assert_eq!((last.notional_principal, last.accrued_interest), (0.0, 0.0));
    }

    #[test]
    fn what_one_side_receives_the_other_pays(terms in terms()) {
        let mut other = terms.clone();
        other["contractRole"] = json!("RPL");
        let (claim, debt) = (events(&terms, END), events(&other, END));
        prop_assert_eq!(claim.len(), debt.len());
        for (ours, theirs) in claim.iter().zip(&debt) {
            prop_assert_eq!((ours.date, ours.kind), (theirs.date, theirs.kind));
            prop_assert_eq!(ours.payoff, -theirs.payoff);
            prop_assert_eq!(ours.notional_principal, -theirs.notional_principal);
        }
    }

    #[test]
    fn events_are_in_order_and_a_nearer_horizon_changes_none(terms in terms()) {
        let all = events(&terms, END);
        prop_assert!(all.is_sorted_by_key(|event| event.date));
        let near = events(&terms, "2026-09-15T00:00:00");
        prop_assert_eq!(&all[..near.len()], near.as_slice());
        prop_assert!(all[near.len()..].iter().all(|event| event.date.year() > 2026 || event.date.month() >= 9));
    }

    #[test]
    fn an_annuity_pays_the_same_each_time(mut terms in terms()) {
        terms["contractType"] = json!("ANN");
        terms["nextPrincipalRedemptionPayment"] = Value::Null;
        terms["businessDayConvention"] = json!("NOS");
        let mut paid: Vec<(DateTime, f64)> = Vec::new();
        for event in events(&terms, END).into_iter().filter(|event| event.kind != Kind::InitialExchange) {
            match paid.last_mut() {
                Some((date, sum)) if *date == event.date => *sum += event.payoff,
                _ => paid.push((event.date, event.payoff)),
            }
        }
        let paid: Vec<f64> = paid.into_iter().map(|(_, sum)| sum).filter(|sum| *sum != 0.0).collect();
        for sum in &paid {
            prop_assert!((sum - paid[0]).abs() <= 1e-7 * paid[0].abs(), "{paid:?}");
        }
    }

    #[test]
    fn no_document_makes_it_panic(
        name in "[a-zA-Z]{0,40}", text in "\\PC{0,20}", terms in terms(), field in 0_usize..13,
    ) {
        let mut terms = terms;
        let names: Vec<String> = terms.as_object().unwrap().keys().cloned().collect();
        terms[names[field % names.len()].as_str()] = json!(text);
        terms[name.as_str()] = json!(text);
        let document = json!({ "terms": terms });
        if let Ok(instrument) = Instrument::read(document.as_object().unwrap()) {
            let _ = instrument.events(END.parse().unwrap());
        }
    }
}
