//! Why settling stopped.

use journal::Seq;
use std::sync::Arc;

/// What stands in the way of the books.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// The stored books cannot be read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Two records of the journal cannot both be true.
    #[error("the journal contradicts itself: record {seq} {what}")]
    Inconsistent {
        /// The later of them.
        seq: Seq,
        /// What it claims.
        what: &'static str,
    },
    /// A price cannot enter the price book.
    #[error(transparent)]
    Price(#[from] price::PriceError),
    /// The ledger refused a posting.
    #[error("the settlement in record {seq} cannot be posted")]
    Rejected {
        /// The `Sealed` frame.
        seq: Seq,
        /// Why.
        #[source]
        source: ledger::Rejection,
    },
    /// The ledger refused the posting of a deal.
    #[error("the deal cannot be posted")]
    Refused(#[source] ledger::Rejection),
    /// A deal cannot be evaluated.
    #[error(transparent)]
    Contract(#[from] contract::Error),
    /// An amount of a deal does not fit.
    #[error(transparent)]
    Amount(#[from] units::MoneyError),
    /// The books of a deal are kept in the order in which things became known.
    #[error("what was known at {known_at} is no later than what is in the books")]
    NotLater {
        /// The moment of knowledge.
        known_at: units::Timestamp,
    },
    /// A sum does not fit.
    #[error("a sum is too large at record {seq}")]
    TooLarge {
        /// Where.
        seq: Seq,
    },
    /// The stored books know more than the journal.
    #[error(
        "the stored books are ahead: they hold the settlement in record {stored}, and the journal ends at \
         record {last}; they do not belong together, or the end of the journal was lost"
    )]
    Ahead {
        /// What the store says.
        stored: Seq,
        /// The journal's last record.
        last: Seq,
    },
    /// The stored books are not what the journal gives.
    #[error(
        "the stored books differ from what the journal gives at record {sealed}: move `{}` away and they are \
         made anew",
        store::FILE
    )]
    Differs {
        /// The `Sealed` frame up to which they were compared.
        sealed: Seq,
    },
    /// A commitment of this id has other terms in the journal.
    #[error("commitment `{0}` is known with other terms: terms are never edited; give the new ones a new id")]
    Edited(Arc<str>),
    /// A commitment that cannot be.
    #[error("commitment `{id}` {what}")]
    Commitment {
        /// Its id.
        id: Arc<str>,
        /// What is wrong.
        what: &'static str,
    },
}
