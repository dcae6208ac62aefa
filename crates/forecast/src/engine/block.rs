//! A block of 64 paths, walked step by step: market, spend, settlement, milestones, flows.
//!
//! Everything a path needs is set up once ([`Block::new`]); nothing is allocated while paths are walked.

use super::account::{Account, Moved};
use super::events::Happenings;
use super::market::Factors;
use super::purse::Purse;
use super::releases::Releases;
use super::tally::{CONTROLS, Fans, PER_PARTY, SERIES, Tally, WHOLES, Whole, add, sample_place, series};
use crate::number::stored;
use crate::plan::{Driver, Plan, ReliefPlan};
use sampling::{BLOCK, GROUPS, Lanes, Paths, Random, Vector, exp, ln};

/// Where the random numbers of some paths come from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub paths: Paths,
    /// What happens, of the first and of the second set.
    pub random: [Random; 2],
}

/// The bit that takes what happens from the second set, beside those of the factors.
pub(crate) const HAPPENINGS: u64 = 1 << 6;

/// What is kept of a block beside its sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keep {
    /// Whether histograms by step are filled.
    pub fan: bool,
    /// Whether its flows are part of the sample.
    pub sample: bool,
}

/// Everything that 64 paths need.
pub(crate) struct Block<'a, V> {
    plan: &'a Plan,
    shocks: Vec<[Lanes; GROUPS]>,
    happenings: Happenings,
    factors: [Factors<V>; GROUPS],
    accounts: Vec<Account<V>>,
    /// By group, of the step at hand.
    now: [Step<V>; GROUPS],
    /// By group and commitment, of the step at hand.
    moved: Vec<Moved<V>>,
    /// By group: days by which capacity is late.
    late: [Lanes; GROUPS],
    releases: Releases<V>,
    purses: Vec<Purse<V>>,
    /// By step and metric.
    metrics: Vec<[Lanes; GROUPS]>,
    /// By commitment: drawn down so far.
    drawn: Vec<[Lanes; GROUPS]>,
    /// By group and share of revenue: what is paid in the step at hand, and so far.
    shared: Vec<V>,
    shared_so_far: Vec<V>,
    /// By group: the part of the contract year's capacity that was due and not there, so far.
    missing: [V; GROUPS],
    /// By group and step: list spend of all commitments.
    spent: Vec<V>,
    /// By group: the wholes of each path, beside the parties'.
    wholes: [[V; WHOLES]; GROUPS],
    controls: [[V; CONTROLS]; GROUPS],
}

/// What a step comes to on some paths, over all commitments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step<V> {
    pub list: V,
    pub online: V,
    /// The same, without what events took away.
    pub arrived: V,
    pub needed: V,
    /// Months by which capacity is late.
    pub late: V,
    pub equity: V,
    /// What serving costs, over what it costs now.
    pub cost: V,
    pub log_demand: V,
}

/// Days in a month, on average.
const DAYS: f64 = 365.25 / 12.0;

impl<V: Vector> Step<V> {
    /// Before anything has moved.
    #[inline(always)]
    fn before(plan: &Plan) -> Self {
        let zero = V::splat(0.0);
        Self {
            list: zero,
            online: zero,
            arrived: zero,
            needed: zero,
            late: zero,
            equity: V::splat(plan.market.equity_start),
            cost: V::splat(1.0),
            log_demand: zero,
        }
    }
}

impl<'a, V: Vector<Stored = Lanes>> Block<'a, V> {
    pub fn new(plan: &'a Plan) -> Self {
        let zero = V::splat(0.0);
        let steps = plan.time.steps();
        Self {
            shocks: vec![[Lanes::ZERO; GROUPS]; plan.simulated() * 6],
            happenings: Happenings::new(plan),
            factors: [Factors::now(); GROUPS],
            accounts: plan.commitments.iter().map(Account::new).collect(),
            now: [Step::before(plan); GROUPS],
            moved: vec![Moved::nothing(); GROUPS * plan.commitments.len()],
            late: [Lanes::ZERO; GROUPS],
            releases: Releases::new(plan),
            purses: plan.parties.iter().map(|party| Purse::new(plan, party)).collect(),
            metrics: vec![[Lanes::ZERO; GROUPS]; steps * plan.metrics.len()],
            drawn: vec![[Lanes::ZERO; GROUPS]; plan.commitments.len()],
            shared: vec![zero; GROUPS * plan.shares.len()],
            shared_so_far: vec![zero; GROUPS * plan.shares.len()],
            missing: [zero; GROUPS],
            spent: vec![zero; GROUPS * steps],
            wholes: [[zero; WHOLES]; GROUPS],
            controls: [[zero; CONTROLS]; GROUPS],
            plan,
        }
    }

    /// Walks block `block` of `source`; factors whose bit is set in `second` come from the second set.
    #[inline(always)]
    pub fn walk(
        &mut self,
        source: &Source,
        (block, second): (u32, u64),
        keep: Keep,
        tally: &mut Tally,
        fans: &mut Fans,
    ) {
        source.paths.fill(block, second & (HAPPENINGS - 1), &mut self.shocks);
        let random = &source.random[usize::from(second & HAPPENINGS != 0)];
        self.happenings.draw::<V>(self.plan, random, block);
        self.reset(tally);
        for step in 0..self.plan.time.steps() {
            for group in 0..GROUPS {
                self.now[group] = self.step(step, group, tally, keep.fan.then_some(&mut *fans));
                self.measure(step, group);
            }
            let late = self.late;
            self.releases.judge(self.plan, step, (&self.metrics, &self.drawn), late);
            for group in 0..GROUPS {
                self.keep((step, group), keep, tally, fans);
            }
        }
        for group in 0..GROUPS {
            self.end(group, keep, tally, fans);
        }
        tally.paths += BLOCK as u64;
        for (place, first) in self.happenings.first.iter().enumerate() {
            let happens = first.iter().flat_map(|lanes| lanes.0).filter(|at| at.is_finite());
            tally.happened[place] += happens.count() as u64;
            tally.times[place] += self.happenings.times[place];
        }
    }

    /// A whole of each path, after [`Block::walk`].
    pub fn whole(&self, whole: Whole) -> [Lanes; GROUPS] {
        std::array::from_fn(|group| stored(self.wholes[group][whole as usize]))
    }

    /// A party's value with what it holds, after [`Block::walk`].
    pub fn worth(&self, party: usize) -> [Lanes; GROUPS] {
        std::array::from_fn(|group| stored(self.purses[party].worth[group]))
    }

    fn reset(&mut self, tally: &mut Tally) {
        let zero = V::splat(0.0);
        self.factors = [Factors::now(); GROUPS];
        self.accounts.iter_mut().for_each(Account::reset);
        self.releases.reset(self.plan, tally);
        for (place, purse) in self.purses.iter_mut().enumerate() {
            purse.reset(place, tally);
        }
        self.wholes = [[zero; WHOLES]; GROUPS];
        self.controls = [[zero; CONTROLS]; GROUPS];
        self.shared_so_far.fill(zero);
        self.missing = [zero; GROUPS];
    }

    /// Moves the market and every commitment on by one step.
    #[inline(always)]
    fn step(&mut self, step: usize, group: usize, tally: &mut Tally, mut fans: Option<&mut Fans>) -> Step<V> {
        let plan = self.plan;
        let zero = V::splat(0.0);
        let mut now = Step::before(plan);
        let served = match step.checked_sub(plan.now) {
            Some(simulated) => self.market(simulated, group, &mut now),
            None => zero,
        };
        let missing = plan.relief.as_ref().map(|relief| self.lack(relief, step, group, &now));
        for (place, terms) in plan.commitments.iter().enumerate() {
            let account = &mut self.accounts[place];
            match terms.history.get(step) {
                Some(known) => now.list += account.known(group, known),
                None => {
                    let list = served * V::splat(terms.start_per_month * plan.time.months[step]);
                    account.spend(group, list, &terms.shares);
                    now.list += list;
                }
            }
            let moved = account.settle(plan, (place, step, group), missing, (tally, fans.as_deref_mut()));
            moved.drawn.store(&mut self.drawn[place][group]);
            self.moved[group * plan.commitments.len() + place] = moved;
        }
        now
    }

    /// Adds what was due and not there in a step to what the contract year lacks, and says how much that is so far.
    #[inline(always)]
    fn lack(&mut self, relief: &ReliefPlan, step: usize, group: usize, now: &Step<V>) -> V {
        let zero = V::splat(0.0);
        if step == 0 || self.plan.time.closes[step - 1] {
            self.missing[group] = zero;
        }
        let due = relief.due[step];
        if due > 0.0 && step >= self.plan.now {
            let there = if relief.excuses { now.arrived } else { now.online };
            let part = (V::splat(due) - there).most(zero) * V::splat(1.0 / due);
            self.missing[group] = part.mul_add(V::splat(relief.part[step]), self.missing[group]);
        }
        self.missing[group]
    }

    /// Pays the shares of a step's revenue, each until its cap.
    #[inline(always)]
    fn share(&mut self, (step, group): (usize, usize), tally: &mut Tally) {
        let (plan, zero) = (self.plan, V::splat(0.0));
        let count = plan.shares.len();
        for (place, share) in plan.shares.iter().enumerate() {
            let so_far = &mut self.shared_so_far[group * count + place];
            let paid = match share.known.get(step) {
                Some(known) => V::splat(*known),
                None => {
                    let revenue = V::load(&self.metrics[step * plan.metrics.len() + share.metric][group]);
                    let due = revenue * V::splat(share.share * share.within[step]);
                    due.least(V::splat(share.cap) - *so_far).most(zero)
                }
            };
            *so_far += paid;
            self.shared[group * count + place] = paid;
            self.wholes[group][Whole::Shared as usize] += paid;
            add(&mut tally.shared[step * count + place], paid);
        }
    }

    /// Moves the market on, and says how much of what was spent at first is spent now.
    #[inline(always)]
    fn market(&mut self, simulated: usize, group: usize, now: &mut Step<V>) -> V {
        let market = &self.plan.market;
        let shocks = &self.shocks[simulated * 6..(simulated + 1) * 6];
        let moves = &self.happenings.moves[simulated];
        let seen = self.factors[group].step(market, (simulated, group), shocks, moves);
        (now.online, now.late, now.equity) = (seen.online, seen.late, seen.equity);
        now.arrived = seen.arrived;
        (now.cost, now.log_demand) = (seen.cost, seen.log_demand);
        let Some(capacity) = &market.capacity else { return seen.spend };
        let Some(per_gw) = &capacity.spend_per_gw else { return seen.spend };
        now.needed = seen.spend * V::splat(self.plan.spend_now / per_gw[simulated]);
        if !capacity.limits {
            return seen.spend;
        }
        // What asks for no more than there is, is served whole.
        seen.spend * (now.online / now.needed.most(now.online).most(V::splat(1e-300)))
    }

    /// Keeps what conditions may ask of a step.
    #[inline(always)]
    fn measure(&mut self, step: usize, group: usize) {
        let (plan, now) = (self.plan, self.now[group]);
        self.spent[group * plan.time.steps() + step] = now.list;
        (now.late * V::splat(DAYS)).store(&mut self.late[group]);
        if step < plan.now {
            return;
        }
        let count = plan.metrics.len();
        for place in (0..count).filter(|place| self.releases.wait_for(*place)) {
            let value = self.metric(place, (step, group), &now);
            value.store(&mut self.metrics[step * count + place][group]);
        }
    }

    /// Releases what is due, moves everybody's money and keeps what is kept of a step.
    #[inline(always)]
    fn keep(&mut self, (step, group): (usize, usize), keep: Keep, tally: &mut Tally, fans: &mut Fans) {
        let (plan, now) = (self.plan, self.now[group]);
        let released = self.releases.step(plan, (step, group), (now.equity, &self.metrics), tally);
        self.share((step, group), tally);
        let shares = plan.shares.len();
        let shared = &self.shared[group * shares..(group + 1) * shares];
        let count = plan.commitments.len();
        let all = &self.moved[group * count..(group + 1) * count];
        let row = step * series(plan);
        for (place, purse) in self.purses.iter_mut().enumerate() {
            let [flow, so_far] =
                purse.step(plan, (place, step, group), (all, shared, now.cost), &self.releases, tally);
            add(&mut tally.sums[row + SERIES + place], so_far);
            if keep.fan {
                fans.steps.add(row + SERIES + place, so_far);
            }
            if keep.sample {
                flow.store(&mut tally.sample[sample_place(plan, place, step + 1, group)]);
            }
        }
        let zero = V::splat(0.0);
        let (mut drawn, mut cash) = (zero, zero);
        for moved in all {
            drawn += moved.drawn;
            cash += moved.cash;
        }
        let values = [drawn, now.list, cash, released, now.online, now.needed, now.equity];
        for (place, value) in values.into_iter().enumerate() {
            add(&mut tally.sums[row + place], value);
            if keep.fan {
                fans.steps.add(row + place, value);
            }
        }
        self.sum((step, group), &now, (drawn, cash, released), tally);
    }

    /// What a metric is at the end of a step.
    #[inline(always)]
    fn metric(&self, place: usize, (step, group): (usize, usize), now: &Step<V>) -> V {
        let plan = self.plan;
        let metric = &plan.metrics[place];
        let simulated = step - plan.now;
        let years = plan.market.years[simulated];
        let one = V::splat(1.0);
        let (value, start) = match metric.driver {
            Driver::Constant => (one, 1.0),
            Driver::Demand if metric.start.is_some() => (one, 1.0),
            Driver::Demand => (exp(now.log_demand), 1.0),
            Driver::ListSpend if metric.flow => {
                (now.list * V::splat(12.0 / plan.time.months[step]), plan.spend_now)
            }
            Driver::ListSpend => (self.last_year(step, group), plan.spend_now),
            Driver::Revenue => {
                let a_year = 12.0 / plan.time.months[step] * plan.revenue_over_spend;
                (now.list * V::splat(a_year), plan.spend_now * plan.revenue_over_spend)
            }
            Driver::Capacity => {
                (now.online, plan.market.capacity.as_ref().map_or(0.0, |capacity| capacity.start))
            }
            Driver::Equity => (now.equity, plan.market.equity_start),
            Driver::Event(place) => {
                let first = V::load(&self.happenings.first[place][group]);
                (V::select(first.at_most(V::splat(years)), one, V::splat(0.0)), 1.0)
            }
        };
        let scaled = match metric.start {
            Some(wanted) if metric.driver == Driver::Demand => {
                exp(now.log_demand * V::splat(metric.loading)) * V::splat(wanted)
            }
            Some(wanted) if metric.loading == 1.0 && start > 0.0 => value * V::splat(wanted / start),
            Some(wanted) if start > 0.0 => {
                exp(ln(value * V::splat(1.0 / start)) * V::splat(metric.loading)) * V::splat(wanted)
            }
            _ => value,
        };
        // What adds up came in the step, at the pace of a year.
        let scaled = if metric.flow { scaled * V::splat(plan.time.months[step] / 12.0) } else { scaled };
        let growth = match (metric.growth, metric.growth_sd) {
            (0.0, 0.0) => return scaled.least(V::splat(metric.cap)),
            (growth, 0.0) => V::splat(exp(growth * years)),
            (growth, _) => {
                let more = V::load(&self.happenings.growth[place][group]);
                exp((more + V::splat(growth)) * V::splat(years))
            }
        };
        (scaled * growth).least(V::splat(metric.cap))
    }

    /// List spend of the twelve months up to a step's end; at the pace of now where there are fewer.
    #[inline(always)]
    fn last_year(&self, step: usize, group: usize) -> V {
        let (steps, whole) = (self.plan.time.steps(), self.plan.steps_a_year);
        let from = (step + 1).saturating_sub(whole);
        let missing = whole - (step + 1 - from);
        let before = V::splat(self.plan.spend_now / whole as f64 * missing as f64);
        let mut sum = before;
        for list in &self.spent[group * steps + from..=group * steps + step] {
            sum += *list;
        }
        sum
    }

    /// Adds a step to the wholes of its paths.
    #[inline(always)]
    fn sum(
        &mut self,
        (step, group): (usize, usize),
        now: &Step<V>,
        (drawn, cash, released): (V, V, V),
        tally: &mut Tally,
    ) {
        let plan = self.plan;
        let (one, zero) = (V::splat(1.0), V::splat(0.0));
        let wholes = &mut self.wholes[group];
        let present = V::splat(plan.customer_factors[step]);
        wholes[Whole::List as usize] += now.list;
        wholes[Whole::Cash as usize] += cash;
        wholes[Whole::PresentCash as usize] += cash * present;
        let count = plan.commitments.len();
        for moved in &self.moved[group * count..(group + 1) * count] {
            wholes[Whole::Shortfall as usize] += moved.shortfall;
            wholes[Whole::Expired as usize] += moved.expired;
            wholes[Whole::PresentCounted as usize] += moved.counted * present;
        }
        wholes[Whole::Drawn as usize] = drawn;
        wholes[Whole::Released as usize] = released;
        if let Some(capacity) = &plan.market.capacity {
            let peak = &mut wholes[Whole::PeakNeeded as usize];
            *peak = now.needed.most(*peak);
            let short = &mut wholes[Whole::PeakShort as usize];
            *short = (now.needed - now.online).most(*short);
            let beyond = &mut tally.beyond[step];
            add(&mut beyond[0], V::select(now.online.below(now.needed), one, zero));
            add(&mut beyond[1], V::select(V::splat(capacity.ceiling).below(now.needed), one, zero));
        }
        if let (true, Some(simulated)) = (plan.time.closes[step], step.checked_sub(plan.now)) {
            let [demand, equity] = self.factors[group].controls(&plan.market, simulated);
            let controls = &mut self.controls[group];
            controls[0] = demand.mul_add(V::splat(plan.control_weights[simulated]), controls[0]);
            controls[1] = equity;
            wholes[Whole::Holding as usize] = now.equity;
        }
    }

    /// What each path comes to as a whole.
    #[inline(always)]
    fn end(&mut self, group: usize, keep: Keep, tally: &mut Tally, fans: &mut Fans) {
        let plan = self.plan;
        let (one, zero, tiny) = (V::splat(1.0), V::splat(0.0), V::splat(1e-300));
        let equity = self.wholes[group][Whole::Holding as usize];
        let mut holding = zero;
        for place in 0..plan.tranches.len() {
            holding += self.releases.worth(plan, (place, group), equity);
        }
        for (place, share) in plan.shares.iter().enumerate() {
            let so_far = self.shared_so_far[group * plan.shares.len() + place];
            let capped = V::splat(share.cap).at_most(so_far);
            add(&mut tally.capped[place], V::select(capped, one, zero));
        }
        let wholes = &mut self.wholes[group];
        let drawn = wholes[Whole::Drawn as usize];
        let paid = wholes[Whole::Cash as usize] / drawn.most(tiny);
        let conceded = self.releases.conceded[group] / drawn.most(tiny);
        let present_cash = wholes[Whole::PresentCash as usize];
        let self_host = wholes[Whole::PresentCounted as usize] / present_cash.most(tiny);
        let self_host = self_host * V::splat(plan.self_host_cost);
        wholes[Whole::Holding as usize] = holding;
        wholes[Whole::PriceDiscount as usize] = V::select(zero.below(drawn), one - paid, zero);
        wholes[Whole::EffectiveDiscount as usize] = V::select(zero.below(drawn), one - paid + conceded, zero);
        wholes[Whole::SelfHost as usize] = V::select(zero.below(present_cash), self_host, zero);
        let controls = self.controls[group];
        for (place, value) in self.wholes[group].into_iter().enumerate() {
            whole(place, value, controls, tally, keep.fan.then_some(&mut *fans));
        }
        for (place, purse) in self.purses.iter_mut().enumerate() {
            let [holds, multiple] = purse.end(plan, (place, group), &self.releases, equity);
            let at = WHOLES + PER_PARTY * place;
            whole(at, purse.value[group], controls, tally, keep.fan.then_some(&mut *fans));
            whole(at + 1, purse.worth[group], controls, tally, keep.fan.then_some(&mut *fans));
            whole(at + 2, multiple, controls, tally, keep.fan.then_some(&mut *fans));
            if keep.sample {
                V::splat(purse.signing()).store(&mut tally.sample[sample_place(plan, place, 0, group)]);
                let last = plan.time.steps() + 1;
                holds.store(&mut tally.sample[sample_place(plan, place, last, group)]);
            }
        }
        let [demand, equity] = controls;
        add(&mut tally.controls[0], demand);
        add(&mut tally.controls[1], equity);
        add(&mut tally.control_squares[0], demand * demand);
        add(&mut tally.control_squares[1], equity * equity);
        add(&mut tally.control_squares[2], demand * equity);
    }
}

/// Keeps a whole of some paths.
#[inline(always)]
fn whole<V: Vector<Stored = Lanes>>(
    place: usize,
    value: V,
    controls: [V; CONTROLS],
    tally: &mut Tally,
    fans: Option<&mut Fans>,
) {
    let kept = &mut tally.wholes[place];
    add(&mut kept.sum, value);
    add(&mut kept.square, value * value);
    for (with, control) in kept.with.iter_mut().zip(controls) {
        add(with, value * control);
    }
    if let Some(fans) = fans {
        fans.wholes.add(place, value);
    }
}
