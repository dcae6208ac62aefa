//! The user's reference: every example in it reads and comes to what it says.

use crate::world::{at, facts, vocabulary};
use contract::predicate::{Condition, Covenant, Formula, Kleene, Selector, Vocabulary};
use std::collections::BTreeMap;
use toml::{Table, Value};

fn file(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The lines of fenced blocks, by the word after their fence.
fn blocks(text: &str) -> BTreeMap<String, Vec<String>> {
    let (mut found, mut open) = (BTreeMap::<String, Vec<String>>::new(), None);
    for line in text.lines() {
        match (line.strip_prefix("```"), &open) {
            (Some(word), None) => open = Some(word.to_owned()),
            (Some(_), Some(_)) => open = None,
            (None, Some(word)) => found.entry(word.clone()).or_default().push(line.to_owned()),
            (None, None) => {}
        }
    }
    found
}

/// An example, without the comment after it.
fn example(line: &str) -> Option<&str> {
    let text = line.split(" # ").next().unwrap_or_default().trim();
    (!text.is_empty()).then_some(text)
}

#[test]
fn every_example_in_the_reference_reads() {
    let blocks = blocks(&file("docs/conditions.md"));
    let known = vocabulary();
    let read = |word: &str, each: &dyn Fn(&str) -> Result<(), String>| {
        let lines = blocks.get(word).unwrap_or_else(|| panic!("no `{word}` block"));
        for text in lines.iter().filter_map(|line| example(line)) {
            each(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        }
    };
    read("condition", &|text| Condition::parse(text, &known).map(drop).map_err(|fault| fault.to_string()));
    read("selector", &|text| Selector::parse(text).map(drop).map_err(|fault| fault.to_string()));
    read("covenant", &|text| Covenant::parse(text, &known).map(drop).map_err(|fault| fault.to_string()));
    read("formula", &|text| Formula::parse(text, &known).map(drop).map_err(|fault| fault.to_string()));
    // A line `text | problem | mend`.
    read("refused", &|line| {
        let words: Vec<&str> = line.split(" | ").collect();
        let fault = Condition::parse(words[0], &known).err().ok_or("it reads")?;
        let said = [fault.to_string(), fault.mend];
        if said == words[1..] { Ok(()) } else { Err(format!("{said:?}")) }
    });
    // A line `condition | facts | as of | truth`.
    read("truth", &|line| {
        let words: Vec<&str> = line.split(" | ").map(str::trim).collect();
        let condition = Condition::parse(words[0], &known).map_err(|fault| fault.to_string())?;
        let truth = match condition.truth(&facts(words[1]), at(words[2])) {
            Kleene::YES => "true",
            Kleene::NO => "false",
            _ => "unknown",
        };
        if truth == words[3] { Ok(()) } else { Err(format!("is {truth}")) }
    });
}

/// The proof shown in the reference is the one there is.
#[test]
fn the_proof_in_the_reference_is_the_proof() {
    let text = file("docs/conditions.md");
    let condition = "trainium_gw_online >= 1.0 for 30 days and not in_default(labco)";
    let known = "trainium_gw_online 2027-01-01 1.2; trainium_gw_online 2027-02-10 0.9";
    let condition = Condition::parse(condition, &vocabulary()).unwrap();
    let shown = ["2027-02-05", "2027-02-20"].map(|day| condition.prove(&facts(known), at(day)).to_string());
    assert_eq!(blocks(&text).remove("proof").unwrap_or_default().join("\n"), shown.join("\n\n"));
}

/// Every expression in the presets reads.
#[test]
fn every_expression_in_the_presets_reads() {
    let mut read = 0;
    for entry in std::fs::read_dir(format!("{}/../../presets", env!("CARGO_MANIFEST_DIR"))).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let deal: Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let known = names(&deal);
        for (key, text) in strings(&Value::Table(deal)) {
            let result = match key.as_str() {
                "when" if text != "at_signing" => Condition::parse(&text, &known).map(drop),
                "where" => Selector::parse(&text).map(drop),
                "rule" => Covenant::parse(&text, &known).map(drop),
                "fee" => Formula::parse(&text, &known).map(drop),
                "vendor_cause" | "customer_cause" if Condition::is_expression(&text) => {
                    Condition::parse(&text, &known).map(drop)
                }
                _ => continue,
            };
            read += 1;
            assert_eq!(result, Ok(()), "{}: {text}", path.display());
        }
    }
    assert!(read >= 4, "{read}");
}

fn names(deal: &Table) -> Vocabulary {
    use contract::predicate::{Kind, Named};
    let mut known = vocabulary();
    for (name, metric) in deal.get("metric").and_then(Value::as_table).into_iter().flatten() {
        let kind = match metric.get("kind").and_then(Value::as_str) {
            Some("money" | "price") => Kind::Money,
            Some("power_gw" | "power") => Kind::Power,
            Some("count") => Kind::Count,
            Some("bool") => Kind::Bool,
            Some("duration") => Kind::Duration,
            _ => Kind::Ratio,
        };
        if metric.get("flow").and_then(Value::as_bool) == Some(true) {
            known.flow(name, kind);
        } else {
            known.level(name, kind);
        }
    }
    for (table, what) in [
        ("party", Named::Party),
        ("tranche", Named::Tranche),
        ("commitment", Named::Commitment),
        ("capacity", Named::Capacity),
        ("covenant", Named::Covenant),
    ] {
        for clause in deal.get(table).and_then(Value::as_array).into_iter().flatten() {
            known.clause(what, clause.get("id").and_then(Value::as_str).unwrap_or_default());
        }
    }
    known
}

/// Every text in a file, with the key it stands under.
fn strings(value: &Value) -> Vec<(String, String)> {
    fn walk(key: &str, value: &Value, found: &mut Vec<(String, String)>) {
        match value {
            Value::String(text) => found.push((key.to_owned(), text.clone())),
            Value::Array(items) => items.iter().for_each(|item| walk(key, item, found)),
            Value::Table(table) => table.iter().for_each(|(key, value)| walk(key, value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk("", value, &mut found);
    found
}
