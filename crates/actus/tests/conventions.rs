//! Cycles, business days and day counts, each by tables.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use actus::{BusinessDay, Cycle, DayCount, Instrument, Kind, Period};
use jiff::civil::Date;
use serde_json::json;

fn dates(more: &serde_json::Value) -> Vec<String> {
    let mut terms = json!({
        "contractType": "PAM", "contractRole": "RPA", "statusDate": "2019-12-31", "notionalPrincipal": 360,
        "initialExchangeDate": "2020-01-01", "maturityDate": "2020-07-01", "nominalInterestRate": 1,
        "dayCountConvention": "30E360",
    });
    terms.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let document = json!({ "terms": terms });
    let instrument = Instrument::read(document.as_object().unwrap()).unwrap();
    let events = instrument.events("2030-01-01T00:00:00".parse().unwrap()).unwrap();
    let interest = events.iter().filter(|event| event.kind == Kind::Interest);
    interest.map(|event| format!("{}={}", event.date.strftime("%m-%d"), event.payoff.round())).collect()
}

#[test]
fn month_ends_stay_month_ends_only_where_agreed() {
    let from_february = |convention: &str| {
        dates(&json!({
            "cycleAnchorDateOfInterestPayment": "2020-02-29", "cycleOfInterestPayment": "P1ML1",
            "endOfMonthConvention": convention,
        }))
    };
    assert_eq!(from_february("SD"), ["02-29=58", "03-29=30", "04-29=30", "05-29=30", "06-29=30", "07-01=2"]);
    assert_eq!(from_february("EOM"), ["02-29=58", "03-31=31", "04-30=30", "05-31=30", "06-30=30", "07-01=1"]);
    // Days are not months: the convention has no say.
    let by_days = json!({
        "cycleAnchorDateOfInterestPayment": "2020-02-29", "cycleOfInterestPayment": "P60DL1",
        "endOfMonthConvention": "EOM",
    });
    assert_eq!(dates(&by_days), ["02-29=58", "04-29=60", "06-28=59", "07-01=3"]);
    // The 31st comes back after shorter months.
    let from_january = json!({
        "cycleAnchorDateOfInterestPayment": "2020-01-31", "cycleOfInterestPayment": "P1ML1",
    });
    assert_eq!(
        dates(&from_january),
        ["01-31=29", "02-29=29", "03-31=31", "04-30=30", "05-31=30", "06-30=30", "07-01=1"]
    );
}

#[test]
fn days_off_shift_an_event_before_or_after_its_calculation() {
    // 29 February 2020 was a Saturday, 1 March a Sunday.
    for (convention, paid) in [
        ("NOS", "02-29=58"),
        ("SCF", "03-02=61"),
        ("CSF", "03-02=58"),
        ("SCMF", "02-28=57"),
        ("CSMF", "02-28=58"),
        ("SCP", "02-28=57"),
        ("CSP", "02-28=58"),
        ("SCMP", "02-28=57"),
    ] {
        let first = dates(&json!({
            "cycleAnchorDateOfInterestPayment": "2020-02-29", "calendar": "MF",
            "businessDayConvention": convention,
        }));
        assert_eq!(first.first().unwrap(), paid, "{convention}");
    }
    let from_sunday = |convention: &str| {
        let all = dates(&json!({
            "cycleAnchorDateOfInterestPayment": "2020-03-01", "calendar": "MF",
            "businessDayConvention": convention,
        }));
        all.first().unwrap().clone()
    };
    assert_eq!(from_sunday("SCP"), "02-28=57");
    assert_eq!(from_sunday("SCMP"), "03-02=61");
    assert_eq!(from_sunday("CSMP"), "03-02=60");
}

#[test]
fn a_year_fraction_is_counted_as_agreed() {
    for (convention, from, to, numerator, denominator) in [
        ("AA", "2019-12-01", "2020-02-01", 31.0 / 365.0 + 31.0 / 366.0, 1.0),
        ("AA", "2018-07-01", "2021-07-01", 184.0 / 365.0 + 2.0 + 181.0 / 365.0, 1.0),
        ("A/360", "2020-01-31", "2020-03-01", 30.0, 360.0),
        ("A365", "2020-01-31", "2020-03-01", 30.0, 365.0),
        ("A336", "2020-01-31", "2020-03-01", 30.0, 336.0),
        ("30E360", "2020-01-31", "2020-02-29", 29.0, 360.0),
        ("30E360ISDA", "2020-01-31", "2020-02-29", 30.0, 360.0),
        ("28E336", "2020-01-31", "2020-03-01", 29.0, 336.0),
        ("B252", "2020-02-28", "2020-03-03", 2.0, 252.0),
    ] {
        let document = json!({ "terms": {
            "contractType": "PAM", "contractRole": "RPA", "statusDate": "2000-01-01", "calendar": "MF",
            "initialExchangeDate": from, "maturityDate": "2030-01-01", "nominalInterestRate": 1,
            "notionalPrincipal": 1, "dayCountConvention": convention, "cycleAnchorDateOfInterestPayment": to,
        } });
        let instrument = Instrument::read(document.as_object().unwrap()).unwrap();
        let until: Date = to.parse().unwrap();
        let events = instrument.events(until.at(0, 0, 0, 0)).unwrap();
        let payoff = events.last().unwrap().payoff;
        assert!((payoff - numerator / denominator).abs() < 1e-14, "{convention}: {payoff}");
    }
}

#[test]
fn the_last_second_of_a_day_is_the_midnight_after_it() {
    let document = json!({ "terms": {
        "contractType": "PAM", "contractRole": "RPA", "statusDate": "2019-12-31", "notionalPrincipal": 365,
        "initialExchangeDate": "2020-01-01", "maturityDate": "2020-01-31T23:59:59", "nominalInterestRate": 1,
        "dayCountConvention": "A365",
    } });
    let instrument = Instrument::read(document.as_object().unwrap()).unwrap();
    let events = instrument.events("2021-01-01T00:00:00".parse().unwrap()).unwrap();
    assert_eq!(events.get(1).unwrap().payoff, 31.0);
}

#[test]
fn periods_and_cycles_are_read_strictly() {
    let start: Date = "2026-01-31".parse().unwrap();
    for (text, after) in [
        ("P1M", "2026-02-28"),
        ("P1Q", "2026-04-30"),
        ("P1H", "2026-07-31"),
        ("P1Y6M", "2027-07-31"),
        ("P2W", "2026-02-14"),
        ("P0D", "2026-01-31"),
    ] {
        let time = Period::parse(text).unwrap().after(start.at(0, 0, 0, 0), 1).unwrap();
        assert_eq!(time.date().to_string(), after, "{text}");
    }
    for text in ["", "P", "1M", "P1", "PM", "P1S", "P-1M", "P999999999Y", "P1.5M"] {
        assert_eq!(Period::parse(text), None, "{text}");
    }
    assert!(Cycle::parse("P1ML0").unwrap().long_stub);
    assert!(!Cycle::parse("P1ML1").unwrap().long_stub);
    assert!(!Cycle::parse("P1M").unwrap().long_stub);
    for text in ["P0DL1", "P1ML2", "P1ML", "L1"] {
        assert_eq!(Cycle::parse(text), None, "{text}");
    }
    assert_eq!(BusinessDay::parse("SFC"), None);
    assert_eq!(DayCount::parse("A364"), None);
}
