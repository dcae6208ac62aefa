//! Ten decisions that a reader can check by hand (`decisions.toml`).

use crate::support::{Path, Said, rules_against};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    decision: Vec<Decision>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    name: String,
    said: Said,
    #[serde(default)]
    obligations: Vec<String>,
    candidates: Vec<Candidate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Candidate {
    route: Path,
    #[serde(default)]
    with: Said,
    #[serde(default)]
    first: String,
    #[serde(default)]
    also: Vec<String>,
    /// No other rule refuses it.
    #[serde(default)]
    alone: bool,
    #[serde(default)]
    recorded: Vec<String>,
}

#[test]
fn the_ten_decisions_come_out_as_written() {
    let table: Table = toml::from_str(include_str!("decisions.toml")).unwrap();
    assert_eq!(table.decision.len(), 11);
    for decision in &table.decision {
        for (place, candidate) in decision.candidates.iter().enumerate() {
            let at = format!("{}, candidate {}", decision.name, place + 1);
            let route = candidate.route.route();
            let decided = candidate.with.over(&decision.said).decide(std::slice::from_ref(&route));
            let rules = rules_against(&decided, "route");
            assert_eq!(
                rules.first().copied().unwrap_or_default(),
                candidate.first,
                "{at}: {:#?}",
                decided.refused
            );
            assert!(candidate.also.iter().all(|rule| rules.contains(&rule.as_str())), "{at}: {rules:?}");
            assert!(!candidate.alone || rules.len() == 1, "{at}: {rules:?}");
            assert_eq!(decided.lawful.len(), usize::from(candidate.first.is_empty()), "{at}");
            assert!(candidate.recorded.iter().all(|rule| decided.recorded.contains(rule)), "{at}");
            for duty in decision.obligations.iter().filter(|_| candidate.first.is_empty()) {
                assert!(decided.obligations.iter().any(|had| had.id == *duty), "{at}: {duty}");
            }
        }
    }
}

/// A vendor's name for an area is no place: what a profile may reach is decided by the countries of its destinations.
#[test]
fn a_profile_is_decided_on_its_whole_destination_list() {
    let route =
        Path { region: Some("ap-south-1".into()), profile: Some("apac.".into()), ..Path::default() }.route();
    let reached = route.processing.to_string();
    assert_eq!(reached, "AE,AU,ID,IN,JP,KR,MY,SG,TH,TW");
    let listed = Path { destinations: vec!["ap-south-1".into(), "ap-south-2".into()], ..Path::default() };
    let listed = Path { region: Some("ap-south-1".into()), profile: Some("apac.".into()), ..listed }.route();
    assert_eq!(
        listed.processing.to_string(),
        "IN",
        "what the account's own list says goes before the catalogue"
    );
}
