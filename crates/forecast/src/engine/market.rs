//! One step of the six factors, several paths at a time.

use crate::plan::{CHANNELS, CapacityPlan, Channel, Market, Reverting};
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
    /// The same, without what events took away.
    pub arrived: V,
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

/// What strays, a step later.
#[inline(always)]
fn reverted<V: Vector<Stored = Lanes>>(at: V, by: Reverting, shock: &Lanes) -> V {
    at.mul_add(V::splat(by.keep), V::load(shock) * V::splat(by.noise))
}

/// What is one on average whatever the volatility, `year` years on.
#[inline(always)]
fn martingale<V: Vector>(factor: V, volatility: f64, year: f64) -> V {
    exp(moved(factor, volatility, V::splat(-volatility * volatility * year / 2.0)))
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
        let Some([demand, price, elasticity, delay, equity, power]) = shocks.first_chunk() else {
            return self.seen(market, step);
        };
        self.demand = V::load(&demand[group]).mul_add(root, self.demand);
        self.price = reverted(self.price, market.price, &price[group]);
        self.elasticity = reverted(self.elasticity, market.elasticity, &elasticity[group]);
        if let Some(capacity) = &market.capacity {
            self.delay = reverted(self.delay, capacity.delay, &delay[group]);
        }
        self.equity = V::load(&equity[group]).mul_add(root, self.equity);
        self.power = V::load(&power[group]).mul_add(root, self.power);
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
        let frontier = V::splat(market.frontier[step]) + self.moved[Channel::Frontier as usize];
        let frontier = moved(self.price, market.frontier_volatility, frontier);
        let mut spend = exp(more.mul_add(frontier, log_demand));
        if market.frontier_share < 1.0 {
            let commodity = V::splat(market.commodity[step]) + self.moved[Channel::Commodity as usize];
            let commodity = moved(self.price, market.commodity_volatility, commodity);
            let other = exp(more.mul_add(commodity, log_demand));
            spend = (spend - other).mul_add(V::splat(market.frontier_share), other);
        }
        let (online, arrived, late) = match &market.capacity {
            Some(capacity) => self.online(capacity, step),
            None => (V::splat(0.0), V::splat(0.0), V::splat(0.0)),
        };
        let (equity, cost) = (self.equity(market, year), self.cost(market, year));
        Seen { spend, log_demand, online, arrived, late, equity, cost }
    }

    #[inline(always)]
    fn online(&self, capacity: &CapacityPlan, step: usize) -> (V, V, V) {
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
        (planned * left, planned, late)
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
        [
            martingale(self.demand, market.demand_volatility, year),
            martingale(self.equity, market.equity_volatility, year),
        ]
    }
}
