//! Covenants: whether each rule holds, and since when it does not.

use super::Context;
use super::series::standing;
use super::trace::{self, Step};
use super::world::Sight;
use crate::deal;
use crate::fact::LIST_SPEND;
use crate::predicate::{Condition, Covenant, Selector};
use units::Timestamp;

/// Whether a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CovenantState {
    /// It does.
    Holds,
    /// It does not.
    Breached,
    /// No fact says.
    Unknown,
}

impl CovenantState {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Breached => "breached",
            Self::Unknown => "unknown",
        }
    }
}

/// A covenant at a moment.
#[derive(Debug, Clone)]
pub struct CovenantStatus {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub title: Option<String>,
    /// The rule, as written.
    pub rule: String,
    /// Whether it holds.
    pub state: CovenantState,
    /// What a breach does.
    pub severity: deal::Severity,
    /// Since when it has been in breach.
    pub since: Option<Timestamp>,
    /// Until when the breach may be mended.
    pub cure_until: Option<Timestamp>,
    /// Why.
    pub trace: Vec<Step>,
}

pub(super) fn evaluate(context: &Context<'_>) -> Vec<CovenantStatus> {
    context.deal.covenants.iter().map(|covenant| status(context, covenant)).collect()
}

fn status<'a>(context: &Context<'a>, covenant: &'a deal::Covenant) -> CovenantStatus {
    let (state, since, trace) = match &covenant.parsed {
        _ if context.as_of < context.deal.period().from.start() => {
            (CovenantState::Unknown, None, vec![Step::new("the contract is not in force")])
        }
        Some(Covenant::Deal(rule)) => of_deal(context, covenant, rule),
        Some(Covenant::Calls(rule)) => of_calls(context, rule),
        None => (CovenantState::Unknown, None, Vec::new()),
    };
    let cure = covenant.cure_days.filter(|days| *days > 0);
    CovenantStatus {
        id: covenant.id.get_ref().clone(),
        title: covenant.title.clone(),
        rule: covenant.rule.get_ref().clone(),
        state,
        severity: covenant.severity,
        since,
        cure_until: since.zip(cure).map(|(since, days)| since.plus_seconds(i64::from(days) * 86_400)),
        trace,
    }
}

fn of_deal<'a>(
    context: &Context<'a>,
    covenant: &'a deal::Covenant,
    rule: &'a Condition,
) -> (CovenantState, Option<Timestamp>, Vec<Step>) {
    let mut stock = context.stock(context.needs(context.deal, rule));
    stock.learn(context.known_at);
    let sight = Sight { context, stock: &stock, deal: context.deal };
    let proof = trace::node(&rule.prove(&sight, context.as_of), &stock);
    let state = match rule.truth(&sight, context.as_of).known() {
        Some(true) => CovenantState::Holds,
        Some(false) => CovenantState::Breached,
        None => CovenantState::Unknown,
    };
    let since = sight.breach(covenant.id.get_ref(), context.as_of).flatten();
    let step = Step::new(format!("`{}` is {}", rule.text(), proof.value)).because(Some(proof));
    (state, since, vec![step])
}

/// A rule of every call, held against every line of spend.
fn of_calls(context: &Context<'_>, rule: &Selector) -> (CovenantState, Option<Timestamp>, Vec<Step>) {
    let (mut kept, mut broken, mut silent) = (Vec::new(), Vec::new(), Vec::new());
    let mut since: Option<Timestamp> = None;
    for (place, fact) in standing(context.facts, LIST_SPEND, context.known_at) {
        if fact.effective_at > context.as_of {
            continue;
        }
        match rule.admits(&fact.attributes).known() {
            Some(true) => kept.push(place),
            Some(false) => {
                since = Some(since.map_or(fact.effective_at, |since| since.min(fact.effective_at)));
                broken.push(place);
            }
            None => silent.push(place),
        }
    }
    let state = match (kept.is_empty(), broken.is_empty(), silent.is_empty()) {
        (_, false, _) => CovenantState::Breached,
        (false, true, true) => CovenantState::Holds,
        _ => CovenantState::Unknown,
    };
    let mut trace = Vec::new();
    for (places, what) in [(broken, "against it"), (silent, "do not say"), (kept, "keep to it")] {
        if !places.is_empty() {
            trace.push(
                Step::new(format!("{} lines of spend {what}", places.len())).on(context.facts, &places),
            );
        }
    }
    if trace.is_empty() {
        trace.push(Step::new("there is no line of spend to hold it against"));
    }
    (state, since, trace)
}
