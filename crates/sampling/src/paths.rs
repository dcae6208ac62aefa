//! The shocks of many paths at once: for each step and factor a standard normal number, correlated across
//! factors, independent across steps.

use crate::bridge::Bridge;
use crate::correlation::Correlation;
use crate::elementary;
use crate::error::Error;
use crate::lanes::{LANES, Lanes};
use crate::random::Random;
use crate::sobol::{DIMENSIONS, Sobol};

/// How many groups of lanes a block has.
pub const GROUPS: usize = 8;
/// How many paths a block has.
pub const BLOCK: usize = GROUPS * LANES;
/// The streams of [`Random`] for either set.
const SHOCKS: [u32; 2] = [u32::MAX - 1, u32::MAX - 2];

/// How the random numbers are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// Independent random numbers.
    Random,
    /// Scrambled Sobol points through a Brownian bridge: far closer for the same number of paths. Dimensions
    /// beyond the table are random.
    Sobol,
}

/// Makes shocks, a block of 64 paths at a time.
#[derive(Debug, Clone)]
pub struct Paths {
    bridge: Bridge,
    correlation: Correlation,
    random: Random,
    /// The points, and those of the independent second set.
    sobol: Option<[Sobol; 2]>,
}

impl Paths {
    /// Paths of `steps` steps of as many factors as `correlation` has.
    ///
    /// # Errors
    /// When there is no step or no factor.
    pub fn new(steps: usize, correlation: Correlation, design: Design, seed: u64) -> Result<Self, Error> {
        let dimensions = steps * correlation.factors();
        let sobol = match design {
            Design::Random => None,
            Design::Sobol => {
                let first = Sobol::scrambled(0, dimensions.min(DIMENSIONS), seed)?;
                let rest = dimensions.min(DIMENSIONS - 1);
                let second = Sobol::scrambled(rest, dimensions.min(DIMENSIONS - rest), seed)?;
                Some([first, second])
            }
        };
        Ok(Self { bridge: Bridge::new(steps), correlation, random: Random::new(seed), sobol })
    }

    /// How many steps a path has.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.bridge.steps()
    }

    /// How many factors there are.
    #[must_use]
    pub fn factors(&self) -> usize {
        self.correlation.factors()
    }

    /// The shocks of block `block` (paths `64 · block` on), step after step and in it factor after factor:
    /// `out[step * factors + factor][group].0[lane]` is that of path `64 · block + 8 · group + lane`. Fills
    /// as much of `out` as there are steps.
    ///
    /// Factors whose bit is set in `second` are drawn from a second, independent set before they are
    /// correlated: the frozen factors of a sensitivity design keep theirs (0 for plain paths).
    pub fn fill(&self, block: u32, second: u64, out: &mut [[Lanes; GROUPS]]) {
        let factors = self.factors();
        for path in 0..BLOCK {
            let mut normals = vec![0.0; self.steps()];
            let mut walk = vec![0.0; self.steps()];
            for factor in 0..factors {
                for (nth, normal) in normals.iter_mut().enumerate() {
                    let set = (second >> factor & 1) as usize;
                    let dimension = nth * factors + factor;
                    let index = block * BLOCK as u32 + path as u32;
                    let uniform = match &self.sobol {
                        Some(sobol) if dimension < sobol[set].dimensions() => {
                            sobol[set].point(index, dimension)
                        }
                        _ => self.random.uniform(SHOCKS[set], u64::from(index), dimension as u32),
                    };
                    *normal = elementary::inverse_normal(uniform);
                }
                if self.sobol.is_some() {
                    self.bridge.build(&normals, &mut walk);
                    for step in (1..walk.len()).rev() {
                        walk[step] -= walk[step - 1];
                    }
                } else {
                    walk.copy_from_slice(&normals);
                }
                for (step, shock) in walk.iter().enumerate() {
                    out[step * factors + factor][path / LANES].0[path % LANES] = *shock;
                }
            }
            for step in 0..self.steps() {
                let mut shocks: Vec<f64> = (0..factors)
                    .map(|factor| out[step * factors + factor][path / LANES].0[path % LANES])
                    .collect();
                self.correlation.apply(&mut shocks);
                for (factor, shock) in shocks.iter().enumerate() {
                    out[step * factors + factor][path / LANES].0[path % LANES] = *shock;
                }
            }
        }
    }
}
