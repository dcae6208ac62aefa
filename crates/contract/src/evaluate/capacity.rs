//! Capacity grants: what must be there by now, what is, and what lateness gives.

use super::Context;
use super::needs::Needs;
use super::series::Stock;
use super::trace::Step;
use super::world::{EVER, Sight};
use crate::day::Day;
use crate::deal::{Binding, Burst, Capacity, Deal, Relief};
use crate::decimal::Decimal;
use crate::predicate::{State, World as _};
use crate::ratio::Ratio;
use std::collections::BTreeMap;
use toml::Spanned;
use units::Money;

/// Whether a grant is delivered as promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CapacityState {
    /// The contract is not in force, or binds nobody.
    Draft,
    /// Nothing is due yet, or ever.
    NotDue,
    /// What is due is there.
    OnTime,
    /// It is not.
    Late,
    /// No fact says how much there is.
    Unknown,
}

impl CapacityState {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::NotDue => "not_due",
            Self::OnTime => "on_time",
            Self::Late => "late",
            Self::Unknown => "unknown",
        }
    }
}

/// A grant at a moment.
#[derive(Debug, Clone)]
pub struct CapacityStatus {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub title: Option<String>,
    /// The unit of the numbers below.
    pub unit: String,
    /// Whether it is delivered as promised.
    pub state: CapacityState,
    /// The least there must be by now, where a step is due.
    pub due: Option<Decimal>,
    /// The most there may be.
    pub ceiling: Option<Decimal>,
    /// What there is.
    pub online: Option<Ratio>,
    /// Since when it has been late.
    pub late_since: Option<Day>,
    /// Days that something was missing, without those that are excused.
    pub late_days: u32,
    /// The share of the fee that lateness gives back.
    pub relief: Ratio,
    /// By contract year, the part of its minimum that lateness takes away.
    pub year_relief: BTreeMap<u32, Ratio>,
    /// How much is in use.
    pub used: Option<Ratio>,
    /// What must be paid for though it was not used.
    pub take_or_pay: Option<TakeOrPayStatus>,
    /// How often more was used than was granted.
    pub burst: Option<BurstStatus>,
    /// Why.
    pub trace: Vec<Step>,
}

/// What must be paid for though it was not used, over the days that are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakeOrPayStatus {
    /// How much was below the share that is paid for anyway: units times days.
    pub unused: Ratio,
    /// What that costs, where a price is agreed.
    pub owed: Option<Money>,
}

/// Days on which more was used than was granted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BurstStatus {
    /// All of them.
    pub days: u32,
    /// Of those, the ones on which more was used than a burst may be.
    pub beyond: u32,
}

/// What a late grant takes off a year's minimum.
#[derive(Debug, Clone)]
pub(super) struct YearRelief {
    /// Of which commitment; of all when not said.
    pub commitment: Option<String>,
    pub year: u32,
    /// The part of the minimum.
    pub share: Ratio,
}

pub(super) fn evaluate(context: &Context<'_>) -> (Vec<CapacityStatus>, Vec<YearRelief>) {
    let (mut statuses, mut relief) = (Vec::new(), Vec::new());
    for grant in &context.deal.capacity {
        let status = status(context, grant);
        relief.extend(status.year_relief.iter().map(|(year, share)| YearRelief {
            commitment: grant.commitment.as_ref().map(|id| id.get_ref().clone()),
            year: *year,
            share: *share,
        }));
        statuses.push(status);
    }
    (statuses, relief)
}

fn status(context: &Context<'_>, grant: &Capacity) -> CapacityStatus {
    let metric = context
        .deal
        .capacity
        .iter()
        .find(|clause| clause.id == grant.id)
        .and_then(|clause| clause.metric.as_ref());
    let mut stock = context.stock(Needs::lateness(context.deal));
    stock.learn(context.known_at);
    let sight = Sight { context, stock: &stock, deal: context.deal };
    let today = Day::of(context.now());
    let due = due(grant, today);
    let delivery = Delivery::of(grant, &sight, today);
    let (usage, online) = (Use::of(grant, &sight, today), online(grant, &stock, today));
    let state = match (due, online) {
        _ if context.deal.binding == Binding::Loi || context.as_of < context.deal.period().from.start() => {
            CapacityState::Draft
        }
        (None, _) => CapacityState::NotDue,
        (Some(_), None) => CapacityState::Unknown,
        (Some(due), Some(online)) if online < due.ratio() => CapacityState::Late,
        _ => CapacityState::OnTime,
    };
    let mut trace = Vec::new();
    let series = metric.and_then(|name| stock.series(name.get_ref()));
    let last = series.and_then(|series| series.backwards(context.now()).next());
    match last {
        Some((_, seen)) => trace.push(Step::new("what is there").on(context.facts, &[seen.place])),
        None if due.is_some() && metric.is_none() => {
            trace.push(Step::new("no `metric` says how much there is"))
        }
        None if due.is_some() => trace.push(Step::new("no fact says how much there is")),
        None => {}
    }
    CapacityStatus {
        id: grant.id.get_ref().clone(),
        title: grant.title.clone(),
        unit: grant.unit.clone(),
        state,
        due,
        ceiling: grant.ceiling.as_ref().map(|ceiling| *ceiling.get_ref()),
        online,
        late_since: late_since(grant, &sight, context.now()).flatten(),
        late_days: delivery.days,
        relief: delivery.relief(grant),
        year_relief: if state == CapacityState::Draft {
            BTreeMap::new()
        } else {
            delivery.years(grant, &sight)
        },
        used: level(&stock, grant.used.as_ref(), today),
        take_or_pay: usage.take_or_pay(grant, context.deal),
        burst: usage.burst(grant),
        trace,
    }
}

/// How a grant was used until now.
struct Use {
    /// Units times days below the share that is paid for anyway.
    unused: Ratio,
    burst: BurstStatus,
}

impl Use {
    /// Days that no fact speaks of count for nothing. What was not there could not be used.
    fn of(grant: &Capacity, sight: &Sight<'_, '_>, today: Day) -> Self {
        let mut found = Self { unused: Ratio::ZERO, burst: BurstStatus::default() };
        let share = grant.take_or_pay.as_ref().map_or(Ratio::ZERO, |taken| taken.share.ratio());
        let most = grant.burst.as_ref().and_then(Burst::factor).map_or(Ratio::ONE, Decimal::ratio);
        for day in days(grant, today).filter(|day| *day < today) {
            let Some(due) = due(grant, day).map(Decimal::ratio) else { continue };
            let Some(used) = level(sight.stock, grant.used.as_ref(), day) else { continue };
            let there = online(grant, sight.stock, day).map_or(due, |online| online.min(due));
            found.unused = found.unused + (there * share - used).max(Ratio::ZERO);
            found.burst.days += u32::from(used > due);
            found.burst.beyond += u32::from(used > due * most);
        }
        found
    }

    fn take_or_pay(&self, grant: &Capacity, deal: &Deal) -> Option<TakeOrPayStatus> {
        let taken =
            grant.take_or_pay.as_ref().filter(|_| grant.used.is_some() && deal.binding != Binding::Loi)?;
        let owed = taken.price.as_ref().and_then(|price| {
            let pico = self.unused * price.get_ref().ratio() * Ratio::whole(units::PICO_PER_UNIT);
            Some(Money::from_pico(pico.round_half_even()?, deal.currency))
        });
        Some(TakeOrPayStatus { unused: self.unused, owed })
    }

    fn burst(&self, grant: &Capacity) -> Option<BurstStatus> {
        (grant.burst.is_some() && grant.used.is_some()).then_some(self.burst)
    }
}

/// The least there must be once a day is over: what a step asks for `by` a day is due at its end.
fn due(grant: &Capacity, day: Day) -> Option<Decimal> {
    let steps = grant.ramp.iter().map(Spanned::get_ref);
    steps.filter(|step| step.by < day).map(|step| step.at_least).next_back()
}

/// What there is when a day begins.
fn online(grant: &Capacity, stock: &Stock<'_>, day: Day) -> Option<Ratio> {
    level(stock, grant.metric.as_ref(), day)
}

/// What a metric is when a day begins.
fn level(stock: &Stock<'_>, metric: Option<&Spanned<String>>, day: Day) -> Option<Ratio> {
    let series = stock.series(metric?.get_ref())?;
    series.latest(EVER, day.start()).map(|(_, value)| value)
}

/// Since when a grant has been late without a break; nothing when it is on time, and no answer when no fact says.
pub(super) fn late_since(
    grant: &Capacity,
    sight: &Sight<'_, '_>,
    at: units::Timestamp,
) -> Option<Option<Day>> {
    let today = Day::of(at);
    if due(grant, today).is_none() {
        return Some(None);
    }
    if !shortage(grant, sight, today)?.is_positive() {
        return Some(None);
    }
    let mut since = today;
    loop {
        let before = since.minus_days(1);
        match shortage(grant, sight, before) {
            Some(missing) if missing.is_positive() && before < since => since = before,
            _ => return Some(Some(since)),
        }
    }
}

/// The days from when the first step was due until `today`, included.
fn days(grant: &Capacity, today: Day) -> impl Iterator<Item = Day> {
    let first = grant.ramp.first().map(|step| step.get_ref().by.plus_days(1));
    let mut next = first.filter(|day| *day <= today);
    std::iter::from_fn(move || {
        let day = next?;
        next = Some(day.plus_days(1)).filter(|after| *after <= today && *after > day);
        Some(day)
    })
}

/// The part of what is due that is not there; of an excused day nothing.
fn shortage(grant: &Capacity, sight: &Sight<'_, '_>, day: Day) -> Option<Ratio> {
    let due = due(grant, day)?.ratio();
    let online = online(grant, sight.stock, day)?;
    if online >= due || excused(grant, sight, day) {
        return Some(Ratio::ZERO);
    }
    Some((due - online) / due)
}

fn excused(grant: &Capacity, sight: &Sight<'_, '_>, day: Day) -> bool {
    let mut states = grant.late.iter().flat_map(|late| &late.excused_by).filter_map(|cause| excuse(cause));
    states.any(|state| sight.state(&state, day.start()).is_some_and(Ratio::is_positive))
}

/// The state that an excuse for lateness is, where facts can tell of it.
pub(super) fn excuse(cause: &str) -> Option<State> {
    match cause {
        "force_majeure" => Some(State::ForceMajeure),
        "export_control" => Some(State::ExportControl),
        "sanctions" => Some(State::Sanctions),
        _ => None,
    }
}

/// How a grant was delivered until now.
struct Delivery {
    /// Days that something was missing.
    days: u32,
    /// By contract year, the sum over its days of the part that was missing.
    missing: BTreeMap<u32, Ratio>,
}

impl Delivery {
    fn of(grant: &Capacity, sight: &Sight<'_, '_>, today: Day) -> Self {
        let (mut count, mut missing) = (0_u32, BTreeMap::new());
        // A day counts when it is over.
        for day in days(grant, today).filter(|day| *day < today) {
            let Some(part) = shortage(grant, sight, day).filter(|part| part.is_positive()) else { continue };
            count += 1;
            if let Some(year) = sight.deal.period().year_of(day) {
                let sum = missing.entry(year).or_insert(Ratio::ZERO);
                *sum = *sum + part;
            }
        }
        Self { days: count, missing }
    }

    /// The share of the fee for whole weeks late, up to its cap.
    fn relief(&self, grant: &Capacity) -> Ratio {
        let Some(late) = &grant.late else { return Ratio::ZERO };
        let weekly = late.share_per_week().map_or(Ratio::ZERO, Decimal::ratio);
        (weekly * Ratio::whole((self.days / 7).into())).min(late.cap.get_ref().ratio())
    }

    /// By contract year, the part of its days' capacity that was missing.
    fn years(&self, grant: &Capacity, sight: &Sight<'_, '_>) -> BTreeMap<u32, Ratio> {
        if grant.late.as_ref().and_then(|late| late.relief) != Some(Relief::ReduceYearMinProRata) {
            return BTreeMap::new();
        }
        let period = sight.deal.period();
        let years = self.missing.iter().filter_map(|(year, sum)| {
            let (from, to) = period.year(*year)?;
            Some((*year, *sum / Ratio::whole(from.days_until(to).into())))
        });
        years.collect()
    }
}
