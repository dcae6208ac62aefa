//! Sums, means and variances that do not depend on who added what when.
//!
//! Lanes are added in one order within a block; the blocks' sums then go into an exact accumulator, so that
//! blocks can be shared out among any number of threads and merged in any order.

use crate::lanes::{LANES, Lanes};

const LIMB_BITS: u32 = 32;
const LIMBS: usize = 67;
/// What a limb is worth, as powers of two: the first is below the smallest number there is, the last beyond
/// the largest.
const WORTH: std::ops::Range<i32> = -1088..1056;
/// After this many additions the limbs must be tidied: each addition is below 2³² in size.
const MOST_ADDITIONS: u32 = 1 << 30;

/// A sum of finite numbers without any rounding (a small superaccumulator, Neal 2015).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExactSum {
    limbs: [i64; LIMBS],
    additions: u32,
    /// Whether something was added that is not finite.
    lost: bool,
}

impl Default for ExactSum {
    fn default() -> Self {
        Self { limbs: [0; LIMBS], additions: 0, lost: false }
    }
}

impl ExactSum {
    /// Adds a number.
    #[expect(clippy::cast_possible_truncation, reason = "takes a number apart")]
    pub fn add(&mut self, x: f64) {
        let bits = x.to_bits();
        let exponent = (bits >> 52 & 2047) as u32;
        self.lost |= exponent == 2047;
        let mantissa = bits & (u64::MAX >> 12) | u64::from(exponent != 0) << 52;
        // The lowest bit of a mantissa is worth 2^-1074 or more: 14 bits above the lowest limb's.
        let position = exponent.max(1) + 13;
        let shifted = u128::from(mantissa) << (position % LIMB_BITS);
        let sign = if x < 0.0 { -1 } else { 1 };
        let limbs = self.limbs.iter_mut().skip((position / LIMB_BITS) as usize);
        for (part, limb) in (0..3).zip(limbs) {
            *limb += sign * i64::from((shifted >> (LIMB_BITS * part)) as u32);
        }
        self.additions += 1;
        if self.additions >= MOST_ADDITIONS {
            self.tidy();
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        other.tidy();
        self.tidy();
        for (limb, more) in self.limbs.iter_mut().zip(other.limbs) {
            *limb += more;
        }
        self.lost |= other.lost;
        self.tidy();
    }

    /// The sum, to a unit in the last place; no number when something was added that is not finite.
    #[must_use]
    pub fn value(&self) -> f64 {
        let mut tidy = self.clone();
        tidy.tidy();
        // The last limb alone carries the sign.
        let negative = tidy.limbs[LIMBS - 1] < 0;
        if negative {
            tidy.limbs.iter_mut().for_each(|limb| *limb = -*limb);
            tidy.tidy();
        }
        // Three limbs hold more than a number's digits.
        let limbs = WORTH.step_by(LIMB_BITS as usize).zip(tidy.limbs);
        let first = limbs.rev().skip_while(|(_, limb)| *limb == 0).take(3);
        let size: f64 = first.map(|(worth, limb)| scaled(small(limb), worth)).sum();
        match (tidy.lost, negative) {
            (true, _) => f64::NAN,
            (_, true) => -size,
            (_, false) => size,
        }
    }

    /// Carries, so that every limb but the last lies from 0 to 2³² − 1: then one sum has one form.
    fn tidy(&mut self) {
        let mut carried = 0;
        for limb in &mut self.limbs[..LIMBS - 1] {
            let whole = *limb + carried;
            (*limb, carried) = (whole & 0xffff_ffff, whole >> LIMB_BITS);
        }
        self.limbs[LIMBS - 1] += carried;
        self.additions = 0;
    }
}

/// A limb, or a count of paths, as a number: exact below 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "limbs and counts are below 2^53")]
fn small(whole: i64) -> f64 {
    whole as f64
}

/// A number times two to a whole power.
fn scaled(number: f64, exponent: i32) -> f64 {
    let (half, rest) = (exponent / 2, exponent - exponent / 2);
    let power = |exponent: i32| f64::from_bits(u64::try_from(exponent + 1023).unwrap_or(0) << 52);
    number * power(half) * power(rest)
}

/// Count, mean, variance and range of what went in.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    count: u64,
    sum: ExactSum,
    squares: ExactSum,
    range: (f64, f64),
}

impl Default for Moments {
    fn default() -> Self {
        let range = (f64::INFINITY, f64::NEG_INFINITY);
        Self { count: 0, sum: ExactSum::default(), squares: ExactSum::default(), range }
    }
}

impl Moments {
    /// Adds one number.
    pub fn add(&mut self, x: f64) {
        self.count += 1;
        self.sum.add(x);
        self.squares.add(x * x);
        self.range = (self.range.0.min(x), self.range.1.max(x));
    }

    /// Adds the paths of a block; which paths stand together in one call is part of the answer's last bits.
    pub fn add_lanes(&mut self, block: &[Lanes]) {
        let (mut sum, mut squares) = (Lanes::ZERO, Lanes::ZERO);
        let (mut least, mut most) = (Lanes::splat(self.range.0), Lanes::splat(self.range.1));
        for lanes in block {
            sum += *lanes;
            squares = lanes.mul_add(*lanes, squares);
            (least, most) = (lanes.least(least), lanes.most(most));
        }
        self.count += (block.len() * LANES) as u64;
        self.sum.add(sum.sum());
        self.squares.add(squares.sum());
        self.range = (
            least.0.into_iter().fold(self.range.0, f64::min),
            most.0.into_iter().fold(self.range.1, f64::max),
        );
    }

    /// Adds what another has seen.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
        self.range = (self.range.0.min(other.range.0), self.range.1.max(other.range.1));
    }

    /// How many numbers went in.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; no number when there were none.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum.value() / self.many()
    }

    /// Their variance, with one degree of freedom taken off.
    #[must_use]
    pub fn variance(&self) -> f64 {
        let (mean, count) = (self.mean(), self.many());
        ((self.squares.value() - count * mean * mean) / (count - 1.0)).max(0.0)
    }

    /// The standard error of the mean of independent paths; of quasi-random ones it says too much.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        (self.variance() / self.many()).sqrt()
    }

    fn many(&self) -> f64 {
        small(self.count.cast_signed())
    }

    /// The smallest and the largest; infinite the wrong way round when there were none.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        self.range
    }
}
