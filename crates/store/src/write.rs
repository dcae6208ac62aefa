//! Writing: one transaction for what one or more settlements change.

use crate::record::Record;
use crate::schema::{file, open_to_write};
use crate::{Applied, Error, Settlement};
use rusqlite::{Connection, Transaction, params_from_iter};
use std::path::{Path, PathBuf};

/// The books, open for writing by this process alone (the journal's lock guards the directory).
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

impl Store {
    /// Opens (or begins) the books in the data directory `data`.
    ///
    /// # Errors
    /// When SQLite refuses, or a later version of this program wrote them.
    pub fn open(data: &Path) -> Result<Self, Error> {
        let path = file(data);
        Ok(Self { connection: open_to_write(&path)?, path })
    }

    /// How far the books are; none when nothing was settled.
    ///
    /// # Errors
    /// When SQLite refuses or the row is damaged.
    pub fn applied(&self) -> Result<Option<Applied>, Error> {
        crate::read::applied(&self.connection, &self.path)
    }

    /// Puts settlements, in order, into the books: all of them, or none. One that is there already is left
    /// out, so that a commit whose answer was lost can be tried again.
    ///
    /// # Errors
    /// When SQLite refuses; the books are then as they were.
    pub fn commit(&mut self, settlements: &[Settlement]) -> Result<(), Error> {
        let done = self.applied()?.map_or(0, |applied| applied.sealed);
        let sql = || Error::sql("write", &self.path);
        let transaction = self.connection.transaction().map_err(sql())?;
        for settlement in settlements.iter().filter(|one| one.applied.sealed > done) {
            write(&transaction, settlement, &self.path)?;
        }
        transaction.commit().map_err(sql())
    }

    /// Folds SQLite's write-ahead log into the file, so that a single file is left behind.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn tidy(&self) -> Result<(), Error> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(Error::sql("tidy", &self.path))
    }
}

fn write(transaction: &Transaction<'_>, settlement: &Settlement, path: &Path) -> Result<(), Error> {
    let Settlement { applied, batches, transfers, accounts, rollups, positions, points } = settlement;
    put(transaction, "INSERT", batches, path)?;
    put(transaction, "INSERT", transfers, path)?;
    put(transaction, "INSERT OR REPLACE", accounts, path)?;
    put(transaction, "INSERT OR REPLACE", rollups, path)?;
    put(transaction, "INSERT OR REPLACE", positions, path)?;
    put(transaction, "INSERT OR REPLACE", points, path)?;
    put(transaction, "INSERT OR REPLACE", std::slice::from_ref(applied), path)
}

fn put<R: Record>(
    transaction: &Transaction<'_>,
    verb: &str,
    records: &[R],
    path: &Path,
) -> Result<(), Error> {
    let sql = || Error::sql("write", path);
    if records.is_empty() {
        return Ok(());
    }
    let marks = vec!["?"; R::COLUMNS.len()].join(", ");
    let columns = R::COLUMNS.join(", ");
    let statement = format!("{verb} INTO {} ({columns}) VALUES ({marks})", R::TABLE);
    let mut statement = transaction.prepare_cached(&statement).map_err(sql())?;
    for record in records {
        statement.execute(params_from_iter(record.values()?)).map_err(sql())?;
    }
    Ok(())
}
