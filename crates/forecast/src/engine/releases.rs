//! Tranches on several paths: what is released when, by the deal's own conditions.

use super::tally::{Tally, add};
use super::world::Path;
use crate::number::Many;
use crate::plan::{Kind, Plan, TranchePlan, When};
use contract::predicate::Condition;
use sampling::{GROUPS, Lanes, Vector};

/// The tranches of a block of paths.
pub(crate) struct Releases<V> {
    /// By tranche: its condition.
    conditions: Vec<Option<Condition<Many>>>,
    /// By tranche: the metrics its condition reads, bit by bit.
    reads: Vec<u64>,
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
        let reads = |when: &When| match when {
            When::Met(condition) => condition.metrics().iter().fold(0, |bits, metric| {
                let place = plan.metrics.iter().position(|plan| plan.slot == metric.slot);
                bits | place.map_or(0, |place| 1 << (place % 64))
            }),
            _ => 0,
        };
        let places = plan.tranches.len() * GROUPS;
        Self {
            conditions: plan.tranches.iter().map(|tranche| condition(&tranche.when)).collect(),
            reads: plan.tranches.iter().map(|tranche| reads(&tranche.when)).collect(),
            waits: 0,
            released: vec![[Lanes::ZERO; GROUPS]; plan.tranches.len()],
            met: vec![[Lanes::ZERO; GROUPS]; plan.tranches.len()],
            fresh: vec![zero; places],
            held: vec![zero; places],
            conceded: [zero; GROUPS],
        }
    }

    /// Before anything happens but signing.
    pub fn reset(&mut self, plan: &Plan, tally: &mut Tally) {
        let (zero, one) = (V::splat(0.0), V::splat(1.0));
        self.released.fill([Lanes::ZERO; GROUPS]);
        self.fresh.fill(zero);
        self.held.fill(zero);
        self.conceded = [zero; GROUPS];
        self.waits = u64::MAX;
        for group in 0..GROUPS {
            for (place, tranche) in plan.tranches.iter().enumerate() {
                if matches!(tranche.when, When::Signing) {
                    self.release(plan, (place, group), one, V::splat(plan.market.equity_start));
                    add(&mut tally.released[place], one);
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
    pub fn step(&mut self, plan: &Plan, (step, group): (usize, usize), equity: V, tally: &mut Tally) -> V {
        let count = plan.tranches.len();
        let (zero, one) = (V::splat(0.0), V::splat(1.0));
        let mut sum = zero;
        for (place, tranche) in plan.tranches.iter().enumerate() {
            self.fresh[group * count + place] = zero;
            let met = V::load(&self.met[place][group]);
            let mut due = one.at_most(met) & V::load(&self.released[place][group]).below(one);
            for before in &tranche.after {
                due = due & one.at_most(V::load(&self.released[*before][group]));
            }
            if V::any(due) {
                let fresh = V::select(due, one, zero);
                self.release(plan, (place, group), fresh, equity);
                add(&mut tally.released[(step + 1) * count + place], fresh);
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
        self.waits >> (metric % 64) & 1 == 1
    }

    #[inline(always)]
    fn release(&mut self, plan: &Plan, (place, group): (usize, usize), fresh: V, equity: V) {
        let (tranche, at) = (&plan.tranches[place], group * plan.tranches.len() + place);
        add(&mut self.released[place][group], fresh);
        self.fresh[at] = fresh;
        if tranche.kind == Kind::Money {
            return;
        }
        let amount = V::splat(tranche.amount);
        let part = fresh * amount / tranche.issue_value.map_or(equity, V::splat);
        self.held[at] += part;
        let given = tranche.kind == Kind::Given;
        let conceded = if given { part * equity } else { fresh * amount - part * equity };
        self.conceded[group] += conceded;
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
