//! Tranches: from draft to funded, and what stands in the way.

use super::acts::{Acts, Cause};
use super::needs::Needs;
use super::timeline::{Clause, Met, Timeline, follow};
use super::trace::Step;
use super::world::{EVER, Sight};
use super::{Context, Deed};
use crate::day::Day;
use crate::deal::{Binding, Deal, Tranche, When};
use crate::decimal::Decimal;
use crate::fact::{Decision, Facts, Funded, Line};
use crate::predicate::World as _;
use crate::ratio::Ratio;
use units::{Money, Timestamp};

/// Where a tranche stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The contract is not in force, or binds nobody.
    Draft,
    /// Its condition may still be met.
    Open,
    /// Its window is over, unmet.
    Lapsed,
    /// Its condition is met; a sign-off is missing.
    Met,
    /// Released to be paid.
    Signed,
    /// Paid.
    Funded,
    /// A party disputes it, or a fact it rests on was restated below the mark.
    Disputed,
    /// A dispute was settled.
    Resolved,
}

impl State {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Lapsed => "lapsed",
            Self::Met => "met",
            Self::Signed => "signed",
            Self::Funded => "funded",
            Self::Disputed => "disputed",
            Self::Resolved => "resolved",
        }
    }
}

/// A tranche at a moment.
#[derive(Debug, Clone)]
pub struct TrancheStatus {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub title: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Whether a fact is missing that would decide its condition.
    pub unknown: bool,
    /// All of it.
    pub amount: Money,
    /// What was paid of it: what is paid stays paid, whatever the state.
    pub funded: Money,
    /// When what was paid of it.
    pub payments: Vec<(Timestamp, Money)>,
    /// What has vested of it, where it vests in parts.
    pub vested: Option<Money>,
    /// The condition, as written.
    pub condition: String,
    /// The first moment its condition was true at.
    pub true_at: Option<Timestamp>,
    /// When it became known that it was met.
    pub met_at: Option<Timestamp>,
    /// When it was released.
    pub signed_at: Option<Timestamp>,
    /// Why it stands where it does.
    pub trace: Vec<Step>,
}

/// Evaluates a tranche of the version known now, those it waits for having been evaluated before.
pub(super) fn evaluate<'a>(
    context: &Context<'a>,
    deal: &'a Deal,
    tranche: &'a Tranche,
) -> (TrancheStatus, Deed) {
    let id = tranche.id.get_ref().as_str();
    let timeline = timeline(context, id);
    let condition_met = match tranche.when.get_ref() {
        When::AtSigning => in_force(context, deal).then(|| deal.period().from.start()),
        When::On(day) => (in_force(context, deal) && context.as_of >= day.start()).then(|| day.start()),
        When::Text(_) => timeline.met.as_ref().map(|met| met.at),
    };
    let waits = waits(context, tranche);
    let met = match (condition_met, waits.iter().all(|(_, released)| released.is_some())) {
        (Some(at), true) => Some(waits.iter().filter_map(|(_, released)| *released).fold(at, Timestamp::max)),
        _ => None,
    };
    let acts = Acts::tell(tranche, context.facts, context.known_at, met, &timeline.restated);
    // A deed is for those who wait: what was released stays so, whatever is disputed later.
    let deed = Deed { met: condition_met, released: acts.released() };
    let state = state(context, deal, tranche, &acts);
    let told = Told { context, tranche, timeline: &timeline, acts: &acts, waits: &waits, state };
    let open = matches!(state, State::Open | State::Lapsed) && tranche.condition.is_some();
    let blocked = condition_met.is_some();
    let status = TrancheStatus {
        id: id.to_owned(),
        title: tranche.title.clone(),
        state,
        unknown: open
            && !blocked
            && (timeline.now.unknown() || timeline.evidence.0 < timeline.evidence.1 && timeline.now.yes),
        amount: deal.money(*tranche.amount.get_ref()),
        funded: money(deal, acts.paid.unwrap_or(Ratio::ZERO)),
        payments: payments(context, &acts),
        vested: vested(context, deal, tranche, deed.released),
        condition: written(tranche),
        true_at: timeline.met.as_ref().map(|met| met.first).or(condition_met),
        met_at: met,
        signed_at: acts.signed,
        trace: told.trace(),
    };
    (status, deed)
}

/// Whether the contract is in force and known.
fn in_force(context: &Context<'_>, deal: &Deal) -> bool {
    let known = context.known_at >= context.versions.known_from();
    deal.binding == Binding::Contract && known && context.as_of >= deal.period().from.start()
}

/// The condition of a tranche through all versions; nothing to follow where it has none.
fn timeline(context: &Context<'_>, id: &str) -> Timeline {
    follow(context, |deal| {
        let tranche = deal.tranches.iter().find(|tranche| tranche.id.get_ref() == id)?;
        let condition = tranche.condition.as_ref()?;
        (deal.binding == Binding::Contract).then_some(())?;
        Some(Clause { condition, window: window(deal, tranche), evidence: tranche.evidence.as_ref() })
    })
}

/// The moments at which its condition may be met, both included.
fn window(deal: &Deal, tranche: &Tranche) -> (Timestamp, Timestamp) {
    let last = |day: Day| super::trace::just_before(day.start());
    match &tranche.window {
        Some(window) => {
            let window = window.get_ref();
            (window.from.start(), last(window.to.plus_days(1)))
        }
        None => {
            let period = deal.period();
            (period.from.start(), period.to.map_or(Timestamp::from_micros(i64::MAX), last))
        }
    }
}

/// The tranches it waits for, and since when each has been released.
fn waits<'t>(context: &Context<'_>, tranche: &'t Tranche) -> Vec<(&'t str, Option<Timestamp>)> {
    let before = tranche.after.iter().map(|id| id.get_ref().as_str());
    before.map(|id| (id, context.deeds.get(id).and_then(|deed| deed.released))).collect()
}

fn state(context: &Context<'_>, deal: &Deal, tranche: &Tranche, acts: &Acts<'_>) -> State {
    let expired = tranche.expires.as_ref().is_some_and(|day| context.now() >= day.get_ref().start());
    match acts {
        Acts { disputed: Some(_), .. } => State::Disputed,
        Acts { resolved: Some(resolved), paid_at, .. } if paid_at.is_none_or(|paid| paid <= *resolved) => {
            State::Resolved
        }
        Acts { paid: Some(_), .. } => State::Funded,
        _ if !in_force(context, deal) => State::Draft,
        Acts { signed: Some(at), .. }
            if tranche.expires.as_ref().is_none_or(|day| *at < day.get_ref().start()) =>
        {
            State::Signed
        }
        _ if expired => State::Lapsed,
        Acts { met: Some(_), .. } => State::Met,
        _ if over(context, deal, tranche) => State::Lapsed,
        _ => State::Open,
    }
}

/// Whether its window is over, with the days that facts may still come in.
fn over(context: &Context<'_>, deal: &Deal, tranche: &Tranche) -> bool {
    if tranche.condition.is_none() {
        return false;
    }
    let grace = tranche.window.as_ref().map_or(0, |window| window.get_ref().grace_days);
    context.now() > window(deal, tranche).1.plus_seconds(i64::from(grace) * 86_400)
}

fn money(deal: &Deal, amount: Ratio) -> Money {
    amount.exact().unwrap_or(Decimal::ZERO).money(deal.currency)
}

fn payments(context: &Context<'_>, acts: &Acts<'_>) -> Vec<(Timestamp, Money)> {
    let lines = acts.payments.iter().filter_map(|place| match &context.facts.lines()[*place].entry.line {
        Line::Funded(funded) => Some(funded),
        _ => None,
    });
    let paid = |funded: &Funded| funded.effective_at.unwrap_or(funded.recorded_at);
    lines.map(|funded| (paid(funded), funded.amount.money(context.deal.currency))).collect()
}

/// What has vested of a tranche that vests in parts or in proportion.
fn vested(
    context: &Context<'_>,
    deal: &Deal,
    tranche: &Tranche,
    released: Option<Timestamp>,
) -> Option<Money> {
    if tranche.vests.is_empty() && tranche.vests_on.is_none() {
        return None;
    }
    let share = if released.is_none() { Ratio::ZERO } else { share_vested(context, deal, tranche) };
    let exact = tranche.amount.get_ref().ratio() * share * Ratio::whole(units::PICO_PER_UNIT);
    Some(Money::from_pico(exact.round_half_even()?, deal.currency))
}

fn share_vested(context: &Context<'_>, deal: &Deal, tranche: &Tranche) -> Ratio {
    let Some(on) = &tranche.vests_on else {
        let met =
            (0..tranche.vests.len()).filter(|step| step_met(context, tranche.id.get_ref(), *step).is_some());
        return met.fold(Ratio::ZERO, |sum, step| sum + tranche.vests[step].share.get_ref().ratio());
    };
    let names = crate::compile::vocabulary(deal);
    let Some(metric) = names.metrics().iter().find(|metric| &*metric.name == on.metric.get_ref()) else {
        return Ratio::ZERO;
    };
    let name = on.metric.get_ref().as_str();
    let mut stock = context.stock(Needs::default().and(name, metric.flow));
    stock.learn(context.known_at);
    let from = super::trace::just_before(deal.period().from.start());
    let sight = Sight { context, stock: &stock, deal: context.deal };
    let so_far = match metric.flow {
        true => sight.sum(metric, from, context.as_of),
        false => sight.latest(metric, EVER, context.as_of).map(|seen| seen.value),
    };
    let at_once = on.at_once.as_ref().map_or(Ratio::ZERO, |share| share.get_ref().ratio());
    let part =
        (so_far.unwrap_or(Ratio::ZERO) / on.full_at.get_ref().ratio()).max(Ratio::ZERO).min(Ratio::ONE);
    at_once + (Ratio::ONE - at_once) * part
}

/// When a part that vests on a condition of its own did.
fn step_met(context: &Context<'_>, id: &str, step: usize) -> Option<Met> {
    let timeline = follow(context, |deal| {
        let tranche = deal.tranches.iter().find(|tranche| tranche.id.get_ref() == id)?;
        let condition = tranche.vests.get(step)?.condition.as_ref()?;
        let period = deal.period();
        let end = period.to.map_or(Timestamp::from_micros(i64::MAX), Day::start);
        Some(Clause { condition, window: (period.from.start(), end), evidence: None })
    });
    timeline.met
}

fn written(tranche: &Tranche) -> String {
    match tranche.when.get_ref() {
        When::AtSigning => "at_signing".to_owned(),
        When::On(day) => day.to_string(),
        When::Text(text) => text.clone(),
    }
}

/// A tranche's story.
struct Told<'t, 'a> {
    context: &'t Context<'a>,
    tranche: &'t Tranche,
    timeline: &'t Timeline,
    acts: &'t Acts<'a>,
    waits: &'t [(&'t str, Option<Timestamp>)],
    state: State,
}

impl Told<'_, '_> {
    fn facts(&self) -> &Facts {
        self.context.facts
    }

    fn trace(&self) -> Vec<Step> {
        let mut steps = self.condition();
        for (id, released) in self.waits {
            steps.push(match released {
                Some(at) => Step::new(format!("`{id}`, which it waits for, is released")).at(*at),
                None => Step::new(format!("it waits for `{id}`, which is not released")),
            });
        }
        self.evidence(&mut steps);
        self.word(&mut steps);
        if !self.acts.payments.is_empty() {
            let paid = money(self.context.deal, self.acts.paid.unwrap_or(Ratio::ZERO));
            steps.push(Step::new(format!("{paid} is paid")).on(self.facts(), &self.acts.payments));
        }
        steps
    }

    fn condition(&self) -> Vec<Step> {
        match self.tranche.when.get_ref() {
            _ if self.state == State::Draft && self.timeline.met.is_none() => {
                vec![Step::new("the contract is not in force")]
            }
            When::AtSigning => {
                vec![Step::new("it is released by the signature").at(self.context.deal.period().from.start())]
            }
            When::On(day) => vec![Step::new(format!("it is released on {day}")).at(day.start())],
            When::Text(text) => self.text(text),
        }
    }

    fn text(&self, text: &str) -> Vec<Step> {
        let Timeline { met, restated, now, proof, .. } = self.timeline;
        let mut steps = Vec::new();
        if let Some(met) = met {
            let first = super::trace::day(met.first);
            let what = format!("`{text}` was true at {first}, as became known");
            steps.push(Step::new(what).at(met.at).because(Some(met.proof.clone())));
        } else {
            let word = match now.known() {
                Some(true) => "true",
                Some(false) => "false",
                None => "unknown",
            };
            steps.push(Step::new(format!("`{text}` is {word}")).because(proof.clone()));
            if let Some(missing) =
                proof.as_ref().map(|proof| proof.all_missing()).filter(|missing| !missing.is_empty())
            {
                let missing = missing.iter().map(|what| format!("`{what}`")).collect::<Vec<_>>().join(", ");
                steps.push(Step::new(format!("there is no fact of {missing}")));
            }
            steps.extend(self.ignored());
        }
        for (at, below) in restated {
            let what = if *below {
                "a fact it rests on was restated below the mark"
            } else {
                "the facts it rests on are above the mark again"
            };
            steps.push(Step::new(what).at(*at).because(proof.clone()));
        }
        steps
    }

    /// Facts of its metrics that do not count, and why.
    fn ignored(&self) -> Vec<Step> {
        let metrics = self.tranche.condition.iter().flat_map(|condition| condition.metrics());
        let names: Vec<&str> = metrics.map(|metric| &*metric.name).collect();
        let lines = self.facts().lines().iter().enumerate();
        let steps = lines.filter_map(|(place, known)| {
            let why = known.ignored?;
            let Line::Fact(fact) = &known.entry.line else { return None };
            let known = fact.recorded_at <= self.context.known_at && names.contains(&fact.metric.as_str());
            known.then(|| {
                Step::new(format!("a fact of `{}` does not count: {why}", fact.metric))
                    .on(self.facts(), &[place])
            })
        });
        steps.collect()
    }

    fn evidence(&self, steps: &mut Vec<Step>) {
        let (pieces, least) = self.timeline.evidence;
        if least > 0 {
            let kinds =
                self.tranche.evidence.as_ref().map(|evidence| evidence.kinds.join(", ")).unwrap_or_default();
            let kinds = if kinds.is_empty() { String::new() } else { format!(" ({kinds})") };
            steps.push(Step::new(format!("{pieces} of {least} pieces of evidence{kinds}")));
        }
    }

    /// What the parties said, or did not.
    fn word(&self, steps: &mut Vec<Step>) {
        for place in &self.acts.signoffs {
            let Line::Signoff(signoff) = &self.facts().lines()[*place].entry.line else {
                continue;
            };
            let verb = match signoff.decision {
                Decision::Accept => "accepts",
                Decision::Dispute => "disputes",
            };
            let step = Step::new(format!("{} {verb}", signoff.by)).at(signoff.recorded_at);
            steps.push(step.on(self.facts(), &[*place]));
        }
        for (place, why) in &self.acts.ignored {
            steps.push(Step::new(format!("a sign-off does not count: {why}")).on(self.facts(), &[*place]));
        }
        let missing = self.acts.missing(self.tranche);
        if self.acts.met.is_some() && self.acts.signed.is_none() && !missing.is_empty() {
            steps.push(Step::new(format!("the sign-off of {} is missing", missing.join(", "))));
        }
        if let Some((at, cause)) = &self.acts.disputed {
            let what = match cause {
                Cause::Party(by) => format!("disputed by {by}"),
                Cause::Restated => "disputed until all who must agree accept it anew".to_owned(),
                Cause::Silence => "disputed: the time to agree passed in silence".to_owned(),
            };
            steps.push(Step::new(what).at(*at));
        }
        if let Some(at) = self.acts.resolved {
            steps.push(Step::new("the dispute is settled: all who must agree do").at(at));
        }
    }
}
