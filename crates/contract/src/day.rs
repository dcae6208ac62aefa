//! Calendar days (UTC) and contract years, which run from anniversary to anniversary, half-open.

use crate::error::Problem;
use jiff::Span;
use jiff::civil::Date;
use serde::de::{Deserialize, Deserializer, Error as _};
use std::fmt;
use std::str::FromStr;
use toml::Value;
use toml::value::Datetime;
use units::Timestamp;

/// A calendar day, UTC. It begins at midnight; a period `from`..`to` of days ends before `to` begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// The day that `moment` falls on.
    pub fn of(moment: Timestamp) -> Self {
        // INVARIANT: the text of a moment that jiff can hold begins with its date; others clamp.
        Self(moment.date().parse().unwrap_or(if moment.micros() < 0 { Date::MIN } else { Date::MAX }))
    }

    /// Its first moment.
    pub fn start(self) -> Timestamp {
        Timestamp::from_seconds(i64::from(self.number()) * 86_400)
    }

    /// The same day `years` later; 29 February becomes the 28th in a year without one. Clamps at the year 9999.
    #[must_use]
    pub fn plus_years(self, years: u32) -> Self {
        let later = Span::new().try_years(years).and_then(|span| self.0.checked_add(span));
        Self(later.unwrap_or(Date::MAX))
    }

    /// `days` later; clamps at the year 9999.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        let later = Span::new().try_days(days).and_then(|span| self.0.checked_add(span));
        Self(later.unwrap_or(Date::MAX))
    }

    /// `days` earlier; clamps at the year −9999.
    #[must_use]
    pub fn minus_days(self, days: u32) -> Self {
        let earlier = Span::new().try_days(days).and_then(|span| self.0.checked_sub(span));
        Self(earlier.unwrap_or(Date::MIN))
    }

    /// Whole days from this one until `other`; negative when that is earlier.
    pub fn days_until(self, other: Self) -> i32 {
        other.number() - self.number()
    }

    /// The calendar year.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// Days since 1970-01-01.
    fn number(self) -> i32 {
        self.0.since(Date::constant(1970, 1, 1)).map_or(0, |span| span.get_days())
    }
}

impl FromStr for Day {
    type Err = Problem;

    /// A calendar date and nothing after it: `2026-04-20`.
    fn from_str(text: &str) -> Result<Self, Problem> {
        match text.parse::<Date>() {
            // jiff reads a date out of a date and time, too, and drops the time.
            Ok(date) if date.to_string() == text => Ok(Self(date)),
            _ => Err(Problem::Shape(format!("`{text}` is not a date such as `2026-04-20`"))),
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, out)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, out)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let written = written(from)?.to_string();
        // A day may be written as its first moment.
        let moment = || written.parse::<Timestamp>().ok().filter(|at| Self::of(*at).start() == *at);
        written.parse().or_else(|error| moment().map(Self::of).ok_or(error)).map_err(D::Error::custom)
    }
}

/// A date or a time as a deal file has it: TOML's own, or the same in quotes.
fn written<'de, D: Deserializer<'de>>(from: D) -> Result<Datetime, D::Error> {
    let no_date = |text: String| D::Error::custom(format!("`{text}` is not a date such as `2026-04-20`"));
    match Value::deserialize(from)? {
        Value::Datetime(written) => Ok(written),
        Value::String(text) => text.parse().map_err(|_| no_date(text)),
        other => Err(no_date(other.to_string())),
    }
}

/// Reads a moment: a date means its start, a time needs its offset from UTC.
pub(crate) fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let written = written(from)?;
    match (written.time, written.offset) {
        (Some(_), None) => Err(D::Error::custom(format!("`{written}` does not say how far it is from UTC"))),
        _ => written.to_string().parse().map_err(D::Error::custom),
    }
}

/// The days a contract is in force: from its first, up to but not including its last when it has one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Period {
    /// The first day.
    pub from: Day,
    /// The first day after it.
    pub to: Option<Day>,
}

impl Period {
    /// How many contract years it touches; nothing when it has no end.
    pub fn years(self) -> Option<u32> {
        let to = self.to?;
        let guess = u32::try_from(to.year() - self.from.year()).unwrap_or(0);
        Some(if self.from.plus_years(guess) < to { guess + 1 } else { guess })
    }

    /// Contract year `year`, counted from 1: from anniversary to anniversary, the last cut off at the end.
    pub fn year(self, year: u32) -> Option<(Day, Day)> {
        let from = self.from.plus_years(year.checked_sub(1)?);
        let to = self.from.plus_years(year);
        match self.to {
            Some(end) if end <= from => None,
            Some(end) => Some((from, to.min(end))),
            None => Some((from, to)),
        }
    }

    /// The contract year a day falls in, counted from 1.
    pub fn year_of(self, day: Day) -> Option<u32> {
        if day < self.from || self.to.is_some_and(|end| day >= end) {
            return None;
        }
        let guess = u32::try_from(day.year() - self.from.year()).ok()?;
        Some(if self.from.plus_years(guess) <= day { guess + 1 } else { guess })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn leap_day_clamps_and_comes_back() {
        let period = Period { from: day("2024-02-29"), to: Some(day("2029-02-28")) };
        assert_eq!(period.years(), Some(5));
        assert_eq!(period.year(1), Some((day("2024-02-29"), day("2025-02-28"))));
        assert_eq!(period.year(4), Some((day("2027-02-28"), day("2028-02-29"))));
        assert_eq!(period.year(6), None);
        assert_eq!(period.year_of(day("2025-02-27")), Some(1));
        assert_eq!(period.year_of(day("2025-02-28")), Some(2));
        assert_eq!(period.year_of(day("2029-02-28")), None);
        assert_eq!(period.year_of(day("2024-02-28")), None);
    }

    #[test]
    fn a_day_is_a_date_alone() {
        for text in ["2026-04-20T09:00:00", "2026-04-20T09:00:00Z", "09:00:00", "20260420", "2026-02-30", ""]
        {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_last_year_may_be_short() {
        let period = Period { from: day("2026-04-20"), to: Some(day("2028-01-01")) };
        assert_eq!(period.years(), Some(2));
        assert_eq!(period.year(2), Some((day("2027-04-20"), day("2028-01-01"))));
    }

    proptest! {
        #[test]
        fn years_tile_the_period(start in 0_u32..20_000, length in 1_u32..8_000) {
            let from = day("1999-12-31").plus_days(start);
            let period = Period { from, to: Some(from.plus_days(length)) };
            let years = period.years().unwrap();
            let mut at = from;
            for year in 1..=years {
                let (begin, end) = period.year(year).unwrap();
                prop_assert_eq!(begin, at);
                prop_assert!(begin < end);
                prop_assert_eq!(period.year_of(begin), Some(year));
                prop_assert_eq!(period.year_of(end), (year < years).then_some(year + 1));
                at = end;
            }
            prop_assert_eq!(Some(at), period.to);
            prop_assert_eq!(Day::of(from.start()), from);
        }
    }
}
