//! Clauses on money put in: what was, what is promised, and the metrics that conditions name.

use super::tranche::Window;
use crate::decimal::Decimal;
use crate::predicate::Kind;
use serde::Deserialize;
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
    /// Whether its facts add up, such as purchases; otherwise one holds until the next, such as revenue a year.
    #[serde(default)]
    pub flow: bool,
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
    #[serde(alias = "power")]
    PowerGw,
    /// A whole number of things.
    Count,
    /// A share or a score.
    Ratio,
    /// A price, in the deal's currency.
    Price,
    /// Yes or no, as one and zero.
    Bool,
    /// Days.
    Duration,
}

impl MetricKind {
    /// The kind that conditions compute with.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Money | Self::Price => Kind::Money,
            Self::PowerGw => Kind::Power,
            Self::Count => Kind::Count,
            Self::Ratio => Kind::Ratio,
            Self::Bool => Kind::Bool,
            Self::Duration => Kind::Duration,
        }
    }
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

/// A share of a measured revenue, paid until a cap is reached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevenueShare {
    /// Its name.
    pub id: Spanned<String>,
    /// What people call it.
    pub title: Option<String>,
    /// Who pays.
    pub payer: Option<Spanned<String>>,
    /// Who is paid.
    pub payee: Option<Spanned<String>>,
    /// The metric it is a share of, whose facts add up.
    pub of: Spanned<String>,
    /// The share.
    pub share: Spanned<Decimal>,
    /// The most that is paid in all.
    pub cap: Option<Spanned<Decimal>>,
    /// The days whose revenue counts; the deal's term when not said.
    pub window: Option<Spanned<Window>>,
    /// More about it.
    pub note: Option<String>,
    /// Where this is known from.
    pub source: Option<String>,
    /// Why this is assumed.
    pub assumed: Option<String>,
}
