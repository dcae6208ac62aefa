//! A charge moves a position: how much of a commitment a call draws down.
//!
//! A drawdown is the weighted list charge. Caps and discounts are settled per contract year
//! ([`crate::settle`]), never attributed to a call. A position holds unweighted sums, so that it and the sum of
//! all drawdowns are the same however charges fell into batches, and a weight is rounded once, not once a call.

use crate::day::Day;
use crate::decimal::Decimal;
use crate::error::Error;
use crate::ratio::Ratio;
use crate::terms::CommitmentTerms;
use std::collections::BTreeMap;
use units::{Currency, Money, MoneyError, Timestamp};

/// What has been charged under a commitment so far, by contract year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Contract years with charges, counted from 1.
    pub years: BTreeMap<u32, YearPosition>,
    /// List charges before or after the term: they count for nothing.
    pub outside: Money,
}

/// What has been charged in one contract year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearPosition {
    /// List charges by the rule that admitted them, in the order of [`CommitmentTerms::rules`].
    pub list: Vec<Money>,
    /// List charges that no rule admitted.
    pub unmatched: Money,
}

/// A list charge and the rule of the commitment that admits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// At list price; negative for a correction.
    pub list: Money,
    /// The place of the rule in [`CommitmentTerms::rules`]; nothing when no rule admits it.
    pub rule: Option<usize>,
}

impl Charge {
    /// A charge under a commitment's first rule, the only one where all spend counts alike.
    pub const fn of(list: Money) -> Self {
        Self { list, rule: Some(0) }
    }
}

/// What a charge did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The position after it.
    pub position: Position,
    /// How much of the commitment it drew down.
    pub drawn: Money,
    /// In which contract year; nothing outside the term.
    pub year: Option<u32>,
}

impl Position {
    /// Nothing charged yet.
    pub const fn opening(currency: Currency) -> Self {
        Self { years: BTreeMap::new(), outside: Money::zero(currency) }
    }

    /// What is drawn down in all years together.
    ///
    /// # Errors
    /// When the sum does not fit.
    pub fn drawn(&self, terms: &CommitmentTerms) -> Result<Money, Error> {
        let mut sum = Money::zero(terms.currency);
        for year in self.years.values() {
            sum = sum.checked_add(year.drawn(terms)?)?;
        }
        Ok(sum)
    }
}

impl YearPosition {
    pub(crate) fn opening(terms: &CommitmentTerms) -> Self {
        let nothing = Money::zero(terms.currency);
        Self { list: vec![nothing; terms.rules.len()], unmatched: nothing }
    }

    /// What is drawn down in this year: weighted, not yet capped or discounted.
    ///
    /// # Errors
    /// When the sum does not fit.
    pub fn drawn(&self, terms: &CommitmentTerms) -> Result<Money, Error> {
        let mut sum = Money::zero(terms.currency);
        for (list, rule) in self.list.iter().zip(&terms.rules) {
            sum = sum.checked_add(weighted(*list, rule.weight)?)?;
        }
        Ok(sum)
    }
}

fn weighted(list: Money, weight: Decimal) -> Result<Money, MoneyError> {
    let counted =
        (Ratio::whole(list.pico()) * weight.ratio()).round_half_even().ok_or(MoneyError::TooLarge)?;
    Ok(Money::from_pico(counted, list.currency()))
}

/// Adds `charge`, incurred at `at`, to `position`.
///
/// # Errors
/// When the currencies differ or a sum does not fit.
pub fn advance(
    terms: &CommitmentTerms,
    position: &Position,
    charge: &Charge,
    at: Timestamp,
) -> Result<Outcome, Error> {
    if charge.list.currency() != terms.currency {
        return Err(MoneyError::Mixed(charge.list.currency(), terms.currency).into());
    }
    let (mut position, nothing) = (position.clone(), Money::zero(terms.currency));
    let Some(year) = terms.year_of(Day::of(at)) else {
        position.outside = position.outside.checked_add(charge.list)?;
        return Ok(Outcome { position, drawn: nothing, year: None });
    };
    let entry = position.years.entry(year).or_insert_with(|| YearPosition::opening(terms));
    let before = entry.drawn(terms)?;
    let sum = match charge.rule.and_then(|rule| entry.list.get_mut(rule)) {
        Some(list) => list,
        None => &mut entry.unmatched,
    };
    *sum = sum.checked_add(charge.list)?;
    let drawn = entry.drawn(terms)?.checked_sub(before)?;
    Ok(Outcome { position, drawn, year: Some(year) })
}
