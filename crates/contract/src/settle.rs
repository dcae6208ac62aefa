//! A contract year, settled: what is due, what is short, what is carried on.
//!
//! The order is weight, cap, discount, minimum; it changes totals, so it is part of the contract. Everything
//! is computed in exact fractions and each amount is rounded once, half to even, to 10⁻¹² of the currency
//! unit; [`YearSettlement::residue`] says what rounding added to or took from what is due.

use crate::advance::{Position, YearPosition};
use crate::day::Day;
use crate::error::Error;
use crate::ratio::Ratio;
use crate::terms::CommitmentTerms;
use units::{Money, MoneyError};

/// One contract year. While it is open the amounts are those it would have if it ended now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearSettlement {
    /// Counted from 1.
    pub year: u32,
    /// Its first day.
    pub from: Day,
    /// The first day after it.
    pub to: Day,
    /// Whether it is not over yet.
    pub open: bool,
    /// The least that is owed.
    pub minimum: Money,
    /// What last year's overage takes off that.
    pub carried_in: Money,
    /// Eligible list spend, after weights and caps.
    pub counted: Money,
    /// What that costs after discounts.
    pub charge: Money,
    /// The part of the charge above the minimum.
    pub overage: Money,
    /// What the charge falls short of the minimum.
    pub shortfall: Money,
    /// Credit from last year's shortfall.
    pub credit_in: Money,
    /// How much of it the overage used up; the rest is lost.
    pub credit_used: Money,
    /// Credit for next year.
    pub credit_out: Money,
    /// What of the overage counts towards next year.
    pub excess_out: Money,
    /// What is due under the commitment.
    pub cash: Money,
    /// List spend outside the commitment: over a cap, the uncounted part of a weight, matching no rule.
    pub uncounted: Money,
    /// What is due exactly, less `cash`, in 10⁻¹² of the currency unit: between minus one and one.
    pub residue: Ratio,
}

/// What one year hands to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// Overage that counts.
    pub excess: Money,
    /// Make-good credit.
    pub credit: Money,
}

/// Settles every contract year that has a minimum, in order. A year is closed when its end is no later than
/// `as_of`; only a closed year hands anything on, and the last one has nobody to hand it to.
///
/// # Errors
/// When an amount does not fit 128 bits.
pub fn settle(
    terms: &CommitmentTerms,
    position: &Position,
    as_of: Day,
) -> Result<Vec<YearSettlement>, Error> {
    let nothing = Carried { excess: Money::zero(terms.currency), credit: Money::zero(terms.currency) };
    let (mut years, mut carried) = (Vec::new(), nothing);
    for (year, _) in (1..).zip(&terms.minimums) {
        let opening = YearPosition::opening(terms);
        let charged = position.years.get(&year).unwrap_or(&opening);
        let mut settled = settle_year(terms, year, charged, carried)?;
        settled.open = settled.to > as_of;
        if terms.minimum(year + 1).is_none() {
            (settled.excess_out, settled.credit_out) = (nothing.excess, nothing.credit);
        }
        carried = match settled.open {
            true => nothing,
            false => Carried { excess: settled.excess_out, credit: settled.credit_out },
        };
        years.push(settled);
    }
    Ok(years)
}

/// Settles one contract year with what the year before handed on, as if it were over.
///
/// # Errors
/// When the year has no minimum or lies outside the term, or an amount does not fit 128 bits.
pub fn settle_year(
    terms: &CommitmentTerms,
    year: u32,
    charged: &YearPosition,
    carried: Carried,
) -> Result<YearSettlement, Error> {
    let (Some(minimum), Some((from, to))) = (terms.minimum(year), terms.period.year(year)) else {
        return Err(Error::clause("this contract year has no minimum to settle against"));
    };
    let money = |exact: Ratio| match exact.round_half_even() {
        Some(pico) => Ok(Money::from_pico(pico, terms.currency)),
        None => Err(MoneyError::TooLarge),
    };
    let number = |amount: Money| Ratio::whole(amount.pico());
    let next_minimum = terms.minimum(year + 1).map(number);
    let counted = counted(terms, charged, number(minimum));
    let exact = Kernel {
        need: (number(minimum) - number(carried.excess)).max(Ratio::ZERO),
        counted,
        keep: Ratio::ONE - terms.discount.ratio(),
        keep_over: Ratio::ONE - terms.discount_overage.ratio(),
        credit: number(carried.credit),
    }
    .settle();
    let excess = exact.overage * terms.carry.0.ratio();
    let excess = match (terms.carry.1, next_minimum) {
        (Some(share), Some(next)) => excess.min(share.ratio() * next),
        _ => excess,
    };
    let (charge, shortfall, used) =
        (money(exact.charge)?, money(exact.shortfall)?, money(exact.credit_used)?);
    let cash = charge.checked_add(shortfall)?.checked_sub(used)?;
    let counted_money = money(counted)?;
    Ok(YearSettlement {
        year,
        from,
        to,
        open: false,
        minimum,
        carried_in: carried.excess,
        counted: counted_money,
        charge,
        overage: money(exact.overage)?,
        shortfall,
        credit_in: carried.credit,
        credit_used: used,
        credit_out: money(exact.shortfall * terms.make_good.ratio())?,
        excess_out: money(excess)?,
        cash,
        uncounted: listed(terms, charged)?.checked_sub(counted_money)?,
        residue: exact.charge + exact.shortfall - exact.credit_used - number(cash),
    })
}

/// Eligible list spend: under each rule at most its cap, times its weight.
fn counted(terms: &CommitmentTerms, charged: &YearPosition, minimum: Ratio) -> Ratio {
    charged.list.iter().zip(&terms.rules).fold(Ratio::ZERO, |sum, (list, rule)| {
        let list = Ratio::whole(list.pico());
        let capped = rule.cap_of_year_min.map_or(list, |share| list.min(share.ratio() * minimum));
        sum + capped * rule.weight.ratio()
    })
}

fn listed(terms: &CommitmentTerms, charged: &YearPosition) -> Result<Money, MoneyError> {
    let mut all = charged.list.iter().chain(Some(&charged.unmatched));
    all.try_fold(Money::zero(terms.currency), |sum, list| sum.checked_add(*list))
}

/// The numbers a year's settlement turns on, all exact.
struct Kernel {
    need: Ratio,
    counted: Ratio,
    /// One less the discount.
    keep: Ratio,
    /// One less the discount on overage.
    keep_over: Ratio,
    credit: Ratio,
}

struct Settled {
    charge: Ratio,
    overage: Ratio,
    shortfall: Ratio,
    credit_used: Ratio,
}

impl Kernel {
    /// The discount holds until the need is met; what is left of the list spend then has the overage discount.
    fn settle(&self) -> Settled {
        let net = self.counted * self.keep;
        let (charge, overage) = if net <= self.need {
            (net, Ratio::ZERO)
        } else {
            let over = (self.counted - self.need / self.keep) * self.keep_over;
            (self.need + over, over)
        };
        let shortfall = (self.need - charge).max(Ratio::ZERO);
        Settled { charge, overage, shortfall, credit_used: self.credit.min(overage) }
    }
}
