//! Business days, and where an event goes that falls on a day off.

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Weekday};

/// Which days are business days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Calendar {
    /// `NC`: every day.
    #[default]
    NoHolidays,
    /// `MF`: Monday to Friday.
    MondayToFriday,
}

impl Calendar {
    pub(crate) fn is_business_day(self, date: Date) -> bool {
        match self {
            Self::NoHolidays => true,
            Self::MondayToFriday => !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday),
        }
    }
}

/// Where an event goes that falls on a day off, and whether its amount is calculated before or after that shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BusinessDay {
    /// `SC…`: shifted first, then calculated on the new date; `CS…` the other way round.
    pub shifts_first: bool,
    direction: Direction,
    /// `…M.`: never into another month.
    modified: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Direction {
    #[default]
    None,
    Following,
    Preceding,
}

impl BusinessDay {
    /// Reads `NOS` or `NULL` (no shift), `SCF`, `SCMF`, `CSF`, `CSMF`, `SCP`, `SCMP`, `CSP`, `CSMP`.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let of = |shifts_first, direction, modified| Some(Self { shifts_first, direction, modified });
        match code {
            "NOS" | "NULL" => Some(Self::default()),
            "SCF" => of(true, Direction::Following, false),
            "SCMF" => of(true, Direction::Following, true),
            "SCP" => of(true, Direction::Preceding, false),
            "SCMP" => of(true, Direction::Preceding, true),
            "CSF" => of(false, Direction::Following, false),
            "CSMF" => of(false, Direction::Following, true),
            "CSP" => of(false, Direction::Preceding, false),
            "CSMP" => of(false, Direction::Preceding, true),
            _ => None,
        }
    }

    pub(crate) fn shift(self, time: DateTime, calendar: Calendar) -> DateTime {
        let (there, back) = match self.direction {
            Direction::None => return time,
            Direction::Following => (1, -1),
            Direction::Preceding => (-1, 1),
        };
        let shifted = walk(time, there, calendar);
        let other_month = shifted.date().first_of_month() != time.date().first_of_month();
        if self.modified && other_month { walk(time, back, calendar) } else { shifted }
    }
}

/// The nearest business day in the direction of `step` days; the time itself when it is one.
fn walk(time: DateTime, step: i32, calendar: Calendar) -> DateTime {
    let mut at = time;
    while !calendar.is_business_day(at.date()) {
        at = match at.checked_add(step.days()) {
            Ok(next) => next,
            Err(_) => return time, // the end of the calendar
        };
    }
    at
}
