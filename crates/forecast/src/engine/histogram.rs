//! Many histograms in one piece: quantiles of a million paths without keeping the paths.
//!
//! Bins are the floating-point number's own: 32 to each doubling, so that a bin is at most 3.2 % wide; a
//! quantile is taken straight across its bin and never leaves what was seen. Counts are whole numbers, so
//! they add up to the same in any order.

use sampling::{LANES, Lanes, Vector};

/// Bits of the mantissa that tell bins apart.
const FINE: u32 = 5;
/// Doublings on either side of the scale.
const BELOW: u32 = 24;
const ABOVE: u32 = 12;
/// Bins of one sign.
const SIDE: usize = ((BELOW + ABOVE) << FINE) as usize;
/// The bin of what is nearly nothing.
const ZERO: usize = SIDE;
const BINS: usize = 2 * SIDE + 1;

/// Histograms of numbers, each with a scale of its own.
#[derive(Debug, Clone)]
pub(crate) struct Histograms {
    scales: Vec<f64>,
    counts: Vec<u32>,
    /// The least and the most seen, and how many.
    seen: Vec<(f64, f64, u64)>,
}

impl Histograms {
    /// One for each scale: the size that its numbers have.
    pub fn new(scales: Vec<f64>) -> Self {
        let len = scales.len();
        Self { scales, counts: vec![0; len * BINS], seen: vec![(f64::INFINITY, f64::NEG_INFINITY, 0); len] }
    }

    /// Adds the numbers of some paths.
    #[inline(always)]
    pub fn add<V: Vector<Stored = Lanes>>(&mut self, at: usize, values: V) {
        let mut lanes = Lanes::ZERO;
        values.store(&mut lanes);
        let by = 1.0 / self.scales[at];
        let seen = &mut self.seen[at];
        let (mut least, mut most) = (seen.0, seen.1);
        let mut bins = [0u32; LANES];
        for (bin, value) in bins.iter_mut().zip(lanes.0) {
            least = if value < least { value } else { least };
            most = if value > most { value } else { most };
            *bin = bin_of(value * by);
        }
        *seen = (least, most, seen.2 + LANES as u64);
        let counts = &mut self.counts[at * BINS..(at + 1) * BINS];
        for bin in bins {
            counts[bin as usize] += 1;
        }
    }

    /// Adds what another counted.
    pub fn merge(&mut self, other: &Self) {
        for (sum, part) in self.counts.iter_mut().zip(&other.counts) {
            *sum += part;
        }
        for (sum, part) in self.seen.iter_mut().zip(&other.seen) {
            *sum = (sum.0.min(part.0), sum.1.max(part.1), sum.2 + part.2);
        }
    }

    /// The number that a share of the paths stays at or below; not a number when nothing was seen.
    pub fn quantile(&self, at: usize, share: f64) -> f64 {
        let (least, most, count) = self.seen[at];
        if count == 0 {
            return f64::NAN;
        }
        let wanted = share * count as f64;
        let mut below = 0.0;
        for (bin, count) in self.counts[at * BINS..(at + 1) * BINS].iter().enumerate() {
            let after = below + f64::from(*count);
            if *count > 0 && after >= wanted {
                let (from, to) = edges(bin);
                let part = ((wanted - below) / f64::from(*count)).clamp(0.0, 1.0);
                return ((from + part * (to - from)) * self.scales[at]).clamp(least, most);
            }
            below = after;
        }
        most
    }

    /// The share of the paths that stays at or below a number.
    pub fn share_below(&self, at: usize, number: f64) -> f64 {
        let (least, most, count) = self.seen[at];
        if number >= most || count == 0 {
            return 1.0;
        }
        if number < least {
            return 0.0;
        }
        let number = number / self.scales[at];
        let mut below = 0.0;
        for (bin, count) in
            self.counts[at * BINS..(at + 1) * BINS].iter().enumerate().filter(|(_, count)| **count > 0)
        {
            let (from, to) = edges(bin);
            let part = if to > from {
                ((number - from) / (to - from)).clamp(0.0, 1.0)
            } else {
                f64::from(u8::from(number >= from))
            };
            below += part * f64::from(*count);
        }
        below / count as f64
    }

    /// The quantiles of what lies above nothing; none when nothing does.
    pub fn quantile_of_positive(&self, at: usize, share: f64) -> Option<f64> {
        let count: u64 =
            self.counts[at * BINS + ZERO + 1..(at + 1) * BINS].iter().map(|c| u64::from(*c)).sum();
        let whole = self.seen[at].2;
        let not = (whole - count) as f64 / whole.max(1) as f64;
        (count > 0).then(|| self.quantile(at, not + share * (1.0 - not)))
    }
}

/// The bin of a number in its scale.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the difference is clamped to the number of bins")]
fn bin_of(number: f64) -> u32 {
    const FIRST: i64 = (((1023 - BELOW as u64) << FINE) as i64) - 1;
    let size = ((number.abs().to_bits() >> (52 - FINE)) as i64 - FIRST).clamp(0, SIDE as i64) as i32;
    let signed = if number < 0.0 { -size } else { size };
    (ZERO as i32 + signed) as u32
}

/// Where a bin begins and ends, in its scale.
fn edges(bin: usize) -> (f64, f64) {
    let edge = |size: usize| match size {
        0 => 0.0,
        _ => f64::from_bits(((1023 - u64::from(BELOW)) << 52) + ((size as u64 - 1) << (52 - FINE))),
    };
    match bin {
        ZERO => (0.0, 0.0),
        _ if bin > ZERO => (edge(bin - ZERO), edge(bin - ZERO + 1)),
        _ => (-edge(ZERO - bin + 1), -edge(ZERO - bin)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_near_the_sorted_ones() {
        let random = sampling::Random::new(7);
        let mut numbers: Vec<f64> = (0..80_000)
            .map(|path| sampling::inverse_normal(random.uniform(0, path, 0)) * 3.0 + 1.0)
            .collect();
        let mut histograms = Histograms::new(vec![5.0]);
        for eight in numbers.chunks_exact(8) {
            histograms.add(0, Lanes(eight.try_into().unwrap()));
        }
        numbers.sort_by(f64::total_cmp);
        for share in [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] {
            let exact = numbers[(share * 80_000.0) as usize];
            assert!((histograms.quantile(0, share) - exact).abs() < 0.02, "{share}");
        }
    }

    #[test]
    fn what_never_moves_has_one_quantile() {
        let mut histograms = Histograms::new(vec![1e9, 1.0]);
        histograms.add(0, Lanes::splat(123_456_789.0));
        histograms.add(1, Lanes::splat(0.0));
        assert_eq!(histograms.quantile(0, 0.05), 123_456_789.0);
        assert_eq!(histograms.quantile(1, 0.95), 0.0);
        assert_eq!(histograms.quantile_of_positive(1, 0.5), None);
    }

    #[test]
    fn bins_hold_what_they_say() {
        for number in [1e-9, 0.5, 1.0, 1.01, 3.7, 1000.0, -2.5, -1e-5] {
            let (from, to) = edges(bin_of(number) as usize);
            assert!(number.abs() < 1e-7 || (from..=to).contains(&number), "{number} in {from}..{to}");
        }
        assert_eq!(bin_of(0.0), ZERO as u32);
        assert_eq!(bin_of(f64::INFINITY), (BINS - 1) as u32);
    }
}
