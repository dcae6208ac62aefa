//! Times of an export, as vendors write them: RFC 3339, with a space for the `T`, with ` UTC` for the `Z`, without
//! seconds, or a date alone. FOCUS times are UTC, so a time that does not say so is.

use units::Timestamp;

const DAY_SECONDS: i64 = 86_400;

/// A day, counted from 1970-01-01, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(pub i64);

impl Day {
    /// The day that `moment` falls on.
    pub(crate) const fn of(moment: Timestamp) -> Self {
        Self(moment.seconds().div_euclid(DAY_SECONDS))
    }

    /// Its first moment.
    pub(crate) const fn start(self) -> Timestamp {
        Timestamp::from_seconds(self.0.saturating_mul(DAY_SECONDS))
    }
}

/// Reads a time; nothing when it is none.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let date = text.get(..10)?;
    let days = days_from_civil(number(date.get(..4)?)?, number(date.get(5..7)?)?, number(date.get(8..)?)?)?;
    if date.as_bytes()[4] != b'-' || date.as_bytes()[7] != b'-' {
        return None;
    }
    let rest = &text[10..];
    let (seconds, micros) = if rest.is_empty() { (0, 0) } else { time(rest)? };
    Some(Timestamp::from_micros(((days * DAY_SECONDS) + seconds) * 1_000_000 + micros))
}

/// What follows the date: seconds after its start, less the offset, and the fraction in microseconds.
fn time(text: &str) -> Option<(i64, i64)> {
    let text = text.strip_prefix(['T', 't', ' '])?;
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != ':' && letter != '.');
    let (clock, zone) = text.split_at(end.unwrap_or(text.len()));
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut parts = clock.split(':');
    let (hour, minute) = (two(parts.next()?)?, two(parts.next()?)?);
    let second = parts.next().map_or(Some(0), two)?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 || fraction.len() > 9 {
        return None;
    }
    let micros = number(&format!("{fraction:0<6}")[..6])?;
    Some((hour * 3600 + minute * 60 + second - offset(zone)?, micros))
}

/// Seconds east of UTC.
fn offset(zone: &str) -> Option<i64> {
    let zone = zone.trim_start();
    if zone.is_empty() || ["Z", "z", "UTC", "utc"].contains(&zone) {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits = zone.strip_prefix(['+', '-'])?;
    let (hour, minute) = match digits.len() {
        2 => (digits, "00"),
        4 => digits.split_at(2),
        _ => digits.split_once(':')?,
    };
    Some(sign * (two(hour)? * 3600 + two(minute)? * 60))
}

fn two(text: &str) -> Option<i64> {
    if text.len() == 2 { number(text) } else { None }
}

fn number(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar; nothing when there is no such day.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March have their leap day last.
    let shifted = if month > 2 { year } else { year - 1 };
    let (era, year_of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_vendors_write() {
        for (text, moment) in [
            ("2024-09-18T22:00:00Z", "2024-09-18T22:00:00Z"),
            ("2024-09-18 22:00:00", "2024-09-18T22:00:00Z"),
            ("2024-09-18T22:00Z", "2024-09-18T22:00:00Z"),
            ("2024-09-18T22:00:00.000Z", "2024-09-18T22:00:00Z"),
            ("2024-09-18 22:00:00.5 UTC", "2024-09-18T22:00:00.5Z"),
            ("2024-09-18 22:00:00+00", "2024-09-18T22:00:00Z"),
            ("2024-09-18T22:00:00-07:00", "2024-09-19T05:00:00Z"),
            ("2024-09-18T22:00:00+0530", "2024-09-18T16:30:00Z"),
            ("2024-02-29", "2024-02-29"),
        ] {
            assert_eq!(parse(text), moment.parse().ok(), "{text}");
        }
        for bad in [
            "",
            "09/18/2024",
            "2023-02-29",
            "2024-13-01",
            "2024-09-18T24:00:00Z",
            "2024-09-18T22",
            "2024-09-18T1:00Z",
            "2024-09-18T22:00:00 PST",
            "2024/09/18",
            "20240918",
            "2024-09-1é",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_moment_reads_back(seconds in -60_000_000_000_i64..200_000_000_000) {
            let moment = Timestamp::from_seconds(seconds);
            prop_assert_eq!(parse(&moment.to_string()), Some(moment));
            prop_assert!(Day::of(moment).start() <= moment);
        }
    }
}
