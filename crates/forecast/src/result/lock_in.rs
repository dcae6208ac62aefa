//! How hard it is to leave: concentration, what is portable, what moving would cost year by year.

use super::statistics::{Statistics, digits};
use crate::engine::tally::year_place;
use crate::plan::Plan;
use crate::scenario::Scenario;
use contract::deal::Termination;
use contract::predicate::{Metric, Observation, State, Stream, World, discount_factor};
use contract::{Deal, Ratio};
use finance::concentration::{Provider, effective_providers, herfindahl, lock_in};
use serde::Serialize;
use units::Timestamp;

/// How hard it is to leave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LockIn {
    /// This vendor's share of the customer's compute spend, then the others'; assumed.
    pub shares: Vec<f64>,
    /// The Herfindahl-Hirschman index of those shares: 10,000 for one vendor alone.
    pub concentration: f64,
    /// How many vendors of equal size would be as concentrated.
    pub effective_vendors: f64,
    /// The share of spend that others could serve; assumed.
    pub portable: f64,
    /// (1 − portable) × √(index ÷ 10,000).
    pub index: f64,
    /// The share of traffic that passed a portability test lately, from the facts; nothing when none says.
    pub portability_tested_share: Option<f64>,
    /// What moving would cost at each contract year's end.
    pub moving: Vec<Move>,
}

/// What moving would cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Move {
    /// Contract year, counted from 1.
    pub year: u32,
    /// At its end.
    pub at: String,
    /// Minimums of the years left.
    pub remaining_minimums: f64,
    /// Requalifying what is not portable, at a year's mean list spend.
    pub requalification: f64,
    /// The fee for leaving, by the deal's formula; nothing where it has none or it cannot be computed.
    pub termination_fee: Option<f64>,
    /// Both together, or the remaining minimums where no fee lets the customer leave.
    pub total: f64,
}

pub(super) fn of(deal: &Deal, scenario: &Scenario, plan: &Plan, statistics: &Statistics<'_>) -> LockIn {
    let mut shares = vec![scenario.number("lock_in.share")];
    shares.extend_from_slice(scenario.shares("lock_in.others"));
    let portable = scenario.number("lock_in.portable");
    let providers: Vec<Provider> =
        shares.iter().map(|share| Provider { share: ratio(*share), portable: ratio(portable) }).collect();
    let exact: Vec<Ratio> = shares.iter().map(|share| ratio(*share)).collect();
    let concentration = herfindahl(&exact);
    LockIn {
        concentration: digits(concentration.to_f64()),
        effective_vendors: digits(effective_providers(concentration).to_f64()),
        index: digits(lock_in(&providers)),
        portability_tested_share: plan.tested_share,
        moving: (0..plan.time.years()).map(|year| moving(deal, scenario, plan, statistics, year)).collect(),
        portable,
        shares,
    }
}

fn ratio(number: f64) -> Ratio {
    const PARTS: f64 = 1e12;
    Ratio::new((number * PARTS).round() as i128, PARTS as i128)
}

fn moving(deal: &Deal, scenario: &Scenario, plan: &Plan, statistics: &Statistics<'_>, year: usize) -> Move {
    let last = plan.time.year.iter().rposition(|of| *of == year).unwrap_or(0);
    let at = plan.time.ends[last];
    let years = 0..plan.time.years();
    let minimum = |year: usize| plan.commitments.iter().map(|terms| terms.minimums[year]).sum::<f64>();
    let end =
        |year: usize| plan.time.year.iter().rposition(|of| *of == year).map(|step| plan.time.moments[step]);
    let left = years.filter(|of| *of > year);
    let due: Vec<(Timestamp, f64)> = left.filter_map(|year| Some((end(year)?, minimum(year)))).collect();
    let sums = |of: fn(&crate::engine::tally::YearTally) -> f64, years: std::ops::Range<usize>| -> f64 {
        let places = years.flat_map(|year| (0..plan.commitments.len()).map(move |place| (place, year)));
        let places: Vec<usize> = places.map(|(place, year)| year_place(plan, place, year)).collect();
        places.iter().map(|at| statistics.total(|set| of(&set.years[*at]))).sum::<f64>() / statistics.count()
    };
    let counted = |years| sums(|tally| tally.counted.sum(), years);
    let charged = |years| sums(|tally| tally.charge.sum(), years);
    let requalify = scenario.number("lock_in.requalify") * (1.0 - scenario.number("lock_in.portable"));
    let requalification = requalify * counted(year..year + 1);
    let remaining: f64 = due.iter().map(|(_, minimum)| minimum).sum();
    let given = counted(0..year + 1) - charged(0..year + 1);
    let world = Leaving { due: &due, drawn: counted(0..year + 1), given };
    let termination_fee = deal.termination.as_ref().and_then(|clause| fee(clause, &world, at.start()));
    Move {
        year: year as u32 + 1,
        at: at.to_string(),
        remaining_minimums: digits(remaining),
        requalification: digits(requalification),
        termination_fee: termination_fee.map(digits),
        total: digits(requalification + termination_fee.unwrap_or(remaining)),
    }
}

fn fee(clause: &Termination, world: &Leaving<'_>, at: Timestamp) -> Option<f64> {
    let formula = clause.customer_convenience.as_ref()?.formula.as_ref()?;
    formula.in_numbers::<f64>().amount(world, at).filter(|fee| fee.is_finite())
}

/// The mean path, for the deal's formula of what leaving costs.
struct Leaving<'a> {
    due: &'a [(Timestamp, f64)],
    drawn: f64,
    /// What discounts took off so far.
    given: f64,
}

impl World<f64> for Leaving<'_> {
    fn latest(&self, _: &Metric, _: Timestamp, _: Timestamp) -> Option<Observation<f64>> {
        None
    }

    fn sum(&self, _: &Metric, _: Timestamp, _: Timestamp) -> Option<f64> {
        None
    }

    fn next(&self, _: &Metric, _: Timestamp) -> Option<Timestamp> {
        None
    }

    fn state(&self, state: &State, _: Timestamp) -> Option<f64> {
        match state {
            State::Remaining(Stream::RemainingMinimums) => {
                Some(self.due.iter().map(|(_, minimum)| minimum).sum())
            }
            State::Drawn(None) => Some(self.drawn),
            State::ClawbackDiscounts => Some(self.given),
            State::ClawbackCredits => Some(0.0),
            _ => None,
        }
    }

    fn present_value(&self, stream: Stream, rate: Ratio, at: Timestamp) -> Option<f64> {
        let Stream::RemainingMinimums = stream;
        Some(self.due.iter().map(|(due, minimum)| minimum * discount_factor(rate, at, *due).to_f64()).sum())
    }
}
