//! Files: the same instrument in TOML and JSON, and faults that point at their line.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use actus::{Fault, parse};
use serde_json::json;

const SOUND: &str = r#"[terms]
contractType = "PAM"
contractRole = "RPA"
statusDate = 2025-12-31
initialExchangeDate = 2026-01-01
maturityDate = 2026-03-01T00:00:00
notionalPrincipal = 1_000
nominalInterestRate = 0.12
dayCountConvention = "30E360"
cycleOfRateReset = "P1ML1"
marketObjectCodeOfRateReset = "SOFR"

[dataObserved.SOFR]
2026-02-01 = 0.06
"#;

#[test]
fn a_file_is_toml_or_json() {
    let json = r#"{"terms": {"contractType": "PAM", "contractRole": "RPA", "statusDate": "2025-12-31",
        "initialExchangeDate": "2026-01-01", "maturityDate": "2026-03-01", "notionalPrincipal": "1000",
        "nominalInterestRate": 0.12, "dayCountConvention": "30E360", "cycleOfRateReset": "P1ML1",
        "marketObjectCodeOfRateReset": "SOFR"},
        "dataObserved": {"SOFR": {"data": [{"timestamp": "2026-02-01T00:00:00", "value": "0.06"}]}}}"#;
    let instrument = parse(SOUND).unwrap();
    assert_eq!(instrument, parse(json).unwrap());
    let events = instrument.events("2026-03-01T00:00:00".parse().unwrap()).unwrap();
    let payoffs: Vec<f64> = events.iter().map(|event| (event.payoff * 1e9).round() / 1e9).collect();
    assert_eq!(payoffs, [-1000.0, 0.0, 15.0, 1000.0]);
    assert_eq!(
        events[0].json(),
        json!({
            "eventDate": "2026-01-01T00:00:00", "eventType": "IED", "payoff": -1000.0,
            "notionalPrincipal": 1000.0, "nominalInterestRate": 0.12, "accruedInterest": 0.0,
        })
    );
}

#[test]
fn a_fault_shows_its_line_and_the_mend() {
    for (from, to, shown, message, mend) in [
        (
            "notionalPrincipal",
            "notionalPrinciple",
            "notionalPrinciple = 1_000",
            "`notionalPrinciple` is not a term that is understood",
            "did you mean `notionalPrincipal`?",
        ),
        (
            "0.12",
            "nan",
            "nominalInterestRate = nan",
            "`nominalInterestRate` is `NaN`, and should be a number",
            "",
        ),
        (
            "maturityDate = 2026-03-01T00:00:00",
            "",
            "contractType = \"PAM\"",
            "`maturityDate` is missing; PAM needs it",
            "add `maturityDate = …` to the terms",
        ),
        (
            "2026-03-01T00:00:00",
            "2026-03-01T00:00:00-05:00",
            "maturityDate = 2026-03-01T00:00:00-05:00",
            "`maturityDate` is `2026-03-01T00:00:00-05:00`, and should be a date such as `2026-04-30` or \
             `2026-04-30T00:00:00`",
            "",
        ),
        (
            "2026-02-01 = ",
            "2026-02-02 = ",
            "SOFR",
            "`SOFR` is not observed at 2026-02-01T00:00:00",
            "add `2026-02-01 = …` under `[dataObserved.SOFR]`",
        ),
        ("[terms]", "[term]", "[term]", "`term` is not a term that is understood", "did you mean `terms`?"),
        ("\"PAM\"", "\"PAM", "\"PAM", "invalid basic string, expected `\"`", ""),
    ] {
        let text = SOUND.replace(from, to);
        let fault = match parse(&text) {
            Ok(instrument) => {
                let error = instrument.events("2027-01-01T00:00:00".parse().unwrap()).unwrap_err();
                Fault::of(&error, &text)
            }
            Err(fault) => fault,
        };
        let span = fault.span.clone().unwrap();
        let line = text[..span.start].lines().count().max(1);
        assert!(
            shown.contains(&text[span]) || text.lines().nth(line - 1).unwrap().contains(shown),
            "{fault:?}"
        );
        assert_eq!((fault.message.as_str(), fault.mend.as_deref().unwrap_or("")), (message, mend));
    }
    let fault = parse("{\n\"terms\": }").unwrap_err();
    assert_eq!(fault.span, Some(11..11));
}
