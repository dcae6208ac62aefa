//! Lines of facts: what is written reads back, and each fault is told at its line with the mend.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use contract::Decimal;
use contract::fact::{Fact, Line, read};
use proptest::prelude::*;
use units::Timestamp;

const ARR: &str = r#"{"metric":"arr_usd","value":"41e9","unit":"USD","effective_at":"2026-06-30","recorded_at":"2026-07-20T09:30:00Z","source":"auditor","attributes":{"channel":"direct","sku":{"family":"compute","tier":2}},"id":"a1"}"#;

#[track_caller]
fn only(text: &str) -> Line {
    let mut entries = read(text).unwrap();
    assert_eq!(entries.len(), 1);
    entries.remove(0).line
}

#[test]
fn the_three_kinds_are_read() {
    let text = format!(
        "{ARR}\n\n  {}\r\n{}",
        r#"{"signoff":"T2","by":"cloudco:cfo","decision":"accept","recorded_at":"2026-07-25","signature":"x","reason":"met"}"#,
        r#"{"funded":"T2","amount":5000000000.00,"recorded_at":"2026-08-01T00:00:00Z"}"#
    );
    let entries = read(&text).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [1, 3, 4]);
    for entry in &entries {
        assert_eq!(text[entry.span.clone()].trim(), &text[entry.span.clone()]);
    }
    let Line::Fact(fact) = &entries[0].line else { panic!("a fact") };
    assert_eq!(fact.value, "41000000000".parse().unwrap());
    assert_eq!(fact.attributes["sku.family"], "compute");
    assert_eq!(fact.attributes["sku.tier"], "2");
    let Line::Funded(funded) = &entries[2].line else { panic!("a payment") };
    assert_eq!(funded.amount, "5e9".parse().unwrap());
    assert!(!entries[1].signed.contains("signature") && entries[1].signed.contains("\"reason\":\"met\""));
}

#[test]
fn numbers_are_kept_as_written() {
    for (written, value) in [
        ("0.1", "0.1"),
        ("123456789012345678901.000000000001", "123456789012345678901.000000000001"),
        ("1E3", "1000"),
        ("\"-2.50\"", "-2.5"),
    ] {
        let Line::Fact(fact) = only(&ARR.replace("\"41e9\"", written)) else { panic!("a fact") };
        assert_eq!(fact.value.to_string(), value);
    }
}

/// Putting `new` for `old` in [`ARR`] is a fault at line 2, where it points at `at`.
#[track_caller]
fn check(old: &str, new: &str, at: &str, message: &str, mend: &str) {
    let second = ARR.replace("\"a1\"", "\"a2\"");
    assert!(second.contains(old), "{old}");
    let text = format!("{ARR}\n{}\n", second.replacen(old, new, 1));
    let faults = read(&text).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!((faults[0].to_string().as_str(), faults[0].mend.as_str()), (message, mend));
    assert_eq!(faults[0].place(&text).map(|place| place.line), Some(2));
    let place = &text[faults[0].span.clone().unwrap()];
    assert!(place.contains(at), "it points at {place}");
}

#[test]
fn each_fault_has_its_place_and_mend() {
    check("\"value\":\"41e9\",", "", "metric", "missing field `value`", "add `value`");
    check("\"unit\":\"USD\",", "", "metric", "missing field `unit`", "add `unit`");
    check("\"source\"", "\"sorce\"", "metric", "unknown field `sorce`", "did you mean `source`?");
    check(
        "\"41e9\"",
        "\"much\"",
        "\"much\"",
        "`much` is not a decimal number such as `3.00`",
        "write a decimal number of at most twelve places",
    );
    check(
        "\"41e9\"",
        "true",
        "true",
        "`true` is not a decimal number such as `3.00`",
        "write a decimal number of at most twelve places",
    );
    check(
        "2026-06-30",
        "2026-08-01",
        "2026-08-01",
        "it was so at 2026-08-01T00:00:00.000000Z, after it was put on record at 2026-07-20T09:30:00.000000Z",
        "`recorded_at` is when it became known, which is not before `effective_at`",
    );
    check(
        "2026-06-30",
        "yesterday",
        "\"yesterday\"",
        "`yesterday` is not a date or time such as `2026-11-24` or `2026-11-24T09:00:00Z`",
        "write it as RFC 3339 does, with its offset from UTC",
    );
    check("\"arr_usd\"", "7", "7", "`metric` is no text", "put it in quotes");
    check(
        "\"metric\"",
        "\"metrics\"",
        "metrics",
        "this is neither a fact, a sign-off nor a payment",
        "add `metric`, `signoff` or `funded`",
    );
    check(
        "\"unit\"",
        "\"signoff\":\"T1\",\"unit\"",
        "metric",
        "this is more than one thing",
        "write a line for each",
    );
    check(
        "\"unit\"",
        "\"value\":1,\"unit\"",
        "metric",
        "this line is no JSON object: duplicate field `value`",
        "write one JSON object on one line",
    );
    check("\"a2\"", "\" \"", "\" \"", "`id` is empty", "name it, or leave it out");
    check(
        "\"id\"",
        "\"document_sha256\":\"00ff\",\"id\"",
        "00ff",
        "`document_sha256` is no SHA-256",
        "write its 64 hexadecimal digits",
    );
    check(
        "\"id\"",
        "\"n\":0.12345678901234567890,\"signature\":\"x\",\"id\"",
        "metric",
        "not every reader keeps the signed number `0.12345678901234567890` exact",
        "put it in quotes and sign again",
    );
}

#[test]
fn all_faults_are_told_and_nothing_is_read() {
    let faults = read("{\n{\"metric\":\"x\"}\n[]\n").unwrap_err();
    assert_eq!(faults.len(), 3);
}

#[test]
fn a_byte_order_mark_and_other_line_ends_are_no_fault() {
    let entries = read(&format!("\u{feff}{ARR}\r\n\r\n{ARR}\n")).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(entries[0].signed, entries[1].signed);
    let text = format!("\u{feff}{}", ARR.replace("\"value\"", "\"valu\""));
    let fault = read(&text).unwrap_err().remove(0);
    assert_eq!(text[fault.span.unwrap()].chars().next(), Some('{'));
}

#[test]
fn a_line_is_read_to_a_depth() {
    for (open, close) in [("{\"a\":", "}"), ("[", "]")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        for field in ["attributes", "more"] {
            let faults =
                read(&ARR.replace("\"attributes\":", &format!("\"{field}\":{deep},\"x\":"))).unwrap_err();
            assert_eq!(faults.len(), 1);
        }
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(text in "\\PC{0,80}", at in 0_usize..400, cut in 0_usize..400) {
        let _ = read(&text);
        let line: String = ARR.chars().take(at).chain(text.chars()).chain(ARR.chars().skip(cut)).collect();
        let _ = read(&line);
    }

    #[test]
    fn a_written_fact_reads_back(
        metric in "[a-z_]{1,12}",
        pico in any::<i64>(),
        at in 0_i64..4_000_000_000_000_000,
        later in 0_i64..1_000_000_000_000,
        attributes in prop::collection::btree_map("[a-z.]{1,8}", "\\PC{0,8}", 0..4),
        id in prop::option::of("\\PC{1,9}[a-z]"),
    ) {
        let at = (Timestamp::from_micros(at), Timestamp::from_micros(at + later));
        let mut fact = Fact::new(&metric, Decimal::from_pico(i128::from(pico)), "USD", at, "a \"test\"\n");
        (fact.attributes, fact.id) = (attributes, id);
        let line = fact.to_line();
        prop_assert_eq!(only(&line), Line::Fact(fact));
    }
}
