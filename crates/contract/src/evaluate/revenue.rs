//! Shares of revenue: what is due so far, and how far it is from its cap.

use super::Context;
use super::needs::Needs;
use super::trace::{Step, just_before};
use crate::deal::{Binding, RevenueShare};
use units::{Money, Timestamp};

/// A share of revenue at a moment.
#[derive(Debug, Clone)]
pub struct RevenueShareStatus {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub title: Option<String>,
    /// The revenue it is a share of, so far.
    pub revenue: Option<Money>,
    /// What is due of it so far; nothing where no fact says.
    pub due: Option<Money>,
    /// The most that will ever be.
    pub cap: Option<Money>,
    /// Whether that is reached.
    pub capped: bool,
    /// The lines it is made of.
    pub trace: Vec<Step>,
}

pub(super) fn evaluate(context: &Context<'_>) -> Vec<RevenueShareStatus> {
    context.deal.revenue_shares.iter().map(|clause| status(context, clause)).collect()
}

fn status(context: &Context<'_>, clause: &RevenueShare) -> RevenueShareStatus {
    let deal = context.deal;
    let clause_in_deal = deal.revenue_shares.iter().find(|other| other.id == clause.id);
    let name = clause_in_deal.map_or("", |clause| clause.of.get_ref().as_str());
    let mut stock = context.stock(Needs::default().and(name, true));
    stock.learn(context.known_at);
    let (from, to) = days(context, clause);
    let series = stock.series(name);
    let revenue = series.and_then(|series| series.sum(just_before(from), to));
    let share = clause.share.get_ref().ratio();
    let cap = clause.cap.as_ref().map(|cap| cap.get_ref().ratio());
    let owed = revenue.map(|revenue| cap.map_or(revenue * share, |cap| (revenue * share).min(cap)));
    let owed = if deal.binding == Binding::Loi { None } else { owed };
    let money = |amount: crate::Ratio| {
        let pico = (amount * crate::Ratio::whole(units::PICO_PER_UNIT)).round_half_even()?;
        Some(Money::from_pico(pico, deal.currency))
    };
    let read = series.map(|series| series.read(from, to)).unwrap_or_default();
    let what =
        if read.is_empty() { "there is no fact of the revenue" } else { "the revenue it is a share of" };
    RevenueShareStatus {
        id: clause.id.get_ref().clone(),
        title: clause.title.clone(),
        revenue: revenue.and_then(money),
        due: owed.and_then(money),
        cap: cap.and_then(money),
        capped: owed.is_some() && owed == cap,
        trace: vec![Step::new(what).on(context.facts, &read)],
    }
}

/// The moments whose revenue counts, both included.
fn days(context: &Context<'_>, clause: &RevenueShare) -> (Timestamp, Timestamp) {
    let period = context.deal.period();
    let (from, to) = match &clause.window {
        Some(window) => (window.get_ref().from, Some(window.get_ref().to.plus_days(1))),
        None => (period.from, period.to),
    };
    let end = to.map_or(context.as_of, |to| just_before(to.start()));
    (from.start(), context.as_of.min(end))
}
