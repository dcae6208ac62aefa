//! `offtake deal forecast`: documents and JSON, own scenarios and others', history, faults at their line.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn preset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../presets").join(format!("{name}.toml"))
}

fn forecast(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_offtake")).args(["deal", "forecast"]).args(arguments).output().unwrap()
}

fn said(arguments: &[&str]) -> String {
    let output = forecast(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "no bar where nobody watches");
    String::from_utf8(output.stdout).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&said(arguments)).unwrap()
}

#[test]
fn scenarios_stand_side_by_side() {
    let deal = preset("amazon-anthropic-2026");
    let deal = deal.to_str().unwrap();
    let few = ["--paths", "500", "--driver-paths", "0"];
    let two = ["--scenario", "base", "--scenario", "combined-stress"];
    let text = said(&[&[deal], few.as_slice(), &two].concat());
    for part in
        ["combined-stress", "Drawn down", "Some year falls short", "M2: AWS revenue contribution", "To know"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("What drives it"));
    let md = said(&[&[deal, "--format", "md"], few.as_slice()].concat());
    assert!(md.starts_with("# Amazon–Anthropic, 20 April 2026: forecast\n") && md.contains("| Drawn down "));
}

#[test]
fn the_json_says_how_and_why_and_the_seed_decides() {
    let deal = preset("amazon-anthropic-2026");
    let run = |seed: &str| {
        let mut json = json(&[
            deal.to_str().unwrap(),
            "--json",
            "--paths",
            "1000",
            "--driver-paths",
            "200",
            "--seed",
            seed,
        ]);
        let mut forecast = json["forecasts"][0].take();
        assert!(forecast["run"]["paths_per_second"].as_f64().unwrap() > 0.0);
        forecast["run"]["seconds"] = Value::Null;
        forecast["run"]["paths_per_second"] = Value::Null;
        forecast
    };
    let one = run("3");
    assert_eq!(one, run("3"));
    assert_ne!(one, run("4"));
    assert_eq!(one["months"].as_array().unwrap().len(), 120);
    assert_eq!(one["commitments"][0]["schedule_assumed"], true);
    assert_eq!(one["commitments"][0]["years"].as_array().unwrap().len(), 10);
    assert_eq!(one["totals"]["minimums"], 1e11);
    assert!(one["totals"]["shortfall"]["error"].as_f64().unwrap() > 0.0);
    assert_eq!(one["drivers"][0]["groups"].as_array().unwrap().len(), 7);
    let margin =
        one["assumptions"].as_array().unwrap().iter().find(|of| of["path"] == "value.margin").unwrap();
    assert_eq!((margin["value"].as_f64(), margin["from"].as_str()), (Some(0.35), Some("base")));
    assert!(margin["reason"].as_str().unwrap().contains("37.8 %"));
}

#[test]
fn an_own_scenario_extends_anothers() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let text = "schema = \"offtake.scenario/1\"\nid = \"mine\"\nextends = \"base\"\n[demand]\nstart_over_minimum = 3.0\nassumed = \"sure of it\"\n";
    std::fs::write(&file, text).unwrap();
    let deal = preset("demo-commitment");
    let json = json(&[
        deal.to_str().unwrap(),
        "--scenario",
        file.to_str().unwrap(),
        "--json",
        "--paths",
        "100",
        "--driver-paths",
        "0",
    ]);
    let forecast = &json["forecasts"][0];
    assert_eq!(forecast["scenario"]["extends"], serde_json::json!(["base"]));
    assert_eq!(forecast["totals"]["shortfall_probability"], 0.0);
    assert!(said(&["--list"]).contains("hyper-adoption"));
    assert!(said(&["--show", "base"]).starts_with("# The base scenario"));
}

#[test]
fn facts_make_the_past_certain() {
    let folder = tempfile::tempdir().unwrap();
    let (file, deal) = (folder.path().join("facts.jsonl"), folder.path().join("deal.toml"));
    let text = std::fs::read_to_string(preset("demo-commitment")).unwrap();
    std::fs::write(&deal, text).unwrap();
    let lines = (1..=9).map(|month| {
        format!("{{\"metric\":\"list_spend\",\"value\":\"{month}.00\",\"unit\":\"USD\",\"effective_at\":\"2026-{month:02}-01\",\"recorded_at\":\"2026-{month:02}-02\",\"source\":\"bill\"}}\n")
    });
    std::fs::write(&file, lines.collect::<String>()).unwrap();
    let json = json(&[
        deal.to_str().unwrap(),
        "--facts",
        file.to_str().unwrap(),
        "--json",
        "--paths",
        "100",
        "--driver-paths",
        "0",
    ]);
    let forecast = &json["forecasts"][0];
    assert_eq!(forecast["history"]["months"].as_array().unwrap().len(), 8);
    assert!(forecast["history"]["moves"]["growth"]["error"].as_f64().unwrap() > 0.0);
    assert_eq!(forecast["months"][7]["drawn"]["p95"], 36.0);
    assert_eq!(forecast["months"][7]["known"], true);
    assert_eq!(forecast["run"]["simulated_from"], "2026-09-01");
}

#[test]
fn faults_point_at_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.toml");
    std::fs::write(&file, "schema = \"offtake.scenario/1\"\nid = \"bad\"\n[demand]\nvolatilty = 0.3\n")
        .unwrap();
    let deal = preset("demo-commitment");
    let deal = deal.to_str().unwrap();
    for (arguments, parts) in [
        (vec![deal, "--scenario", file.to_str().unwrap()], ["bad.toml:4:1", "did you mean `volatility`?"]),
        (vec![deal, "--scenario", "bse"], ["there is no scenario `bse`", "did you mean `base`?"]),
        (vec![deal, "--scenario", "gone.toml"], ["cannot read `gone.toml`", ""]),
        (vec!["gone.toml"], ["cannot read `gone.toml`", ""]),
    ] {
        let output = forecast(&arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn the_page_shows_what_the_verb_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/forecast.md")).unwrap();
    let deal = preset("amazon-anthropic-2026");
    let scenarios = ["base", "hyper-adoption", "combined-stress"].map(|name| ["--scenario", name]).concat();
    let text = said(&[&[deal.to_str().unwrap()], scenarios.as_slice()].concat());
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let shown: Vec<&str> =
        page.split("```text\n").skip(1).filter_map(|block| block.split("\n```").next()).collect();
    assert_eq!(shown.len(), 2);
    for line in shown.iter().flat_map(|block| block.lines()).filter(|line| !line.is_empty()) {
        assert!(lines.contains(&line.trim()), "the page shows, the verb does not:\n{line}");
    }
}
