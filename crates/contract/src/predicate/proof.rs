//! Why a condition is true, false or unknown: the tree of its parts, each with its value and what it read.

use crate::predicate::kind::Kind;
use crate::predicate::kleene::Kleene;
use crate::ratio::Ratio;
use units::Timestamp;

/// One part of an expression, evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// The part, as written.
    pub text: String,
    /// The moment it is evaluated at.
    pub at: Timestamp,
    /// What it comes to.
    pub value: Value,
    /// Facts it read itself, not by way of its parts.
    pub reads: Vec<Read>,
    /// What it would have read, had it been known.
    pub missing: Vec<Missing>,
    /// Its parts that decide it or could, in the order written.
    pub parts: Vec<Proof>,
}

/// What a part comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// True, false or unknown.
    Truth(Kleene<bool>),
    /// A number of a kind; nothing when unknown.
    Amount(Option<Ratio>, Kind),
}

/// Facts of a metric that were read: all those effective from `from` to `to`, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The metric.
    pub metric: String,
    /// The first moment.
    pub from: Timestamp,
    /// The last moment; the same for a single observation.
    pub to: Timestamp,
}

/// What is not known: a metric over a time, or a state of the deal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The metric or the state, as written.
    pub what: String,
    /// Since when it is looked for; nothing when at any time before `to`.
    pub from: Option<Timestamp>,
    /// Until when.
    pub to: Timestamp,
}
