//! What is wrong with an expression, at which of its bytes, and how to mend it.

use crate::error::Error;
use crate::predicate::kind::Kind;
use std::ops::Range;
use units::DecimalError;

/// One fault in an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct Fault {
    /// The bytes of the expression it lies in.
    pub range: Range<usize>,
    /// What is wrong.
    pub problem: Problem,
    /// What to do about it, as a sentence; empty when the problem says it all.
    pub mend: String,
}

/// The kinds of fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Something else stands where the grammar wants this.
    #[error("expected {wanted}, found {found}")]
    Expected {
        /// What should stand here.
        wanted: String,
        /// What does.
        found: String,
    },
    /// A name that leads nowhere.
    #[error("there is no {what} `{name}`")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Two kinds that an operator cannot join.
    #[error("`{operator}` does not fit {left} and {right}")]
    Units {
        /// The operator, as written.
        operator: String,
        /// The kind on its left.
        left: Kind,
        /// The kind on its right.
        right: Kind,
    },
    /// A value of the wrong kind.
    #[error("`{text}` is {found}, not {wanted}")]
    Kind {
        /// The part, as written.
        text: String,
        /// What it is.
        found: Kind,
        /// What is wanted here.
        wanted: &'static str,
    },
    /// More than the language admits.
    #[error("{0}")]
    Limit(&'static str),
    /// A use that has no meaning.
    #[error("{0}")]
    Use(String),
    /// Digits that are no exact decimal.
    #[error(transparent)]
    Number(#[from] DecimalError),
}

impl Fault {
    pub(crate) fn new(range: Range<usize>, problem: Problem, mend: impl Into<String>) -> Self {
        Self { range, problem, mend: mend.into() }
    }

    /// This fault in the file `text` the expression was read from: `span` is the quoted value there,
    /// `expression` what it reads as. Where escapes keep the two from lining up, the whole value is meant.
    pub fn in_file(self, text: &str, span: Range<usize>, expression: &str) -> Error {
        let literal = text.get(span.clone()).unwrap_or_default();
        let span = match literal.find(expression) {
            Some(offset) if !expression.is_empty() => {
                let start = span.start + offset;
                start + self.range.start..start + self.range.end
            }
            _ => span,
        };
        let problem = crate::error::Problem::Shape(self.problem.to_string());
        Error { problem, span: Some(span), mend: self.mend }
    }
}
