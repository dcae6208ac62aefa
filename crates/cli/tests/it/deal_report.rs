//! `offtake deal report` and `offtake deal compare`: documents in every form, from files and facts.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn preset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../presets").join(format!("{name}.toml"))
}

fn offtake(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_offtake")).arg("deal").args(arguments).output().unwrap()
}

fn said(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_report_reads_in_a_terminal_and_as_markdown() {
    let deal = preset("amazon-anthropic-2026");
    let deal = deal.to_str().unwrap();
    let text = said(offtake(&[
        "report",
        deal,
        "--paths",
        "200",
        "--scenario",
        "base",
        "--scenario",
        "combined-stress",
    ]));
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in
        ["Who is really buying what", "The three things to watch", "For an investor", "Combined", "4.0×"]
    {
        assert!(flat.contains(part), "{part}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 112),
        "only a table of many numbers is wider than a hundred columns"
    );
    let md = said(offtake(&["report", deal, "--paths", "0", "--format", "md"]));
    assert!(md.starts_with("# Amazon–Anthropic, 20 April 2026") && md.contains("Not forecast"));
}

#[test]
fn facts_move_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let facts = folder.path().join("facts.jsonl");
    let document = "0".repeat(64);
    let line = format!(
        r#"{{"metric":"enterprise_revenue_growth","value":"0.31","unit":"ratio","effective_at":"2026-09-30","recorded_at":"2026-10-20","source":"10-Q","url":"https://example.com/10q","document_sha256":"{document}"}}"#
    );
    std::fs::write(&facts, line).unwrap();
    let deal = preset("amazon-anthropic-2026");
    let report = |known_at: &str| {
        let facts = facts.to_str().unwrap();
        let text = said(offtake(&[
            "report",
            deal.to_str().unwrap(),
            "--paths",
            "0",
            "--facts",
            facts,
            "--as-of",
            "2026-11-25",
            "--known-at",
            known_at,
        ]));
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(report("2026-11-25").contains("31 % 2026-09-30"));
    assert!(report("2026-11-25").contains("off track"));
    assert!(!report("2026-10-01").contains("31 %"), "what was recorded later is not known");
}

#[test]
fn a_page_and_paper_go_into_files() {
    let folder = tempfile::tempdir().unwrap();
    let deal = preset("oracle-openai-2025");
    for (format, start) in [("html", &b"<!doctype html>"[..]), ("pdf", b"%PDF-")] {
        let out = folder.path().join(format);
        let arguments = [
            "report",
            deal.to_str().unwrap(),
            "--paths",
            "200",
            "--format",
            format,
            "--out",
            out.to_str().unwrap(),
        ];
        assert_eq!(said(offtake(&arguments)), "");
        let bytes = std::fs::read(out).unwrap();
        assert!(bytes.starts_with(start), "{format}");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains("<script") && !text.contains("src="), "{format}: it needs nothing else");
    }
}

#[test]
fn deals_side_by_side() {
    let [one, other] = ["amazon-anthropic-2026", "nvidia-openai-2025"].map(preset);
    let (one, other) = (one.to_str().unwrap(), other.to_str().unwrap());
    let md = said(offtake(&["compare", one, other, "--format", "md"]));
    assert!(md.contains("letter of intent: binds nobody"), "{md}");
    let json: serde_json::Value =
        serde_json::from_str(&said(offtake(&["compare", one, other, "--json"]))).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
    let output = offtake(&["compare", one]);
    assert_eq!(output.status.code(), Some(2), "one deal stands beside nothing");
}

#[test]
fn an_unknown_scenario_is_named() {
    let deal = preset("oracle-openai-2025");
    let output = offtake(&["report", deal.to_str().unwrap(), "--scenario", "bse"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(error.contains("there is no scenario `bse`; did you mean `base`?"), "{error}");
}

/// What the README shows is what it says, line by line.
#[test]
fn the_transcript_of_the_readme_is_true() {
    let readme = std::fs::read_to_string(preset("../README").with_extension("md")).unwrap();
    let shown = readme.split_once("$ offtake deal report presets/amazon-anthropic-2026.toml\n").unwrap().1;
    let shown = shown.split_once("```").unwrap().0;
    let text = said(offtake(&["report", preset("amazon-anthropic-2026").to_str().unwrap()]));
    let lines: Vec<&str> = text.lines().collect();
    let parts = shown.trim_end().split("\n\n…\n\n");
    for part in parts {
        let part: Vec<&str> = part.lines().collect();
        assert!(lines.windows(part.len()).any(|window| window == part), "{}", part.join("\n"));
    }
}
