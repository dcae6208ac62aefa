//! The circle of invest → spend → revenue, with exact sums: how much of the spend the vendor pays for itself.

use contract::Ratio;

/// A vendor that invests in its customer, over the whole term, in any one unit of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circle {
    /// What the vendor pays in.
    pub cash: Ratio,
    /// What the equity it gets is worth.
    pub equity: Ratio,
    /// What the customer spends.
    pub spend: Ratio,
    /// What serving that costs the vendor.
    pub cost: Ratio,
}

impl Circle {
    /// What the vendor is left with: spend − cost − cash + equity.
    pub fn vendor_surplus(&self) -> Ratio {
        self.spend - self.cost - self.cash + self.equity
    }

    /// What the customer pays out of other money: spend − cash.
    pub fn customer_net_cash(&self) -> Ratio {
        self.spend - self.cash
    }

    /// The signed price concession in each unit of spend: (cash − equity) ÷ spend. Below nothing the customer
    /// pays for compute with cheap stock.
    pub fn concession(&self) -> Ratio {
        (self.cash - self.equity) / self.spend
    }

    /// The share of the spend that the vendor's own money pays for; it says nothing about who gains.
    pub fn prefunded_share(&self) -> Ratio {
        self.cash / self.spend
    }
}
