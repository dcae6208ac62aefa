//! Formulas: expressions that are an amount, such as what leaving costs.

use crate::number::Number;
use crate::predicate::check::Checker;
use crate::predicate::fault::Fault;
use crate::predicate::kernel::Kernel;
use crate::predicate::parse::parse;
use crate::predicate::proof::Proof;
use crate::predicate::prove::Prover;
use crate::predicate::state::State;
use crate::predicate::tree::Term;
use crate::predicate::vocabulary::{Metric, Vocabulary};
use crate::predicate::world::World;
use crate::predicate::written::Written;
use crate::ratio::Ratio;
use std::fmt;
use std::sync::Arc;
use units::Timestamp;

/// An amount over a deal's metrics and its own state, its constants in numbers of one kind. Two are the same
/// when they read the same.
#[derive(Debug, Clone)]
pub struct Formula<N = Ratio> {
    written: Arc<Written>,
    tree: Term<N>,
}

impl Formula {
    /// Reads a formula for an amount of money.
    ///
    /// # Errors
    /// The first fault, at its bytes of `text`.
    pub fn parse(text: &str, vocabulary: &Vocabulary) -> Result<Self, Fault> {
        let syntax = parse(text)?;
        let mut checker = Checker::new(text, vocabulary);
        let tree = checker.amount(&syntax)?;
        Ok(Self { written: checker.written(syntax), tree })
    }

    /// The same formula in another kind of number.
    pub fn in_numbers<M: Number>(&self) -> Formula<M> {
        Formula { written: Arc::clone(&self.written), tree: self.tree.in_numbers() }
    }

    /// How it comes to its amount.
    pub fn prove<W: World<Ratio>>(&self, world: &W, at: Timestamp) -> Proof {
        Prover { text: &self.written.text, kernel: self.kernel(world, at) }.number(&self.tree)
    }
}

impl<N> Formula<N> {
    /// What it comes to at `at`, in whole units of currency; nothing when something it needs is not known, or
    /// it does not fit the numbers it is computed in.
    pub fn amount<W: World<N>>(&self, world: &W, at: Timestamp) -> Option<N>
    where
        N: Number,
    {
        self.kernel(world, at).number(&self.tree)
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
}

impl<N> PartialEq for Formula<N> {
    fn eq(&self, other: &Self) -> bool {
        self.written.syntax == other.written.syntax
    }
}

impl<N> Eq for Formula<N> {}

impl<N> fmt::Display for Formula<N> {
    /// In its canonical form, which reads as the same formula.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written.syntax.fmt(out)
    }
}
