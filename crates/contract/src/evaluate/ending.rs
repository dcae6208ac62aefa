//! How the deal may end now: rights that have arisen, and what leaving costs.

use super::Context;
use super::needs::Needs;
use super::trace::{self, Step};
use super::world::Sight;
use crate::day::Day;
use crate::deal::{Cause, ExitKind};
use crate::predicate::Formula;
use crate::ratio::Ratio;
use units::{Money, Timestamp};

/// Whose right it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The vendor's, to end the deal.
    Vendor,
    /// The customer's, to end the deal.
    Customer,
    /// A supplier's, to take capacity back.
    Reclaim,
}

impl Side {
    /// `vendor`, `customer`, `reclaim`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Customer => "customer",
            Self::Reclaim => "reclaim",
        }
    }
}

/// A right that a cause gives.
#[derive(Debug, Clone)]
pub struct Right {
    /// Its name; the cause as written where it has none.
    pub id: String,
    /// Whose it is.
    pub side: Side,
    /// Whether it has arisen; nothing when no fact says, or only people can judge.
    pub arisen: Option<bool>,
    /// Why.
    pub trace: Vec<Step>,
}

/// What leaving costs now.
#[derive(Debug, Clone)]
pub struct Exit {
    /// The day from which the customer may leave for no reason, and the notice in days.
    pub convenience: Option<(Day, u32)>,
    /// Item by item.
    pub costs: Vec<ExitItem>,
}

/// One item of what leaving costs.
#[derive(Debug, Clone)]
pub struct ExitItem {
    /// Its name.
    pub id: String,
    /// What it is for.
    pub kind: ExitKind,
    /// How much; nothing where something it needs is not known.
    pub amount: Option<Money>,
    /// How much it would be, had Regulation (EU) 2023/2854 not made it nothing.
    pub waived: Option<Money>,
    /// The formula, as written.
    pub formula: String,
    /// How it comes to that.
    pub trace: Vec<Step>,
}

impl Exit {
    /// All items of a kind; nothing where one is not known.
    pub fn total(&self, kind: ExitKind) -> Option<Money> {
        let mut items = self.costs.iter().filter(|item| item.kind == kind).map(|item| item.amount);
        let first = items.next()??;
        items.try_fold(first, |sum, amount| sum.checked_add(amount?).ok())
    }
}

pub(super) fn rights(context: &Context<'_>) -> Vec<Right> {
    let deal = context.deal;
    let mut rights = Vec::new();
    if let Some(termination) = &deal.termination {
        let vendor = termination.vendor_cause.iter().map(|cause| (Side::Vendor, cause));
        let customer = termination.customer_cause.iter().map(|cause| (Side::Customer, cause));
        rights.extend(
            vendor.chain(customer).map(|(side, cause)| right(context, cause.text.get_ref(), side, cause)),
        );
    }
    let reclaims = deal.reclaims.iter();
    rights.extend(reclaims.map(|reclaim| right(context, reclaim.id.get_ref(), Side::Reclaim, &reclaim.when)));
    rights
}

fn right<'a>(context: &Context<'a>, id: &str, side: Side, cause: &'a Cause) -> Right {
    let (arisen, step) = match &cause.condition {
        None => (None, Step::new(format!("“{}” is for people to judge", cause.text.get_ref()))),
        Some(condition) => {
            let mut stock = context.stock(context.needs(context.deal, condition));
            stock.learn(context.known_at);
            let sight = Sight { context, stock: &stock, deal: context.deal };
            let proof = trace::node(&condition.prove(&sight, context.as_of), &stock);
            let step = Step::new(format!("`{}` is {}", condition.text(), proof.value));
            (condition.truth(&sight, context.as_of).known(), step.because(Some(proof)))
        }
    };
    Right { id: id.to_owned(), side, arisen, trace: vec![step] }
}

pub(super) fn exit(context: &Context<'_>) -> Option<Exit> {
    let termination = context.deal.termination.as_ref()?;
    let leave = termination.customer_convenience.as_ref();
    let fee = leave.and_then(|leave| leave.formula.as_ref());
    let fee = fee.map(|formula| item(context, "fee", ExitKind::Termination, formula));
    let others = termination
        .exit
        .iter()
        .filter_map(|cost| Some(item(context, cost.id.get_ref(), cost.kind, cost.formula.as_ref()?)));
    Some(Exit {
        convenience: leave.map(|leave| (*leave.after.get_ref(), leave.notice_days)),
        costs: fee.into_iter().chain(others).collect(),
    })
}

fn item<'a>(context: &Context<'a>, id: &str, kind: ExitKind, formula: &'a Formula) -> ExitItem {
    let deal = context.deal;
    let needs = Needs::of(deal, &context.spend.terms, formula.metrics(), formula.states());
    let mut stock = context.stock(needs);
    stock.learn(context.known_at);
    let sight = Sight { context, stock: &stock, deal };
    let exact = formula.amount(&sight, context.as_of);
    let pico = exact.and_then(|exact| (exact * Ratio::whole(units::PICO_PER_UNIT)).round_half_even());
    let amount = pico.map(|pico| Money::from_pico(pico, deal.currency));
    let proof = trace::node(&formula.prove(&sight, context.as_of), &stock);
    let mut steps =
        vec![Step::new(format!("`{}` is {}", proof.text, proof.value)).because(Some(proof.clone()))];
    let free = kind == ExitKind::Switching && free_to_switch(context);
    if free {
        steps.push(Step::new("Regulation (EU) 2023/2854, article 29: nothing may be charged for switching from 12 January 2027"));
    }
    ExitItem {
        id: id.to_owned(),
        kind,
        amount: if free { Some(Money::zero(deal.currency)) } else { amount },
        waived: amount.filter(|_| free),
        formula: proof.text,
        trace: steps,
    }
}

/// Whether Regulation (EU) 2023/2854 makes switching free: from 12 January 2027, for customers in the Union.
fn free_to_switch(context: &Context<'_>) -> bool {
    /// 2027-01-12T00:00:00Z.
    const FROM: Timestamp = Timestamp::from_seconds(1_799_712_000);
    const UNION: [&str; 28] = [
        "EU", "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV",
        "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE",
    ];
    let customers = context
        .deal
        .parties
        .get_ref()
        .iter()
        .filter(|party| party.roles.iter().any(|role| role == "customer"));
    let mut countries = customers.filter_map(|party| party.country.as_ref());
    let in_union = countries.any(|country| UNION.contains(&country.get_ref().as_str()));
    let clause =
        context.deal.termination.as_ref().is_some_and(|termination| termination.eu_data_act.is_some());
    context.as_of >= FROM && (in_union || clause)
}
