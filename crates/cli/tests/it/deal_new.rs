//! `offtake deal new`: what it writes is a deal file that holds, and it never writes over another.

use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

fn new(folder: &TempDir, arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offtake"));
    command.current_dir(folder.path()).args(["deal", "new"]).args(arguments.split_whitespace());
    command.stdin(Stdio::null()).output().unwrap()
}

fn deal(folder: &TempDir, name: &str) -> contract::Deal {
    contract::Deal::parse(&std::fs::read_to_string(folder.path().join(name)).unwrap()).unwrap()
}

#[test]
fn each_kind_holds_and_says_what_was_asked() {
    for kind in ["aws", "azure", "direct"] {
        let folder = tempfile::tempdir().unwrap();
        let arguments = format!("--kind {kind} --minimum 1e6,1.5e6,2e6 --from 2027-01-01 --discount 0.08");
        assert!(new(&folder, &arguments).status.success(), "{kind}");
        let deal = deal(&folder, &format!("my-company-{kind}.toml"));
        let terms = deal.commitment_terms().remove(0);
        let minimums: Vec<String> = terms.minimums.iter().map(|least| least.to_decimal()).collect();
        assert_eq!(minimums, ["1000000.00", "1500000.00", "2000000.00"], "{kind}");
        assert_eq!(terms.total.unwrap().to_decimal(), "4500000.00", "{kind}");
        assert_eq!(terms.discount.to_string(), "0.08", "{kind}");
        assert_eq!(deal.period().to.unwrap().to_string(), "2030-01-01", "{kind}");
    }
}

#[test]
fn the_rules_follow_the_vendor() {
    let folder = tempfile::tempdir().unwrap();
    assert!(new(&folder, "--kind aws --minimum 100").status.success());
    assert!(new(&folder, "--kind azure --minimum 100 --years 1").status.success());
    let aws = deal(&folder, "my-company-aws.toml").commitment_terms().remove(0);
    let azure = deal(&folder, "my-company-azure.toml").commitment_terms().remove(0);
    assert_eq!(
        aws.rules[1].cap_of_year_min.unwrap().to_string(),
        "0.25",
        "marketplace counts up to a quarter"
    );
    assert_eq!(azure.rules[1].cap_of_year_min, None, "marketplace counts in full");
    assert_eq!((aws.make_good.to_string(), azure.make_good.to_string()), ("0".to_owned(), "1".to_owned()));
    assert_eq!((aws.minimums.len(), azure.minimums.len()), (3, 1));
}

#[test]
fn says_which_option_is_missing_or_wrong() {
    for (arguments, says) in [
        ("--kind aws", "add `--minimum AMOUNT`"),
        ("--minimum 5", "add `--kind aws|azure|direct`"),
        ("--kind aws --minimum 5 --years 0", "1 to 50 contract years"),
        ("--kind aws --minimum 5,6 --years 3", "2 amounts for 3 contract years"),
        ("--kind aws --minimum 5 --customer a\"b", "letters, digits"),
        ("--kind aws --minimum 5 --discount 1.5", "a share"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = new(&folder, arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(says), "{arguments}: {error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{arguments}: nothing is written");
    }
}

#[test]
fn never_writes_over_a_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.toml"), "kept").unwrap();
    let output = new(&folder, "--kind aws --minimum 5 --out mine.toml");
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("name another with `--out`"));
    assert_eq!(std::fs::read_to_string(folder.path().join("mine.toml")).unwrap(), "kept");
}
