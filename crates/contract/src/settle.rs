//! A contract year, settled: what is due, what is short, what is carried on.
//!
//! The order is weight, cap, discount, minimum; it changes totals, so it is part of the contract. Everything
//! is computed in exact fractions and each amount is rounded once, half to even, to 10⁻¹² of the currency
//! unit; [`YearSettlement::residue`] says what rounding added to or took from what is due.

use crate::advance::{Position, YearPosition};
use crate::day::Day;
use crate::decimal::Decimal;
use crate::error::Error;
use crate::number::Number;
use crate::ratio::Ratio;
use crate::terms::{CommitmentTerms, Rule};
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
    let list: Vec<Ratio> = charged.list.iter().map(|list| number(*list)).collect();
    let exact =
        YearRules::new(terms, year, number).settle(&list, number(carried.excess), number(carried.credit));
    let (charge, shortfall, used) =
        (money(exact.charge)?, money(exact.shortfall)?, money(exact.credit_used)?);
    let cash = charge.checked_add(shortfall)?.checked_sub(used)?;
    let counted = money(exact.counted)?;
    Ok(YearSettlement {
        year,
        from,
        to,
        open: false,
        minimum,
        carried_in: carried.excess,
        counted,
        charge,
        overage: money(exact.overage)?,
        shortfall,
        credit_in: carried.credit,
        credit_used: used,
        credit_out: money(exact.credit_out)?,
        excess_out: money(exact.excess_out)?,
        cash,
        uncounted: listed(terms, charged)?.checked_sub(counted)?,
        residue: exact.charge + exact.shortfall - exact.credit_used - number(cash),
    })
}

fn listed(terms: &CommitmentTerms, charged: &YearPosition) -> Result<Money, MoneyError> {
    let mut all = charged.list.iter().chain(Some(&charged.unmatched));
    all.try_fold(Money::zero(terms.currency), |sum, list| sum.checked_add(*list))
}

/// What a commitment says about one contract year, in numbers of one kind, all in one unit of money.
///
/// This is the one place where the order weight → cap → discount → minimum is written down; the books
/// compute it in [`Ratio`], the forecast in `f64`.
#[derive(Debug, Clone)]
pub struct YearRules<N> {
    /// The least that is owed.
    pub minimum: N,
    /// By rule of eligibility: the weight, and the most list spend that counts, before the weight.
    pub eligible: Vec<(N, Option<N>)>,
    /// One less the discount up to the minimum.
    pub keep: N,
    /// One less the discount above it.
    pub keep_over: N,
    /// The share of the overage that counts towards next year, and the most that does.
    pub carry: (N, Option<N>),
    /// The share of a paid shortfall that comes back as credit.
    pub make_good: N,
    /// The share of the need from which on the year counts as met.
    pub grace: N,
}

/// A contract year in numbers of one kind: see [`YearSettlement`], whose names these are.
#[derive(Debug, Clone, Copy)]
pub struct YearSums<N> {
    /// Eligible list spend, after weights and caps.
    pub counted: N,
    /// What that costs after discounts.
    pub charge: N,
    /// The part of the charge above the minimum.
    pub overage: N,
    /// What the charge falls short of the minimum.
    pub shortfall: N,
    /// How much of the credit the overage used up.
    pub credit_used: N,
    /// Credit for next year.
    pub credit_out: N,
    /// What of the overage counts towards next year.
    pub excess_out: N,
}

impl<N: Number> YearRules<N> {
    /// The rules of contract year `year`; `amount` turns money into a number. A year without a stated
    /// minimum has none.
    pub fn new(terms: &CommitmentTerms, year: u32, amount: impl Fn(Money) -> N) -> Self {
        let share = |share: Decimal| N::of(share.ratio());
        let minimum_of = |year| amount(terms.minimum(year).unwrap_or(Money::zero(terms.currency)));
        let minimum = minimum_of(year);
        let rule = |rule: &Rule| (share(rule.weight), rule.cap_of_year_min.map(|cap| share(cap) * minimum));
        let next = terms.minimum(year + 1).map(|_| minimum_of(year + 1));
        let most = terms.carry.1.zip(next).map(|(cap, next)| share(cap) * next);
        Self {
            minimum,
            eligible: terms.rules.iter().map(rule).collect(),
            keep: share(Decimal::ONE) - share(terms.discount),
            keep_over: share(Decimal::ONE) - share(terms.discount_overage),
            carry: (share(terms.carry.0), most),
            make_good: share(terms.make_good),
            grace: share(terms.grace),
        }
    }

    /// Settles the year: `list` is its list spend by rule, `excess` and `credit` what last year handed on.
    ///
    /// The discount holds until the need is met; what is left of the list spend then has the overage's.
    #[inline(always)]
    pub fn settle(&self, list: &[N], excess: N, credit: N) -> YearSums<N> {
        let most = |most: N| most;
        self.settled(list, (excess, credit), (self.minimum, most))
    }

    /// The same, of a minimum of which relief leaves the part `left`: what depends on it is less in proportion.
    #[inline(always)]
    pub fn settle_relieved(&self, list: &[N], (excess, credit): (N, N), left: N) -> YearSums<N> {
        let most = |most: N| most * left;
        self.settled(list, (excess, credit), (self.minimum * left, most))
    }

    #[inline(always)]
    fn settled(
        &self,
        list: &[N],
        (excess, credit): (N, N),
        (minimum, cap): (N, impl Fn(N) -> N),
    ) -> YearSums<N> {
        let zero = N::of(Ratio::ZERO);
        let counted = list.iter().zip(&self.eligible).fold(zero, |sum, (list, (weight, most))| {
            sum + most.map_or(*list, |most| list.least(cap(most))) * *weight
        });
        let need = (minimum - excess).or_zero();
        let net = counted * self.keep;
        let over = (counted - need / self.keep) * self.keep_over;
        let within = net.at_most(need);
        let overage = N::select(within, zero, over);
        let charge = N::select(within, net, need + over);
        let met = (need * self.grace).at_most(charge);
        let shortfall = N::select(met, zero, (need - charge).or_zero());
        let carried = overage * self.carry.0;
        YearSums {
            counted,
            charge,
            overage,
            shortfall,
            credit_used: credit.least(overage),
            credit_out: shortfall * self.make_good,
            excess_out: self.carry.1.map_or(carried, |most| carried.least(most)),
        }
    }
}
