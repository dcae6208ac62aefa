//! Why something is as it is: steps in words, each leading to the lines it rests on.

use super::series::Stock;
use crate::fact::{Facts, Line};
use crate::predicate::{Kind, Proof, Value};
use units::Timestamp;

/// At most so many lines are named for one part; a sum over a year's bills has thousands.
const NAMED_MAX: usize = 50;

/// One step of a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Since when it holds or was known, where that matters.
    pub at: Option<Timestamp>,
    /// In words.
    pub what: String,
    /// The lines it rests on.
    pub facts: Vec<Reference>,
    /// How many more lines it rests on.
    pub more: usize,
    /// The condition it is about, part by part.
    pub proof: Option<Node>,
}

impl Step {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { at: None, what: what.into(), facts: Vec::new(), more: 0, proof: None }
    }

    #[must_use]
    pub(super) fn at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    #[must_use]
    pub(super) fn on(mut self, facts: &Facts, places: &[usize]) -> Self {
        (self.facts, self.more) = references(facts, places);
        self
    }

    #[must_use]
    pub(super) fn because(mut self, proof: Option<Node>) -> Self {
        self.proof = proof;
        self
    }
}

/// A line of facts that something rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The file, where there are several.
    pub file: Option<String>,
    /// The line, counted from 1.
    pub number: usize,
    /// What it says.
    pub line: Line,
}

/// A part of a condition and what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// As written.
    pub text: String,
    /// The moment it was asked of.
    pub at: Timestamp,
    /// `true`, `false`, `unknown` or a number with its unit.
    pub value: String,
    /// The lines it read itself.
    pub facts: Vec<Reference>,
    /// How many more lines it read.
    pub more: usize,
    /// What it would have read, had it been known.
    pub missing: Vec<String>,
    /// Its parts.
    pub parts: Vec<Node>,
}

impl Node {
    /// What is missing anywhere in it.
    pub fn all_missing(&self) -> Vec<&str> {
        let mut missing: Vec<&str> = self.missing.iter().map(String::as_str).collect();
        for part in &self.parts {
            missing.extend(part.all_missing());
        }
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// The lines read anywhere in it.
    pub fn all_facts(&self) -> Vec<&Reference> {
        let mut facts: Vec<&Reference> = self.facts.iter().collect();
        facts.extend(self.parts.iter().flat_map(Node::all_facts));
        facts
    }
}

/// A proof with the lines that its reads lead to.
pub(super) fn node(proof: &Proof, stock: &Stock<'_>) -> Node {
    let read = proof.reads.iter().flat_map(|read| {
        stock.series(&read.metric).map(|series| series.read(read.from, read.to)).unwrap_or_default()
    });
    let (facts, more) = references(stock.facts(), &read.collect::<Vec<_>>());
    Node {
        text: proof.text.clone(),
        at: proof.at,
        value: value(&proof.value),
        facts,
        more,
        missing: proof.missing.iter().map(|missing| missing.what.clone()).collect(),
        parts: proof.parts.iter().map(|part| node(part, stock)).collect(),
    }
}

/// The last of these lines, and how many more there are.
pub(super) fn references(facts: &Facts, places: &[usize]) -> (Vec<Reference>, usize) {
    let more = places.len().saturating_sub(NAMED_MAX);
    let named = places[more..].iter().filter_map(|place| {
        let known = facts.lines().get(*place)?;
        let file = facts.file(known.file).map(str::to_owned);
        Some(Reference { file, number: known.entry.number, line: known.entry.line.clone() })
    });
    (named.collect(), more)
}

fn value(value: &Value) -> String {
    match value {
        Value::Truth(truth) => match truth.known() {
            Some(true) => "true".to_owned(),
            Some(false) => "false".to_owned(),
            None => "unknown".to_owned(),
        },
        Value::Amount(None, _) => "unknown".to_owned(),
        Value::Amount(Some(number), kind) => {
            let digits = number.to_decimal(12, 0).unwrap_or_else(|| "too large".to_owned());
            match kind {
                Kind::Power => format!("{digits} GW"),
                Kind::Duration => format!("{digits} days"),
                _ => digits,
            }
        }
    }
}

/// The last moment before another.
pub(super) const fn just_before(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros().saturating_sub(1))
}

/// A moment as people write it: a day's start is its date.
pub(crate) fn day(at: Timestamp) -> String {
    let text = at.to_string();
    match text.strip_suffix("T00:00:00.000000Z") {
        Some(date) => date.to_owned(),
        None => text.replace(".000000Z", "Z"),
    }
}
