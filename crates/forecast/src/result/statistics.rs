//! Means with their standard errors, and quantiles.

use crate::engine::Walked;
use crate::engine::tally::{CONTROLS, Tally};
use crate::plan::Plan;
use sampling::Lanes;
use serde::Serialize;

/// A mean and its standard error, from the means of the sets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// Its standard error.
    pub error: f64,
}

/// A mean and quantiles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fan {
    /// The mean.
    pub mean: f64,
    /// One path in twenty stays below.
    pub p5: f64,
    /// One in four.
    pub p25: f64,
    /// Half.
    pub p50: f64,
    /// Three in four.
    pub p75: f64,
    /// Nineteen in twenty.
    pub p95: f64,
}

/// A mean with its standard error, the deviation of paths, and quantiles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    /// The mean, mended by control variates.
    pub mean: f64,
    /// Its standard error.
    pub error: f64,
    /// The standard deviation of paths.
    pub deviation: f64,
    /// One path in twenty stays below.
    pub p5: f64,
    /// One in four.
    pub p25: f64,
    /// Half.
    pub p50: f64,
    /// Three in four.
    pub p75: f64,
    /// Nineteen in twenty.
    pub p95: f64,
}

/// The shares of paths that quantiles are given for.
pub(crate) const SHARES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// To ten digits: more would be noise.
pub(crate) fn digits(number: f64) -> f64 {
    if !number.is_finite() || number == 0.0 {
        return if number.is_finite() { 0.0 } else { number };
    }
    format!("{number:.9e}").parse().unwrap_or(number)
}

impl Fan {
    pub(crate) fn new(mean: f64, quantile: impl Fn(f64) -> f64) -> Self {
        let [p5, p25, p50, p75, p95] = SHARES.map(|share| digits(quantile(share)));
        Self { mean: digits(mean), p5, p25, p50, p75, p95 }
    }
}

impl Mean {
    /// From each set's mean.
    pub(crate) fn of(means: &[f64]) -> Self {
        let count = means.len() as f64;
        let mean = means.iter().sum::<f64>() / count;
        let variance = means.iter().map(|each| (each - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
        Self { mean: digits(mean), error: digits((variance / count).sqrt()) }
    }
}

/// The sets and what is known about their controls.
pub(crate) struct Statistics<'a> {
    pub walked: &'a Walked,
    /// What is expected of each control.
    pub expected: [f64; CONTROLS],
    sums: [f64; CONTROLS],
    squares: [f64; 3],
    count: f64,
}

impl<'a> Statistics<'a> {
    pub fn new(plan: &Plan, walked: &'a Walked) -> Self {
        let closing = |place: &usize| plan.time.closes[plan.now + *place];
        let demand = (0..plan.simulated()).filter(closing).map(|place| plan.control_weights[place]).sum();
        let all = |of: &dyn Fn(&Tally) -> Lanes| walked.sets.iter().map(|set| of(set).sum()).sum::<f64>();
        Self {
            expected: [demand, 1.0],
            sums: [0, 1].map(|place| all(&|set| set.controls[place])),
            squares: [0, 1, 2].map(|place| all(&|set| set.control_squares[place])),
            count: walked.sets.iter().map(|set| set.paths as f64).sum(),
            walked,
        }
    }

    /// The mean of each control over all paths.
    pub fn seen(&self) -> [f64; CONTROLS] {
        self.sums.map(|sum| sum / self.count)
    }

    /// A mean of something kept in each set.
    pub fn mean(&self, of: impl Fn(&Tally) -> f64) -> Mean {
        let means: Vec<f64> = self.walked.sets.iter().map(|set| of(set) / set.paths as f64).collect();
        Mean::of(&means)
    }

    /// A whole of the paths.
    pub fn whole(&self, place: usize) -> Summary {
        let sets = &self.walked.sets;
        let sum: f64 = sets.iter().map(|set| set.wholes[place].sum.sum()).sum();
        let square: f64 = sets.iter().map(|set| set.wholes[place].square.sum()).sum();
        let mean = sum / self.count;
        let variance = (square / self.count - mean * mean).max(0.0);
        // What is all rounding varies not at all.
        let variance = if variance <= 1e-14 * mean * mean { 0.0 } else { variance };
        let weights = if variance > 0.0 { self.weights(place, mean) } else { [0.0; CONTROLS] };
        let means: Vec<f64> = sets
            .iter()
            .map(|set| {
                let paths = set.paths as f64;
                let mends = (0..CONTROLS).map(|control| {
                    weights[control] * (set.controls[control].sum() / paths - self.expected[control])
                });
                set.wholes[place].sum.sum() / paths - mends.sum::<f64>()
            })
            .collect();
        let Mean { mean, error } = Mean::of(&means);
        let [p5, p25, p50, p75, p95] =
            SHARES.map(|share| digits(self.walked.fans.wholes.quantile(place, share)));
        Summary { mean, error, deviation: digits(variance.sqrt()), p5, p25, p50, p75, p95 }
    }

    /// How much of a whole moves with each control: least squares over all paths.
    fn weights(&self, place: usize, mean: f64) -> [f64; CONTROLS] {
        let seen = self.seen();
        let with = [0, 1].map(|control| {
            let sum: f64 = self.walked.sets.iter().map(|set| set.wholes[place].with[control].sum()).sum();
            sum / self.count - mean * seen[control]
        });
        let varies = |variance: f64, seen: f64| if variance > 1e-12 * seen * seen { variance } else { 0.0 };
        let a = varies(self.squares[0] / self.count - seen[0] * seen[0], seen[0]);
        let b = varies(self.squares[1] / self.count - seen[1] * seen[1], seen[1]);
        let both = self.squares[2] / self.count - seen[0] * seen[1];
        match (a > 0.0, b > 0.0, a * b - both * both) {
            (true, true, left) if left > 1e-9 * a * b => {
                [(with[0] * b - with[1] * both) / left, (with[1] * a - with[0] * both) / left]
            }
            (true, _, _) => [with[0] / a, 0.0],
            (false, true, _) => [0.0, with[1] / b],
            _ => [0.0; CONTROLS],
        }
    }

    /// Mean and quantiles of a series at a step; `place` is its place in the step's row.
    pub fn step(&self, row: usize, place: usize, series: usize) -> Fan {
        let at = row * series + place;
        let sum: f64 = self.walked.sets.iter().map(|set| set.sums[at].sum()).sum();
        Fan::new(sum / self.count, |share| self.walked.fans.steps.quantile(at, share))
    }

    /// The mean of a series at a place among all steps'.
    pub fn step_mean(&self, at: usize) -> f64 {
        self.total(|set| set.sums[at].sum()) / self.count
    }

    /// The plain mean of a whole.
    pub fn whole_mean(&self, place: usize) -> f64 {
        self.total(|set| set.wholes[place].sum.sum()) / self.count
    }

    /// How many paths there are.
    pub fn count(&self) -> f64 {
        self.count
    }

    /// A sum over all paths.
    pub fn total(&self, of: impl Fn(&Tally) -> f64) -> f64 {
        self.walked.sets.iter().map(of).sum()
    }
}
