//! Price protection: whether others have better terms, whether list prices rose too fast, and what that comes to.

use super::Context;
use super::needs::Needs;
use super::series::Series;
use super::trace::Step;
use super::world::EVER;
use crate::day::Day;
use crate::deal::{Binding, Commitment};
use crate::ratio::Ratio;
use crate::terms::CommitmentTerms;
use units::{Money, Timestamp};

/// A clause that protects a price, at a moment.
#[derive(Debug, Clone)]
pub struct PriceStatus {
    /// Of which commitment.
    pub commitment: String,
    /// `mfn` or `list_increase_cap`.
    pub clause: &'static str,
    /// How it stands.
    pub state: PriceState,
    /// What was agreed: the own discount, or the highest level of list prices allowed now.
    pub agreed: Option<Ratio>,
    /// What facts say: the best discount that anyone comparable has, or where list prices are.
    pub seen: Option<Ratio>,
    /// Since when it has been owed without a break.
    pub since: Option<Day>,
    /// What it comes to so far, on spend that counts, before caps.
    pub owed: Option<Money>,
    /// Why.
    pub trace: Vec<Step>,
}

/// How a clause that protects a price stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceState {
    /// Nothing is owed now.
    Kept,
    /// Others have better terms, or list prices are too high.
    Owed,
    /// No fact says.
    Unknown,
    /// Nobody is bound, or not yet.
    Draft,
}

impl PriceState {
    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Owed => "owed",
            Self::Unknown => "unknown",
            Self::Draft => "draft",
        }
    }
}

/// A clause and the metric that says how it stands.
struct Clause<'a> {
    metric: &'a str,
    protects: Protects,
    terms: &'a CommitmentTerms,
}

#[derive(Clone, Copy)]
enum Protects {
    /// From others' better terms: the rate is matched.
    Rate,
    /// From list prices that grow faster than by this much a year.
    List { growth: Ratio },
}

impl Clause<'_> {
    const fn name(&self) -> &'static str {
        match self.protects {
            Protects::Rate => "mfn",
            Protects::List { .. } => "list_increase_cap",
        }
    }

    /// The level that is allowed at a moment: the own discount; or list prices as they were first, grown by each contract
    /// year.
    fn allowed(&self, series: &Series, at: Timestamp) -> Option<Ratio> {
        match self.protects {
            Protects::Rate => Some(self.terms.discount.ratio()),
            Protects::List { growth } => {
                let first = series.latest(EVER, series.first(at)?)?.1;
                let year = self.terms.year_of(Day::of(at)).unwrap_or(1);
                Some((1..year).fold(first, |level, _| level * growth))
            }
        }
    }

    /// What is seen at a moment where it is above what is allowed, and that.
    fn above(&self, series: &Series, at: Timestamp) -> Option<(Ratio, Ratio)> {
        let (seen, allowed) = (series.latest(EVER, at)?.1, self.allowed(series, at)?);
        (seen > allowed).then_some((seen, allowed))
    }

    /// The share of list spend at a moment that is owed.
    fn cost(&self, series: &Series, at: Timestamp) -> Ratio {
        let Some((seen, allowed)) = self.above(series, at) else { return Ratio::ZERO };
        match self.protects {
            Protects::Rate => seen - allowed,
            Protects::List { .. } => {
                (Ratio::ONE - allowed / seen) * (Ratio::ONE - self.terms.discount.ratio())
            }
        }
    }
}

pub(super) fn evaluate(context: &Context<'_>) -> Vec<PriceStatus> {
    let commitments = context.deal.commitments.iter().zip(&context.spend.terms).enumerate();
    let statuses = commitments.flat_map(|(place, (commitment, terms))| {
        let clauses = clauses(commitment, terms);
        clauses.into_iter().map(move |clause| status(context, place, &clause))
    });
    statuses.collect()
}

fn clauses<'a>(commitment: &'a Commitment, terms: &'a CommitmentTerms) -> Vec<Clause<'a>> {
    let mut found = Vec::new();
    let Some(protection) = &commitment.price_protection else { return found };
    if let Some(metric) = protection.mfn.as_ref().and_then(|mfn| mfn.metric.as_ref()) {
        found.push(Clause { metric: metric.get_ref(), protects: Protects::Rate, terms });
    }
    if let (Some(cap), Some(metric)) = (protection.increase_a_year(), &protection.list_metric) {
        let protects = Protects::List { growth: Ratio::ONE + cap.ratio() };
        found.push(Clause { metric: metric.get_ref(), protects, terms });
    }
    found
}

fn status(context: &Context<'_>, place: usize, clause: &Clause<'_>) -> PriceStatus {
    let deal = context.deal;
    // The deal's own copy of the name lives as long as the facts are read.
    let metric = deal.metrics.keys().find(|name| *name == clause.metric).map_or("", String::as_str);
    let mut stock = context.stock(Needs::default().and(metric, false));
    stock.learn(context.known_at);
    let (series, now) = (stock.series(metric), context.now());
    let last = series.and_then(|series| series.latest(EVER, now));
    let agreed = series.and_then(|series| clause.allowed(series, now));
    let state = match (last, series.and_then(|series| clause.above(series, now))) {
        _ if deal.binding == Binding::Loi || context.as_of < deal.period().from.start() => PriceState::Draft,
        (None, _) => PriceState::Unknown,
        (Some(_), Some(_)) => PriceState::Owed,
        (Some(_), None) => PriceState::Kept,
    };
    let since = series.filter(|_| state == PriceState::Owed).and_then(|series| {
        let moments = series.backwards(now).map(|(at, _)| at);
        moments.take_while(|at| clause.above(series, *at).is_some()).last()
    });
    let owed = series.filter(|_| matches!(state, PriceState::Owed | PriceState::Kept)).and_then(|series| {
        let pico = context.spend.weighed(place, now, |at| clause.cost(series, at))
            * Ratio::whole(units::PICO_PER_UNIT);
        Some(Money::from_pico(pico.round_half_even()?, deal.currency))
    });
    let read = series.and_then(|series| series.backwards(now).next()).map(|(_, seen)| seen.place);
    let what = if read.is_some() { "what is said of it last" } else { "no fact says" };
    PriceStatus {
        commitment: deal.commitments[place].id.get_ref().clone(),
        clause: clause.name(),
        state,
        agreed,
        seen: last.map(|(_, value)| value),
        since: since.map(Day::of),
        owed,
        trace: vec![Step::new(what).on(context.facts, &read.into_iter().collect::<Vec<_>>())],
    }
}
