//! How an evaluation looks: terminal, Markdown, JSON, and a tranche explained.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use contract::Evaluation;
use contract::render::evaluation;
use support::*;

fn deal() -> String {
    format!(
        r#"schema = "offtake.contract/1"
id = "lab-cloud"
title = "Lab and Cloud"
version = 1
known_from = 2026-01-01
effective = {{ from = 2026-01-01, to = 2029-01-01 }}
currency = "USD"
[[party]]
id = "cloud"
roles = ["vendor", "investor"]
[[party]]
id = "lab"
roles = ["customer", "issuer"]
[metric.arr_usd]
kind = "money"
source = "attested"
attestor = "lab-auditor"
[metric.gw]
kind = "power_gw"
source = "metered"
[[tranche]]
id = "T1"
title = "At signing"
amount = "5e9"
when = "at_signing"
[[tranche]]
id = "T2"
title = "Revenue of a year"
amount = "5e9"
when = "arr_usd >= 40e9 and gw >= 0.5"
signoff = {{ need = ["cloud:cfo", "lab:cfo"] }}
[[tranche]]
id = "T3"
amount = "1e9"
when = "arr_usd >= 90e9"
after = ["T2"]
[[commitment]]
id = "aws"
total = "18e9"
schedule = [{{ y = 1, min = "4e9" }}, {{ y = 2, min = "6e9" }}, {{ y = 3, min = "8e9" }}]
discounts = [{{ upto_year_min = true, rate = "0.10" }}, {{ above = true, rate = "0.15" }}]
[[capacity]]
id = "trn"
unit = "GW"
metric = "gw"
ramp = [{{ by = 2026-12-31, at_least = "0.9" }}]
[[covenant]]
id = "portability"
rule = "portability_tested_share(30 days) >= 0.60"
severity = "report"
[termination]
vendor_cause = ["payment_default > 60 days"]
customer_convenience = {{ after = 2028-01-01, notice_days = 90, fee = "0.5 * pv(remaining_minimums, rate=0.08)" }}
[signoff]
keys = {{ "cloud:cfo" = "{}", "lab:cfo" = "{}", "lab-auditor" = "{}" }}
"#,
        public("cloud:cfo"),
        public("lab:cfo"),
        public("lab-auditor"),
    )
}

fn evaluated() -> Evaluation {
    let gw = |value: &str, day: &str| {
        format!(
            r#"{{"metric":"gw","value":"{value}","unit":"GW","effective_at":"{day}","recorded_at":"{day}","source":"meter","id":"gw-{day}"}}"#
        )
    };
    let facts = [
        arr("41e9", "2026-06-30", "2026-07-20"),
        gw("0.6", "2026-05-01"),
        signoff("T2", "cloud:cfo", "accept", "2026-07-25"),
        funded("T1", "5e9", "2026-01-02"),
        spend("5e9", "2026-06-01", r#""provider":"cloud""#),
        spend("1234567.891", "2027-02-01", r#""provider":"cloud""#),
        gw("0.8", "2026-12-01"),
        r#"{"metric":"arr_usd","value":"99e9","unit":"USD","effective_at":"2027-01-01","recorded_at":"2027-01-02","source":"press"}"#.to_owned(),
    ];
    at(&deal(), &facts, "2027-03-01", "2027-03-01")
}

#[test]
fn golden_terminal() {
    let text = evaluation::terminal(&evaluated());
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "no line is wider than 100 columns:\n{text}"
    );
    insta::assert_snapshot!(text);
}

#[test]
fn golden_markdown() {
    insta::assert_snapshot!(evaluation::markdown(&evaluated()));
}

#[test]
fn golden_json() {
    insta::assert_snapshot!(sorted(&evaluation::json(&evaluated())));
}

#[test]
fn golden_explain() {
    let evaluated = evaluated();
    let explained: Vec<String> =
        evaluated.tranches.iter().map(|status| evaluation::explain(&evaluated, status)).collect();
    insta::assert_snapshot!(explained.join("\n"));
}

#[test]
fn what_facts_say_cannot_break_out() {
    let hostile = spend("1", "2026-06-01", r#""provider":"<script>""#).replace("bill", "\\u001b[31m|<b>");
    let evaluation = at(&deal(), &[hostile], "2027-03-01", "2027-03-01");
    let text = evaluation::terminal(&evaluation) + &evaluation::markdown(&evaluation);
    assert!(!text.contains('\u{1b}') && !text.contains("<b>"));
}

/// The same JSON with the names of each object in order, whichever order the writer keeps.
fn sorted(text: &str) -> String {
    fn sort(value: serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Object(fields) => {
                let fields: std::collections::BTreeMap<String, serde_json::Value> =
                    fields.into_iter().map(|(name, value)| (name, sort(value))).collect();
                serde_json::Value::Object(fields.into_iter().collect())
            }
            serde_json::Value::Array(items) => items.into_iter().map(sort).collect(),
            other => other,
        }
    }
    serde_json::to_string_pretty(&sort(serde_json::from_str(text).unwrap())).unwrap()
}
