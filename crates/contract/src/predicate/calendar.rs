//! Lengths of time and windows of it, on the proleptic Gregorian calendar in UTC.

use std::fmt;
use units::Timestamp;

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    /// Days of 24 hours.
    Days,
    /// Seven of them.
    Weeks,
    /// Calendar months; a day that a month lacks becomes its last.
    Months,
    /// Three of them.
    Quarters,
    /// Twelve of them.
    Years,
}

/// So many of a unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Length {
    /// How many; one or more.
    pub count: u32,
    /// Of what.
    pub span: Span,
}

/// A time up to the moment of evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// So long before it.
    Last(Length),
    /// Since the calendar month began.
    Month,
    /// Since the calendar quarter began.
    Quarter,
    /// Since the calendar year began.
    Year,
    /// Since the contract year began.
    ContractYear,
}

const DAY_MICROS: i64 = 86_400_000_000;

pub(crate) fn next_midnight(after: Timestamp) -> Option<Timestamp> {
    after.micros().div_euclid(DAY_MICROS).checked_add(1)?.checked_mul(DAY_MICROS).map(Timestamp::from_micros)
}

impl fmt::Display for Length {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, many) = match self.span {
            Span::Days => ("day", "days"),
            Span::Weeks => ("week", "weeks"),
            Span::Months => ("month", "months"),
            Span::Quarters => ("quarter", "quarters"),
            Span::Years => ("year", "years"),
        };
        write!(out, "{} {}", self.count, if self.count == 1 { one } else { many })
    }
}
