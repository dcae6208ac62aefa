//! Tranches on several paths: what is released when, by the deal's own conditions.

use super::tally::{Tally, add};
use super::world::Path;
use crate::number::Many;
use crate::plan::{Conversion, Kind, Plan, TranchePlan, Vesting, When};
use contract::predicate::Condition;
use sampling::{GROUPS, Lanes, Vector};

/// The tranches of a block of paths.
pub(crate) struct Releases<V> {
    /// By tranche: its condition.
    conditions: Vec<Option<Condition<Many>>>,
    /// By tranche: the metrics its condition reads, bit by bit.
    reads: Vec<u64>,
    /// The metrics that something is paid or vests by, all the time.
    always: u64,
    /// The metrics that some tranche still waits for on some path.
    waits: u64,
    /// By tranche and group: one where it is released, else nothing.
    released: Vec<[Lanes; GROUPS]>,
    /// By tranche and group: one where its condition holds at the end of the step at hand.
    met: Vec<[Lanes; GROUPS]>,
    /// By group and tranche: one where it is released in the step at hand.
    pub fresh: Vec<V>,
    /// By group and tranche: the part of the issuer that it bought.
    pub held: Vec<V>,
    /// By group and tranche: what it vests with, so far; and what is owed until it converts.
    quantity: Vec<V>,
    owed: Vec<V>,
    /// By group: what was paid for equity beyond its value.
    pub conceded: [V; GROUPS],
}

impl<V: Vector<Stored = Lanes>> Releases<V> {
    pub fn new(plan: &Plan) -> Self {
        let zero = V::splat(0.0);
        let condition = |when: &When| match when {
            When::Met(condition) => Some(condition.in_numbers()),
            _ => None,
        };
        let bit = |place: usize| 1_u64 << (place % 64);
        let reads = |tranche: &TranchePlan| match &tranche.when {
            When::Met(condition) => condition.metrics().iter().fold(0, |bits, metric| {
                let place = plan.metrics.iter().position(|plan| plan.slot == metric.slot);
                bits | place.map_or(0, bit)
            }),
            _ => 0,
        };
        let vesting = plan.tranches.iter().filter_map(|tranche| tranche.vesting?.metric);
        let always = vesting.chain(plan.shares.iter().map(|share| share.metric)).map(bit);
        let places = plan.tranches.len() * GROUPS;
        Self {
            conditions: plan.tranches.iter().map(|tranche| condition(&tranche.when)).collect(),
            reads: plan.tranches.iter().map(reads).collect(),
            always: always.fold(0, |bits, bit| bits | bit),
            waits: 0,
            released: vec![[Lanes::ZERO; GROUPS]; plan.tranches.len()],
            met: vec![[Lanes::ZERO; GROUPS]; plan.tranches.len()],
            fresh: vec![zero; places],
            held: vec![zero; places],
            quantity: vec![zero; places],
            owed: vec![zero; places],
            conceded: [zero; GROUPS],
        }
    }

    /// Before anything happens but signing.
    pub fn reset(&mut self, plan: &Plan, tally: &mut Tally) {
        let (zero, one) = (V::splat(0.0), V::splat(1.0));
        self.released.fill([Lanes::ZERO; GROUPS]);
        self.fresh.fill(zero);
        self.held.fill(zero);
        self.quantity.fill(zero);
        self.owed.fill(zero);
        self.conceded = [zero; GROUPS];
        self.waits = u64::MAX;
        for group in 0..GROUPS {
            for (place, tranche) in plan.tranches.iter().enumerate() {
                if matches!(tranche.when, When::Signing) {
                    let at_once = tranche.vesting.map_or(one, |vesting| V::splat(vesting.at_once));
                    self.release(plan, (place, group), at_once, V::splat(plan.market.equity_start));
                    add(&mut tally.released[place], at_once);
                }
            }
        }
    }

    /// Asks every tranche that waits on some path whether its condition holds at the end of a step.
    pub fn judge(
        &mut self,
        plan: &Plan,
        step: usize,
        (metrics, drawn): (&[[Lanes; GROUPS]], &[[Lanes; GROUPS]]),
        late: [Lanes; GROUPS],
    ) {
        self.waits = 0;
        for (place, tranche) in plan.tranches.iter().enumerate() {
            self.met[place] = [Lanes::ZERO; GROUPS];
            if self.released[place].iter().all(|group| group.0.iter().all(|part| *part == 1.0)) {
                continue;
            }
            self.waits |= self.reads[place];
            if !may(tranche, step) {
                continue;
            }
            let Some(condition) = &self.conditions[place] else {
                self.met[place] = [Lanes::splat(1.0); GROUPS];
                continue;
            };
            let path = Path { plan, metrics, step, released: &self.released, drawn, late };
            let holds = condition.truth(&path, plan.time.moments[step]).yes;
            for (group, met) in self.met[place].iter_mut().enumerate() {
                *met = holds.ones(group);
            }
        }
    }

    /// Releases what is due on the paths of a group, and says what is released so far.
    #[inline(always)]
    pub fn step(
        &mut self,
        plan: &Plan,
        (step, group): (usize, usize),
        (equity, metrics): (V, &[[Lanes; GROUPS]]),
        tally: &mut Tally,
    ) -> V {
        let count = plan.tranches.len();
        let (zero, one) = (V::splat(0.0), V::splat(1.0));
        let mut sum = zero;
        for (place, tranche) in plan.tranches.iter().enumerate() {
            let at = group * count + place;
            self.fresh[at] = zero;
            if let Kind::Convertible(by) = tranche.kind {
                self.owed[at] = self.owed[at] * V::splat(by.growth);
            }
            let fresh = match tranche.vesting {
                Some(vesting) => self.vest(plan, (place, step, group), vesting, metrics),
                None => {
                    let met = V::load(&self.met[place][group]);
                    let mut due = one.at_most(met) & V::load(&self.released[place][group]).below(one);
                    for before in &tranche.after {
                        due = due & one.at_most(V::load(&self.released[*before][group]));
                    }
                    V::select(due, one, zero)
                }
            };
            if V::any(zero.below(fresh)) {
                self.release(plan, (place, group), fresh, equity);
                add(&mut tally.released[(step + 1) * count + place], fresh);
            }
            if let Kind::Convertible(by) = tranche.kind
                && step >= by.step
            {
                self.convert(by, at, (equity, group));
            }
            if tranche.kind != Kind::Given {
                sum = V::load(&self.released[place][group]).mul_add(V::splat(tranche.amount), sum);
            }
        }
        sum
    }

    /// Whether some tranche still waits for a metric, by its place.
    #[inline(always)]
    pub fn wait_for(&self, metric: usize) -> bool {
        (self.waits | self.always) >> (metric % 64) & 1 == 1
    }

    /// What a tranche holds is worth, where the issuer is worth `equity`.
    #[inline(always)]
    pub fn worth(&self, plan: &Plan, (place, group): (usize, usize), equity: V) -> V {
        let count = plan.tranches.len();
        let strike = V::splat(plan.tranches[place].strike);
        self.held[group * count + place] * (equity - strike).most(V::splat(0.0))
    }

    /// The part that vests in a step, of what vests with a quantity: from when its condition is met.
    fn vest(
        &mut self,
        plan: &Plan,
        (place, step, group): (usize, usize, usize),
        vesting: Vesting,
        metrics: &[[Lanes; GROUPS]],
    ) -> V {
        let (zero, one) = (V::splat(0.0), V::splat(1.0));
        let at = group * plan.tranches.len() + place;
        if let Some(metric) = vesting.metric.filter(|_| step >= plan.now) {
            let seen = V::load(&metrics[step * plan.metrics.len() + metric][group]);
            self.quantity[at] = if vesting.flow { self.quantity[at] + seen } else { seen };
        }
        let released = V::load(&self.released[place][group]);
        let before = V::splat(if vesting.flow || step < plan.now { vesting.before } else { 0.0 });
        let part = ((self.quantity[at] + before) * V::splat(1.0 / vesting.full_at)).most(zero).least(one);
        let target = part.mul_add(V::splat(1.0 - vesting.at_once), V::splat(vesting.at_once));
        let signed = matches!(plan.tranches[place].when, When::Signing);
        let open = if signed { one } else { V::load(&self.met[place][group]).most(released) };
        let fresh = (target - released).most(zero);
        V::select(zero.below(open), fresh, zero)
    }

    /// Turns what is owed into a part of the issuer: from when it falls due.
    #[inline(always)]
    fn convert(&mut self, by: Conversion, at: usize, (equity, group): (V, usize)) {
        let owed = self.owed[at];
        let part = owed / (equity * V::splat(by.keep)).least(V::splat(by.cap));
        self.held[at] += part;
        self.conceded[group] += owed - part * equity;
        self.owed[at] = V::splat(0.0);
    }

    #[inline(always)]
    fn release(&mut self, plan: &Plan, (place, group): (usize, usize), fresh: V, equity: V) {
        let (tranche, at) = (&plan.tranches[place], group * plan.tranches.len() + place);
        add(&mut self.released[place][group], fresh);
        self.fresh[at] = fresh;
        let amount = V::splat(tranche.amount);
        match tranche.kind {
            Kind::Money => return,
            Kind::Convertible(_) => {
                self.owed[at] += fresh * amount;
                return;
            }
            Kind::Equity | Kind::Given => {}
        }
        let part = match tranche.units {
            Some(units) => fresh * V::splat(units),
            None => fresh * amount / tranche.issue_value.map_or(equity, V::splat),
        };
        self.held[at] += part;
        let given = tranche.kind == Kind::Given;
        let worth = part * (equity - V::splat(tranche.strike)).most(V::splat(0.0));
        self.conceded[group] += if given { worth } else { fresh * amount - worth };
    }
}

/// Whether a tranche can be released at the end of this step at all.
fn may(tranche: &TranchePlan, step: usize) -> bool {
    match tranche.when {
        When::Signing | When::Unknown => false,
        When::Step(at) => step >= at,
        When::Met(_) => (tranche.window.0..=tranche.window.1).contains(&step),
    }
}
