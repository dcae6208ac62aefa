//! What can be wrong.

/// Why a bundle was not written, or is not what it says it is.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The records cannot be read.
    #[error(transparent)]
    Records(#[from] settlement::Error),
    /// The bundle cannot be read or written.
    #[error("the bundle cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// A line of the bundle is not what was sealed, or contradicts another.
    #[error("line {line}: {what}")]
    Broken {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// A file of an audit trail is none.
    #[error("this is no file of AWS's audit trail, which begins with `{{\"Records\":[`: {0}")]
    Trail(String),
    /// The key is none.
    #[error("{0}")]
    Key(String),
}
