//! Quantiles of many numbers in little room: counts in buckets whose width is a 256th of an octave.
//!
//! A quantile is off by at most 0.2 % of itself. Counts are whole numbers, so merging in any order gives the
//! same answer. For an exact quantile of numbers one has kept there is [`quantile`].

use crate::lanes::Lanes;

/// Bits of the mantissa that tell buckets apart.
const MANTISSA_BITS: u32 = 8;
/// Numbers nearer to nothing than 2⁻³⁰ count as nothing.
const NOTHING: f64 = 1.0 / (1u64 << 30) as f64;
/// The bucket of 2⁻³⁰, less one.
const OFFSET: i64 = ((NOTHING.to_bits() >> (52 - MANTISSA_BITS)) as i64) - 1;

/// A histogram that quantiles are read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quantiles {
    /// The bucket of the first count.
    first: i64,
    counts: Vec<u32>,
    total: u64,
}

impl Quantiles {
    /// Counts one number; what is no number is left out.
    pub fn add(&mut self, x: f64) {
        if !x.is_nan() {
            *self.count(bucket(x)) += 1;
            self.total += 1;
        }
    }

    /// Counts the paths of a block.
    pub fn add_lanes(&mut self, block: &[Lanes]) {
        for x in block.iter().flat_map(|lanes| lanes.0) {
            self.add(x);
        }
    }

    /// Adds what another has counted.
    pub fn merge(&mut self, other: &Self) {
        for (count, bucket) in other.counts.iter().zip(other.first..) {
            if *count > 0 {
                *self.count(bucket) += count;
            }
        }
        self.total += other.total;
    }

    /// How many numbers were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The number that a share `p` of all is at most; no number when there are none.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        let rank = p.clamp(0.0, 1.0) * self.total as f64;
        let mut below = 0.0;
        for (count, bucket) in self.counts.iter().zip(self.first..) {
            let count = f64::from(*count);
            if count > 0.0 && below + count >= rank {
                if bucket == 0 {
                    return 0.0;
                }
                let (low, high) = (edge(bucket), edge(bucket + 1));
                return low + (high - low) * (rank - below) / count;
            }
            below += count;
        }
        f64::NAN
    }

    /// The share of all that is at most `x`, to the bucket.
    #[must_use]
    pub fn share_at_most(&self, x: f64) -> f64 {
        let last = bucket(x);
        let counted = self.counts.iter().zip(self.first..).take_while(|(_, bucket)| *bucket <= last);
        counted.map(|(count, _)| f64::from(*count)).sum::<f64>() / self.total as f64
    }

    fn count(&mut self, bucket: i64) -> &mut u32 {
        if self.counts.is_empty() {
            self.first = bucket;
        }
        if bucket < self.first {
            let more = (self.first - bucket) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.first = bucket;
        }
        let at = (bucket - self.first) as usize;
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        &mut self.counts[at]
    }
}

/// Numbers in order have buckets in order; nothing has bucket 0.
#[inline(always)]
fn bucket(x: f64) -> i64 {
    let size = (x.abs().to_bits() >> (52 - MANTISSA_BITS)) as i64 - OFFSET;
    if x.abs() < NOTHING {
        0
    } else if x < 0.0 {
        -size
    } else {
        size
    }
}

/// The lower edge of a bucket.
fn edge(bucket: i64) -> f64 {
    let size = |bucket: i64| f64::from_bits(((bucket + OFFSET) as u64) << (52 - MANTISSA_BITS));
    match bucket {
        1.. => size(bucket),
        0 => 0.0,
        ..0 => -size(1 - bucket),
    }
}

/// The number that a share `p` of `numbers` is at most, interpolated between the two next to it, as NumPy
/// does by default. Reorders them; no number when there are none.
pub fn quantile(numbers: &mut [f64], p: f64) -> f64 {
    let Some(last) = numbers.len().checked_sub(1) else { return f64::NAN };
    let rank = p.clamp(0.0, 1.0) * last as f64;
    let whole = rank as usize;
    let (_, low, above) = numbers.select_nth_unstable_by(whole, f64::total_cmp);
    let low = *low;
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    low + (high - low) * (rank - whole as f64)
}
