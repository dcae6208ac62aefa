//! One step of the six factors, several paths at a time.

use crate::plan::{CHANNELS, CapacityPlan, Channel, Market};
use sampling::{GROUPS, Lanes, Vector, exp};

/// Where the factors of some paths are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Factors<V> {
    demand: V,
    price: V,
    elasticity: V,
    delay: V,
    equity: V,
    power: V,
    /// What events have moved, by channel.
    moved: [V; CHANNELS],
}

/// What the factors come to at the end of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<V> {
    /// List spend asked for, over that of now.
    pub spend: V,
    /// The logarithm of demand at constant prices, over that of now.
    pub log_demand: V,
    /// Gigawatts online; nothing where no capacity is known.
    pub online: V,
    /// Months by which the plan is late.
    pub late: V,
    /// The issuer's value.
    pub equity: V,
    /// What serving costs, over what it costs now for the same charge.
    pub cost: V,
}

/// `factor · volatility + rest`.
#[inline(always)]
fn moved<V: Vector>(factor: V, volatility: f64, rest: V) -> V {
    factor.mul_add(V::splat(volatility), rest)
}

impl<V: Vector<Stored = Lanes>> Factors<V> {
    pub fn now() -> Self {
        let zero = V::splat(0.0);
        let moved = [zero; CHANNELS];
        Self { demand: zero, price: zero, elasticity: zero, delay: zero, equity: zero, power: zero, moved }
    }

    /// Moves on by one step: `shocks` are the factors' normal numbers, `moves` what events change.
    #[inline(always)]
    pub fn step(
        &mut self,
        market: &Market,
        (step, group): (usize, usize),
        shocks: &[[Lanes; GROUPS]],
        moves: &[[Lanes; GROUPS]; CHANNELS],
    ) -> Seen<V> {
        let root = V::splat(market.root_dt);
        let shock = |factor: usize| V::load(&shocks[factor][group]);
        let reverted =
            |at: V, keep: f64, noise: f64, shock: V| at.mul_add(V::splat(keep), shock * V::splat(noise));
        self.demand = shock(0).mul_add(root, self.demand);
        self.price = reverted(self.price, market.price.keep, market.price.noise, shock(1));
        self.elasticity =
            reverted(self.elasticity, market.elasticity.keep, market.elasticity.noise, shock(2));
        if let Some(capacity) = &market.capacity {
            self.delay = reverted(self.delay, capacity.delay.keep, capacity.delay.noise, shock(3));
        }
        self.equity = shock(4).mul_add(root, self.equity);
        self.power = shock(5).mul_add(root, self.power);
        for (moved, by) in self.moved.iter_mut().zip(moves) {
            *moved += V::load(&by[group]);
        }
        self.seen(market, step)
    }

    #[inline(always)]
    fn seen(&self, market: &Market, step: usize) -> Seen<V> {
        let year = market.years[step];
        // A volatility's own drift is taken out, so that the level is what is expected.
        let variance = market.demand_volatility * market.demand_volatility;
        let level =
            V::splat(market.level[step] - variance * year / 2.0) + self.moved[Channel::Demand as usize];
        let log_demand = moved(self.demand, market.demand_volatility, level);
        let more =
            moved(self.elasticity, market.elasticity_volatility, V::splat(1.0 + market.elasticity_mean));
        let tier = |trend: f64, volatility: f64, channel: Channel| {
            let log = moved(self.price, volatility, V::splat(trend)) + self.moved[channel as usize];
            exp(more.mul_add(log, log_demand))
        };
        let mut spend = tier(market.frontier[step], market.frontier_volatility, Channel::Frontier);
        if market.frontier_share < 1.0 {
            let other = tier(market.commodity[step], market.commodity_volatility, Channel::Commodity);
            let share = V::splat(market.frontier_share);
            spend = (spend - other).mul_add(share, other);
        }
        let (online, late) = match &market.capacity {
            Some(capacity) => self.online(capacity, step),
            None => (V::splat(0.0), V::splat(0.0)),
        };
        let (equity, cost) = (self.equity(market, year), self.cost(market, year));
        Seen { spend, log_demand, online, late, equity, cost }
    }

    #[inline(always)]
    fn online(&self, capacity: &CapacityPlan, step: usize) -> (V, V) {
        let zero = V::splat(0.0);
        let median = V::splat(capacity.delay_median);
        let late = match capacity.delay_volatility == 0.0 {
            true => median,
            false => exp(self.delay * V::splat(capacity.delay_volatility)) * median,
        };
        let late = (late + self.moved[Channel::Delay as usize]).most(zero);
        let month = V::splat(capacity.month[step]) - late;
        let mut planned = V::splat(capacity.start);
        for (from, length, slope) in &capacity.rises {
            let into = (month - V::splat(*from)).most(zero).least(V::splat(*length));
            planned = into.mul_add(V::splat(*slope), planned);
        }
        let left = (V::splat(1.0) - self.moved[Channel::Lost as usize]).most(zero);
        (planned * left, late)
    }

    #[inline(always)]
    fn equity(&self, market: &Market, year: f64) -> V {
        let volatility = market.equity_volatility;
        let drift = V::splat((market.equity_growth - volatility * volatility / 2.0) * year);
        let log = moved(self.equity, volatility, drift) + self.moved[Channel::Equity as usize];
        exp(log) * V::splat(market.equity_start)
    }

    #[inline(always)]
    fn cost(&self, market: &Market, year: f64) -> V {
        let other = exp(self.moved[Channel::Cost as usize]);
        if market.power_share == 0.0 {
            return other;
        }
        let volatility = market.power_volatility;
        let drift = V::splat((market.power_growth - volatility * volatility / 2.0) * year);
        let power = exp(moved(self.power, volatility, drift));
        power.mul_add(V::splat(market.power_share), V::splat(1.0 - market.power_share)) * other
    }

    /// What demand and the issuer's value would be over what is expected, had nothing but their volatility
    /// moved them: both are one on average, whatever else a scenario has.
    #[inline(always)]
    pub fn controls(&self, market: &Market, step: usize) -> [V; 2] {
        let year = market.years[step];
        let one = |factor: V, volatility: f64| {
            exp(moved(factor, volatility, V::splat(-volatility * volatility * year / 2.0)))
        };
        [one(self.demand, market.demand_volatility), one(self.equity, market.equity_volatility)]
    }
}
