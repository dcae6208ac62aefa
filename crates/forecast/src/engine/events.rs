//! What happens on each path, drawn before it is walked: when, how large, for how long.
//!
//! Each event's moves are written as differences by step and summed up on the way, so that a path costs what
//! happens on it and not what could.

use crate::number::stored;
use crate::plan::{CHANNELS, Channel, Event, Jumps, Plan, Regimes, State};
use sampling::{BLOCK, GROUPS, LANES, Lanes, Random, Vector, exp, inverse_normal, ln};

/// The most times that one event or jump happens on a path.
const TIMES_MAX: u32 = 200;
/// The streams of random numbers, one a kind of thing.
const GEO: u32 = 0;
const JUMPS: u32 = 1;
const CLIMATES: u32 = 2;
const GROWTH: u32 = 3;
const FIRST_EVENT: u32 = 4;

/// What happens on the paths of a block: how much each channel changes at the beginning of each step.
#[derive(Debug, Clone)]
pub(crate) struct Happenings {
    /// By step, channel and group.
    pub moves: Vec<[[Lanes; GROUPS]; CHANNELS]>,
    /// By event: the years until it happens first on each path; endless when it never does.
    pub first: Vec<[Lanes; GROUPS]>,
    /// By metric: how much more its own growth is than expected, in log a year.
    pub growth: Vec<[Lanes; GROUPS]>,
    /// By event: how many times it happened in the block.
    pub times: Vec<u64>,
}

impl Happenings {
    pub fn new(plan: &Plan) -> Self {
        let nothing = [[Lanes::ZERO; GROUPS]; CHANNELS];
        Self {
            moves: vec![nothing; plan.simulated() + 1],
            first: vec![[Lanes::splat(f64::INFINITY); GROUPS]; plan.events.len()],
            growth: vec![[Lanes::ZERO; GROUPS]; plan.metrics.len()],
            times: vec![0; plan.events.len()],
        }
    }

    /// Draws what happens on the paths of `block`: as many side by side as there is room for, each path from its own
    /// numbers.
    #[inline(always)]
    pub fn draw<V: Vector<Stored = Lanes>>(&mut self, plan: &Plan, random: &Random, block: u32) {
        self.moves.fill([[Lanes::ZERO; GROUPS]; CHANNELS]);
        self.first.fill([Lanes::splat(f64::INFINITY); GROUPS]);
        self.times.fill(0);
        let tense = plan.events.iter().any(|event| event.geo != 0.0);
        let horizon = plan.simulated() as f64 * plan.time.dt;
        for group in 0..GROUPS {
            let path = u64::from(block) * BLOCK as u64 + (group * LANES) as u64;
            let mut draw = Draw { random, path, group, plan, horizon, to: self };
            let geo = if tense { inverse_normal(draw.pair::<V>(GEO, 0)[0]) } else { V::splat(0.0) };
            for (place, event) in plan.events.iter().enumerate() {
                draw.event(place, event, geo);
            }
            draw.growth::<V>();
            if let Some(jumps) = plan.jumps {
                draw.jumps::<V>(jumps);
            }
            if let Some(regimes) = plan.regimes {
                draw.climates::<V>(regimes);
            }
        }
    }
}

/// The paths of a group being drawn.
struct Draw<'a> {
    random: &'a Random,
    /// The first of them.
    path: u64,
    group: usize,
    plan: &'a Plan,
    /// The years that are simulated.
    horizon: f64,
    to: &'a mut Happenings,
}

/// The lanes in which a mask holds.
#[inline(always)]
fn lanes<V: Vector<Stored = Lanes>>(mask: V::Mask) -> impl Iterator<Item = usize> {
    let held = stored(V::select(mask, V::splat(1.0), V::splat(0.0)));
    (0..LANES).filter(move |lane| held.0[*lane] == 1.0)
}

impl Draw<'_> {
    /// Two numbers for each path, which come together.
    #[inline(always)]
    fn pair<V: Vector>(&self, stream: u32, pair: u32) -> [V; 2] {
        self.random.uniforms(stream, self.path, pair)
    }

    /// The simulated step that a moment, in years from now, lies in; one past the last when it lies beyond.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the steps there are"
    )]
    #[inline(always)]
    fn step(&self, year: f64) -> usize {
        let last = self.to.moves.len() - 1;
        (year / self.plan.time.dt).clamp(0.0, last as f64) as usize
    }

    #[inline(always)]
    fn add(&mut self, lane: usize, step: usize, channel: Channel, by: f64) {
        self.to.moves[step][channel as usize][self.group].0[lane] += by;
    }

    #[inline(always)]
    fn growth<V: Vector<Stored = Lanes>>(&mut self) {
        for (place, metric) in (0..).zip(&self.plan.metrics).filter(|(_, metric)| metric.growth_sd > 0.0) {
            let [even, odd] = self.pair::<V>(GROWTH, place >> 1);
            let normal = inverse_normal(if place & 1 == 0 { even } else { odd });
            let growth = V::splat(metric.growth_sd) * normal;
            growth.store(&mut self.to.growth[place as usize][self.group]);
        }
    }

    #[inline(always)]
    fn event<V: Vector<Stored = Lanes>>(&mut self, place: usize, event: &Event, geo: V) {
        let stream = FIRST_EVENT + u32::try_from(place).unwrap_or(u32::MAX - FIRST_EVENT - 9);
        let (horizon, until) = (V::splat(self.horizon), V::splat(event.until_year));
        let mut rate = V::splat(event.per_year);
        if event.geo != 0.0 {
            let tension = V::splat(event.geo) * geo - V::splat(event.geo * event.geo / 2.0);
            rate = rate * exp(tension);
        }
        let mut year = V::splat(event.from_year);
        let mut alive = year.at_most(year);
        for nth in 0..TIMES_MAX {
            let [wait, size] = self.pair::<V>(stream, nth);
            year = match event.at_year {
                Some(at) if nth == 0 => V::splat(at),
                _ => year + waited(wait) / rate,
            };
            alive = alive & year.below(horizon) & year.at_most(until);
            if !V::any(alive) {
                return;
            }
            let (years, sizes) = (stored(year), stored(sized(event, size)));
            for lane in lanes::<V>(alive) {
                self.happens(place, event, lane, (years.0[lane], sizes.0[lane]));
            }
            if !event.repeats {
                return;
            }
        }
    }

    #[inline(always)]
    fn happens(&mut self, place: usize, event: &Event, lane: usize, (year, size): (f64, f64)) {
        let first = &mut self.to.first[place][self.group].0[lane];
        *first = first.min(year);
        self.to.times[place] += 1;
        let from = self.step(year);
        let to = event
            .lasts
            .map(|lasts| self.step(year + lasts).max(from + 1))
            .filter(|to| *to < self.to.moves.len());
        let mut moved = |channel: Channel, by: f64| {
            self.add(lane, from, channel, by);
            if let Some(to) = to {
                self.add(lane, to, channel, -by);
            }
        };
        for (channel, effect) in &event.effects {
            moved(*channel, effect * size);
        }
        if event.lost > 0.0 {
            // Never all of it: what is left has a logarithm.
            moved(Channel::Demand, ln(1.0 - (event.lost * size).min(0.999)));
        }
    }

    #[inline(always)]
    fn jumps<V: Vector<Stored = Lanes>>(&mut self, jumps: Jumps) {
        let horizon = V::splat(self.horizon);
        let mut year = V::splat(0.0);
        for nth in 0..TIMES_MAX {
            let [wait, size] = self.pair::<V>(JUMPS, nth);
            year += waited(wait) / V::splat(jumps.per_year);
            let alive = year.below(horizon);
            if !V::any(alive) {
                return;
            }
            let sizes = stored(V::splat(jumps.mean) + V::splat(jumps.sd) * inverse_normal(size));
            let years = stored(year);
            for lane in lanes::<V>(alive) {
                self.add(lane, self.step(years.0[lane]), Channel::Demand, sizes.0[lane]);
            }
        }
    }

    #[inline(always)]
    fn climates<V: Vector<Stored = Lanes>>(&mut self, regimes: Regimes) {
        let (mut year, mut state) = ([0.0; LANES], [regimes.start; LANES]);
        for nth in 0..TIMES_MAX {
            if year.iter().all(|year| *year >= self.horizon) {
                return;
            }
            let [wait, side] = self.pair::<V>(CLIMATES, nth);
            let (wait, side) = (stored(waited(wait)), stored(side));
            for lane in 0..LANES {
                if year[lane] >= self.horizon {
                    continue;
                }
                let (leaves, growth) = match state[lane] {
                    State::Base => (regimes.base_to_boom + regimes.base_to_bust, 0.0),
                    State::Boom => (regimes.boom_to_base, regimes.boom_growth),
                    State::Bust => (regimes.bust_to_base, regimes.bust_growth),
                };
                let until = (year[lane] + wait.0[lane] / leaves).min(self.horizon);
                if growth != 0.0 {
                    self.grow(lane, (year[lane], until), growth);
                }
                let to_boom = || side.0[lane] * leaves < regimes.base_to_boom;
                state[lane] = match state[lane] {
                    State::Base if to_boom() => State::Boom,
                    State::Base => State::Bust,
                    State::Boom | State::Bust => State::Base,
                };
                year[lane] = until;
            }
        }
    }

    /// Adds growth of so much a year from one moment to another, each step by its part of it.
    #[inline(always)]
    fn grow(&mut self, lane: usize, (from, to): (f64, f64), growth: f64) {
        let dt = self.plan.time.dt;
        for step in self.step(from)..=self.step(to) {
            let start = step as f64 * dt;
            let part = (to.min(start + dt) - from.max(start)).max(0.0);
            self.add(lane, step, Channel::Demand, growth * part);
        }
    }
}

/// The waiting time at a rate of one, from a uniform number.
#[inline(always)]
fn waited<V: Vector>(uniform: V) -> V {
    V::splat(0.0) - ln(uniform)
}

/// How large an event is, from a uniform number.
#[inline(always)]
fn sized<V: Vector>(event: &Event, uniform: V) -> V {
    if event.size_sd == 0.0 {
        return V::splat(event.size);
    }
    (V::splat(event.size) + V::splat(event.size_sd) * inverse_normal(uniform)).most(V::splat(0.0))
}
