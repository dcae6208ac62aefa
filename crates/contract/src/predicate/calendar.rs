//! Lengths of time and windows of it, on the Gregorian calendar in UTC, in whole numbers.
//!
//! Days and weeks are exact lengths. Months, quarters and years are calendar steps between days: a day that a
//! month lacks becomes its last. A time that is reckoned in them begins at midnight, and from the last day of a
//! month it reaches back to the last day of another, so that two quarters before 30 September is 31 March.

use crate::day::Period;
use std::fmt;
use units::Timestamp;

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    /// 24 hours.
    Days,
    /// Seven days.
    Weeks,
    /// Calendar months.
    Months,
    /// Three months.
    Quarters,
    /// Twelve months.
    Years,
}

/// So many of a unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Length {
    /// How many; one or more.
    pub count: u16,
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

/// Days since 1970-01-01.
pub(crate) type DayNumber = i64;

const DAY_MICROS: i64 = 86_400_000_000;

/// The day a moment falls on.
pub(crate) const fn day_of(at: Timestamp) -> DayNumber {
    at.micros().div_euclid(DAY_MICROS)
}

/// A day's first moment.
pub(crate) const fn midnight(day: DayNumber) -> Timestamp {
    Timestamp::from_micros(day.saturating_mul(DAY_MICROS))
}

pub(crate) fn next_midnight(after: Timestamp) -> Option<Timestamp> {
    (day_of(after) + 1).checked_mul(DAY_MICROS).map(Timestamp::from_micros)
}

/// The last moment before another.
pub(crate) const fn just_before(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros().saturating_sub(1))
}

impl Length {
    /// The moment this long before another.
    pub fn before(self, at: Timestamp) -> Timestamp {
        match self.days() {
            Some(days) => Timestamp::from_micros(at.micros().saturating_sub(days * DAY_MICROS)),
            None => midnight(months_before(day_of(at), self.months())),
        }
    }

    /// The first moment that `from` lies this long before.
    pub(crate) fn passed(self, from: Timestamp) -> Timestamp {
        if let Some(days) = self.days() {
            return Timestamp::from_micros(from.micros().saturating_add(days * DAY_MICROS));
        }
        // The first whole day at or after it; a clamped step may land a few days short.
        let wanted = day_of(just_before(from)) + 1;
        let mut day = plus_months(wanted, self.months());
        while months_before(day, self.months()) < wanted {
            day += 1;
        }
        midnight(day)
    }

    /// A day this much earlier or later.
    pub(crate) fn shift(self, day: DayNumber, back: bool) -> DayNumber {
        let sign = if back { -1 } else { 1 };
        match self.days() {
            Some(days) => day + sign * days,
            None => plus_months(day, sign * self.months()),
        }
    }

    /// Its days, when it always has the same.
    pub(crate) fn days(self) -> Option<i64> {
        match self.span {
            Span::Days => Some(i64::from(self.count)),
            Span::Weeks => Some(i64::from(self.count) * 7),
            Span::Months | Span::Quarters | Span::Years => None,
        }
    }

    fn months(self) -> i64 {
        let each = match self.span {
            Span::Days | Span::Weeks => 0,
            Span::Months => 1,
            Span::Quarters => 3,
            Span::Years => 12,
        };
        i64::from(self.count) * each
    }
}

impl Window {
    /// What it begins after: the window holds what is later than this and no later than `at`. Nothing for a
    /// contract year outside the term.
    pub fn after(self, at: Timestamp, term: Period) -> Option<Timestamp> {
        match self {
            Self::Last(length) => Some(length.before(at)),
            _ => Some(just_before(midnight(self.first_day(day_of(at), term)?))),
        }
    }

    /// When it next begins anew after `at`; nothing when it slides, or a term is over.
    pub(crate) fn begins_anew(self, at: Timestamp, term: Period) -> Option<Timestamp> {
        let day = day_of(at);
        let first = self.first_day(day, term);
        let months = match self {
            Self::Last(_) => return None,
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
            Self::ContractYear => {
                let from = day_of(term.from.start());
                let next = if day < from { from } else { anniversary(from, day, 1) };
                let end = term.to.map_or(next, |to| day_of(to.start()));
                return (day < end).then(|| midnight(next.min(end)));
            }
        };
        first.map(|first| midnight(plus_months(first, months)))
    }

    fn first_day(self, day: DayNumber, term: Period) -> Option<DayNumber> {
        let (year, month, _) = civil(day);
        match self {
            Self::Last(length) => Some(day_of(length.before(midnight(day)))),
            Self::Month => Some(number(year, month, 1)),
            Self::Quarter => Some(number(year, (month - 1) / 3 * 3 + 1, 1)),
            Self::Year => Some(number(year, 1, 1)),
            Self::ContractYear => {
                let from = day_of(term.from.start());
                let over = term.to.is_some_and(|to| day_of(to.start()) <= day);
                (day >= from && !over).then(|| anniversary(from, day, 0))
            }
        }
    }
}

/// The last anniversary of `from` no later than `day`, or one so many years after it.
fn anniversary(from: DayNumber, day: DayNumber, later: i64) -> DayNumber {
    let (_, month, day_of_month) = civil(from);
    let in_year = |year: i64| number(year, month, day_of_month.min(month_days(year, month)));
    let guess = civil(day).0;
    in_year(if in_year(guess) <= day { guess } else { guess - 1 } + later)
}

/// How many whole years lie between two days, counted by anniversaries, and the days left.
pub(crate) fn years_and_days(from: DayNumber, to: DayNumber) -> (i64, i64) {
    let last = anniversary(from, to, 0);
    (civil(last).0 - civil(from).0, to - last)
}

/// The last day of the month, quarter or year of so many months that a day lies in.
pub(crate) fn period_end(day: DayNumber, months: i64) -> DayNumber {
    let (year, month, _) = civil(day);
    plus_months(number(year, (month - 1) / months * months + 1, 1), months) - 1
}

fn plus_months(day: DayNumber, months: i64) -> DayNumber {
    let (year, month, day_of_month) = civil(day);
    let count = year * 12 + month - 1 + months;
    let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
    number(year, month, day_of_month.min(month_days(year, month)))
}

/// The same back, from the last day of a month to the last day of another.
fn months_before(day: DayNumber, months: i64) -> DayNumber {
    let ends_month = civil(day + 1).2 == 1;
    let before = plus_months(day, -months);
    if ends_month { period_end(before, 1) } else { before }
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The number of a calendar day. Years are counted from March here, so that the leap day comes last.
fn number(year: i64, month: i64, day: i64) -> DayNumber {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of the month.
fn civil(day: DayNumber) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * from_march + 2) / 5 + 1)
}

impl fmt::Display for Length {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.span {
            Span::Days => "day",
            Span::Weeks => "week",
            Span::Months => "month",
            Span::Quarters => "quarter",
            Span::Years => "year",
        };
        write!(out, "{} {word}{}", self.count, if self.count == 1 { "" } else { "s" })
    }
}

impl fmt::Display for Window {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Last(length) => length.fmt(out),
            Self::Month => out.write_str("month"),
            Self::Quarter => out.write_str("quarter"),
            Self::Year => out.write_str("year"),
            Self::ContractYear => out.write_str("contract_year"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::Day;
    use proptest::prelude::*;

    const SPANS: [Span; 5] = [Span::Days, Span::Weeks, Span::Months, Span::Quarters, Span::Years];

    fn day(text: &str) -> DayNumber {
        day_of(text.parse().unwrap())
    }

    fn length(count: u16, span: Span) -> Length {
        Length { count, span }
    }

    #[test]
    fn a_day_that_a_month_lacks_becomes_its_last() {
        for (from, count, span, to) in [
            ("2026-01-31", 1, Span::Months, "2026-02-28"),
            ("2024-02-29", 1, Span::Years, "2025-02-28"),
            ("2025-11-30", 1, Span::Quarters, "2026-02-28"),
            ("2026-12-31", 2, Span::Months, "2027-02-28"),
            ("2026-03-01", 2, Span::Weeks, "2026-03-15"),
        ] {
            assert_eq!(length(count, span).shift(day(from), false), day(to), "{from}");
        }
    }

    #[test]
    fn periods_end_on_their_last_day() {
        for (from, months, to) in [
            ("2026-06-30", 3, "2026-06-30"),
            ("2026-07-01", 3, "2026-09-30"),
            ("2024-02-01", 1, "2024-02-29"),
            ("2026-01-01", 12, "2026-12-31"),
        ] {
            assert_eq!(period_end(day(from), months), day(to), "{from}");
        }
    }

    proptest! {
        #[test]
        fn days_are_those_of_the_calendar(at in 0_u32..900_000) {
            let known = "0001-01-01".parse::<Day>().unwrap().plus_days(at);
            let (year, month, of_month) = civil(day_of(known.start()));
            prop_assert_eq!(format!("{year:04}-{month:02}-{of_month:02}"), known.to_string());
            prop_assert_eq!(midnight(number(year, month, of_month)), known.start());
        }

        #[test]
        fn contract_years_are_the_period_s(start in 0_u32..3_000, term in 1_u32..4_000, at in 0_u32..8_000) {
            let epoch: Day = "2019-06-01".parse().unwrap();
            let period = Period { from: epoch.plus_days(start), to: Some(epoch.plus_days(start + term)) };
            let at = epoch.plus_days(at);
            let year = period.year_of(at).and_then(|year| period.year(year));
            let after = Window::ContractYear.after(at.start(), period);
            prop_assert_eq!(after, year.map(|(from, _)| just_before(from.start())));
            let anew = Window::ContractYear.begins_anew(at.start(), period);
            if let Some((_, to)) = year {
                prop_assert_eq!(anew, Some(to.start()));
            }
        }

        #[test]
        fn a_length_is_passed_at_the_first_moment_it_lies_behind(
            from in 0_i64..2_000_000_000, count in 1_u16..40, span in 0_usize..5,
        ) {
            let (length, from) = (length(count, SPANS[span]), Timestamp::from_seconds(from));
            let passed = length.passed(from);
            prop_assert!(length.before(passed) >= from);
            prop_assert!(length.before(just_before(passed)) < from);
        }
    }
}
