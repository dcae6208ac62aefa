//! Shares of revenue: of which metric, until which cap, and what history says was paid.

use super::commitments::party;
use super::metrics::MetricPlan;
use crate::history::History;
use crate::timeline::Timeline;
use contract::deal::{Binding, RevenueShare};
use contract::{Day, Deal};

/// A share of a revenue that one party pays to another.
#[derive(Debug, Clone)]
pub(crate) struct SharePlan {
    pub id: String,
    pub title: String,
    pub payer: Option<String>,
    pub payee: Option<String>,
    /// The metric's place among the plan's.
    pub metric: usize,
    pub share: f64,
    /// The most that is paid in all; endless where none is set.
    pub cap: f64,
    /// By step: the part of it that lies in the window.
    pub within: Vec<f64>,
    /// By step of history: what was paid, the cap observed.
    pub known: Vec<f64>,
}

/// The shares of `deal` whose revenue something is known of.
pub(super) fn shares(
    deal: &Deal,
    time: &Timeline,
    now: usize,
    (metrics, history): (&[MetricPlan], &History),
    notes: &mut Vec<String>,
) -> Vec<SharePlan> {
    if deal.binding == Binding::Loi {
        return Vec::new();
    }
    let mut plans = Vec::new();
    for clause in &deal.revenue_shares {
        let id = clause.id.get_ref();
        let slot = deal.metric(clause.of.get_ref()).map(|metric| metric.slot);
        let metric = metrics.iter().position(|plan| Some(plan.slot) == slot);
        let Some(metric) = metric else {
            notes.push(format!(
                "The share of revenue `{id}` is left out: nothing is known of `{}`.",
                clause.of.get_ref()
            ));
            continue;
        };
        let within = within(clause, time);
        let mut plan = SharePlan {
            id: id.clone(),
            title: clause.title.clone().unwrap_or_else(|| id.clone()),
            payer: party(deal, clause.payer.as_ref(), "customer"),
            payee: party(deal, clause.payee.as_ref(), "vendor"),
            metric,
            share: clause.share.get_ref().ratio().to_f64(),
            cap: clause.cap.as_ref().map_or(f64::INFINITY, |cap| cap.get_ref().ratio().to_f64()),
            known: Vec::new(),
            within,
        };
        plan.known = paid(&plan, clause.of.get_ref(), (time, now), history);
        plans.push(plan);
    }
    plans
}

/// By step: the part of its days that lies in the clause's window.
fn within(clause: &RevenueShare, time: &Timeline) -> Vec<f64> {
    let window = clause.window.as_ref().map(|window| window.get_ref());
    let mut from = time.period.from;
    let part = |(step, end): (usize, &Day)| {
        let begins = from;
        from = *end;
        let Some(window) = window else { return 1.0 };
        let first = begins.max(window.from);
        let last = (*end).min(window.to.plus_days(1));
        let whole = begins.days_until(time.ends[step]).max(1);
        if first < last { f64::from(first.days_until(last)) / f64::from(whole) } else { 0.0 }
    };
    time.ends.iter().enumerate().map(part).collect()
}

fn paid(plan: &SharePlan, of: &str, (time, now): (&Timeline, usize), history: &History) -> Vec<f64> {
    let mut revenue = vec![0.0; now];
    for (at, value) in history.metrics.get(of).into_iter().flatten() {
        if let Some(sum) = time.step_of(Day::of(*at)).and_then(|step| revenue.get_mut(step)) {
            *sum += value;
        }
    }
    let mut left = plan.cap;
    let steps = revenue.iter().zip(&plan.within);
    steps
        .map(|(revenue, within)| {
            let due = (revenue * within * plan.share).clamp(0.0, left);
            left -= due;
            due
        })
        .collect()
}
