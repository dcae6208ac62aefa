//! Journal lines as data: an account, a side, money. Debits equal credits in every entry.

use super::allocation::{Allocation, Exchange, Form};
use super::citation::{self, Citation};
use crate::Error;
use contract::Ratio;
use units::{Currency, Money, PICO_PER_UNIT};

/// An account, with its code in the chart of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// 100.
    Cash,
    /// 110.
    Receivable,
    /// 130: what a vendor paid its customer, not yet taken off revenue.
    CustomerConsideration,
    /// 140: equity held in another company.
    EquityHolding,
    /// 150: a customer's capacity paid for in advance with its own stock.
    PrepaidCapacity,
    /// 200: received from a customer, not yet earned.
    ContractLiability,
    /// 300.
    Revenue,
    /// 310: taken off revenue.
    ContraRevenue,
    /// 350: what rounding to 10⁻¹² leaves.
    Rounding,
    /// 500: own shares given or issued.
    OwnEquity,
    /// 510: what a vendor gave its customer, to be taken off the customer's cost.
    DeferredVendorConsideration,
}

impl Account {
    /// Its code.
    pub const fn code(self) -> u16 {
        match self {
            Self::Cash => 100,
            Self::Receivable => 110,
            Self::CustomerConsideration => 130,
            Self::EquityHolding => 140,
            Self::PrepaidCapacity => 150,
            Self::ContractLiability => 200,
            Self::Revenue => 300,
            Self::ContraRevenue => 310,
            Self::Rounding => 350,
            Self::OwnEquity => 500,
            Self::DeferredVendorConsideration => 510,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Receivable => "receivable",
            Self::CustomerConsideration => "customer-consideration asset",
            Self::EquityHolding => "equity investment",
            Self::PrepaidCapacity => "prepaid capacity",
            Self::ContractLiability => "contract liability",
            Self::Revenue => "revenue",
            Self::ContraRevenue => "revenue (contra)",
            Self::Rounding => "rounding",
            Self::OwnEquity => "own equity",
            Self::DeferredVendorConsideration => "deferred vendor consideration",
        }
    }
}

/// A side of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Left.
    Debit,
    /// Right.
    Credit,
}

/// One line. Its amount is above nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Where.
    pub account: Account,
    /// On which side.
    pub side: Side,
    /// How much.
    pub amount: Money,
}

/// Lines that balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What happened.
    pub what: &'static str,
    /// Debits first.
    pub lines: Vec<Line>,
    /// What this rests on.
    pub citation: Citation,
}

/// Makes an entry of signed amounts, debits above nothing. Each is rounded once; what rounding leaves over goes
/// to its account.
fn entry(
    what: &'static str,
    citation: Citation,
    currency: Currency,
    signed: &[(Account, Ratio)],
) -> Result<Entry, Error> {
    let mut lines = Vec::new();
    let mut left = 0_i128;
    for (account, amount) in signed {
        let pico = (*amount * Ratio::whole(PICO_PER_UNIT)).round_half_even();
        let pico = pico.ok_or(Error::NoNumber("an amount in a journal"))?;
        left = left.checked_add(pico).ok_or(Error::NoNumber("the sum of a journal"))?;
        lines.extend(line(*account, pico, currency));
    }
    lines.extend(line(Account::Rounding, -left, currency));
    lines.sort_by_key(|line| line.side);
    debug_assert_eq!(balance(&lines), 0);
    Ok(Entry { what, lines, citation })
}

fn line(account: Account, pico: i128, currency: Currency) -> Option<Line> {
    let side = if pico > 0 { Side::Debit } else { Side::Credit };
    let amount = Money::from_pico(pico.checked_abs()?, currency);
    (pico != 0).then_some(Line { account, side, amount })
}

fn balance(lines: &[Line]) -> i128 {
    let signed = |line: &Line| match line.side {
        Side::Debit => line.amount.pico(),
        Side::Credit => -line.amount.pico(),
    };
    lines.iter().map(signed).sum()
}

fn negative(amount: Ratio) -> Ratio {
    Ratio::ZERO - amount
}

/// An asset where the concession is above nothing, a liability where it is below.
fn carried(above: Account, below: Account, concession: Ratio) -> (Account, Ratio) {
    (if concession.is_positive() { above } else { below }, concession)
}

/// The vendor's books at closing: equity at fair value, and the difference as an asset or a contract liability.
///
/// # Errors
/// When an amount does not fit 128 bits.
pub fn vendor_entry(
    exchange: &Exchange,
    allocation: &Allocation,
    currency: Currency,
) -> Result<Entry, Error> {
    let given = match exchange.form {
        Form::Cash => Account::Cash,
        Form::OwnShares => Account::OwnEquity,
    };
    let concession = allocation.concession;
    let cited = if concession < Ratio::ZERO { citation::NONCASH } else { citation::PAYABLE };
    let lines = [
        carried(Account::CustomerConsideration, Account::ContractLiability, concession),
        (Account::EquityHolding, exchange.received),
        (given, negative(exchange.given)),
    ];
    entry("vendor, at closing", cited, currency, &lines)
}

/// The customer's books at closing: equity issued at fair value, and the difference as consideration from a
/// vendor, or as capacity paid for with stock.
///
/// # Errors
/// When an amount does not fit 128 bits.
pub fn customer_entry(
    exchange: &Exchange,
    allocation: &Allocation,
    currency: Currency,
) -> Result<Entry, Error> {
    let received = match exchange.form {
        Form::Cash => Account::Cash,
        Form::OwnShares => Account::EquityHolding,
    };
    let owed = negative(allocation.concession);
    let lines = [
        (received, exchange.given),
        carried(Account::PrepaidCapacity, Account::DeferredVendorConsideration, owed),
        (Account::OwnEquity, negative(exchange.received)),
    ];
    entry("customer, at closing", citation::FROM_VENDOR, currency, &lines)
}

/// The vendor's books as `usage` of the committed spend is served: revenue at the agreed price, and the part of
/// the concession that belongs to it.
///
/// # Errors
/// When an amount does not fit 128 bits.
pub fn revenue_entry(allocation: &Allocation, usage: Ratio, currency: Currency) -> Result<Entry, Error> {
    let part = allocation.effective_discount * usage;
    let (carried, _) = carried(Account::CustomerConsideration, Account::ContractLiability, part);
    let lines = [
        (Account::Receivable, usage),
        (Account::ContraRevenue, part),
        (carried, negative(part)),
        (Account::Revenue, negative(usage)),
    ];
    entry("vendor, as usage is served", citation::PAYABLE_WHEN, currency, &lines)
}
