//! The chart of accounts in the books of a deal's parties, one for all: what is an account of the giver has its
//! mirror in the books of the receiver.

use std::fmt;
use std::sync::Arc;

/// An account, by its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Chart {
    /// Money in hand.
    Cash = 100,
    /// Due from the other party.
    Receivable = 110,
    /// Earned in a year that is not over.
    Unbilled = 120,
    /// Given to a customer, not yet taken off revenue.
    CustomerConsideration = 130,
    /// Equity, notes or stock of the other party.
    EquityHolding = 140,
    /// Capacity paid for with one's own stock.
    PrepaidCapacity = 150,
    /// Paid ahead of use.
    Prepaid = 160,
    /// Credit that a paid shortfall gave.
    CreditHeld = 170,
    /// Got ahead of service.
    ContractLiability = 200,
    /// Credit that the customer may still use.
    MakeGood = 210,
    /// A promise to spend: a ledger of its own, which moves no money.
    Commitment = 220,
    /// Convertible notes issued.
    Notes = 230,
    /// Due to the other party.
    Payable = 240,
    /// Used in a year that is not over.
    Accrued = 250,
    /// At list price, up to the year's minimum.
    Revenue = 300,
    /// Discounts, and what was given to the customer.
    ContraRevenue = 310,
    /// Above the year's minimum.
    Overage = 320,
    /// What years fell short of their minimum.
    Shortfall = 330,
    /// Credit that lapsed.
    Breakage = 340,
    /// What rounding to 10⁻¹² leaves.
    Rounding = 350,
    /// Shares of the other party's revenue.
    ShareIncome = 360,
    /// Own equity issued.
    OwnEquity = 500,
    /// Got from a vendor, not yet taken off cost.
    VendorConsideration = 510,
    /// At list price, up to the year's minimum.
    Expense = 600,
    /// Discounts, and what the vendor gave.
    DiscountReceived = 610,
    /// Above the year's minimum.
    OverageExpense = 620,
    /// What years fell short of their minimum.
    ShortfallExpense = 630,
    /// Credit that lapsed.
    CreditLost = 640,
    /// What rounding to 10⁻¹² leaves.
    RoundingExpense = 650,
    /// Shares of revenue owed.
    ShareExpense = 660,
}

/// What kind of account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// What one has.
    Asset,
    /// What one owes.
    Liability,
    /// What belongs to the owners.
    Equity,
    /// What one earns.
    Income,
    /// What one spends.
    Expense,
    /// A note beside the books.
    Memo,
}

impl Chart {
    /// Its code.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Receivable => "receivable",
            Self::Unbilled => "unbilled",
            Self::CustomerConsideration => "customer-consideration",
            Self::EquityHolding => "equity-holding",
            Self::PrepaidCapacity => "prepaid-capacity",
            Self::Prepaid => "prepaid",
            Self::CreditHeld => "credit-held",
            Self::ContractLiability => "contract-liability",
            Self::MakeGood => "make-good-credit",
            Self::Commitment => "commitment",
            Self::Notes => "notes-issued",
            Self::Payable => "payable",
            Self::Accrued => "accrued",
            Self::Revenue => "revenue",
            Self::ContraRevenue => "contra-revenue",
            Self::Overage | Self::OverageExpense => "overage",
            Self::Shortfall | Self::ShortfallExpense => "shortfall",
            Self::Breakage => "breakage",
            Self::Rounding | Self::RoundingExpense => "rounding",
            Self::ShareIncome | Self::ShareExpense => "revenue-share",
            Self::OwnEquity => "own-equity",
            Self::VendorConsideration => "vendor-consideration",
            Self::Expense => "compute",
            Self::DiscountReceived => "discount",
            Self::CreditLost => "credit-lost",
        }
    }

    /// Its kind.
    pub const fn class(self) -> Class {
        match self.code() {
            220 => Class::Memo,
            100..200 => Class::Asset,
            200..300 | 510 => Class::Liability,
            300..400 => Class::Income,
            500..510 => Class::Equity,
            _ => Class::Expense,
        }
    }
}

impl Class {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Asset => "assets",
            Self::Liability => "liabilities",
            Self::Equity => "equity",
            Self::Income => "income",
            Self::Expense => "expenses",
            Self::Memo => "memo",
        }
    }
}

/// One account in one party's books.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Whose books.
    pub party: Arc<str>,
    /// Which account.
    pub chart: Chart,
    /// With whom; of a commitment which one, which year, which part; nothing for cash.
    pub with: Option<Arc<str>>,
}

impl fmt::Display for Place {
    /// The account's name in the ledger: `lab:110:cloud`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.party, self.chart.code())?;
        self.with.as_ref().map_or(Ok(()), |with| write!(out, ":{with}"))
    }
}
