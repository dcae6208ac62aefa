//! What drives the deal: how much of each answer's variance each group of factors explains.

use super::block::{Block, HAPPENINGS, Keep, Source};
use super::tally::{Fans, Tally, Whole};
use super::{Progress, SETS, source};
use crate::error::Error;
use crate::plan::Plan;
use crate::scenario::Scenario;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use sampling::{BLOCK, Design, Kernel, Lanes, Sensitivity, Task, Vector};

/// The groups, in the order of the factors, and last what happens.
pub(crate) const GROUPS: [&str; 7] =
    ["demand", "price", "elasticity", "capacity", "equity", "power", "shocks"];

/// The wholes whose drivers are asked for; each party's value comes after them.
pub(crate) const OUTPUTS: [Whole; 4] = [Whole::Drawn, Whole::Shortfall, Whole::PresentCash, Whole::Released];

/// Sums for each output, from about `paths` paths in each of the nine runs.
pub(crate) fn sensitivity(
    plan: &Plan,
    scenario: &Scenario,
    (paths, seed, design): (u64, u64, Design),
    progress: Progress<'_>,
) -> Result<Vec<Sensitivity>, Error> {
    let blocks = u32::try_from(super::rounded(paths) / SETS / BLOCK as u64).unwrap_or(1);
    let sources =
        (0..SETS).map(|set| source(plan, scenario, design, (seed, set))).collect::<Result<Vec<_>, _>>()?;
    let kernel = Kernel::best();
    let sets = sources.into_par_iter();
    let sets: Vec<Vec<Sensitivity>> =
        sets.map(|source| kernel.run(Mixed { plan, source: &source, blocks, progress })).collect();
    let mut sums = vec![Sensitivity::new(GROUPS.len()); OUTPUTS.len() + plan.parties.len()];
    for set in sets {
        sums.iter_mut().zip(set).for_each(|(sum, part)| sum.merge(&part));
    }
    Ok(sums)
}

/// One set of paths, walked with each group from the second set in turn.
struct Mixed<'a> {
    plan: &'a Plan,
    source: &'a Source,
    blocks: u32,
    progress: Progress<'a>,
}

impl Task for Mixed<'_> {
    type Output = Vec<Sensitivity>;

    #[inline(always)]
    fn run<V: Vector<Stored = Lanes>>(self) -> Vec<Sensitivity> {
        let plan = self.plan;
        let outputs = OUTPUTS.len() + plan.parties.len();
        let mut sums = vec![Sensitivity::new(GROUPS.len()); outputs];
        let (mut tally, mut fans, mut block) = (Tally::new(plan), Fans::new(plan), Block::<V>::new(plan));
        let (one, all) = (1_u64, (HAPPENINGS << 1) - 1);
        let runs: Vec<u64> =
            [0, all].into_iter().chain((0..GROUPS.len()).map(|group| one << group)).collect();
        let keep = Keep { fan: false, sample: false };
        for number in 0..self.blocks {
            let mut answers: Vec<Vec<[Lanes; sampling::GROUPS]>> = Vec::with_capacity(runs.len());
            for second in &runs {
                block.walk(self.source, (number, *second), keep, &mut tally, &mut fans);
                let wholes = OUTPUTS.iter().map(|whole| block.whole(*whole));
                answers.push(wholes.chain((0..plan.parties.len()).map(|party| block.worth(party))).collect());
                (self.progress)(BLOCK as u64);
            }
            for (output, sum) in sums.iter_mut().enumerate() {
                let of = |run: usize| &answers[run][output];
                let mixed: Vec<&[Lanes; sampling::GROUPS]> = (2..runs.len()).map(of).collect();
                sum.add(of(0), of(1), &mixed);
            }
        }
        sums
    }
}
