//! Tranches on several paths: what is released when, by the deal's own conditions.

use super::account::Moved;
use super::block::Step;
use super::tally::{Tally, add};
use super::world::Path;
use crate::number::Many;
use crate::plan::{Kind, Plan, When};
use contract::predicate::Condition;
use sampling::{GROUPS, Lanes, Vector};

/// Days in a month, on average.
const DAYS: f64 = 365.25 / 12.0;

/// The tranches of a block of paths.
pub(crate) struct Releases<V: Vector> {
    /// By tranche: its condition.
    conditions: Vec<Option<Condition<Many<V>>>>,
    /// By group and tranche: one where it is released, else nothing.
    pub released: Vec<V>,
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
        let places = plan.tranches.len() * GROUPS;
        Self {
            conditions: plan.tranches.iter().map(|tranche| condition(&tranche.when)).collect(),
            released: vec![zero; places],
            fresh: vec![zero; places],
            held: vec![zero; places],
            conceded: [zero; GROUPS],
        }
    }

    /// Before anything happens but signing.
    pub fn reset(&mut self, plan: &Plan, tally: &mut Tally) {
        let (zero, one) = (V::splat(0.0), V::splat(1.0));
        self.released.fill(zero);
        self.fresh.fill(zero);
        self.held.fill(zero);
        self.conceded = [zero; GROUPS];
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
        moved: &[Moved<V>],
        metrics: &[V],
        tally: &mut Tally,
    ) -> V {
        let count = plan.tranches.len();
        let (zero, one) = (V::splat(0.0), V::splat(1.0));
        let mut sum = zero;
        for (place, tranche) in plan.tranches.iter().enumerate() {
            let at = group * count + place;
            self.fresh[at] = zero;
            let waiting = self.released[at].below(one);
            if V::any(waiting) && self.may(plan, place, step) {
                let due = match &self.conditions[place] {
                    None => waiting,
                    Some(condition) => {
                        let released = &self.released[group * count..(group + 1) * count];
                        let late = now.late * V::splat(DAYS);
                        let path = Path { plan, metrics, step, released, moved, late };
                        waiting & condition.truth(&path, plan.time.moments[step]).yes
                    }
                };
                let before = tranche.after.iter();
                let due =
                    before.fold(due, |due, before| due & one.at_most(self.released[group * count + before]));
                if V::any(due) {
                    let fresh = V::select(due, one, zero);
                    self.release(plan, (place, group), fresh, now.equity);
                    add(&mut tally.released[(step + 1) * count + place], fresh);
                }
            }
            if tranche.kind != Kind::Given {
                sum = self.released[at].mul_add(V::splat(tranche.amount), sum);
            }
        }
        sum
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

    fn release(&mut self, plan: &Plan, (place, group): (usize, usize), fresh: V, equity: V) {
        let (tranche, at) = (&plan.tranches[place], group * plan.tranches.len() + place);
        self.released[at] += fresh;
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
