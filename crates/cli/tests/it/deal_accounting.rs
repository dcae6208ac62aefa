//! `offtake deal accounting` from file to answer: what docs/accounting.md shows is what it does, the worked
//! example E11 comes out to the digit, and what is not known is asked for.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn run(file: &Path, rest: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offtake"));
    command.args(["deal", "accounting"]).arg(file).args(rest.split_whitespace()).output().unwrap()
}

#[track_caller]
fn json(file: &Path, rest: &str) -> Value {
    let output = run(file, &format!("{rest} --json"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn amazon() -> PathBuf {
    root().join("presets/amazon-anthropic-2026.toml")
}

/// The blocks of the page in this language.
fn shown(language: &str) -> Vec<String> {
    let page = fs::read_to_string(root().join("docs/accounting.md")).unwrap();
    let fence = format!("```{language}\n");
    let blocks = page.split(&fence).skip(1);
    blocks.map(|rest| rest.split_once("```").unwrap().0.to_owned()).collect()
}

#[test]
fn the_page_shows_what_the_verb_prints() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("labco.toml");
    fs::write(&file, &shown("toml")[0]).unwrap();
    let blocks = shown("console");
    assert!(blocks.len() >= 2, "{blocks:?}");
    for block in blocks {
        let (command, part) = block.split_once('\n').unwrap();
        let (_, options) = command.split_once("labco.toml").unwrap();
        let output = run(&file, options);
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(printed.contains(part), "{command}:\n{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn e11_comes_out_of_the_binary_to_the_digit() {
    for (fair_value, d, price, discount, direction) in [
        ("4e9", "1000000000.00", "99000000000.00", "0.01", "payable_to_customer"),
        ("5e9", "0.00", "100000000000.00", "0", "none"),
        // 80/7 bn, to the twelve places that an amount can be given in: at 350 bn a share of a company worth 800 bn.
        (
            "11428571428.571428571429",
            "-6428571428.571428571429",
            "106428571428.571428571429",
            "-0.064285714286",
            "from_customer",
        ),
    ] {
        let all = json(&amazon(), &format!("--fair-value {fair_value} --cash 5e9 --spend 100e9"));
        let allocation = &all["allocation"];
        assert_eq!(allocation["d"], d);
        assert_eq!(allocation["transaction_price"], price);
        assert_eq!(allocation["effective_discount"], discount);
        assert_eq!(allocation["direction"], direction);
        assert_eq!(all["disclaimer"], "Parameterised analysis, never a claim about undisclosed terms");
    }
    let all = json(&amazon(), "--fair-value 4e9 --cash 5e9 --spend 100e9");
    let lines = all["allocation"]["journal"][0]["lines"].as_array().unwrap();
    let line =
        |place: usize| (lines[place]["code"].as_u64().unwrap(), lines[place]["amount"].as_str().unwrap());
    assert_eq!(line(0), (130, "1000000000.00"));
    assert_eq!(line(1), (140, "4000000000.00"));
    assert_eq!(line(2), (100, "5000000000.00"));
    let years = all["amortisation"].as_array().unwrap();
    assert_eq!((years.len(), &years[9]["closing"]), (10, &"0.00".into()));
    assert_eq!(all["obligations"]["remaining_performance_obligation"]["total"], "99000000000.00");
}

#[test]
fn what_a_vendor_gives_in_its_own_shares_is_a_discount() {
    let coreweave = root().join("presets/coreweave-openai-2025.toml");
    let all = json(&coreweave, "--fair-value 0 --cash 350e6 --given shares --spend 11.9e9");
    assert_eq!(all["allocation"]["effective_discount"], "0.029411764706", "1/34");
    assert_eq!(all["allocation"]["form"], "own_shares");
}

#[test]
fn what_is_not_known_is_asked_for() {
    let all = json(&amazon(), "");
    assert!(all["allocation"]["give"].as_str().unwrap().contains("--fair-value"), "{all}");
    for format in ["text", "md"] {
        let output = run(&amazon(), &format!("--format {format}"));
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success());
        assert!(said.contains("Parameterised analysis, never a claim about undisclosed terms"), "{said}");
        assert!(said.contains("give --fair-value AMOUNT"), "{said}");
        assert_eq!(said.contains("| parameter "), format == "md", "{said}");
    }
}

#[test]
fn answers_decide_the_lease_screen() {
    let yes = ["asset", "share", "benefits", "direction"].map(|name| format!("--answer claude.{name}=yes"));
    let all = json(&amazon(), &(yes.join(" ") + " --answer claude.substitution=no"));
    assert_eq!(all["leases"][0]["classification"], "lease");
    let all = json(&amazon(), &(yes.join(" ") + " --answer claude.substitution=yes"));
    assert_eq!(all["leases"][0]["classification"], "service");
    assert_eq!(all["leases"][0]["citation"]["us_gaap"], "ASC 842-10-15-10 to 15-15");
}

#[test]
fn what_cannot_be_used_is_refused_with_its_reason() {
    for (rest, says) in [
        ("--fair-value 4e9x", "is not a decimal number"),
        ("--fair-value=-4e9 --spend 1", "must not be below nothing"),
        ("--fair-value 4e9 --spend 0", "must be above nothing"),
        ("--term 0", "must be from 1 to 100 years"),
        ("--answer claude.colour=yes", "there is no question `colour`"),
        ("--answer claude=yes", "GRANT.QUESTION=yes"),
        ("--answer other.asset=yes", "there is no capacity grant `other`"),
        ("--as-of 2026-02-30", "is not a date"),
        ("--json --format md", "cannot be used with"),
        ("--year 2", "--used"),
    ] {
        let output = run(&amazon(), rest);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{rest}: {said}");
        assert!(said.contains(says), "{rest}: {said}");
        assert!(output.stdout.is_empty(), "{rest}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.toml");
    fs::write(&file, "schema = \"offtake.contract/1\"\nid = \"d\"\ncolour = 3\n").unwrap();
    let output = run(&file, "");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("bad.toml") && said.contains("colour"), "{said}");
}
