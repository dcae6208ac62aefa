//! Sheets in the shape of a vendor's export, and imports of them.

use contract::fact::{Fact, Line};
use focus::{Fault, Import, Known, Named, Options, Summary};
use std::collections::{BTreeMap, HashSet};

/// FOCUS 1.0, in the order of the specification.
pub const V1_0: &str = "AvailabilityZone,BilledCost,BillingAccountId,BillingAccountName,BillingCurrency,BillingPeriodEnd,BillingPeriodStart,ChargeCategory,ChargeClass,ChargeDescription,ChargeFrequency,ChargePeriodEnd,ChargePeriodStart,CommitmentDiscountCategory,CommitmentDiscountId,CommitmentDiscountName,CommitmentDiscountStatus,CommitmentDiscountType,ConsumedQuantity,ConsumedUnit,ContractedCost,ContractedUnitPrice,EffectiveCost,InvoiceIssuerName,ListCost,ListUnitPrice,PricingCategory,PricingQuantity,PricingUnit,ProviderName,PublisherName,RegionId,RegionName,ResourceId,ResourceName,ResourceType,ServiceCategory,ServiceName,SkuId,SkuPriceId,SubAccountId,SubAccountName,Tags";
/// What 1.1 added.
pub const V1_1: &str = "CapacityReservationId,CapacityReservationStatus,CommitmentDiscountQuantity,CommitmentDiscountUnit,ServiceSubcategory,SkuMeter,SkuPriceDetails";
/// What 1.2 added.
pub const V1_2: &str = "BillingAccountType,InvoiceId,PricingCurrency,PricingCurrencyContractedUnitPrice,PricingCurrencyEffectiveCost,PricingCurrencyListUnitPrice,SubAccountType";
/// What 1.3 added.
pub const V1_3: &str = "AllocatedMethodDetails,AllocatedMethodId,AllocatedResourceId,AllocatedResourceName,AllocatedTags,ContractApplied,HostProviderName,ServiceProviderName";
/// What 1.4 added; it no longer has `ProviderName` and `PublisherName`.
pub const V1_4: &str = "CommitmentProgramEligibilityDetails,InvoiceDetailId";

/// Rows under a header.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub columns: Vec<String>,
    pub rows: Vec<BTreeMap<String, String>>,
    defaults: BTreeMap<String, String>,
}

/// `Name=value` pairs, one a line or between semicolons.
pub fn pairs(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    text.split([';', '\n']).map(str::trim).filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    })
}

impl Sheet {
    /// A sheet with these columns, whose rows say `defaults` where they say nothing else.
    pub fn new(columns: &[&str], defaults: &str) -> Self {
        let columns = columns.iter().flat_map(|some| some.split(',')).map(str::to_owned).collect();
        Self { columns, rows: Vec::new(), defaults: pairs(defaults).collect() }
    }

    /// A small bill of a cloud: one account, October 2026.
    pub fn plain() -> Self {
        Self::new(
            &[V1_0],
            "BilledCost=1;EffectiveCost=1;BillingAccountId=acct-1;BillingCurrency=USD;
             BillingPeriodStart=2026-10-01T00:00:00Z;BillingPeriodEnd=2026-11-01T00:00:00Z;ChargeCategory=Usage;
             ChargePeriodStart=2026-10-05T00:00:00Z;ChargePeriodEnd=2026-10-06T00:00:00Z;ListCost=1;
             InvoiceIssuerName=CloudCo;ProviderName=CloudCo;PublisherName=CloudCo;ServiceCategory=Compute;
             ServiceName=Machines;RegionId=eu-1;SubAccountId=team-a",
        )
    }

    /// With one row more.
    pub fn row(mut self, text: &str) -> Self {
        let mut row = self.defaults.clone();
        row.extend(pairs(text));
        self.rows.push(row);
        self
    }

    /// Without a column.
    pub fn without(mut self, column: &str) -> Self {
        self.columns.retain(|known| known != column);
        self
    }

    pub fn csv(&self) -> String {
        let quoted = |field: &str| {
            if field.contains([',', '"', '\n']) {
                format!("\"{}\"", field.replace('"', "\"\""))
            } else {
                field.to_owned()
            }
        };
        let line = |row: &BTreeMap<String, String>| {
            let fields = self.columns.iter().map(|name| quoted(row.get(name).map_or("", String::as_str)));
            fields.collect::<Vec<_>>().join(",")
        };
        let lines = std::iter::once(self.columns.join(",")).chain(self.rows.iter().map(line));
        lines.map(|line| line + "\n").collect()
    }
}

/// What an import came to.
#[derive(Debug)]
pub struct Outcome {
    pub facts: Vec<Fact>,
    pub summary: Summary,
}

impl From<focus::Outcome> for Outcome {
    fn from(outcome: focus::Outcome) -> Self {
        Self { facts: outcome.facts().collect(), summary: outcome.summary }
    }
}

/// A file of these bytes; its SHA-256 need only differ when the bytes do.
pub fn named(name: &str, bytes: &[u8]) -> Named {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Named { name: name.to_owned(), sha256: format!("{hash:016x}").repeat(4) }
}

pub fn options() -> Options {
    Options {
        provider: None,
        fill_list_cost: false,
        recorded_at: "2026-11-25T09:00:00Z".parse().unwrap(),
        currency: None,
        bill_is: None,
    }
}

/// Imports CSV files beside what `book` holds, and adds to it.
pub fn import_with(book: &mut String, files: &[&str], options: Options) -> Result<Outcome, Fault> {
    let mut import = Import::new(options, Known::read(book).unwrap());
    for (at, text) in files.iter().enumerate() {
        let named = named(&format!("part-{at}.csv"), text.as_bytes());
        if import.knows(&named.sha256).is_none() {
            import.csv(named, text.as_bytes())?;
        }
    }
    let outcome = Outcome::from(import.finish(None)?);
    for fact in &outcome.facts {
        book.push_str(&fact.to_line());
        book.push('\n');
    }
    Ok(outcome)
}

pub fn import(book: &mut String, files: &[&str]) -> Outcome {
    import_with(book, files, options()).unwrap_or_else(|fault| panic!("{fault}: {fault:?}"))
}

/// The facts of a book that no other replaces. No id is there twice, and each correction names one fact.
pub fn standing(book: &str) -> Vec<Fact> {
    let facts: Vec<Fact> = contract::fact::read(book)
        .unwrap()
        .into_iter()
        .filter_map(|entry| match entry.line {
            Line::Fact(fact) => Some(fact),
            _ => None,
        })
        .collect();
    let ids: HashSet<_> = facts.iter().filter_map(|fact| fact.id.clone()).collect();
    assert_eq!(ids.len(), facts.len(), "an id twice");
    let mut replaced = HashSet::new();
    for old in facts.iter().filter_map(|fact| fact.replaces.clone()) {
        assert!(ids.contains(&old), "a correction of nothing");
        assert!(replaced.insert(old), "corrected twice");
    }
    facts.into_iter().filter(|fact| !replaced.contains(fact.id.as_ref().unwrap())).collect()
}

/// The sum of what stands, in 10⁻¹².
pub fn total(book: &str) -> i128 {
    standing(book).iter().map(|fact| units::parse_decimal(&fact.value.to_string(), 12).unwrap()).sum()
}

/// Cents in 10⁻¹².
pub fn cents(count: i128) -> i128 {
    count * 10_000_000_000
}
