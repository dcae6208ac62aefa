//! An instrument as a document: its terms, what the market shows and what the parties did, in the shape of the
//! public ACTUS test cases.

use crate::error::Error;
use crate::event::{Event, Kind, Occurrence};
use crate::market::Market;
use crate::terms::Terms;
use crate::terms::fields::{number, scalar, time, unreadable};
use crate::types::schedule;
use jiff::civil::DateTime;
use serde_json::{Map, Value};

/// A contract with all its schedule depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Instrument {
    /// Its terms.
    pub terms: Terms,
    /// What the market shows.
    pub market: Market,
    /// What the parties did.
    pub occurrences: Vec<Occurrence>,
}

const TIME: &str = "a date such as `2026-04-30` or `2026-04-30T00:00:00`";
const NUMBER: &str = "a number";

impl Instrument {
    /// Reads a document: `terms`, `dataObserved` and `eventsObserved`, the latter two if there are any. The values
    /// of a code stand as `{"2026-04-01": 0.043, …}`, or as the cases write them, `{"data": [{"timestamp", "value"}]}`.
    ///
    /// # Errors
    /// As [`Terms::read`], and where an observation cannot be read.
    pub fn read(document: &Map<String, Value>) -> Result<Self, Error> {
        const PARTS: [&str; 6] = ["identifier", "terms", "to", "dataObserved", "eventsObserved", "results"];
        if let Some(name) = document.keys().find(|name| !PARTS.contains(&name.as_str())) {
            return Err(Error::unknown(name, PARTS.into_iter()));
        }
        let terms = document.get("terms").and_then(Value::as_object);
        let terms = terms.ok_or(Error::Missing { term: "terms", contract: "an instrument" })?;
        Ok(Self {
            terms: Terms::read(terms)?,
            market: market(document.get("dataObserved"))?,
            occurrences: occurrences(document.get("eventsObserved"))?,
        })
    }

    /// Its events up to `to`, included.
    ///
    /// # Errors
    /// As [`schedule`].
    pub fn events(&self, to: DateTime) -> Result<Vec<Event>, Error> {
        schedule(&self.terms, &self.occurrences, &|code, time| self.market.at(code, time), to)
    }
}

fn market(data: Option<&Value>) -> Result<Market, Error> {
    let mut market = Market::default();
    let Some(data) = data.filter(|data| !data.is_null()) else { return Ok(market) };
    let codes = data.as_object().ok_or_else(|| unreadable("dataObserved", data, "values by code"))?;
    for (code, series) in codes {
        let shape = || unreadable(code, series, "values by date");
        let series = series.as_object().ok_or_else(shape)?;
        match series.get("data") {
            Some(points) => {
                for point in points.as_array().ok_or_else(shape)? {
                    let part = |name| point.get(name).ok_or_else(shape);
                    let at = scalar("timestamp", part("timestamp")?, TIME, &time)?;
                    market.show(code, at, scalar(code, part("value")?, NUMBER, &number)?);
                }
            }
            None => {
                for (at, value) in series {
                    let at = scalar(code, &Value::from(at.as_str()), TIME, &time)?;
                    market.show(code, at, scalar(code, value, NUMBER, &number)?);
                }
            }
        }
    }
    Ok(market)
}

fn occurrences(events: Option<&Value>) -> Result<Vec<Occurrence>, Error> {
    const NAME: &str = "eventsObserved";
    const SHAPE: &str = "a list of `time`, `type` and `value`";
    let Some(events) = events.filter(|events| !events.is_null()) else { return Ok(Vec::new()) };
    let events = events.as_array().ok_or_else(|| unreadable(NAME, events, SHAPE))?;
    let read = |event: &Value| {
        let part = |name| event.get(name).ok_or_else(|| unreadable(NAME, event, SHAPE));
        let amount = |text: &str| number(text).filter(|amount| *amount >= 0.0);
        let amount = match event.get("value") {
            Some(value) => scalar(NAME, value, "an amount that is not negative", &amount)?,
            None => 0.0,
        };
        let kind = |code: &str| Kind::from_code(code).filter(|kind| OBSERVABLE.contains(kind));
        let kind = scalar(NAME, part("type")?, "one of `PP`, `PR`, `PD`, `XD`", &kind)?;
        Ok(Occurrence { time: scalar(NAME, part("time")?, TIME, &time)?, kind, amount })
    };
    events.iter().map(read).collect()
}

const OBSERVABLE: [Kind; 4] = [Kind::Prepayment, Kind::Redemption, Kind::Drawing, Kind::Exercise];
