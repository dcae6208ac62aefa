//! Latencies in buckets: 32 to every doubling, so a quantile is at most 3.2 % above the truth, in 15 KiB.

use std::time::Duration;

const FINE: u32 = 5;
const PER_DOUBLING: u64 = 1 << FINE;
const BUCKETS: usize = 60 * 32; // 32 below 32, then 32 for each of the 59 other doublings

/// Durations in microseconds, counted by bucket.
#[derive(Debug, Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, max: 0 }
    }
}

impl Histogram {
    /// Counts one duration.
    pub fn record(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.counts[bucket(micros)] += 1;
        self.total += 1;
        self.max = self.max.max(micros);
    }

    /// Adds what `other` counted.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
        self.max = self.max.max(other.max);
    }

    /// The upper edge, in microseconds, of the bucket that holds the `per_mille`-th thousandth (500 is the
    /// median); zero when nothing was counted.
    pub fn quantile(&self, per_mille: u64) -> u64 {
        let rank = (self.total * per_mille).div_ceil(1_000).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return upper(index).min(self.max);
            }
        }
        self.max
    }

    /// The longest, in microseconds.
    pub fn max(&self) -> u64 {
        self.max
    }
}

/// Values below 32 have a bucket each; above, the five bits behind the leading one choose.
fn bucket(value: u64) -> usize {
    let shift = (64 - value.leading_zeros()).saturating_sub(FINE + 1);
    let index = u64::from(shift) * PER_DOUBLING + (value >> shift);
    usize::try_from(index).unwrap_or(BUCKETS - 1)
}

fn upper(index: usize) -> u64 {
    let index = u64::try_from(index).unwrap_or(0);
    if index < 2 * PER_DOUBLING {
        return index;
    }
    let shift = index / PER_DOUBLING - 1;
    let low = index - shift * PER_DOUBLING;
    ((low + 1) << shift).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_and_close_to_its_edge() {
        for value in (0..5_000).chain((0..58).map(|bits| 0x25 << bits)).chain([u64::MAX]) {
            let edge = upper(bucket(value));
            assert!(edge >= value, "{value} above its edge {edge}");
            assert!(edge - value <= value / 32, "{value} far from its edge {edge}");
        }
    }

    #[test]
    fn quantiles_of_a_known_run() {
        let mut run = Histogram::default();
        let mut other = Histogram::default();
        for micros in 1..=500 {
            run.record(Duration::from_micros(micros));
            other.record(Duration::from_micros(micros + 500));
        }
        assert_eq!(Histogram::default().quantile(500), 0);
        run.merge(&other);
        for (per_mille, exact) in [(500, 500), (900, 900), (990, 990), (1_000, 1_000)] {
            let found = run.quantile(per_mille);
            assert!((exact..=exact + exact / 31).contains(&found), "{per_mille}: {found}");
        }
        assert_eq!(run.max(), 1_000);
    }
}
