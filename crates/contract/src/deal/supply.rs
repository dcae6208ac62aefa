//! Clauses on what is supplied, and the rules that hold throughout.

use crate::day::Day;
use crate::decimal::Decimal;
use crate::predicate;
use serde::Deserialize;
use toml::Spanned;

/// Capacity granted: power, or throughput of a model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// Its name.
    pub id: Spanned<String>,
    /// What people call it.
    pub title: Option<String>,
    /// `GW`, `tokens_per_minute`, ….
    pub unit: String,
    /// The most there may be.
    pub ceiling: Option<Spanned<Decimal>>,
    /// The least there must be, and by when.
    #[serde(default)]
    pub ramp: Vec<Spanned<RampStep>>,
    /// The metric that says how much there is.
    pub metric: Option<Spanned<String>>,
    /// The metric that says how much of it is in use.
    pub used: Option<Spanned<String>>,
    /// The commitment whose minimums late delivery lowers; all of them when not said.
    pub commitment: Option<Spanned<String>>,
    /// Silicon.
    #[serde(default)]
    pub chips: Vec<String>,
    /// Where.
    #[serde(default)]
    pub regions: Vec<String>,
    /// Which model, for throughput.
    pub model: Option<String>,
    /// Input tokens a minute.
    pub input: Option<u64>,
    /// Output tokens a minute.
    pub output: Option<u64>,
    /// What must be paid for even when unused.
    pub take_or_pay: Option<TakeOrPay>,
    /// What follows late delivery.
    pub late: Option<Late>,
    /// Whether it is this very thing; decides a lease.
    pub identified_asset: Option<IdentifiedAsset>,
    /// What may be had above it.
    pub burst: Option<Burst>,
    /// More about it.
    pub note: Option<String>,
    /// Where this is known from.
    pub source: Option<String>,
    /// Why this is assumed.
    pub assumed: Option<String>,
}

/// One step of a ramp.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RampStep {
    /// By this day.
    pub by: Day,
    /// At least this much.
    pub at_least: Decimal,
}

/// What must be paid for even when unused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakeOrPay {
    /// This share of it.
    pub share: Decimal,
    /// At the price of what.
    pub unit_price: String,
    /// What a unit costs a day, in the deal's currency.
    pub price: Option<Spanned<Decimal>>,
}

/// What follows late delivery.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Late {
    /// Relief a week: a share, and of what, such as `0.005 of monthly fee`.
    pub per_week: Spanned<String>,
    /// At most this share.
    pub cap: Spanned<Decimal>,
    /// What excuses it: `force_majeure`, `export_control`.
    #[serde(default)]
    pub excused_by: Vec<String>,
    /// What else is given.
    pub relief: Option<Relief>,
}

/// What else late delivery gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relief {
    /// A year's minimum is lowered by the part of its promised capacity that was not there.
    ReduceYearMinProRata,
}

/// Whether the capacity is an identified asset (ASC 842).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentifiedAsset {
    /// A named site.
    pub named_site: bool,
    /// The vendor may put another in its place.
    pub vendor_may_substitute: bool,
}

/// What may be had above a grant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// Up to, such as `1.5x`.
    pub to: String,
    /// At which price, such as `list`.
    pub price: String,
}

/// A rule that holds throughout.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covenant {
    /// Its name.
    pub id: Spanned<String>,
    /// What people call it.
    pub title: Option<String>,
    /// The rule, as written.
    pub rule: Spanned<String>,
    /// `block` or `report`.
    pub severity: Severity,
    /// How long a breach may be mended.
    pub cure_days: Option<u32>,
    /// More about it.
    pub note: Option<String>,
    /// Where this is known from.
    pub source: Option<String>,
    /// Why this is assumed.
    pub assumed: Option<String>,
    /// The rule, read.
    #[serde(skip)]
    pub parsed: Option<predicate::Covenant>,
}

/// What a breach does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The gateway refuses the call.
    Block,
    /// It is reported.
    Report,
}
