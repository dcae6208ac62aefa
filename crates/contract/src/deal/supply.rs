//! Clauses on what is supplied and how it must be, and on how a deal ends and who signs.

use crate::day::Day;
use crate::decimal::Decimal;
use serde::Deserialize;
use std::collections::BTreeMap;
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
    pub ramp: Vec<RampStep>,
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
}

/// What follows late delivery.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Late {
    /// Relief a week, as written.
    pub per_week: String,
    /// At most this share.
    pub cap: Decimal,
    /// What excuses it.
    #[serde(default)]
    pub excused_by: Vec<String>,
    /// What else is given, such as `reduce_year_min_pro_rata`.
    pub relief: Option<String>,
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
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covenant {
    /// Its name.
    pub id: Spanned<String>,
    /// The rule, as written.
    pub rule: String,
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

/// How a deal may end early.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Termination {
    /// The customer may leave for no reason.
    pub customer_convenience: Option<Convenience>,
    /// What lets the vendor end it.
    #[serde(default)]
    pub vendor_cause: Vec<String>,
    /// What lets the customer end it.
    #[serde(default)]
    pub customer_cause: Vec<String>,
    /// What Regulation (EU) 2023/2854 asks for.
    pub eu_data_act: Option<DataAct>,
}

/// Leaving for no reason.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Convenience {
    /// From this day.
    pub after: Day,
    /// With this notice.
    pub notice_days: u32,
    /// For this, as written.
    pub fee: Option<String>,
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
    /// By role.
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
}
