//! `offtake deal sign` as it is run: a key, its public half in the deal, lines signed, and the deal evaluated.

use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn run(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offtake"));
    command.current_dir(folder).args(words).output().unwrap()
}

#[track_caller]
fn said(folder: &Path, words: &[&str]) -> String {
    let output = run(folder, words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn refused(folder: &Path, words: &[&str], part: &str) {
    let output = run(folder, words);
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{shown}");
    assert!(output.stdout.is_empty() && shown.contains(part), "{shown}");
}

/// A deal whose tranche needs an attested figure and a sign-off, each with a key of its own.
fn deal(auditor: &str, cfo: &str) -> String {
    format!(
        "schema = \"offtake.contract/1\"\nid = \"d\"\nversion = 1\nknown_from = 2026-01-01\n\
         effective = {{ from = 2026-01-01, to = 2028-01-01 }}\ncurrency = \"USD\"\n[[party]]\nid = \"cloud\"\n\
         [metric.arr]\nkind = \"money\"\nsource = \"attested\"\nattestor = \"auditor\"\n\
         [[tranche]]\nid = \"T\"\namount = \"5\"\nwhen = \"arr >= 40e9\"\nsignoff = {{ need = [\"cloud:cfo\"] }}\n\
         [signoff]\nkeys = {{ auditor = \"{}\", \"cloud:cfo\" = \"{}\" }}\n",
        auditor.trim(),
        cfo.trim(),
    )
}

const FACTS: &str = r#"{"metric":"list_spend","value":"5","unit":"USD","effective_at":"2026-02-01","recorded_at":"2026-02-01","source":"bill"}

{ "attestor": "auditor", "metric": "arr", "value": 41e9, "unit": "USD", "effective_at": "2026-06-30", "recorded_at": "2026-07-20", "source": "Büro \u20ac" }
{"signoff":"T","by":"cloud:cfo","decision":"accept","recorded_at":"2026-07-25"}
"#;

#[test]
fn who_has_only_this_program_can_attest() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let auditor = said(folder, &["deal", "sign", "--key", "auditor.pem", "--new-key"]);
    let cfo = said(folder, &["deal", "sign", "--key", "cfo.pem", "--new-key"]);
    assert_eq!(said(folder, &["deal", "sign", "--key", "cfo.pem"]), cfo, "the same each time");
    assert_ne!(auditor, cfo);
    refused(folder, &["deal", "sign", "--key", "cfo.pem", "--new-key"], "never written over");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(folder.join("cfo.pem")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::write(folder.join("deal.toml"), deal(&auditor, &cfo)).unwrap();
    std::fs::write(folder.join("facts.jsonl"), FACTS).unwrap();
    let state = |facts: &str| {
        let words = ["deal", "evaluate", "deal.toml", "--facts", facts, "--as-of", "2026-08-01", "--json"];
        let words = [&words[..], &["--known-at", "2026-08-01"]].concat();
        let answer: serde_json::Value = serde_json::from_str(&said(folder, &words)).unwrap();
        answer["tranches"][0]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state("facts.jsonl"), "open");
    let sign = |from: &str, key: &str, by: &str, to: &str| {
        said(folder, &["deal", "sign", from, "--key", key, "--by", by, "--out", to])
    };
    sign("facts.jsonl", "auditor.pem", "auditor", "attested.jsonl");
    assert_eq!(state("attested.jsonl"), "met");
    sign("attested.jsonl", "cfo.pem", "cloud:cfo", "signed.jsonl");
    assert_eq!(state("signed.jsonl"), "signed");
    // What needs no signature stays as it was, and nothing is signed twice.
    let signed = std::fs::read_to_string(folder.join("signed.jsonl")).unwrap();
    assert_eq!(signed.lines().next(), FACTS.lines().next());
    assert_eq!(said(folder, &["deal", "sign", "signed.jsonl", "--key", "cfo.pem"]), signed);
    // With the wrong key it can be signed, and is refused where the deal is known.
    sign("facts.jsonl", "cfo.pem", "auditor", "wrong.jsonl");
    refused(folder, &["deal", "evaluate", "deal.toml", "--facts", "wrong.jsonl"], "wrong.jsonl:3:");
}

#[test]
fn what_cannot_be_signed_is_told_at_its_line() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    said(folder, &["deal", "sign", "--key", "key.pem", "--new-key"]);
    let inexact = FACTS.replace("41e9", "41000000000.00000000001");
    std::fs::write(folder.join("facts.jsonl"), &inexact).unwrap();
    let sign = ["deal", "sign", "facts.jsonl", "--key", "key.pem"];
    refused(folder, &sign, "facts.jsonl:3:");
    refused(folder, &sign, "put it in quotes");
    std::fs::write(folder.join("facts.jsonl"), FACTS.replace("\"metric\":\"list_spend\"", "7")).unwrap();
    refused(folder, &sign, "facts.jsonl:1:");
    std::fs::write(folder.join("key.pem"), "not a key").unwrap();
    refused(folder, &sign, "no Ed25519 private key");
}
