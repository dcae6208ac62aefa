//! Closed forms, to check simulations against and to take out of them what is known.
//!
//! Where a formula asks for a `deviation` it is that of the logarithm at the time in question: σ√T.

use crate::elementary::{exp, ln};
use std::f64::consts::TAU;

/// −ζ(½)/√(2π): how far, in step deviations, a barrier looked at once a step lies further off than one
/// looked at all the time (Broadie, Glasserman, Kou 1997).
const MONITORING: f64 = 0.582_597_157_939_010_6;

/// The probability that a standard normal number is at most `x`, to 10⁻¹⁵; in the lower tail, to 10⁻¹² of
/// itself. A series in the middle (Marsaglia 2004), a continued fraction outside.
#[must_use]
pub fn normal_probability(x: f64) -> f64 {
    let density = exp(-x * x / 2.0) / TAU.sqrt();
    if x.abs() < 3.0 {
        let (mut sum, mut term) = (x, x);
        for odd in (3..120).step_by(2) {
            term *= x * x / f64::from(odd);
            sum += term;
        }
        0.5 + density * sum
    } else {
        let size = x.abs();
        let fraction = (1..=80).rev().fold(size, |rest, step| size + f64::from(step) / rest);
        let outside = density / fraction;
        if x > 0.0 { 1.0 - outside } else { outside }
    }
}

/// What the right to sell at `strike` what is expected to cost `forward` is worth at the time (not
/// discounted); lognormal (Black 1976). A take-or-pay year's shortfall is this, with the minimum as strike.
#[must_use]
pub fn put(forward: f64, strike: f64, deviation: f64) -> f64 {
    let upper = (ln(forward / strike) + deviation * deviation / 2.0) / deviation;
    strike * normal_probability(deviation - upper) - forward * normal_probability(-upper)
}

/// What the right to buy is worth: see [`put`].
#[must_use]
pub fn call(forward: f64, strike: f64, deviation: f64) -> f64 {
    forward - strike + put(forward, strike, deviation)
}

/// What the right to give `given` and get `got` is worth, both lognormal (Margrabe 1978).
#[must_use]
pub fn exchange(got: f64, given: f64, deviations: [f64; 2], correlation: f64) -> f64 {
    let [a, b] = deviations;
    call(got, given, (a * a + b * b - 2.0 * correlation * a * b).sqrt())
}

/// The probability that a walk of `drift` and `deviation` a unit of time, from nothing, has been at
/// `barrier` (above nothing) or over it by `time`, looked at all the time.
#[must_use]
pub fn first_passage(barrier: f64, drift: f64, deviation: f64, time: f64) -> f64 {
    let spread = deviation * time.sqrt();
    let mirrored = exp(2.0 * drift * barrier / (deviation * deviation));
    normal_probability((drift * time - barrier) / spread)
        + mirrored * normal_probability((-drift * time - barrier) / spread)
}

/// [`first_passage`] looked at `looks` times only, evenly, the last at `time`; right to about a hundredth
/// from a dozen looks on.
#[must_use]
pub fn first_passage_observed(barrier: f64, drift: f64, deviation: f64, time: f64, looks: u32) -> f64 {
    let further = MONITORING * deviation * (time / f64::from(looks)).sqrt();
    first_passage(barrier + further, drift, deviation, time)
}

/// Mean and variance of a sum of lognormal amounts: `means` of each, `covariance` of the logarithms of two.
pub fn lognormal_sum(means: &[f64], covariance: impl Fn(usize, usize) -> f64) -> (f64, f64) {
    let mut variance = 0.0;
    for (i, a) in means.iter().enumerate() {
        for (j, b) in means.iter().enumerate() {
            variance += a * b * (exp(covariance(i, j)) - 1.0);
        }
    }
    (means.iter().sum(), variance)
}
