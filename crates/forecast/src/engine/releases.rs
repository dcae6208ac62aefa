//! Tranches on several paths: what is released when, by the deal's own conditions.

use super::block::Step;
use super::tally::{Tally, add};
use super::world::Path;
use crate::number::{Eight, stored};
use crate::plan::{Kind, Plan, When};
use contract::predicate::Condition;
use sampling::{GROUPS, Lanes, Vector};

/// Days in a month, on average.
const DAYS: f64 = 365.25 / 12.0;

/// The tranches of a block of paths.
pub(crate) struct Releases<V> {
    /// By tranche: its condition.
    conditions: Vec<Option<Condition<Eight>>>,
    /// By tranche: the metrics its condition reads, bit by bit.
    reads: Vec<u64>,
    /// By group: the metrics that some tranche still waits for.
    waits: [u64; GROUPS],
    /// By group and tranche: one where it is released, else nothing.
    pub released: Vec<Lanes>,
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
            waits: [0; GROUPS],
            released: vec![Lanes::ZERO; places],
            fresh: vec![zero; places],
            held: vec![zero; places],
            conceded: [zero; GROUPS],
        }
    }

    /// Before anything happens but signing.
    pub fn reset(&mut self, plan: &Plan, tally: &mut Tally) {
        let (zero, one) = (V::splat(0.0), V::splat(1.0));
        self.released.fill(Lanes::ZERO);
        self.fresh.fill(zero);
        self.held.fill(zero);
        self.conceded = [zero; GROUPS];
        self.waits = [u64::MAX; GROUPS];
        for group in 0..GROUPS {
            for (place, tranche) in plan.tranches.iter().enumerate() {
                if matches!(tranche.when, When::Signing) {
                    self.release(plan, (place, group), one, V::splat(plan.market.equity_start));
                    add(&mut tally.released[place], one);
                }
            }
        }
    }

    /// Releases what is due at the end of a step, and says what is released so far.
    #[inline(always)]
    pub fn step(
        &mut self,
        plan: &Plan,
        (step, group): (usize, usize),
        now: &Step<V>,
        drawn: &[Lanes],
        metrics: &[Lanes],
        tally: &mut Tally,
    ) -> V {
        let count = plan.tranches.len();
        let (zero, one) = (V::splat(0.0), V::splat(1.0));
        let (mut sum, mut waits) = (zero, 0);
        for (place, tranche) in plan.tranches.iter().enumerate() {
            let at = group * count + place;
            self.fresh[at] = zero;
            let waiting = V::load(&self.released[at]).below(one);
            let waited_for = V::any(waiting);
            waits |= if waited_for { self.reads[place] } else { 0 };
            if waited_for && self.may(plan, place, step) {
                let met = match &self.conditions[place] {
                    None => one,
                    Some(condition) => {
                        let released = &self.released[group * count..(group + 1) * count];
                        let late = stored(now.late * V::splat(DAYS));
                        let path = Path { plan, metrics, step, released, drawn, late };
                        V::load(&truth(condition, &path))
                    }
                };
                let mut due = waiting & one.at_most(met);
                for before in &tranche.after {
                    due = due & one.at_most(V::load(&self.released[group * count + before]));
                }
                if V::any(due) {
                    let fresh = V::select(due, one, zero);
                    self.release(plan, (place, group), fresh, now.equity);
                    add(&mut tally.released[(step + 1) * count + place], fresh);
                }
            }
            if tranche.kind != Kind::Given {
                sum = V::load(&self.released[at]).mul_add(V::splat(tranche.amount), sum);
            }
        }
        self.waits[group] = waits;
        sum
    }

    /// Whether some tranche still waits for a metric, by its place.
    #[inline(always)]
    pub fn wait_for(&self, metric: usize, group: usize) -> bool {
        self.waits[group] >> (metric % 64) & 1 == 1
    }

    /// Whether a tranche can be released at the end of this step at all.
    fn may(&self, plan: &Plan, place: usize, step: usize) -> bool {
        let tranche = &plan.tranches[place];
        match tranche.when {
            When::Signing | When::Unknown => false,
            When::Step(at) => step >= at,
            When::Met(_) => (tranche.window.0..=tranche.window.1).contains(&step),
        }
    }

    #[inline(always)]
    fn release(&mut self, plan: &Plan, (place, group): (usize, usize), fresh: V, equity: V) {
        let (tranche, at) = (&plan.tranches[place], group * plan.tranches.len() + place);
        add(&mut self.released[at], fresh);
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

/// One where a condition is true, else nothing.
fn truth(condition: &Condition<Eight>, path: &Path<'_>) -> Lanes {
    condition.truth(path, path.plan.time.moments[path.step]).yes.ones()
}
