//! A commitment's terms in the form that arithmetic needs, and whose they are.

use crate::day::{Day, Period};
use crate::deal::{Becomes, Commitment, Deal, Total};
use crate::decimal::Decimal;
use units::{Currency, Money};

/// What one commitment says about spend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitmentTerms {
    /// Its id in the deal.
    pub id: String,
    /// The currency of every amount.
    pub currency: Currency,
    /// The term; contract years run from anniversary to anniversary of its first day.
    pub period: Period,
    /// The least that is owed over the whole term, where it is known.
    pub total: Option<Money>,
    /// The least that is owed for each contract year, from the first; years past the last have none stated.
    pub minimums: Vec<Money>,
    /// Which spend counts and how far; a charge names its rule by place in this list.
    pub rules: Vec<Rule>,
    /// Taken off list prices up to the year's minimum.
    pub discount: Decimal,
    /// Taken off list prices above it.
    pub discount_overage: Decimal,
    /// The share of a year's overage that counts towards the next, and its limit as a share of that minimum.
    pub carry: (Decimal, Option<Decimal>),
    /// The share of a paid shortfall that comes back as credit against the next year's overage.
    pub make_good: Decimal,
    /// The share of what a year still owes from which on it counts as met.
    pub grace: Decimal,
}

/// One rule of eligibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The share of the list charge that counts.
    pub weight: Decimal,
    /// At most this share of the year's minimum counts, before the weight.
    pub cap_of_year_min: Option<Decimal>,
}

impl CommitmentTerms {
    /// The terms of `commitment`, a clause of `deal`.
    ///
    /// A deal of one year may leave out the schedule: its total is that year's minimum. Without a `shortfall`
    /// clause a missed minimum is due and brings nothing back.
    pub fn new(deal: &Deal, commitment: &Commitment) -> Self {
        let total = commitment.total.as_ref().map(|total| deal.money(Total::amount(*total.get_ref())));
        let mut minimums: Vec<Money> =
            commitment.schedule.iter().map(|year| deal.money(year.get_ref().min)).collect();
        if minimums.is_empty() && deal.period().years() == Some(1) {
            minimums.extend(total);
        }
        let rate = |above: bool| {
            let side = commitment.discounts.iter().find(|discount| discount.above == above);
            side.map_or(Decimal::ZERO, |discount| *discount.rate.get_ref())
        };
        let excess = commitment.excess.as_ref();
        Self {
            id: commitment.id.get_ref().clone(),
            currency: deal.currency,
            period: deal.period(),
            total,
            minimums,
            rules: rules(commitment),
            discount: rate(false),
            discount_overage: rate(true),
            carry: excess.map_or((Decimal::ZERO, None), |excess| {
                (*excess.carry.get_ref(), excess.cap_of_next_min.as_ref().map(|cap| *cap.get_ref()))
            }),
            make_good: make_good(commitment),
            grace: commitment.grace.as_ref().map_or(Decimal::ONE, |share| *share.get_ref()),
        }
    }

    /// The least that is owed for contract year `year`, counted from 1, where it is stated.
    pub fn minimum(&self, year: u32) -> Option<Money> {
        let place = usize::try_from(year.checked_sub(1)?).ok()?;
        self.minimums.get(place).copied()
    }

    /// The contract year a day falls in.
    pub fn year_of(&self, day: Day) -> Option<u32> {
        self.period.year_of(day)
    }
}

fn rules(commitment: &Commitment) -> Vec<Rule> {
    if commitment.eligible.is_empty() {
        return vec![Rule { weight: Decimal::ONE, cap_of_year_min: None }];
    }
    let rules = commitment.eligible.iter().map(|rule| Rule {
        weight: *rule.weight.get_ref(),
        cap_of_year_min: rule.cap_of_year_min.as_ref().map(|cap| *cap.get_ref()),
    });
    rules.collect()
}

fn make_good(commitment: &Commitment) -> Decimal {
    match &commitment.shortfall {
        Some(clause) if clause.becomes == Becomes::Credit => {
            clause.share.as_ref().map_or(Decimal::ONE, |share| *share.get_ref())
        }
        _ => Decimal::ZERO,
    }
}

impl Deal {
    /// The terms of every commitment, in the file's order.
    pub fn commitment_terms(&self) -> Vec<CommitmentTerms> {
        self.commitments.iter().map(|commitment| CommitmentTerms::new(self, commitment)).collect()
    }
}
