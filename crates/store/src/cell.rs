//! How values look in SQLite. Money is 16 bytes, big-endian, with the sign bit flipped, so that bytes sort as
//! the amounts do; time is microseconds; hashes and ids are blobs.

use crate::Error;
use ledger::TransferId;
use ledger::merkle::Hash;
use rusqlite::types::{FromSql, Type, Value};
use rusqlite::{Result, Row};
use std::str::FromStr;
use units::{Currency, Money, Timestamp, TokenCounts};

pub(crate) fn text(value: &(impl ToString + ?Sized)) -> Value {
    Value::Text(value.to_string())
}

pub(crate) fn count(value: u64) -> Result<Value, Error> {
    i64::try_from(value).map(Value::Integer).map_err(|_| Error::TooLarge(value))
}

pub(crate) fn time(value: Timestamp) -> Value {
    Value::Integer(value.micros())
}

pub(crate) fn blob(value: &[u8]) -> Value {
    Value::Blob(value.to_vec())
}

pub(crate) fn amount(value: Money) -> Value {
    let flipped = value.pico().cast_unsigned() ^ (1 << 127);
    Value::Blob(flipped.to_be_bytes().to_vec())
}

pub(crate) fn tokens(value: &TokenCounts) -> Result<[Value; 6], Error> {
    let TokenCounts { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning } = *value;
    Ok([
        count(input)?,
        count(cache_read)?,
        count(cache_write_5m)?,
        count(cache_write_1h)?,
        count(output)?,
        count(reasoning)?,
    ])
}

/// Reads a row's columns from left to right.
pub struct Cells<'a> {
    row: &'a Row<'a>,
    next: usize,
}

impl<'a> Cells<'a> {
    pub(crate) fn of(row: &'a Row<'a>) -> Self {
        Self { row, next: 0 }
    }

    fn take<T: FromSql>(&mut self) -> Result<T> {
        let at = self.next;
        self.next += 1;
        self.row.get(at)
    }

    fn wrong(&self, kind: Type) -> rusqlite::Error {
        let at = self.next - 1;
        let name = self.row.as_ref().column_name(at).unwrap_or("?").to_owned();
        rusqlite::Error::InvalidColumnType(at, name, kind)
    }

    pub(crate) fn text<T: FromStr>(&mut self) -> Result<T> {
        let text: String = self.take()?;
        text.parse().map_err(|_| self.wrong(Type::Text))
    }

    pub(crate) fn count(&mut self) -> Result<u64> {
        let number: i64 = self.take()?;
        u64::try_from(number).map_err(|_| self.wrong(Type::Integer))
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp> {
        self.take().map(Timestamp::from_micros)
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes: Vec<u8> = self.take()?;
        bytes.try_into().map_err(|_| self.wrong(Type::Blob))
    }

    pub(crate) fn hash(&mut self) -> Result<Hash> {
        self.bytes()
    }

    pub(crate) fn id(&mut self) -> Result<TransferId> {
        self.bytes().map(TransferId)
    }

    pub(crate) fn optional_id(&mut self) -> Result<Option<TransferId>> {
        let bytes: Option<Vec<u8>> = self.take()?;
        bytes.map(|bytes| bytes.try_into().map(TransferId).map_err(|_| self.wrong(Type::Blob))).transpose()
    }

    pub(crate) fn amount(&mut self, currency: Currency) -> Result<Money> {
        let flipped = u128::from_be_bytes(self.bytes()?);
        Ok(Money::from_pico((flipped ^ (1 << 127)).cast_signed(), currency))
    }

    pub(crate) fn tokens(&mut self) -> Result<TokenCounts> {
        Ok(TokenCounts {
            input: self.count()?,
            cache_read: self.count()?,
            cache_write_5m: self.count()?,
            cache_write_1h: self.count()?,
            output: self.count()?,
            reasoning: self.count()?,
        })
    }
}
