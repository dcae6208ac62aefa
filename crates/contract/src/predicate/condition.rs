//! Conditions: expressions that are true, false or unknown of a world of facts at a moment.

use crate::number::Number;
use crate::predicate::fault::{Fault, Problem};
use crate::predicate::kleene::Kleene;
use crate::predicate::proof::Proof;
use crate::predicate::vocabulary::{Metric, Vocabulary};
use crate::predicate::world::World;
use crate::predicate::{State, Value};
use crate::ratio::Ratio;
use units::Timestamp;

/// A condition over a deal's metrics and its own state, its constants in numbers of one kind.
#[derive(Debug, Clone)]
pub struct Condition<N = Ratio> {
    text: String,
    metrics: Vec<Metric>,
    states: Vec<State>,
    zero: N,
}

/// Whether a condition was true at some moment of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Yes when it was true at some moment, no when it was false at every one.
    pub truth: Kleene<bool>,
    /// The first moment at which it was true.
    pub first: Option<Timestamp>,
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// The first fault, at its bytes of `text`.
    pub fn parse(text: &str, _vocabulary: &Vocabulary) -> Result<Self, Fault> {
        if text.trim().is_empty() {
            let problem = Problem::Expected { wanted: "a condition".to_owned(), found: "nothing".to_owned() };
            return Err(Fault::new(0..text.len(), problem, ""));
        }
        Ok(Self { text: text.to_owned(), metrics: Vec::new(), states: Vec::new(), zero: Ratio::ZERO })
    }

    /// Whether `text` has the form of an expression, whatever its names mean: a clause that has not is prose.
    pub fn is_expression(text: &str) -> bool {
        !text.trim().is_empty()
    }

    /// The same condition in another kind of number, made once and evaluated often.
    pub fn in_numbers<M: Number>(&self) -> Condition<M> {
        let Self { text, metrics, states, .. } = self.clone();
        Condition { text, metrics, states, zero: M::of(Ratio::ZERO) }
    }

    /// Why it is true, false or unknown at `at`.
    pub fn prove<W: World<Ratio>>(&self, _world: &W, at: Timestamp) -> Proof {
        let value = Value::Truth(Kleene::UNKNOWN);
        let (reads, missing, parts) = (Vec::new(), Vec::new(), Vec::new());
        Proof { text: self.text.clone(), at, value, reads, missing, parts }
    }

    /// Whether it was true at some moment from `from` to `to`, both included, and when first.
    pub fn held<W: World<Ratio>>(&self, _world: &W, _from: Timestamp, _to: Timestamp) -> Held {
        Held { truth: Kleene::UNKNOWN, first: None }
    }
}

impl<N: Number> Condition<N> {
    /// Whether it is true at `at`.
    pub fn truth<W: World<N>>(&self, _world: &W, _at: Timestamp) -> Kleene<N::Mask> {
        let no = !self.zero.at_most(self.zero);
        Kleene { yes: no, no }
    }

    /// The first moment after `after` at which its truth may change, as far as the world knows; it may stay
    /// the same there, but it does not change before.
    pub fn next_change<W: World<N>>(&self, _world: &W, _after: Timestamp) -> Option<Timestamp> {
        None
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The metrics it reads, each once.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// The questions it asks about the deal's own state.
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// The tranches whose state it asks for: it waits for them.
    pub fn tranches(&self) -> impl Iterator<Item = &str> {
        self.states.iter().filter_map(|state| match state {
            State::Released(id) | State::Met(id) => Some(id.as_str()),
            _ => None,
        })
    }
}
