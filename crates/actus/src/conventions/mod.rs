//! Conventions: how cycles step, which days count as business days, and what part of a year lies between two dates.

mod business_day;
mod cycle;
mod day_count;

pub use business_day::{BusinessDay, Calendar};
pub use cycle::{Cycle, Period};
pub use day_count::DayCount;

use jiff::civil::DateTime;

/// The conventions of a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conventions {
    /// How a year fraction is counted.
    pub day_count: DayCount,
    /// Where an event goes that falls on a day off.
    pub business_day: BusinessDay,
    /// Which days are off.
    pub calendar: Calendar,
    /// Whether monthly cycles anchored on a month's last day stay on the last day (`EOM`).
    pub end_of_month: bool,
    /// The maturity date, which the ISDA day count looks at.
    pub maturity: Option<DateTime>,
}

impl Conventions {
    /// The date on which an event scheduled for `time` happens.
    pub(crate) fn date(&self, time: DateTime) -> DateTime {
        self.business_day.shift(time, self.calendar)
    }

    /// The part of a year from one scheduled time to another, both as the business-day convention calculates them.
    pub(crate) fn fraction(&self, from: DateTime, to: DateTime) -> f64 {
        self.day_count.fraction(self.calculated(from), self.calculated(to), self)
    }

    /// As of when an event scheduled for `time` is calculated.
    pub(crate) fn calculated(&self, time: DateTime) -> DateTime {
        if self.business_day.shifts_first { self.date(time) } else { time }
    }

    /// The times of a cycle from `anchor`, without end; those beyond the calendar are left out.
    pub(crate) fn grid(&self, anchor: DateTime, period: Period) -> impl Iterator<Item = DateTime> + use<> {
        let month_end =
            self.end_of_month && period.is_months() && anchor.date() == anchor.date().last_of_month();
        (0..).map_while(move |n| {
            let time = period.after(anchor, n)?;
            Some(if month_end { time.date().last_of_month().to_datetime(time.time()) } else { time })
        })
    }

    /// The times of a cycle from `anchor` that lie before `end`. A long stub swallows the last of them when the
    /// cycle does not end on `end`; the anchor itself always stays.
    pub(crate) fn series(&self, anchor: DateTime, cycle: Option<Cycle>, end: DateTime) -> Vec<DateTime> {
        let Some(cycle) = cycle else {
            return if anchor < end { vec![anchor] } else { Vec::new() };
        };
        let mut times = Vec::new();
        for time in self.grid(anchor, cycle.period) {
            if time >= end {
                if cycle.long_stub && time != end && times.len() > 1 {
                    times.pop();
                }
                break;
            }
            times.push(time);
        }
        times
    }
}
