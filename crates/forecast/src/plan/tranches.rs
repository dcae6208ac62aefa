//! A deal's tranches: what releases each, and what it buys.

use super::commitments::{party, plain};
use super::market::post_money;
use super::metrics::MetricPlan;
use crate::timeline::Timeline;
use contract::Deal;
use contract::deal::{self, Tranche};
use contract::predicate::{Condition, Metric};

/// Something released at signing, on a day, or on a condition; a part of one where it vests in parts.
#[derive(Debug, Clone)]
pub(crate) struct TranchePlan {
    /// Its name; a part's has its number.
    pub id: String,
    /// The tranche in the deal.
    pub of: String,
    pub title: String,
    pub amount: f64,
    pub investor: Option<String>,
    pub issuer: Option<String>,
    pub when: When,
    /// The steps at whose end the condition may be met.
    pub window: (usize, usize),
    /// Tranches that must be released before, by place.
    pub after: Vec<usize>,
    /// The issuer's value that it is bought at; its value then when nothing.
    pub issue_value: Option<f64>,
    pub kind: Kind,
}

/// What a tranche is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Money for a part of the issuer.
    Equity,
    /// Money for something else.
    Money,
    /// A part of the giver, for no money.
    Given,
}

/// What releases a tranche.
#[derive(Debug, Clone)]
pub(crate) enum When {
    Signing,
    /// The end of this step.
    Step(usize),
    Met(Condition),
    /// Nobody can say.
    Unknown,
}

/// The tranches of `deal`.
pub(super) fn tranches(
    deal: &Deal,
    time: &Timeline,
    metrics: &[MetricPlan],
    notes: &mut Vec<String>,
) -> Vec<TranchePlan> {
    let mut plans: Vec<TranchePlan> = Vec::new();
    let mut firsts = Vec::new();
    for tranche in &deal.tranches {
        firsts.push(plans.len());
        let whole = whole(deal, tranche, time);
        if tranche.vests.is_empty() {
            let when = match tranche.when.get_ref() {
                deal::When::AtSigning => When::Signing,
                deal::When::On(day) if *day <= time.period.from => When::Signing,
                deal::When::On(day) => match time.ends.iter().position(|end| end >= day) {
                    Some(step) => When::Step(step),
                    None => When::Unknown,
                },
                deal::When::Text(_) => conditional(tranche.condition.as_ref(), metrics, &whole.id, notes),
            };
            plans.push(TranchePlan { when, ..whole });
            continue;
        }
        for (number, part) in (1..).zip(&tranche.vests) {
            let id = format!("{}#{number}", whole.id);
            let when = conditional(part.condition.as_ref(), metrics, &id, notes);
            let amount = whole.amount * part.share.get_ref().ratio().to_f64();
            let title = format!("{}, part {number}", whole.title);
            plans.push(TranchePlan { id, amount, title, when, ..whole.clone() });
        }
    }
    for plan in &mut plans {
        let clause = deal.tranches.iter().find(|tranche| *tranche.id.get_ref() == plan.of);
        let before = clause.into_iter().flat_map(|tranche| &tranche.after);
        let place = |id: &str| deal.tranches.iter().position(|tranche| tranche.id.get_ref() == id);
        plan.after = before.filter_map(|id| firsts.get(place(id.get_ref())?).copied()).collect();
    }
    said(deal, notes);
    plans
}

/// What a reader must know about how tranches are simplified.
fn said(deal: &Deal, notes: &mut Vec<String>) {
    let any = |is: fn(&Tranche) -> bool| deal.tranches.iter().any(is);
    if any(|tranche| tranche.signoff.is_some() || tranche.evidence.is_some()) {
        notes.push("Evidence and sign-offs are taken to come at once: a tranche is released in the step in which its condition is met.".to_owned());
    }
    if any(|tranche| tranche.vests_on.is_some()) {
        notes.push(
            "What vests in proportion to a quantity is taken as released when its condition is met."
                .to_owned(),
        );
    }
    if any(|tranche| tranche.strike.is_some()) {
        notes.push("A warrant is valued at the worth the deal states, moving with the giver's value; its strike is left out.".to_owned());
    }
    if any(|tranche| tranche.convertible.is_some()) {
        notes.push(
            "What converts is held at its amount: when it converts, and at which price, is left out."
                .to_owned(),
        );
    }
    if !deal.revenue_shares.is_empty() {
        notes.push(
            "Shares of revenue are left out: what they pay lowers the payer's value and raises the holder's."
                .to_owned(),
        );
    }
    if deal.capacity.iter().any(|grant| grant.late.as_ref().is_some_and(|late| late.relief.is_some())) {
        notes.push("Late capacity is simulated; that it lowers a year's minimum is left out, so shortfalls are too high where it is late.".to_owned());
    }
}

fn whole(deal: &Deal, tranche: &Tranche, time: &Timeline) -> TranchePlan {
    let facility = tranche.facility.as_ref();
    let facility = facility.and_then(|id| deal.facilities.iter().find(|facility| facility.id == *id));
    let investor = tranche.from.as_ref().or(facility.and_then(|facility| facility.investor.as_ref()));
    let issuer = tranche.to.as_ref().or(facility.and_then(|facility| facility.issuer.as_ref()));
    let issue = tranche.price.as_ref().filter(|price| post_money(price));
    TranchePlan {
        id: tranche.id.get_ref().clone(),
        of: tranche.id.get_ref().clone(),
        title: tranche.title.clone().unwrap_or_else(|| tranche.id.get_ref().clone()),
        amount: plain(deal.money(*tranche.amount.get_ref())),
        investor: party(deal, investor, "investor"),
        issuer: party(deal, issuer, "issuer"),
        when: When::Unknown,
        window: window(tranche, time),
        after: Vec::new(),
        issue_value: issue.map(|price| price.value.ratio().to_f64()),
        kind: match tranche.instrument.as_deref() {
            Some(name) if name.contains("prepay") || name.contains("debt") || name.contains("loan") => {
                Kind::Money
            }
            Some("warrant" | "stock") => Kind::Given,
            _ => Kind::Equity,
        },
    }
}

/// A condition, where something is known of what it names; a metric that moves with nothing stays unknown in it.
fn conditional(
    condition: Option<&Condition>,
    metrics: &[MetricPlan],
    id: &str,
    notes: &mut Vec<String>,
) -> When {
    let Some(condition) = condition else { return When::Unknown };
    let blind = |metric: &&Metric| !metrics.iter().any(|plan| plan.slot == metric.slot);
    let unknown: Vec<&Metric> = condition.metrics().iter().filter(blind).collect();
    for metric in &unknown {
        let name = &metric.name;
        notes.push(format!(
            "Tranche `{id}`: no scenario says what `{name}` moves with, so it stays unknown; add `[metric.{name}]`."
        ));
    }
    let all = !unknown.is_empty() && unknown.len() == condition.metrics().len();
    if all { When::Unknown } else { When::Met(condition.clone()) }
}

/// The steps at whose end a tranche's condition may be met: both days of its window belong to it.
fn window(tranche: &Tranche, time: &Timeline) -> (usize, usize) {
    let last = time.steps().saturating_sub(1);
    let Some(window) = tranche.window.as_ref().map(|window| window.get_ref()) else { return (0, last) };
    let from = time.ends.iter().position(|end| *end >= window.from).unwrap_or(last + 1);
    match time.ends.iter().rposition(|end| *end <= window.to) {
        Some(to) => (from, to),
        None => (last + 1, last),
    }
}
