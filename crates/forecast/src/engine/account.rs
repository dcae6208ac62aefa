//! Commitments on several paths: each step's spend settled, year to date, by the contract's own rules.

use super::tally::{Fans, Tally, add, wholes, year_place};
use crate::number::{Eight, many, stored};
use crate::plan::{CommitmentPlan, Plan};
use contract::YearRules;
use sampling::{GROUPS, Lanes, Vector};

/// Nothing, on each path.
const NOTHING: Eight = Eight(Lanes::ZERO);
/// Less than this share of a minimum is no shortfall but rounding.
const ROUNDING: f64 = 1e-9;

/// Where one commitment stands, on each path of a block.
#[derive(Debug, Clone)]
pub(crate) struct Account<V> {
    /// By contract year.
    rules: Vec<YearRules<Eight>>,
    /// By group and rule: list spend in the contract year so far.
    list: Vec<Eight>,
    /// Handed on by the year before.
    excess: [Eight; GROUPS],
    credit: [Eight; GROUPS],
    /// Charged, due and counted in the contract year so far.
    charged: [V; GROUPS],
    due: [V; GROUPS],
    counted: [V; GROUPS],
    /// Counted in the years that are over.
    closed: [V; GROUPS],
}

/// What a step came to under one commitment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moved<V> {
    /// List spend that counts.
    pub counted: V,
    /// Charged for usage.
    pub charge: V,
    /// Due, shortfall and credit included.
    pub cash: V,
    /// Drawn down so far.
    pub drawn: V,
    /// At a contract year's end.
    pub shortfall: V,
    pub expired: V,
}

impl<V: Vector> Moved<V> {
    pub fn nothing() -> Self {
        let zero = V::splat(0.0);
        Self { counted: zero, charge: zero, cash: zero, drawn: zero, shortfall: zero, expired: zero }
    }
}

impl<V: Vector<Stored = Lanes>> Account<V> {
    pub fn new(plan: &CommitmentPlan) -> Self {
        let zero = V::splat(0.0);
        Self {
            rules: plan.rules.iter().map(many).collect(),
            list: vec![NOTHING; GROUPS * plan.shares.len()],
            excess: [NOTHING; GROUPS],
            credit: [NOTHING; GROUPS],
            charged: [zero; GROUPS],
            due: [zero; GROUPS],
            counted: [zero; GROUPS],
            closed: [zero; GROUPS],
        }
    }

    pub fn reset(&mut self) {
        let zero = V::splat(0.0);
        self.list.fill(NOTHING);
        (self.excess, self.credit) = ([NOTHING; GROUPS], [NOTHING; GROUPS]);
        (self.charged, self.due) = ([zero; GROUPS], [zero; GROUPS]);
        (self.counted, self.closed) = ([zero; GROUPS], [zero; GROUPS]);
    }

    /// Adds list spend of which each rule admits a share.
    #[inline(always)]
    pub fn spend(&mut self, group: usize, list: V, shares: &[f64]) {
        let sums = &mut self.list[group * shares.len()..(group + 1) * shares.len()];
        for (sum, share) in sums.iter_mut().zip(shares) {
            list.mul_add(V::splat(*share), V::load(&sum.0)).store(&mut sum.0);
        }
    }

    /// Adds list spend by rule, the same on every path; what no rule admits stands last. Says how much it is.
    pub fn known(&mut self, group: usize, by_rule: &[f64]) -> V {
        let rules = by_rule.len() - 1;
        let sums = &mut self.list[group * rules..(group + 1) * rules];
        for (sum, list) in sums.iter_mut().zip(by_rule) {
            sum.0 += Lanes::splat(*list);
        }
        V::splat(by_rule.iter().sum())
    }

    /// Settles the contract year as far as it has come, and closes it when it ends with this step; `missing` is the part of
    /// the year's capacity that was due and not there, where that lowers minimums.
    #[inline(always)]
    pub fn settle(
        &mut self,
        plan: &Plan,
        (commitment, step, group): (usize, usize, usize),
        missing: Option<V>,
        (tally, fans): (&mut Tally, Option<&mut Fans>),
    ) -> Moved<V> {
        let (terms, year) = (&plan.commitments[commitment], plan.time.year[step]);
        let count = terms.shares.len();
        let list = &self.list[group * count..(group + 1) * count];
        let handed = (self.excess[group], self.credit[group]);
        let sums =
            match missing.filter(|_| plan.relief.as_ref().is_some_and(|relief| relief.lowers[commitment])) {
                Some(missing) => {
                    let left = (V::splat(1.0) - missing).most(V::splat(0.0));
                    self.rules[year].settle_relieved(list, handed, Eight(stored(left)))
                }
                None => self.rules[year].settle(list, handed.0, handed.1),
            };
        let zero = V::splat(0.0);
        let (charge, used) = (V::load(&sums.charge.0), V::load(&sums.credit_used.0));
        let (counted, due) = (V::load(&sums.counted.0), charge - used);
        let mut moved = Moved {
            counted: counted - self.counted[group],
            charge: charge - self.charged[group],
            cash: due - self.due[group],
            drawn: self.closed[group] + counted,
            shortfall: zero,
            expired: zero,
        };
        if !plan.time.closes[step] {
            (self.charged[group], self.due[group], self.counted[group]) = (charge, due, counted);
            return moved;
        }
        moved.shortfall = V::load(&sums.shortfall.0);
        moved.cash += moved.shortfall;
        moved.expired = V::load(&self.credit[group].0) - used;
        let place = year_place(plan, commitment, year);
        let sum = &mut tally.years[place];
        let short = V::splat(ROUNDING * terms.minimums[year]).below(moved.shortfall);
        add(&mut sum.short, V::select(short, V::splat(1.0), zero));
        add(&mut sum.shortfall, moved.shortfall);
        add(&mut sum.counted, counted);
        add(&mut sum.charge, charge);
        add(&mut sum.cash, due + moved.shortfall);
        add(&mut sum.expired, moved.expired);
        add(&mut sum.excess, V::load(&sums.excess_out.0));
        if let (Some(missing), Some(relief)) = (missing, &plan.relief)
            && relief.lowers[commitment]
        {
            add(&mut sum.relief, missing.least(V::splat(1.0)) * V::splat(terms.minimums[year]));
        }
        if let Some(fans) = fans {
            fans.wholes.add(wholes(plan) + place, moved.shortfall);
        }
        let on = terms.hands_on[year];
        self.excess[group] = if on { sums.excess_out } else { NOTHING };
        self.credit[group] = if on { sums.credit_out } else { NOTHING };
        self.list[group * count..(group + 1) * count].fill(NOTHING);
        (self.charged[group], self.due[group], self.counted[group]) = (zero, zero, zero);
        self.closed[group] = moved.drawn;
        moved
    }
}
