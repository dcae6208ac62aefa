//! A small world of facts for tests, in any kind of number, and the deal they are of.

use contract::predicate::{
    Kind, Metric, Named, Observation, State, Stream, Vocabulary, World, present_value,
};
use contract::{Decimal, Number, Period, Ratio};
use std::collections::BTreeMap;
use units::{Currency, Timestamp};

/// Facts, and answers to questions by their text.
#[derive(Debug, Clone, Default)]
pub struct Facts<N> {
    pub metrics: BTreeMap<String, BTreeMap<Timestamp, Vec<N>>>,
    pub states: BTreeMap<String, N>,
    pub minimums: Vec<(Timestamp, Ratio)>,
}

impl<N: Number> Facts<N> {
    pub fn new() -> Self {
        Self { metrics: BTreeMap::new(), states: BTreeMap::new(), minimums: Vec::new() }
    }

    pub fn add(&mut self, metric: &str, at: Timestamp, value: N) {
        self.metrics.entry(metric.to_owned()).or_default().entry(at).or_default().push(value);
    }

    fn within(&self, metric: &Metric, after: Timestamp, until: Timestamp) -> Vec<(Timestamp, N)> {
        let all = self.metrics.get(&*metric.name).into_iter().flatten();
        let inside = all.filter(|(at, _)| after < **at && **at <= until);
        inside.flat_map(|(at, values)| values.iter().map(|value| (*at, *value))).collect()
    }
}

impl<N: Number> World<N> for Facts<N> {
    fn latest(&self, metric: &Metric, after: Timestamp, until: Timestamp) -> Option<Observation<N>> {
        let (effective_at, value) = self.within(metric, after, until).pop()?;
        Some(Observation { effective_at, value })
    }

    fn sum(&self, metric: &Metric, after: Timestamp, until: Timestamp) -> Option<N> {
        self.metrics.get(&*metric.name)?;
        let each = self.within(metric, after, until).into_iter();
        Some(each.fold(N::of(Ratio::ZERO), |sum, (_, value)| sum + value))
    }

    fn next(&self, metric: &Metric, after: Timestamp) -> Option<Timestamp> {
        self.metrics.get(&*metric.name)?.keys().find(|at| **at > after).copied()
    }

    fn state(&self, state: &State, _at: Timestamp) -> Option<N> {
        self.states.get(&state.to_string()).copied()
    }

    fn present_value(&self, _stream: Stream, rate: Ratio, at: Timestamp) -> Option<N> {
        Some(N::of(present_value(self.minimums.iter().copied(), rate, at)))
    }
}

/// A day or a moment.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An exact number.
pub fn number(text: &str) -> Ratio {
    text.parse::<Decimal>().unwrap().ratio()
}

/// The names of the sample deal.
pub fn vocabulary() -> Vocabulary {
    let period = Period { from: "2026-04-20".parse().unwrap(), to: Some("2036-04-20".parse().unwrap()) };
    let mut known = Vocabulary::new(Currency::USD, period);
    known.level("arr_usd", Kind::Money);
    known.level("trainium_gw_online", Kind::Power);
    known.level("customers", Kind::Count);
    known.level("benchmark_score", Kind::Ratio);
    known.level("ipo", Kind::Bool);
    for (what, id) in [
        (Named::Party, "labco"),
        (Named::Party, "cloud-co"),
        (Named::Tranche, "T1"),
        (Named::Tranche, "T2"),
        (Named::Commitment, "aws"),
        (Named::Capacity, "trn-us"),
        (Named::Covenant, "residency-eu"),
    ] {
        known.clause(what, id);
    }
    known
}

/// Facts as lines of `metric moment value`, or of `question = value`.
pub fn facts(lines: &str) -> Facts<Ratio> {
    let mut known = Facts::new();
    for line in lines.split(';').map(str::trim).filter(|line| !line.is_empty()) {
        if let Some((question, value)) = line.split_once(" = ") {
            known.states.insert(question.to_owned(), number(value));
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let [metric, moment, value] = words[..] else { panic!("not a fact: {line}") };
        known.add(metric, at(moment), number(value));
    }
    known
}
