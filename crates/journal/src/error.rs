//! What can go wrong with a journal, and where.

use crate::Seq;
use std::fmt;
use std::path::PathBuf;

/// A place in the journal that a person can look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The segment file.
    pub file: PathBuf,
    /// Bytes from its start.
    pub offset: u64,
    /// The sequence number expected there.
    pub seq: Seq,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at byte {} (record {})", self.file.display(), self.offset, self.seq)
    }
}

/// Why the journal cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// Another process holds the directory.
    #[error("`{}` is in use by another offtake process; stop that one, or give another data directory", .0.display())]
    InUse(PathBuf),
    /// Stored bytes are not what was written.
    #[error("damaged journal: {what}, in {place}")]
    Damaged {
        /// What is wrong.
        what: &'static str,
        /// Where.
        place: Place,
    },
    /// No room can be set aside for one more call.
    #[error("no room on disk for the journal in `{}`; free some space and try again", .0.display())]
    Full(PathBuf),
    /// The disk failed to take what was written earlier.
    #[error("the disk failed to take what was written to `{}`; mend it and start again", .0.display())]
    NotDurable(PathBuf),
    /// A frame beyond any sensible size.
    #[error("a journal frame of {0} bytes is over the limit")]
    TooLarge(usize),
}

impl Error {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
