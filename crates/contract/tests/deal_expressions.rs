//! Expressions of a deal file: read when it loads, each fault at its own bytes in the file, with the mend.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use contract::Deal;

const DEAL: &str = r#"schema = "offtake.contract/1"
id = "d"
version = 1
known_from = 2026-04-20
effective = { from = 2026-04-20, to = 2029-04-20 }
currency = "USD"
[[party]]
id = "cloud"
[[party]]
id = "lab"
[metric.arr_usd]
kind = "money"
source = "attested"
[metric.gw]
kind = "power_gw"
source = "metered"
[[tranche]]
id = "T1"
amount = "5"
when = "arr_usd >= 40e9 and gw >= 1.0"
[[tranche]]
id = "T2"
amount = "5"
when = "gw >= 2.0"
after = ["T1"]
vests = [{ when = "gw >= 3.0", share = "0.5" }]
signoff = { need = ["cloud:cfo"], silence = "dispute" }
expires = 2028-12-31
[[commitment]]
id = "c"
total = "300"
eligible = [{ where = 'channel == "market"', weight = "1" }]
price_protection = { list_increase_cap = "0.03/yr" }
[[capacity]]
id = "trn"
unit = "GW"
ceiling = "5"
ramp = [{ by = 2026-12-31, at_least = "1" }, { by = 2027-12-31, at_least = "2" }]
late = { per_week = "0.005 of fee", cap = "0.1" }
[[covenant]]
id = "k"
rule = "gw >= 0.5"
severity = "report"
[termination]
vendor_cause = ["sanctions", "the board so decides"]
customer_convenience = { after = 2027-04-20, notice_days = 90, fee = "0.5 * pv(remaining_minimums, rate=0.08)" }
[signoff]
keys = { "cloud:cfo" = "ed25519:..." }
"#;

/// Putting `new` for `old` is a fault exactly at `at`.
#[track_caller]
fn check(old: &str, new: &str, at: &str, message: &str) {
    assert_eq!(DEAL.matches(old).count(), 1, "`{old}` is there once");
    let text = DEAL.replacen(old, new, 1);
    let error = Deal::parse(&text).unwrap_err();
    assert_eq!(error.to_string(), message);
    assert!(!error.mend.is_empty(), "`{message}` has a mend");
    let span = error.span.clone().unwrap();
    assert_eq!(&text[span], at);
    let place = error.place(&text).unwrap();
    assert!(text.lines().nth(place.line - 1).unwrap().contains(at.lines().next().unwrap()));
}

#[test]
fn it_loads_as_it_is() {
    let deal = Deal::parse(DEAL).unwrap();
    assert!(deal.tranches.iter().all(|tranche| tranche.condition.is_some()));
    let causes = deal.termination.unwrap().vendor_cause;
    assert_eq!(causes.iter().map(|cause| cause.condition.is_some()).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn conditions_that_cannot_be() {
    check("and gw >= 1.0", "and ggw >= 1.0", "ggw", "there is no metric `ggw`");
    check("and gw >= 1.0", "and gw > arr_usd", "gw > arr_usd", "`>` does not fit power and money");
    check(
        "gw >= 2.0",
        "released(T2)",
        "\"T2\"",
        "this tranche waits, by way of `after` or `when`, for itself",
    );
    check(
        "and gw >= 1.0",
        "and released(T2)",
        "\"arr_usd >= 40e9 and released(T2)\"",
        "this tranche waits, by way of `after` or `when`, for itself",
    );
    check("gw >= 3.0", "met(T2)", "\"T2\"", "this tranche waits, by way of `after` or `when`, for itself");
    check(
        "\"gw >= 0.5\"",
        "\"covenant_breach(k) < 3 days\"",
        "\"covenant_breach(k) < 3 days\"",
        "this covenant waits, by way of its rule, for itself",
    );
}

#[test]
fn other_expressions() {
    check("channel == \"market\"", "channel = \"market\"", "=", "expected an operator, found `=`");
    check("rate=0.08", "rate=-1", "-1", "a rate of `-1` leaves nothing to discount");
    check("rate=0.08", "rate=-1.5", "-1.5", "a rate of `-1.5` leaves nothing to discount");
    check(
        "0.5 * pv",
        "gw * pv",
        "gw * pv(remaining_minimums, rate=0.08)",
        "`*` does not fit power and money",
    );
}

#[test]
fn rates_days_shares_and_keys() {
    check("0.03/yr", "-1.5/yr", "\"-1.5/yr\"", "a rate is `-1.5`");
    check("0.03/yr", "much", "\"much\"", "`much` is not a decimal number such as `3.00`");
    check(
        "by = 2027-12-31",
        "by = 2026-12-30",
        "{ by = 2026-12-30, at_least = \"2\" }",
        "`2026-12-30` does not come after `2026-12-31`",
    );
    check(
        "at_least = \"2\"",
        "at_least = \"0.5\"",
        "{ by = 2027-12-31, at_least = \"0.5\" }",
        "a later step is `0.5`",
    );
    check("at_least = \"2\"", "at_least = \"6\"", "{ by = 2027-12-31, at_least = \"6\" }", "a step is `6`");
    check("0.005 of fee", "little", "\"little\"", "`little` begins with no number");
    check("share = \"0.5\"", "share = \"1.5\"", "\"1.5\"", "a share is `1.5`");
    check(
        "after = 2027-04-20",
        "after = 2030-04-20",
        "2030-04-20",
        "`2029-04-20` does not come after `2030-04-20`",
    );
    check("ed25519:...", "ed25519:abc", "\"ed25519:abc\"", "`ed25519:abc` is no Ed25519 key");
    check("cloud:cfo\"], silence", "klaud:cfo\"], silence", "\"klaud:cfo\"", "there is no party `klaud`");
}
