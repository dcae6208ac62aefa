//! Events: what an instrument does at a time, and its state after it.

use jiff::civil::DateTime;
use serde_json::{Value, json};
use std::fmt;

/// One event of an instrument.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When it happens, after any shift to a business day; local time, as ACTUS has it.
    pub date: DateTime,
    /// What happens.
    pub kind: Kind,
    /// The cash flow, positive when received, in units of the (settlement) currency.
    pub payoff: f64,
    /// The notional outstanding afterwards, signed like the role. For OFF: what is left of the year's minimum.
    pub notional_principal: f64,
    /// The rate a year afterwards, as a fraction. For OFF: the discount.
    pub nominal_interest_rate: f64,
    /// Interest accrued and unpaid afterwards, signed like the role.
    pub accrued_interest: f64,
    /// For options, how its exercise stands afterwards.
    pub exercise: Option<Exercise>,
}

impl Event {
    /// The event by the names of the ACTUS dictionary.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut object = json!({
            "eventDate": self.date.to_string(),
            "eventType": self.kind.code(),
            "payoff": self.payoff,
            "notionalPrincipal": self.notional_principal,
            "nominalInterestRate": self.nominal_interest_rate,
            "accruedInterest": self.accrued_interest,
        });
        if let Some(exercise) = self.exercise {
            object["exerciseDate"] = exercise.date.map_or(Value::Null, |date| date.to_string().into());
            object["exerciseAmount"] = exercise.amount.into();
        }
        object
    }
}

/// How the exercise of an option stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exercise {
    /// When it was exercised, if it was.
    pub date: Option<DateTime>,
    /// What it is worth and not yet settled, in currency units.
    pub amount: f64,
}

/// Something a party did that the terms alone don't tell: a repayment before time, a drawing, a call, an exercise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Occurrence {
    /// When.
    pub time: DateTime,
    /// What: `PP`, `PR`, `PD` or `XD`.
    pub kind: Kind,
    /// The amount of `PP`, `PR` and `PD`, never negative, in currency units; the role gives the sign.
    pub amount: f64,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal),* $(,)?) => {
        /// What kind of event; in the order in which those of one moment are evaluated.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $name),*
        }

        impl Kind {
            /// The code of the ACTUS dictionary, such as `IP`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// The kind with this code.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }
        }
    };
}

kinds! {
    /// Initial exchange.
    InitialExchange = "IED",
    /// Usage paid for (OFF only).
    Usage = "US",
    /// Fee payment.
    Fee = "FP",
    /// Principal redemption.
    Redemption = "PR",
    /// Principal drawing.
    Drawing = "PD",
    /// Penalty for a prepayment.
    Penalty = "PY",
    /// Principal prepayment.
    Prepayment = "PP",
    /// Interest payment.
    Interest = "IP",
    /// Interest added to the notional.
    Capitalisation = "IPCI",
    /// Rate reset to a rate already known.
    ResetFixed = "RRF",
    /// Rate reset to an observed rate.
    Reset = "RR",
    /// Fixing of the redemption amount.
    RedemptionFixing = "PRF",
    /// Dividend payment.
    Dividend = "DV",
    /// Purchase of the contract.
    Purchase = "PRD",
    /// Termination (sale) of the contract.
    Termination = "TD",
    /// Fixing of the scaling index.
    Scaling = "SC",
    /// Fixing of the base interest is computed on.
    BaseFixing = "IPCB",
    /// Shortfall against the year's minimum (OFF only).
    TrueUp = "TU",
    /// Maturity.
    Maturity = "MD",
    /// Exercise of an option, or call of a loan.
    Exercise = "XD",
    /// Settlement of what was exercised or called.
    Settlement = "STD",
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}
