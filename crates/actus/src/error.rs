//! What can be wrong with an instrument. Every message names the term, so that it can be mended.

use jiff::civil::DateTime;

/// Why no schedule can be derived.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A term this contract type cannot do without.
    #[error("`{term}` is missing; {contract} needs it")]
    Missing {
        /// The term's ACTUS name.
        term: &'static str,
        /// The contract type, such as `PAM`.
        contract: &'static str,
    },
    /// A term whose value cannot be read.
    #[error("`{term}` is `{text}`, and should be {expected}")]
    Unreadable {
        /// The term's ACTUS name.
        term: String,
        /// What stands there.
        text: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// A name that is no term.
    #[error("`{term}` is not a term that is understood")]
    Unknown {
        /// The name as written.
        term: String,
    },
    /// Terms that can be read and cannot hold.
    #[error("`{term}` {reason}")]
    Refused {
        /// The term's ACTUS name.
        term: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The market was asked for something it does not show.
    #[error("`{code}` is not observed at {time}")]
    NotObserved {
        /// The market object code.
        code: String,
        /// When it is needed.
        time: DateTime,
    },
}

impl Error {
    pub(crate) fn refused(term: &'static str, reason: impl Into<String>) -> Self {
        Self::Refused { term, reason: reason.into() }
    }
}
