//! What the paths of one set come to: sums, counts and histograms, never the paths themselves.

use super::histogram::Histograms;
use crate::plan::Plan;
use sampling::{GROUPS, Lanes, Vector};

/// What is kept by step, beside what is net for each party so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Series {
    /// Drawn down so far.
    Drawn,
    /// List spend in the step.
    List,
    /// Due under the commitments in the step.
    Cash,
    /// Tranches released so far.
    Released,
    /// Gigawatts online.
    Online,
    /// Gigawatts that what is asked for needs.
    Needed,
    /// The issuer's value.
    Equity,
}

/// How many series there are beside the parties'.
pub(crate) const SERIES: usize = 7;

/// What is kept of each path as a whole, beside the parties' own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    /// Drawn down at the end.
    Drawn,
    /// List spend.
    List,
    /// Due under the commitments.
    Cash,
    /// Shortfalls.
    Shortfall,
    /// Credit that was not used.
    Expired,
    /// Tranches released.
    Released,
    /// What their equity is worth at the end.
    Holding,
    /// What is due, at the customer's rate.
    PresentCash,
    /// List spend that counts, at the customer's rate.
    PresentCounted,
    /// One less what is due over what counts.
    PriceDiscount,
    /// The same after what was paid for equity beyond its value.
    EffectiveDiscount,
    /// The utilisation at which own machines cost the same.
    SelfHost,
    /// The most gigawatts needed at once.
    PeakNeeded,
    /// The most by which what is needed exceeds what is online.
    PeakShort,
    /// Shares of revenue paid.
    Shared,
}

/// How many there are beside the parties'.
pub(crate) const WHOLES: usize = 15;
/// What is kept of each path for each party: value, value with equity, multiple.
pub(crate) const PER_PARTY: usize = 3;
/// Control variates.
pub(crate) const CONTROLS: usize = 2;

/// A commitment's year over many paths.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct YearTally {
    /// Paths that fall short.
    pub short: Lanes,
    pub shortfall: Lanes,
    pub counted: Lanes,
    pub charge: Lanes,
    pub cash: Lanes,
    pub expired: Lanes,
    pub excess: Lanes,
    /// What late capacity took off the minimum.
    pub relief: Lanes,
}

/// A whole of a path over many paths, with what it has in common with the controls.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WholeTally {
    pub sum: Lanes,
    pub square: Lanes,
    pub with: [Lanes; CONTROLS],
}

/// What the paths of one set come to. Counts are kept as numbers, eight side by side: they stay whole.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    pub paths: u64,
    /// By step and series.
    pub sums: Vec<Lanes>,
    pub wholes: Vec<WholeTally>,
    pub controls: [Lanes; CONTROLS],
    /// Squares of the controls and, last, their product.
    pub control_squares: [Lanes; 3],
    /// By commitment and year.
    pub years: Vec<YearTally>,
    /// By step and tranche: paths on which it is released at the step's end; the first row is signing.
    pub released: Vec<Lanes>,
    /// By step and party: paths on which it has its money back at the step's end; the first row is signing.
    pub payback: Vec<Lanes>,
    /// By step: paths on which more is needed than is online, and than was granted.
    pub beyond: Vec<[Lanes; 2]>,
    /// By step and share of revenue: what is paid; and by share, paths on which its cap is reached.
    pub shared: Vec<Lanes>,
    pub capped: Vec<Lanes>,
    /// By event: paths on which it happens, and how often.
    pub happened: Vec<u64>,
    pub times: Vec<u64>,
    /// Net flows of one block of paths ([`sample_place`]): for rates of return.
    pub sample: Vec<Lanes>,
}

/// How many series there are with the parties'.
pub(crate) fn series(plan: &Plan) -> usize {
    SERIES + plan.parties.len()
}

/// How many wholes there are with the parties'.
pub(crate) fn wholes(plan: &Plan) -> usize {
    WHOLES + PER_PARTY * plan.parties.len()
}

/// The place of a commitment's year among all.
pub(crate) fn year_place(plan: &Plan, commitment: usize, year: usize) -> usize {
    commitment * plan.time.years() + year
}

/// The place of a party's flow among those of the sample: signing, the steps, and what it holds at the end.
pub(crate) fn sample_place(plan: &Plan, party: usize, row: usize, group: usize) -> usize {
    (party * (plan.time.steps() + 2) + row) * GROUPS + group
}

/// Adds to a sum that is kept in memory.
#[inline(always)]
pub(crate) fn add<V: Vector<Stored = Lanes>>(sum: &mut Lanes, value: V) {
    (V::load(sum) + value).store(sum);
}

impl Tally {
    pub fn new(plan: &Plan) -> Self {
        let steps = plan.time.steps();
        Self {
            paths: 0,
            sums: vec![Lanes::ZERO; series(plan) * steps],
            wholes: vec![WholeTally::default(); wholes(plan)],
            controls: [Lanes::ZERO; CONTROLS],
            control_squares: [Lanes::ZERO; 3],
            years: vec![YearTally::default(); plan.commitments.len() * plan.time.years()],
            released: vec![Lanes::ZERO; plan.tranches.len() * (steps + 1)],
            payback: vec![Lanes::ZERO; plan.parties.len() * (steps + 1)],
            beyond: vec![[Lanes::ZERO; 2]; steps],
            shared: vec![Lanes::ZERO; plan.shares.len() * steps],
            capped: vec![Lanes::ZERO; plan.shares.len()],
            happened: vec![0; plan.events.len()],
            times: vec![0; plan.events.len()],
            sample: vec![Lanes::ZERO; plan.parties.len() * (steps + 2) * GROUPS],
        }
    }
}

/// The histograms of one thread.
#[derive(Debug, Clone)]
pub(crate) struct Fans {
    /// By step and series.
    pub steps: Histograms,
    /// The wholes, then shortfalls by commitment and year.
    pub wholes: Histograms,
}

impl Fans {
    pub fn new(plan: &Plan) -> Self {
        let money = plan.money_scale;
        let gigawatts = plan.market.capacity.as_ref().map_or(1.0, |capacity| capacity.ceiling.max(1e-6));
        let scale = |series: usize| match series {
            4 | 5 => gigawatts,
            6 => plan.market.equity_start.max(1e-9),
            _ => money,
        };
        let by_step = (0..plan.time.steps()).flat_map(|_| (0..series(plan)).map(scale)).collect();
        let mut wholes = vec![money; WHOLES];
        for ratio in [Whole::PriceDiscount, Whole::EffectiveDiscount, Whole::SelfHost] {
            wholes[ratio as usize] = 1.0;
        }
        wholes[Whole::PeakNeeded as usize] = gigawatts;
        wholes[Whole::PeakShort as usize] = gigawatts;
        plan.parties.iter().for_each(|_| wholes.extend([money, money, 1.0]));
        wholes.extend(vec![money; plan.commitments.len() * plan.time.years()]);
        Self { steps: Histograms::new(by_step), wholes: Histograms::new(wholes) }
    }

    pub fn merge(&mut self, other: &Self) {
        self.steps.merge(&other.steps);
        self.wholes.merge(&other.wholes);
    }
}
