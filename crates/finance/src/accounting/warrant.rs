//! Warrants of the vendor that vest as the customer buys: a discount paid in shares.

use crate::{Error, number};
use contract::Ratio;

/// A warrant given by a vendor to its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VestOnPurchase {
    /// Shares in all.
    pub shares: Ratio,
    /// What one costs on exercise.
    pub strike: Ratio,
    /// Shares that vest at once.
    pub immediate: Ratio,
    /// Purchases that vest the rest, evenly.
    pub purchases: Ratio,
}

impl VestOnPurchase {
    /// What all shares are worth at `price` above their strike. With hurdles on the share price this is more than
    /// the grant-date fair value.
    pub fn intrinsic(&self, price: Ratio) -> Ratio {
        self.shares * (price - self.strike).max(Ratio::ZERO)
    }

    /// What all shares are worth at `price`, the strike not counted.
    pub fn gross(&self, price: Ratio) -> Ratio {
        self.shares * price
    }

    /// The share that vests at once.
    pub fn immediate_share(&self) -> Ratio {
        self.immediate / self.shares
    }

    /// Purchases for each share after those that vest at once.
    pub fn purchases_per_share(&self) -> Ratio {
        self.purchases / (self.shares - self.immediate)
    }

    /// Shares vested after these purchases; fractions of one are not rounded away.
    pub fn vested(&self, bought: Ratio) -> Ratio {
        let part = (bought / self.purchases).max(Ratio::ZERO).min(Ratio::ONE);
        self.immediate + (self.shares - self.immediate) * part
    }

    /// The discount that a warrant of this grant-date fair value comes to on what is bought.
    ///
    /// # Errors
    /// When nothing is to be bought.
    pub fn discount(fair_value: Ratio, purchases: Ratio) -> Result<Ratio, Error> {
        number(fair_value / purchases, "the discount by warrants")
    }

    /// What is taken off the revenue of these purchases: the grant-date fair value of what they vest.
    pub fn contra_revenue(&self, fair_value: Ratio, bought_before: Ratio, bought: Ratio) -> Ratio {
        let vested = self.vested(bought_before + bought) - self.vested(bought_before);
        fair_value * (vested / self.shares)
    }
}
