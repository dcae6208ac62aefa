//! The names an expression may use: a deal's metrics, parties, tranches and other clauses.

use crate::day::Period;
use crate::predicate::kind::Kind;
use std::sync::Arc;
use units::Currency;

/// Something measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: Arc<str>,
    /// What it is a number of; a metric of kind [`Kind::Bool`] is true where its number is above zero.
    pub kind: Kind,
    /// Whether its facts are flows, which only add up, such as spend. A level holds until the next fact.
    pub flow: bool,
    /// Its place among the vocabulary's metrics, for worlds that keep them in a row. `list_spend` is 0.
    pub slot: usize,
}

/// The kinds of clause that expressions refer to by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// `[[party]]`
    Party,
    /// `[[tranche]]`
    Tranche,
    /// `[[commitment]]`
    Commitment,
    /// `[[capacity]]`
    Capacity,
    /// `[[covenant]]`
    Covenant,
}

impl Named {
    /// What a person calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Party => "party",
            Self::Tranche => "tranche",
            Self::Commitment => "commitment",
            Self::Capacity => "capacity grant",
            Self::Covenant => "covenant",
        }
    }
}

/// The names an expression of one deal may use.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    /// The currency of every amount.
    pub(crate) currency: Currency,
    /// The deal's term, from which contract years run.
    pub(crate) period: Period,
    pub(crate) metrics: Vec<Metric>,
    named: Vec<(Named, String)>,
}

impl Vocabulary {
    /// Only what is built in: `list_spend`, and the states of the deal itself.
    pub fn new(currency: Currency, period: Period) -> Self {
        let mut new = Self { currency, period, metrics: Vec::new(), named: Vec::new() };
        new.flow("list_spend", Kind::Money);
        new
    }

    /// Declares a metric whose observations are levels (revenue of a quarter, gigawatts online).
    pub fn level(&mut self, name: &str, kind: Kind) {
        self.declare(name, kind, false);
    }

    /// Declares a metric whose facts are flows, which add up (spend).
    pub fn flow(&mut self, name: &str, kind: Kind) {
        self.declare(name, kind, true);
    }

    /// Declares a clause by its id.
    pub fn clause(&mut self, what: Named, id: &str) {
        self.named.push((what, id.to_owned()));
    }

    /// The metrics, in the order of their slots.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    pub(crate) fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| &*metric.name == name)
    }

    pub(crate) fn ids(&self, what: Named) -> impl Iterator<Item = &str> {
        self.named.iter().filter(move |(kind, _)| *kind == what).map(|(_, id)| id.as_str())
    }

    fn declare(&mut self, name: &str, kind: Kind, flow: bool) {
        let slot = self.metrics.iter().position(|metric| &*metric.name == name);
        let metric = Metric { name: name.into(), kind, flow, slot: slot.unwrap_or(self.metrics.len()) };
        match slot {
            Some(slot) => self.metrics[slot] = metric,
            None => self.metrics.push(metric),
        }
    }
}
