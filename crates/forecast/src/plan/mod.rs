//! A deal and a scenario made ready for simulation: tables by step, rules in lanes, nothing left to look up.

mod calibrate;
mod commitments;
mod events;
mod market;
mod metrics;
mod parties;
mod relief;
mod shares;
mod tranches;

pub(crate) use commitments::CommitmentPlan;
pub(crate) use events::{CHANNELS, Channel, Event, Jumps, Regimes, State};
pub(crate) use market::{CapacityPlan, Market, Reverting};
pub(crate) use metrics::{Driver, MetricPlan};
pub(crate) use parties::PartyPlan;
pub(crate) use relief::ReliefPlan;
pub(crate) use shares::SharePlan;
pub(crate) use tranches::{Conversion, Kind, TranchePlan, Vesting, When};

use crate::error::Error;
use crate::history::{Fit, History};
use crate::scenario::Scenario;
use crate::timeline::Timeline;
use contract::Deal;

/// Everything a simulated path needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub time: Timeline,
    /// The first step that is simulated; those before are history.
    pub now: usize,
    pub market: Market,
    pub regimes: Option<Regimes>,
    pub jumps: Option<Jumps>,
    pub events: Vec<Event>,
    pub commitments: Vec<CommitmentPlan>,
    pub tranches: Vec<TranchePlan>,
    /// Shares of revenue.
    pub shares: Vec<SharePlan>,
    /// What late capacity takes off minimums.
    pub relief: Option<ReliefPlan>,
    pub metrics: Vec<MetricPlan>,
    pub parties: Vec<PartyPlan>,
    /// What history says, where there is any.
    pub fit: Option<Fit>,
    /// What a reader must know: assumed, left out, or not known.
    pub notes: Vec<String>,
    /// The share of traffic that passed a portability test lately, where facts say.
    pub tested_share: Option<f64>,
    /// The customer's own revenue over its list spend.
    pub revenue_over_spend: f64,
    /// What the vendor keeps of a charge.
    pub margin: f64,
    /// What own machines cost at full load, over the list price of the same.
    pub self_host_cost: f64,
    /// List spend a year now, of all commitments together.
    pub spend_now: f64,
    pub steps_a_year: usize,
    /// By step: what one at its end is worth at signing, to the customer.
    pub customer_factors: Vec<f64>,
    /// By simulated step: how much demand counts in its control; only those that close a year do.
    pub control_weights: Vec<f64>,
    /// The size that amounts of money have, for counting them.
    pub money_scale: f64,
}

impl Plan {
    /// Makes `deal` ready for simulation under `scenario`, after what `history` says happened.
    pub fn new(deal: &Deal, scenario: &Scenario, history: &History) -> Result<Self, Error> {
        let whole = |path: &str| scenario.number(path) as u32;
        let time = Timeline::new(deal, whole("horizon.step_months"), whole("horizon.years"));
        let mut notes = Vec::new();
        if deal.period().to.is_none() {
            notes.push(format!("The deal has no end; it is looked at until {}.", time.to));
        }
        let now = history.until.map_or(0, |until| time.over_by(until)).min(time.steps().saturating_sub(1));
        let fit = history.fit();
        notes.extend(calibrate::note(history, fit.as_ref()));
        let events = events::events(scenario);
        let mut market = Market::new(deal, scenario, &time, now, &mut notes);
        calibrate::apply(&mut market, scenario, fit.as_ref());
        let commitments =
            commitments::commitments(deal, scenario, &time, now, (history, fit.as_ref()), &mut notes);
        let metrics = metrics::metrics(deal, scenario, history, &events, &mut notes);
        let equity = market.equity_start;
        let tranches = tranches::tranches(deal, &time, (&metrics, scenario, equity), &mut notes);
        let shares = shares::shares(deal, &time, now, (&metrics, history), &mut notes);
        let parties = parties::parties(deal, scenario, &time, (&commitments, &tranches, &shares), &mut notes);
        let names: Vec<String> = commitments.iter().map(|terms| terms.id.clone()).collect();
        let relief = market.capacity.as_ref().and_then(|_| relief::relief(deal, &time, &names, &mut notes));
        let money_scale = scale(&commitments, &tranches);
        let customer_factors = parties::factors(scenario.number("value.rate.customer"), &time);
        let weight = |(place, level): (usize, &f64)| sampling::exp(*level) * customer_factors[now + place];
        let control_weights = market.level.iter().enumerate().map(weight).collect();
        Ok(Self {
            now,
            market,
            regimes: events::regimes(scenario),
            jumps: events::jumps(scenario),
            events,
            tranches,
            shares,
            relief,
            metrics,
            parties,
            fit,
            notes,
            tested_share: history.latest("portability_tested_share"),
            revenue_over_spend: scenario.number("revenue.over_list_spend"),
            margin: scenario.number("value.margin"),
            money_scale,
            self_host_cost: scenario.number("self_host.cost_over_list"),
            spend_now: commitments.iter().map(|commitment| commitment.start_per_month * 12.0).sum(),
            steps_a_year: (1.0 / time.dt).round() as usize,
            customer_factors,
            control_weights,
            commitments,
            time,
        })
    }

    /// How many steps are simulated.
    pub fn simulated(&self) -> usize {
        self.time.steps() - self.now
    }
}

fn scale(commitments: &[CommitmentPlan], tranches: &[TranchePlan]) -> f64 {
    let minimums: f64 = commitments.iter().flat_map(|commitment| &commitment.minimums).sum();
    let spend: f64 = commitments.iter().map(|commitment| commitment.start_per_month * 12.0).sum();
    let released: f64 = tranches.iter().map(|tranche| tranche.amount).sum();
    minimums.max(spend).max(released).max(1e-9)
}
