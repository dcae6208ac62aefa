//! A deal file with its dates moved, for a template that begins when it is first used.

use crate::day::Day;
use crate::error::Error;
use serde::Deserialize;
use std::ops::Range;
use toml::{Spanned, Value};

#[derive(Deserialize)]
struct Dates {
    known_from: Spanned<Value>,
    effective: Term,
}

#[derive(Deserialize)]
struct Term {
    from: Spanned<Day>,
    to: Option<Spanned<Day>>,
}

/// The text of the deal file `text`, known and in force from `day` for as long as before; comments and layout
/// stay. Years stay whole where they were; other dates in the file are left alone.
///
/// # Errors
/// When the text is no TOML or lacks these dates.
pub fn starting(text: &str, day: Day) -> Result<String, Error> {
    let Dates { known_from, effective: Term { from, to } } = toml::from_str(text)?;
    let mut changes: Vec<(Range<usize>, String)> =
        vec![(known_from.span(), format!("{day}T00:00:00Z")), (from.span(), day.to_string())];
    if let Some(to) = to {
        changes.push((to.span(), moved(*from.get_ref(), *to.get_ref(), day).to_string()));
    }
    // From the end, so that the places of earlier changes stay as they are.
    changes.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut text = text.to_owned();
    for (span, new) in changes {
        text.replace_range(span, &new);
    }
    Ok(text)
}

fn moved(from: Day, to: Day, day: Day) -> Day {
    let years = u32::try_from(to.year() - from.year()).unwrap_or(0);
    if from.plus_years(years) == to {
        return day.plus_years(years);
    }
    day.plus_days(u32::try_from(from.days_until(to)).unwrap_or(0))
}
