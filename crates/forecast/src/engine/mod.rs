//! The paths: walked in sets, each set with its own scramble of the points, so that the sets' means tell how
//! sure the whole is.
//!
//! A set is always walked in one order on one thread, sets are added up in their own order, and counts are
//! whole numbers: so the answer has the same bits on any number of threads.

mod account;
mod block;
mod events;
mod histogram;
mod market;
mod purse;
mod releases;
mod sensitivity;
pub(crate) mod tally;
mod world;

pub(crate) use sensitivity::{GROUPS as SENSITIVITY_GROUPS, OUTPUTS as SENSITIVITY_OUTPUTS, sensitivity};
use tally::{Fans, Tally};

use crate::error::Error;
use crate::plan::Plan;
use crate::scenario::Scenario;
use block::{Block, Keep, Source};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use sampling::{BLOCK, Correlation, Design, Kernel, Lanes, Paths, Random, Task, Vector};
use std::sync::{Mutex, PoisonError};

/// How many sets the paths are walked in.
pub(crate) const SETS: u64 = 16;
/// About how many paths the histograms by step are filled from.
const FAN_PATHS: u64 = 65_536;

/// Told of paths that are done, from any thread.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);

/// What all paths come to.
pub(crate) struct Walked {
    /// Set by set, in their order.
    pub sets: Vec<Tally>,
    pub fans: Fans,
    /// How many paths the histograms by step are from.
    pub fan_paths: u64,
}

/// How many paths are walked where so many are asked for: whole blocks in every set.
pub(crate) fn rounded(paths: u64) -> u64 {
    let all = SETS * BLOCK as u64;
    paths.max(1).div_ceil(all) * all
}

/// Walks about `paths` paths.
pub(crate) fn walk(
    plan: &Plan,
    scenario: &Scenario,
    (paths, seed, design): (u64, u64, Design),
    progress: Progress<'_>,
) -> Result<Walked, Error> {
    let blocks = u32::try_from(rounded(paths) / SETS / BLOCK as u64).unwrap_or(u32::MAX);
    let fan_blocks = blocks.min(u32::try_from(FAN_PATHS / SETS / BLOCK as u64).unwrap_or(u32::MAX));
    let sources =
        (0..SETS).map(|set| source(plan, scenario, design, (seed, set))).collect::<Result<Vec<_>, _>>()?;
    let kernel = Kernel::best();
    let spare: Mutex<Vec<Fans>> = Mutex::new(Vec::new());
    let sets = sources.into_par_iter().map(|source| {
        let fans = spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut fans = fans.unwrap_or_else(|| Fans::new(plan));
        let tally = kernel.run(Set { plan, source: &source, blocks, fan_blocks, fans: &mut fans, progress });
        spare.lock().unwrap_or_else(PoisonError::into_inner).push(fans);
        tally
    });
    let sets: Vec<Tally> = sets.collect();
    let mut spare = spare.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter();
    let mut fans = spare.next().unwrap_or_else(|| Fans::new(plan));
    spare.for_each(|other| fans.merge(&other));
    let fan_paths = u64::from(fan_blocks) * SETS * BLOCK as u64;
    Ok(Walked { sets, fans, fan_paths })
}

fn source(
    plan: &Plan,
    scenario: &Scenario,
    design: Design,
    (seed, set): (u64, u64),
) -> Result<Source, Error> {
    let factors = crate::scenario::parameter::FACTORS.len();
    let row = |row: usize| (0..factors).map(|column| scenario.correlation(row, column)).collect();
    let correlation = Correlation::new(&(0..factors).map(row).collect::<Vec<Vec<f64>>>());
    let wrong = |error: sampling::Error| Error::clause(error.to_string());
    let mixed = |number: u64| Random::new(seed).bits(u32::MAX - 7, set, u32::try_from(number).unwrap_or(0));
    let paths = Paths::new(plan.simulated(), correlation.map_err(wrong)?, design, mixed(0)).map_err(wrong)?;
    Ok(Source { paths, random: [Random::new(mixed(1)), Random::new(mixed(2))] })
}

/// One set of paths.
struct Set<'a> {
    plan: &'a Plan,
    source: &'a Source,
    blocks: u32,
    fan_blocks: u32,
    fans: &'a mut Fans,
    progress: Progress<'a>,
}

impl Task for Set<'_> {
    type Output = Tally;

    #[inline(always)]
    fn run<V: Vector<Stored = Lanes>>(self) -> Tally {
        let mut tally = Tally::new(self.plan);
        let mut block = Block::<V>::new(self.plan);
        for number in 0..self.blocks {
            // The first blocks fill them, and those in a row: so they stay in the cache while they are filled.
            let keep = Keep { fan: number < self.fan_blocks, sample: number == 0 };
            block.walk(self.source, (number, 0), keep, &mut tally, self.fans);
            (self.progress)(BLOCK as u64);
        }
        tally
    }
}
