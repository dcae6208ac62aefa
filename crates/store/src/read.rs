//! Reading, beside a running plane or without one.

use crate::Error;
use crate::cell::Cells;
use crate::record::{Record, read_sums};
use crate::row::{AccountRow, Applied, Batch, DrawnPoint, Position, Totals};
use crate::schema::{file, open_to_read};
use ledger::{Transfer, TransferId};
use rusqlite::types::Value;
use rusqlite::{Connection, Params, params_from_iter};
use std::path::{Path, PathBuf};
use units::{Currency, ModelName, Organisation, Timestamp};

/// The books as they were when it was opened: one consistent view, however long it is kept.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    path: PathBuf,
}

/// A day's usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayFigures {
    /// The start of the day, UTC.
    pub day: Timestamp,
    /// The sums, in one currency.
    pub totals: Totals,
}

/// A model's usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFigures {
    /// The model.
    pub model: ModelName,
    /// The sums, in one currency.
    pub totals: Totals,
}

impl Reader {
    /// Opens the books in the data directory `data`, or none when there are none yet.
    ///
    /// # Errors
    /// When SQLite refuses, or a later version of this program wrote them.
    pub fn open(data: &Path) -> Result<Option<Self>, Error> {
        let path = file(data);
        let Some(connection) = open_to_read(&path)? else { return Ok(None) };
        connection.execute_batch("BEGIN").map_err(Error::sql("read", &path))?;
        Ok(Some(Self { connection, path }))
    }

    /// Moves the view to what the books are now.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn refresh(&self) -> Result<(), Error> {
        self.connection.execute_batch("COMMIT; BEGIN").map_err(Error::sql("read", &self.path))
    }

    /// How far the books are; none when nothing was settled.
    ///
    /// # Errors
    /// When the row is damaged or cannot be read. So for all that follow.
    pub fn applied(&self) -> Result<Option<Applied>, Error> {
        applied(&self.connection, &self.path)
    }

    /// Every account, by name.
    ///
    /// # Errors
    /// As for [`Reader::applied`].
    pub fn accounts(&self) -> Result<Vec<AccountRow>, Error> {
        self.records("ORDER BY name, currency", [])
    }

    /// Every commitment with what is drawn of it, by id.
    ///
    /// # Errors
    /// As for [`Reader::applied`].
    pub fn positions(&self) -> Result<Vec<Position>, Error> {
        self.records("ORDER BY commitment", [])
    }

    /// What each hour drew of a commitment, oldest first. An hour in which nothing was drawn has no point.
    ///
    /// # Errors
    /// As for [`Reader::applied`].
    pub fn drawn_points(&self, commitment: &str) -> Result<Vec<DrawnPoint>, Error> {
        self.records("WHERE commitment = ? ORDER BY hour", [commitment])
    }

    /// The newest batches, newest first.
    ///
    /// # Errors
    /// As for [`Reader::applied`].
    pub fn batches(&self, limit: u32) -> Result<Vec<Batch>, Error> {
        self.records("ORDER BY leaf DESC LIMIT ?", [limit])
    }

    /// One batch.
    ///
    /// # Errors
    /// As for [`Reader::applied`].
    pub fn batch(&self, id: &TransferId) -> Result<Option<Batch>, Error> {
        Ok(self.records("WHERE id = ?", [id.0])?.pop())
    }

    /// One transfer.
    ///
    /// # Errors
    /// As for [`Reader::applied`].
    pub fn transfer(&self, id: &TransferId) -> Result<Option<Transfer>, Error> {
        Ok(self.records("WHERE id = ?", [id.0])?.pop())
    }

    /// The newest transfers that debit or credit an account, newest first; each names its batch.
    ///
    /// # Errors
    /// As for [`Reader::applied`].
    pub fn transfers_of(&self, account: &str, limit: u32) -> Result<Vec<Transfer>, Error> {
        let limit = Value::from(limit);
        let account = Value::from(account.to_owned());
        self.records(
            "WHERE debit = ?1 OR credit = ?1 ORDER BY posted_at DESC, id LIMIT ?2",
            params_from_iter([account, limit]),
        )
    }

    /// Every organisation that has used something, by name.
    ///
    /// # Errors
    /// As for [`Reader::applied`].
    pub fn organisations(&self) -> Result<Vec<Organisation>, Error> {
        let statement = "SELECT DISTINCT organisation FROM rollup ORDER BY organisation";
        self.rows("rollup", statement, [], |cells| cells.text())
    }

    /// Usage by day and currency, oldest first, of the organisations that are chosen.
    ///
    /// # Errors
    /// As for [`Reader::applied`].
    pub fn spend_by_day(&self, chosen: &dyn Fn(&Organisation) -> bool) -> Result<Vec<DayFigures>, Error> {
        let rows = self.sums("day", chosen, |cells| cells.time())?;
        Ok(rows.into_iter().map(|(day, totals)| DayFigures { day, totals }).collect())
    }

    /// Usage by model and currency, of the organisations that are chosen.
    ///
    /// # Errors
    /// As for [`Reader::applied`].
    pub fn spend_by_model(&self, chosen: &dyn Fn(&Organisation) -> bool) -> Result<Vec<ModelFigures>, Error> {
        let rows = self.sums("model", chosen, |cells| cells.text())?;
        Ok(rows.into_iter().map(|(model, totals)| ModelFigures { model, totals }).collect())
    }

    /// Adds rollups up by `column` and currency. SQLite has no exact 128-bit sum, so that happens here.
    fn sums<K: PartialEq>(
        &self,
        column: &str,
        chosen: &dyn Fn(&Organisation) -> bool,
        read: impl Fn(&mut Cells<'_>) -> rusqlite::Result<K>,
    ) -> Result<Vec<(K, Totals)>, Error> {
        let statement = format!(
            "SELECT {column}, organisation, currency, calls, attempts, input, cache_read, cache_write_5m, \
             cache_write_1h, output, reasoning, amount FROM rollup ORDER BY {column}, currency"
        );
        let rows = self.rows("rollup", &statement, [], |cells| {
            let (key, organisation) = (read(cells)?, cells.text()?);
            let currency: Currency = cells.text()?;
            Ok((key, organisation, read_sums(cells, currency)?))
        })?;
        let mut sums: Vec<(K, Totals)> = Vec::new();
        for (key, _, totals) in rows.into_iter().filter(|(_, organisation, _)| chosen(organisation)) {
            let same = |(other, sum): &&mut (K, Totals)| {
                *other == key && sum.amount.currency() == totals.amount.currency()
            };
            match sums.last_mut().filter(same) {
                Some((_, sum)) => {
                    *sum =
                        sum.checked_add(&totals).ok_or_else(|| damaged("rollup", "?", "too large a sum"))?;
                }
                None => sums.push((key, totals)),
            }
        }
        Ok(sums)
    }

    /// Checks that the row with this record's key is this record, to the last byte.
    ///
    /// # Errors
    /// [`Error::Damaged`] with table, row and column when it is missing or differs.
    pub fn check<R: Record>(&self, record: &R) -> Result<(), Error> {
        let wanted = record.values()?;
        let key = wanted.get(..R::KEY).unwrap_or_default();
        let columns = R::COLUMNS.join(", ");
        let places: Vec<String> = R::COLUMNS.iter().take(R::KEY).map(|name| format!("{name} = ?")).collect();
        let statement = format!("SELECT {columns} FROM {} WHERE {}", R::TABLE, places.join(" AND "));
        let sql = |error| self.explain(R::TABLE, &show_key(key), error);
        let mut statement = self.connection.prepare_cached(&statement).map_err(sql)?;
        let mut rows = statement.query(params_from_iter(key)).map_err(sql)?;
        let Some(row) = rows.next().map_err(sql)? else {
            return Err(damaged(R::TABLE, &show_key(key), "a missing row"));
        };
        for ((index, name), wanted) in R::COLUMNS.iter().enumerate().zip(&wanted) {
            let stored: Value = row.get(index).map_err(sql)?;
            if stored != *wanted {
                let what = format!("`{name}` is {} where the journal gives {}", show(&stored), show(wanted));
                return Err(damaged(R::TABLE, &show_key(key), &what));
            }
        }
        Ok(())
    }

    /// Checks that the table of these records has this many rows.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it has more or fewer.
    pub fn check_count<R: Record>(&self, wanted: u64) -> Result<(), Error> {
        let statement = format!("SELECT count(*) FROM {}", R::TABLE);
        let found = self
            .connection
            .query_row(&statement, [], |row| Cells::of(row).count())
            .map_err(|error| self.explain(R::TABLE, "any", error))?;
        if found == wanted {
            return Ok(());
        }
        let what = format!("{found} rows where the journal gives {wanted}");
        Err(damaged(R::TABLE, "any", &what))
    }

    /// SQLite's own check of pages, order and indexes. (Its log: [`check_log`](crate::check_log).)
    ///
    /// # Errors
    /// [`Error::Damaged`] with the first thing it found.
    pub fn check_file(&self) -> Result<(), Error> {
        let verdict: String = self
            .connection
            .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
            .map_err(|error| self.explain("any", "any", error))?;
        if verdict == "ok" { Ok(()) } else { Err(damaged("any", "any", &verdict.replace('\n', " "))) }
    }

    /// All that the books say, as text: what is equal here is equal byte for byte.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn dump(&self) -> Result<String, Error> {
        let mut text = String::new();
        for table in ["applied", "batch", "transfer", "account", "rollup", "position", "drawn"] {
            let sql = |error| self.explain(table, "any", error);
            let mut statement = self.connection.prepare(&format!("SELECT * FROM {table}")).map_err(sql)?;
            let columns = statement.column_count();
            let mut rows = statement.query([]).map_err(sql)?;
            while let Some(row) = rows.next().map_err(sql)? {
                text.push_str(table);
                for index in 0..columns {
                    text.push(' ');
                    text.push_str(&show(&row.get(index).map_err(sql)?));
                }
                text.push('\n');
            }
        }
        Ok(text)
    }

    fn records<R: Record>(&self, rest: &str, params: impl Params) -> Result<Vec<R>, Error> {
        let statement = format!("SELECT {} FROM {} {rest}", R::COLUMNS.join(", "), R::TABLE);
        self.rows(R::TABLE, &statement, params, R::read)
    }

    fn rows<T>(
        &self,
        table: &'static str,
        statement: &str,
        params: impl Params,
        read: impl Fn(&mut Cells<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        rows(&self.connection, statement, params, read)
            .map_err(|(row, error)| explain(&self.path, table, &row, error))
    }

    fn explain(&self, table: &'static str, row: &str, error: rusqlite::Error) -> Error {
        explain(&self.path, table, row, error)
    }
}

pub(crate) fn applied(connection: &Connection, path: &Path) -> Result<Option<Applied>, Error> {
    let statement = format!("SELECT {} FROM applied", Applied::COLUMNS.join(", "));
    let mut found = rows(connection, &statement, [], Applied::read)
        .map_err(|(row, error)| explain(path, Applied::TABLE, &row, error))?;
    Ok(found.pop())
}

/// The rows of a query; on failure, the first cell of the row that could not be read.
fn rows<T>(
    connection: &Connection,
    statement: &str,
    params: impl Params,
    read: impl Fn(&mut Cells<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, (String, rusqlite::Error)> {
    let unknown = |error| ("any".to_owned(), error);
    let mut statement = connection.prepare_cached(statement).map_err(unknown)?;
    let mut rows = statement.query(params).map_err(unknown)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(unknown)? {
        let key = || row.get(0).map_or_else(|_| "?".to_owned(), |value: Value| show(&value));
        found.push(read(&mut Cells::of(row)).map_err(|error| (key(), error))?);
    }
    Ok(found)
}

/// Tells damage from a mere refusal.
fn explain(path: &Path, table: &'static str, row: &str, error: rusqlite::Error) -> Error {
    use rusqlite::Error as Sql;
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let is_damage = match &error {
        Sql::SqliteFailure(failure, _) => matches!(failure.code, DatabaseCorrupt | NotADatabase),
        Sql::InvalidColumnType(..) | Sql::FromSqlConversionFailure(..) | Sql::Utf8Error(..) => true,
        _ => false,
    };
    if is_damage { damaged(table, row, &error.to_string()) } else { Error::sql("read", path)(error) }
}

fn damaged(table: &'static str, row: &str, what: &str) -> Error {
    Error::Damaged { what: what.to_owned(), table, row: format!("row {row}") }
}

fn show_key(key: &[Value]) -> String {
    key.iter().map(show).collect::<Vec<_>>().join(" ")
}

/// A cell for people: bytes in hexadecimal.
fn show(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}
