//! Each kind of row, one shape: its table, its columns, and how it is written and read.

use crate::Error;
use crate::cell::{Cells, amount, blob, count, text, time, tokens};
use crate::row::{AccountRow, Applied, Batch, BatchKey, DrawnPoint, Position, Rollup, RollupKey, Totals};
use ledger::{Account, Balance, Transfer};
use rusqlite::types::Value;
use units::{Currency, PriceId};

/// A value with a table of its own.
pub trait Record: Sized {
    /// The table.
    const TABLE: &'static str;
    /// How many of the first columns are the key.
    const KEY: usize;
    /// All columns, in the order of [`Record::values`].
    const COLUMNS: &'static [&'static str];

    /// The row's cells.
    ///
    /// # Errors
    /// When a count does not fit.
    fn values(&self) -> Result<Vec<Value>, Error>;

    /// Reads the row.
    ///
    /// # Errors
    /// When a cell is not what such a row holds.
    fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Self>;
}

impl Record for Applied {
    const TABLE: &'static str = "applied";
    const KEY: usize = 1;
    const COLUMNS: &'static [&'static str] =
        &["one", "sealed", "through", "at", "batches", "transfers", "root"];

    fn values(&self) -> Result<Vec<Value>, Error> {
        Ok(vec![
            Value::Integer(1),
            count(self.sealed)?,
            count(self.through)?,
            time(self.at),
            count(self.batches)?,
            count(self.transfers)?,
            blob(&self.root),
        ])
    }

    fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Self> {
        cells.count()?;
        Ok(Self {
            sealed: cells.count()?,
            through: cells.count()?,
            at: cells.time()?,
            batches: cells.count()?,
            transfers: cells.count()?,
            root: cells.hash()?,
        })
    }
}

impl Record for Batch {
    const TABLE: &'static str = "batch";
    const KEY: usize = 1;
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "leaf",
        "sealed",
        "day",
        "organisation",
        "team",
        "model",
        "backend",
        "region",
        "currency",
        "price",
        "first",
        "last",
        "calls",
        "attempts",
        "input",
        "cache_read",
        "cache_write_5m",
        "cache_write_1h",
        "output",
        "reasoning",
        "amount",
        "root",
        "event_first",
        "event_last",
        "posted_at",
    ];

    fn values(&self) -> Result<Vec<Value>, Error> {
        let BatchKey { day, organisation, team, model, backend, region, currency, price } = &self.key;
        let mut values = vec![blob(&self.id.0), count(self.leaf)?, count(self.sealed)?, time(*day)];
        values.extend([text(organisation), text(team), text(model), text(backend), text(region)]);
        values.extend([text(currency), text(price), count(self.first)?, count(self.last)?]);
        values.extend(sums(&self.totals)?);
        values.push(blob(&self.root));
        values.extend([time(self.event_first), time(self.event_last), time(self.posted_at)]);
        Ok(values)
    }

    fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Self> {
        let (id, leaf, sealed) = (cells.id()?, cells.count()?, cells.count()?);
        let key = BatchKey {
            day: cells.time()?,
            organisation: cells.text()?,
            team: cells.text()?,
            model: cells.text()?,
            backend: cells.text()?,
            region: cells.text()?,
            currency: cells.text()?,
            price: cells.text::<PriceId>()?,
        };
        Ok(Self {
            id,
            leaf,
            sealed,
            first: cells.count()?,
            last: cells.count()?,
            totals: read_sums(cells, key.currency)?,
            key,
            root: cells.hash()?,
            event_first: cells.time()?,
            event_last: cells.time()?,
            posted_at: cells.time()?,
        })
    }
}

fn sums(totals: &Totals) -> Result<Vec<Value>, Error> {
    let mut values = vec![count(totals.calls)?, count(totals.attempts)?];
    values.extend(tokens(&totals.tokens)?);
    values.push(amount(totals.amount));
    Ok(values)
}

pub(crate) fn read_sums(cells: &mut Cells<'_>, currency: Currency) -> rusqlite::Result<Totals> {
    Ok(Totals {
        calls: cells.count()?,
        attempts: cells.count()?,
        tokens: cells.tokens()?,
        amount: cells.amount(currency)?,
    })
}

impl Record for Transfer {
    const TABLE: &'static str = "transfer";
    const KEY: usize = 1;
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "debit",
        "credit",
        "currency",
        "amount",
        "code",
        "event_at",
        "posted_at",
        "batch",
        "corrects",
    ];

    fn values(&self) -> Result<Vec<Value>, Error> {
        Ok(vec![
            blob(&self.id.0),
            text(&self.debit),
            text(&self.credit),
            text(&self.amount.currency()),
            amount(self.amount),
            text(&*self.code),
            time(self.event_at),
            time(self.posted_at),
            self.batch.map_or(Value::Null, |batch| blob(&batch.0)),
            self.corrects.map_or(Value::Null, |corrects| blob(&corrects.0)),
        ])
    }

    fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Self> {
        let id = cells.id()?;
        let [debit, credit] = [cells.text::<String>()?, cells.text::<String>()?].map(Account::new);
        let currency = cells.text()?;
        Ok(Self {
            id,
            debit,
            credit,
            amount: cells.amount(currency)?,
            code: cells.text::<String>()?.into(),
            event_at: cells.time()?,
            posted_at: cells.time()?,
            batch: cells.optional_id()?,
            corrects: cells.optional_id()?,
        })
    }
}

impl Record for AccountRow {
    const TABLE: &'static str = "account";
    const KEY: usize = 2;
    const COLUMNS: &'static [&'static str] = &["name", "currency", "debits", "credits"];

    fn values(&self) -> Result<Vec<Value>, Error> {
        let Balance { debits, credits } = self.balance;
        Ok(vec![text(&self.account), text(&debits.currency()), amount(debits), amount(credits)])
    }

    fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Self> {
        let account = Account::new(cells.text::<String>()?);
        let currency = cells.text()?;
        let balance = Balance { debits: cells.amount(currency)?, credits: cells.amount(currency)? };
        Ok(Self { account, balance })
    }
}

impl Record for Rollup {
    const TABLE: &'static str = "rollup";
    const KEY: usize = 7;
    const COLUMNS: &'static [&'static str] = &[
        "day",
        "organisation",
        "team",
        "model",
        "backend",
        "region",
        "currency",
        "calls",
        "attempts",
        "input",
        "cache_read",
        "cache_write_5m",
        "cache_write_1h",
        "output",
        "reasoning",
        "amount",
    ];

    fn values(&self) -> Result<Vec<Value>, Error> {
        let RollupKey { day, organisation, team, model, backend, region, currency } = &self.key;
        let mut values = vec![time(*day), text(organisation), text(team), text(model)];
        values.extend([text(backend), text(region), text(currency)]);
        values.extend(sums(&self.totals)?);
        Ok(values)
    }

    fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Self> {
        let key = RollupKey {
            day: cells.time()?,
            organisation: cells.text()?,
            team: cells.text()?,
            model: cells.text()?,
            backend: cells.text()?,
            region: cells.text()?,
            currency: cells.text()?,
        };
        Ok(Self { totals: read_sums(cells, key.currency)?, key })
    }
}

impl Record for Position {
    const TABLE: &'static str = "position";
    const KEY: usize = 1;
    const COLUMNS: &'static [&'static str] =
        &["commitment", "organisation", "currency", "total", "from_at", "to_at", "drawn", "over"];

    fn values(&self) -> Result<Vec<Value>, Error> {
        Ok(vec![
            text(&*self.commitment),
            text(&self.organisation),
            text(&self.total.currency()),
            amount(self.total),
            time(self.from),
            time(self.to),
            amount(self.drawn),
            amount(self.over),
        ])
    }

    fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Self> {
        let (commitment, organisation) = (cells.text::<String>()?.into(), cells.text()?);
        let currency = cells.text()?;
        Ok(Self {
            commitment,
            organisation,
            total: cells.amount(currency)?,
            from: cells.time()?,
            to: cells.time()?,
            drawn: cells.amount(currency)?,
            over: cells.amount(currency)?,
        })
    }
}

impl Record for DrawnPoint {
    const TABLE: &'static str = "drawn";
    const KEY: usize = 2;
    const COLUMNS: &'static [&'static str] = &["commitment", "hour", "currency", "amount"];

    fn values(&self) -> Result<Vec<Value>, Error> {
        let currency = text(&self.amount.currency());
        Ok(vec![text(&*self.commitment), time(self.hour), currency, amount(self.amount)])
    }

    fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Self> {
        let (commitment, hour) = (cells.text::<String>()?.into(), cells.time()?);
        let currency = cells.text()?;
        Ok(Self { commitment, hour, amount: cells.amount(currency)? })
    }
}
