//! A deal as it is written down: the shape of a deal file, schema `offtake.contract/1`.
//!
//! A file is TOML. Only `schema`, `id`, `version`, `known_from`, `effective`, `currency` and one `[[party]]`
//! are needed; what is absent is unknown, never zero. Amounts are exact decimals in the deal's one currency.
//! Any clause may say where it is known from (`source`), or that it is a guess and why (`assumed`).
//! Fields that [`crate::check`] looks at keep their place in the text (`Spanned`).

mod commitment;
mod ending;
mod investment;
mod supply;
mod tranche;
mod watch;

pub use commitment::{
    Becomes, Commitment, Discount, Eligible, Excess, MostFavoured, PriceProtection, Settle, Shortfall, Total,
    UsableOn, YearMinimum,
};
pub use ending::{Cause, Convenience, DataAct, ExitCost, ExitKind, Reclaim, SignoffKeys, Termination};
pub use investment::{Facility, Investment, Metric, MetricKind, MetricSource, RevenueShare};
pub use supply::{Burst, Capacity, Covenant, IdentifiedAsset, Late, RampStep, Relief, Severity, TakeOrPay};
pub use tranche::{
    Convertible, Evidence, Price, Restatement, Signoff, Silence, Tranche, VestingStep, VestsOn, When, Window,
};
pub use watch::Watch;

use crate::day::{Day, Period, moment};
use crate::decimal::{Decimal, from_text};
use crate::error::Error;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;
use units::{Currency, Money, Timestamp};

/// The only schema there is.
pub const SCHEMA: &str = "offtake.contract/1";

/// One version of one deal.
#[derive(Debug, Clone, Deserialize)]
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
    /// The hash of the version that this one amends.
    pub amends: Option<Spanned<String>>,
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
    /// Shares of revenue paid.
    #[serde(default, rename = "revenue_share")]
    pub revenue_shares: Vec<RevenueShare>,
    /// Spend promised.
    #[serde(default, rename = "commitment")]
    pub commitments: Vec<Commitment>,
    /// Capacity granted.
    #[serde(default)]
    pub capacity: Vec<Capacity>,
    /// Rules that hold throughout.
    #[serde(default, rename = "covenant")]
    pub covenants: Vec<Covenant>,
    /// Suppliers' rights to take capacity back.
    #[serde(default, rename = "reclaim")]
    pub reclaims: Vec<Reclaim>,
    /// What to keep an eye on.
    #[serde(default)]
    pub watch: Vec<Watch>,
    /// How it may end early.
    pub termination: Option<Termination>,
    /// Who may sign off, by key.
    pub signoff: Option<SignoffKeys>,
    /// The hash of its canonical form ([`crate::hash`]).
    #[serde(skip)]
    pub hash: String,
}

impl Deal {
    /// Reads and checks a deal file.
    ///
    /// # Errors
    /// When the text is no TOML, is not of the shape, or contradicts itself; the error has its place.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut deal: Self = toml::from_str(text)?;
        crate::check::check(&deal)?;
        crate::compile::compile(&mut deal, text)?;
        crate::check::no_circles(&deal)?;
        deal.hash = crate::canonical::hash(text)?;
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

    /// The only party with a role; nothing when none has it, or several have.
    pub fn party_with(&self, role: &str) -> Option<&str> {
        let mut having =
            self.parties.get_ref().iter().filter(|party| party.roles.iter().any(|has| has == role));
        let first = having.next()?;
        having.next().is_none().then(|| first.id.get_ref().as_str())
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
    /// Where it is established, as a two-letter country code; `EU` for anywhere in the Union.
    pub country: Option<Spanned<String>>,
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
