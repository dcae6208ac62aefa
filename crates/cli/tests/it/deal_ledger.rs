//! `offtake deal ledger` as it is run: the books of each party, the circle of money, and what other programs read.

use crate::support::{Home, eventually, nobody, usual};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::{Command, Output};
use tempfile::TempDir;

const DEAL: &str = r#"schema = "offtake.contract/1"
id = "lab-cloud"
version = 1
known_from = 2026-01-01
effective = { from = 2026-01-01, to = 2029-01-01 }
currency = "USD"
[[party]]
id = "cloud"
roles = ["vendor", "investor"]
[[party]]
id = "lab"
roles = ["customer", "issuer"]
[[tranche]]
id = "T1"
amount = "50"
when = "at_signing"
[[tranche]]
id = "P"
amount = "120"
instrument = "prepayment"
draws = "compute"
when = "at_signing"
[[commitment]]
id = "compute"
schedule = [{ y = 1, min = "100" }, { y = 2, min = "100" }, { y = 3, min = "100" }]
shortfall = { settle = "pay", becomes = "credit", share = "0.5" }
eligible = [{ where = 'provider == "cloud"', weight = "1" }]
discounts = [{ upto_year_min = true, rate = "0.2" }, { above = true, rate = "0.25" }]
"#;

const FACTS: &str = r#"{"funded":"T1","amount":"50","recorded_at":"2026-01-02"}
{"funded":"P","amount":"120","recorded_at":"2026-01-05"}
{"metric":"list_spend","value":"100","unit":"USD","effective_at":"2026-06-01","recorded_at":"2026-06-02","source":"bill","attributes":{"provider":"cloud"},"id":"june"}
{"metric":"list_spend","value":"110.000000000001","unit":"USD","effective_at":"2026-06-01","recorded_at":"2027-03-09","source":"bill","attributes":{"provider":"cloud"},"replaces":"june"}
{"metric":"list_spend","value":"10","unit":"USD","effective_at":"2027-02-01","recorded_at":"2027-02-02","source":"bill","attributes":{"provider":"cloud"}}
"#;

struct Case(TempDir);

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("deal.toml"), DEAL).unwrap();
        std::fs::write(folder.path().join("facts.jsonl"), FACTS).unwrap();
        Self(folder)
    }

    fn run(&self, more: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offtake"));
        command.current_dir(self.0.path()).args(["deal", "ledger", "deal.toml", "--facts", "facts.jsonl"]);
        command.args(more).output().unwrap()
    }

    #[track_caller]
    fn said(&self, more: &[&str]) -> String {
        let output = self.run(more);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn json(&self, more: &[&str]) -> Value {
        serde_json::from_str(&self.said(&[more, &["--json"]].concat())).unwrap()
    }

    #[track_caller]
    fn refused(&self, more: &[&str]) -> String {
        let output = self.run(more);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{said}");
        said
    }
}

/// What looked at the deal in February, and again in April.
const LIVE: [&str; 6] = ["--as-of", "2027-04-01", "--known-at", "2027-02-15", "--known-at", "2027-04-01"];
/// What looked at it in April only.
const ONCE: [&str; 4] = ["--as-of", "2027-04-01", "--known-at", "2027-04-01"];

/// Balances that are not nothing, by party, code and the other party.
fn balances(answer: &Value) -> BTreeMap<String, String> {
    let parties = answer["parties"].as_array().unwrap();
    let accounts = parties.iter().flat_map(|party| {
        let lists = [&party["accounts"], &party["commitments"]];
        let of = lists.into_iter().flat_map(|list| list.as_array().unwrap());
        of.map(|one| (format!("{} {} {}", party["party"], one["code"], one["with"]), one["balance"].clone()))
    });
    let accounts =
        accounts.map(|(name, balance)| (name.replace('"', ""), balance.as_str().unwrap().to_owned()));
    accounts.filter(|(_, balance)| balance != "0.00").collect()
}

#[test]
fn each_party_has_its_books_and_the_circle_is_exact() {
    let answer = Case::new().json(&ONCE);
    assert_eq!((&answer["as_of"], &answer["known_at"]), (&"2027-04-01".into(), &"2027-04-01".into()));
    for party in answer["parties"].as_array().unwrap() {
        assert_eq!((party["sum"].as_str(), party["commitments_sum"].as_str()), (Some("0.00"), Some("0.00")));
    }
    let held = balances(&answer);
    for (name, balance) in [
        ("cloud 100 null", "70.00"),
        ("cloud 140 lab", "50.00"),
        ("cloud 310 lab", "24.00"),
        ("lab 500 cloud", "-50.00"),
        // Of the 120 paid ahead the first year took 100 and the second, so far, 8.
        ("lab 160 cloud", "12.00"),
        ("cloud 200 lab", "-12.00"),
        ("lab 220 compute:y1:short", "11.999999999999"),
        ("lab 220 compute:y2:remaining", "92.00"),
    ] {
        assert_eq!(held.get(name).map(String::as_str), Some(balance), "{name}: {held:#?}");
    }
    let flow = |kind: &str| {
        let flows = answer["flows"].as_array().unwrap();
        let found = flows.iter().find(|flow| flow["kind"] == kind).unwrap();
        ["from", "to", "amount"].map(|field| found[field].as_str().unwrap().to_owned())
    };
    assert_eq!(flow("tranche"), ["cloud", "lab", "50.00"]);
    assert_eq!(flow("prepayment"), ["lab", "cloud", "120.00"]);
    assert_eq!(flow("charge"), ["lab", "cloud", "96.000000000001"]);
    let net = |place: usize| answer["net"][place]["net"].as_str().unwrap().trim_start_matches('-').to_owned();
    assert_eq!((net(0), net(0)), (net(1), "70.00".to_owned()));
}

#[test]
fn books_kept_live_and_books_made_at_once_hold_the_same() {
    let case = Case::new();
    let (live, once) = (case.json(&LIVE), case.json(&ONCE));
    assert_eq!(balances(&live), balances(&once));
    assert_eq!(live["flows"], once["flows"]);
    let entries = live["entries"].as_array().unwrap();
    let corrected = entries.iter().find(|entry| entry["kind"] == "charge" && entry["corrects"].is_string());
    let corrected = corrected.unwrap();
    assert_eq!(
        (&corrected["event_at"], &corrected["posted_at"]),
        (&"2027-01-01".into(), &"2027-04-01".into())
    );
    assert_eq!(corrected["amount"], "8.000000000001");
    let first = entries.iter().find(|entry| entry["id"] == corrected["corrects"]).unwrap();
    assert_eq!((&first["posted_at"], &first["amount"]), (&"2027-02-15".into(), &"80.00".into()));
    assert!(once["entries"].as_array().unwrap().iter().all(|entry| entry["corrects"].is_null()));
    // The same question has the same answer, to the byte.
    assert_eq!(case.said(&LIVE), case.said(&LIVE));
}

#[test]
fn one_partys_books_are_shown_alone() {
    let case = Case::new();
    let answer = case.json(&[&ONCE[..], &["--party", "lab"]].concat());
    assert_eq!(answer["parties"].as_array().unwrap().len(), 1);
    assert!(answer["entries"].as_array().unwrap().iter().all(|entry| entry["party"] == "lab"));
    let said = case.refused(&[&ONCE[..], &["--party", "bank"]].concat());
    assert!(said.contains("`--party bank`") && said.contains("`cloud`, `lab`"), "{said}");
}

#[test]
fn what_equity_is_worth_can_be_told() {
    let case = Case::new();
    let answer = case.json(&[&ONCE[..], &["--fair-value", "T1=40"]].concat());
    let held = balances(&answer);
    // 10 were given to the customer; of 300 promised 108 is earned, and so is taken off revenue.
    assert_eq!((&*held["cloud 140 lab"], &*held["cloud 130 lab"]), ("40.00", "6.40"));
    assert_eq!((&*held["lab 500 cloud"], &*held["lab 510 cloud"]), ("-40.00", "-6.40"));
    for (given, what) in [("T9=40", "no such tranche"), ("T1=-4", "below nothing"), ("T1", "TRANCHE=AMOUNT")]
    {
        let said = case.refused(&[&ONCE[..], &["--fair-value", given]].concat());
        assert!(said.contains(what), "{said}");
    }
}

#[test]
fn tables_read_well() {
    let case = Case::new();
    let text = case.said(&LIVE);
    for part in ["As of 2027-04-01, as known at", "Who gave whom what", "The books of cloud", "Corrections"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let md = case.said(&[&ONCE[..], &["--format", "md"]].concat());
    assert!(md.contains("| 100 | cash |  | 70.00 |  |") && !md.contains("## Corrections"), "{md}");
}

/// In 10⁻¹².
fn pico(amount: &str) -> i128 {
    units::parse_decimal(amount, 12).unwrap()
}

#[test]
fn every_transaction_for_other_programs_sums_to_zero_and_every_balance_is_asserted() {
    let case = Case::new();
    let journal = case.said(&[&LIVE[..], &["--format", "hledger"]].concat());
    let mut held: BTreeMap<String, i128> = BTreeMap::new();
    let (mut sum, mut asserted) = (0, 0);
    for line in journal.lines() {
        let Some((account, amount)) = line.strip_prefix("    ").and_then(|line| line.split_once("  ")) else {
            assert_eq!(sum, 0, "before: {line}");
            continue;
        };
        let words: Vec<&str> = amount.split_whitespace().collect();
        match words.as_slice() {
            [_, amount] => {
                *held.entry(account.to_owned()).or_default() += pico(amount);
                sum += pico(amount);
            }
            [_, nothing, "=", _, amount] => {
                assert_eq!((pico(nothing), pico(amount)), (0, held[account]), "{account}");
                asserted += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((sum, asserted), (0, held.len()));
    let bean = case.said(&[&LIVE[..], &["--format", "beancount"]].concat());
    let balances = bean.lines().filter(|line| line.contains(" balance ")).count();
    assert_eq!((balances, bean.matches(" open ").count()), (asserted, asserted));
    assert!(bean.contains("2027-04-02 balance Assets:Cloud:Cash  70.000000000000 ~ 0 USD"), "{bean}");
}

#[test]
fn facts_that_cannot_be_used_are_refused_at_their_line() {
    let case = Case::new();
    let wrong = FACTS.replacen("\"USD\"", "\"EUR\"", 1);
    std::fs::write(case.0.path().join("facts.jsonl"), wrong).unwrap();
    let said = case.refused(&ONCE);
    assert!(said.contains("facts.jsonl:3") && said.contains("EUR"), "{said}");
}

#[test]
fn the_page_shows_what_the_verb_prints() {
    let page = include_str!("../../../../docs/deals.md");
    let blocks = |language: &str| {
        let fence = format!("```{language}\n");
        let blocks = page.split(fence.as_str()).skip(1).map(|rest| rest.split_once("\n```").unwrap().0);
        blocks.map(str::to_owned).collect::<Vec<_>>()
    };
    let case = Case::new();
    let deal = blocks("toml").into_iter().find(|block| block.contains("seed-2027")).unwrap();
    std::fs::write(case.0.path().join("deal.toml"), deal).unwrap();
    std::fs::write(case.0.path().join("facts.jsonl"), &blocks("jsonl")[0]).unwrap();
    let shown: Vec<String> =
        blocks("console").into_iter().filter(|block| block.starts_with("$ offtake deal ledger")).collect();
    assert!(shown.len() >= 2);
    for block in shown {
        let (command, part) = block.split_once('\n').unwrap();
        let (_, options) = command.split_once("facts.jsonl ").unwrap();
        let printed = case.said(&options.split(' ').collect::<Vec<_>>());
        assert!(printed.contains(part), "{command}:\n{printed}");
    }
    case.said(&["--fair-value", "growth=2.5e6"]);
}

#[test]
fn a_running_plane_closes_the_contract_years_that_are_over() {
    // Its first year ended in 2025, its last one is long ahead: nobody called, so the minimum is short.
    let contract = "[[contract]]\nfile = \"deal.toml\"\norganisation = \"acme\"\n";
    let home = Home::new(&(usual(&nobody(), "") + contract));
    let deal = r#"schema = "offtake.contract/1"
id = "years"
version = 1
known_from = 2024-01-01
effective = { from = 2024-01-01, to = 2099-01-01 }
currency = "USD"
[[party]]
id = "acme"
[[commitment]]
id = "c"
total = "30"
schedule = [{ y = 1, min = "10" }]
shortfall = { settle = "pay", becomes = "credit", share = "0.5" }
"#;
    std::fs::write(home.path().join("deal.toml"), deal).unwrap();
    let plane = home.serve();
    let held = || {
        let output = home.run(&["ledger", "balance", "--json"]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let accounts = answer["accounts"].as_array().unwrap().clone();
        let of = |account: &Value| {
            [&account["account"], &account["balance"]].map(|text| text.as_str().unwrap().to_owned())
        };
        accounts.iter().map(of).filter(|[name, _]| !name.starts_with("commitment:")).collect::<Vec<_>>()
    };
    let wanted = [["receivable:acme", "10.00"], ["revenue:shortfall", "-10.00"]];
    eventually("the year is closed", || !held().is_empty());
    assert_eq!(held(), wanted);
    plane.stop();
    // Once, however often it starts.
    home.serve().stop();
    assert_eq!(held(), wanted);
    home.is_sound();
}
