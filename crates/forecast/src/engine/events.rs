//! What happens on each path, drawn before it is walked: when, how large, for how long.
//!
//! Each event's moves are written as differences by step and summed up on the way, so that a path costs what
//! happens on it and not what could.

use crate::plan::{CHANNELS, Channel, Event, Jumps, Plan, Regimes, State};
use sampling::{BLOCK, GROUPS, LANES, Lanes, Random, exp, exponential, inverse_normal, ln};

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

    /// Draws what happens on the paths of `block`.
    #[inline(always)]
    pub fn draw(&mut self, plan: &Plan, random: &Random, block: u32) {
        self.moves.fill([[Lanes::ZERO; GROUPS]; CHANNELS]);
        self.first.fill([Lanes::splat(f64::INFINITY); GROUPS]);
        self.times.fill(0);
        let tense = plan.events.iter().any(|event| event.geo != 0.0);
        for path in 0..BLOCK {
            let number = u64::from(block) * BLOCK as u64 + path as u64;
            let mut draw = Draw { random, path: number, here: (path / LANES, path % LANES), plan, to: self };
            let geo = if tense { inverse_normal(random.uniform(GEO, number, 0)) } else { 0.0 };
            for (place, event) in plan.events.iter().enumerate() {
                draw.event(place, event, geo);
            }
            draw.growth();
            if let Some(jumps) = plan.jumps {
                draw.jumps(jumps);
            }
            if let Some(regimes) = plan.regimes {
                draw.climates(regimes);
            }
        }
    }
}

/// One path being drawn.
struct Draw<'a> {
    random: &'a Random,
    path: u64,
    /// Its group and lane.
    here: (usize, usize),
    plan: &'a Plan,
    to: &'a mut Happenings,
}

impl Draw<'_> {
    #[inline(always)]
    fn uniform(&self, stream: u32, dimension: u32) -> f64 {
        self.random.uniform(stream, self.path, dimension)
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
    fn add(&mut self, step: usize, channel: Channel, by: f64) {
        let (group, lane) = self.here;
        self.to.moves[step][channel as usize][group].0[lane] += by;
    }

    #[inline(always)]
    fn growth(&mut self) {
        let (group, lane) = self.here;
        for (place, metric) in (0..).zip(&self.plan.metrics).filter(|(_, metric)| metric.growth_sd > 0.0) {
            let normal = inverse_normal(self.uniform(GROWTH, place));
            self.to.growth[place as usize][group].0[lane] = metric.growth_sd * normal;
        }
    }

    #[inline(always)]
    fn event(&mut self, place: usize, event: &Event, geo: f64) {
        let stream = FIRST_EVENT + u32::try_from(place).unwrap_or(u32::MAX - FIRST_EVENT - 9);
        let horizon = self.plan.simulated() as f64 * self.plan.time.dt;
        let rate = event.per_year
            * if event.geo == 0.0 { 1.0 } else { exp(event.geo * geo - event.geo * event.geo / 2.0) };
        let mut year = event.from_year;
        for nth in 0..TIMES_MAX {
            year = match event.at_year {
                Some(at) if nth == 0 => at,
                _ => year + exponential(self.uniform(stream, 2 * nth), rate),
            };
            if !(year < horizon && year <= event.until_year) {
                return;
            }
            self.happens(place, event, year, self.size(event, stream, nth));
            if !event.repeats {
                return;
            }
        }
    }

    #[inline(always)]
    fn size(&self, event: &Event, stream: u32, nth: u32) -> f64 {
        if event.size_sd == 0.0 {
            return event.size;
        }
        (event.size + event.size_sd * inverse_normal(self.uniform(stream, 2 * nth + 1))).max(0.0)
    }

    #[inline(always)]
    fn happens(&mut self, place: usize, event: &Event, year: f64, size: f64) {
        let (group, lane) = self.here;
        let first = &mut self.to.first[place][group].0[lane];
        *first = first.min(year);
        self.to.times[place] += 1;
        let from = self.step(year);
        let to = event
            .lasts
            .map(|lasts| self.step(year + lasts).max(from + 1))
            .filter(|to| *to < self.to.moves.len());
        let mut moved = |channel: Channel, by: f64| {
            self.add(from, channel, by);
            if let Some(to) = to {
                self.add(to, channel, -by);
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
    fn jumps(&mut self, jumps: Jumps) {
        let horizon = self.plan.simulated() as f64 * self.plan.time.dt;
        let mut year = 0.0;
        for nth in 0..TIMES_MAX {
            year += exponential(self.uniform(JUMPS, 2 * nth), jumps.per_year);
            if year >= horizon {
                return;
            }
            let size = jumps.mean + jumps.sd * inverse_normal(self.uniform(JUMPS, 2 * nth + 1));
            self.add(self.step(year), Channel::Demand, size);
        }
    }

    #[inline(always)]
    fn climates(&mut self, regimes: Regimes) {
        let horizon = self.plan.simulated() as f64 * self.plan.time.dt;
        let (mut year, mut state) = (0.0, regimes.start);
        for nth in 0..TIMES_MAX {
            let (leaves, growth) = match state {
                State::Base => (regimes.base_to_boom + regimes.base_to_bust, 0.0),
                State::Boom => (regimes.boom_to_base, regimes.boom_growth),
                State::Bust => (regimes.bust_to_base, regimes.bust_growth),
            };
            let until = (year + exponential(self.uniform(CLIMATES, 2 * nth), leaves)).min(horizon);
            if growth != 0.0 {
                self.grow(year, until, growth);
            }
            if until >= horizon {
                return;
            }
            let to_boom = || self.uniform(CLIMATES, 2 * nth + 1) * leaves < regimes.base_to_boom;
            state = match state {
                State::Base if to_boom() => State::Boom,
                State::Base => State::Bust,
                State::Boom | State::Bust => State::Base,
            };
            year = until;
        }
    }

    /// Adds growth of so much a year from one moment to another, each step by its part of it.
    #[inline(always)]
    fn grow(&mut self, from: f64, to: f64, growth: f64) {
        let dt = self.plan.time.dt;
        for step in self.step(from)..=self.step(to) {
            let start = step as f64 * dt;
            let part = (to.min(start + dt) - from.max(start)).max(0.0);
            self.add(step, Channel::Demand, growth * part);
        }
    }
}
