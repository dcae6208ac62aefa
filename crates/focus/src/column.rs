//! The columns of a Cost and Usage export that matter here, and what kind of file a header belongs to.

use crate::fault::{Fault, Problem};

macro_rules! columns {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// A column that is read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Column { $($name),* }

        impl Column {
            /// All of them.
            pub(crate) const ALL: [Self; [$($text),*].len()] = [$(Self::$name),*];

            /// As FOCUS spells it.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

columns! {
    BilledCost = "BilledCost",
    BillingAccountId = "BillingAccountId",
    BillingCurrency = "BillingCurrency",
    BillingPeriodStart = "BillingPeriodStart",
    ChargeCategory = "ChargeCategory",
    ChargeClass = "ChargeClass",
    ChargeDescription = "ChargeDescription",
    ChargePeriodStart = "ChargePeriodStart",
    CommitmentDiscountCategory = "CommitmentDiscountCategory",
    CommitmentDiscountId = "CommitmentDiscountId",
    CommitmentDiscountStatus = "CommitmentDiscountStatus",
    ContractApplied = "ContractApplied",
    ContractedCost = "ContractedCost",
    ContractedUnitPrice = "ContractedUnitPrice",
    EffectiveCost = "EffectiveCost",
    InvoiceIssuerName = "InvoiceIssuerName",
    ListCost = "ListCost",
    ListUnitPrice = "ListUnitPrice",
    PricingCategory = "PricingCategory",
    PricingQuantity = "PricingQuantity",
    ProviderName = "ProviderName",
    PublisherName = "PublisherName",
    RegionId = "RegionId",
    ResourceId = "ResourceId",
    ServiceCategory = "ServiceCategory",
    ServiceName = "ServiceName",
    ServiceProviderName = "ServiceProviderName",
    SkuId = "SkuId",
    SkuPriceId = "SkuPriceId",
    SubAccountId = "SubAccountId",
    XPublisherCategory = "x_PublisherCategory",
    XServiceCode = "x_ServiceCode",
    XSkuMeterCategory = "x_SkuMeterCategory",
}

/// Without these no amount can be placed. Every version has them; the provider's name has two spellings.
const NEEDED: [Column; 8] = [
    Column::BilledCost,
    Column::BillingAccountId,
    Column::BillingCurrency,
    Column::BillingPeriodStart,
    Column::ChargeCategory,
    Column::ChargePeriodStart,
    Column::EffectiveCost,
    Column::ListCost,
];

/// Without these rules can select less, which is worth a word.
const WANTED: [Column; 4] =
    [Column::InvoiceIssuerName, Column::ServiceName, Column::ServiceCategory, Column::SubAccountId];

/// Where the columns stand in one file.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    places: [Option<usize>; Column::ALL.len()],
    /// How many columns the file has.
    pub width: usize,
    /// The version its columns show: `1.0` to `1.4`.
    pub version: &'static str,
}

impl Layout {
    /// Finds the columns in a header.
    ///
    /// # Errors
    /// When a name stands twice, a needed one is missing, or this is another kind of file.
    pub(crate) fn of(header: &[&str]) -> Result<Self, Fault> {
        let names: Vec<String> = header.iter().copied().map(plain).collect();
        for (at, (name, raw)) in names.iter().zip(header).enumerate() {
            if !name.is_empty() && names[..at].contains(name) {
                return Err(Fault::of(Problem::TwiceNamed(raw.trim().to_owned())).mend("keep one of them"));
            }
        }
        let has = |name: &str| names.iter().any(|known| *known == plain(name));
        let mut places = [None; Column::ALL.len()];
        for (place, column) in places.iter_mut().zip(Column::ALL) {
            *place = names.iter().position(|name| *name == plain(column.name()));
        }
        let layout = Self { places, width: names.len(), version: version(&has) };
        let mut missing: Vec<&str> =
            NEEDED.into_iter().filter(|column| !layout.has(*column)).map(Column::name).collect();
        if !layout.has(Column::ProviderName) && !layout.has(Column::ServiceProviderName) {
            missing.push("ProviderName (ServiceProviderName from 1.3)");
        }
        if missing.is_empty() { Ok(layout) } else { Err(other_file(&names, &missing)) }
    }

    /// Where a column stands.
    pub(crate) const fn place(&self, column: Column) -> Option<usize> {
        self.places[column as usize]
    }

    /// Whether the file has a column.
    pub(crate) const fn has(&self, column: Column) -> bool {
        self.place(column).is_some()
    }

    /// What is missing that rules may want.
    pub(crate) fn wanting(&self) -> impl Iterator<Item = &'static str> {
        WANTED.into_iter().filter(|column| !self.has(*column)).map(Column::name)
    }
}

/// A name as it is compared: data tools change case, and put underscores or spaces in.
fn plain(name: &str) -> String {
    let kept = name.chars().filter(|letter| !matches!(letter, '_' | ' ' | '\t' | '"' | '\u{feff}'));
    kept.flat_map(char::to_lowercase).collect()
}

/// The oldest version that has the newest column found.
fn version(has: &impl Fn(&str) -> bool) -> &'static str {
    let any = |names: &[&str]| names.iter().any(|name| has(name));
    if any(&["InvoiceDetailId", "CommitmentProgramEligibilityDetails"]) || !has("ProviderName") {
        "1.4"
    } else if any(&["ServiceProviderName", "HostProviderName", "ContractApplied", "AllocatedMethodId"]) {
        "1.3"
    } else if any(&["InvoiceId", "PricingCurrency"]) {
        "1.2"
    } else if any(&["SkuMeter", "SkuPriceDetails", "ServiceSubcategory", "CommitmentDiscountQuantity"]) {
        "1.1"
    } else {
        "1.0"
    }
}

/// What a file is that lacks columns, and what to do.
fn other_file(names: &[String], missing: &[&str]) -> Fault {
    let has = |name: &str| names.iter().any(|known| known == name);
    let starts = |start: &str| names.iter().any(|known| known.starts_with(start));
    let kinds: [(bool, &str, &str); 6] = [
        (
            starts("lineitem") || starts("bill/") || has("identity/lineitemid"),
            "an AWS Cost and Usage Report",
            "in Billing and Cost Management, Data Exports, create an export of the table `FOCUS 1.2 with AWS columns`",
        ),
        (
            has("metercategory") || has("pretaxcost") || has("costinbillingcurrency"),
            "an Azure cost and usage export of the older kind",
            "in Cost Management, Exports, create an export of `Cost and usage details (FOCUS)`",
        ),
        (
            has("usagestarttime") || starts("sku.") || has("billingaccountid") && has("costtype"),
            "a Cloud Billing export of the older kind",
            "export the FOCUS table or view of BigQuery instead",
        ),
        (
            has("contractcommitmentid") && !has("chargecategory"),
            "a FOCUS Contract Commitment dataset",
            "give the Cost and Usage dataset: spend is there",
        ),
        (
            has("chargetype") && !has("chargecategory") || has("amortizedcost"),
            "a FOCUS preview older than 1.0",
            "export FOCUS 1.0 or later",
        ),
        (
            names.len() < 3 && names.iter().any(|name| name.contains([';', '|']) || name.len() > 60),
            "not separated by commas",
            "export with commas between fields, as FOCUS CSV has them",
        ),
    ];
    if let Some((_, kind, mend)) = kinds.into_iter().find(|(is, _, _)| *is) {
        return Fault::of(Problem::OtherFile(kind)).mend(mend);
    }
    if missing.len() > NEEDED.len() / 2 {
        let mend = "give a FOCUS Cost and Usage export, 1.0 to 1.4, with its header as the first line";
        return Fault::of(Problem::NotFocus(missing.join(", "))).mend(mend);
    }
    let columns = missing.join(", ");
    let mend =
        format!("export with {} too: FOCUS has {}", columns, if missing.len() > 1 { "them" } else { "it" });
    Fault::of(Problem::Missing(columns)).mend(mend)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "BilledCost,BillingAccountId,BillingCurrency,BillingPeriodStart,ChargeCategory,ChargePeriodStart,EffectiveCost,ListCost,ProviderName";

    fn of(header: &str) -> Result<Layout, Fault> {
        Layout::of(&header.split(',').collect::<Vec<_>>())
    }

    #[test]
    fn columns_are_found_however_a_tool_spelt_them() {
        let spelt =
            LEAST.replace("ListCost", "list_cost").replace("BilledCost", "Billed Cost").to_uppercase();
        for header in [LEAST, &spelt, &format!("\u{feff}{LEAST}")] {
            let layout = of(header).unwrap();
            assert_eq!(layout.place(Column::BilledCost), Some(0), "{header}");
            assert_eq!(layout.place(Column::ListCost), Some(7), "{header}");
        }
    }

    #[test]
    fn the_version_shows_in_the_columns() {
        for (more, version) in [
            ("", "1.0"),
            (",SkuMeter", "1.1"),
            (",InvoiceId,SkuMeter", "1.2"),
            (",InvoiceId,ContractApplied", "1.3"),
            (",InvoiceDetailId", "1.4"),
        ] {
            assert_eq!(of(&format!("{LEAST}{more}")).unwrap().version, version, "{more}");
        }
        assert_eq!(of(&LEAST.replace("Provider", "ServiceProvider")).unwrap().version, "1.4");
    }

    #[test]
    fn another_file_is_named_with_the_way_to_a_right_one() {
        for (header, says) in [
            ("identity/LineItemId,lineItem/UsageStartDate", "AWS Cost and Usage Report"),
            ("bill_payer_account_id,line_item_usage_start_date", "AWS Cost and Usage Report"),
            ("Date,MeterCategory,CostInBillingCurrency", "Azure cost and usage export"),
            ("billing_account_id,service.id,usage_start_time,cost_type", "Cloud Billing export"),
            ("ContractCommitmentId,ContractId", "Contract Commitment"),
            ("ChargeType,BilledCost", "preview older"),
            ("BilledCost;ListCost;ProviderName", "not separated by commas"),
            ("a,b,c,d", "no FOCUS Cost and Usage export"),
            (&LEAST.replace("ListCost", "Other"), "`ListCost` is missing"),
            (&LEAST.replace("ProviderName", "Other"), "ServiceProviderName from 1.3"),
            (&format!("{LEAST},listcost"), "`listcost` stands twice"),
        ] {
            let fault = of(header).unwrap_err();
            assert!(fault.to_string().contains(says), "{header}: {fault}");
            assert!(!fault.mend.is_empty(), "{header}");
        }
    }
}
