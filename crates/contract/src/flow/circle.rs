//! The circle of money: who gives whom how much of what, in all, and where that leaves each party.
//!
//! What stays true: the totals of a kind are the sum of its flows, and what all parties are left with is nothing.

use super::{Flow, Kind};
use std::collections::BTreeMap;
use units::{Currency, Money, MoneyError};

/// All flows of one kind from one party to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// Who gives.
    pub from: String,
    /// Who receives.
    pub to: String,
    /// What it is.
    pub kind: Kind,
    /// How much in all.
    pub amount: Money,
}

/// What a party gave and got. Stock, discounts and rights to credit are no money and not in it; nor are tranches
/// that are not paid yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Net {
    /// Its name in the deal, or its role.
    pub party: String,
    /// Paid for tranches.
    pub invested: Money,
    /// Got for tranches.
    pub raised: Money,
    /// Due or paid ahead for spend and shares of revenue, less credit used and what prepayments cover.
    pub spent: Money,
    /// The same, from the other side.
    pub earned: Money,
    /// `raised` and `earned`, less `invested` and `spent`.
    pub net: Money,
}

/// The circle of invest, spend and revenue, with exact sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    /// By giver, receiver and kind.
    pub totals: Vec<Total>,
    /// By name.
    pub parties: Vec<Net>,
}

impl Kind {
    /// Whether it moves money, and what for.
    const fn part(self) -> Part {
        match self {
            Self::Tranche => Part::Equity,
            Self::Prepayment | Self::Charge | Self::Uncounted | Self::Shortfall | Self::RevenueShare => {
                Part::Spend
            }
            Self::Drawdown | Self::CreditUsed => Part::SpendBack,
            Self::TrancheDue
            | Self::Stock
            | Self::StockDue
            | Self::PrepaymentDue
            | Self::Discount
            | Self::Credit
            | Self::CreditExpired => Part::NoMoney,
        }
    }
}

enum Part {
    Equity,
    Spend,
    /// Takes something off spend.
    SpendBack,
    NoMoney,
}

/// Adds up the flows of a deal whose currency this is.
///
/// # Errors
/// When a sum does not fit.
pub fn circle(flows: &[Flow], currency: Currency) -> Result<Circle, MoneyError> {
    let nothing = Money::zero(currency);
    let mut sums: BTreeMap<(&str, &str, Kind), Money> = BTreeMap::new();
    for flow in flows {
        let (from, to) = flow.sides();
        let sum = sums.entry((from, to, flow.kind)).or_insert(nothing);
        *sum = sum.checked_add(flow.amount)?;
    }
    let mut parties: BTreeMap<&str, [Money; 4]> = BTreeMap::new();
    for ((from, to, kind), amount) in &sums {
        let (giving, getting, amount) = match kind.part() {
            Part::Equity => ((from, 0), (to, 1), *amount),
            Part::Spend => ((from, 2), (to, 3), *amount),
            Part::SpendBack => ((to, 2), (from, 3), nothing.checked_sub(*amount)?),
            Part::NoMoney => ((from, 0), (to, 1), nothing),
        };
        for (party, place) in [giving, getting] {
            let sum = &mut parties.entry(party).or_insert([nothing; 4])[place];
            *sum = sum.checked_add(amount)?;
        }
    }
    let total = |((from, to, kind), amount): (&(&str, &str, Kind), &Money)| Total {
        from: (*from).to_owned(),
        to: (*to).to_owned(),
        kind: *kind,
        amount: *amount,
    };
    Ok(Circle {
        totals: sums.iter().map(total).collect(),
        parties: parties.into_iter().map(|(party, sums)| net(party, sums)).collect::<Result<_, _>>()?,
    })
}

fn net(party: &str, [invested, raised, spent, earned]: [Money; 4]) -> Result<Net, MoneyError> {
    let net = raised.checked_add(earned)?.checked_sub(invested)?.checked_sub(spent)?;
    Ok(Net { party: party.to_owned(), invested, raised, spent, earned, net })
}
