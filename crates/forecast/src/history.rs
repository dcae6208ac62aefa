//! What happened: list spend and metrics from facts, and what the months of spend say about growth and
//! volatility.

use contract::Day;
use contract::fact::{Fact, Facts, LIST_SPEND, Line};
use std::collections::{BTreeMap, BTreeSet};
use units::Timestamp;

/// The fewest whole months of spend that growth and volatility are told from.
pub const MONTHS_MIN: usize = 7;

/// One spend at list price.
#[derive(Debug, Clone, PartialEq)]
pub struct Spend {
    /// When.
    pub day: Day,
    /// How much, in whole units of the deal's currency.
    pub amount: f64,
    /// What the deal's rules of eligibility select on.
    pub attributes: BTreeMap<String, String>,
}

/// What is known to have happened.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// List spend, in time's order.
    pub spend: Vec<Spend>,
    /// Observations of metrics, in time's order.
    pub metrics: BTreeMap<String, Vec<(Timestamp, f64)>>,
    /// The first day that nothing is known of.
    pub until: Option<Day>,
}

impl History {
    /// What `facts` say: what does not count is left out, and so is what a later line corrects.
    pub fn new(facts: &Facts) -> Self {
        let counts = facts.lines().iter().filter(|known| known.ignored.is_none());
        let facts = counts.filter_map(|known| match &known.entry.line {
            Line::Fact(fact) => Some((fact, known.value.ratio().to_f64())),
            _ => None,
        });
        let replaced: BTreeSet<&str> =
            facts.clone().filter_map(|(fact, _)| fact.replaces.as_deref()).collect();
        let stands = |fact: &Fact| fact.id.as_deref().is_none_or(|id| !replaced.contains(id));
        let mut holds: Vec<(&Fact, f64)> = facts.filter(|(fact, _)| stands(fact)).collect();
        holds.sort_by_key(|(fact, _)| (fact.effective_at, fact.recorded_at));
        let mut new = Self::default();
        for (fact, value) in holds {
            if fact.metric == LIST_SPEND {
                let day = Day::of(fact.effective_at);
                new.spend.push(Spend { day, amount: value, attributes: fact.attributes.clone() });
                continue;
            }
            let series = new.metrics.entry(fact.metric.clone()).or_default();
            match series.last_mut() {
                Some(last) if last.0 == fact.effective_at => last.1 = value,
                _ => series.push((fact.effective_at, value)),
            }
        }
        new.until = new.spend.last().map(|spend| spend.day.plus_days(1));
        new
    }

    /// The last observation of a metric.
    pub(crate) fn latest(&self, metric: &str) -> Option<f64> {
        self.metrics.get(metric)?.last().map(|(_, value)| *value)
    }

    /// What the whole calendar months of spend say; nothing when there is none.
    pub(crate) fn fit(&self) -> Option<Fit> {
        let until = self.until?;
        let mut sums: BTreeMap<(i16, u8), f64> = BTreeMap::new();
        for spend in &self.spend {
            *sums.entry(month_of(spend.day)).or_default() += spend.amount;
        }
        let first = self.spend.first()?;
        let mut months = Vec::new();
        let (mut month, last) = (month_of(first.day), month_of(until));
        while month < last {
            months.push(Month { month: name(month), spend: sums.get(&month).copied().unwrap_or(0.0) });
            month = next(month);
        }
        // A first month that begins in its middle is no whole one.
        if months.len() > 1 && !first.day.to_string().ends_with("-01") {
            months.remove(0);
        }
        Fit::new(months)
    }
}

fn month_of(day: Day) -> (i16, u8) {
    let month = day.to_string().get(5..7).and_then(|month| month.parse().ok()).unwrap_or(1);
    (day.year(), month)
}

fn next((year, month): (i16, u8)) -> (i16, u8) {
    if month == 12 { (year + 1, 1) } else { (year, month + 1) }
}

fn name((year, month): (i16, u8)) -> String {
    format!("{year:04}-{month:02}")
}

/// One calendar month.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Month {
    /// `2026-05`.
    pub month: String,
    /// List spend in it.
    pub spend: f64,
}

/// An estimate and its standard error.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Estimate {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error.
    pub error: f64,
}

/// What the months say.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Fit {
    /// The months used, in order.
    pub months: Vec<Month>,
    /// List spend a month at their end: of the last three, moved to the last by the growth seen.
    pub level: f64,
    /// Growth and volatility, where there are months enough.
    pub moves: Option<Moves>,
}

/// What the moves from month to month say.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Moves {
    /// How many.
    pub moves: usize,
    /// Of log spend, a year.
    pub growth: Estimate,
    /// Of log spend, a square root of a year.
    pub volatility: Estimate,
    /// How much of the variance of log spend a straight line explains.
    pub r_squared: f64,
    /// At these shares of the moves: the move, in standard deviations from the mean, and a normal number's.
    pub quantiles: Vec<Quantile>,
}

/// A move beside what a normal law would have.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Quantile {
    /// The share of moves below.
    pub share: f64,
    /// The move seen.
    pub seen: f64,
    /// A normal law's.
    pub normal: f64,
}

impl Fit {
    fn new(months: Vec<Month>) -> Option<Self> {
        let spends: Vec<f64> = months.iter().map(|month| month.spend).collect();
        let last = spends.iter().rev().take(3).copied();
        let count = last.clone().count();
        if count == 0 || last.clone().sum::<f64>() <= 0.0 {
            return None;
        }
        if months.len() < MONTHS_MIN || spends.iter().any(|spend| *spend <= 0.0) {
            let level = last.sum::<f64>() / count as f64;
            return Some(Self { months, level, moves: None });
        }
        let logs: Vec<f64> = spends.iter().map(|spend| sampling::ln(*spend)).collect();
        let moves = Moves::new(&logs);
        let middle = logs.iter().rev().take(3).sum::<f64>() / 3.0;
        let level = sampling::exp(middle + moves.growth.estimate / 12.0);
        Some(Self { months, level, moves: Some(moves) })
    }
}

impl Moves {
    fn new(logs: &[f64]) -> Self {
        let steps: Vec<f64> = logs.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let n = steps.len() as f64;
        let mean = steps.iter().sum::<f64>() / n;
        let variance = steps.iter().map(|step| (step - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let volatility = (variance * 12.0).sqrt();
        let mut sorted: Vec<f64> =
            steps.iter().map(|step| (step - mean) / variance.sqrt().max(1e-300)).collect();
        sorted.sort_by(f64::total_cmp);
        let quantiles = [0.05, 0.25, 0.5, 0.75, 0.95].map(|share| Quantile {
            share,
            seen: at(&sorted, share),
            normal: sampling::inverse_normal(share),
        });
        Self {
            moves: steps.len(),
            growth: Estimate { estimate: mean * 12.0, error: volatility / (n / 12.0).sqrt() },
            volatility: Estimate { estimate: volatility, error: volatility / (2.0 * (n - 1.0)).sqrt() },
            r_squared: r_squared(logs),
            quantiles: quantiles.to_vec(),
        }
    }
}

/// A quantile of sorted numbers, straight between neighbours.
fn at(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + part * (sorted[high] - sorted[low])
}

fn r_squared(logs: &[f64]) -> f64 {
    let n = logs.len() as f64;
    let (middle, mean) = ((n - 1.0) / 2.0, logs.iter().sum::<f64>() / n);
    let (mut both, mut across, mut whole) = (0.0, 0.0, 0.0);
    for (place, log) in logs.iter().enumerate() {
        let (x, y) = (place as f64 - middle, log - mean);
        both += x * y;
        across += x * x;
        whole += y * y;
    }
    if whole > 0.0 { both * both / (across * whole) } else { 1.0 }
}
