//! Clauses on spend promised: how much, when, what counts, and what becomes of too much and too little.

use crate::decimal::Decimal;
use crate::predicate::Selector;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use std::fmt;
use toml::Spanned;

/// A promise to spend.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// Its name.
    pub id: Spanned<String>,
    /// What people call it.
    pub title: Option<String>,
    /// Who spends.
    pub payer: Option<Spanned<String>>,
    /// Who is paid.
    pub payee: Option<Spanned<String>>,
    /// Over the whole term.
    pub total: Option<Spanned<Total>>,
    /// What counts towards it; eligible list spend when not said.
    pub measure: Option<String>,
    /// The minimum of each contract year.
    #[serde(default)]
    pub schedule: Vec<Spanned<YearMinimum>>,
    /// What becomes of spend above a year's minimum.
    pub excess: Option<Excess>,
    /// What becomes of a year below its minimum.
    pub shortfall: Option<Shortfall>,
    /// A year that reaches this share of what it still owes counts as met; all of it when not said.
    pub grace: Option<Spanned<Decimal>>,
    /// Which spend counts, the first rule that matches deciding; all of it when there is none.
    #[serde(default)]
    pub eligible: Vec<Eligible>,
    /// Price reductions.
    #[serde(default)]
    pub discounts: Vec<Discount>,
    /// Most-favoured terms and list-increase cap.
    pub price_protection: Option<PriceProtection>,
    /// The order in which credits are used up.
    #[serde(default)]
    pub credits_order: Vec<String>,
    /// More about it.
    pub note: Option<String>,
    /// Where this is known from.
    pub source: Option<String>,
    /// Why this is assumed.
    pub assumed: Option<String>,
}

/// A total: an exact amount (`"100e9"`), or only a floor (`{ at_least = "100e9" }`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    /// This much.
    Exactly(Decimal),
    /// This much or more.
    AtLeast(Decimal),
}

impl Total {
    /// The amount promised for certain.
    pub const fn amount(self) -> Decimal {
        match self {
            Self::Exactly(amount) | Self::AtLeast(amount) => amount,
        }
    }
}

impl<'de> Deserialize<'de> for Total {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Floor {
            at_least: Decimal,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Total;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an amount in quotes, such as \"100e9\", or { at_least = \"100e9\" }")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Total, E> {
                text.parse().map(Total::Exactly).map_err(E::custom)
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Total, M::Error> {
                let floor = Floor::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Total::AtLeast(floor.at_least))
            }
        }
        from.deserialize_any(Either)
    }
}

/// The minimum of one contract year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YearMinimum {
    /// Counted from 1.
    pub y: u32,
    /// Net spend due.
    pub min: Decimal,
}

/// What becomes of spend above a year's minimum.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excess {
    /// The share that counts towards the next year.
    pub carry: Spanned<Decimal>,
    /// At most this share of the next year's minimum; without limit when not said.
    pub cap_of_next_min: Option<Spanned<Decimal>>,
    /// After how many years it is lost; 1 is the only rule known.
    pub expires_after_years: Option<Spanned<u32>>,
}

/// What becomes of a year below its minimum.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shortfall {
    /// Whether it is paid.
    pub settle: Settle,
    /// How soon.
    pub invoice_days: Option<u32>,
    /// What the payer gets for it.
    #[serde(default)]
    pub becomes: Becomes,
    /// The share of it that becomes a credit.
    pub share: Option<Spanned<Decimal>>,
    /// What the credit may be used on; overage is the only thing known.
    pub usable_on: Option<UsableOn>,
    /// After how many years it is lost; 1 is the only rule known.
    pub expires_after_years: Option<Spanned<u32>>,
}

/// Whether a shortfall is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settle {
    /// The difference is due.
    Pay,
}

/// What a paid shortfall becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Becomes {
    /// Nothing: it is lost to the payer.
    #[default]
    Forfeit,
    /// A make-good credit.
    Credit,
}

/// What a make-good credit may be used on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsableOn {
    /// Spend above the minimum.
    Overage,
}

/// A rule on which spend counts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eligible {
    /// The condition on a spend's attributes, as written.
    #[serde(rename = "where")]
    pub condition: Spanned<String>,
    /// The share of it that counts.
    pub weight: Spanned<Decimal>,
    /// At most this share of the year's minimum counts.
    pub cap_of_year_min: Option<Spanned<Decimal>>,
    /// The condition, read.
    #[serde(skip)]
    pub selector: Option<Selector>,
}

/// A price reduction, up to the year's minimum or above it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discount {
    /// For spend up to the minimum.
    #[serde(default)]
    pub upto_year_min: bool,
    /// For spend above it.
    #[serde(default)]
    pub above: bool,
    /// The share taken off the list price.
    pub rate: Spanned<Decimal>,
}

/// Protection against worse prices than others', or than last year's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceProtection {
    /// Most-favoured terms.
    pub mfn: Option<MostFavoured>,
    /// How fast list prices may rise, such as `0.03/yr`.
    pub list_increase_cap: Option<Spanned<String>>,
    /// The metric that says where list prices are: an index.
    pub list_metric: Option<Spanned<String>>,
}

impl PriceProtection {
    /// The rate in `list_increase_cap`, without what it is a share of.
    pub(crate) fn increase_a_year(&self) -> Option<Decimal> {
        let text = self.list_increase_cap.as_ref()?.get_ref();
        text.split('/').next()?.trim().parse().ok()
    }
}

/// Most-favoured terms.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MostFavoured {
    /// Compared with whom.
    pub scope: String,
    /// What follows.
    pub remedy: String,
    /// The metric that says the best discount that anyone comparable has: a share.
    pub metric: Option<Spanned<String>>,
}
