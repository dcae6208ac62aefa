//! A party's money on several paths: flows, what they are worth, when it has its money back.

use super::account::Moved;
use super::releases::Releases;
use super::tally::{Tally, add};
use crate::plan::{PartyPlan, Plan, When};
use sampling::{GROUPS, Lanes, Vector};

/// One party's money on each path of a block.
#[derive(Debug, Clone)]
pub(crate) struct Purse<V> {
    /// What it pays or gets at signing.
    signing: f64,
    /// By group.
    pub value: [V; GROUPS],
    /// With what it holds at the end.
    pub worth: [V; GROUPS],
    sum: [V; GROUPS],
    /// What it put in by tranches, and what it got beside them.
    paid: [V; GROUPS],
    got: [V; GROUPS],
    /// One once it has its money back.
    back: [V; GROUPS],
}

impl<V: Vector<Stored = Lanes>> Purse<V> {
    pub fn new(plan: &Plan, party: &PartyPlan) -> Self {
        let at_signing = plan.tranches.iter().zip(&party.released);
        let at_signing = at_signing.filter(|(tranche, _)| matches!(tranche.when, When::Signing));
        let none = [V::splat(0.0); GROUPS];
        Self {
            signing: at_signing.map(|(tranche, part)| tranche.amount * part).sum(),
            value: none,
            worth: none,
            sum: none,
            paid: none,
            got: none,
            back: none,
        }
    }

    pub fn reset(&mut self, place: usize, tally: &mut Tally) {
        let flow = V::splat(self.signing);
        (self.value, self.sum) = ([flow; GROUPS], [flow; GROUPS]);
        self.paid = [V::splat((-self.signing).max(0.0)); GROUPS];
        self.got = [V::splat(0.0); GROUPS];
        let back = V::splat(f64::from(u8::from(self.signing >= 0.0)));
        self.back = [back; GROUPS];
        (0..GROUPS).for_each(|_| add(&mut tally.payback[place], back));
    }

    /// What moved in a step; it is kept, and given back as what is net so far.
    #[inline(always)]
    pub fn step(
        &mut self,
        plan: &Plan,
        (place, step, group): (usize, usize, usize),
        (moved, shared, cost): (&[Moved<V>], &[V], V),
        releases: &Releases<V>,
        tally: &mut Tally,
    ) -> [V; 2] {
        let party = &plan.parties[place];
        let (zero, one) = (V::splat(0.0), V::splat(1.0));
        let mut got = zero;
        for ((moved, cash), bears) in moved.iter().zip(&party.cash).zip(&party.cost) {
            if *cash != 0.0 {
                got = moved.cash.mul_add(V::splat(*cash), got);
            }
            if *bears != 0.0 {
                got = got - moved.charge * cost * V::splat(*bears * (1.0 - plan.margin));
            }
        }
        for (paid, part) in shared.iter().zip(&party.shares) {
            got = paid.mul_add(V::splat(*part), got);
        }
        let (mut paid, count) = (zero, plan.tranches.len());
        let fresh = &releases.fresh[group * count..(group + 1) * count];
        for ((tranche, part), fresh) in plan.tranches.iter().zip(&party.released).zip(fresh) {
            paid = fresh.mul_add(V::splat(tranche.amount * part), paid);
        }
        let flow = got + paid;
        self.got[group] += got;
        self.paid[group] = self.paid[group] - paid.least(zero);
        self.value[group] = flow.mul_add(V::splat(party.factors[step]), self.value[group]);
        self.sum[group] += flow;
        let now = self.back[group].below(one) & zero.at_most(self.sum[group]);
        if V::any(now) {
            let fresh = V::select(now, one, zero);
            self.back[group] += fresh;
            add(&mut tally.payback[(step + 1) * plan.parties.len() + place], fresh);
        }
        [flow, self.sum[group]]
    }

    /// What it holds at the end, and its multiple of what it put in.
    #[inline(always)]
    pub fn end(
        &mut self,
        plan: &Plan,
        (place, group): (usize, usize),
        releases: &Releases<V>,
        equity: V,
    ) -> [V; 2] {
        let party = &plan.parties[place];
        let mut holds = V::splat(0.0);
        for (tranche, holder) in party.holds.iter().enumerate().filter(|(_, holder)| **holder != 0.0) {
            holds = releases.worth(plan, (tranche, group), equity).mul_add(V::splat(*holder), holds);
        }
        let last = party.factors.last().copied().unwrap_or(1.0);
        self.worth[group] = holds.mul_add(V::splat(last), self.value[group]);
        let paid = self.paid[group];
        let multiple = (self.got[group] + holds) / paid.most(V::splat(1e-300));
        [holds, V::select(V::splat(0.0).below(paid), multiple, V::splat(0.0))]
    }

    /// What stands in the purse at signing.
    pub fn signing(&self) -> f64 {
        self.signing
    }
}
