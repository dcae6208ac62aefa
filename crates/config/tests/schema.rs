//! The published schema says what the file may hold, no more and no less: it is held to the parser.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Each table of the schema, and the headers that open one in a file. `""` is the file itself.
const TABLES: [(&str, &str); 29] = [
    ("", ""),
    ("listen", "[listen]"),
    ("data", "[data]"),
    ("identity", "[identity]"),
    ("key", "[[identity.key]]"),
    ("access_key", "[[identity.access_key]]"),
    ("issuer", "[[identity.issuer]]"),
    ("aws", "[[identity.aws]]"),
    ("sts", "[identity.sts]"),
    ("spiffe", "[[identity.spiffe]]"),
    ("retention", "[retention]"),
    ("keep", "[retention]\nkey = \"env:X\"\ncountry = \"DE\"\n[[retention.keep]]"),
    ("tls", "[listen.tls]"),
    ("token", "[identity.token]"),
    ("policy", "[policy]"),
    ("residency", "[residency]"),
    ("residency_organisation", "[[residency.organisation]]"),
    ("owner", "[[residency.organisation]]\nname = \"x\"\n[[residency.organisation.owners]]"),
    ("basis", "[[residency.basis]]"),
    ("backend", "[[backend]]"),
    ("model", "[[model]]"),
    ("price", "[[price]]"),
    ("contract", "[[contract]]"),
    ("portal", "[portal]"),
    ("playground", "[portal.playground]"),
    ("login", "[portal.login]"),
    ("forwarded", "[portal.forwarded]"),
    ("role", "[portal.forwarded]\nkind = \"x\"\n[[portal.forwarded.role]]"),
    ("telemetry", "[telemetry]"),
];

fn schema() -> Value {
    serde_json::from_str(config::SCHEMA).unwrap()
}

fn table<'a>(schema: &'a Value, name: &str) -> &'a Value {
    if name.is_empty() { schema } else { &schema["$defs"][name] }
}

fn properties(table: &Value) -> BTreeSet<String> {
    table["properties"].as_object().unwrap().keys().cloned().collect()
}

/// The parser's complaint about `text`, or nothing.
fn complaint(text: String) -> Option<String> {
    let problems = config::File::parse(Path::new("offtake.toml"), text).err()?;
    Some(problems.list.first().unwrap().message.clone())
}

/// The words in backticks.
fn quoted(message: &str) -> impl Iterator<Item = String> {
    message.split('`').skip(1).step_by(2).map(str::to_owned)
}

#[test]
fn the_schema_has_the_parsers_fields() {
    let schema = schema();
    for (name, header) in TABLES {
        let message = complaint(format!("{header}\nzzz = 1\n")).unwrap();
        assert!(message.starts_with("unknown field `zzz`, expected"), "{name}: {message}");
        let known: BTreeSet<String> = quoted(&message).skip(1).collect();
        assert_eq!(properties(table(&schema, name)), known, "{name}");
    }
}

#[test]
fn the_schema_requires_what_the_parser_requires() {
    let schema = schema();
    for (name, header) in TABLES {
        let mut text = format!("{header}\n");
        let mut required = BTreeSet::new();
        while let Some(message) = complaint(text.clone()) {
            let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
            let field = missing.unwrap_or_else(|| panic!("{name}: {message}")).to_owned();
            let list = table(&schema, name)["properties"][&field]["type"] == "array";
            text += &format!("{field} = {}\n", if list { "[\"x\"]" } else { "\"x\"" });
            assert!(required.insert(field), "{name}: {message}");
        }
        let listed = table(&schema, name)["required"].as_array().cloned().unwrap_or_default();
        let listed: BTreeSet<String> =
            listed.iter().map(|field| field.as_str().unwrap().to_owned()).collect();
        assert_eq!(listed, required, "{name}");
    }
}

#[test]
fn every_table_is_closed_and_every_field_described() {
    let schema = schema();
    for (name, _) in TABLES {
        let table = table(&schema, name);
        assert_eq!(table["additionalProperties"], false, "{name}");
        for (field, about) in table["properties"].as_object().unwrap() {
            assert!(about["description"].as_str().is_some_and(|text| text.ends_with('.')), "{name}.{field}");
        }
    }
}

/// A table that the list above does not know would go unchecked.
#[test]
fn no_table_of_the_schema_is_left_out() {
    let schema = schema();
    let tables = schema["$defs"].as_object().unwrap().iter().filter(|(_, about)| about["type"] == "object");
    let tables: BTreeSet<&str> = tables.map(|(name, _)| name.as_str()).collect();
    let checked: BTreeSet<&str> =
        TABLES.iter().map(|(name, _)| *name).filter(|name| !name.is_empty()).collect();
    assert_eq!(tables, checked);
}

#[test]
fn references_lead_somewhere() {
    let schema = schema();
    let references = config::SCHEMA.split("\"#/$defs/").skip(1).filter_map(|rest| rest.split('"').next());
    for name in references {
        assert!(schema["$defs"][name].is_object(), "{name}");
    }
}
