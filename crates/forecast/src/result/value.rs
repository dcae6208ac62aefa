//! What the deal is worth to each party.

use super::irr;
use super::statistics::{Mean, SHARES, Statistics, Summary, digits};
use crate::engine::tally::{PER_PARTY, SERIES, WHOLES, sample_place, series};
use crate::plan::Plan;
use finance::returns::{Flow, xirr};
use sampling::GROUPS;
use serde::Serialize;

/// A party's side of the deal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Party {
    /// Its id in the deal.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its roles.
    pub roles: Vec<String>,
    /// Its discount rate, a year.
    pub rate: f64,
    /// Net present value on the first day of its cash, without what it holds.
    pub value: Summary,
    /// With what the equity it bought is worth at the end (less what it gave away).
    pub value_with_equity: Summary,
    /// What it got, equity at the end included, over what it put in by tranches; nothing where it put in none.
    pub multiple: Option<Summary>,
    /// The rate of return of its cash.
    pub return_on_cash: InternalRate,
    /// With what it holds at the end.
    pub return_with_equity: InternalRate,
    /// When it has its money back in cash, where it begins by paying.
    pub payback: Option<Payback>,
}

/// Rates of return a year.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InternalRate {
    /// Of the mean flows, by their dates; nothing where they have no one rate.
    pub of_means: Option<f64>,
    /// The share of the sampled paths that have one rate.
    pub defined: f64,
    /// How many paths were sampled.
    pub paths: usize,
    /// One in twenty of those stays below; nothing where none has one.
    pub p5: Option<f64>,
    /// Half.
    pub p50: Option<f64>,
    /// Nineteen in twenty.
    pub p95: Option<f64>,
}

/// When a party has its money back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Payback {
    /// Whether it ever has.
    pub probability: Mean,
    /// On these shares of all paths it has by this day.
    pub by: Vec<super::Hit>,
}

pub(super) fn parties(plan: &Plan, statistics: &Statistics<'_>) -> Vec<Party> {
    (0..plan.parties.len()).map(|place| party(plan, statistics, place)).collect()
}

fn party(plan: &Plan, statistics: &Statistics<'_>, place: usize) -> Party {
    let (party, at) = (&plan.parties[place], WHOLES + PER_PARTY * place);
    let invests = party.released.iter().any(|part| *part < 0.0);
    Party {
        id: party.id.clone(),
        name: party.name.clone(),
        roles: party.roles.clone(),
        rate: party.rate,
        value: statistics.whole(at),
        value_with_equity: statistics.whole(at + 1),
        multiple: invests.then(|| statistics.whole(at + 2)),
        return_on_cash: internal(plan, statistics, place, false),
        return_with_equity: internal(plan, statistics, place, true),
        payback: invests.then(|| payback(plan, statistics, place)),
    }
}

/// Rates of the mean flows and of a sample of paths.
fn internal(plan: &Plan, statistics: &Statistics<'_>, place: usize, equity: bool) -> InternalRate {
    let steps = plan.time.steps();
    let (mut rates, mut paths) = (Vec::new(), 0);
    let mut flows = vec![0.0; steps + 1];
    for set in &statistics.walked.sets {
        for path in 0..GROUPS * sampling::LANES {
            let (group, lane) = (path / sampling::LANES, path % sampling::LANES);
            let row = |row: usize| set.sample[sample_place(plan, place, row, group)].0[lane];
            flows.iter_mut().enumerate().for_each(|(at, flow)| *flow = row(at));
            if equity {
                flows[steps] += row(steps + 1);
            }
            paths += 1;
            rates.extend(irr::rate(&flows, plan.time.dt));
        }
    }
    let defined = rates.len() as f64 / f64::from(paths).max(1.0);
    let [p5, _, p50, _, p95] =
        SHARES.map(|share| (!rates.is_empty()).then(|| digits(sampling::quantile(&mut rates, share))));
    InternalRate {
        of_means: of_means(plan, statistics, place, equity),
        defined: digits(defined),
        paths: paths as usize,
        p5,
        p50,
        p95,
    }
}

fn of_means(plan: &Plan, statistics: &Statistics<'_>, place: usize, equity: bool) -> Option<f64> {
    let steps = plan.time.steps();
    let so_far = |step: usize| statistics.step_mean(step * series(plan) + SERIES + place);
    let signing =
        statistics.walked.sets.first().map_or(0.0, |set| set.sample[sample_place(plan, place, 0, 0)].0[0]);
    let mut flows = vec![Flow { day: plan.time.period.from, amount: signing }];
    let mut before = signing;
    for step in 0..steps {
        let now = so_far(step);
        flows.push(Flow { day: plan.time.ends[step], amount: now - before });
        before = now;
    }
    if equity {
        let at = WHOLES + PER_PARTY * place;
        let last = plan.parties[place].factors.last().copied().unwrap_or(1.0);
        let held = (statistics.whole_mean(at + 1) - statistics.whole_mean(at)) / last;
        flows.push(Flow { day: plan.time.to, amount: held });
    }
    xirr(&flows, plan.parties[place].rate).rate().map(digits)
}

fn payback(plan: &Plan, statistics: &Statistics<'_>, place: usize) -> Payback {
    let parties = plan.parties.len();
    let rows: Vec<usize> = (0..=plan.time.steps()).map(|row| row * parties + place).collect();
    let probability = statistics.mean(|set| rows.iter().map(|at| set.payback[*at].sum()).sum());
    let counts: Vec<f64> = rows.iter().map(|at| statistics.total(|set| set.payback[*at].sum())).collect();
    Payback { probability, by: super::build::hits(plan, statistics, &counts) }
}
