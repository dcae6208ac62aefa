//! Selectors: expressions over the attributes of one spend or one call; and covenants, which are either.

use crate::predicate::condition::Condition;
use crate::predicate::fault::Fault;
use crate::predicate::kleene::Kleene;
use crate::predicate::vocabulary::Vocabulary;
use std::collections::BTreeMap;

/// What is known of one spend or one call, by name.
pub type Attributes = BTreeMap<String, String>;

/// A choice among spends or calls by their attributes. Any name may be an attribute's.
#[derive(Debug, Clone)]
pub struct Selector {
    text: String,
}

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// The first fault, at its bytes of `text`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Ok(Self { text: text.to_owned() })
    }

    /// Whether it chooses what has these attributes; a missing one makes it unknown, which is not chosen.
    pub fn admits(&self, _attributes: &Attributes) -> Kleene<bool> {
        Kleene::UNKNOWN
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A rule that must hold: of every call, or of the deal as a whole.
#[derive(Debug, Clone)]
pub enum Covenant {
    /// Of every call, by its attributes.
    Calls(Selector),
    /// Of the deal, by its metrics and its own state.
    Deal(Condition),
}

impl Covenant {
    /// Reads a rule: one that names a metric or asks for a state speaks of the deal, any other of calls.
    ///
    /// # Errors
    /// The first fault, at its bytes of `text`.
    pub fn parse(text: &str, _vocabulary: &Vocabulary) -> Result<Self, Fault> {
        Selector::parse(text).map(Self::Calls)
    }
}
