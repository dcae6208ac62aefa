//! Clauses on how a deal ends, what leaving costs, and who signs.

use crate::day::Day;
use crate::predicate::{Condition, Formula};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use toml::Spanned;

/// How a deal may end early.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Termination {
    /// The customer may leave for no reason.
    pub customer_convenience: Option<Convenience>,
    /// What lets the vendor end it.
    #[serde(default)]
    pub vendor_cause: Vec<Cause>,
    /// What lets the customer end it.
    #[serde(default)]
    pub customer_cause: Vec<Cause>,
    /// What leaving costs beside the fee, item by item.
    #[serde(default)]
    pub exit: Vec<ExitCost>,
    /// What Regulation (EU) 2023/2854 asks for.
    pub eu_data_act: Option<DataAct>,
}

/// Leaving for no reason.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Convenience {
    /// From this day.
    pub after: Spanned<Day>,
    /// With this notice.
    pub notice_days: u32,
    /// For this: a formula for an amount.
    pub fee: Option<Spanned<String>>,
    /// The fee, read.
    #[serde(skip)]
    pub formula: Option<Formula>,
}

/// Something that lets a party end it: a condition, or a sentence that only people can judge.
#[derive(Debug, Clone)]
pub struct Cause {
    /// As written.
    pub text: Spanned<String>,
    /// The condition, where it is one.
    pub condition: Option<Condition>,
}

impl<'de> Deserialize<'de> for Cause {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self { text: Spanned::deserialize(from)?, condition: None })
    }
}

/// One item of what leaving costs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExitCost {
    /// Its name.
    pub id: Spanned<String>,
    /// What people call it.
    pub title: Option<String>,
    /// What it is for.
    pub kind: ExitKind,
    /// A formula for an amount.
    pub cost: Spanned<String>,
    /// More about it.
    pub note: Option<String>,
    /// Where this is known from.
    pub source: Option<String>,
    /// Why this is assumed.
    pub assumed: Option<String>,
    /// The cost, read.
    #[serde(skip)]
    pub formula: Option<Formula>,
}

/// What an exit cost is for; Regulation (EU) 2023/2854 treats the two differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitKind {
    /// Moving to another provider: nothing for customers in the EU from 12 January 2027.
    Switching,
    /// Leaving before the end.
    Termination,
}

impl ExitKind {
    /// `switching` or `termination`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Switching => "switching",
            Self::Termination => "termination",
        }
    }
}

/// A supplier's right to take capacity back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reclaim {
    /// Its name.
    pub id: Spanned<String>,
    /// What people call it.
    pub title: Option<String>,
    /// Who may.
    pub by: Option<Spanned<String>>,
    /// When: a condition, or a sentence that only people can judge.
    pub when: Cause,
    /// The grant it is about; all of them when not said.
    pub capacity: Option<Spanned<String>>,
    /// With this notice.
    pub notice_days: Option<u32>,
    /// More about it.
    pub note: Option<String>,
    /// Where this is known from.
    pub source: Option<String>,
    /// Why this is assumed.
    pub assumed: Option<String>,
}

/// Switching under Regulation (EU) 2023/2854.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataAct {
    /// For whom.
    pub applies_to: Vec<String>,
    /// Longest notice.
    pub notice_days_max: Option<u32>,
    /// Longest transition.
    pub transition_days: Option<u32>,
    /// What switching may cost, as written.
    pub switching_charges: Option<String>,
}

/// Public keys of those who sign.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignoffKeys {
    /// By role: `ed25519:` and the 32 bytes in base64; `ed25519:...` stands for one to be filled in.
    #[serde(default)]
    pub keys: BTreeMap<String, Spanned<String>>,
}
