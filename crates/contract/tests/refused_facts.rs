//! Facts that cannot be: each refused at its line with the mend, and nothing of its file used.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use contract::fact::Facts;
use contract::{Versions, evaluate};
use support::*;

fn deal() -> String {
    format!(
        "schema = \"offtake.contract/1\"\nid = \"d\"\nversion = 1\nknown_from = 2026-04-20\n\
         effective = {{ from = 2026-04-20, to = 2029-04-20 }}\ncurrency = \"USD\"\n\
         [[party]]\nid = \"cloud\"\n[[party]]\nid = \"lab\"\n\
         [metric.arr_usd]\nkind = \"money\"\nsource = \"attested\"\nattestor = \"lab-auditor\"\n\
         [metric.gw]\nkind = \"power_gw\"\nsource = \"metered\"\n\
         [metric.score]\nkind = \"ratio\"\nsource = \"public\"\n\
         [metric.chips]\nkind = \"count\"\nsource = \"metered\"\n\
         [[tranche]]\nid = \"T1\"\namount = \"5\"\nwhen = \"at_signing\"\n\
         [[tranche]]\nid = \"T2\"\namount = \"5\"\nwhen = \"score >= 0.9\"\nsignoff = {{ need = [\"cloud:cfo\"] }}\n\
         [signoff]\nkeys = {{ \"cloud:cfo\" = \"{}\", \"lab:cfo\" = \"ed25519:...\", \"lab-auditor\" = \"{}\" }}\n",
        public("cloud:cfo"),
        public("lab-auditor"),
    )
}

fn fact(metric: &str, value: &str, unit: &str, more: &str) -> String {
    format!(
        r#"{{"metric":"{metric}","value":"{value}","unit":"{unit}","effective_at":"2026-06-30","recorded_at":"2026-07-20","source":"x"{more}}}"#
    )
}

/// The second line is refused, with these words, at this part of it.
#[track_caller]
fn check(line: &str, at: &str, message: &str, mend: &str) {
    let deal = Versions::parse(&[&deal()]).unwrap();
    let text = format!("{}\n{line}\n{}\n", fact("gw", "1", "GW", ""), fact("gw", "2", "GW", ""));
    let faults = Facts::read(&deal, &[("facts.jsonl", &text)]).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    let error = &faults[0].1;
    assert_eq!((error.to_string().as_str(), error.mend.as_str()), (message, mend));
    assert_eq!(error.place(&text).unwrap().line, 2);
    let place = &text[error.span.clone().unwrap()];
    assert!(place.contains(at), "it points at {place}");
}

#[test]
fn names_and_units() {
    check(&fact("gww", "1", "GW", ""), "\"gww\"", "there is no metric `gww`", "did you mean `gw`?");
    check(
        &fact("temperature", "1", "K", ""),
        "\"temperature\"",
        "there is no metric `temperature`",
        "declare it in the deal file: `[metric.temperature]`",
    );
    check(
        &fact("gw", "1", "USD", ""),
        "\"USD\"",
        "`gw` is not measured in `USD`",
        "write power in `GW` or `MW`",
    );
    check(
        &fact("list_spend", "1", "EUR", ""),
        "\"EUR\"",
        "`list_spend` is not measured in `EUR`",
        "the deal is in USD",
    );
    check(
        &fact("chips", "1", "USD", ""),
        "\"USD\"",
        "`chips` is not measured in `USD`",
        "write what is counted, such as `chips`",
    );
    check(
        &fact("score", "1", "GW", ""),
        "\"GW\"",
        "`score` is not measured in `GW`",
        "write a share as `ratio` or `%`",
    );
    check(
        r#"{"signoff":"T9","by":"cloud:cfo","decision":"accept","recorded_at":"2026-07-25"}"#,
        "T9",
        "there is no tranche `T9`",
        "did you mean `T1`?",
    );
    check(
        &funded("T1", "6", "2026-07-25"),
        "funded",
        "its payments add up to 6, more than 5",
        "`T1` is 5 USD",
    );
    check(
        r#"{"funded":"T1","amount":"1","unit":"EUR","recorded_at":"2026-07-25"}"#,
        "EUR",
        "it is in `EUR`",
        "the deal is in USD",
    );
}

#[test]
fn signatures() {
    let forged = arr("41", "2026-06-30", "2026-07-20").replace("\"41\"", "\"42\"");
    check(
        &forged,
        "==",
        "this is not the signature of `lab-auditor` over this line",
        "sign the line's RFC 8785 form without `signature`, with Ed25519, in base64",
    );
    let foreign = fact("arr_usd", "41", "USD", r#","attestor":"cloud:cfo""#);
    check(
        &signed(&foreign, "cloud:cfo"),
        "==",
        "it is signed by `cloud:cfo`",
        "`arr_usd` is attested by `lab-auditor`",
    );
    let stranger = r#"{"signoff":"T2","by":"evil:cfo","decision":"accept","recorded_at":"2026-07-25"}"#;
    check(
        &signed(stranger, "evil:cfo"),
        "==",
        "`evil:cfo` is nobody whose signature counts",
        "the deal file has no key of `evil:cfo` in `[signoff] keys`",
    );
    check(
        &signed(&stranger.replace("evil", "lab"), "lab:cfo"),
        "==",
        "the key of `lab:cfo` is still to be filled in",
        "put the key of `lab:cfo` into the deal file's `[signoff] keys`",
    );
    let other =
        r#"{"signoff":"T2","by":"cloud:cfo","decision":"accept","recorded_at":"2026-07-25","contract":"00"}"#;
    check(
        &signed(other, "cloud:cfo"),
        "\"00\"",
        "there is no version with the hash `00`",
        "it signs another contract than this",
    );
}

#[test]
fn one_name_for_two_things_and_corrections_of_nothing() {
    let two = format!(
        "{}\n{}",
        fact("chips", "1", "chips", r#","id":"a""#),
        fact("chips", "2", "chips", r#","id":"a""#)
    );
    let deal = Versions::parse(&[&deal()]).unwrap();
    let refuse = |text: &str| Facts::read(&deal, &[("f", text)]).unwrap_err().remove(0).1;
    let error = refuse(&two);
    assert_eq!(
        (error.to_string().as_str(), error.place(&two).unwrap().line),
        ("there is a second line `a`", 2)
    );
    // Which of the two is sorted first does not matter: the later line of the file is the second.
    let turned: Vec<&str> = two.lines().rev().collect();
    let turned = turned.join("\n");
    assert_eq!(refuse(&turned).place(&turned).unwrap().line, 2);
    for (more, said) in [
        (r#","replaces":"nothing""#, "there is no fact `nothing`"),
        (r#","id":"b","replaces":"b""#, "it replaces `b`, which was put on record no earlier"),
        (r#","replaces":"g""#, "it replaces `g`, which is of another metric"),
    ] {
        let text =
            format!("{}\n{}", fact("gw", "1", "GW", r#","id":"g""#), fact("chips", "1", "chips", more));
        let error = refuse(&text);
        assert_eq!((error.to_string().as_str(), error.place(&text).unwrap().line), (said, 2));
        assert!(!error.mend.is_empty());
    }
    let same = format!(
        "{}\n{}",
        fact("chips", "1", "chips", r#","id":"a""#),
        fact("chips", "1", "chips", r#","id":"a""#)
    );
    assert_eq!(
        Facts::read(&deal, &[("f", &same)]).unwrap().lines().len(),
        1,
        "the same line again is no second one"
    );
}

#[test]
fn corrections_may_be_many_and_never_lead_back() {
    let deal = Versions::parse(&[&deal()]).unwrap();
    let correct =
        |id: usize, old: usize| fact("gw", "1", "GW", &format!(r#","id":"c{id}","replaces":"c{old}""#));
    let first = fact("gw", "1", "GW", r#","id":"c0""#);
    let chain: Vec<String> = std::iter::once(first).chain((1..5_000).map(|id| correct(id, id - 1))).collect();
    assert_eq!(Facts::read(&deal, &[("f", &chain.join("\n"))]).unwrap().lines().len(), 5_000);
    // Three of a circle, and one that only leads into it.
    let circle = [correct(1, 2), correct(2, 3), correct(3, 1), correct(4, 1)].join("\n");
    let faults = Facts::read(&deal, &[("f", &circle)]).unwrap_err();
    let earlier = faults.iter().filter(|(_, error)| error.to_string().contains("no earlier"));
    assert_eq!(earlier.count(), 3, "{faults:?}");
}

#[test]
fn all_files_are_read_or_none() {
    let deal = Versions::parse(&[&deal()]).unwrap();
    let (good, bad) = (fact("gw", "1", "GW", ""), fact("gw", "1", "K", ""));
    let faults = Facts::read(&deal, &[("a", &good), ("b", &bad), ("c", &bad)]).unwrap_err();
    assert_eq!(faults.iter().map(|(file, _)| *file).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn what_is_not_proved_does_not_count() {
    let deal = Versions::parse(&[&deal()]).unwrap();
    let document = r#","url":"https://example.org/r.pdf","document_sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855""#;
    let counts = |line: &str| {
        let facts = Facts::read(&deal, &[("f", line)]).unwrap();
        let at = "2026-08-01".parse().unwrap();
        evaluate(&deal, &facts, at, at).unwrap().ignored.first().map(|(_, why)| *why)
    };
    assert_eq!(counts(&fact("score", "95", "%", document)), None);
    assert_eq!(
        counts(&fact("score", "95", "%", "")),
        Some("it cites no document: `url` and `document_sha256`")
    );
    assert_eq!(counts(&fact("arr_usd", "1", "USD", "")), Some("it is not signed by the metric's attestor"));
    assert_eq!(counts(&arr("1", "2026-06-30", "2026-07-20")), None);
}
