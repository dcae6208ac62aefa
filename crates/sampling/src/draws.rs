//! Draws of events and sizes, each from one uniform or one normal number.

use crate::elementary::{exp, ln};

/// Whether an event of probability `p` happens, from a uniform number.
#[inline(always)]
#[must_use]
pub fn bernoulli(uniform: f64, p: f64) -> bool {
    uniform < p
}

/// The waiting time for an event that happens `rate` times a unit of time, from a uniform number; endless
/// for a rate of nothing.
#[inline(always)]
#[must_use]
pub fn exponential(uniform: f64, rate: f64) -> f64 {
    -ln(uniform) / rate
}

/// How many events there are where `mean` are expected, from a uniform number by inversion. Meant for means
/// up to a few dozen (a month's jumps): the work grows with the mean, and the count ends at 1,000.
#[must_use]
pub fn poisson(uniform: f64, mean: f64) -> u32 {
    let mut probability = exp(-mean);
    let (mut below, mut count) = (probability, 0);
    while uniform > below && count < 1000 {
        count += 1;
        probability *= mean / f64::from(count);
        below += probability;
    }
    count
}

/// A size whose logarithm has mean `mu` and standard deviation `sigma`, from a normal number.
#[inline(always)]
#[must_use]
pub fn lognormal(normal: f64, mu: f64, sigma: f64) -> f64 {
    exp(sigma.mul_add(normal, mu))
}
