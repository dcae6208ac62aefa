//! The terms of a contract, typed. [`Terms::read`] reads them from their ACTUS names.

pub(crate) mod fields;
mod read;

use crate::conventions::{Conventions, Cycle, Period};
use crate::error::Error;
use jiff::civil::DateTime;

/// The terms of a contract. What a type has no use for is simply not looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// What kind of contract this is.
    pub contract_type: ContractType,
    /// Which side's contract this is.
    pub role: Role,
    /// The time as of which the terms hold; events at or before it are past.
    pub status_date: DateTime,
    /// Day count, business days, calendar, month ends.
    pub conventions: Conventions,
    /// The currency of the terms, if said.
    pub currency: Option<String>,
    /// The currency paid in, if another; the rate is observed as `CUR/SETTLEMENT`.
    pub settlement_currency: Option<String>,
    /// The market object this contract follows: an option's underlying.
    pub underlying: Option<String>,
    /// Notional, exchange, redemption, maturity.
    pub principal: Principal,
    /// Interest and its capitalisation.
    pub interest: Interest,
    /// Rate resets.
    pub reset: Reset,
    /// Index scaling.
    pub scaling: Scaling,
    /// Fees.
    pub fee: Fee,
    /// Purchase and termination.
    pub trade: Trade,
    /// Prepayment and its penalty.
    pub prepayment: Prepayment,
    /// How long after a call the loan is settled (`xDayNotice`).
    pub notice: Period,
    /// Dividends.
    pub dividend: Dividend,
    /// Option terms.
    pub option: Exercisable,
    /// Take-or-pay terms (OFF).
    pub offtake: Offtake,
}

/// The contract types that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContractType {
    /// Principal at maturity: a bullet loan, a bond, a convertible note's debt part.
    Pam,
    /// Linear amortiser: equal redemptions.
    Lam,
    /// Negative amortiser: equal payments that may fall short of the interest.
    Nam,
    /// Annuity: equal payments that repay the loan by a date.
    Ann,
    /// Call money: repaid some time after it is called.
    Clm,
    /// Undefined maturity profile: an account that is drawn on and repaid.
    Ump,
    /// Stock.
    Stk,
    /// Option or warrant, settled in cash.
    Optns,
    /// Offtake: take-or-pay. Not an ACTUS type.
    Off,
}

impl ContractType {
    /// The code, such as `PAM`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pam => "PAM",
            Self::Lam => "LAM",
            Self::Nam => "NAM",
            Self::Ann => "ANN",
            Self::Clm => "CLM",
            Self::Ump => "UMP",
            Self::Stk => "STK",
            Self::Optns => "OPTNS",
            Self::Off => "OFF",
        }
    }
}

/// Which side's contract this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The side that holds the claim: `RPA`, `LG`, `BUY` and their like.
    Claim,
    /// The side that owes: `RPL`, `ST`, `SEL` and their like.
    Obligation,
}

impl Role {
    /// +1 for a claim, −1 for an obligation.
    #[must_use]
    pub const fn sign(self) -> f64 {
        match self {
            Self::Claim => 1.0,
            Self::Obligation => -1.0,
        }
    }
}

/// An event that repeats: from an anchor, or from one cycle after the initial exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recurrence {
    /// The first time.
    pub anchor: Option<DateTime>,
    /// How it repeats; without one it happens once.
    pub cycle: Option<Cycle>,
}

impl Recurrence {
    /// The first time, or none when nothing is said of this event.
    pub(crate) fn start(&self, exchange: DateTime) -> Option<DateTime> {
        self.anchor.or_else(|| self.cycle?.period.after(exchange, 1))
    }
}

/// Notional, exchange, redemption, maturity.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Principal {
    /// `initialExchangeDate`.
    pub exchange: Option<DateTime>,
    /// `maturityDate`.
    pub maturity: Option<DateTime>,
    /// `amortizationDate`: by when an annuity would be repaid.
    pub amortisation: Option<DateTime>,
    /// `notionalPrincipal`, never negative.
    pub notional: Option<f64>,
    /// `premiumDiscountAtIED`, added to the notional when it is exchanged.
    pub premium: f64,
    /// When principal is redeemed.
    pub redemption: Recurrence,
    /// `nextPrincipalRedemptionPayment`, the amount of each redemption (with interest, for NAM and ANN).
    pub redemption_amount: Option<f64>,
}

/// Interest and its capitalisation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Interest {
    /// `nominalInterestRate`, a fraction a year; without one there is no interest.
    pub rate: Option<f64>,
    /// `accruedInterest` at the status date or the initial exchange.
    pub accrued: Option<f64>,
    /// When interest is paid.
    pub payment: Recurrence,
    /// `capitalizationEndDate`: until then interest is added to the notional instead.
    pub capitalisation_end: Option<DateTime>,
    /// What interest is computed on.
    pub base: Base,
    /// `interestCalculationBaseAmount`.
    pub base_amount: Option<f64>,
    /// When a lagging base is fixed.
    pub base_fixing: Recurrence,
}

/// What interest is computed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Base {
    /// `NT`: the notional outstanding.
    #[default]
    Notional,
    /// `NTIED`: an amount that never changes.
    AtExchange,
    /// `NTL`: the notional when last fixed.
    Lagged,
}

/// Rate resets: multiplier × observed + spread, within bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Reset {
    /// When the rate is reset.
    pub recurrence: Recurrence,
    /// `marketObjectCodeOfRateReset`.
    pub code: Option<String>,
    /// `rateMultiplier`.
    pub multiplier: f64,
    /// `rateSpread`.
    pub spread: f64,
    /// `nextResetRate`: the rate of the next reset, when already known.
    pub next_rate: Option<f64>,
    /// `lifeFloor`: the lowest the rate may be.
    pub life_floor: f64,
    /// `lifeCap`: the highest the rate may be.
    pub life_cap: f64,
    /// `periodFloor`: the least it may change by (usually negative).
    pub period_floor: f64,
    /// `periodCap`: the most it may change by.
    pub period_cap: f64,
}

/// Scaling of payments by an index.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaling {
    /// Whether interest is scaled.
    pub interest: bool,
    /// Whether principal is scaled.
    pub notional: bool,
    /// When the index is fixed.
    pub recurrence: Recurrence,
    /// `marketObjectCodeOfScalingIndex`.
    pub code: Option<String>,
    /// `scalingIndexAtContractDealDate`.
    pub index_at_deal: Option<f64>,
    /// `interestScalingMultiplier` at the status date.
    pub interest_multiplier: f64,
    /// `notionalScalingMultiplier` at the status date.
    pub notional_multiplier: f64,
}

/// Fees.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fee {
    /// When fees are paid.
    pub recurrence: Recurrence,
    /// What the rate is a rate of.
    pub basis: FeeBasis,
    /// `feeRate`: an amount (`A`) or a fraction of the notional a year (`N`); without one there is no fee.
    pub rate: Option<f64>,
    /// `feeAccrued` at the status date.
    pub accrued: Option<f64>,
}

/// What a fee rate is a rate of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FeeBasis {
    /// `A`: an amount paid each time.
    Amount,
    /// `N`: a fraction of the notional a year.
    #[default]
    Notional,
}

/// Purchase and termination: a date and a price each.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Trade {
    /// `purchaseDate` and `priceAtPurchaseDate`.
    pub purchase: Option<(DateTime, f64)>,
    /// `terminationDate` and `priceAtTerminationDate`.
    pub termination: Option<(DateTime, f64)>,
}

/// Prepayment and its penalty.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Prepayment {
    /// Whether it is allowed (`prepaymentEffect` is not `N`).
    pub allowed: bool,
    /// What it costs.
    pub penalty: Penalty,
}

/// What a prepayment costs, `penaltyType` and `penaltyRate` together.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Penalty {
    /// `O`: nothing.
    #[default]
    None,
    /// `A`: an amount.
    Amount(f64),
    /// `R`: a fraction of the notional a year, for the time since the last event.
    Notional(f64),
    /// `I`: by how much the contract's rate exceeds the market's, likewise.
    Differential,
}

/// Dividends of a stock.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dividend {
    /// When dividends are paid.
    pub recurrence: Recurrence,
    /// `nextDividendPaymentAmount`: the first one, when already known.
    pub next: Option<f64>,
    /// `marketObjectCodeOfDividends`.
    pub code: Option<String>,
}

/// Option terms.
#[derive(Debug, Clone, PartialEq)]
pub struct Exercisable {
    /// Call, put or both.
    pub option_type: Option<OptionType>,
    /// `optionStrike1`.
    pub strike: Option<f64>,
    /// `optionStrike2`: the put's strike when both.
    pub put_strike: Option<f64>,
    /// Whether it may be exercised before maturity (`optionExerciseType` `A` or `B`).
    pub early: bool,
    /// `settlementPeriod`: from exercise to settlement.
    pub settlement: Period,
    /// `exerciseDate`, when exercised already.
    pub exercised: Option<DateTime>,
    /// `exerciseAmount` then due.
    pub due: f64,
}

/// What an option gives the right to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionType {
    /// `C`: to buy.
    Call,
    /// `P`: to sell.
    Put,
    /// `CP`: both.
    CallPut,
}

/// Take-or-pay terms: a customer uses at list price, pays less a discount, and owes each year at least a minimum.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Offtake {
    /// `arrayMinimum`: the minimum of each contract year, net of discount.
    pub minimums: Vec<f64>,
    /// `arrayDiscount`: the discount of each contract year, a fraction; the last holds for the years after it.
    pub discounts: Vec<f64>,
    /// `arrayUsage`: usage of each period at list price.
    pub usage: Vec<f64>,
    /// `cycleOfUsage`: the length of a period.
    pub period: Option<Period>,
}

impl Terms {
    pub(crate) fn missing(&self, term: &'static str) -> Error {
        Error::Missing { term, contract: self.contract_type.code() }
    }

    /// The initial exchange date, or that it is missing.
    pub(crate) fn exchange(&self) -> Result<DateTime, Error> {
        self.principal.exchange.ok_or_else(|| self.missing("initialExchangeDate"))
    }

    /// The maturity date, or that it is missing.
    pub(crate) fn maturity(&self) -> Result<DateTime, Error> {
        self.principal.maturity.ok_or_else(|| self.missing("maturityDate"))
    }

    /// The notional, or that it is missing.
    pub(crate) fn notional(&self) -> Result<f64, Error> {
        self.principal.notional.ok_or_else(|| self.missing("notionalPrincipal"))
    }
}
