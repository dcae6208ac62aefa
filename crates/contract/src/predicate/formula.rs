//! Formulas: expressions that are an amount, such as what leaving costs.

use crate::predicate::fault::Fault;
use crate::predicate::kind::Kind;
use crate::predicate::proof::{Proof, Value};
use crate::predicate::vocabulary::Vocabulary;
use crate::predicate::world::World;
use crate::ratio::Ratio;
use units::Timestamp;

/// An amount over a deal's metrics and its own state.
#[derive(Debug, Clone)]
pub struct Formula {
    text: String,
}

impl Formula {
    /// Reads a formula for an amount of money.
    ///
    /// # Errors
    /// The first fault, at its bytes of `text`.
    pub fn parse(text: &str, _vocabulary: &Vocabulary) -> Result<Self, Fault> {
        Ok(Self { text: text.to_owned() })
    }

    /// What it comes to at `at`, in whole units of currency; nothing when something it needs is not known.
    pub fn amount<W: World<Ratio>>(&self, _world: &W, _at: Timestamp) -> Option<Ratio> {
        None
    }

    /// How it comes to that.
    pub fn prove<W: World<Ratio>>(&self, _world: &W, at: Timestamp) -> Proof {
        let value = Value::Amount(None, Kind::Money);
        let (reads, missing, parts) = (Vec::new(), Vec::new(), Vec::new());
        Proof { text: self.text.clone(), at, value, reads, missing, parts }
    }
}
