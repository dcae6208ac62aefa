//! What the documentation of deals shows is true: its deals load, its facts are read, and it says what follows.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use contract::fact::Facts;
use contract::{State, Versions, evaluate};

const PAGE: &str = include_str!("../../../docs/deals.md");

/// The blocks of this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    PAGE.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

#[test]
fn the_example_comes_to_what_it_says() {
    let deal = blocks("toml").into_iter().find(|block| block.contains("seed-2027")).unwrap();
    let deal = Versions::parse(&[deal]).unwrap();
    let facts = Facts::read(&deal, &[("facts.jsonl", blocks("jsonl")[0])]).unwrap();
    let at = |day: &str| evaluate(&deal, &facts, day.parse().unwrap(), day.parse().unwrap()).unwrap();
    let growth = |day: &str| {
        let status = at(day).tranches.remove(1);
        (status.state, status.true_at.map(|first| first.date()))
    };
    assert_eq!(growth("2027-03-30").0, State::Open);
    assert_eq!(growth("2027-04-02"), (State::Signed, Some("2027-03-31".to_owned())));
    let evaluated = at("2027-04-02");
    assert_eq!(evaluated.tranches[0].state, State::Funded);
    assert_eq!(evaluated.commitments[0].years[0].counted.to_decimal(), "870000.00");
    assert_eq!(evaluated.commitments[0].years[0].uncounted.to_decimal(), "50000.00");
    assert!(evaluated.ignored.is_empty());
}

#[test]
fn every_state_is_described() {
    for state in [
        State::Draft,
        State::Open,
        State::Lapsed,
        State::Met,
        State::Signed,
        State::Funded,
        State::Disputed,
        State::Resolved,
    ] {
        assert!(PAGE.contains(&format!("| `{}` |", state.word())), "{}", state.word());
    }
}

#[test]
fn every_table_of_a_deal_file_is_named() {
    let schema: serde_json::Value = serde_json::from_str(contract::DEAL_SCHEMA).unwrap();
    for (field, about) in schema["properties"].as_object().unwrap() {
        assert!(
            PAGE.contains(&format!("`{field}`")) || PAGE.contains(&format!("[{field}")),
            "{field}: {about}"
        );
    }
}
