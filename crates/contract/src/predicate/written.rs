//! What an expression is, whatever numbers it is computed in.

use crate::day::Period;
use crate::predicate::state::State;
use crate::predicate::syntax::Node;
use crate::predicate::vocabulary::Metric;

/// An expression apart from its constants.
#[derive(Debug)]
pub(crate) struct Written {
    pub text: String,
    pub syntax: Node,
    /// The deal's term, from which contract years run.
    pub term: Period,
    /// The metrics it reads, each once.
    pub metrics: Vec<Metric>,
    /// The questions it asks about the deal's own state, each once.
    pub states: Vec<State>,
}
