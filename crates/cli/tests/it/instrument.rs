//! `offtake instrument` from file to table: what docs/instruments.md shows is what it does.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn run(file: &Path, rest: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_offtake")).arg("instrument").arg(file).args(rest).output().unwrap()
}

fn written(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("facility.toml");
    fs::write(&file, text).unwrap();
    (folder, file)
}

/// The first block in this language.
fn shown(language: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/instruments.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_page_shows_what_the_verb_prints() {
    let (_folder, file) = written(&shown("toml"));
    let console = shown("console");
    let (command, table) = console.split_once('\n').unwrap();
    let to = command.split_once("--to ").unwrap().1;
    let output = run(&file, &["--to", to]);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), table);
}

#[test]
fn programs_get_the_events_by_their_actus_names() {
    let (_folder, file) = written(&shown("toml"));
    let output = run(&file, &["--to", "2026-07-01", "--json"]);
    let events: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        events[0],
        serde_json::json!({
            "eventDate": "2026-07-01T00:00:00", "eventType": "IED", "payoff": 5_000_000_000.0,
            "notionalPrincipal": -5_000_000_000.0, "nominalInterestRate": 0.055, "accruedInterest": 0.0,
        })
    );
}

#[test]
fn a_fault_is_shown_at_its_line_with_the_mend() {
    for (from, to, said) in [
        ("notionalPrincipal", "notionalPrinciple", "facility.toml:7:1"),
        ("notionalPrincipal", "notionalPrinciple", "= help: did you mean `notionalPrincipal`?"),
        ("2027-07-01 =", "2029-07-01 =", "`SOFR` is not observed at 2027-07-01T00:00:00"),
        ("2027-07-01 =", "2029-07-01 =", "= help: add `2027-07-01 = …` under `[dataObserved.SOFR]`"),
    ] {
        let (_folder, file) = written(&shown("toml").replace(from, to));
        let output = run(&file, &["--to", "2031-07-01"]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(said), "{said}: {text}");
    }
    let (folder, file) = written("");
    assert_eq!(run(&file, &["--to", "31.12.2030"]).status.code(), Some(2));
    assert_eq!(run(&folder.path().join("none.toml"), &["--to", "2030-01-01"]).status.code(), Some(2));
}
