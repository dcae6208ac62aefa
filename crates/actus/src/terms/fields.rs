//! Reads single terms from a JSON object, and knows afterwards which names nobody asked for.

use crate::conventions::{Cycle, Period};
use crate::error::Error;
use crate::terms::Recurrence;
use jiff::civil::{Date, DateTime};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeSet;

type Outcome<T> = Result<Option<T>, Error>;

/// An object of terms, and the names already read.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    read: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(object: &'a Map<String, Value>) -> Self {
        Self { object, read: RefCell::new(BTreeSet::new()) }
    }

    /// The value of a term. A null, an empty text and the word `NULL` count as not said.
    pub(super) fn value(&self, name: &'static str) -> Option<&'a Value> {
        self.read.borrow_mut().insert(name);
        let value = self.object.get(name)?;
        let blank = value.is_null() || value.as_str().is_some_and(|text| matches!(text.trim(), "" | "NULL"));
        (!blank).then_some(value)
    }

    /// Reads a term written as text, or as a number where `parse` takes its digits.
    pub(super) fn parsed<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Outcome<T> {
        self.value(name).map(|value| scalar(name, value, expected, &parse)).transpose()
    }

    pub(super) fn text(&self, name: &'static str) -> Outcome<String> {
        self.parsed(name, "a text", |text| Some(text.to_owned()))
    }

    pub(super) fn number(&self, name: &'static str) -> Outcome<f64> {
        self.parsed(name, "a number", number)
    }

    pub(super) fn number_or(&self, name: &'static str, default: f64) -> Result<f64, Error> {
        Ok(self.number(name)?.unwrap_or(default))
    }

    /// A number that may not be negative.
    pub(super) fn amount(&self, name: &'static str) -> Outcome<f64> {
        self.parsed(name, "a number that is not negative", |text| {
            number(text).filter(|amount| *amount >= 0.0)
        })
    }

    pub(super) fn amounts(&self, name: &'static str) -> Result<Vec<f64>, Error> {
        const EXPECTED: &str = "a list of numbers that are not negative";
        let Some(value) = self.value(name) else { return Ok(Vec::new()) };
        let list = value.as_array().ok_or_else(|| unreadable(name, value, EXPECTED))?;
        let amount = |text: &str| number(text).filter(|amount| *amount >= 0.0);
        list.iter().map(|item| scalar(name, item, EXPECTED, &amount)).collect()
    }

    pub(super) fn time(&self, name: &'static str) -> Outcome<DateTime> {
        self.parsed(name, "a date such as `2026-04-30` or `2026-04-30T00:00:00`", time)
    }

    pub(super) fn period(&self, name: &'static str) -> Outcome<Period> {
        self.parsed(name, "a period such as `P3M`", Period::parse)
    }

    pub(super) fn recurrence(&self, anchor: &'static str, cycle: &'static str) -> Result<Recurrence, Error> {
        const EXPECTED: &str = "a cycle such as `P1ML0` (long last stub) or `P1ML1` (short last stub)";
        Ok(Recurrence { anchor: self.time(anchor)?, cycle: self.parsed(cycle, EXPECTED, Cycle::parse)? })
    }

    /// Refuses the first name that was never read.
    pub(super) fn nothing_else(&self) -> Result<(), Error> {
        let read = self.read.borrow();
        match self.object.keys().find(|name| !read.contains(name.as_str())) {
            Some(name) => Err(Error::unknown(name, read.iter().copied())),
            None => Ok(()),
        }
    }
}

/// Reads a scalar: a text, or a number or truth as it is written.
pub(crate) fn scalar<T>(
    name: &str,
    value: &Value,
    expected: &'static str,
    parse: &impl Fn(&str) -> Option<T>,
) -> Result<T, Error> {
    let parsed = match value {
        Value::String(text) => parse(text.trim()),
        Value::Number(_) | Value::Bool(_) => parse(&value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    parsed.ok_or_else(|| unreadable(name, value, expected))
}

pub(crate) fn unreadable(term: &str, value: &Value, expected: &'static str) -> Error {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Error::Unreadable { term: term.to_owned(), text, expected }
}

pub(crate) fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

pub(crate) fn time(text: &str) -> Option<DateTime> {
    // No offset and no zone: ACTUS knows local time only, and dropping one would move the event.
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '-' | 'T' | ' ' | ':' | '.');
    let (_, clock) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    if !text.chars().all(plain) || clock.contains('-') {
        return None;
    }
    let day = || text.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0));
    if clock.is_empty() { day() } else { text.parse().ok() }
}
