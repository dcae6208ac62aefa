//! Periods such as `P3M`, and cycles such as `P1ML0`: a period and what becomes of the stub at the end.

use jiff::Span;
use jiff::civil::DateTime;

/// A length of time in calendar months and days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    months: i32,
    days: i32,
}

impl Period {
    /// No time at all.
    pub const NONE: Self = Self { months: 0, days: 0 };

    pub(crate) const YEAR: Self = Self { months: 12, days: 0 };

    /// Reads `P1Y`, `P1Q`, `P3M`, `P2W`, `P10D` or several of these in one, such as `P1Y6M`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim().strip_prefix('P').filter(|rest| !rest.is_empty())?;
        let mut period = Self::NONE;
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            let count: i32 = rest.get(..end)?.parse().ok().filter(|count| *count <= 100_000)?;
            let (months, days) = match rest.get(end..=end)? {
                "Y" => (12, 0),
                "H" => (6, 0),
                "Q" => (3, 0),
                "M" => (1, 0),
                "W" => (0, 7),
                "D" => (0, 1),
                _ => return None,
            };
            period.months = period.months.checked_add(count.checked_mul(months)?)?;
            period.days = period.days.checked_add(count.checked_mul(days)?)?;
            rest = rest.get(end + 1..)?;
        }
        Some(period)
    }

    /// Whether no time passes.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.months == 0 && self.days == 0
    }

    pub(crate) const fn is_months(self) -> bool {
        self.months > 0 && self.days == 0
    }

    /// The time `n` periods after `start`, counted from `start` so that no day is lost on the way; none beyond the
    /// calendar.
    #[must_use]
    pub fn after(self, start: DateTime, n: i32) -> Option<DateTime> {
        let months = Span::new().try_months(self.months.checked_mul(n)?).ok()?;
        let days = Span::new().try_days(self.days.checked_mul(n)?).ok()?;
        start.checked_add(months).ok()?.checked_add(days).ok()
    }
}

/// A period that repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cycle {
    /// What repeats; never zero.
    pub period: Period,
    /// Whether a last period that would be too short is joined to the one before it (`L0`) or stands (`L1`).
    pub long_stub: bool,
}

impl Cycle {
    /// Reads `P1ML0` (long last stub), `P1ML1` or `P1M` (short last stub).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (period, stub) = text.trim().split_once('L').unwrap_or((text, "1"));
        let long_stub = match stub {
            "0" => true,
            "1" => false,
            _ => return None,
        };
        Some(Self { period: Period::parse(period).filter(|period| !period.is_zero())?, long_stub })
    }
}
