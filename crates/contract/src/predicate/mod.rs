//! The language of conditions: what a clause of a deal says about facts, in one typed expression.
//!
//! Three things are read from the same grammar. A [`Condition`] is true, false or unknown of a [`World`] of
//! facts at a moment: what releases a tranche, breaks a covenant, lets a party leave. A [`Formula`] is a number:
//! what leaving costs. A [`Selector`] is true, false or unknown of the attributes of one spend or one call:
//! what counts, what may be served where. A [`Covenant`] is a condition or a selector, by what it speaks of.
//!
//! What stays true:
//! - Text becomes a typed tree once, with every fault at its bytes and a mend; what does not fit in kind
//!   (power against money) is refused then, never met later. Length, depth and size are bounded.
//! - Three-valued: what is not known makes a condition unknown, never false ([`Kleene`]).
//! - One kernel, generic over [`Number`](crate::Number): exact for the books, `f64` and lanes of it for the
//!   forecast. A [`Proof`] is made outside it, by walking the same tree and asking it node by node.
//! - No loops, no user's functions, no clock but `as_of`. No floating point.

mod calendar;
mod change;
mod check;
mod condition;
mod discount;
mod fault;
mod formula;
mod kernel;
mod kind;
mod kleene;
mod lexer;
mod parse;
mod proof;
mod prove;
mod selector;
mod state;
mod syntax;
mod tree;
mod vocabulary;
mod world;
mod written;

pub use calendar::{Length, Span, Window};
pub use condition::{Condition, Held};
pub use discount::{discount_factor, present_value};
pub use fault::{Fault, Problem};
pub use formula::Formula;
pub use kind::Kind;
pub use kleene::Kleene;
pub use proof::{Missing, Proof, Read, Value};
pub use selector::{Attributes, Covenant, Selector};
pub use state::{State, Stream};
pub use vocabulary::{Metric, Named, Vocabulary};
pub use world::{Observation, World};
