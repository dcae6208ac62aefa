//! Who is buying what: the signed difference between what the vendor gives and the equity it gets.
//!
//! d = given − fair value received, at contract inception. Above nothing it is a price concession to the
//! customer; below nothing the customer pays for part of the service with stock.

use super::citation::{self, Citation};
use crate::{Error, number};
use contract::Ratio;

/// What the vendor gives its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Money.
    #[default]
    Cash,
    /// The vendor's own shares, at fair value.
    OwnShares,
}

/// Both sides of the exchange at contract inception, in whole units of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// What the vendor gives.
    pub given: Ratio,
    /// In which form.
    pub form: Form,
    /// The fair value of the equity that the vendor receives; nothing when it receives none.
    pub received: Ratio,
    /// What the customer is expected to spend under the commitment.
    pub committed_spend: Ratio,
}

/// What the customer gives in return for a payment above the fair value of its equity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InReturn {
    /// Nothing distinct.
    #[default]
    Nothing,
    /// A distinct good or service of this fair value.
    Distinct(Ratio),
    /// A distinct good or service whose fair value cannot be reasonably estimated.
    DistinctOfUnknownValue,
}

/// Which way the concession goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// d > 0: consideration payable to the customer.
    PayableToCustomer,
    /// d = 0: an investment at fair value.
    None,
    /// d < 0: non-cash consideration from the customer.
    FromCustomer,
}

/// The signed allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// d: what was given less what was received.
    pub concession: Ratio,
    /// Which way it goes.
    pub direction: Direction,
    /// What the transaction price is reduced by: d, less what was paid for something distinct.
    pub reduction: Ratio,
    /// Committed spend less the reduction; it is more than the spend where stock was received.
    pub transaction_price: Ratio,
    /// The reduction for each unit of committed spend; below nothing compute is dearer than its price says.
    pub effective_discount: Ratio,
    /// What this rests on.
    pub citations: Vec<Citation>,
}

/// Allocates the exchange.
///
/// # Errors
/// When the committed spend is not above nothing, what is given or received is below it, or a number does not fit.
pub fn allocate(exchange: &Exchange, in_return: InReturn) -> Result<Allocation, Error> {
    let Exchange { given, received, committed_spend, .. } = *exchange;
    for (amount, what) in
        [(given, "what the vendor gives"), (received, "the fair value of the equity received")]
    {
        if amount < Ratio::ZERO {
            return Err(Error::Parameter { what, must: "must not be below nothing" });
        }
    }
    if !committed_spend.is_positive() {
        return Err(Error::Parameter { what: "the committed spend", must: "must be above nothing" });
    }
    let concession = number(given - received, "the concession")?;
    let direction = match (concession.is_positive(), concession == Ratio::ZERO) {
        (true, _) => Direction::PayableToCustomer,
        (_, true) => Direction::None,
        _ => Direction::FromCustomer,
    };
    let reduction = match (direction, in_return) {
        (Direction::PayableToCustomer, InReturn::Distinct(value)) => (concession - value).max(Ratio::ZERO),
        _ => concession,
    };
    let transaction_price = number(committed_spend - reduction, "the transaction price")?;
    let effective_discount = number(reduction / committed_spend, "the effective discount")?;
    let citations = citations(exchange.form, direction, in_return);
    Ok(Allocation { concession, direction, reduction, transaction_price, effective_discount, citations })
}

fn citations(form: Form, direction: Direction, in_return: InReturn) -> Vec<Citation> {
    let mut cited = vec![citation::COMBINATION, citation::FAIR_VALUE];
    match direction {
        Direction::PayableToCustomer => cited.extend([citation::PAYABLE, citation::PAYABLE_WHEN]),
        Direction::None => {}
        Direction::FromCustomer => cited.extend([citation::NONCASH, citation::NONCASH_LATER]),
    }
    if in_return != InReturn::Nothing {
        cited.push(citation::PAYABLE_DISTINCT);
    }
    if form == Form::OwnShares {
        cited.push(citation::EQUITY_TO_CUSTOMER);
    }
    cited
}

/// The fair value of equity bought for `paid` at a valuation of `price` when the company is worth `fair`, less a
/// discount for lack of marketability.
pub fn equity_received(paid: Ratio, price: Ratio, fair: Ratio, lack_of_marketability: Ratio) -> Ratio {
    paid * (fair / price) * (Ratio::ONE - lack_of_marketability)
}

/// The transaction price for each of `units`: what a gigawatt-year, or a million tokens, costs in effect.
pub fn price_per_unit(allocation: &Allocation, units: Ratio) -> Ratio {
    allocation.transaction_price / units
}
