//! The published schema says what a deal file may hold, no more and no less: it is held to the parser.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use contract::{DEAL_SCHEMA, Deal};
use serde_json::Value;
use std::collections::BTreeSet;

const HEAD: &str = "schema = \"offtake.contract/1\"\nid = \"x\"\nversion = 1\nknown_from = 2026-01-01\n\
                    effective = { from = 2026-01-01 }\ncurrency = \"USD\"\n";
const PARTY: &str = "[[party]]\nid = \"p\"\n";
const TRANCHE: &str = "[[tranche]]\nid = \"t\"\namount = \"1\"\nwhen = \"at_signing\"\n";
const COMMITMENT: &str = "[[commitment]]\nid = \"c\"\n";
const CAPACITY: &str = "[[capacity]]\nid = \"g\"\nunit = \"GW\"\n";

/// Each table of the schema, and a file's text up to where its fields stand.
fn tables() -> Vec<(&'static str, String)> {
    let after = |text: &str| format!("{HEAD}{PARTY}{text}");
    vec![
        ("", HEAD.to_owned()),
        (
            "effective",
            format!("{}{PARTY}[effective]\n", HEAD.replace("effective = { from = 2026-01-01 }\n", "")),
        ),
        ("law", after("[law]\n")),
        ("party", format!("{HEAD}[[party]]\n")),
        ("related", after("[[party.related]]\n")),
        ("investment", after("[[investment]]\n")),
        ("facility", after("[[facility]]\n")),
        ("metric", after("[metric.m]\n")),
        ("revenue_share", after("[[revenue_share]]\n")),
        ("tranche", after("[[tranche]]\n")),
        ("price", after(&format!("{TRANCHE}[tranche.price]\n"))),
        ("convertible", after(&format!("{TRANCHE}[tranche.convertible]\n"))),
        ("window", after(&format!("{TRANCHE}[tranche.window]\n"))),
        ("evidence", after(&format!("{TRANCHE}[tranche.evidence]\n"))),
        ("signoff", after(&format!("{TRANCHE}[tranche.signoff]\n"))),
        ("vesting_step", after(&format!("{TRANCHE}[[tranche.vests]]\n"))),
        ("vests_on", after(&format!("{TRANCHE}[tranche.vests_on]\n"))),
        ("commitment", after("[[commitment]]\n")),
        ("year_minimum", after(&format!("{COMMITMENT}[[commitment.schedule]]\n"))),
        ("excess", after(&format!("{COMMITMENT}[commitment.excess]\n"))),
        ("shortfall", after(&format!("{COMMITMENT}[commitment.shortfall]\n"))),
        ("eligible", after(&format!("{COMMITMENT}[[commitment.eligible]]\n"))),
        ("discount", after(&format!("{COMMITMENT}[[commitment.discounts]]\n"))),
        ("price_protection", after(&format!("{COMMITMENT}[commitment.price_protection]\n"))),
        ("most_favoured", after(&format!("{COMMITMENT}[commitment.price_protection.mfn]\n"))),
        ("capacity", after("[[capacity]]\n")),
        ("ramp_step", after(&format!("{CAPACITY}[[capacity.ramp]]\n"))),
        ("take_or_pay", after(&format!("{CAPACITY}[capacity.take_or_pay]\n"))),
        ("late", after(&format!("{CAPACITY}[capacity.late]\n"))),
        ("identified_asset", after(&format!("{CAPACITY}[capacity.identified_asset]\n"))),
        ("burst", after(&format!("{CAPACITY}[capacity.burst]\n"))),
        ("covenant", after("[[covenant]]\n")),
        ("watch", after("[[watch]]\n")),
        ("reclaim", after("[[reclaim]]\n")),
        ("termination", after("[termination]\n")),
        ("convenience", after("[termination.customer_convenience]\n")),
        ("data_act", after("[termination.eu_data_act]\n")),
        ("exit_cost", after("[[termination.exit]]\n")),
        ("signoff_keys", after("[signoff]\n")),
    ]
}

fn schema() -> Value {
    serde_json::from_str(DEAL_SCHEMA).unwrap()
}

fn table<'a>(schema: &'a Value, name: &str) -> &'a Value {
    if name.is_empty() { schema } else { &schema["$defs"][name] }
}

/// The words in backticks.
fn quoted(message: &str) -> impl Iterator<Item = String> {
    message.split('`').skip(1).step_by(2).map(str::to_owned)
}

#[test]
fn the_schema_has_the_parsers_fields() {
    let schema = schema();
    for (name, text) in tables() {
        let message = Deal::parse(&format!("{text}zzz = 1\n")).unwrap_err().to_string();
        assert!(message.starts_with("unknown field `zzz`, expected"), "{name}: {message}");
        let known: BTreeSet<String> = quoted(&message).skip(1).collect();
        let properties = table(&schema, name)["properties"].as_object().unwrap();
        assert_eq!(properties.keys().cloned().collect::<BTreeSet<_>>(), known, "{name}");
    }
}

/// A value that the parser takes for a field of the schema.
fn value(about: &Value) -> String {
    if let Some(words) = about["enum"].as_array() {
        return words[0].to_string();
    }
    match (about["$ref"].as_str(), about["type"].as_str(), about["format"].as_str()) {
        (Some("#/$defs/decimal"), ..) => "\"1\"".to_owned(),
        (_, Some("string"), Some("date")) => "2026-01-02".to_owned(),
        (_, Some("integer"), _) => "1".to_owned(),
        (_, Some("boolean"), _) => "true".to_owned(),
        (_, Some("array"), _) => "[\"p:x\"]".to_owned(),
        (_, Some("object"), _) => "{}".to_owned(),
        _ => "\"p\"".to_owned(),
    }
}

#[test]
fn the_schema_requires_what_the_parser_requires() {
    let schema = schema();
    for (name, mut text) in tables().into_iter().filter(|(name, _)| !name.is_empty()) {
        let mut required = BTreeSet::new();
        while let Err(error) = Deal::parse(&text) {
            let message = error.to_string();
            let Some(field) = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next())
            else {
                break;
            };
            text += &format!("{field} = {}\n", value(&table(&schema, name)["properties"][field]));
            assert!(required.insert(field.to_owned()), "{name}: {message}");
        }
        let listed = table(&schema, name)["required"].as_array().cloned().unwrap_or_default();
        let listed: BTreeSet<String> =
            listed.iter().map(|field| field.as_str().unwrap().to_owned()).collect();
        assert_eq!(listed, required, "{name}");
    }
    let listed: BTreeSet<&str> =
        schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let mandatory = ["schema", "id", "version", "known_from", "effective", "currency", "party"];
    assert_eq!(listed, mandatory.into_iter().collect());
}

#[test]
fn every_table_is_closed_and_described() {
    let schema = schema();
    for (name, _) in tables() {
        let table = table(&schema, name);
        assert_eq!(table["additionalProperties"], false, "{name}");
        for (field, about) in table["properties"].as_object().unwrap() {
            assert!(about["description"].as_str().is_some_and(|text| text.ends_with('.')), "{name}.{field}");
        }
    }
    let all = schema["$defs"].as_object().unwrap().iter().filter(|(_, about)| about["type"] == "object");
    let all: BTreeSet<&str> = all.map(|(name, _)| name.as_str()).collect();
    let checked = tables().into_iter().map(|(name, _)| name).filter(|name| !name.is_empty());
    assert_eq!(all, checked.collect(), "no table goes unchecked");
    for name in DEAL_SCHEMA.split("\"#/$defs/").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(schema["$defs"][name].is_object(), "{name}");
    }
}
