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
    /// Its value now; the driver's own when nothing.
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

/// The metrics that the deal's tranches hang on, each once.
fn asked(deal: &Deal) -> BTreeMap<usize, Metric> {
    let parts = |tranche: &'_ Tranche| -> Vec<Condition> {
        let parts = tranche.vests.iter().map(|part| part.condition.clone());
        parts.chain([tranche.condition.clone()]).flatten().collect()
    };
    let conditions = deal.tranches.iter().flat_map(parts);
    let metrics = conditions.flat_map(|condition| condition.metrics().to_vec());
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
            false if metric.flow => Some(Driver::ListSpend),
            false => usual(deal, name, notes),
        };
        let Some(driver) = driver else { continue };
        let observed = history.metrics.get(name).cloned().unwrap_or_default();
        let last = observed.last().map(|(_, value)| *value);
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
