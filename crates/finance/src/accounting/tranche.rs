//! When a tranche enters the books.

use super::citation::{self, Citation};
use contract::Ratio;

/// What is known about a tranche.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrancheFacts {
    /// Its condition is met.
    pub met: bool,
    /// Those who must agree have.
    pub signed: bool,
    /// Nothing else stands between the promise and the payment.
    pub unconditional: bool,
}

/// Whether it is booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booking {
    /// Whether it is in the books.
    pub booked: bool,
    /// What it waits for, or that it waits for nothing.
    pub reason: &'static str,
    /// What this rests on.
    pub citation: Citation,
}

/// A tranche is booked when it is met, signed and unconditional. Until then a probability may weigh it in a
/// forecast, never in the books; a right to invest later at a fixed price is valued as an instrument of its own.
pub fn booking(facts: &TrancheFacts) -> Booking {
    let (booked, reason) = match (facts.met, facts.signed, facts.unconditional) {
        (false, ..) => (false, "its condition is not met"),
        (_, false, _) => (false, "it is not signed off"),
        (_, _, false) => (false, "the promise is still conditional"),
        _ => (true, "met, signed off and unconditional"),
    };
    Booking { booked, reason, citation: citation::PAYABLE_WHEN }
}

/// The concession of a tranche weighed by its probability: for a forecast only.
pub fn expected_concession(concession: Ratio, probability: Ratio) -> Ratio {
    concession * probability
}
