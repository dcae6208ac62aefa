//! Expected exposure to tranches that may or may not be released.

use crate::sum;
use contract::Ratio;

/// A tranche and the probability of its condition. When tranches are nested it is the probability given that
/// all before it were released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chance {
    /// How much.
    pub amount: Ratio,
    /// Between nothing and one.
    pub probability: Ratio,
}

/// The most there can be: what is funded and every tranche.
pub fn maximum(funded: Ratio, tranches: &[Chance]) -> Ratio {
    funded + sum(tranches.iter().map(|tranche| tranche.amount))
}

/// Expected, each tranche by its own probability alone.
pub fn expected_independent(funded: Ratio, tranches: &[Chance]) -> Ratio {
    funded + sum(tranches.iter().map(|tranche| tranche.amount * tranche.probability))
}

/// Expected, each tranche only after all before it: probabilities multiply.
pub fn expected_nested(funded: Ratio, tranches: &[Chance]) -> Ratio {
    let mut reached = Ratio::ONE;
    let expected = tranches.iter().map(|tranche| {
        reached = reached * tranche.probability;
        tranche.amount * reached
    });
    funded + sum(expected)
}
