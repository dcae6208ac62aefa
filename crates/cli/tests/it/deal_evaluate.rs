//! `offtake deal evaluate` and `explain` as they are run: the JSON that programs read, and what is refused.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder with a deal and its facts.
struct Case {
    folder: TempDir,
}

impl Case {
    fn new(deal: &str, facts: &str) -> Self {
        let case = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::write(case.path("deal.toml"), deal).unwrap();
        std::fs::write(case.path("facts.jsonl"), facts).unwrap();
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offtake"));
        command.current_dir(self.folder.path()).args(words).output().unwrap()
    }

    #[track_caller]
    fn said(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The JSON answer at a day, as known then.
    #[track_caller]
    fn json(&self, day: &str) -> Value {
        let words = [
            "deal",
            "evaluate",
            "deal.toml",
            "--facts",
            "facts.jsonl",
            "--as-of",
            day,
            "--known-at",
            day,
            "--json",
        ];
        serde_json::from_str(&self.said(&words)).unwrap()
    }

    /// What is said of something that cannot be used.
    #[track_caller]
    fn refused(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(output.stdout.is_empty() || words[0] == "check", "nothing is half applied");
        said
    }
}

fn key(name: &str) -> Ed25519KeyPair {
    let mut seed = [7; 32];
    seed[..name.len().min(32)].copy_from_slice(&name.as_bytes()[..name.len().min(32)]);
    Ed25519KeyPair::from_seed_unchecked(&seed).unwrap()
}

fn signed(line: &str, name: &str) -> String {
    let canonical = contract::fact::read(line).unwrap().remove(0).signed;
    let signature = STANDARD.encode(key(name).sign(canonical.as_bytes()));
    format!("{},\"signature\":\"{signature}\"}}", line.strip_suffix('}').unwrap())
}

fn deal() -> String {
    let public = |name: &str| STANDARD.encode(key(name).public_key().as_ref());
    format!(
        r#"schema = "offtake.contract/1"
id = "lab-cloud"
version = 1
known_from = 2026-04-20T13:00:00Z
effective = {{ from = 2026-04-20, to = 2028-04-20 }}
currency = "USD"
[[party]]
id = "cloud"
[[party]]
id = "lab"
[metric.arr_usd]
kind = "money"
source = "attested"
attestor = "lab-auditor"
[[tranche]]
id = "T1"
amount = "5000000000.00"
when = "at_signing"
[[tranche]]
id = "T2"
amount = "5000000000.00"
when = "arr_usd @ quarter_end(2026-06-30) >= 40e9"
after = ["T1"]
window = {{ from = 2026-07-01, to = 2027-06-30 }}
signoff = {{ need = ["cloud:cfo"] }}
[[commitment]]
id = "aws"
total = "20e6"
schedule = [{{ y = 1, min = "10e6" }}, {{ y = 2, min = "10e6" }}]
eligible = [
  {{ where = 'channel == "marketplace"', weight = "1.0", cap_of_year_min = "0.25" }},
  {{ where = 'provider == "cloud"', weight = "1.0" }},
]
[signoff]
keys = {{ "cloud:cfo" = "ed25519:{}", "lab-auditor" = "ed25519:{}" }}
"#,
        public("cloud:cfo"),
        public("lab-auditor")
    )
}

fn facts() -> Vec<String> {
    let arr = |value: &str, recorded: &str, id: &str| {
        let line = format!(
            r#"{{"metric":"arr_usd","value":"{value}","unit":"USD","effective_at":"2026-06-30","recorded_at":"{recorded}","source":"letter","attestor":"lab-auditor","id":"{id}"}}"#
        );
        signed(&line, "lab-auditor")
    };
    let spend = |value: &str, attributes: &str| {
        format!(
            r#"{{"metric":"list_spend","value":{value},"unit":"USD","effective_at":"2026-05-01","recorded_at":"2026-06-01T00:00:00Z","source":"bill","attributes":{attributes}}}"#
        )
    };
    vec![
        spend("4000000.00", r#"{"channel":"marketplace"}"#),
        spend("6500000", r#"{"provider":"cloud","channel":"direct"}"#),
        arr("41000000000", "2026-07-20", "q2"),
        signed(
            r#"{"signoff":"T2","by":"cloud:cfo","decision":"accept","recorded_at":"2026-07-25"}"#,
            "cloud:cfo",
        ),
        arr("38500000000", "2026-09-01", "q2-restated"),
        r#"{"funded":"T1","amount":"5000000000.00","recorded_at":"2026-04-21"}"#.to_owned(),
    ]
}

#[test]
fn e07_and_e09_as_json() {
    let case = Case::new(&deal(), &facts().join("\n"));
    for (day, state) in
        [("2026-07-19", "open"), ("2026-07-22", "met"), ("2026-08-01", "signed"), ("2026-09-15", "disputed")]
    {
        let answer = case.json(day);
        let tranches = answer["tranches"].as_array().unwrap();
        assert_eq!(
            (&tranches[0]["state"], &tranches[1]["state"]),
            (&"funded".into(), &state.into()),
            "{day}"
        );
        assert_eq!(tranches[1]["amount"], "5000000000.00");
    }
    assert_eq!(case.json("2026-07-19")["tranches"][1]["unknown"], true);
    let trace = case.json("2026-09-15")["tranches"][1]["trace"].to_string();
    assert!(trace.contains("\"q2\"") && trace.contains("\"q2-restated\""), "{trace}");
    let closed = case.json("2027-04-20");
    let year = &closed["commitments"][0]["years"][0];
    for (name, value) in [
        ("from", "2026-04-20"),
        ("to", "2027-04-20"),
        ("minimum", "10000000.00"),
        ("counted", "9000000.00"),
        ("charge", "9000000.00"),
        ("shortfall", "1000000.00"),
        ("cash", "10000000.00"),
        ("uncounted", "1500000.00"),
    ] {
        assert_eq!(year[name], value, "{name}");
    }
    assert_eq!((&year["year"], &year["open"]), (&1.into(), &Value::Null));
    assert_eq!(closed["commitments"][0]["years"][1]["open"], true);
    assert_eq!(closed["commitments"][0]["drawn"], "9000000.00");
    assert_eq!(closed["commitments"][0]["remaining"], "10000000.00");
    assert_eq!(closed["contract"]["hash"].as_str().unwrap().len(), 64);
}

#[test]
fn text_markdown_and_an_explanation() {
    let case = Case::new(&deal(), &facts().join("\n"));
    let at = ["--facts", "facts.jsonl", "--as-of", "2026-08-01", "--known-at", "2026-08-01"];
    let with = |words: &[&'static str]| [words, &at].concat();
    assert!(case.said(&with(&["deal", "evaluate", "deal.toml"])).contains("signed, to be paid"));
    let document = case.said(&with(&["deal", "evaluate", "deal.toml", "--format", "md"]));
    assert!(document.starts_with("# lab-cloud") && document.contains("| T2 |"), "{document}");
    let explained = case.said(&with(&["deal", "explain", "deal.toml", "T2"]));
    assert!(explained.contains("line 3, q2: arr_usd 41000000000 USD"), "{explained}");
    let said = case.refused(&with(&["deal", "explain", "deal.toml", "T9"]));
    assert!(said.contains("no tranche `T9`; it has `T1`, `T2`"), "{said}");
    // Without facts and a moment: now, with nothing known.
    assert!(case.said(&["deal", "evaluate", "deal.toml"]).contains("a fact is missing"));
}

#[test]
fn what_cannot_be_is_refused_at_its_line() {
    let facts = facts();
    let evaluate = ["deal", "evaluate", "deal.toml", "--facts", "facts.jsonl", "--json"];
    for (line, from, to, said) in [
        (3, "41000000000", "51000000000", "this is not the signature of `lab-auditor`"),
        (4, "accept", "dispute", "this is not the signature of `cloud:cfo`"),
        (2, "list_spend", "list_spent", "did you mean `list_spend`?"),
        (2, "\"USD\"", "\"GW\"", "`list_spend` is not measured in `GW`"),
        (1, "2026-06-01T00:00:00Z", "2026-04-01", "after it was put on record"),
        (5, "\"q2-restated\"", "\"q2\"", "this is not the signature"),
        (6, "5000000000.00", "5000000000.01", "its payments add up to"),
        (6, "{", "{{", "no JSON object"),
    ] {
        let mut wrong = facts.clone();
        wrong[line - 1] = wrong[line - 1].replacen(from, to, 1);
        let case = Case::new(&deal(), &wrong.join("\n"));
        for words in [&evaluate[..], &["check", "deal.toml", "facts.jsonl"]] {
            let shown = case.refused(words);
            assert!(shown.contains(&format!("facts.jsonl:{line}:")) && shown.contains(said), "{shown}");
            assert!(shown.contains("= help: "), "{shown}");
        }
    }
    for (from, to, said) in [
        (">= 40e9", ">= 40e9 and arr > 1", "there is no metric `arr`"),
        ("\"arr_usd @ quarter_end(2026-06-30) >= 40e9\"", "\"released(T2)\"", "for itself"),
        ("y = 2, min = \"10e6\"", "y = 2, min = \"11e6\"", "the minimums add up to"),
        ("from = 2026-07-01", "from = 2027-07-01", "does not come after"),
        ("to = 2028-04-20", "to = 2026-04-20", "does not come after"),
    ] {
        let case = Case::new(&deal().replacen(from, to, 1), "");
        for words in [&evaluate[..], &["check", "deal.toml"]] {
            let shown = case.refused(words);
            assert!(shown.contains("deal.toml:") && shown.contains(said), "{shown}");
        }
    }
}

#[test]
fn files_as_other_programs_write_them() {
    let marked = format!("\u{feff}{}", facts().join("\r\n"));
    let case = Case::new(&format!("\u{feff}{}", deal().replace('\n', "\r\n")), &marked);
    case.said(&["check", "deal.toml", "facts.jsonl"]);
    let plain = Case::new(&deal(), &facts().join("\n"));
    assert_eq!(case.json("2026-08-01")["contract"], plain.json("2026-08-01")["contract"]);
    // A byte that is no UTF-8 has its line, too.
    let evaluate = ["deal", "evaluate", "deal.toml", "--facts", "facts.jsonl"];
    std::fs::write(plain.path("facts.jsonl"), [facts()[0].as_bytes(), b"\n\xff"].concat()).unwrap();
    let said = plain.refused(&evaluate);
    assert!(said.contains("facts.jsonl:2:1") && said.contains("save the file as UTF-8"), "{said}");
    std::fs::write(plain.path("deal.toml"), [b"# \xff\n", deal().as_bytes()].concat()).unwrap();
    for words in [&evaluate[..], &["check", "deal.toml"], &["deal", "report", "deal.toml"]] {
        assert!(plain.refused(words).contains("deal.toml:1:3"));
    }
    // Who forgot the schema is told so, not that a deal is no configuration.
    std::fs::write(plain.path("deal.toml"), deal().replacen("schema", "# schema", 1)).unwrap();
    assert!(plain.refused(&["check", "deal.toml"]).contains("missing field `schema`"));
}

#[test]
fn of_very_many_faults_the_first_are_shown() {
    let wrong = facts()[0].replace("list_spend", "list_spent");
    let case = Case::new(&deal(), &vec![wrong; 3_000].join("\n"));
    let said = case.refused(&["check", "deal.toml", "facts.jsonl"]);
    assert!(said.contains("facts.jsonl:50:") && !said.contains("facts.jsonl:51:"), "{said}");
    assert!(said.contains("and 2950 more"), "{said}");
}

#[test]
fn amendments_are_files_of_their_own() {
    let case = Case::new(&deal(), &facts().join("\n"));
    let second = deal().replacen("version = 1", "version = 2", 1);
    std::fs::write(case.path("overlapping.toml"), &second).unwrap();
    let later = second.replacen("2026-04-20T13", "2026-08-10T13", 1).replacen("40e9", "45e9", 1);
    std::fs::write(case.path("amended.toml"), &later).unwrap();
    for words in [
        &["check", "deal.toml", "overlapping.toml"][..],
        &["deal", "evaluate", "deal.toml", "overlapping.toml"],
    ] {
        let said = case.refused(words);
        assert!(
            said.contains("overlapping.toml:4:") && said.contains("version 2 overlaps version 1"),
            "{said}"
        );
    }
    case.said(&["check", "deal.toml", "amended.toml", "facts.jsonl"]);
    assert!(case.refused(&["check", "facts.jsonl"]).contains("is about a deal"));
    for (day, version, state) in [("2026-08-01", 1, "signed"), ("2026-08-20", 2, "signed")] {
        let words = [
            "deal",
            "evaluate",
            "amended.toml",
            "deal.toml",
            "--facts",
            "facts.jsonl",
            "--as-of",
            day,
            "--known-at",
            day,
            "--json",
        ];
        let answer: Value = serde_json::from_str(&case.said(&words)).unwrap();
        assert_eq!(
            (&answer["contract"]["version"], &answer["tranches"][1]["state"]),
            (&version.into(), &state.into())
        );
    }
}

#[test]
fn the_schema_of_deal_files_is_printed() {
    let case = Case::new("", "");
    let schema: Value = serde_json::from_str(&case.said(&["check", "--deal-schema"])).unwrap();
    assert_eq!(schema["title"], "Offtake deal file");
}
