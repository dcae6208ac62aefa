//! What is still owed on either side: the vendor's remaining performance obligation, the buyer's unconditional
//! purchase obligation, and what an onerous contract must provide for.

use super::citation::{self, Citation};
use crate::sum;
use contract::{Day, Ratio};

/// Years shown one by one.
const YEARS_SHOWN: u32 = 5;

/// Amounts still to come, by when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchaseObligation {
    /// All of it.
    pub total: Ratio,
    /// Each of the next five years from `as_of`.
    pub next: [Ratio; 5],
    /// After those.
    pub later: Ratio,
    /// What this rests on.
    pub citation: Citation,
}

/// The buyer's table: the fixed part of what it must pay, by year ahead of `as_of`. Each amount falls due at the
/// end of its contract year; what is due by then is no longer ahead.
pub fn purchase_obligation(due: &[(Day, Ratio)], as_of: Day) -> PurchaseObligation {
    bands(due, as_of, citation::PURCHASE_OBLIGATION)
}

/// The vendor's table: the transaction price of what it has not served, by year ahead of `as_of`. Only fixed
/// consideration belongs into `expected`, each amount on the day by which its service is complete.
pub fn remaining_performance_obligation(expected: &[(Day, Ratio)], as_of: Day) -> PurchaseObligation {
    bands(expected, as_of, citation::REMAINING)
}

fn bands(amounts: &[(Day, Ratio)], as_of: Day, citation: Citation) -> PurchaseObligation {
    let between = |from: Day, to: Option<Day>| {
        let within = amounts.iter().filter(|(day, _)| *day > from && to.is_none_or(|to| *day <= to));
        sum(within.map(|(_, amount)| *amount))
    };
    let year = |ahead: u32| between(as_of.plus_years(ahead), Some(as_of.plus_years(ahead + 1)));
    PurchaseObligation {
        total: between(as_of, None),
        next: [0, 1, 2, 3, 4].map(year),
        later: between(as_of.plus_years(YEARS_SHOWN), None),
        citation,
    }
}

/// Whether a contract is onerous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Onerous {
    /// What must be provided for; nothing when the contract is not onerous.
    pub provision: Ratio,
    /// Whether leaving is the cheaper way.
    pub leave: bool,
    /// What this rests on.
    pub citation: Citation,
}

/// The onerous contract test: the lower of the cost to fulfil and the cost to leave, less the benefits still
/// expected. Leaving brings no benefits, so each way stands with its own.
pub fn onerous(benefits: Ratio, cost_to_fulfil: Ratio, cost_to_leave: Ratio) -> Onerous {
    let fulfil = cost_to_fulfil - benefits;
    let provision = fulfil.min(cost_to_leave).max(Ratio::ZERO);
    Onerous { provision, leave: cost_to_leave < fulfil, citation: citation::ONEROUS }
}
