//! A deal as it is written down: the shape of a deal file, schema `offtake.contract/1`.
//!
//! A file is TOML. Only `schema`, `id`, `version`, `known_from`, `effective`, `currency` and one `[[party]]`
//! are needed; what is absent is unknown, never zero. Amounts are exact decimals in the deal's one currency.
//! Any clause may say where it is known from (`source`), or that it is a guess and why (`assumed`).
//! Fields that [`crate::check`] looks at keep their place in the text (`Spanned`).

use crate::day::{Day, Period, moment};
use crate::decimal::{Decimal, from_text};
use crate::error::Error;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor, value::MapAccessDeserializer};
use std::collections::BTreeMap;
use std::fmt;
use toml::Spanned;
use units::{Currency, Money, Timestamp};

/// The only schema there is.
pub const SCHEMA: &str = "offtake.contract/1";

/// One version of one deal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deal {
    /// [`SCHEMA`].
    pub schema: Spanned<String>,
    /// The deal's name, the same in all its versions.
    pub id: Spanned<String>,
    /// What people call it.
    pub title: Option<String>,
    /// Counts its amendments from 1.
    pub version: u32,
    /// Since when this version is known.
    #[serde(deserialize_with = "moment")]
    pub known_from: Timestamp,
    /// The days it is in force.
    pub effective: Spanned<Effective>,
    /// The currency of every amount.
    #[serde(deserialize_with = "from_text")]
    pub currency: Currency,
    /// Whether anyone is bound by it.
    #[serde(default)]
    pub binding: Binding,
    /// Governing law and accounting standards.
    pub law: Option<Law>,
    /// What a reader should know that no clause says.
    pub note: Option<String>,
    /// Who is in it.
    #[serde(rename = "party")]
    pub parties: Spanned<Vec<Party>>,
    /// Money put in before this deal.
    #[serde(default, rename = "investment")]
    pub investments: Vec<Investment>,
    /// Promises of money up to a ceiling, from which tranches are released.
    #[serde(default, rename = "facility")]
    pub facilities: Vec<Facility>,
    /// The only names that conditions may use.
    #[serde(default, rename = "metric")]
    pub metrics: BTreeMap<String, Metric>,
    /// Money released at signing or on a condition.
    #[serde(default, rename = "tranche")]
    pub tranches: Vec<Tranche>,
    /// Spend promised.
    #[serde(default, rename = "commitment")]
    pub commitments: Vec<Commitment>,
    /// Capacity granted.
    #[serde(default)]
    pub capacity: Vec<Capacity>,
    /// Rules that hold throughout.
    #[serde(default, rename = "covenant")]
    pub covenants: Vec<Covenant>,
    /// How it may end early.
    pub termination: Option<Termination>,
    /// Who may sign off, by key.
    pub signoff: Option<SignoffKeys>,
}

impl Deal {
    /// Reads and checks a deal file.
    ///
    /// # Errors
    /// When the text is no TOML, is not of the shape, or contradicts itself; the error has its place.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let deal: Self = toml::from_str(text)?;
        crate::check::check(&deal)?;
        Ok(deal)
    }

    /// The name people know it by.
    pub fn name(&self) -> &str {
        self.title.as_deref().unwrap_or_else(|| self.id.get_ref())
    }

    /// The days it is in force.
    pub fn period(&self) -> Period {
        let Effective { from, to, .. } = self.effective.get_ref();
        Period { from: *from, to: *to }
    }

    /// An amount of this deal as money.
    pub fn money(&self, amount: Decimal) -> Money {
        amount.money(self.currency)
    }
}

/// When a deal is in force: half-open, with no `to` when it has no fixed end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effective {
    /// First day.
    pub from: Day,
    /// First day after it.
    pub to: Option<Day>,
    /// Where this is known from.
    pub source: Option<String>,
    /// Why this is assumed.
    pub assumed: Option<String>,
}

/// Whether anyone is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// The parties are bound.
    #[default]
    Contract,
    /// A letter of intent: nobody owes anything.
    Loi,
}

/// Governing law and accounting standards.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Law {
    /// Jurisdiction, such as `US-NY`.
    pub governing: Option<String>,
    /// Standards, such as `US-GAAP`.
    #[serde(default)]
    pub accounting: Vec<String>,
}

/// Someone in the deal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// The name other clauses use.
    pub id: Spanned<String>,
    /// What people call it.
    pub title: Option<String>,
    /// `vendor`, `customer`, `investor`, `issuer`.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Ties to other parties.
    #[serde(default)]
    pub related: Vec<Related>,
}

impl Party {
    /// The name people know it by.
    pub fn name(&self) -> &str {
        self.title.as_deref().unwrap_or_else(|| self.id.get_ref())
    }
}

/// A tie between parties.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Related {
    /// To whom.
    pub party: Spanned<String>,
    /// As what, such as `shareholder`.
    #[serde(rename = "as")]
    pub tie: String,
    /// More about it.
    pub note: Option<String>,
}

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

/// A promise to spend.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eligible {
    /// The condition on a spend's attributes, as written.
    #[serde(rename = "where")]
    pub condition: String,
    /// The share of it that counts.
    pub weight: Spanned<Decimal>,
    /// At most this share of the year's minimum counts.
    pub cap_of_year_min: Option<Spanned<Decimal>>,
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
    pub list_increase_cap: Option<String>,
}

/// Most-favoured terms.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MostFavoured {
    /// Compared with whom.
    pub scope: String,
    /// What follows.
    pub remedy: String,
}

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
