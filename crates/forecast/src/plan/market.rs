//! The six factors as numbers: where each is heading, how far it strays and how fast it comes back.

use crate::render::figures;
use crate::scenario::Scenario;
use crate::timeline::Timeline;
use contract::Deal;
use sampling::{exp, ln};

/// A factor that strays and comes back: `x ← keep · x + noise · z` each step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reverting {
    pub keep: f64,
    pub noise: f64,
}

impl Reverting {
    /// Of unit volatility, coming back at `speed` a year, in steps of `dt` years.
    fn new(speed: f64, dt: f64) -> Self {
        let keep = exp(-speed * dt);
        let variance = if speed > 0.0 { (1.0 - keep * keep) / (2.0 * speed) } else { dt };
        Self { keep, noise: variance.sqrt() }
    }
}

/// The factors, by simulated step.
#[derive(Debug, Clone)]
pub(crate) struct Market {
    /// Years from now to the end of each simulated step.
    pub years: Vec<f64>,
    /// A step's square root, in years.
    pub root_dt: f64,
    /// Expected log demand at the end of each step, now being nothing; without jumps and climates.
    pub level: Vec<f64>,
    pub demand_volatility: f64,
    /// Log prices expected at the end of each step.
    pub frontier: Vec<f64>,
    pub commodity: Vec<f64>,
    pub frontier_volatility: f64,
    pub commodity_volatility: f64,
    pub frontier_share: f64,
    pub price: Reverting,
    pub elasticity_mean: f64,
    pub elasticity_volatility: f64,
    pub elasticity: Reverting,
    pub capacity: Option<CapacityPlan>,
    /// The issuer's value now; one when nobody knows it.
    pub equity_start: f64,
    pub equity_growth: f64,
    pub equity_volatility: f64,
    pub power_growth: f64,
    pub power_volatility: f64,
    pub power_share: f64,
}

/// Capacity that is planned to come online.
#[derive(Debug, Clone)]
pub(crate) struct CapacityPlan {
    pub ceiling: f64,
    /// What is online at the term's start, and rises: from which month, how many months, how much a month.
    pub start: f64,
    pub rises: Vec<(f64, f64, f64)>,
    /// Months from the term's start to the end of each simulated step.
    pub month: Vec<f64>,
    pub delay_median: f64,
    pub delay_volatility: f64,
    pub delay: Reverting,
    /// Whether it limits what can be spent.
    pub limits: bool,
    /// List spend a year that a gigawatt serves, by simulated step; nothing when not known.
    pub spend_per_gw: Option<Vec<f64>>,
}

impl CapacityPlan {
    /// Gigawatts planned to be online so many months after the term's start.
    pub fn planned(&self, month: f64) -> f64 {
        let rise = |(from, length, slope): &(f64, f64, f64)| (month - from).clamp(0.0, *length) * slope;
        self.start + self.rises.iter().map(rise).sum::<f64>()
    }
}

impl Market {
    pub(super) fn new(
        deal: &Deal,
        scenario: &Scenario,
        time: &Timeline,
        now: usize,
        notes: &mut Vec<String>,
    ) -> Self {
        let number = |path: &str| scenario.number(path);
        let steps = time.steps() - now;
        let years: Vec<f64> = (1..=steps).map(|step| step as f64 * time.dt).collect();
        let fall = |later: f64| commodity(scenario, later);
        Self {
            root_dt: time.dt.sqrt(),
            level: years.iter().map(|year| log_level(scenario, *year)).collect(),
            demand_volatility: number("demand.volatility"),
            frontier: years.iter().map(|year| year * grown(-number("price.frontier.decline"))).collect(),
            commodity: years.iter().map(|year| fall(*year)).collect(),
            frontier_volatility: number("price.frontier.volatility"),
            commodity_volatility: number("price.commodity.volatility"),
            frontier_share: number("price.frontier_share"),
            price: Reverting::new(number("price.reversion"), time.dt),
            elasticity_mean: number("elasticity.mean"),
            elasticity_volatility: number("elasticity.volatility"),
            elasticity: Reverting::new(number("elasticity.reversion"), time.dt),
            capacity: capacity(deal, scenario, time, now, notes),
            equity_start: equity_start(deal, scenario),
            equity_growth: grown(number("equity.growth")),
            equity_volatility: number("equity.volatility"),
            power_growth: grown(number("power.growth")),
            power_volatility: number("power.volatility"),
            power_share: number("power.share_of_cost"),
            years,
        }
    }
}

/// The logarithm of what grows at `rate` in one unit of time.
fn grown(rate: f64) -> f64 {
    ln(1.0 + rate)
}

/// Log demand at constant prices, `year` years from now, now being nothing.
pub(super) fn log_level(scenario: &Scenario, year: f64) -> f64 {
    let number = |name: &str| scenario.number(&format!("demand.{name}"));
    let rise = number("cap") - 1.0;
    match scenario.word("demand.curve") {
        "exponential" => year * grown(number("growth")),
        "logistic" => {
            let s = |year: f64| 1.0 / (1.0 + exp(-number("speed") * (year - number("midpoint"))));
            ln(1.0 + rise * (s(year) - s(0.0)) / (1.0 - s(0.0)))
        }
        "bass" => {
            let (p, q) = (number("innovation").max(1e-9), number("imitation"));
            let decayed = exp(-(p + q) * year);
            ln(1.0 + rise * (1.0 - decayed) / (1.0 + q / p * decayed))
        }
        _ => 0.0,
    }
}

/// Log price of the commodity tier: it falls at a rate that goes over from one to the other.
fn commodity(scenario: &Scenario, year: f64) -> f64 {
    let now = ln(scenario.number("price.commodity.fall_now"));
    let later = ln(scenario.number("price.commodity.fall_later"));
    let slows = scenario.number("price.commodity.slows_over");
    -(later * year + (now - later) * slows * (1.0 - exp(-year / slows)))
}

/// The issuer's value now: as set, or from the first price a tranche states; one when nobody knows it.
fn equity_start(deal: &Deal, scenario: &Scenario) -> f64 {
    let stated =
        deal.tranches.iter().filter_map(|tranche| tranche.price.as_ref()).find(|price| post_money(price));
    let issue = stated.map_or(1.0, |price| price.value.ratio().to_f64());
    scenario.open("equity.start").unwrap_or_else(|| issue * scenario.number("equity.start_over_issue"))
}

/// Whether a price is the whole issuer's.
pub(super) fn post_money(price: &contract::deal::Price) -> bool {
    price.basis == "post-money"
}

fn capacity(
    deal: &Deal,
    scenario: &Scenario,
    time: &Timeline,
    now: usize,
    notes: &mut Vec<String>,
) -> Option<CapacityPlan> {
    let granted = deal.capacity.iter().filter(|grant| grant.unit == "GW");
    let stated: f64 = granted
        .clone()
        .filter_map(|grant| grant.ceiling.as_ref())
        .map(|c| c.get_ref().ratio().to_f64())
        .sum();
    let ceiling = if stated > 0.0 { Some(stated) } else { scenario.open("capacity.ceiling_gw") }?;
    let start = ceiling * scenario.number("capacity.start_share");
    let ramp_months = scenario.number("capacity.ramp_years") * 12.0;
    let month_of = |day: contract::Day| f64::from(time.period.from.days_until(day)) * 12.0 / 365.25;
    let mut knots: Vec<(f64, f64)> = granted
        .flat_map(|grant| &grant.ramp)
        .map(|step| step.get_ref())
        .map(|step| (month_of(step.by), step.at_least.ratio().to_f64()))
        .filter(|(month, _)| *month > 0.0)
        .collect();
    knots.sort_by(|a, b| a.0.total_cmp(&b.0));
    if knots.is_empty() {
        notes.push(format!(
            "No capacity ramp is stated: {} GW at the start rising in a straight line to {} GW in {} years is assumed.",
            figures(start),
            figures(ceiling),
            scenario.number("capacity.ramp_years")
        ));
    }
    let last = knots.last().map_or(0.0, |knot| knot.0);
    knots.push((ramp_months.max(last + 12.0), ceiling));
    let (mut rises, mut at) = (Vec::new(), (0.0, start));
    for (month, level) in knots {
        let level = level.max(at.1);
        rises.push((at.0, month - at.0, (level - at.1) / (month - at.0)));
        at = (month, level);
    }
    let per_gw = scenario.open("capacity.spend_per_gw_year");
    let growth = grown(scenario.number("capacity.spend_per_gw_growth"));
    let steps = time.steps() - now;
    let spend_per_gw =
        per_gw.map(|per_gw| (1..=steps).map(|step| per_gw * exp(growth * step as f64 * time.dt)).collect());
    Some(CapacityPlan {
        ceiling,
        start,
        rises,
        month: (now + 1..=time.steps()).map(|step| step as f64 * time.dt * 12.0).collect(),
        delay_median: scenario.number("capacity.delay_months"),
        delay_volatility: scenario.number("capacity.delay_volatility"),
        delay: Reverting::new(scenario.number("capacity.delay_reversion"), time.dt),
        limits: scenario.switch("capacity.limits_spend"),
        spend_per_gw,
    })
}
