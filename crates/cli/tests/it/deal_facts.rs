//! `offtake deal facts`: a bill becomes facts once, whatever is done, and a deal counts them.

use crate::support::{Home, Vendor, Wire, text, usual};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

const HEADER: &str = "BilledCost,BillingAccountId,BillingCurrency,BillingPeriodStart,ChargeCategory,ChargePeriodStart,CommitmentDiscountId,ContractedCost,EffectiveCost,InvoiceIssuerName,ListCost,ProviderName,PublisherName,ResourceId,ServiceCategory,ServiceName,SubAccountId\n";

const DEAL: &str = r#"
schema = "offtake.contract/1"
id = "acme-aws"
version = 1
known_from = 2026-01-01T00:00:00Z
effective = { from = 2026-01-01, to = 2028-01-01 }
currency = "USD"
[[party]]
id = "aws"
roles = ["vendor"]
[[party]]
id = "acme"
roles = ["customer"]
[[commitment]]
id = "edp"
payer = "acme"
payee = "aws"
total = "2000.00"
schedule = [{ y = 1, min = "1000.00" }, { y = 2, min = "1000.00" }]
eligible = [
  { where = 'charge == "tax"', weight = "0" },
  { where = 'channel == "marketplace"', weight = "0.5", cap_of_year_min = "0.25" },
  { where = 'provider == "aws" and sku.family != "support"', weight = "1" },
]
"#;

/// A row: what it costs at list price, on which day of October 2026, and what else is not as usual.
struct Row(&'static str, u32, &'static str);

fn bill(rows: &[Row]) -> String {
    let mut text = HEADER.to_owned();
    for (at, Row(list, day, other)) in rows.iter().enumerate() {
        let get = |name: &str, usual: &str| {
            let said = other.split(';').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            said.unwrap_or(usual).to_owned()
        };
        let fields = [
            get("BilledCost", list),
            get("BillingAccountId", "100000000001"),
            get("BillingCurrency", "USD"),
            "2026-10-01T00:00:00Z".to_owned(),
            get("ChargeCategory", "Usage"),
            get("ChargePeriodStart", &format!("2026-10-{day:02}T07:00:00Z")),
            get("CommitmentDiscountId", ""),
            list.to_string(),
            get("EffectiveCost", list),
            "\"Amazon Web Services, Inc.\"".to_owned(),
            list.to_string(),
            "AWS".to_owned(),
            get("PublisherName", "AWS"),
            get("ResourceId", &format!("i-{at}")),
            "Compute".to_owned(),
            get("ServiceName", "Amazon Elastic Compute Cloud"),
            "200000000002".to_owned(),
        ];
        text.push_str(&fields.join(","));
        text.push('\n');
    }
    text
}

/// October, as it was on the twentieth.
const EARLY: [Row; 6] = [
    Row("100.25", 5, ""),
    Row("300", 6, "PublisherName=Red Hat Inc."),
    Row("50", 7, "ServiceName=AWS Support (Business)"),
    Row("9", 7, "ChargeCategory=Tax"),
    Row("70", 8, "ChargeCategory=Purchase;CommitmentDiscountId=sp-1;EffectiveCost=0"),
    Row("80.5", 8, "CommitmentDiscountId=sp-1;BilledCost=0"),
];

struct Folder(TempDir);

impl Folder {
    fn new(bill: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("deal.toml", DEAL.as_bytes());
        folder.write("bill.csv", bill.as_bytes());
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn run(&self, arguments: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offtake"));
        command.current_dir(self.0.path()).args(arguments.split_whitespace()).output().unwrap()
    }

    /// Runs what must succeed and answer in JSON.
    fn json(&self, arguments: &str) -> Value {
        let output = self.run(&format!("{arguments} --json"));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments}: {error}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What the commitment's first year counts, as known at a time.
    fn counted(&self, known_at: &str) -> String {
        let evaluated = self.json(&format!(
            "deal evaluate deal.toml --facts facts.jsonl --as-of 2026-11-20 --known-at {known_at}"
        ));
        evaluated["commitments"][0]["years"][0]["counted"].as_str().unwrap().to_owned()
    }
}

const IMPORT: &str = "deal facts import bill.csv --out facts.jsonl --recorded-at";

#[test]
fn a_bill_draws_a_commitment_down_once() {
    let folder = Folder::new(&bill(&EARLY));
    let summary = folder.json(&format!("{IMPORT} 2026-10-20T06:00:00Z --deal deal.toml"));
    assert_eq!(summary["rows"], 6);
    assert_eq!(summary["facts"], json!({"written": 5, "replaced": 0, "withdrawn": 0, "known": 0}));
    assert_eq!(summary["left_out"][0]["reason"], "covers_later_use");
    assert_eq!(summary["left_out"][0]["billed_cost"], "70.00");
    let rules = &summary["commitments"][0]["rules"];
    let counted: Vec<&str> = (0..3).map(|rule| rules[rule]["counted"].as_str().unwrap()).collect();
    assert_eq!(counted, ["0.00", "150.00", "180.75"]);
    assert_eq!(summary["commitments"][0]["no_rule"], "50.00");

    // 100.25 + 80.5, and half of a marketplace purchase that may reach a quarter of the minimum.
    assert_eq!(folder.counted("2026-10-21"), "305.75");
    assert_eq!(folder.counted("2026-10-20"), "0.00", "it was not known before it was on record");
    let before = folder.read("facts.jsonl");
    let again = folder.json(&format!("{IMPORT} 2026-10-22T06:00:00Z"));
    assert_eq!(again["facts"]["written"], 0);
    assert_eq!(folder.read("facts.jsonl"), before);
}

#[test]
fn a_newer_edition_is_known_from_when_it_came() {
    let folder = Folder::new(&bill(&EARLY));
    folder.json(&format!("{IMPORT} 2026-10-20T06:00:00Z"));
    let mut late: Vec<Row> = Vec::from(EARLY);
    late[0].0 = "110.25";
    late.push(Row("40", 25, ""));
    folder.write("bill.csv", bill(&late).as_bytes());
    let summary = folder.json(&format!("{IMPORT} 2026-11-03T06:00:00Z"));
    assert_eq!(summary["facts"], json!({"written": 2, "replaced": 1, "withdrawn": 0, "known": 4}));
    assert_eq!(summary["beside"], json!([{"file": "bill.csv", "this_is": "edition"}]));
    assert_eq!(folder.counted("2026-11-02"), "305.75");
    assert_eq!(folder.counted("2026-11-04"), "355.75");
    let facts = folder.read("facts.jsonl");
    let newest: Vec<Value> =
        facts.lines().rev().take(2).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(newest.iter().all(|fact| fact["recorded_at"] == "2026-11-03T06:00:00Z"));
    assert!(newest.iter().any(|fact| fact["replaces"].is_string()));
}

#[test]
fn parts_folders_and_gzip_come_to_the_same() {
    let whole = bill(&EARLY);
    let (header, rows) = whole.split_once('\n').unwrap();
    let (first, second) = rows.split_at(rows.match_indices('\n').nth(2).unwrap().0 + 1);
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let folder = Folder::new(&whole);
    folder.write("october/part-1.csv", format!("{header}\n{first}").as_bytes());
    folder.write("october/more/part-2.csv.gz", &gzip(&format!("{header}\n{second}")));
    folder.write("october/manifest.json", b"{}");
    let summary = folder.json("deal facts import october --out facts.jsonl --recorded-at 2026-11-02");
    assert_eq!(summary["files"].as_array().unwrap().len(), 2);
    assert_eq!(summary["list_cost"], "539.75");
    assert_eq!(folder.counted("2026-11-03"), "305.75");
    let whole = folder.json(&format!("{IMPORT} 2026-11-03"));
    assert_eq!(whole["facts"]["written"], 0, "{whole}");
}

#[test]
fn facts_go_to_standard_output_and_a_dry_run_goes_nowhere() {
    let folder = Folder::new(&bill(&EARLY));
    let output = folder.run("deal facts import bill.csv");
    assert!(output.status.success());
    let facts = String::from_utf8(output.stdout).unwrap();
    assert_eq!(contract::fact::read(&facts).unwrap().len(), 5);
    assert!(String::from_utf8_lossy(&output.stderr).contains("aws, marketplace, usage"));
    let dry = folder.json("deal facts import bill.csv --out facts.jsonl --dry-run");
    assert_eq!(dry["facts"]["written"], 5);
    assert!(!folder.path("facts.jsonl").exists());
}

/// What is refused, with exit code 2, in words that hold each of `says`; nothing is written.
fn refused(folder: &Folder, arguments: &str, says: &[&str]) {
    folder.write("facts.jsonl", b"");
    let output = folder.run(&format!("deal facts import {arguments} --out facts.jsonl"));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    for word in says {
        assert!(error.contains(word), "no `{word}` in:\n{error}");
    }
    assert_eq!(folder.read("facts.jsonl"), "");
    let left = std::fs::read_dir(folder.0.path()).unwrap().flatten();
    assert!(!left.into_iter().any(|entry| entry.file_name().to_string_lossy().ends_with(".new")));
}

#[test]
fn a_bill_that_cannot_be_used_is_refused_at_its_line() {
    let mut rows: Vec<Row> = Vec::from(EARLY);
    rows.push(Row("1", 9, "BillingCurrency=EUR"));
    let folder = Folder::new(&bill(&rows));
    refused(
        &folder,
        "bill.csv",
        &["error: this charge is in EUR, and those before it in USD", "bill.csv:8:", "^^^", "= help:"],
    );
    folder.write("bill.csv", bill(&EARLY).replace("ListCost", "Cost").as_bytes());
    refused(&folder, "bill.csv", &["`ListCost` is missing", "bill.csv:1:1", "= help:"]);
    folder.write("bill.csv", bill(&EARLY).replace(",300,AWS", ",3x0,AWS").as_bytes());
    refused(&folder, "bill.csv", &["`ListCost` is `3x0`", "bill.csv:3:", "= help:"]);
    folder.write("bill.csv", bill(&EARLY).as_bytes());
    folder.write("euro.toml", DEAL.replace("USD", "EUR").as_bytes());
    refused(&folder, "bill.csv --deal euro.toml", &["in USD, and the deal in EUR", "bill.csv:2:"]);
    refused(&folder, "none.csv", &["cannot read `none.csv`"]);
    refused(&folder, "bill.csv --recorded-at 2999-01-01", &["lies ahead"]);
    folder.write("bill.parquet", b"PAR1 and no more");
    refused(&folder, "bill.parquet", &["damaged or cut off", "= help: fetch the export again"]);
}

#[test]
fn a_file_of_facts_that_is_none_is_refused_at_its_line() {
    let folder = Folder::new(&bill(&EARLY));
    folder.write("facts.jsonl", b"{\"metric\":\"list_spend\"}\n");
    let output = folder.run("deal facts import bill.csv --out facts.jsonl");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("facts.jsonl:1:1"));
    assert_eq!(folder.read("facts.jsonl"), "{\"metric\":\"list_spend\"}\n");
}

/// The first block of a page in this language.
fn block<'a>(page: &'a str, language: &str) -> &'a str {
    page.split_once(&format!("```{language}\n")).unwrap().1.split_once("```").unwrap().0
}

#[test]
fn the_documentation_shows_what_is_so() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/facts.md");
    let page = std::fs::read_to_string(page).unwrap();
    let folder = Folder::new(block(&page, "csv"));
    folder.write("deal.toml", block(&page, "toml").as_bytes());
    let (command, shown) = block(&page, "console").split_once('\n').unwrap();
    let output = folder.run(command.strip_prefix("$ offtake ").unwrap());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), shown);
    let evaluated =
        folder.json("deal evaluate deal.toml --facts facts.jsonl --as-of 2026-11-20 --known-at 2026-11-20");
    assert!(page.contains("then counts 430.75"));
    assert_eq!(evaluated["commitments"][0]["years"][0]["counted"], "430.75");
}

#[test]
fn the_books_are_facts_to_the_last_digit_and_once() {
    let vendor = Vendor::start();
    // What the configuration says of a backend, and what the command says over it.
    let named = "name = \"anthropic\"\nprovider = \"bedrock\"\nsilicon = \"trainium2\"";
    let config = usual(&vendor.url(), "provider = \"elsewhere\"");
    let config =
        config.replacen("name = \"anthropic\"", named, 1).replacen("provider = \"elsewhere\"", "", 1);
    let home = Home::new(&config);
    let facts = home.path().join("facts.jsonl");
    let take = |home: &Home| {
        let out = facts.to_str().unwrap();
        let more = ["--provider", "openai=azure", "--revenue", "revenue", "--json"];
        let output = home.run(&[&["deal", "facts", "books", "--out", out], &more[..]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    for round in 0..2 {
        let plane = home.serve();
        for model in ["claude", "gpt", "claude"] {
            assert_eq!(plane.send(&Wire::Messages.ask(model, false, "")).status, 200);
        }
        plane.stop();
        let first = take(&home);
        assert!(first["written"]["list_spend"].as_u64().unwrap() >= 2, "{round}: {first}");
        let before = std::fs::read_to_string(&facts).unwrap();
        assert_eq!(take(&home)["written"], json!({}));
        assert_eq!(std::fs::read_to_string(&facts).unwrap(), before);
    }
    let lines = std::fs::read_to_string(&facts).unwrap();
    let facts = contract::fact::read(&lines).unwrap();
    let pico = |metric: &str| -> i128 {
        let facts = facts.iter().filter_map(|entry| match &entry.line {
            contract::fact::Line::Fact(fact) if fact.metric == metric => Some(fact.value),
            _ => None,
        });
        facts.map(|value| value.money(units::Currency::USD).pico()).sum()
    };
    let calls: u128 = home.usage().iter().map(|call| crate::support::pico(&call["charge"])).sum();
    assert!(calls > 0);
    assert_eq!(pico("list_spend"), i128::try_from(calls).unwrap());
    assert_eq!(pico("revenue"), pico("list_spend"));
    for part in ["\"silicon\":\"trainium2\"", "\"provider\":\"azure\"", "\"provider\":\"bedrock\""] {
        assert!(lines.contains(part), "{part}");
    }
    assert!(!lines.contains("elsewhere"));
}
