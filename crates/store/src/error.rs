//! What can go wrong with the stored books.

use std::path::{Path, PathBuf};

/// Why the books cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite refused.
    #[error("cannot {action} the books in `{}`", path.display())]
    Sql {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// SQLite's answer.
        #[source]
        source: rusqlite::Error,
    },
    /// Written by a later version of this program.
    #[error(
        "the books in `{}` have schema {found} and this program knows up to {known}: use the newer program",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The latest one known here.
        known: i64,
    },
    /// Written by an earlier version, and only opened to be read.
    #[error(
        "the books in `{}` have schema {found} and this program reads {known}: start the plane once, which brings \
         them up to date",
        path.display()
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The one read here.
        known: i64,
    },
    /// A row that is not what was written.
    #[error("damaged books: {what}, in table {table}, {row}")]
    Damaged {
        /// What is wrong.
        what: String,
        /// In which table.
        table: &'static str,
        /// In which row: its key.
        row: String,
    },
    /// The write-ahead log beside the books is not what was written.
    #[error("damaged books: `{}` at byte {offset} is not what was written", path.display())]
    DamagedLog {
        /// The log.
        path: PathBuf,
        /// Where the first changed part begins.
        offset: usize,
    },
    /// A count beyond SQLite's 63 bits.
    #[error("a count of {0} does not fit the books")]
    TooLarge(u64),
}

impl Error {
    pub(crate) fn sql(action: &'static str, path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Sql { action, path, source }
    }
}
