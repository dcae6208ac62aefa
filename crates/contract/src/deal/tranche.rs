//! Money, shares or credit released at signing, on a day, or when a condition is met.

use crate::day::Day;
use crate::decimal::Decimal;
use crate::predicate::Condition;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use toml::{Spanned, Value};

/// Something released at signing, on a day, or when a condition is met.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tranche {
    /// Its name.
    pub id: Spanned<String>,
    /// What people call it.
    pub title: Option<String>,
    /// What is paid for it, or the worth of what is given.
    pub amount: Spanned<Decimal>,
    /// The facility it is released from.
    pub facility: Option<Spanned<String>>,
    /// `equity`, `preferred`, `convertible-note`, `prepayment`, `warrant`, `stock`, ….
    pub instrument: Option<String>,
    /// Who pays or gives; the facility's investor, or the deal's only one, when not said.
    pub from: Option<Spanned<String>>,
    /// Who receives; the facility's issuer, or the deal's only one, when not said.
    pub to: Option<Spanned<String>>,
    /// At which valuation.
    pub price: Option<Price>,
    /// How many shares it is of.
    pub shares: Option<Spanned<Decimal>>,
    /// A warrant's price a share.
    pub strike: Option<Spanned<Decimal>>,
    /// A warrant's last day.
    pub exercise_by: Option<Day>,
    /// What a note pays and turns into.
    pub convertible: Option<Convertible>,
    /// The commitment that draws a prepayment down.
    pub draws: Option<Spanned<String>>,
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
    /// What it means that a fact it rests on is restated below the mark.
    #[serde(default)]
    pub restatement: Restatement,
    /// From this day on it is gone, unless it was signed before.
    pub expires: Option<Spanned<Day>>,
    /// Parts of it that vest one by one, once it is released.
    #[serde(default)]
    pub vests: Vec<VestingStep>,
    /// A quantity it vests in proportion to, once it is released.
    pub vests_on: Option<VestsOn>,
    /// More about it.
    pub note: Option<String>,
    /// Where this is known from.
    pub source: Option<String>,
    /// Why this is assumed.
    pub assumed: Option<String>,
    /// The condition in `when`, where it is one.
    #[serde(skip)]
    pub condition: Option<Condition>,
}

/// What releases a tranche.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// The signature.
    AtSigning,
    /// The calendar.
    On(Day),
    /// A condition over metrics, as written.
    Text(String),
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = match Value::deserialize(from)? {
            Value::String(text) => text,
            Value::Datetime(day) => return day.to_string().parse().map(Self::On).map_err(D::Error::custom),
            _ => return Err(D::Error::custom("`when` is `at_signing`, a date, or a condition in quotes")),
        };
        match text.trim() {
            "" => Err(D::Error::custom("a condition cannot be empty")),
            "at_signing" => Ok(Self::AtSigning),
            day => Ok(day.parse().map_or(Self::Text(text), Self::On)),
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

/// What a note pays and turns into.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Convertible {
    /// Interest a year.
    pub rate: Option<Spanned<Decimal>>,
    /// Off the price of the round it converts in.
    pub discount: Option<Spanned<Decimal>>,
    /// The highest valuation it converts at.
    pub cap: Option<Spanned<Decimal>>,
    /// When it falls due unless converted.
    pub maturity: Option<Day>,
    /// What makes it convert, as written: `ipo`, `next-round`.
    pub converts: Option<String>,
}

/// A time to meet a condition in: both days belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// So many days after it, facts about it may still come in before it counts as missed.
    #[serde(default)]
    pub grace_days: u32,
}

/// What must prove that a condition is met.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// How many pieces.
    pub min: u32,
    /// Of which kinds; any when none is named.
    #[serde(default)]
    pub kinds: Vec<String>,
}

/// Who must agree that a condition is met.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signoff {
    /// Roles, as `party:role`.
    pub need: Vec<Spanned<String>>,
    /// By when, counted from when it was known to be met.
    pub within_days: Option<u32>,
    /// What saying nothing until then means.
    pub silence: Option<Silence>,
}

/// What saying nothing means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// Disagreement.
    Dispute,
    /// Agreement.
    Accept,
}

/// What it means that a fact is restated below the mark. Money paid is never taken back by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restatement {
    /// The tranche is disputed.
    #[default]
    Dispute,
    /// Nothing: what was met stays so.
    Ignore,
}

/// A part that vests on its own condition, once the tranche is released.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VestingStep {
    /// What makes it vest.
    pub when: Spanned<String>,
    /// The part of the whole.
    pub share: Spanned<Decimal>,
    /// The condition in `when`.
    #[serde(skip)]
    pub condition: Option<Condition>,
}

/// Vesting in proportion to a quantity, such as purchases.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VestsOn {
    /// The metric, added up over the term.
    pub metric: Spanned<String>,
    /// At how much of it all has vested.
    pub full_at: Spanned<Decimal>,
    /// The part that vests without any.
    pub at_once: Option<Spanned<Decimal>>,
}
