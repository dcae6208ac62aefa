//! Every rule on both sides of its edge, as a table (`edges.toml`).

use crate::support::{CATALOGUE, Said};
use geography::Effect;
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    edge: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edge {
    rule: String,
    #[serde(default)]
    given: Said,
    bites: Said,
    passes: Said,
}

fn table() -> Vec<Edge> {
    toml::from_str::<Table>(include_str!("edges.toml")).unwrap().edge
}

/// What a rule's first clause that is not a refusal does, or a refusal.
fn effect(edge: &Edge) -> Effect {
    let clauses = &CATALOGUE.rule.get(&edge.rule).unwrap_or_else(|| panic!("no rule {}", edge.rule)).clauses;
    let mild = clauses.iter().map(|clause| clause.effect).find(|effect| *effect != Effect::Deny);
    if edge.given.refuses == Some(true) { Effect::Deny } else { mild.unwrap_or(Effect::Deny) }
}

/// Whether the rule did what it does.
fn bit(edge: &Edge, side: &Said) -> bool {
    let said = side.over(&edge.given);
    let route = said.route.clone().unwrap_or_default().route();
    let decided = said.decide(std::slice::from_ref(&route));
    let rule = &edge.rule;
    for refused in decided.refused.iter().filter(|refused| refused.rule == *rule) {
        assert!(
            !refused.reason.is_empty() && !refused.mend.is_empty() && !refused.source.is_empty(),
            "{refused:?}"
        );
    }
    match effect(edge) {
        Effect::Deny => decided.refused.iter().any(|refused| refused.rule == *rule),
        Effect::Oblige => {
            assert_eq!(decided.refused, [], "{edge:?}");
            decided.obligations.iter().any(|duty| duty.rule == *rule && !duty.about.is_empty())
        }
        Effect::Record => {
            assert_eq!(decided.refused, [], "{edge:?}");
            decided.recorded.contains(rule)
        }
        Effect::Advise => decided.advised.contains(rule),
    }
}

#[test]
fn every_rule_bites_on_its_side_of_the_edge_and_not_on_the_other() {
    let wrong: Vec<String> = table()
        .iter()
        .enumerate()
        .filter_map(|(place, edge)| {
            let (bites, passes) = (bit(edge, &edge.bites), bit(edge, &edge.passes));
            (!bites || passes).then(|| format!("{place} {}: bites {bites}, passes {}", edge.rule, !passes))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_rule_is_without_both_sides() {
    let tested: BTreeSet<String> = table().into_iter().map(|edge| edge.rule).collect();
    let rules: BTreeSet<String> = CATALOGUE.rule.iter().map(|rule| rule.id.clone()).collect();
    assert_eq!(tested, rules);
    assert_eq!(rules.len(), 70);
}
