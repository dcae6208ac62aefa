//! Day counts: what part of a year lies between two dates.

use super::Conventions;
use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime};

/// How a year fraction is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DayCount {
    /// `AA`: actual days by the actual length of each year (ISDA).
    #[default]
    ActualActual,
    /// `A360`: actual days by 360.
    Actual360,
    /// `A365`: actual days by 365.
    Actual365,
    /// `A336`: actual days by 336.
    Actual336,
    /// `30E360`: months of 30 days, every 31st counted as the 30th.
    Thirty360,
    /// `30E360ISDA`: as before, with a month's last day counted as the 30th too, except February's at maturity.
    Thirty360Isda,
    /// `28E336`: months of 28 days.
    TwentyEight336,
    /// `B252`: business days by 252.
    Business252,
}

impl DayCount {
    /// Reads the dictionary's codes, with or without strokes: `A365` or `A/365`.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Some(match code.replace('/', "").as_str() {
            "AA" | "AAISDA" => Self::ActualActual,
            "A360" => Self::Actual360,
            "A365" => Self::Actual365,
            "A336" => Self::Actual336,
            "30E360" => Self::Thirty360,
            "30E360ISDA" => Self::Thirty360Isda,
            "28E336" | "28336" => Self::TwentyEight336,
            "B252" => Self::Business252,
            _ => return None,
        })
    }

    /// The part of a year from one time to another. A time of 23:59:59 is the midnight after it.
    pub(crate) fn fraction(self, from: DateTime, to: DateTime, conventions: &Conventions) -> f64 {
        let (from, to) = (midnight(from), midnight(to));
        match self {
            Self::ActualActual => by_year(from, to),
            Self::Actual360 => days(from, to) / 360.0,
            Self::Actual365 => days(from, to) / 365.0,
            Self::Actual336 => days(from, to) / 336.0,
            Self::Thirty360 => equal_months(from, to, 30, |date| i32::from(date.day()).min(30)),
            Self::Thirty360Isda => {
                let maturity = conventions.maturity.map(midnight);
                equal_months(from, to, 30, |date| isda_day(date, maturity))
            }
            Self::TwentyEight336 => equal_months(from, to, 28, |date| i32::from(date.day()).min(28)),
            Self::Business252 => business_days(from, to, conventions) / 252.0,
        }
    }
}

fn midnight(time: DateTime) -> Date {
    let end_of_day = time.hour() == 23 && time.minute() == 59 && time.second() == 59;
    if end_of_day { time.date().tomorrow().unwrap_or(time.date()) } else { time.date() }
}

fn days(from: Date, to: Date) -> f64 {
    to.duration_since(from).as_secs_f64() / 86_400.0
}

fn by_year(from: Date, to: Date) -> f64 {
    let length = |date: Date| f64::from(date.days_in_year());
    if from.year() == to.year() {
        return days(from, to) / length(from);
    }
    let next_new_year = from.last_of_year().tomorrow().unwrap_or(from);
    let whole_years = f64::from(to.year() - from.year() - 1);
    days(from, next_new_year) / length(from) + days(to.first_of_year(), to) / length(to) + whole_years
}

fn equal_months(from: Date, to: Date, month: i32, day: impl Fn(Date) -> i32) -> f64 {
    let count = |date: Date| (i32::from(date.year()) * 12 + i32::from(date.month())) * month + day(date);
    f64::from(count(to) - count(from)) / f64::from(12 * month)
}

fn isda_day(date: Date, maturity: Option<Date>) -> i32 {
    let at_maturity = date.month() == 2 && maturity == Some(date);
    if date == date.last_of_month() && !at_maturity { 30 } else { i32::from(date.day()) }
}

/// Business days from the first date, counted, to the second, not counted.
fn business_days(from: Date, to: Date, conventions: &Conventions) -> f64 {
    let mut count = 0.0;
    let mut at = from;
    while at < to {
        if conventions.calendar.is_business_day(at) {
            count += 1.0;
        }
        match at.checked_add(1.day()) {
            Ok(next) => at = next,
            Err(_) => break,
        }
    }
    count
}
