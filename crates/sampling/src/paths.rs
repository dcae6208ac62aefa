//! The shocks of many paths at once: for each step and factor a standard normal number, correlated across
//! factors, independent across steps.

use crate::bridge::Bridge;
use crate::correlation::Correlation;
use crate::elementary::inverse_normal;
use crate::error::Error;
use crate::lanes::{LANES, Lanes};
use crate::random::Random;
use crate::row::Row;
use crate::sobol::{Block, DIMENSIONS, Sobol};
use crate::strata::{Strata, first_stratum};
use crate::vector::{Vector, unit};
use crate::wide::{Task, Wide, widest};

/// How many groups of lanes a block has.
pub const GROUPS: usize = 8;
/// How many paths a block has.
pub const BLOCK: usize = GROUPS * LANES;
/// A walk longer than this is a mistake.
const MOST_STEPS: usize = 1 << 16;
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
    steps: usize,
    correlation: Correlation,
    random: Random,
    quasi: Option<Quasi>,
}

/// Sobol points through a bridge.
#[derive(Debug, Clone)]
struct Quasi {
    bridge: Bridge,
    strata: Box<Strata>,
    /// Of the points and of the independent second set, by factor.
    points: [Vec<Points>; 2],
}

/// The points of one factor, in the dimensions there are direction numbers for, by [`Bridge::order`].
#[derive(Debug, Clone)]
struct Points {
    sobol: Sobol,
    blocks: Vec<Block>,
}

impl Paths {
    /// Paths of `steps` steps of as many factors as `correlation` has.
    ///
    /// # Errors
    /// When there is no step or no factor, or more than 64 factors.
    pub fn new(steps: usize, correlation: Correlation, design: Design, seed: u64) -> Result<Self, Error> {
        let (factors, most) = (correlation.factors(), u64::BITS as usize);
        if factors == 0 || factors > most {
            return Err(Error::Size { what: "factors", found: factors, most });
        }
        if steps == 0 || steps > MOST_STEPS {
            return Err(Error::Size { what: "steps", found: steps, most: MOST_STEPS });
        }
        let quasi = match design {
            Design::Random => None,
            Design::Sobol => Some(Quasi::new(steps, factors, seed)?),
        };
        Ok(Self { steps, correlation, random: Random::new(seed), quasi })
    }

    /// How many steps a path has.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// How many factors there are.
    #[must_use]
    pub fn factors(&self) -> usize {
        self.correlation.factors()
    }

    /// The shocks of block `block` (paths `64 · block` on), step after step and in it factor after factor:
    /// `out[step * factors + factor][group].0[lane]` is that of path `64 · block + 8 · group + lane`.
    ///
    /// Factors whose bit is set in `second` are drawn from a second, independent set before they are
    /// correlated: so a sensitivity design takes some factors from one and the rest from the other (0 for
    /// plain paths).
    ///
    /// # Panics
    /// When `out` is shorter than steps times factors.
    pub fn fill(&self, block: u32, second: u64, out: &mut [[Lanes; GROUPS]]) {
        widest(Fill { paths: self, block, second, out });
    }

    /// [`Paths::fill`] within a task.
    #[inline(always)]
    pub fn fill_in<V: Wide>(&self, block: u32, second: u64, out: &mut [[Lanes; GROUPS]]) {
        let factors = self.factors();
        let out = &mut out[..self.steps * factors];
        let mut walk = vec![[Lanes::ZERO; GROUPS]; self.steps];
        for factor in 0..factors {
            let draw = Draw { block, factor, set: usize::from(second >> factor & 1 == 1) };
            match &self.quasi {
                Some(quasi) => {
                    let known = quasi.walk::<V>(draw, &mut walk);
                    self.random::<V>(draw, known, |nth, normal| {
                        quasi.bridge.nodes[nth].set(Row::<V, GROUPS>::load(normal), &mut walk);
                    });
                    differences::<V>(&walk, out[factor..].iter_mut().step_by(factors));
                }
                None => {
                    self.random::<V>(draw, 0, |step, normal| out[step * factors + factor] = *normal);
                }
            }
        }
        for step in out.chunks_exact_mut(factors) {
            self.correlation.correlate::<V>(step);
        }
    }

    /// Random normal numbers, from the `first`th on, given to `take` one after the other.
    #[inline(always)]
    fn random<V: Wide>(&self, draw: Draw, first: usize, mut take: impl FnMut(usize, &[Lanes; GROUPS])) {
        let pairs = self.steps.div_ceil(2);
        for pair in first / 2..pairs {
            let mut normals = [[Lanes::ZERO; GROUPS]; 2];
            let [evens, odds] = &mut normals;
            let both = evens.as_chunks_mut::<2>().0.iter_mut().zip(odds.as_chunks_mut().0);
            let paths = (u64::from(draw.block) * BLOCK as u64..).step_by(2 * LANES);
            #[expect(clippy::cast_possible_truncation, reason = "64 factors of 2^16 steps are below 2^32")]
            let address = (draw.factor * pairs + pair) as u32;
            for ((evens, odds), path) in both.zip(paths) {
                let uniforms = self.random.uniforms::<Row<V, 2>>(SHOCKS[draw.set], path, address);
                let [even, odd] = inverse_normal(Row(uniforms)).0;
                even.store(evens);
                odd.store(odds);
            }
            for (nth, normals) in (2 * pair..self.steps).zip(&normals).skip_while(|(nth, _)| *nth < first) {
                take(nth, normals);
            }
        }
    }
}

/// What is drawn: a factor of a block, from the first (0) or the second set.
#[derive(Debug, Clone, Copy)]
struct Draw {
    block: u32,
    factor: usize,
    set: usize,
}

/// The steps of a walk from its points.
#[inline(always)]
fn differences<'a, V: Wide>(walk: &[[Lanes; GROUPS]], steps: impl Iterator<Item = &'a mut [Lanes; GROUPS]>) {
    let mut before = Row::<V, GROUPS>::splat(0.0);
    for (step, point) in steps.zip(walk) {
        let here = Row::load(point);
        (here - before).store(step);
        before = here;
    }
}

impl Quasi {
    fn new(steps: usize, factors: usize, seed: u64) -> Result<Self, Error> {
        // The most important number of each factor first, then the next of each, and so on.
        let points = |set: usize| -> Result<Vec<Points>, Error> {
            let dimensions =
                |factor: usize| (0..steps).map(move |nth| (set * steps + nth) * factors + factor);
            let known = |factor| dimensions(factor).take_while(|dimension| *dimension < DIMENSIONS);
            (0..factors).map(|factor| Ok(Points::new(Sobol::scrambled(known(factor), seed)?))).collect()
        };
        let points = [points(0)?, points(1)?];
        Ok(Self { bridge: Bridge::new(steps), strata: Box::new(Strata::new()), points })
    }

    /// The walk of a factor in a block, as far as there are points; how many of the bridge's nodes are set.
    #[inline(always)]
    fn walk<V: Wide>(&self, draw: Draw, walk: &mut [[Lanes; GROUPS]]) -> usize {
        let points = &self.points[draw.set][draw.factor];
        let mut starts = Vec::new();
        points.sobol.start(draw.block, &mut starts);
        let firsts: Vec<(u64, u64)> =
            points.blocks.iter().zip(&starts).map(|(block, start)| block.first(*start)).collect();
        let ends = points.ends::<V>(&firsts);
        let known = points.blocks.iter().zip(firsts).zip(ends).zip(&self.bridge.nodes);
        for (((block, (stratum, first)), ends), node) in known {
            let in_order = self.strata.quantiles::<V>(block, first, ends);
            node.set(Row(V::pick(in_order, block.strata(stratum))), walk);
        }
        points.blocks.len()
    }
}

impl Points {
    fn new(sobol: Sobol) -> Self {
        let blocks = (0..sobol.dimensions()).map(|at| sobol.block(at)).collect();
        Self { sobol, blocks }
    }

    /// The quantiles of the points in the first and the last stratum, in each dimension.
    #[inline(always)]
    fn ends<V: Wide>(&self, firsts: &[(u64, u64)]) -> Vec<[f64; 2]> {
        let bits = self.blocks.iter().zip(firsts).map(|(block, (_, first))| block.ends(*first));
        let mut places: Vec<Lanes> = vec![Lanes::ZERO; firsts.len().div_ceil(LANES / 2)];
        for (at, bits) in bits.enumerate() {
            let lanes = &mut places[at / (LANES / 2)].0[2 * (at % (LANES / 2))..];
            (lanes[0], lanes[1]) = (unit(bits[0]), unit(bits[1]));
        }
        for lanes in &mut places {
            first_stratum(V::load(lanes)).store(lanes);
        }
        let both = |at: usize| &places[at / (LANES / 2)].0[2 * (at % (LANES / 2))..];
        (0..firsts.len()).map(|at| [both(at)[0], -both(at)[1]]).collect()
    }
}

struct Fill<'a> {
    paths: &'a Paths,
    block: u32,
    second: u64,
    out: &'a mut [[Lanes; GROUPS]],
}

impl Task for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Wide>(self) {
        self.paths.fill_in::<V>(self.block, self.second, self.out);
    }
}
