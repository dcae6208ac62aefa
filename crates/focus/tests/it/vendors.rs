//! What each vendor's export becomes, version by version.

use crate::support::*;

/// Imports a sheet and holds its facts against `VALUE name=value …`, one a line, in any order.
fn check(sheet: &Sheet, facts: &[&str]) -> Outcome {
    let mut book = String::new();
    let outcome = import(&mut book, &[&sheet.csv()]);
    let mut found = outcome.facts.clone();
    for expected in facts {
        let mut words = expected.split(" | ");
        let (value, wanted) = (words.next().unwrap(), words.collect::<Vec<_>>());
        let fits = |fact: &contract::fact::Fact| {
            fact.value.to_string() == value
                && wanted.iter().all(|pair| {
                    let (name, value) = pair.split_once('=').unwrap();
                    fact.attributes.get(name).map_or("", String::as_str) == value
                })
        };
        let at = found.iter().position(fits);
        let at = at.unwrap_or_else(|| panic!("no fact `{expected}` among {found:#?}"));
        found.remove(at);
    }
    assert!(found.is_empty(), "more facts: {found:#?}");
    outcome
}

const AWS: &str = "BilledCost=1;EffectiveCost=1;BillingAccountId=100000000001;BillingCurrency=USD;
    BillingPeriodStart=2026-10-01T00:00:00.000Z;BillingPeriodEnd=2026-11-01T00:00:00.000Z;ChargeCategory=Usage;
    ChargePeriodStart=2026-10-05T13:00:00.000Z;ChargePeriodEnd=2026-10-05T14:00:00.000Z;ListCost=1;
    InvoiceIssuerName=Amazon Web Services, Inc.;ProviderName=AWS;PublisherName=Amazon Web Services, Inc.;
    ServiceCategory=Compute;ServiceName=Amazon Elastic Compute Cloud;RegionId=us-east-1;SubAccountId=200000000002;
    PricingCategory=Standard;x_ServiceCode=AmazonEC2";
const AWS_MORE: &str = "x_CostCategories,x_Discounts,x_Operation,x_ServiceCode,x_UsageType";

#[test]
fn aws_1_0() {
    let sheet = Sheet::new(&[V1_0, AWS_MORE], AWS)
        .row("ListCost=12.5;Tags={\"team\":\"a, b\"}")
        .row("ListCost=2.345E-07")
        .row("ListCost=30;PublisherName=Red Hat Inc.;ServiceName=Red Hat Enterprise Linux")
        .row("ListCost=40;PublisherName=Amazon Web Services EMEA SARL;ServiceName=AWS Support (Business);x_ServiceCode=AWSSupportBusiness")
        .row("ListCost=-3;ChargeCategory=Credit;ChargeClass=Correction")
        .row("ListCost=7;ChargeCategory=Tax;BilledCost=7")
        .row("ListCost=8;PublisherName=;InvoiceIssuerName=AWS Marketplace")
        .row("ListCost=-5;ServiceName=Amazon Simple Storage Service;BilledCost=-5");
    let outcome = check(
        &sheet,
        &[
            "12.5000002345 | provider=aws | channel=direct | charge=usage | sku.family=compute | sub_account=200000000002",
            "30 | provider=aws | channel=marketplace | publisher=Red Hat Inc. | charge=usage",
            "40 | provider=aws | channel=direct | sku.family=support",
            "-3 | charge=credit | class=correction",
            "7 | charge=tax",
            "8 | provider=aws | channel=marketplace",
            "-5 | charge=usage",
        ],
    );
    let first = &outcome.facts[0];
    assert_eq!(first.effective_at, "2026-10-05".parse().unwrap(), "the day, whatever the hour");
    assert_eq!(first.unit, "USD");
    assert_eq!(outcome.summary.files[0].version, "1.0");
    assert_eq!(outcome.summary.list_cost, "89.5000002345");
}

#[test]
fn a_savings_plan_counts_once() {
    let sheet = Sheet::new(&[V1_0, AWS_MORE], AWS)
        .row("ChargeCategory=Purchase;CommitmentDiscountId=sp-1;BilledCost=100;EffectiveCost=0;ListCost=100")
        .row("ChargeCategory=Purchase;BilledCost=50;EffectiveCost=0;ListCost=50")
        .row("ListCost=130;BilledCost=0;EffectiveCost=90;CommitmentDiscountId=sp-1;CommitmentDiscountCategory=Spend;CommitmentDiscountStatus=Used;PricingCategory=Committed")
        .row("ListCost=10;BilledCost=0;EffectiveCost=10;CommitmentDiscountId=sp-1;CommitmentDiscountCategory=Spend;CommitmentDiscountStatus=Unused")
        .row("ChargeCategory=Purchase;BilledCost=9;EffectiveCost=9;ListCost=9;ServiceName=Route 53");
    let outcome = check(
        &sheet,
        &[
            "130 | commitment_discount=spend | commitment_discount.status=used | pricing=committed",
            "10 | commitment_discount.status=unused",
            "9 | charge=purchase",
        ],
    );
    let left = &outcome.summary.left_out[0];
    assert_eq!((left.reason, left.rows, left.billed_cost.as_str()), ("covers_later_use", 2, "150.00"));
}

const AZURE: &str = "BilledCost=1;EffectiveCost=1;BillingAccountId=/providers/Microsoft.Billing/billingAccounts/1;
    BillingCurrency=EUR;BillingPeriodStart=2026-10-01T00:00Z;BillingPeriodEnd=2026-11-01T00:00Z;
    ChargeCategory=Usage;ChargePeriodStart=2026-10-05T00:00Z;ChargePeriodEnd=2026-10-06T00:00Z;ListCost=1;
    InvoiceIssuerName=Microsoft;ProviderName=Microsoft;PublisherName=Microsoft;ServiceCategory=Compute;
    ServiceName=Virtual Machines;RegionId=westeurope;SubAccountId=/subscriptions/1;x_PublisherCategory=Cloud Provider";
const AZURE_MORE: &str =
    "x_BilledCostInUsd,x_PricingBlockSize,x_PublisherCategory,x_SkuMeterCategory,x_SkuDetails";

#[test]
fn azure_1_2_with_the_gaps_that_it_documents() {
    let sheet = Sheet::new(&[V1_0, V1_1, V1_2, AZURE_MORE], AZURE)
        .row("ListCost=5.25;x_SkuDetails={\"a\":\"b\"}")
        .row("ListCost=0;BilledCost=80;EffectiveCost=80;ChargeCategory=Purchase;PublisherName=Fabrikam;x_PublisherCategory=Vendor;ServiceName=")
        .row("ListCost=0;BilledCost=0;EffectiveCost=20;CommitmentDiscountId=r-1;PublisherName=")
        .row("ListCost=6;PublisherName=;x_SkuMeterCategory=Support");
    let outcome = check(
        &sheet,
        &[
            "5.25 | provider=microsoft | channel=direct | region=westeurope | service=Virtual Machines",
            "6 | provider=microsoft | publisher=Microsoft | channel=direct | sku.family=support",
        ],
    );
    let left = &outcome.summary.left_out[0];
    assert_eq!((left.reason, left.rows), ("no_list_cost", 2));
    assert_eq!((left.billed_cost.as_str(), left.effective_cost.as_str()), ("80.00", "100.00"));
    assert_eq!(outcome.summary.currency.as_deref(), Some("EUR"));
    assert_eq!(outcome.summary.files[0].version, "1.2");

    let mut book = String::new();
    let filled =
        import_with(&mut book, &[&sheet.csv()], focus::Options { fill_list_cost: true, ..options() });
    let filled = filled.unwrap().facts.into_iter().filter(|fact| fact.attributes.contains_key("basis"));
    let mut filled: Vec<_> =
        filled.map(|fact| (fact.attributes["channel"].clone(), fact.value.to_string())).collect();
    filled.sort();
    let expected = [("direct", "20"), ("marketplace", "80")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(filled, expected, "at what they cost");
}

#[test]
fn google_writes_small_letters_and_bills_commitments_as_usage() {
    let google = "BilledCost=1;EffectiveCost=1;BillingAccountId=010101-F0FFF0-61C528;BillingCurrency=USD;
        BillingPeriodStart=2026-10-01 07:00:00 UTC;ChargeCategory=usage;ListCost=1;
        ChargePeriodStart=2026-10-05 23:00:00 UTC;ChargePeriodEnd=2026-10-06 00:00:00 UTC;ProviderName=Google Cloud;
        PublisherName=Google Cloud;ServiceCategory=Compute;ServiceName=Compute Engine;RegionId=europe-west1;
        PricingCategory=standard";
    let sheet = Sheet::new(&[V1_0, "x_Credits,x_CostType,x_ExportTime"], google)
        .without("InvoiceIssuerName")
        .row("ListCost=11.000000000")
        .row("ListCost=50;ChargeDescription=Commitment v1: Cpu in Belgium for 1 Year;PricingCategory=committed")
        .row("ListCost=2;PublisherName=Redis Labs;ServiceName=Redis Enterprise")
        .row("ListCost=0.5;ChargeCategory=adjustment;ChargeClass=correction");
    let outcome = check(
        &sheet,
        &[
            "11 | provider=google | channel=direct | charge=usage | billing_period=2026-10-01",
            "2 | provider=google | channel=marketplace",
            "0.5 | charge=adjustment | class=correction",
        ],
    );
    assert_eq!(outcome.summary.left_out[0].reason, "covers_later_use");
    assert!(outcome.summary.notes[0].contains("InvoiceIssuerName"), "{:?}", outcome.summary.notes);
}

#[test]
fn focus_1_3_and_1_4_name_the_seller_and_the_contract() {
    let both = "BilledCost=1;EffectiveCost=1;BillingAccountId=1;BillingCurrency=USD;ListCost=1;
        BillingPeriodStart=2026-10-01T00:00:00Z;ChargeCategory=Usage;ChargePeriodStart=2026-10-05T00:00:00Z;
        InvoiceIssuerName=AWS;HostProviderName=AWS;ServiceProviderName=AWS;ServiceCategory=Compute;ServiceName=EC2";
    let applied = |id: &str| {
        format!(
            "ContractApplied={{\"Elements\":[{{\"ContractId\":\"c\",\"{id}\":\"c/y01\",\"ContractCommitmentAppliedCost\":3}}]}}"
        )
    };
    let row = applied("ContractCommitmentId").replace(';', ",");
    let sheet = Sheet::new(&[V1_0, V1_1, V1_2, V1_3], &format!("{both};ProviderName=AWS;PublisherName=AWS"))
        .row("ListCost=3")
        .row(&format!("ListCost=4;{row}"))
        .row("ListCost=5;PublisherName=Databricks;ServiceProviderName=Databricks");
    let outcome = check(
        &sheet,
        &[
            "3 | provider=aws | contract_commitment=",
            "4 | contract_commitment=c/y01",
            "5 | provider=aws | channel=marketplace | publisher=Databricks",
        ],
    );
    assert_eq!(outcome.summary.files[0].version, "1.3");

    let sheet = Sheet::new(&[V1_0, V1_1, V1_2, V1_3, V1_4], both)
        .without("ProviderName")
        .without("PublisherName")
        .row("ListCost=3")
        .row(&format!("ListCost=4;{}", applied("ContractCommitmentID")))
        .row("ListCost=5;ServiceProviderName=Databricks")
        .row("ListCost=6;InvoiceIssuerName=Reseller Ltd");
    let outcome = check(
        &sheet,
        &[
            "3 | provider=aws | publisher=AWS | channel=direct",
            "4 | contract_commitment=c/y01",
            "5 | provider=aws | channel=marketplace | publisher=Databricks",
            "6 | provider=aws | channel=direct | invoice_issuer=Reseller Ltd",
        ],
    );
    assert_eq!(outcome.summary.files[0].version, "1.4");
}

#[test]
fn the_deals_name_for_the_provider_can_be_said() {
    let mut book = String::new();
    let options = focus::Options { provider: Some("the-cloud".to_owned()), ..options() };
    let outcome = import_with(&mut book, &[&Sheet::plain().row("ListCost=1").csv()], options).unwrap();
    assert_eq!(outcome.facts[0].attributes["provider"], "the-cloud");
}

#[test]
fn identities_within_a_row_are_held() {
    let sheet = Sheet::plain()
        .row("ListCost=37.50;ListUnitPrice=3.00;PricingQuantity=12.5;ContractedCost=33.75;ContractedUnitPrice=2.70")
        .row("ListCost=38.50;ListUnitPrice=3.00;PricingQuantity=12.5;ContractedCost=33.75;ContractedUnitPrice=2.70")
        .row("ListCost=37.50;ListUnitPrice=3.00;PricingQuantity=12.5;ContractedCost=34.75;ContractedUnitPrice=2.70")
        .row("ListCost=20;ContractedCost=33.75")
        .row("ListCost=99;ListUnitPrice=3.00;PricingQuantity=12.5;ChargeClass=Correction");
    let mut book = String::new();
    let checks = import(&mut book, &[&sheet.csv()]).summary.checks;
    let found: Vec<(&str, u64, &str)> =
        checks.iter().map(|breach| (breach.rule, breach.rows, breach.first.as_str())).collect();
    assert_eq!(
        found,
        [
            ("ListCost = ListUnitPrice × PricingQuantity", 1, "part-0.csv, line 3"),
            ("ContractedCost = ContractedUnitPrice × PricingQuantity", 1, "part-0.csv, line 4"),
            ("ListCost ≥ ContractedCost", 1, "part-0.csv, line 5"),
        ]
    );
}
