//! The concession over the term: an asset when the vendor has paid ahead, a liability when it has received stock.
//!
//! It goes to revenue in proportion to the committed revenue it belongs to. When the expected revenue changes,
//! what is left is spread anew over what is left; closed periods stay. All of this holds for either sign.

use crate::{Error, number, sum};
use contract::Ratio;

/// One period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amortisation {
    /// Carried at the period's start; a liability when below nothing.
    pub opening: Ratio,
    /// Committed revenue at the agreed prices.
    pub revenue: Ratio,
    /// What is taken off that revenue; added to it when below nothing.
    pub amortised: Ratio,
    /// Carried at the period's end.
    pub closing: Ratio,
}

/// Spreads `concession` over the expected revenue of each period.
///
/// # Errors
/// When there is a concession and no revenue above nothing to spread it over, or a number does not fit.
pub fn amortise(concession: Ratio, revenues: &[Ratio]) -> Result<Vec<Amortisation>, Error> {
    let total = sum(revenues.iter().copied());
    if concession == Ratio::ZERO {
        return Ok(revenues.iter().map(|revenue| idle(*revenue)).collect());
    }
    if !total.is_positive() {
        return Err(Error::Parameter { what: "the expected revenue", must: "must be above nothing" });
    }
    let mut opening = concession;
    let lines = revenues.iter().map(|revenue| {
        // The share first: it is small and keeps the product within 128 bits.
        let amortised = number(concession * (*revenue / total), "an amortisation")?;
        let closing = number(opening - amortised, "a carrying amount")?;
        let line = Amortisation { opening, revenue: *revenue, amortised, closing };
        opening = closing;
        Ok(line)
    });
    lines.collect()
}

fn idle(revenue: Ratio) -> Amortisation {
    Amortisation { opening: Ratio::ZERO, revenue, amortised: Ratio::ZERO, closing: Ratio::ZERO }
}

/// A schedule with a new estimate: `closed` periods stay as they are, what they left of `concession` is spread
/// over the new `revenues`.
///
/// # Errors
/// As [`amortise`].
pub fn reestimate(
    concession: Ratio,
    closed: &[Amortisation],
    revenues: &[Ratio],
) -> Result<Vec<Amortisation>, Error> {
    let left = closed.last().map_or(concession, |line| line.closing);
    let mut schedule = closed.to_vec();
    schedule.extend(amortise(left, revenues)?);
    Ok(schedule)
}

/// For variable consideration only: what must be recognised at once when the expected total revenue changes from
/// `expected` to `expected_now`, given what is already earned. Above nothing it reduces revenue.
pub fn catch_up(concession: Ratio, earned: Ratio, expected: Ratio, expected_now: Ratio) -> Ratio {
    concession * (earned / expected_now) - concession * (earned / expected)
}
