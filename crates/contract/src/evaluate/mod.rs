//! A deal evaluated: where every clause stands at a moment, as known at a moment.
//!
//! Pure and bitemporal. `as_of` is the moment asked about: facts effective later do not count yet, windows are over
//! or not, contract years are closed or not. `known_at` is the moment of knowledge: what was put on record later
//! (facts, sign-offs, payments, amendments) does not exist. So an answer for one moment of knowledge never changes,
//! whatever becomes known later, and the order of lines put on record together does not matter.

mod acts;
mod capacity;
mod commitment;
mod covenant;
mod ending;
mod needs;
mod notes;
mod price;
mod revenue;
mod series;
mod spend;
mod timeline;
pub(crate) mod trace;
mod tranche;
mod watch;
mod world;

pub use capacity::{BurstStatus, CapacityState, CapacityStatus, TakeOrPayStatus};
pub use commitment::CommitmentStatus;
pub use covenant::{CovenantState, CovenantStatus};
pub use ending::{Exit, ExitItem, Right, Side};
pub use notes::Note;
pub use price::{PriceState, PriceStatus};
pub use revenue::RevenueShareStatus;
pub use trace::{Node, Reference, Step};
pub use tranche::{State, TrancheStatus};
pub use watch::WatchStatus;

use crate::day::Period;
use crate::deal::{Binding, Deal};
use crate::error::Error;
use crate::fact::Facts;
use crate::predicate::Condition;
use crate::ratio::Ratio;
use crate::versions::Versions;
use needs::Needs;
use series::{Measures, Stock};
use spend::Spend;
use std::collections::BTreeMap;
use std::rc::Rc;
use units::{Currency, Timestamp};

/// A deal at a moment, as known at a moment.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// Which contract this is about.
    pub contract: Contract,
    /// The moment asked about.
    pub as_of: Timestamp,
    /// The moment of knowledge.
    pub known_at: Timestamp,
    /// In the deal's order, as all below.
    pub tranches: Vec<TrancheStatus>,
    /// Spend promised.
    pub commitments: Vec<CommitmentStatus>,
    /// Shares of revenue.
    pub revenue_shares: Vec<RevenueShareStatus>,
    /// Clauses that protect prices, where a metric says how they stand.
    pub price_protection: Vec<PriceStatus>,
    /// Capacity granted.
    pub capacity: Vec<CapacityStatus>,
    /// Rules that hold throughout.
    pub covenants: Vec<CovenantStatus>,
    /// By signal, in the file's order.
    pub watch: Vec<WatchStatus>,
    /// Rights to end it or to take capacity back.
    pub rights: Vec<Right>,
    /// What leaving costs, where the deal says it.
    pub exit: Option<Exit>,
    /// Facts that do not count, each with the reason.
    pub ignored: Vec<(Reference, &'static str)>,
    /// Clauses that nothing is computed from.
    pub notes: Vec<Note>,
}

/// The version of a contract that was evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Which version.
    pub version: u32,
    /// The hash of its canonical form.
    pub hash: String,
    /// Since when that version is known.
    pub known_from: Timestamp,
    /// The days it is in force.
    pub period: Period,
    /// The currency of every amount.
    pub currency: Currency,
    /// Whether anyone is bound.
    pub binding: Binding,
}

/// What is asked, of what, and what is answered already.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    versions: &'a Versions,
    facts: &'a Facts,
    /// The version known at `known_at`.
    deal: &'a Deal,
    as_of: Timestamp,
    known_at: Timestamp,
    spend: Spend<'a>,
    measures: Measures<'a>,
    /// Of the tranches evaluated so far.
    deeds: BTreeMap<&'a str, Deed>,
}

/// What others wait for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deed {
    /// When a tranche's condition was known to be met.
    met: Option<Timestamp>,
    /// When it was released.
    released: Option<Timestamp>,
}

impl<'a> Context<'a> {
    fn new(versions: &'a Versions, facts: &'a Facts, as_of: Timestamp, known_at: Timestamp) -> Self {
        let deal = versions.known_at(known_at);
        let spend = Spend::new(deal, facts, known_at);
        let measures = measures(deal, facts, &spend);
        Self { versions, facts, deal, as_of, known_at, spend, measures, deeds: BTreeMap::new() }
    }

    /// The last moment that can be spoken of: nothing is known of what comes after `known_at`.
    fn now(&self) -> Timestamp {
        self.as_of.min(self.known_at)
    }

    fn stock(&self, needs: Needs<'a>) -> Stock<'a> {
        Stock::new(self.facts, needs, &self.measures, |slice, place, fact| {
            slice.holds(fact, |commitment| self.spend.place_of_rule(commitment, place))
        })
    }

    /// What a condition of a version of the deal reads.
    fn needs(&self, deal: &'a Deal, condition: &'a Condition) -> Needs<'a> {
        Needs::of(deal, &self.spend.terms, condition.metrics(), condition.states())
    }
}

/// Metrics that a commitment counts its spend in, unless facts state them.
fn measures<'a>(deal: &'a Deal, facts: &Facts, spend: &Spend<'_>) -> Measures<'a> {
    let stated =
        |name: &str| facts.lines().iter().any(|known| known.fact().is_some_and(|fact| fact.metric == name));
    let mut found = Measures::new();
    for (place, commitment) in deal.commitments.iter().enumerate() {
        let Some(name) = commitment.measure.as_deref() else { continue };
        if name != crate::fact::LIST_SPEND && !stated(name) {
            let weights: Rc<[Ratio]> = spend.weights(place).into();
            found.entry(name).or_insert(weights);
        }
    }
    found
}

/// Evaluates a deal at `as_of`, as known at `known_at`.
///
/// # Errors
/// When an amount does not fit 128 bits.
pub fn evaluate(
    versions: &Versions,
    facts: &Facts,
    as_of: Timestamp,
    known_at: Timestamp,
) -> Result<Evaluation, Error> {
    let mut context = Context::new(versions, facts, as_of, known_at);
    let deal = context.deal;
    let (capacity, relief) = capacity::evaluate(&context);
    commitment::relieve(&mut context.spend.terms, deal, &relief);
    let tranches = tranches(&mut context);
    Ok(Evaluation {
        contract: contract(deal),
        as_of,
        known_at,
        tranches,
        commitments: commitment::evaluate(&context)?,
        revenue_shares: revenue::evaluate(&context),
        price_protection: price::evaluate(&context),
        capacity,
        covenants: covenant::evaluate(&context),
        watch: watch::evaluate(&context),
        rights: ending::rights(&context),
        exit: ending::exit(&context),
        ignored: ignored(facts, known_at),
        notes: notes::notes(deal),
    })
}

fn contract(deal: &Deal) -> Contract {
    Contract {
        id: deal.id.get_ref().clone(),
        title: deal.name().to_owned(),
        version: deal.version,
        hash: deal.hash.clone(),
        known_from: deal.known_from,
        period: deal.period(),
        currency: deal.currency,
        binding: deal.binding,
    }
}

/// Each tranche after those it waits for; in the deal's order in the end. The file was refused if any waits for
/// itself, so each turn of the loop takes at least one.
fn tranches<'a>(context: &mut Context<'a>) -> Vec<TrancheStatus> {
    let deal = context.deal;
    let mut done: Vec<Option<TrancheStatus>> = vec![None; deal.tranches.len()];
    for _ in 0..deal.tranches.len() {
        for (place, tranche) in deal.tranches.iter().enumerate() {
            let asked = tranche
                .condition
                .iter()
                .chain(tranche.vests.iter().filter_map(|step| step.condition.as_ref()));
            let asked = asked.flat_map(|condition| condition.tranches());
            let mut before = tranche.after.iter().map(|id| id.get_ref().as_str()).chain(asked);
            if done[place].is_none() && before.all(|id| context.deeds.contains_key(id)) {
                let (status, deed) = tranche::evaluate(context, deal, tranche);
                context.deeds.insert(tranche.id.get_ref(), deed);
                done[place] = Some(status);
            }
        }
    }
    done.into_iter().flatten().collect()
}

/// Facts on record that do not count.
fn ignored(facts: &Facts, known_at: Timestamp) -> Vec<(Reference, &'static str)> {
    let mut found = Vec::new();
    for (place, known) in facts.lines().iter().enumerate() {
        let Some(why) = known.ignored.filter(|_| known.entry.line.recorded_at() <= known_at) else {
            continue;
        };
        let (references, _) = trace::references(facts, &[place]);
        found.extend(references.into_iter().map(|reference| (reference, why)));
    }
    found
}
