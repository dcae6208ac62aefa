//! Retention: prompts and answers, where somebody wants them kept, encrypted, and deleted for good.
//!
//! What is kept stands on shelves: one for each organisation and last day. A shelf has a key of its own, made at random and
//! wrapped by the operator's. Deleting a shelf destroys its key, so that no copy of its records can be read any more, and
//! leaves a line in a log whose lines are chained by their hashes; so does reading a record.
//!
//! Absent on purpose: any way to extend a shelf, to search in records, or to read without the log.

mod log;
mod seal;
mod vault;

pub use log::{Entry, Head};
pub use seal::MasterKey;
pub use vault::{Record, Report, Shelf, Vault};

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    Io(String, #[source] std::io::Error),
    /// A file is not what was written.
    #[error("{place}: {what}")]
    Damaged {
        /// The file, and the line where there is one.
        place: String,
        /// What is wrong with it.
        what: String,
    },
    /// The key is not the one that the record was kept by.
    #[error("the key does not open what is kept for {0}; it was kept by another")]
    Key(String),
}
