//! The tables, their version, and how the file is opened.

use crate::Error;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The name of the books' file in a data directory.
pub const FILE: &str = "books.db";

/// The books' file in the data directory `data`.
pub fn file(data: &Path) -> PathBuf {
    data.join(FILE)
}

pub(crate) const VERSION: i64 = 2;

/// Amounts are 16-byte blobs (see `cell.rs`), times are microseconds, `day` and `hour` are the start of theirs.
const TABLES: &str = "
CREATE TABLE schema (version INTEGER NOT NULL) STRICT;
CREATE TABLE applied (
  one INTEGER PRIMARY KEY CHECK (one = 1), sealed INTEGER NOT NULL, through INTEGER NOT NULL,
  at INTEGER NOT NULL, batches INTEGER NOT NULL, transfers INTEGER NOT NULL, root BLOB NOT NULL
) STRICT;
CREATE TABLE batch (
  id BLOB PRIMARY KEY, leaf INTEGER NOT NULL UNIQUE, sealed INTEGER NOT NULL, day INTEGER NOT NULL,
  organisation TEXT NOT NULL, team TEXT NOT NULL, model TEXT NOT NULL, backend TEXT NOT NULL,
  region TEXT NOT NULL, currency TEXT NOT NULL, price TEXT NOT NULL, first INTEGER NOT NULL,
  last INTEGER NOT NULL, calls INTEGER NOT NULL, attempts INTEGER NOT NULL, input INTEGER NOT NULL,
  cache_read INTEGER NOT NULL, cache_write_5m INTEGER NOT NULL, cache_write_1h INTEGER NOT NULL,
  output INTEGER NOT NULL, reasoning INTEGER NOT NULL, amount BLOB NOT NULL, root BLOB NOT NULL,
  event_first INTEGER NOT NULL, event_last INTEGER NOT NULL, posted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE transfer (
  id BLOB PRIMARY KEY, debit TEXT NOT NULL, credit TEXT NOT NULL, currency TEXT NOT NULL,
  amount BLOB NOT NULL, code TEXT NOT NULL, event_at INTEGER NOT NULL, posted_at INTEGER NOT NULL, batch BLOB,
  corrects BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX transfer_debit ON transfer (debit, posted_at);
CREATE INDEX transfer_credit ON transfer (credit, posted_at);
CREATE TABLE account (
  name TEXT NOT NULL, currency TEXT NOT NULL, debits BLOB NOT NULL, credits BLOB NOT NULL,
  PRIMARY KEY (name, currency)
) STRICT, WITHOUT ROWID;
CREATE TABLE rollup (
  day INTEGER NOT NULL, organisation TEXT NOT NULL, team TEXT NOT NULL, model TEXT NOT NULL,
  backend TEXT NOT NULL, region TEXT NOT NULL, currency TEXT NOT NULL, calls INTEGER NOT NULL,
  attempts INTEGER NOT NULL, input INTEGER NOT NULL, cache_read INTEGER NOT NULL,
  cache_write_5m INTEGER NOT NULL, cache_write_1h INTEGER NOT NULL, output INTEGER NOT NULL,
  reasoning INTEGER NOT NULL, amount BLOB NOT NULL,
  PRIMARY KEY (day, organisation, team, model, backend, region, currency)
) STRICT, WITHOUT ROWID;
CREATE TABLE position (
  commitment TEXT PRIMARY KEY, organisation TEXT NOT NULL, currency TEXT NOT NULL, total BLOB NOT NULL,
  from_at INTEGER NOT NULL, to_at INTEGER NOT NULL, drawn BLOB NOT NULL, over BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE drawn (
  commitment TEXT NOT NULL, hour INTEGER NOT NULL, currency TEXT NOT NULL, amount BLOB NOT NULL,
  PRIMARY KEY (commitment, hour)
) STRICT, WITHOUT ROWID;
INSERT INTO schema VALUES (2);
";

/// The steps from each version to the next, the first from version 1.
const STEPS: [&str; 1] = ["ALTER TABLE transfer ADD COLUMN corrects BLOB; UPDATE schema SET version = 2;"];

/// Opens the file for writing, with its tables made.
pub(crate) fn open_to_write(path: &Path) -> Result<Connection, Error> {
    let sql = || Error::sql("open", path);
    let mut connection = Connection::open(path).map_err(sql())?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(sql())?;
    // Losing the last commits to a power cut is fine, the journal has them; being half there is not.
    connection.pragma_update(None, "journal_mode", "WAL").map_err(sql())?;
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(sql())?;
    let transaction = connection.transaction().map_err(sql())?;
    if !has_tables(&transaction).map_err(sql())? {
        transaction.execute_batch(TABLES).map_err(sql())?;
    }
    let found = version(&transaction, path)?;
    if found > 0 {
        for step in STEPS.iter().skip(usize::try_from(found - 1).unwrap_or(usize::MAX)) {
            transaction.execute_batch(step).map_err(sql())?;
        }
    }
    check_version(&transaction, path)?;
    transaction.commit().map_err(sql())?;
    Ok(connection)
}

/// Opens the file to read, beside a writer or without one; none when there is no file or it is still empty.
pub(crate) fn open_to_read(path: &Path) -> Result<Option<Connection>, Error> {
    if !path.exists() {
        return Ok(None);
    }
    let sql = || Error::sql("read", path);
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(sql())?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(sql())?;
    if !has_tables(&connection).map_err(sql())? {
        return Ok(None);
    }
    check_version(&connection, path)?;
    Ok(Some(connection))
}

fn has_tables(connection: &Connection) -> rusqlite::Result<bool> {
    connection.table_exists(None, "schema")
}

fn version(connection: &Connection, path: &Path) -> Result<i64, Error> {
    connection
        .query_row("SELECT version FROM schema", [], |row| row.get(0))
        .map_err(Error::sql("read the schema of", path))
}

fn check_version(connection: &Connection, path: &Path) -> Result<(), Error> {
    match version(connection, path)? {
        VERSION => Ok(()),
        newer if newer > VERSION => Err(Error::Newer { path: path.to_owned(), found: newer, known: VERSION }),
        older if older > 0 => Err(Error::Older { path: path.to_owned(), found: older, known: VERSION }),
        other => {
            let what = format!("a schema {other} that never was");
            Err(Error::Damaged { what, table: "schema", row: "row 1".to_owned() })
        }
    }
}
