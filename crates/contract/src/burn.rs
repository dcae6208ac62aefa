//! The burn-down of a commitment: what is drawn, against an even pace, and where that leads.
//!
//! It covers the contract year that `as_of` falls in where its minimum is known, otherwise the whole term.
//! Days are UTC. Nothing is projected from less than a day, or from nothing.

use crate::day::Day;
use crate::error::Error;
use crate::ratio::Ratio;
use crate::terms::CommitmentTerms;
use std::collections::BTreeMap;
use units::{Money, MoneyError, Timestamp};

/// A day's seconds: the least there must be before anything is projected.
const DAY: i64 = 86_400;

/// A commitment's burn-down at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BurnDown {
    /// The first day it covers.
    pub from: Day,
    /// The first day after.
    pub to: Day,
    /// What is owed for these days.
    pub target: Money,
    /// What is drawn by now.
    pub drawn: Money,
    /// What is not drawn yet; nothing once the target is reached.
    pub remaining: Money,
    /// From the first day's start to now (or to the end): one at the start, one at each day's end, one now.
    pub points: Vec<BurnPoint>,
    /// Where the average pace so far leads, where there is anything to tell it from.
    pub projection: Option<Projection>,
}

/// One point of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurnPoint {
    /// When.
    pub at: Timestamp,
    /// Drawn until then.
    pub drawn: Money,
    /// What an even pace would have drawn until then.
    pub pace: Money,
}

/// Where the average pace since the first day leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Projection {
    /// What would be drawn by the end.
    pub at_end: Money,
    /// When the target would be reached, if before the end; the moment it was on pace for, once it has been.
    pub reaches_target: Option<Timestamp>,
}

/// The burn-down of `terms` as of `as_of`, from what was drawn each day; days may repeat and come in any order.
///
/// # Errors
/// When the commitment has neither a minimum for the year nor a total and an end, the currencies differ, or an
/// amount does not fit.
pub fn burn_down(
    terms: &CommitmentTerms,
    drawn: &[(Day, Money)],
    as_of: Timestamp,
) -> Result<BurnDown, Error> {
    let (from, to, target) = window(terms, Day::of(as_of))?;
    let span = Span { start: from.start(), end: to.start(), target };
    let now = as_of.min(span.end);
    let mut days: BTreeMap<Day, Money> = BTreeMap::new();
    for (day, amount) in drawn.iter().filter(|(day, _)| (from..to).contains(day) && day.start() <= as_of) {
        let sum = days.entry(*day).or_insert(Money::zero(terms.currency));
        *sum = sum.checked_add(*amount)?;
    }
    let (points, drawn) = curve(&days, &span, now)?;
    let left = target.checked_sub(drawn)?;
    Ok(BurnDown {
        from,
        to,
        target,
        drawn,
        remaining: if left.pico() > 0 { left } else { Money::zero(terms.currency) },
        points,
        projection: project(&span, drawn, now)?,
    })
}

/// The days to show and what is owed for them.
fn window(terms: &CommitmentTerms, today: Day) -> Result<(Day, Day, Money), Error> {
    let today = today.max(terms.period.from);
    let scheduled = u32::try_from(terms.minimums.len()).unwrap_or(u32::MAX);
    let year = terms.year_of(today).unwrap_or(scheduled);
    if let (Some(minimum), Some((from, to))) = (terms.minimum(year), terms.period.year(year)) {
        return Ok((from, to, minimum));
    }
    match (terms.total, terms.period.to) {
        (Some(total), Some(to)) => Ok((terms.period.from, to, total)),
        _ => Err(Error::clause("without an end or a yearly minimum there is no pace to hold")),
    }
}

/// The time between two moments and what is owed for it.
struct Span {
    start: Timestamp,
    end: Timestamp,
    target: Money,
}

impl Span {
    fn pace(&self, at: Timestamp) -> Result<Money, MoneyError> {
        let part = seconds(self.start, at) / seconds(self.start, self.end);
        round(Ratio::whole(self.target.pico()) * part, self.target)
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> Ratio {
    Ratio::whole((to.seconds() - from.seconds()).into())
}

fn round(exact: Ratio, like: Money) -> Result<Money, MoneyError> {
    let pico = exact.round_half_even().ok_or(MoneyError::TooLarge)?;
    Ok(Money::from_pico(pico, like.currency()))
}

/// The points until `now`, and what is drawn by then; none before the first day.
fn curve(
    days: &BTreeMap<Day, Money>,
    span: &Span,
    now: Timestamp,
) -> Result<(Vec<BurnPoint>, Money), MoneyError> {
    let mut drawn = Money::zero(span.target.currency());
    let mut points = Vec::new();
    if now < span.start {
        return Ok((points, drawn));
    }
    points.push(BurnPoint { at: span.start, drawn, pace: drawn });
    let mut day = Day::of(span.start);
    while day.start() <= now && day.start() < span.end {
        if let Some(amount) = days.get(&day) {
            drawn = drawn.checked_add(*amount)?;
        }
        let next = day.plus_days(1);
        let at = next.start().min(now);
        points.push(BurnPoint { at, drawn, pace: span.pace(at)? });
        day = next;
    }
    Ok((points, drawn))
}

fn project(span: &Span, drawn: Money, now: Timestamp) -> Result<Option<Projection>, MoneyError> {
    if drawn.pico() <= 0 || now < span.start.plus_seconds(DAY) {
        return Ok(None);
    }
    let (elapsed, whole) = (seconds(span.start, now), seconds(span.start, span.end));
    let drawn_exact = Ratio::whole(drawn.pico());
    let at_end = round(drawn_exact * (whole / elapsed), drawn)?;
    let until = (elapsed * (Ratio::whole(span.target.pico()) / drawn_exact)).round_half_even();
    let reaches =
        until.and_then(|seconds| i64::try_from(seconds).ok()).map(|later| span.start.plus_seconds(later));
    Ok(Some(Projection { at_end, reaches_target: reaches.filter(|moment| *moment < span.end) }))
}
