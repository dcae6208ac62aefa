//! What a forecast says, in the shape that programs read it. `docs/forecast.md` has every field with its unit.

mod build;
mod irr;
mod lock_in;
mod statistics;
mod value;

pub use lock_in::{LockIn, Move};
pub use statistics::{Fan, Mean, Summary};
pub use value::{InternalRate, Party, Payback};

use crate::engine::{self, Progress};
use crate::error::Error;
use crate::history::{Fit, History};
use crate::plan::Plan;
use crate::scenario::Scenario;
use contract::Deal;
use sampling::Design;
use serde::Serialize;

/// How to forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// About how many paths; rounded up to whole blocks in every set.
    pub paths: u64,
    /// What the random numbers hang on.
    pub seed: u64,
    /// How they are spread.
    pub design: Design,
    /// About how many paths in each run of the sensitivity analysis; none leaves it out.
    pub sensitivity_paths: u64,
}

impl Settings {
    /// How many paths are walked in all.
    pub fn work(&self) -> u64 {
        let runs = 2 + engine::SENSITIVITY_GROUPS.len() as u64;
        let drivers =
            if self.sensitivity_paths == 0 { 0 } else { runs * engine::rounded(self.sensitivity_paths) };
        engine::rounded(self.paths) + drivers
    }
}

/// Where `deal` ends up under `scenario`, after what `history` says happened; `progress` is told of paths done.
///
/// # Errors
/// When the scenario and the deal do not fit.
pub fn project(
    deal: &Deal,
    scenario: &Scenario,
    history: &History,
    settings: &Settings,
    progress: Progress<'_>,
) -> Result<Forecast, Error> {
    let plan = Plan::new(deal, scenario, history)?;
    let walked = engine::walk(&plan, scenario, (settings.paths, settings.seed, settings.design), progress)?;
    let drivers = match settings.sensitivity_paths {
        0 => None,
        paths => {
            Some(engine::sensitivity(&plan, scenario, (paths, settings.seed, settings.design), progress)?)
        }
    };
    Ok(build::forecast(deal, scenario, &plan, &walked, drivers.as_deref(), settings))
}

/// Where a deal ends up under one scenario. Money is in whole units of the deal's currency.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// The deal.
    pub deal: Head,
    /// The scenario.
    pub scenario: Named,
    /// How it was computed.
    pub run: Run,
    /// What history says, where there is any.
    pub history: Option<Fit>,
    /// What a reader must know: assumed, left out, or not known.
    pub notes: Vec<String>,
    /// What it comes to over the whole term.
    pub totals: Totals,
    /// By commitment.
    pub commitments: Vec<Commitment>,
    /// By tranche.
    pub milestones: Vec<Milestone>,
    /// By share of revenue.
    pub revenue_shares: Vec<Share>,
    /// By party.
    pub parties: Vec<Party>,
    /// What the deal takes off list prices.
    pub discount: Discount,
    /// Beside own machines.
    pub self_host: SelfHost,
    /// How hard it is to leave.
    pub lock_in: LockIn,
    /// Power needed beside power granted, where power is granted.
    pub capacity: Option<Capacity>,
    /// What may happen.
    pub events: Vec<Happening>,
    /// What drives the deal, where it was asked for.
    pub drivers: Vec<Drivers>,
    /// By step, in order.
    pub months: Vec<Month>,
    /// Every number of the scenario and why it is so.
    pub assumptions: Vec<Assumption>,
}

/// The deal forecast.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Head {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Its version.
    pub version: u32,
    /// The hash of its canonical form.
    pub hash: String,
    /// Of every amount.
    pub currency: String,
    /// The first day.
    pub from: String,
    /// The first day after the last; assumed where the deal has no end.
    pub to: String,
    /// Whether the deal has no end.
    pub open_ended: bool,
}

/// A scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Named {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// What it is about.
    pub note: String,
    /// What it extends, the nearest first.
    pub extends: Vec<String>,
}

/// How a forecast was computed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// Paths walked.
    pub paths: u64,
    /// In how many sets, each with a scramble of its own; standard errors are from their means.
    pub sets: u64,
    /// Paths that quantiles are from; means, probabilities of shortfalls and milestones are from all.
    pub fan_paths: u64,
    /// Paths in each run of the sensitivity analysis.
    pub sensitivity_paths: u64,
    /// What the random numbers hang on.
    pub seed: u64,
    /// `sobol` or `random`.
    pub design: String,
    /// Steps from the first day to the last.
    pub steps: usize,
    /// Months a step.
    pub step_months: f64,
    /// The first day that is simulated; what lies before is history.
    pub simulated_from: String,
    /// Control variates: what is expected of them and what was seen. Means are mended by the difference.
    pub controls: Vec<Control>,
    /// Seconds it took, and paths a second; set by whoever has a clock.
    pub seconds: Option<f64>,
    /// Paths a second, those of the sensitivity analysis included.
    pub paths_per_second: Option<f64>,
}

/// A number whose expectation is known.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Control {
    /// Which.
    pub name: String,
    /// Its expectation, in closed form.
    pub expected: f64,
    /// Its mean over the paths.
    pub seen: f64,
}

/// What the deal comes to over the whole term.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Totals {
    /// The minimums of all years.
    pub minimums: f64,
    /// Drawn down.
    pub drawn: Summary,
    /// List spend.
    pub list_spend: Summary,
    /// Due under the commitments.
    pub cash: Summary,
    /// Shortfalls.
    pub shortfall: Summary,
    /// Whether any year falls short.
    pub shortfall_probability: f64,
    /// Make-good credit that was lost.
    pub credit_expired: Summary,
    /// Tranches released.
    pub released: Summary,
    /// Shares of revenue paid.
    pub revenue_shared: Summary,
    /// What the equity bought by them is worth at the end.
    pub equity_held: Summary,
}

/// A commitment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Commitment {
    /// Its name.
    pub id: String,
    /// Whether its minimums are assumed.
    pub schedule_assumed: bool,
    /// List spend a month at the start of the simulation.
    pub list_spend_per_month: f64,
    /// The share of it that each rule of eligibility admits.
    pub eligible_shares: Vec<f64>,
    /// Some year falls short: the probability is at least the largest of the years'.
    pub years: Vec<Year>,
}

/// A contract year.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Year {
    /// Counted from 1.
    pub year: u32,
    /// First day.
    pub from: String,
    /// First day after.
    pub to: String,
    /// The least that is owed.
    pub minimum: f64,
    /// The list spend that meets it: what own break-even is measured by.
    pub break_even_list_spend: f64,
    /// Whether it falls short.
    pub shortfall_probability: Mean,
    /// By how much, over all paths.
    pub shortfall: Mean,
    /// By how much where it does: mean and quantiles; nothing where it never does.
    pub shortfall_where: Option<Fan>,
    /// Eligible list spend.
    pub counted: Mean,
    /// Charged for it.
    pub charge: Mean,
    /// Due.
    pub cash: Mean,
    /// Credit lost at its end.
    pub credit_expired: Mean,
    /// Overage that counts towards the next.
    pub excess_out: Mean,
    /// What late capacity takes off the minimum.
    pub minimum_relief: Mean,
}

/// A tranche.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Milestone {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// How much.
    pub amount: f64,
    /// `at_signing`, a day, or the condition.
    pub when: String,
    /// Whether nobody can say; then it is never released here.
    pub unknown: bool,
    /// Whether it is released by the end.
    pub probability: Option<Mean>,
    /// By the end of each contract year.
    pub by_year: Vec<ByYear>,
    /// The day by which it is released on this share of all paths; nothing where fewer ever are.
    pub when_released: Vec<Hit>,
}

/// A share of revenue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Who pays, and who is paid.
    pub payer: Option<String>,
    /// Who is paid.
    pub payee: Option<String>,
    /// The share.
    pub share: f64,
    /// The most that is paid in all.
    pub cap: Option<f64>,
    /// What is paid over the term.
    pub paid: Mean,
    /// Whether the cap is reached.
    pub capped_probability: Mean,
    /// What is paid in each contract year, on average.
    pub by_year: Vec<f64>,
}

/// A probability by a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ByYear {
    /// Contract year, counted from 1.
    pub year: u32,
    /// Its end.
    pub by: String,
    /// Whether it has happened.
    pub probability: f64,
}

/// When something has happened on so many paths.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// The share of all paths.
    pub share: f64,
    /// The day.
    pub by: Option<String>,
}

/// What the deal takes off list prices.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Discount {
    /// One less what is due over what counts; shortfalls make it smaller.
    pub price: Summary,
    /// The same with what was paid for equity beyond its value at the time (below nothing: cheap equity).
    pub effective: Summary,
}

/// Beside own machines.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SelfHost {
    /// What own machines cost at full load over the list price of the same.
    pub cost_over_list: f64,
    /// The utilisation at which they cost what the deal does; above one they never pay.
    pub break_even_utilisation: Summary,
    /// The utilisation one would reach.
    pub utilisation: f64,
    /// Whether they would have been cheaper at it.
    pub cheaper_probability: f64,
}

/// Power needed beside power granted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Capacity {
    /// The most that is granted, in gigawatts.
    pub granted_gw: f64,
    /// The most needed at once, in gigawatts.
    pub peak_needed_gw: Summary,
    /// The most by which what is needed exceeds what is online, in gigawatts.
    pub peak_short_gw: Summary,
    /// Whether it limits what is spent.
    pub limits_spend: bool,
    /// At each contract year's end.
    pub years: Vec<CapacityYear>,
}

/// Power at a contract year's end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CapacityYear {
    /// Counted from 1.
    pub year: u32,
    /// Its end.
    pub at: String,
    /// Planned, without delay, in gigawatts.
    pub planned_gw: f64,
    /// Online, in gigawatts.
    pub online_gw: Fan,
    /// Needed, in gigawatts.
    pub needed_gw: Fan,
    /// Whether more is needed than is online.
    pub short_probability: f64,
    /// Whether more is needed than is granted.
    pub beyond_grant_probability: f64,
}

/// Something that may happen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Happening {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Where, if anywhere.
    pub region: Option<String>,
    /// Whether it happens in the term.
    pub probability: f64,
    /// How often, on average.
    pub times: f64,
}

/// What drives one figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drivers {
    /// Which figure.
    pub of: String,
    /// By group, in a fixed order.
    pub groups: Vec<Driver>,
}

/// What one group of factors explains.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Driver {
    /// Which.
    pub group: String,
    /// The share of the variance that goes if it alone is known.
    pub first: f64,
    /// The share that stays if all but it are known.
    pub total: f64,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Month {
    /// The first day after it.
    pub to: String,
    /// The contract year it lies in, counted from 1.
    pub year: u32,
    /// Whether it is history.
    pub known: bool,
    /// An even pace to the minimums, so far.
    pub pace: f64,
    /// Drawn down so far.
    pub drawn: Fan,
    /// List spend in it.
    pub list_spend: Fan,
    /// Due in it, a shortfall at a contract year's end included.
    pub cash: Fan,
    /// Tranches released so far.
    pub released: Fan,
    /// Gigawatts online, where power is granted.
    pub online_gw: Option<Fan>,
    /// Gigawatts that what is asked for needs.
    pub needed_gw: Option<Fan>,
    /// The issuer's value; one at the start where nobody knows it.
    pub issuer_value: Fan,
    /// By party: what is net for it so far, in cash.
    pub net: Vec<Net>,
}

/// What is net for a party so far.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Net {
    /// The party.
    pub party: String,
    /// How much.
    pub so_far: Fan,
}

/// A number of the scenario and why it is so.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assumption {
    /// Its name.
    pub path: String,
    /// As set, or neutral.
    pub value: Set,
    /// What it is counted in.
    pub unit: String,
    /// The scenario that sets it; `neutral` when none does.
    pub from: String,
    /// Why it is so, in the file's words.
    pub reason: String,
    /// What it says.
    pub about: String,
}

/// A value of the scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Set {
    /// A number.
    Number(f64),
    /// A word or text.
    Text(String),
    /// Yes or no.
    Switch(bool),
    /// Shares.
    Shares(Vec<f64>),
    /// Worked out, or not known.
    Open(Option<()>),
}
