//! What is refused, and that the message names the term.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use actus::Instrument;
use serde_json::{Value, json};

/// A sound loan with `more` over it, asked for its events.
fn refusal(more: &Value, observed: &Value) -> String {
    let mut terms = json!({
        "contractType": "LAM", "contractRole": "RPA", "statusDate": "2025-12-31",
        "initialExchangeDate": "2026-01-01", "maturityDate": "2026-06-01", "notionalPrincipal": 1000,
        "nominalInterestRate": 0.05, "cycleOfPrincipalRedemption": "P1ML1", "nextPrincipalRedemptionPayment": 100,
    });
    terms.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let document = json!({ "terms": terms, "eventsObserved": observed });
    let instrument = Instrument::read(document.as_object().unwrap());
    let events = instrument.and_then(|instrument| instrument.events("2027-01-01T00:00:00".parse().unwrap()));
    events.map_or_else(|error| error.to_string(), |events| format!("{} events", events.len()))
}

#[test]
fn what_is_wrong_with_a_term_is_said_by_its_name() {
    assert_eq!(refusal(&json!({}), &json!([])), "7 events");
    for (more, message) in [
        (json!({ "contractType": null }), "`contractType` is missing; an instrument needs it"),
        (json!({ "contractRole": "" }), "`contractRole` is missing; LAM needs it"),
        (json!({ "initialExchangeDate": null }), "`initialExchangeDate` is missing; LAM needs it"),
        (json!({ "notionalPrincipal": null }), "`notionalPrincipal` is missing; LAM needs it"),
        (
            json!({ "notionalPrincipal": -5 }),
            "`notionalPrincipal` is `-5`, and should be a number that is not negative",
        ),
        (json!({ "nominalInterestRate": "5 %" }), "`nominalInterestRate` is `5 %`, and should be a number"),
        (json!({ "nominalInterestRate": "NaN" }), "`nominalInterestRate` is `NaN`, and should be a number"),
        (
            json!({ "statusDate": "31.12.2025" }),
            "`statusDate` is `31.12.2025`, and should be a date such as `2026-04-30` or `2026-04-30T00:00:00`",
        ),
        (
            json!({ "statusDate": "2025-12-31T00:00:00Z" }),
            "`statusDate` is `2025-12-31T00:00:00Z`, and should be a date such as `2026-04-30` or \
             `2026-04-30T00:00:00`",
        ),
        (json!({ "nominalIntrestRate": 0.05 }), "`nominalIntrestRate` is not a term that is understood"),
        (
            json!({ "maturityDate": "2025-06-01" }),
            "`maturityDate` is 2025-06-01T00:00:00, and should be after `initialExchangeDate`, \
             2026-01-01T00:00:00",
        ),
        (json!({ "purchaseDate": "2026-02-01" }), "`priceAtPurchaseDate` is missing; LAM needs it"),
        (
            json!({ "penaltyType": "N" }),
            "`penaltyType` is `N`, and should be `O` (none), `A` (an amount), `R` (of the notional) or `I` \
             (rate differential)",
        ),
        (
            json!({ "cycleOfRateReset": "P1ML1", "marketObjectCodeOfRateReset": "RATE" }),
            "`RATE` is not observed at 2026-02-01T00:00:00",
        ),
        (json!({ "cycleOfRateReset": "P1ML1" }), "`marketObjectCodeOfRateReset` is missing; LAM needs it"),
        (
            json!({ "contractType": "NAM", "maturityDate": null, "nextPrincipalRedemptionPayment": 1 }),
            "`nextPrincipalRedemptionPayment` repays nothing beyond the interest, and no `maturityDate` is agreed",
        ),
        (
            json!({ "maturityDate": null, "nextPrincipalRedemptionPayment": 0 }),
            "`nextPrincipalRedemptionPayment` repays nothing beyond the interest, and no `maturityDate` is agreed",
        ),
    ] {
        assert_eq!(refusal(&more, &json!([])), message, "{more}");
    }
}

#[test]
fn what_the_parties_did_must_be_allowed() {
    let prepaid = json!([{ "time": "2026-02-01", "type": "PP", "value": 10 }]);
    assert_eq!(
        refusal(&json!({}), &prepaid),
        "`prepaymentEffect` allows no prepayment, and one is observed at 2026-02-01T00:00:00"
    );
    let unknown = json!([{ "time": "2026-02-01", "type": "IP", "value": 10 }]);
    assert_eq!(
        refusal(&json!({}), &unknown),
        "`eventsObserved` is `IP`, and should be one of `PP`, `PR`, `PD`, `XD`"
    );
    let option = json!({
        "contractType": "OPTNS", "optionType": "P", "optionStrike1": 10, "marketObjectCode": "X",
    });
    assert_eq!(
        refusal(&option, &json!([{ "time": "2026-02-01", "type": "XD" }])),
        "`optionExerciseType` allows exercise at maturity only, and one is observed at 2026-02-01T00:00:00"
    );
}
