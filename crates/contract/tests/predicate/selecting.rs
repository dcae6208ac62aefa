//! Selectors over attributes, covenants of either sort, and the expressions that deals are written with.

use crate::world::{at, facts, vocabulary};
use contract::predicate::{Attributes, Condition, Covenant, Formula, Kleene, Selector};

const YES: Kleene<bool> = Kleene::YES;
const NO: Kleene<bool> = Kleene::NO;
const UNKNOWN: Kleene<bool> = Kleene::UNKNOWN;

fn attributes(pairs: &str) -> Attributes {
    let each = pairs.split(';').filter_map(|pair| pair.split_once('='));
    each.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}

fn check(text: &str, pairs: &str, expected: Kleene<bool>) {
    let selector = Selector::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    assert_eq!(selector.admits(&attributes(pairs)), expected, "{text} | {pairs}");
}

#[test]
fn a_missing_attribute_never_matches() {
    let text = "provider == \"cloudco\" and sku.family != \"support\"";
    check(text, "provider=cloudco; sku.family=compute", YES);
    check(text, "provider=cloudco; sku.family=support", NO);
    check(text, "provider=cloudco", UNKNOWN);
    check(text, "provider=other", NO);
    check("charge == \"tax\"", "", UNKNOWN);
    check("not charge == \"tax\"", "", UNKNOWN);
    check("charge != \"tax\"", "", UNKNOWN);
    check("charge not in [\"tax\"]", "", UNKNOWN);
    check("charge == \"tax\" or channel == \"marketplace\"", "channel=marketplace", YES);
}

#[test]
fn lists_flags_quotes_and_odd_names() {
    check("region in [\"eu-central-1\", 'eu-west-1']", "region=eu-west-1", YES);
    check("region not in [\"eu-central-1\", 'eu-west-1']", "region=eu-west-1", NO);
    check("region in []", "region=eu-west-1", NO);
    check("batch", "batch=true", YES);
    check("not batch", "batch=false", YES);
    check("batch", "batch=perhaps", UNKNOWN);
    check("`aws:createdBy` == \"a \\\"b\\\"\"", "aws:createdBy=a \"b\"", YES);
    check("`in` == 'x' && !(sku-family == \"y\")", "in=x; sku-family=z", YES);
    check("serve.region == tenant.region", "serve.region=eu; tenant.region=eu", YES);
    check("serve.region == tenant.region", "serve.region=eu", UNKNOWN);
    check("true", "", YES);
}

#[test]
fn a_rule_of_residency_speaks_of_calls() {
    let text = r#"tenant.region == "EU" => serve.region in ["eu-central-1","eu-west-1"]"#;
    let Ok(Covenant::Calls(rule)) = Covenant::parse(text, &vocabulary()) else { panic!("{text}") };
    assert_eq!(rule.attributes(), ["tenant.region", "serve.region"]);
    for (pairs, expected) in [
        ("tenant.region=EU; serve.region=eu-west-1", YES),
        ("tenant.region=EU; serve.region=us-east-2", NO),
        ("tenant.region=US; serve.region=us-east-2", YES),
        ("tenant.region=EU", UNKNOWN),
        ("serve.region=eu-west-1", YES),
    ] {
        assert_eq!(rule.admits(&attributes(pairs)), expected, "{pairs}");
    }
}

#[test]
fn a_rule_of_shares_speaks_of_the_deal() {
    for text in [
        "portability_tested_share(30 days) >= 0.60",
        "silicon_share(trainium, quarter) >= 50%",
        "provider_share(\"cloud co\", contract_year) >= 0.8",
        "not sanctions",
        "arr_usd > 0",
    ] {
        assert!(matches!(Covenant::parse(text, &vocabulary()), Ok(Covenant::Deal(_))), "{text}");
    }
}

#[test]
fn a_clause_that_is_no_expression_is_prose() {
    for (text, expected) in [
        ("payment_default > 60 days", true),
        ("payment_defualt > 60 days", true),
        ("sanctions", true),
        ("residency_breach unsolved > 30 days", false),
        ("a change of control", false),
        ("", false),
    ] {
        assert_eq!(Condition::is_expression(text), expected, "{text}");
    }
}

/// The sample term sheet's own expressions.
#[test]
fn the_sample_term_sheet_reads() {
    let known = vocabulary();
    for text in [
        "arr_usd @ quarter_end(2026-06-30) >= 40e9",
        "trainium_gw_online >= 1.0 for 30 days and not in_default(labco)",
        "payment_default > 60 days",
        "sanctions",
        "capacity_late > 26 weeks",
    ] {
        assert!(Condition::parse(text, &known).is_ok(), "{text}");
    }
    for text in [
        r#"charge == "tax""#,
        r#"channel == "marketplace""#,
        r#"provider == "cloudco" and sku.family != "support""#,
    ] {
        assert!(Selector::parse(text).is_ok(), "{text}");
    }
    assert!(Formula::parse("0.50 * pv(remaining_minimums, rate=0.08) + clawback(discounts)", &known).is_ok());
}

/// E09: what was true of which knowledge date. T2 was met when the first figure was known, and is below its
/// mark once that is restated; a quarter's figure never stands in for another's.
#[test]
fn worked_example_e09_as_knowledge_grows() {
    let conditions = [
        "arr_usd @ 2026-06-30 >= 40e9",
        "arr_usd @ 2026-09-30 >= 50e9",
        "trainium_gw_online @ 2026-12-31 >= 1.0",
        "arr_usd @ 2027-06-30 >= 100e9",
    ];
    let first = "arr_usd 2026-03-31 30e9; arr_usd 2026-06-30 41e9";
    let restated = "arr_usd 2026-03-31 30e9; arr_usd 2026-06-30 38.5e9";
    let third = format!("{restated}; arr_usd 2026-09-30 55e9");
    let last = format!("{third}; trainium_gw_online 2026-12-31 0.9");
    for (known, as_of, expected) in [
        (first, "2026-07-22", [YES, UNKNOWN, UNKNOWN, UNKNOWN]),
        (restated, "2026-09-15", [NO, UNKNOWN, UNKNOWN, UNKNOWN]),
        (third.as_str(), "2026-11-01", [NO, YES, UNKNOWN, UNKNOWN]),
        (last.as_str(), "2027-02-01", [NO, YES, NO, UNKNOWN]),
    ] {
        let truths = conditions
            .map(|text| Condition::parse(text, &vocabulary()).unwrap().truth(&facts(known), at(as_of)));
        assert_eq!(truths, expected, "{as_of}");
    }
}
