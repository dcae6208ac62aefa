//! Each contract type on cases small enough to compute by hand.
//!
//! A row is date, event, payoff, then notional, rate and accrued interest after it; those may be left out.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use actus::Instrument;
use jiff::civil::Date;
use serde_json::{Value, json};

fn check(document: &Value, to: &str, rows: &str) {
    let instrument = Instrument::read(document.as_object().unwrap()).unwrap();
    let to: Date = to.parse().unwrap();
    let events = instrument.events(to.at(0, 0, 0, 0)).unwrap();
    let rows: Vec<&str> = rows.lines().map(str::trim).filter(|row| !row.is_empty()).collect();
    for (event, row) in events.iter().zip(&rows) {
        let mut columns = row.split_whitespace();
        assert_eq!(columns.next().unwrap(), event.date.date().to_string(), "{row}: {event:?}");
        assert_eq!(columns.next().unwrap(), event.kind.code(), "{row}: {event:?}");
        let state = [event.notional_principal, event.nominal_interest_rate, event.accrued_interest];
        for (got, wanted) in [event.payoff].into_iter().chain(state).zip(columns) {
            let wanted: f64 = wanted.parse().unwrap();
            assert!((got - wanted).abs() <= 1e-10 * wanted.abs().max(1.0), "{wanted} in `{row}`: {event:?}");
        }
    }
    assert_eq!(events.len(), rows.len(), "{:?}", events.get(rows.len()));
}

/// Terms of a loan of 1,000 from 1 January 2026 at 12 % a year, 1 % a month; `more` adds to them or replaces them.
fn loan(contract_type: &str, more: &Value) -> Value {
    let mut terms = json!({
        "contractType": contract_type, "contractRole": "RPA", "statusDate": "2025-12-31",
        "initialExchangeDate": "2026-01-01", "notionalPrincipal": "1000", "nominalInterestRate": "0.12",
        "dayCountConvention": "30E360",
    });
    terms.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    terms
}

fn monthly(more: &Value) -> Value {
    let mut terms = json!({
        "cycleAnchorDateOfInterestPayment": "2026-02-01", "cycleOfInterestPayment": "P1ML1",
        "cycleAnchorDateOfPrincipalRedemption": "2026-02-01", "cycleOfPrincipalRedemption": "P1ML1",
    });
    terms.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    terms
}

#[test]
fn a_bullet_loan_pays_interest_then_the_notional() {
    // The worked example E23: 3,000 at 10 % on actual days by 365, a year's interest being 300.
    let terms = json!({
        "contractType": "PAM", "contractRole": "RPA", "statusDate": "2012-12-30",
        "initialExchangeDate": "2013-01-01", "maturityDate": "2014-01-01", "notionalPrincipal": 3000,
        "nominalInterestRate": 0.1, "dayCountConvention": "A365",
        "cycleAnchorDateOfInterestPayment": "2013-01-01", "cycleOfInterestPayment": "P1ML0",
    });
    let document = json!({ "terms": terms });
    check(
        &document,
        "2013-03-01",
        "2013-01-01 IED -3000            3000 0.1 0
         2013-01-01 IP  0                3000 0.1 0
         2013-02-01 IP  25.4794520547945 3000 0.1 0
         2013-03-01 IP  23.013698630137  3000 0.1 0",
    );
    let instrument = Instrument::read(document.as_object().unwrap()).unwrap();
    let events = instrument.events("2014-01-01T00:00:00".parse().unwrap()).unwrap();
    let total: f64 = events.iter().map(|event| event.payoff).sum();
    assert!((total - 300.0).abs() < 1e-9, "{total}");
}

#[test]
fn a_long_stub_joins_the_last_period_and_a_short_one_stands() {
    let until = |cycle: &str| {
        json!({ "terms": loan("PAM", &json!({
            "maturityDate": "2026-03-16", "cycleAnchorDateOfInterestPayment": "2026-01-01",
            "cycleOfInterestPayment": cycle,
        })) })
    };
    check(
        &until("P1ML0"),
        "2027-01-01",
        "2026-01-01 IED -1000\n2026-01-01 IP 0\n2026-02-01 IP 10\n2026-03-16 IP 15\n2026-03-16 MD 1000",
    );
    check(
        &until("P1ML1"),
        "2027-01-01",
        "2026-01-01 IED -1000\n2026-01-01 IP 0\n2026-02-01 IP 10\n2026-03-01 IP 10\n2026-03-16 IP 5\n2026-03-16 MD 1000",
    );
}

#[test]
fn a_resettable_rate_stays_within_its_bounds() {
    // Observed 20 %, 20 %, 1 %: at most 3 points up a period, never above 17 %, never below 10 %.
    let document = json!({
        "terms": loan("PAM", &json!({
            "maturityDate": "2026-05-01", "cycleOfRateReset": "P1ML1", "marketObjectCodeOfRateReset": "RATE",
            "rateSpread": "0.01", "periodCap": "0.03", "lifeCap": "0.17", "lifeFloor": "0.10",
        })),
        "dataObserved": { "RATE": { "2026-02-01": 0.20, "2026-04-01": 0.01 } },
    });
    check(
        &document,
        "2027-01-01",
        "2026-01-01 IED -1000 1000 0.12 0
         2026-02-01 RR  0     1000 0.15 10
         2026-03-01 RR  0     1000 0.17 22.5
         2026-04-01 RR  0     1000 0.10 36.666666666666667
         2026-05-01 IP  45    1000 0.10 0
         2026-05-01 MD  1000  0    0.10 0",
    );
}

#[test]
fn fees_are_amounts_or_accrue_on_the_notional() {
    let fee = |basis: &str, rate: f64| {
        json!({ "terms": loan("PAM", &json!({
            "maturityDate": "2026-03-01", "nominalInterestRate": null,
            "feeBasis": basis, "feeRate": rate, "cycleAnchorDateOfFee": "2026-02-01", "cycleOfFee": "P1ML1",
        })) })
    };
    check(
        &fee("A", 7.0),
        "2027-01-01",
        "2026-01-01 IED -1000\n2026-02-01 FP 7\n2026-03-01 FP 7\n2026-03-01 MD 1000",
    );
    check(
        &fee("N", 0.06),
        "2027-01-01",
        "2026-01-01 IED -1000\n2026-02-01 FP 5\n2026-03-01 FP 5\n2026-03-01 MD 1000",
    );
}

#[test]
fn a_prepayment_lowers_the_notional_and_may_cost_a_penalty() {
    let document = json!({
        "terms": loan("PAM", &json!({
            "contractRole": "RPL", "maturityDate": "2026-03-01",
            "prepaymentEffect": "M", "penaltyType": "A", "penaltyRate": 25,
        })),
        "eventsObserved": [{ "time": "2026-02-01", "type": "PP", "value": 400 }],
    });
    check(
        &document,
        "2027-01-01",
        "2026-01-01 IED 1000 -1000 0.12 0
         2026-02-01 PY  -25  -1000 0.12 -10
         2026-02-01 PP  -400 -600  0.12 -10
         2026-03-01 IP  -16  -600  0.12 0
         2026-03-01 MD  -600 0     0.12 0",
    );
}

#[test]
fn prepayments_of_one_moment_are_one_event_and_never_more_than_is_owed() {
    let document = json!({
        "terms": loan("PAM", &json!({ "maturityDate": "2026-03-01", "prepaymentEffect": "A" })),
        "eventsObserved": [
            { "time": "2026-02-01", "type": "PP", "value": 400 },
            { "time": "2026-02-01", "type": "PP", "value": 700 },
        ],
    });
    check(
        &document,
        "2027-01-01",
        "2026-01-01 IED -1000\n2026-02-01 PP 1000 0 0.12 10\n2026-03-01 IP 10\n2026-03-01 MD 0",
    );
}

#[test]
fn interest_capitalised_to_the_end_is_repaid_with_the_notional() {
    let document = json!({ "terms": loan("PAM", &json!({
        "maturityDate": "2026-03-01", "capitalizationEndDate": "2026-03-01", "cycleOfInterestPayment": "P1ML1",
    })) });
    check(
        &document,
        "2027-01-01",
        "2026-01-01 IED -1000\n2026-02-01 IPCI 0 1010\n2026-03-01 IPCI 0 1020.1\n2026-03-01 MD 1020.1 0",
    );
}

#[test]
fn a_loan_bought_and_sold_is_priced_with_its_accrued_interest() {
    let document = json!({ "terms": loan("PAM", &json!({
        "maturityDate": "2027-01-01", "purchaseDate": "2026-01-16", "priceAtPurchaseDate": 990,
        "terminationDate": "2026-02-16", "priceAtTerminationDate": 1005,
    })) });
    check(&document, "2027-01-01", "2026-01-16 PRD -995 1000 0.12 5\n2026-02-16 TD 1020 0 0.12 0");
}

#[test]
fn payoffs_are_paid_in_the_settlement_currency() {
    let document = json!({
        "terms": loan("PAM", &json!({
            "maturityDate": "2026-02-01", "currency": "USD", "settlementCurrency": "CHF",
        })),
        "dataObserved": { "USD/CHF": { "2026-01-01": 0.8, "2026-02-01": 0.9 } },
    });
    check(&document, "2027-01-01", "2026-01-01 IED -800 1000\n2026-02-01 IP 9 1000\n2026-02-01 MD 900 0");
}

#[test]
fn a_linear_amortiser_ends_with_what_is_left() {
    let document =
        json!({ "terms": loan("LAM", &monthly(&json!({ "nextPrincipalRedemptionPayment": 300 }))) });
    check(
        &document,
        "2027-01-01",
        "2026-01-01 IED -1000 1000 0.12 0
         2026-02-01 PR  300   700  0.12 10
         2026-02-01 IP  10    700  0.12 0
         2026-03-01 PR  300   400  0.12 7
         2026-03-01 IP  7     400  0.12 0
         2026-04-01 PR  300   100  0.12 4
         2026-04-01 IP  4     100  0.12 0
         2026-05-01 IP  1     100  0.12 0
         2026-05-01 MD  100   0    0.12 0",
    );
}

#[test]
fn equal_redemptions_follow_from_the_maturity() {
    let document = json!({ "terms": loan("LAM", &monthly(&json!({
        "maturityDate": "2026-03-01", "nominalInterestRate": null,
    }))) });
    check(&document, "2027-01-01", "2026-01-01 IED -1000\n2026-02-01 PR 500 500\n2026-03-01 MD 500 0");
}

#[test]
fn interest_is_computed_on_the_base_agreed() {
    let base = |more: Value| {
        let mut terms = loan("LAM", &monthly(&json!({ "nextPrincipalRedemptionPayment": 500 })));
        terms.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "terms": terms })
    };
    let interest = |last: f64| {
        format!(
            "2026-01-01 IED -1000\n2026-02-01 PR 500\n2026-02-01 IP 10\n2026-03-01 IP {last}\n2026-03-01 MD 500"
        )
    };
    check(&base(json!({})), "2027-01-01", &interest(5.0));
    let never = json!({ "interestCalculationBase": "NTIED", "interestCalculationBaseAmount": 1000 });
    check(&base(never), "2027-01-01", &interest(10.0));
    // The published case lam18: a base that never changes and is fixed all the same follows the notional.
    let both = json!({
        "interestCalculationBase": "NTIED", "interestCalculationBaseAmount": 1000,
        "cycleOfInterestCalculationBase": "P2ML1",
    });
    check(&base(both), "2027-01-01", &interest(5.0));
    let lagging = json!({
        "interestCalculationBase": "NTL", "interestCalculationBaseAmount": 1000,
        "cycleAnchorDateOfInterestCalculationBase": "2026-02-16",
    });
    check(
        &base(lagging),
        "2027-01-01",
        "2026-01-01 IED -1000 1000 0.12 0
         2026-02-01 PR   500  500  0.12 10
         2026-02-01 IP   10   500  0.12 0
         2026-02-16 IPCB 0    500  0.12 5
         2026-03-01 IP   7.5  500  0.12 0
         2026-03-01 MD   500  0    0.12 0",
    );
}

#[test]
fn an_index_scales_what_is_paid() {
    let document = json!({
        "terms": loan("LAM", &monthly(&json!({
            "nextPrincipalRedemptionPayment": 500, "maturityDate": "2026-03-01", "scalingEffect": "0N0",
            "marketObjectCodeOfScalingIndex": "CPI", "scalingIndexAtContractDealDate": 100,
            "cycleAnchorDateOfScalingIndex": "2026-01-16",
        }))),
        "dataObserved": { "CPI": { "2026-01-16": 110 } },
    });
    check(
        &document,
        "2027-01-01",
        "2026-01-01 IED -1000\n2026-01-16 SC 0\n2026-02-01 PR 550 500\n2026-02-01 IP 10\n2026-03-01 IP 5\n2026-03-01 MD 550 0",
    );
}

#[test]
fn a_payment_below_the_interest_makes_the_loan_grow() {
    let document = json!({ "terms": loan("NAM", &monthly(&json!({
        "nextPrincipalRedemptionPayment": 4, "maturityDate": "2026-03-01",
    }))) });
    check(
        &document,
        "2027-01-01",
        "2026-01-01 IED -1000 1000    0.12 0
         2026-02-01 PR  -6    1006    0.12 10
         2026-02-01 IP  10    1006    0.12 0
         2026-03-01 IP  10.06 1006    0.12 0
         2026-03-01 MD  1006  0       0.12 0",
    );
}

#[test]
fn an_annuity_pays_the_same_each_time() {
    // 1000 × 1.01³ × 0.01 / (1.01³ − 1) = 340.0221114814029…
    let document = json!({ "terms": loan("ANN", &monthly(&json!({ "maturityDate": "2026-04-01" }))) });
    check(
        &document,
        "2027-01-01",
        "2026-01-01 IED -1000              1000             0.12 0
         2026-01-31 PRF 0                  1000             0.12 9.666666666666667
         2026-02-01 PR  330.0221114814029  669.977888518597 0.12 10
         2026-02-01 IP  10                 669.977888518597 0.12 0
         2026-03-01 PR  333.3223325962169  336.655555922380 0.12 6.69977888518597
         2026-03-01 IP  6.69977888518597   336.655555922380 0.12 0
         2026-04-01 IP  3.366555559223801  336.655555922380 0.12 0
         2026-04-01 MD  336.655555922380   0                0.12 0",
    );
}

#[test]
fn a_payment_changes_when_the_rate_does() {
    // From 1 March 1.5 % a month: two payments left are 669.977888518597 × 1.015² × 0.015 / (1.015² − 1), less
    // what is paid on that day itself.
    let document = json!({
        "terms": loan("ANN", &monthly(&json!({
            "maturityDate": "2026-04-01", "nextPrincipalRedemptionPayment": 340,
            "cycleAnchorDateOfRateReset": "2026-02-01", "marketObjectCodeOfRateReset": "RATE",
        }))),
        "dataObserved": { "RATE": { "2026-02-01": 0.18 } },
    });
    let payment = 670.0 * 1.015 * 1.015 * 0.015 / (1.015 * 1.015 - 1.0);
    let left = 670.0 * 1.015 - payment;
    check(
        &document,
        "2026-03-01",
        &format!(
            "2026-01-01 IED -1000  1000   0.12 0
             2026-02-01 PR  330    670    0.12 10
             2026-02-01 IP  10     670    0.12 0
             2026-02-01 RR  0      670    0.18 0
             2026-02-01 PRF 0      670    0.18 0
             2026-03-01 PR  {}     {left} 0.18 10.05
             2026-03-01 IP  10.05  {left} 0.18 0",
            670.0 - left
        ),
    );
}

#[test]
fn call_money_is_settled_after_its_notice() {
    let called = |notice: &str| {
        json!({
            "terms": loan("CLM", &json!({
                "xDayNotice": notice, "cycleAnchorDateOfInterestPayment": "2026-02-01",
                "cycleOfInterestPayment": "P1ML1",
            })),
            "eventsObserved": [{ "time": "2026-02-16", "type": "XD" }],
        })
    };
    check(
        &called("P10D"),
        "2026-02-20",
        "2026-01-01 IED  -1000 1000 0.12 0
         2026-02-01 IPCI 0     1010 0.12 0
         2026-02-16 XD   0     1010 0.12 0
         2026-02-26 IP   5.05  1010 0.12 0
         2026-02-26 STD  1010  0    0.12 0",
    );
    check(
        &called("P0D"),
        "2026-02-20",
        "2026-01-01 IED  -1000 1000 0.12 0
         2026-02-01 IPCI 0     1010 0.12 0
         2026-02-16 XD   0     1010 0.12 5.05
         2026-02-16 IP   5.05  1010 0.12 0
         2026-02-16 STD  1010  0    0.12 0",
    );
    // Nobody has called it yet: nothing is repaid.
    check(&called("P10D"), "2026-02-15", "2026-01-01 IED -1000 1000 0.12 0\n2026-02-01 IPCI 0 1010 0.12 0");
}

#[test]
fn a_facility_is_drawn_on_and_repaid() {
    let document = json!({
        "terms": loan("UMP", &json!({ "cycleOfInterestPayment": "P1ML1" })),
        "eventsObserved": [
            { "time": "2026-01-16", "type": "PD", "value": 500 },
            { "time": "2026-02-16", "type": "PR", "value": 9000 },
        ],
    });
    check(
        &document,
        "2026-03-16",
        "2026-01-01 IED  -1000    1000    0.12 0
         2026-01-16 PD   -500     1500    0.12 5
         2026-02-01 IPCI 0        1512.5  0.12 0
         2026-02-16 PR   1512.5   0       0.12 7.5625
         2026-03-01 IPCI 0        7.5625  0.12 0",
    );
}

#[test]
fn a_stock_pays_dividends_as_observed() {
    let document = json!({
        "terms": {
            "contractType": "STK", "contractRole": "RPA", "statusDate": "2025-12-31", "purchaseDate": "2026-01-15",
            "priceAtPurchaseDate": 40, "cycleAnchorDateOfDividend": "2026-03-31", "cycleOfDividend": "P3ML1",
            "endOfMonthConvention": "EOM", "nextDividendPaymentAmount": 0.5, "marketObjectCodeOfDividends": "DIV",
        },
        "dataObserved": { "DIV": { "2026-06-30": 0.6 } },
    });
    check(&document, "2026-07-31", "2026-01-15 PRD -40\n2026-03-31 DV 0.5\n2026-06-30 DV 0.6");
}

#[test]
fn an_option_is_settled_in_cash() {
    let option = |more: Value, events: Value| {
        let mut terms = json!({
            "contractType": "OPTNS", "contractRole": "SEL", "statusDate": "2025-12-31",
            "purchaseDate": "2026-01-02", "priceAtPurchaseDate": 3, "maturityDate": "2026-06-30",
            "optionType": "C", "optionStrike1": 100, "settlementPeriod": "P2D", "marketObjectCode": "AMD",
        });
        terms.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({
            "terms": terms, "eventsObserved": events,
            "dataObserved": { "AMD": { "2026-03-31": 112, "2026-06-30": 95 } },
        })
    };
    check(
        &option(json!({}), json!([])),
        "2027-01-01",
        "2026-01-02 PRD 3\n2026-06-30 MD 0\n2026-06-30 XD 0\n2026-07-02 STD 0",
    );
    check(
        &option(json!({ "optionExerciseType": "A" }), json!([{ "time": "2026-03-31", "type": "XD" }])),
        "2027-01-01",
        "2026-01-02 PRD 3\n2026-03-31 XD 0\n2026-04-02 STD -12",
    );
    check(
        &option(json!({ "optionType": "CP", "optionStrike2": 98 }), json!([])),
        "2027-01-01",
        "2026-01-02 PRD 3\n2026-06-30 MD 0\n2026-06-30 XD 0\n2026-07-02 STD -3",
    );
}

#[test]
fn what_a_year_falls_short_of_its_minimum_is_owed_at_its_end() {
    // 100 a year at least, 10 % off: 60 + 30 at list is 81 paid and 19 short; 80 + 80 at 20 % off is 128, enough.
    let document = json!({ "terms": {
        "contractType": "OFF", "contractRole": "RPL", "statusDate": "2026-01-01",
        "initialExchangeDate": "2026-01-01", "cycleOfUsage": "P6M",
        "arrayMinimum": [100, 100, 100], "arrayDiscount": [0.1, 0.2], "arrayUsage": [60, 30, 80, 80, 10],
    } });
    check(
        &document,
        "2030-01-01",
        "2026-07-01 US -54 -46 0.1
         2027-01-01 US -27 -19 0.1
         2027-01-01 TU -19 0   0.1
         2027-07-01 US -64 -36 0.2
         2028-01-01 US -64 0   0.2
         2028-01-01 TU 0   0   0.2
         2028-07-01 US -8  -92 0.2",
    );
}
