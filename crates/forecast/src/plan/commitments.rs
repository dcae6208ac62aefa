//! A deal's commitments: what each contract year asks for, and what is spent now.

use crate::history::{Fit, History};
use crate::render::money;
use crate::scenario::Scenario;
use crate::timeline::Timeline;
use contract::deal::{Binding, Commitment};
use contract::predicate::{Attributes, Selector};
use contract::{CommitmentTerms, Deal, Ratio, YearRules};
use units::{Money, PICO_PER_UNIT};

/// A commitment, ready to be settled year by year.
#[derive(Debug, Clone)]
pub(crate) struct CommitmentPlan {
    pub id: String,
    pub payer: Option<String>,
    pub payee: Option<String>,
    /// List spend a month now.
    pub start_per_month: f64,
    /// The share of it that each rule of eligibility admits; the rest counts for nothing.
    pub shares: Vec<f64>,
    /// By contract year.
    pub rules: Vec<YearRules<f64>>,
    /// By contract year, in whole units of currency.
    pub minimums: Vec<f64>,
    /// Whether the year hands on to another.
    pub hands_on: Vec<bool>,
    /// List spend by step and rule before the simulation begins, and what no rule admits in the last place.
    pub history: Vec<Vec<f64>>,
    /// Whether the schedule is assumed.
    pub assumed_schedule: bool,
}

pub(super) fn plain(money: Money) -> f64 {
    Ratio::new(money.pico(), PICO_PER_UNIT).to_f64()
}

/// The commitments of `deal`.
pub(super) fn commitments(
    deal: &Deal,
    scenario: &Scenario,
    time: &Timeline,
    now: usize,
    (history, fit): (&History, Option<&Fit>),
    notes: &mut Vec<String>,
) -> Vec<CommitmentPlan> {
    if deal.binding == Binding::Loi {
        notes.push("A letter of intent binds nobody: no minimum is owed.".to_owned());
    }
    if deal.commitments.is_empty() {
        notes.push("The deal promises no spend: there is nothing to draw down.".to_owned());
    }
    let mut plans = Vec::new();
    for clause in &deal.commitments {
        let mut terms = CommitmentTerms::new(deal, clause);
        terms.period = time.period;
        let assumed_schedule = schedule(&mut terms, deal, scenario, time, notes);
        let years = 0..time.years();
        let year_of = |year: usize| u32::try_from(year + 1).unwrap_or(u32::MAX);
        let minimums: Vec<f64> =
            years.clone().map(|year| terms.minimum(year_of(year)).map_or(0.0, plain)).collect();
        let selectors = selectors(clause);
        let shares = shares(clause, &selectors, scenario, deal, history, notes);
        let mut plan = CommitmentPlan {
            id: terms.id.clone(),
            payer: party(deal, clause.payer.as_ref(), "customer"),
            payee: party(deal, clause.payee.as_ref(), "vendor"),
            start_per_month: 0.0,
            rules: years.clone().map(|year| YearRules::new(&terms, year_of(year), plain)).collect(),
            hands_on: years.map(|year| terms.minimum(year_of(year) + 1).is_some()).collect(),
            history: by_step(history, &selectors, time, now),
            shares,
            minimums,
            assumed_schedule,
        };
        plan.start_per_month = start(&plan, scenario, fit, notes);
        plans.push(plan);
    }
    plans
}

/// Fills in the minimums where only a total is stated, or takes all away where nobody is bound.
fn schedule(
    terms: &mut CommitmentTerms,
    deal: &Deal,
    scenario: &Scenario,
    time: &Timeline,
    notes: &mut Vec<String>,
) -> bool {
    if deal.binding == Binding::Loi {
        terms.minimums.clear();
        return false;
    }
    let (true, Some(total)) = (terms.minimums.is_empty(), terms.total) else { return false };
    let years = time.years();
    let first = scenario.number("schedule.first_over_last");
    let weight = |year: usize| match years {
        1 => 1.0,
        _ => first + (1.0 - first) * year as f64 / (years - 1) as f64,
    };
    let sum: f64 = (0..years).map(weight).sum();
    // To a millionth of a share, the last year taking what rounding leaves.
    let mut left = total.pico();
    for year in 0..years {
        let part = match year + 1 == years {
            true => left,
            false => total.pico() / 1_000_000 * (weight(year) / sum * 1e6).round() as i128,
        };
        left -= part;
        terms.minimums.push(Money::from_pico(part, terms.currency));
    }
    notes.push(format!(
        "Commitment `{}` states a total of {} {} and no minimums by year; minimums rising in a straight line, the first {first} of the last, are assumed.",
        terms.id,
        money(plain(total)),
        terms.currency
    ));
    true
}

/// The party named, or the only one with this role.
pub(super) fn party(deal: &Deal, named: Option<&toml::Spanned<String>>, role: &str) -> Option<String> {
    if let Some(named) = named {
        return Some(named.get_ref().clone());
    }
    let mut with = deal.parties.get_ref().iter().filter(|party| party.roles.iter().any(|has| has == role));
    match (with.next(), with.next()) {
        (Some(only), None) => Some(only.id.get_ref().clone()),
        _ => None,
    }
}

fn selectors(clause: &Commitment) -> Vec<Option<Selector>> {
    clause.eligible.iter().map(|rule| rule.selector.clone()).collect()
}

/// The rule that admits a spend with these attributes: the first that matches.
fn rule_of(selectors: &[Option<Selector>], attributes: &Attributes) -> Option<usize> {
    if selectors.is_empty() {
        return Some(0);
    }
    selectors
        .iter()
        .position(|rule| rule.as_ref().is_some_and(|rule| rule.admits(attributes).known() == Some(true)))
}

/// The share of spend that each rule admits: as history shows, or as the scenario's mix has it.
fn shares(
    clause: &Commitment,
    selectors: &[Option<Selector>],
    scenario: &Scenario,
    deal: &Deal,
    history: &History,
    notes: &mut Vec<String>,
) -> Vec<f64> {
    let mut shares = vec![0.0; clause.eligible.len().max(1)];
    let mut add = |attributes: &Attributes, share: f64| {
        if let Some(place) = rule_of(selectors, attributes) {
            shares[place] += share;
        }
    };
    let seen: f64 = history.spend.iter().map(|spend| spend.amount).sum();
    if seen > 0.0 {
        history.spend.iter().for_each(|spend| add(&spend.attributes, spend.amount / seen));
        return shares;
    }
    let payee = party(deal, clause.payee.as_ref(), "vendor").unwrap_or_default();
    for part in &scenario.mix {
        let mut attributes = part.attributes.clone();
        let usual = [
            ("provider", payee.as_str()),
            ("channel", "direct"),
            ("charge", "usage"),
            ("sku.family", "compute"),
        ];
        for (name, value) in usual {
            attributes.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        add(&attributes, part.share);
    }
    if shares.iter().sum::<f64>() <= 0.0 {
        let plain = clause
            .eligible
            .iter()
            .position(|rule| rule.cap_of_year_min.is_none() && rule.weight.get_ref().ratio().is_positive());
        let place = plain.unwrap_or(0);
        shares[place] = 1.0;
        notes.push(format!(
            "No part of the scenario's spend matches a rule of eligibility of `{}`; all of it is taken to count under rule {}.",
            clause.id.get_ref(),
            place + 1
        ));
    }
    shares
}

/// List spend before the simulation begins, by step and rule.
fn by_step(history: &History, selectors: &[Option<Selector>], time: &Timeline, now: usize) -> Vec<Vec<f64>> {
    let rules = selectors.len().max(1);
    let mut steps = vec![vec![0.0; rules + 1]; now];
    for spend in &history.spend {
        let Some(step) = time.step_of(spend.day).and_then(|step| steps.get_mut(step)) else { continue };
        step[rule_of(selectors, &spend.attributes).unwrap_or(rules)] += spend.amount;
    }
    steps
}

/// List spend a month now.
fn start(plan: &CommitmentPlan, scenario: &Scenario, fit: Option<&Fit>, notes: &mut Vec<String>) -> f64 {
    if let Some(fit) = fit {
        return fit.level;
    }
    if let Some(start) = scenario.open("demand.start_per_month") {
        return start;
    }
    let Some(rules) = plan.rules.first() else { return 0.0 };
    let weighted: f64 = plan.shares.iter().zip(&rules.eligible).map(|(share, rule)| share * rule.0).sum();
    let keep = rules.keep;
    let minimum = plan.minimums.first().copied().unwrap_or(0.0);
    if weighted <= 0.0 || keep <= 0.0 || minimum <= 0.0 {
        notes.push(format!("Commitment `{}` has no minimum to size spend by, and the scenario sets no `demand.start_per_month`: nothing is spent.", plan.id));
        return 0.0;
    }
    let over = scenario.number("demand.start_over_minimum");
    let start = minimum / keep / weighted * over / 12.0;
    notes.push(format!(
        "Nobody says what is spent under `{}` now: {over} of what the first year's minimum takes is assumed, {} a month at list prices.",
        plan.id,
        money(start)
    ));
    start
}
