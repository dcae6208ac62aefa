//! Whether time between payment and service hides a loan.

use super::citation::{self, Citation};
use contract::{Day, Ratio};

/// What is asked about a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinancingFacts {
    /// When it is paid.
    pub paid: Day,
    /// When the last of what it pays for is transferred.
    pub transferred: Day,
    /// Whether the customer alone decides when it is served.
    pub customer_decides_when: bool,
    /// Whether the gap has another reason than financing, such as security against non-performance.
    pub other_reason: bool,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Financing {
    /// Whether the price has to be adjusted for the time value of money, if that is material.
    pub significant: bool,
    /// Days between payment and transfer, whichever comes first.
    pub days: u32,
    /// Why.
    pub reason: &'static str,
    /// What this rests on.
    pub citation: Citation,
}

/// Flags a financing component: more than a year apart, with none of the exceptions.
pub fn financing(facts: &FinancingFacts) -> Financing {
    let (first, last) = (facts.paid.min(facts.transferred), facts.paid.max(facts.transferred));
    let (significant, reason) = if last <= first.plus_years(1) {
        (false, "a year or less lies between payment and transfer")
    } else if facts.customer_decides_when {
        (false, "paid in advance, and the customer decides when it is served")
    } else if facts.other_reason {
        (false, "the gap has another reason than financing")
    } else {
        (true, "more than a year lies between payment and transfer")
    };
    let days = first.days_until(last).unsigned_abs();
    Financing { significant, days, reason, citation: citation::FINANCING }
}

/// The interest in an amount paid `days` before transfer, at the rate the two would borrow at. A power, so `f64`.
pub fn financing_component(paid: Ratio, rate: f64, days: u32) -> f64 {
    paid.to_f64() * ((1.0 + rate).powf(f64::from(days) / 365.0) - 1.0)
}
