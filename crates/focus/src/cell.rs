//! One row's values, whatever file they come from, as the kinds of value that columns hold.

use crate::column::Column;
use crate::fault::{Fault, Problem};
use crate::moment;
use crate::number::Number;
use std::borrow::Cow;
use units::{Currency, Timestamp};

/// A value as its file has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'a> {
    /// None.
    Null,
    /// Text, not yet known to be UTF-8.
    Text(&'a [u8]),
    /// A number that the file types as one.
    Number(Number),
    /// A time that the file types as one.
    Moment(Timestamp),
    /// A type that no column read here can have.
    Other,
}

/// A row.
pub(crate) trait Row {
    /// The value in a column; null where the file has no such column.
    fn cell(&self, column: Column) -> Cell<'_>;

    /// Text; empty when there is none. Vendors write `NULL` for it where a format has no null.
    fn text(&self, column: Column) -> Result<Cow<'_, str>, Fault> {
        match self.cell(column) {
            Cell::Null => Ok(Cow::Borrowed("")),
            Cell::Text(bytes) => {
                let text = std::str::from_utf8(bytes)
                    .map_err(|_| Fault::of(Problem::Encoding).mend("save the export as UTF-8"))?
                    .trim();
                Ok(Cow::Borrowed(if matches!(text, "NULL" | "null" | "\\N") { "" } else { text }))
            }
            Cell::Number(number) => Ok(Cow::Owned(number.to_string())),
            Cell::Moment(moment) => Ok(Cow::Owned(moment.to_string())),
            Cell::Other => Err(wrong(column, "?", "text")),
        }
    }

    /// A number, if there is one.
    fn number(&self, column: Column) -> Result<Option<Number>, Fault> {
        if let Cell::Number(number) = self.cell(column) {
            return Ok(Some(number));
        }
        let text = self.text(column)?;
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = || {
            let mend = if text.contains(',') {
                "write it with a point and without separators, such as `1234.50`"
            } else {
                "write a decimal number such as `12.50`"
            };
            wrong(column, &text, "decimal number").mend(mend)
        };
        Number::parse(&text).map(Some).ok_or_else(wrong)
    }

    /// A time that must be there.
    fn moment(&self, column: Column) -> Result<Timestamp, Fault> {
        if let Cell::Moment(moment) = self.cell(column) {
            return Ok(moment);
        }
        let text = self.text(column)?;
        if text.is_empty() {
            return Err(Fault::of(Problem::Empty(column.name())).mend("every charge has one"));
        }
        moment::parse(&text).ok_or_else(|| {
            wrong(column, &text, "time").mend("write it as `2026-10-05T00:00:00Z`, as FOCUS has it")
        })
    }

    /// The currency that must be there.
    fn currency(&self, column: Column) -> Result<Currency, Fault> {
        let text = self.text(column)?;
        if text.is_empty() {
            return Err(Fault::of(Problem::Empty(column.name())).mend("every charge has one"));
        }
        text.parse()
            .map_err(|_| wrong(column, &text, "currency code").mend("write three capitals, such as `USD`"))
    }
}

/// A value that its column cannot have; long ones are cut.
pub(crate) fn wrong(column: Column, value: &str, expected: &'static str) -> Fault {
    let mut value: String = value.chars().take(60).collect();
    if value.chars().count() == 60 {
        value.push('…');
    }
    Fault::of(Problem::Value { column: column.name(), value, expected })
}
