//! A deal's tranches: what releases each, and what it buys.

use super::commitments::{party, plain};
use super::market::post_money;
use super::metrics::MetricPlan;
use crate::render::figures;
use crate::scenario::Scenario;
use crate::timeline::Timeline;
use contract::Deal;
use contract::deal::{self, Convertible, Tranche};
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
    /// How much of the issuer it is, where it is so many shares: its value over the issuer's.
    pub units: Option<f64>,
    /// What exercising costs, in the issuer's value as it is then: nothing for what needs no exercising.
    pub strike: f64,
    /// What it vests with.
    pub vesting: Option<Vesting>,
    pub kind: Kind,
}

/// What vests in proportion to a quantity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vesting {
    /// The metric's place among the plan's, where something is known of it, and whether it adds up.
    pub metric: Option<usize>,
    pub flow: bool,
    /// How much there was before the simulation.
    pub before: f64,
    pub full_at: f64,
    pub at_once: f64,
}

/// How a loan becomes a part of the issuer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Conversion {
    /// By how much it grows in a step.
    pub growth: f64,
    /// The highest value of the issuer that it converts at, and the part of its value then that it does otherwise.
    pub cap: f64,
    pub keep: f64,
    /// The step at whose end.
    pub step: usize,
}

/// What a tranche is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// Money for a part of the issuer.
    Equity,
    /// Money for a part of the issuer later.
    Convertible(Conversion),
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
    (metrics, scenario, equity): (&[MetricPlan], &Scenario, f64),
    notes: &mut Vec<String>,
) -> Vec<TranchePlan> {
    let mut plans: Vec<TranchePlan> = Vec::new();
    let mut firsts = Vec::new();
    for tranche in &deal.tranches {
        firsts.push(plans.len());
        let mut whole = whole(deal, tranche, time);
        priced(&mut whole, tranche, (deal, scenario, equity), notes);
        whole.vesting = vesting(deal, tranche, metrics, notes);
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
            let units = whole.units.map(|units| units * part.share.get_ref().ratio().to_f64());
            plans.push(TranchePlan { id, amount, title, when, units, ..whole.clone() });
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
    if any(|tranche| tranche.strike.is_some()) {
        notes.push("A warrant is held to the end and exercised then, where it is in the money; when it vests it counts by what exercising at once would bring.".to_owned());
    }
    if any(|tranche| tranche.convertible.is_some()) {
        notes.push("What converts does so when it falls due, at the latest at the end: at the cap, or at the discount from the issuer's value then, whichever is lower.".to_owned());
    }
}

/// What a tranche of shares is a part of, what exercising costs, and how what converts does.
fn priced(
    plan: &mut TranchePlan,
    tranche: &Tranche,
    (deal, scenario, equity): (&Deal, &Scenario, f64),
    notes: &mut Vec<String>,
) {
    if let Kind::Convertible(conversion) = &mut plan.kind {
        // A discount is from the issuer's value, which nobody knows where it is one.
        if conversion.cap.is_finite() && scenario.open("equity.start").is_none() && equity == 1.0 {
            notes.push(format!(
                "The cap of `{}` is left out: no `equity.start` says what the issuer is worth.",
                plan.id
            ));
            conversion.cap = f64::INFINITY;
        }
        return;
    }
    let number = |decimal: &toml::Spanned<contract::Decimal>| decimal.get_ref().ratio().to_f64();
    let (Some(shares), Kind::Given) = (tranche.shares.as_ref().map(number), plan.kind) else { return };
    let strike = tranche.strike.as_ref().map_or(0.0, number);
    let price = share_price(deal, scenario).unwrap_or_else(|| {
        let cost = strike * shares;
        // An amount that is what exercising costs says nothing of worth: the money is then taken to be at the strike.
        let worth = if (plan.amount - cost).abs() <= 1e-6 * cost { 0.0 } else { plan.amount / shares };
        notes.push(format!(
            "No `equity.share_price` says what a share of `{}` costs now; {} is taken, from what the deal says it is worth.",
            plan.id,
            figures(worth + strike)
        ));
        worth + strike
    });
    if price > 0.0 && shares > 0.0 {
        plan.units = Some(shares * price / equity);
        plan.strike = strike / price * equity;
    }
}

/// What a share costs now: as set, or the start of the only metric that is a price.
fn share_price(deal: &Deal, scenario: &Scenario) -> Option<f64> {
    let mut prices = deal.metrics.iter().filter(|(_, metric)| metric.kind == deal::MetricKind::Price);
    let only = prices.next().filter(|_| prices.next().is_none());
    let start = |(name, _): (&String, _)| scenario.open(&format!("metric.{name}.start"));
    scenario.open("equity.share_price").or_else(|| only.and_then(start))
}

fn vesting(
    deal: &Deal,
    tranche: &Tranche,
    metrics: &[MetricPlan],
    notes: &mut Vec<String>,
) -> Option<Vesting> {
    let on = tranche.vests_on.as_ref()?;
    let name = on.metric.get_ref();
    let slot = deal.metric(name).map(|metric| metric.slot);
    let metric = metrics.iter().position(|plan| Some(plan.slot) == slot);
    if metric.is_none() {
        notes.push(format!(
            "Tranche `{}`: no scenario says what `{name}` moves with, so no more of it vests; add `[metric.{name}]`.",
            tranche.id.get_ref()
        ));
    }
    let plan = metric.and_then(|place| metrics.get(place));
    let flow = plan.is_some_and(|plan| plan.flow);
    let number = |decimal: &toml::Spanned<contract::Decimal>| decimal.get_ref().ratio().to_f64();
    let mut seen = plan.into_iter().flat_map(|plan| &plan.history).map(|(_, value)| *value);
    Some(Vesting {
        metric,
        flow,
        before: if flow { seen.sum() } else { seen.next_back().unwrap_or(0.0) },
        full_at: number(&on.full_at),
        at_once: on.at_once.as_ref().map_or(0.0, number),
    })
}

fn conversion(convertible: &Convertible, time: &Timeline) -> Conversion {
    let number = |decimal: &toml::Spanned<contract::Decimal>| decimal.get_ref().ratio().to_f64();
    let last = time.steps().saturating_sub(1);
    let due = convertible.maturity.and_then(|day| time.ends.iter().position(|end| *end >= day));
    let rate = convertible.rate.as_ref().map_or(0.0, number);
    Conversion {
        growth: sampling::exp(sampling::ln(1.0 + rate) * time.dt),
        cap: convertible.cap.as_ref().map_or(f64::INFINITY, number),
        keep: 1.0 - convertible.discount.as_ref().map_or(0.0, number),
        step: due.unwrap_or(last).min(last),
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
        units: None,
        strike: 0.0,
        vesting: None,
        kind: match (&tranche.convertible, tranche.instrument.as_deref()) {
            (Some(convertible), _) => Kind::Convertible(conversion(convertible, time)),
            (None, Some(name))
                if name.contains("prepay") || name.contains("debt") || name.contains("loan") =>
            {
                Kind::Money
            }
            (None, Some("warrant" | "stock")) => Kind::Given,
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
