//! Clauses on money put in: what was, what is promised, what releases it, and the metrics that conditions name.

use crate::day::Day;
use crate::decimal::Decimal;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use toml::Spanned;

/// Money put in before this deal, as far as it belongs to the same relation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Investment {
    /// Its name.
    pub id: Spanned<String>,
    /// How much.
    pub amount: Spanned<Decimal>,
    /// The year it was agreed in.
    pub year: i16,
    /// Who paid.
    pub investor: Option<Spanned<String>>,
    /// Who received.
    pub issuer: Option<Spanned<String>>,
    /// `convertible-note`, `preferred`, ….
    pub instrument: Option<String>,
    /// More about it.
    pub note: Option<String>,
    /// Where this is known from.
    pub source: Option<String>,
    /// Why this is assumed.
    pub assumed: Option<String>,
}

/// Money promised up to a ceiling; tranches naming it release it, and may not add up to more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facility {
    /// The name tranches use.
    pub id: Spanned<String>,
    /// The ceiling.
    pub at_most: Spanned<Decimal>,
    /// What people call it.
    pub title: Option<String>,
    /// Who pays.
    pub investor: Option<Spanned<String>>,
    /// Who receives.
    pub issuer: Option<Spanned<String>>,
    /// More about it.
    pub note: Option<String>,
    /// Where this is known from.
    pub source: Option<String>,
    /// Why this is assumed.
    pub assumed: Option<String>,
}

/// Something measured that conditions may name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// What it is a number of.
    pub kind: MetricKind,
    /// Who says so.
    pub source: MetricSource,
    /// How often: `day`, `quarter`, `contract-year`.
    pub period: Option<String>,
    /// Whose signature counts.
    pub attestor: Option<String>,
    /// How long after its period it is known.
    pub lag_days: Option<u32>,
    /// What people call it.
    pub title: Option<String>,
    /// Why this is assumed.
    pub assumed: Option<String>,
}

/// What a metric is a number of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricKind {
    /// An amount in the deal's currency.
    Money,
    /// Gigawatts.
    PowerGw,
    /// A whole number of things.
    Count,
    /// A share or a score.
    Ratio,
    /// A price, in the deal's currency.
    Price,
}

/// Who says what a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricSource {
    /// Offtake measures it.
    Metered,
    /// A named party signs for it.
    Attested,
    /// A market does.
    Market,
    /// A public document does.
    Public,
}

/// Money released at signing or when a condition is met.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tranche {
    /// Its name.
    pub id: Spanned<String>,
    /// What people call it.
    pub title: Option<String>,
    /// How much.
    pub amount: Spanned<Decimal>,
    /// The facility it is released from.
    pub facility: Option<Spanned<String>>,
    /// `preferred`, `convertible-note`, `prepayment`, ….
    pub instrument: Option<String>,
    /// At which valuation.
    pub price: Option<Price>,
    /// What releases it.
    pub when: Spanned<When>,
    /// Tranches that must be released before.
    #[serde(default)]
    pub after: Vec<Spanned<String>>,
    /// When the condition may be met; it lapses after.
    pub window: Option<Spanned<Window>>,
    /// What must prove it.
    pub evidence: Option<Evidence>,
    /// Who must agree.
    pub signoff: Option<Signoff>,
    /// What a restated fact does: `dispute`.
    pub restatement: Option<String>,
    /// More about it.
    pub note: Option<String>,
    /// Where this is known from.
    pub source: Option<String>,
    /// Why this is assumed.
    pub assumed: Option<String>,
}

/// What releases a tranche.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// The signature.
    AtSigning,
    /// A condition over metrics, as written.
    Text(String),
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        match text.trim() {
            "" => Err(D::Error::custom("a condition cannot be empty; write `at_signing` when there is none")),
            "at_signing" => Ok(Self::AtSigning),
            _ => Ok(Self::Text(text)),
        }
    }
}

/// At which price equity is issued.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// `post-money`, `pre-money`, `per-share`.
    pub basis: String,
    /// The price.
    pub value: Decimal,
    /// Where this is known from.
    pub source: Option<String>,
    /// Why this is assumed.
    pub assumed: Option<String>,
}

/// A time to meet a condition in: both days belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
}

/// What must prove that a condition is met.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// How many pieces.
    pub min: u32,
    /// Of which kinds.
    #[serde(default)]
    pub kinds: Vec<String>,
}

/// Who must agree that a condition is met.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signoff {
    /// Roles, as `party:role`.
    pub need: Vec<String>,
    /// By when.
    pub within_days: Option<u32>,
    /// What saying nothing means: `dispute`, `accept`.
    pub silence: Option<String>,
}
