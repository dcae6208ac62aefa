//! A calendar day: rules start, end and are suspended by the day.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use units::Timestamp;

const SECONDS_PER_DAY: i64 = 86_400;

/// A day, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i64);

/// The text is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date such as `2026-11-24`")]
pub struct DateError(String);

impl Date {
    /// The day of a moment.
    pub const fn of(moment: Timestamp) -> Self {
        Self(moment.seconds().div_euclid(SECONDS_PER_DAY))
    }

    /// Days since 1970-01-01.
    pub const fn days(self) -> i64 {
        self.0
    }

    /// Days from `earlier` to this day; negative when this day is before it.
    pub const fn days_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whether the day lies in a span whose ends, where there are any, belong to it.
    pub fn is_within(self, from: Option<Self>, until: Option<Self>) -> bool {
        from.is_none_or(|from| from <= self) && until.is_none_or(|until| self <= until)
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let wrong = || DateError(text.to_owned());
        if text.len() != 10 {
            return Err(wrong());
        }
        text.parse::<Timestamp>().map(Self::of).map_err(|_| wrong())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&Timestamp::from_seconds(self.0.saturating_mul(SECONDS_PER_DAY)).date())
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_shown_and_compared() {
        let day: Date = "2026-08-02".parse().unwrap();
        assert_eq!(day.to_string(), "2026-08-02");
        assert_eq!(day, Date::of("2026-08-02T23:59:59Z".parse().unwrap()));
        assert_eq!(day.days_since("2026-08-01".parse().unwrap()), 1);
        assert!(day.is_within(Some(day), Some(day)) && !day.is_within(None, "2026-08-01".parse().ok()));
        assert!("2026-8-2".parse::<Date>().is_err() && "2026-13-01".parse::<Date>().is_err());
    }
}
