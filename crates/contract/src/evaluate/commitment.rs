//! Commitments: every scheduled year settled, what is drawn and what remains.

use super::Context;
use super::capacity::YearRelief;
use super::spend::remaining;
use super::trace::Step;
use crate::advance::Position;
use crate::day::Day;
use crate::deal::{Binding, Deal, Total};
use crate::error::Error;
use crate::ratio::Ratio;
use crate::settle::{YearSettlement, settle};
use crate::terms::CommitmentTerms;
use units::Money;

/// A commitment at a moment.
#[derive(Debug, Clone)]
pub struct CommitmentStatus {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub title: Option<String>,
    /// What is promised in all, where it is known, and whether that is only a floor.
    pub total: Option<(Money, bool)>,
    /// Every scheduled year; those not over as they would be if they ended now.
    pub years: Vec<YearSettlement>,
    /// Eligible list spend, after weights and caps.
    pub drawn: Money,
    /// The minimums not yet reached, of years that are not over.
    pub remaining: Money,
    /// List spend before or after the term: it counts for nothing.
    pub outside: Money,
    /// The lines that each year's spend is made of.
    pub trace: Vec<Step>,
}

/// Lowers minimums by what late capacity gives; of a letter of intent nothing is owed at all.
pub(super) fn relieve(terms: &mut [CommitmentTerms], deal: &Deal, relief: &[YearRelief]) {
    for terms in terms {
        if deal.binding == Binding::Loi {
            terms.minimums.fill(Money::zero(terms.currency));
            terms.total = None;
        }
        for given in relief.iter().filter(|given| given.commitment.as_ref().is_none_or(|id| *id == terms.id))
        {
            let place = usize::try_from(given.year).ok().and_then(|year| year.checked_sub(1));
            let Some(minimum) = place.and_then(|place| terms.minimums.get_mut(place)) else { continue };
            let left = Ratio::whole(minimum.pico()) * (Ratio::ONE - given.share);
            if let Some(pico) = left.round_half_even() {
                terms.total = terms.total.and_then(|total| {
                    total.checked_sub(Money::from_pico(minimum.pico() - pico, terms.currency)).ok()
                });
                *minimum = Money::from_pico(pico, terms.currency);
            }
        }
    }
}

pub(super) fn evaluate(context: &Context<'_>) -> Result<Vec<CommitmentStatus>, Error> {
    (0..context.deal.commitments.len()).map(|place| status(context, place)).collect()
}

fn status(context: &Context<'_>, place: usize) -> Result<CommitmentStatus, Error> {
    let (commitment, terms) = (&context.deal.commitments[place], &context.spend.terms[place]);
    let position = context.spend.position(place, context.as_of)?;
    let years = settle(terms, &position, Day::of(context.as_of))?;
    let total = commitment.total.as_ref().zip(terms.total);
    Ok(CommitmentStatus {
        id: terms.id.clone(),
        title: commitment.title.clone(),
        total: total.map(|(written, total)| (total, matches!(written.get_ref(), Total::AtLeast(_)))),
        drawn: drawn(terms, &years, &position)?,
        remaining: remaining(terms, &years, &position)?,
        trace: trace(context, place),
        years,
        outside: position.outside,
    })
}

/// What counts in every year; in years without a minimum there is nothing to cap it.
fn drawn(terms: &CommitmentTerms, years: &[YearSettlement], position: &Position) -> Result<Money, Error> {
    let mut sum = Money::zero(terms.currency);
    for year in years {
        sum = sum.checked_add(year.counted)?;
    }
    for (_, charged) in position.years.iter().filter(|(year, _)| terms.minimum(**year).is_none()) {
        sum = sum.checked_add(charged.drawn(terms)?)?;
    }
    Ok(sum)
}

fn trace(context: &Context<'_>, place: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    for (year, [counted, rest]) in context.spend.by_year(place, context.as_of) {
        for (lines, what) in [(counted, "counts"), (rest, "does not count: no rule gives it weight")] {
            if !lines.is_empty() {
                steps.push(Step::new(format!("year {year}: spend that {what}")).on(context.facts, &lines));
            }
        }
    }
    steps
}
