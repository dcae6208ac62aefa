//! What a deal's metrics move with.

use super::events::Event;
use crate::history::History;
use crate::scenario::Scenario;
use contract::Deal;
use contract::deal::{MetricKind, Tranche};
use contract::predicate::{Condition, Metric};
use std::collections::BTreeMap;
use units::Timestamp;

/// What a metric moves with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Driver {
    /// Nothing: only its own growth.
    Constant,
    /// What would be spent at today's prices.
    Demand,
    /// List spend: of the twelve months before, or of the step for a flow.
    ListSpend,
    /// The customer's revenue, a year.
    Revenue,
    /// Gigawatts online.
    Capacity,
    /// The issuer's value.
    Equity,
    /// How often an event has happened, by its place.
    Event(usize),
}

/// One metric.
#[derive(Debug, Clone)]
pub(crate) struct MetricPlan {
    /// Its place in the vocabulary.
    pub slot: usize,
    /// Whether its facts add up.
    pub flow: bool,
    pub driver: Driver,
    /// Its value now, for what adds up that of a year; the driver's own when nothing.
    pub start: Option<f64>,
    /// Log growth of its own, a year.
    pub growth: f64,
    /// Its standard deviation over paths.
    pub growth_sd: f64,
    pub loading: f64,
    pub cap: f64,
    /// What was observed, in time's order.
    pub history: Vec<(Timestamp, f64)>,
}

/// The metrics that the deal's tranches and shares of revenue hang on, each once.
fn asked(deal: &Deal) -> BTreeMap<usize, Metric> {
    let parts = |tranche: &'_ Tranche| -> Vec<Condition> {
        let parts = tranche.vests.iter().map(|part| part.condition.clone());
        parts.chain([tranche.condition.clone()]).flatten().collect()
    };
    let conditions = deal.tranches.iter().flat_map(parts);
    let metrics = conditions.flat_map(|condition| condition.metrics().to_vec());
    let vests_on = deal.tranches.iter().filter_map(|tranche| tranche.vests_on.as_ref()).map(|on| &on.metric);
    let others = vests_on.chain(deal.revenue_shares.iter().map(|share| &share.of));
    let metrics = metrics.chain(others.filter_map(|name| deal.metric(name.get_ref())));
    metrics.map(|metric| (metric.slot, metric)).collect()
}

/// The metrics of `deal` that something is known about.
pub(super) fn metrics(
    deal: &Deal,
    scenario: &Scenario,
    history: &History,
    events: &[Event],
    notes: &mut Vec<String>,
) -> Vec<MetricPlan> {
    let mut plans = Vec::new();
    for metric in asked(deal).values() {
        let name = &*metric.name;
        let path = |part: &str| format!("metric.{name}.{part}");
        let driver = match scenario.sets(&path("driver")) {
            true => named(scenario.word(&path("driver")), scenario.word(&path("event")), events),
            false if is_shared(deal, name) => {
                notes.push(format!(
                    "`{name}`, of which a share is paid, is taken to be the customer's revenue; `[metric.{name}]` in a scenario says otherwise."
                ));
                Some(Driver::Revenue)
            }
            false if metric.flow => Some(Driver::ListSpend),
            false => usual(deal, name, notes),
        };
        let Some(driver) = driver else { continue };
        let observed = history.metrics.get(name).cloned().unwrap_or_default();
        let last = match metric.flow {
            true => a_year_of(&observed),
            false => observed.last().map(|(_, value)| *value),
        };
        plans.push(MetricPlan {
            slot: metric.slot,
            flow: metric.flow,
            driver,
            start: last.or_else(|| scenario.open(&path("start"))),
            growth: sampling::ln(1.0 + scenario.number(&path("growth"))),
            growth_sd: scenario.number(&path("growth_sd")),
            loading: scenario.number(&path("loading")),
            cap: scenario.open(&path("cap")).unwrap_or(f64::INFINITY),
            history: observed,
        });
    }
    plans
}

fn is_shared(deal: &Deal, name: &str) -> bool {
    deal.revenue_shares.iter().any(|share| share.of.get_ref() == name)
}

/// What facts that add up come to in a year, by the last year of them; nothing where there is only one.
fn a_year_of(observed: &[(Timestamp, f64)]) -> Option<f64> {
    const YEAR: f64 = 365.25 * 86_400.0;
    let (last, _) = observed.last()?;
    let age = |at: &Timestamp| (last.seconds() - at.seconds()) as f64;
    let recent: Vec<&(Timestamp, f64)> = observed.iter().filter(|(at, _)| age(at) < YEAR).collect();
    let (first, count) = (recent.first()?, recent.len() as f64);
    // As many gaps as facts: each stands for the time until the next.
    let span = age(&first.0) / (count - 1.0) * count;
    let sum: f64 = recent.iter().map(|(_, value)| value).sum();
    (count > 1.0).then(|| sum * YEAR / span.max(86_400.0))
}

fn named(driver: &str, event: &str, events: &[Event]) -> Option<Driver> {
    match driver {
        "constant" => Some(Driver::Constant),
        "demand" => Some(Driver::Demand),
        "list_spend" => Some(Driver::ListSpend),
        "revenue" => Some(Driver::Revenue),
        "capacity" => Some(Driver::Capacity),
        "equity" => Some(Driver::Equity),
        // An event that cannot happen leaves its metric at nothing.
        "event" => {
            Some(events.iter().position(|known| known.id == event).map_or(Driver::Constant, Driver::Event))
        }
        _ => None,
    }
}

/// What a metric of its kind usually moves with.
fn usual(deal: &Deal, name: &str, notes: &mut Vec<String>) -> Option<Driver> {
    let (driver, what) = match deal.metrics.get(name)?.kind {
        MetricKind::PowerGw => (Driver::Capacity, "capacity online"),
        MetricKind::Money => (Driver::Revenue, "the customer's revenue, a year"),
        MetricKind::Price => (Driver::Equity, "the issuer's value"),
        MetricKind::Count | MetricKind::Ratio | MetricKind::Bool | MetricKind::Duration => return None,
    };
    notes.push(format!(
        "Metric `{name}` is taken to be {what}; `[metric.{name}]` in a scenario says otherwise."
    ));
    Some(driver)
}
