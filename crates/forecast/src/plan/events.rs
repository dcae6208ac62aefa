//! What may happen on a path: events, jumps of demand and changes of the climate, as numbers.

use crate::scenario::Scenario;
use crate::scenario::parameter::PARAMETERS;

/// What an event can move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    /// Log spend.
    Demand,
    /// Log price at the frontier.
    Frontier,
    /// Log price of the commodity tier.
    Commodity,
    /// Months of delay.
    Delay,
    /// Share of capacity that is gone.
    Lost,
    /// Log value of the issuer.
    Equity,
    /// Log cost of serving.
    Cost,
}

/// How many channels there are.
pub(crate) const CHANNELS: usize = 7;

/// Something that may happen.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub id: String,
    pub title: String,
    pub region: String,
    /// How often a year; for events that are not certain.
    pub per_year: f64,
    /// When, for one that is.
    pub at_year: Option<f64>,
    pub from_year: f64,
    pub until_year: f64,
    pub repeats: bool,
    pub geo: f64,
    /// How long its effects last, in years; for good when nothing.
    pub lasts: Option<f64>,
    pub size: f64,
    pub size_sd: f64,
    /// What it moves, for a size of one.
    pub effects: Vec<(Channel, f64)>,
    /// The share of spend that is gone, for a size of one.
    pub lost: f64,
}

/// The climates of demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Base,
    Boom,
    Bust,
}

/// How climates change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Regimes {
    pub start: State,
    pub boom_growth: f64,
    pub bust_growth: f64,
    pub base_to_boom: f64,
    pub base_to_bust: f64,
    pub boom_to_base: f64,
    pub bust_to_base: f64,
}

/// Jumps of demand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Jumps {
    pub per_year: f64,
    pub mean: f64,
    pub sd: f64,
}

/// The scenario's events that can happen, in the order of their names.
pub(super) fn events(scenario: &Scenario) -> Vec<Event> {
    let can = |event: &Event| event.per_year > 0.0 || event.at_year.is_some();
    scenario.names("event").into_iter().map(|id| event(scenario, id)).filter(can).collect()
}

fn event(scenario: &Scenario, id: &str) -> Event {
    let path = |name: &str| format!("event.{id}.{name}");
    let number = |name: &str| scenario.number(&path(name));
    let channels = [
        ("demand", Channel::Demand),
        ("price_frontier", Channel::Frontier),
        ("price_commodity", Channel::Commodity),
        ("capacity_months", Channel::Delay),
        ("capacity_lost", Channel::Lost),
        ("equity", Channel::Equity),
        ("cost", Channel::Cost),
    ];
    debug_assert!(channels.iter().all(|(name, _)| PARAMETERS.iter().any(|known| known.path.ends_with(name))));
    let effects = channels.into_iter().map(|(name, channel)| (channel, number(name)));
    let title = scenario.word(&path("title"));
    Event {
        id: id.to_owned(),
        title: if title.is_empty() { id.to_owned() } else { title.to_owned() },
        region: scenario.word(&path("region")).to_owned(),
        per_year: number("per_year"),
        at_year: scenario.open(&path("at_year")),
        from_year: number("from_year"),
        until_year: number("until_year"),
        repeats: scenario.switch(&path("repeats")),
        geo: number("geo"),
        lasts: Some(number("months") / 12.0).filter(|years| *years > 0.0),
        size: number("size"),
        size_sd: number("size_sd"),
        effects: effects.filter(|(_, effect)| *effect != 0.0).collect(),
        lost: number("lost") + scenario.number("lock_in.portable") * number("lost_portable"),
    }
}

/// How climates change, where they can.
pub(super) fn regimes(scenario: &Scenario) -> Option<Regimes> {
    let number = |name: &str| scenario.number(&format!("demand.regime.{name}"));
    let regimes = Regimes {
        start: match scenario.word("demand.regime.start") {
            "boom" => State::Boom,
            "bust" => State::Bust,
            _ => State::Base,
        },
        boom_growth: number("boom_growth"),
        bust_growth: number("bust_growth"),
        base_to_boom: number("base_to_boom"),
        base_to_bust: number("base_to_bust"),
        boom_to_base: number("boom_to_base"),
        bust_to_base: number("bust_to_base"),
    };
    let moves = regimes.boom_growth != 0.0 || regimes.bust_growth != 0.0;
    let stays = regimes.start == State::Base && regimes.base_to_boom + regimes.base_to_bust == 0.0;
    (moves && !stays).then_some(regimes)
}

/// Jumps of demand, where there are any.
pub(super) fn jumps(scenario: &Scenario) -> Option<Jumps> {
    let number = |name: &str| scenario.number(&format!("demand.jump.{name}"));
    let jumps = Jumps { per_year: number("per_year"), mean: number("mean"), sd: number("sd") };
    (jumps.per_year > 0.0).then_some(jumps)
}
