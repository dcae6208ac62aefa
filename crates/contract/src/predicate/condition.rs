//! Conditions: expressions that are true, false or unknown of a world of facts at a moment.

use crate::number::Number;
use crate::predicate::change::Changes;
use crate::predicate::check::{Checker, logic};
use crate::predicate::fault::Fault;
use crate::predicate::kernel::Kernel;
use crate::predicate::kleene::Kleene;
use crate::predicate::parse::parse;
use crate::predicate::proof::Proof;
use crate::predicate::prove::Prover;
use crate::predicate::state::State;
use crate::predicate::syntax::Node;
use crate::predicate::tree::{Test, Truth};
use crate::predicate::vocabulary::{Metric, Vocabulary};
use crate::predicate::world::World;
use crate::predicate::written::Written;
use crate::ratio::Ratio;
use std::fmt;
use std::sync::Arc;
use units::Timestamp;

/// A condition over a deal's metrics and its own state, its constants in numbers of one kind. Two are the same
/// when they read the same.
#[derive(Debug, Clone)]
pub struct Condition<N = Ratio> {
    written: Arc<Written>,
    tree: Truth<Test<N>>,
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
    pub fn parse(text: &str, vocabulary: &Vocabulary) -> Result<Self, Fault> {
        Self::of(text, parse(text)?, vocabulary)
    }

    pub(crate) fn of(text: &str, syntax: Node, vocabulary: &Vocabulary) -> Result<Self, Fault> {
        let mut checker = Checker::new(text, vocabulary);
        let tree = logic(&mut checker, &syntax)?;
        Ok(Self { written: checker.written(syntax), tree })
    }

    /// Whether `text` has the form of an expression, whatever its names mean: a clause that has not is prose.
    pub fn is_expression(text: &str) -> bool {
        parse(text).is_ok()
    }

    /// The same condition in another kind of number, made once and evaluated often.
    pub fn in_numbers<M: Number>(&self) -> Condition<M> {
        Condition { written: Arc::clone(&self.written), tree: self.tree.in_numbers() }
    }

    /// Why it is true, false or unknown at `at`.
    pub fn prove<W: World<Ratio>>(&self, world: &W, at: Timestamp) -> Proof {
        let prover = Prover { text: &self.written.text, kernel: self.kernel(world, at) };
        prover.truth(&self.tree)
    }

    /// Whether it was true at some moment from `from` to `to`, both included, and when first.
    pub fn held<W: World<Ratio>>(&self, world: &W, from: Timestamp, to: Timestamp) -> Held {
        let (mut truth, mut at) = (Kleene::NO, Some(from));
        while let Some(moment) = at.filter(|moment| *moment <= to) {
            let here = self.truth(world, moment);
            if here.yes {
                return Held { truth: Kleene::YES, first: Some(moment) };
            }
            truth = truth.or(here);
            at = self.next_change(world, moment).filter(|next| *next > moment);
        }
        Held { truth, first: None }
    }
}

impl<N> Condition<N> {
    /// Whether it is true at `at`.
    pub fn truth<W: World<N>>(&self, world: &W, at: Timestamp) -> Kleene<N::Mask>
    where
        N: Number,
    {
        self.kernel(world, at).truth(&self.tree)
    }

    /// The first moment after `after` at which its truth may change, as far as the world knows; it may stay
    /// the same there, but it does not change before.
    pub fn next_change<W: World<N>>(&self, world: &W, after: Timestamp) -> Option<Timestamp>
    where
        N: Number,
    {
        Changes { world, term: self.written.term }.of_truth(&self.tree, after)
    }

    fn kernel<'a, W>(&self, world: &'a W, at: Timestamp) -> Kernel<'a, W> {
        Kernel { world, at, term: self.written.term }
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.written.text
    }

    /// The metrics it reads, each once.
    pub fn metrics(&self) -> &[Metric] {
        &self.written.metrics
    }

    /// The questions it asks about the deal's own state, each once.
    pub fn states(&self) -> &[State] {
        &self.written.states
    }

    /// The tranches whose state it asks for: it waits for them.
    pub fn tranches(&self) -> impl Iterator<Item = &str> {
        self.written.states.iter().filter_map(|state| match state {
            State::Released(id) | State::Met(id) => Some(id.as_str()),
            _ => None,
        })
    }
}

impl<N> PartialEq for Condition<N> {
    fn eq(&self, other: &Self) -> bool {
        self.written.syntax == other.written.syntax
    }
}

impl<N> Eq for Condition<N> {}

impl<N> fmt::Display for Condition<N> {
    /// In its canonical form, which reads as the same condition.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written.syntax.fmt(out)
    }
}
