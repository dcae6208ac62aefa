//! What one row says of spend at list price: how much, when, with which attributes, or why it is left out.
//!
//! A purchase of later use is left out, because the use it covers has its own rows at list price; one that a cloud
//! bills as usage (Google's commitments) too. A row without a list cost is left out unless it is asked for, and
//! reported with what it cost: no price is made up.

use crate::cell::{Row, wrong};
use crate::column::Column;
use crate::fault::Fault;
use crate::moment::Day;
use crate::number::{Number, Sum};
use crate::vendor;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Why a row became no fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// It pays for later use, which is counted when it comes.
    CoversLaterUse,
    /// It has no list cost although it cost something.
    NoListCost,
}

/// What the attributes of a charge are made of, as the bill has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Texts<'a> {
    pub account: Cow<'a, str>,
    pub sub_account: Cow<'a, str>,
    pub category: &'static str,
    pub class: Cow<'a, str>,
    pub provider: Cow<'a, str>,
    pub service_provider: Cow<'a, str>,
    pub publisher: Cow<'a, str>,
    pub issuer: Cow<'a, str>,
    pub publisher_category: Cow<'a, str>,
    pub service: Cow<'a, str>,
    pub service_category: Cow<'a, str>,
    pub service_code: Cow<'a, str>,
    pub meter_category: Cow<'a, str>,
    pub region: Cow<'a, str>,
    pub pricing: Cow<'a, str>,
    pub discount: Cow<'a, str>,
    pub discount_status: Cow<'a, str>,
    pub commitment: String,
    /// The first day of the billing period.
    pub period: Option<Day>,
    /// Whether the amount is what it cost, for want of a list cost.
    pub filled: bool,
}

/// One charge.
#[derive(Debug)]
pub(crate) struct Charge<'a> {
    pub texts: Texts<'a>,
    pub day: Day,
    /// At list price; nothing when it is left out.
    pub list: Result<Number, LeftOut>,
    pub billed: Number,
    pub effective: Number,
    /// What the row is of, amounts aside: stays when a later edition of the bill changes them.
    pub identity: u64,
}

const ZERO: Number = Number::new(0, 0);

impl<'a> Charge<'a> {
    /// Reads a row. With `fill`, a charge without a list cost counts at its effective cost.
    ///
    /// # Errors
    /// At the first value that its column cannot have.
    pub(crate) fn read(row: &'a impl Row, fill: bool) -> Result<Self, Fault> {
        let moment = row.moment(Column::ChargePeriodStart)?;
        let texts = texts(row)?;
        let cost = |column| row.number(column).map(Option::unwrap_or_default);
        let (billed, effective) = (cost(Column::BilledCost)?, cost(Column::EffectiveCost)?);
        let list = row.number(Column::ListCost)?.filter(|list| {
            // A cost of nothing that was billed is a vendor's gap: Microsoft's for its marketplace and reservations.
            !list.is_zero() || billed.is_zero() && effective.is_zero()
        });
        let mut charge = Self {
            identity: identity(row, &texts, moment.micros())?,
            texts,
            day: Day::of(moment),
            list: Ok(ZERO),
            billed,
            effective,
        };
        charge.list = match list {
            _ if charge.covers_later_use(row)? => Err(LeftOut::CoversLaterUse),
            Some(list) => Ok(list),
            None if effective.is_zero() && billed.is_zero() => Ok(ZERO),
            None if fill => {
                charge.texts.filled = true;
                Ok(effective)
            }
            None => Err(LeftOut::NoListCost),
        };
        Ok(charge)
    }

    fn covers_later_use(&self, row: &impl Row) -> Result<bool, Fault> {
        let purchase = self.texts.category == "purchase";
        let amortised = !self.billed.is_zero() && self.effective.is_zero();
        let bought = purchase && (amortised || !row.text(Column::CommitmentDiscountId)?.is_empty());
        let google = self.texts.category == "usage" && vendor::short(&self.texts.provider) == "google";
        let says = |start: &str| -> Result<bool, Fault> {
            let text = row.text(Column::ChargeDescription)?;
            Ok(text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)))
        };
        Ok(bought || google && says("commitment")?)
    }
}

fn texts(row: &impl Row) -> Result<Texts<'_>, Fault> {
    let text = |column| row.text(column);
    Ok(Texts {
        account: text(Column::BillingAccountId)?,
        sub_account: text(Column::SubAccountId)?,
        category: category(row)?,
        class: text(Column::ChargeClass)?,
        provider: text(Column::ProviderName)?,
        service_provider: text(Column::ServiceProviderName)?,
        publisher: text(Column::PublisherName)?,
        issuer: text(Column::InvoiceIssuerName)?,
        publisher_category: text(Column::XPublisherCategory)?,
        service: text(Column::ServiceName)?,
        service_category: text(Column::ServiceCategory)?,
        service_code: text(Column::XServiceCode)?,
        meter_category: text(Column::XSkuMeterCategory)?,
        region: text(Column::RegionId)?,
        pricing: text(Column::PricingCategory)?,
        discount: text(Column::CommitmentDiscountCategory)?,
        discount_status: text(Column::CommitmentDiscountStatus)?,
        commitment: commitments(&text(Column::ContractApplied)?)?,
        period: Some(Day::of(row.moment(Column::BillingPeriodStart)?)),
        filled: false,
    })
}

/// The category in small letters, as rules have it; Google writes it so.
fn category(row: &impl Row) -> Result<&'static str, Fault> {
    let text = row.text(Column::ChargeCategory)?;
    let known = ["usage", "purchase", "tax", "credit", "adjustment"];
    known.into_iter().find(|known| text.eq_ignore_ascii_case(known)).ok_or_else(|| {
        wrong(Column::ChargeCategory, &text, "charge category")
            .mend("write `Usage`, `Purchase`, `Tax`, `Credit` or `Adjustment`")
    })
}

/// The commitments that a charge was applied to, from `ContractApplied` (1.3, and 1.4 with its other spelling).
fn commitments(json: &str) -> Result<String, Fault> {
    #[derive(serde::Deserialize)]
    struct Applied {
        #[serde(rename = "Elements", default)]
        elements: Vec<Element>,
    }
    #[derive(serde::Deserialize)]
    struct Element {
        #[serde(rename = "ContractCommitmentId", alias = "ContractCommitmentID")]
        commitment: Option<String>,
    }
    if json.is_empty() {
        return Ok(String::new());
    }
    let applied: Applied = serde_json::from_str(json).map_err(|_| {
        wrong(Column::ContractApplied, json, "FOCUS JSON object")
            .mend("it is `{\"Elements\":[{\"ContractId\":…,\"ContractCommitmentId\":…}]}`")
    })?;
    let mut ids: Vec<String> = applied.elements.into_iter().filter_map(|one| one.commitment).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(ids.join(","))
}

/// What a row is of: what stays while a bill is made final. Invoice numbers come late, names and tags change.
fn identity(row: &impl Row, texts: &Texts<'_>, begins: i64) -> Result<u64, Fault> {
    let mut hash = Hash::default();
    for text in [&texts.account, &texts.sub_account, &texts.service, &texts.region] {
        hash.add(text.as_bytes());
    }
    hash.add(texts.category.as_bytes());
    hash.add(&begins.to_le_bytes());
    for column in [Column::SkuId, Column::SkuPriceId, Column::ResourceId] {
        hash.add(row.text(column)?.as_bytes());
    }
    Ok(hash.value())
}

/// A row's share in what a set of rows is told by: its identity and its amount.
pub(crate) fn content(identity: u64, list: Sum) -> u64 {
    let mut hash = Hash::default();
    hash.add(&identity.to_le_bytes());
    hash.add(&list.raw().to_le_bytes());
    hash.value()
}

/// A 64-bit hash of fields that is the same on every machine and in every version: ids rest on it.
#[derive(Debug)]
struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl Hash {
    fn add(&mut self, field: &[u8]) {
        let mut chunks = field.chunks_exact(8);
        for chunk in &mut chunks {
            self.mix(chunk.try_into().map_or(0, u64::from_le_bytes));
        }
        let mut last = [0; 8];
        let rest = chunks.remainder();
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last));
        // The length, so that a field's end is not another's beginning.
        self.mix(u64::try_from(field.len()).unwrap_or(u64::MAX));
    }

    /// Folds the 128-bit product of two words, as the wyhash family does.
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0xa076_1d64_78bd_642f;
        let folded = (product >> 64) ^ (product & u128::from(u64::MAX));
        self.0 = u64::try_from(folded).unwrap_or(0).rotate_left(29) ^ word;
    }

    const fn value(&self) -> u64 {
        self.0
    }
}

impl Texts<'_> {
    /// A key that is the same exactly when the attributes are made of the same.
    pub(crate) fn key(&self, out: &mut Vec<u8>) {
        out.clear();
        let fields: [&str; 18] = [
            &self.account,
            &self.sub_account,
            self.category,
            &self.class,
            &self.provider,
            &self.service_provider,
            &self.publisher,
            &self.issuer,
            &self.publisher_category,
            &self.service,
            &self.service_category,
            &self.service_code,
            &self.meter_category,
            &self.region,
            &self.pricing,
            &self.discount,
            &self.discount_status,
            &self.commitment,
        ];
        for field in fields {
            out.extend_from_slice(field.as_bytes());
            out.push(0);
        }
        out.extend_from_slice(&self.period.map_or(0, |day| day.0).to_le_bytes());
        out.push(u8::from(self.filled));
    }

    /// The attributes that rules select on. Words of Offtake's own are in small letters; names and ids are as the
    /// bill has them. What the bill does not say is not there.
    pub(crate) fn attributes(&self, provider: Option<&str>) -> BTreeMap<String, String> {
        let (vendor, publisher, marketplace) = self.parties();
        let family = if vendor::is_support(&self.service, &self.service_code, &self.meter_category) {
            "support".to_owned()
        } else {
            self.service_category.to_lowercase()
        };
        let period = self.period.map(|day| day.start().date()).unwrap_or_default();
        let pairs: [(&str, String); 17] = [
            ("provider", provider.map_or(vendor, str::to_owned)),
            ("publisher", publisher),
            ("invoice_issuer", self.issuer.to_string()),
            ("channel", if marketplace { "marketplace" } else { "direct" }.to_owned()),
            ("charge", self.category.to_owned()),
            ("class", self.class.to_lowercase()),
            ("service", self.service.to_string()),
            ("service.category", self.service_category.to_string()),
            ("sku.family", if family.is_empty() { "other".to_owned() } else { family }),
            ("region", self.region.to_string()),
            ("pricing", self.pricing.to_lowercase()),
            ("commitment_discount", self.discount.to_lowercase()),
            ("commitment_discount.status", self.discount_status.to_lowercase()),
            ("contract_commitment", self.commitment.clone()),
            ("billing_account", self.account.to_string()),
            ("sub_account", self.sub_account.to_string()),
            ("billing_period", period),
        ];
        let basis = self.filled.then(|| ("basis".to_owned(), "effective_cost".to_owned()));
        let named = pairs.into_iter().map(|(name, value)| (name.to_owned(), value));
        named.filter(|(_, value)| !value.is_empty()).chain(basis).collect()
    }

    /// Whose bill it is, who made what was sold, and whether it was sold through a marketplace.
    ///
    /// Up to 1.2 a marketplace shows in a publisher who is not the provider. From 1.3 on the maker is the service
    /// provider, and the marketplace the one who sends the invoice.
    fn parties(&self) -> (String, String, bool) {
        let old = !self.provider.is_empty();
        let provider = if old { &self.provider } else { &self.service_provider };
        let publisher = match (old, self.publisher.is_empty()) {
            (_, false) => &self.publisher,
            (true, true) => provider,
            (false, true) => &self.service_provider,
        };
        let marketplace = match self.publisher_category.to_lowercase().as_str() {
            "vendor" => true,
            "cloud provider" | "microsoft" => false,
            _ if self.issuer.to_lowercase().contains("marketplace") => true,
            _ if old => !vendor::same(provider, publisher),
            _ => !vendor::same(provider, &self.issuer) && is_cloud(&self.issuer),
        };
        let whose = if marketplace && !old { &self.issuer } else { provider };
        (vendor::short(whose), publisher.to_string(), marketplace)
    }
}

/// Those who run marketplaces; anyone else who sends an invoice for another is a reseller.
fn is_cloud(name: &str) -> bool {
    ["aws", "microsoft", "google", "oracle"].contains(&vendor::short(name).as_str())
}
