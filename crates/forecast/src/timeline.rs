//! The steps of a forecast: months from the term's first day, the contract year each lies in, and where the
//! simulation begins.

use contract::{Day, Deal, Period};
use units::Timestamp;

/// The steps from a deal's first day to its end.
#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    /// The term; its end is assumed where the deal has none.
    pub period: Period,
    /// The first day after the last step.
    pub to: Day,
    /// The first day after each step.
    pub ends: Vec<Day>,
    /// The same, as moments.
    pub moments: Vec<Timestamp>,
    /// How many months each step lasts; the last may be cut off.
    pub months: Vec<f64>,
    /// The contract year each step lies in, counted from 0.
    pub year: Vec<usize>,
    /// Whether a contract year ends with the step.
    pub closes: Vec<bool>,
    /// A step in years.
    pub dt: f64,
}

impl Timeline {
    /// The steps of `deal`, of `step_months` each; a deal without an end is looked at for `years`.
    pub fn new(deal: &Deal, step_months: u32, years: u32) -> Self {
        let from = deal.period().from;
        let to = deal.period().to.unwrap_or_else(|| from.plus_years(years));
        let period = Period { from, to: Some(to) };
        let mut new = Self {
            period,
            to,
            ends: Vec::new(),
            moments: Vec::new(),
            months: Vec::new(),
            year: Vec::new(),
            closes: Vec::new(),
            dt: f64::from(step_months) / 12.0,
        };
        let mut start = from;
        for step in 1.. {
            let whole = plus_months(from, step * step_months);
            let end = whole.min(to);
            let part = f64::from(start.days_until(end)) / f64::from(start.days_until(whole).max(1));
            let year = period.year_of(start).map_or(0, |year| year as usize - 1);
            new.months.push(f64::from(step_months) * part);
            new.year.push(year);
            new.ends.push(end);
            new.moments.push(end.start());
            let next = (end < to).then(|| period.year_of(end)).flatten();
            new.closes.push(next.is_none_or(|next| next as usize - 1 != year));
            start = end;
            if end >= to || step >= 480 {
                break;
            }
        }
        new
    }

    /// How many steps there are.
    pub fn steps(&self) -> usize {
        self.ends.len()
    }

    /// How many contract years there are.
    pub fn years(&self) -> usize {
        self.year.last().map_or(0, |last| last + 1)
    }

    /// How many steps are over on `day`.
    pub fn over_by(&self, day: Day) -> usize {
        self.ends.iter().take_while(|end| **end <= day).count()
    }

    /// The step `day` lies in, where it lies in the term.
    pub fn step_of(&self, day: Day) -> Option<usize> {
        (day >= self.period.from && day < self.to).then(|| self.over_by(day))
    }

    /// From the term's first day to the end of `step`, in years of 365 days, as returns count them.
    pub fn years_to(&self, step: usize) -> f64 {
        self.ends.get(step).map_or(0.0, |end| f64::from(self.period.from.days_until(*end)) / 365.0)
    }
}

/// The same day of the month `months` later; a day that a month lacks becomes its last.
pub(crate) fn plus_months(day: Day, months: u32) -> Day {
    let whole = day.plus_years(months / 12);
    let mut left = months % 12;
    let text = day.to_string();
    let part = |range| text.get(range).and_then(|part: &str| part.parse::<u32>().ok()).unwrap_or(1);
    let (month, wanted) = (part(5..7), part(8..10));
    let mut year = u32::try_from(whole.year()).unwrap_or(0);
    left += month - 1;
    year += left / 12;
    let month = left % 12 + 1;
    let dated = |day: u32| format!("{year:04}-{month:02}-{day:02}").parse::<Day>().ok();
    (28..=wanted.max(28)).rev().chain([wanted]).filter(|day| *day <= wanted).find_map(dated).unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_clamp_to_the_last_day() {
        for (from, months, to) in [
            ("2026-04-20", 1, "2026-05-20"),
            ("2026-04-20", 120, "2036-04-20"),
            ("2026-01-31", 1, "2026-02-28"),
            ("2024-01-31", 1, "2024-02-29"),
            ("2026-12-05", 13, "2028-01-05"),
            ("2024-02-29", 12, "2025-02-28"),
            ("2024-02-29", 13, "2025-03-29"),
        ] {
            let from: Day = from.parse().unwrap();
            assert_eq!(plus_months(from, months).to_string(), to, "{from} + {months}");
        }
    }

    #[test]
    fn a_term_is_cut_into_steps_and_years() {
        let deal = |to: &str| {
            let text = format!(
                "schema = \"offtake.contract/1\"\nid = \"d\"\nversion = 1\nknown_from = 2026-01-01\n\
                 effective = {{ from = 2026-01-15{to} }}\ncurrency = \"USD\"\n[[party]]\nid = \"p\"\n"
            );
            Deal::parse(&text).unwrap()
        };
        let time = Timeline::new(&deal(", to = 2028-02-01"), 1, 10);
        assert_eq!((time.steps(), time.years()), (25, 3));
        assert_eq!(time.closes.iter().filter(|closes| **closes).count(), 3);
        assert!(time.months[24] < 0.6 && time.months[0] == 1.0);
        let open = Timeline::new(&deal(""), 3, 2);
        assert_eq!((open.steps(), open.years()), (8, 2));
        assert_eq!(open.step_of("2026-04-15".parse().unwrap()), Some(1));
    }
}
