//! Drawing charts as SVG without a line of script or style: geometry here, looks in the style sheet.
//!
//! Coordinates are integers, hundredths of a pixel, scaled straight from microseconds and from 10⁻¹² of a
//! currency unit, so the picture is as exact as the figures. Text does not shrink on a phone: each chart is
//! drawn for two canvases, and the style sheet shows the one that fits.

pub(crate) mod burn_down;
pub(crate) mod days;
pub(crate) mod stack;
pub(crate) mod world;

use crate::show;
use units::{Money, PICO_PER_UNIT, Timestamp, format_decimal};

const CENTI: i128 = 100;

/// A drawing area, in pixels, and which screens it is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Canvas {
    pub(crate) width: i128,
    pub(crate) height: i128,
    /// Class of the drawing, and part of the ids in it.
    pub(crate) name: &'static str,
    /// How many labels fit along the time axis.
    pub(crate) labels: i128,
}

impl Canvas {
    pub(crate) const WIDE: Self = Self { width: 1080, height: 320, name: "wide", labels: 12 };
    pub(crate) const HALF: Self = Self { width: 528, height: 300, name: "half", labels: 6 };
    pub(crate) const HALF_LOW: Self = Self { height: 200, ..Self::HALF };
    pub(crate) const PHONE: Self = Self { width: 340, height: 260, name: "phone", labels: 5 };

    pub(crate) fn view_box(self) -> String {
        format!("0 0 {} {}", self.width, self.height)
    }
}

/// The part of a canvas that holds the data, in hundredths of a pixel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) left: i128,
    pub(crate) right: i128,
    pub(crate) top: i128,
    pub(crate) base: i128,
}

impl Frame {
    /// Leaves room for the amounts at the left, the times below and a caption above.
    pub(crate) fn inside(canvas: Canvas, amounts: &[Money]) -> Self {
        let longest = amounts.iter().map(|amount| axis_money(*amount).chars().count()).max().unwrap_or(0);
        let letters = i128::try_from(longest).unwrap_or(0);
        Self {
            left: (letters * 7 + 14).max(40) * CENTI,
            right: (canvas.width - 10) * CENTI,
            top: 26 * CENTI,
            base: (canvas.height - 28) * CENTI,
        }
    }

    /// Where `value` of `from..=to` lies across the frame; what is outside stays at the edge.
    pub(crate) fn x(self, value: i128, from: i128, to: i128) -> i128 {
        self.left + share(value - from, to - from, self.right - self.left)
    }

    /// Where `value` of `0..=most` lies up the frame.
    pub(crate) fn y(self, value: i128, most: i128) -> i128 {
        self.base - share(value, most, self.base - self.top)
    }
}

/// `length` × `part` / `whole`, kept within `0..=length`.
pub(crate) fn share(part: i128, whole: i128, length: i128) -> i128 {
    if whole <= 0 {
        return 0;
    }
    part.clamp(0, whole).saturating_mul(length) / whole
}

/// A coordinate as SVG writes it.
pub(crate) fn px(centi: i128) -> String {
    format_decimal(centi, 2, 0)
}

/// An amount on an axis: `$10`, `$0.0005`, `$50 k`, `$25 bn`. Nothing is rounded: ticks are round.
pub(crate) fn axis_money(amount: Money) -> String {
    const THOUSAND: i128 = 1_000 * PICO_PER_UNIT;
    if (10 * THOUSAND..1_000 * THOUSAND).contains(&amount.pico()) && amount.pico() % THOUSAND == 0 {
        return format!("{}{} k", show::symbol(amount.currency()), amount.pico() / THOUSAND);
    }
    let text = show::large_money_text(amount);
    text.strip_suffix(".00").map_or_else(|| text.clone(), str::to_owned)
}

/// Round amounts up to `most`, at most five of them: 1, 2 or 5 × 10ⁿ apart.
pub(crate) fn money_ticks(most: i128) -> Vec<i128> {
    let mut step: i128 = 1;
    for factor in [2_i128, 5, 10].into_iter().cycle() {
        if step.saturating_mul(5) >= most {
            break;
        }
        let decade = 10_i128.pow(step.checked_ilog10().unwrap_or(0));
        step = decade.saturating_mul(factor);
    }
    (1..=5).map(|nth| step.saturating_mul(nth)).take_while(|value| *value <= most).collect()
}

/// The least round amount that holds `most`, so that the highest point is not cut off.
pub(crate) fn money_top(most: i128) -> i128 {
    let ticks = money_ticks(most.max(1));
    let step = ticks.first().copied().unwrap_or(PICO_PER_UNIT);
    most.max(1).saturating_add(step - 1) / step * step
}

/// A label on the time axis.
#[derive(Debug, Clone)]
pub(crate) struct TimeTick {
    pub(crate) at: Timestamp,
    pub(crate) label: String,
}

const STEPS_SECONDS: [i64; 17] = [
    1, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400, 172_800, 604_800, 1_209_600,
];
const LONG_SECONDS: i64 = 75 * 86_400;

/// At most `labels` round moments between two moments: first of months over a long time, else days or times.
pub(crate) fn time_ticks(from: Timestamp, to: Timestamp, labels: i128) -> Vec<TimeTick> {
    let labels = i64::try_from(labels).unwrap_or(4).max(1);
    let span = (to.seconds() - from.seconds()).max(1);
    if span > LONG_SECONDS {
        return month_ticks(from, to, labels);
    }
    let step = STEPS_SECONDS.into_iter().find(|step| span / step < labels).unwrap_or(LONG_SECONDS);
    let first = from.seconds().div_euclid(step) + 1;
    (first..=to.seconds().div_euclid(step))
        .map(|nth| {
            let at = Timestamp::from_seconds(nth * step);
            TimeTick { at, label: time_label(at, step) }
        })
        .collect()
}

fn time_label(at: Timestamp, step_seconds: i64) -> String {
    let clock = show::clock_text(at);
    match step_seconds {
        ..60 => clock,
        60..86_400 => clock.get(..5).unwrap_or("").to_owned(),
        _ => show::day_text(&at.date()).rsplit_once(' ').map_or_else(String::new, |(day, _)| day.to_owned()),
    }
}

fn month_ticks(from: Timestamp, to: Timestamp, labels: i64) -> Vec<TimeTick> {
    let Some((first, last)) = month_number(from).zip(month_number(to)) else { return Vec::new() };
    let step =
        [1, 2, 3, 6, 12, 24, 60].into_iter().find(|step| (last - first) / step < labels).unwrap_or(120);
    let start = (first + step - 1).div_euclid(step) * step;
    let tick = |number: i64| {
        let (year, month) = (number.div_euclid(12), number.rem_euclid(12) + 1);
        let at: Timestamp = format!("{year:04}-{month:02}-01").parse().ok()?;
        let name = show::month(usize::try_from(month).ok()?);
        let label = match month {
            1 => year.to_string(),
            _ => name.to_owned(),
        };
        (from <= at && at <= to).then_some(TimeTick { at, label })
    };
    (start..=last).step_by(usize::try_from(step).unwrap_or(1)).filter_map(tick).collect()
}

/// Months since year 0.
fn month_number(at: Timestamp) -> Option<i64> {
    let date = at.date();
    let year: i64 = date.get(0..4)?.parse().ok()?;
    let month: i64 = date.get(5..7)?.parse().ok()?;
    Some(year * 12 + month - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn months_and_minutes() {
        let labels = |from: &str, to: &str, most| {
            let ticks = time_ticks(from.parse().unwrap(), to.parse().unwrap(), most);
            ticks.into_iter().map(|tick| tick.label).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(labels("2026-11-24", "2027-11-24", 6), "2027 Apr Jul Oct");
        assert_eq!(
            labels("2026-11-24T23:01:10Z", "2026-11-24T23:03:05Z", 6),
            "23:01:30 23:02:00 23:02:30 23:03:00"
        );
        assert_eq!(labels("2026-11-24", "2026-11-30", 4), "25 Nov 27 Nov 29 Nov");
        assert_eq!(labels("2026-11-24", "2026-11-24", 4), "");
    }

    proptest! {
        #[test]
        fn ticks_are_few_round_and_inside(most in 1_i128..=10_i128.pow(24)) {
            let ticks = money_ticks(most);
            prop_assert!((2..=5).contains(&ticks.len()) || most < 5, "{ticks:?}");
            prop_assert!(ticks.iter().all(|tick| *tick <= most));
            prop_assert!(money_top(most) >= most);
        }

        #[test]
        fn a_share_stays_inside(part in any::<i64>(), whole in any::<i64>()) {
            let length = share(i128::from(part), i128::from(whole), 50_000);
            prop_assert!((0..=50_000).contains(&length));
        }
    }
}
