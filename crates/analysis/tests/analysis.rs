//! The analysis of real deals: it answers its questions, from figures that are there, for every preset.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use analysis::document::{Block, Chart};
use analysis::render::{html, markdown, pdf, terminal};
use analysis::{Document, Sources, compare};
use contract::fact::Facts;
use contract::{Deal, Versions, evaluate, report};
use forecast::{Design, Forecast, History, Scenario, Settings, project};
use std::path::{Path, PathBuf};

fn preset(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../presets");
    std::fs::read_to_string(folder.join(format!("{name}.toml"))).unwrap()
}

fn forecast(deal: &Deal, scenario: &str) -> Forecast {
    let scenario = Scenario::parse(forecast::scenario::own(scenario).unwrap()).unwrap();
    let settings = Settings { paths: 256, seed: 1, design: Design::Sobol, sensitivity_paths: 64 };
    project(deal, &scenario, &History::default(), &settings, &|_| ()).unwrap()
}

fn analysis(text: &str, scenarios: &[&str]) -> Document {
    let versions = Versions::parse(&[text]).unwrap();
    let facts = Facts::read(&versions, &[]).unwrap();
    let moment = "2026-11-25".parse().unwrap();
    let evaluation = evaluate(&versions, &facts, moment, moment).unwrap();
    let deal = versions.known_at(moment);
    let forecasts: Vec<Forecast> = scenarios.iter().map(|name| forecast(deal, name)).collect();
    let report = report(deal);
    Sources { deal, report: &report, evaluation: &evaluation, forecasts: &forecasts }.document()
}

fn headings(document: &Document) -> Vec<&str> {
    let top = document.blocks.iter().filter_map(|block| match block {
        Block::Heading(1, text) => Some(text.as_str()),
        _ => None,
    });
    top.collect()
}

#[test]
fn it_answers_its_questions() {
    let document = analysis(&preset("amazon-anthropic-2026"), &["base", "combined-stress"]);
    assert_eq!(
        headings(&document),
        [
            "Who is really buying what",
            "What each side may be owed",
            "Where it may end up",
            "Where it stands on 2026-11-25",
            "The three things to watch",
            "What to take from it",
            "The figures",
            "Notes",
        ]
    );
    let text = terminal(&document);
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "The promised spend is 4 times the new money, so up to 25 % of the purchase is paid for with money",
        "the gross profit on it is 1.4 times the new money, and 1.06 of all $33 bn put in",
        "$35 bn stays with the vendor",
        "Anthropic promises to buy at least $100 bn from Amazon over 10 years.",
        "Enterprise revenue growth",
        "unknown: no fact says",
        "For an enterprise buyer",
        "For a start-up",
        "For an investor",
    ] {
        assert!(flat.contains(part), "{part}: {text}");
    }
}

#[test]
fn the_circle_is_drawn_from_the_deal() {
    let document = analysis(&preset("amazon-anthropic-2026"), &[]);
    let flow = document.blocks.iter().find_map(|block| match block {
        Block::Chart(Chart::Flow(flow)) => Some(flow),
        _ => None,
    });
    let flow = flow.unwrap();
    assert_eq!(flow.parties, ["Amazon", "Anthropic"]);
    let arrows: Vec<(usize, usize, &str, &str)> = flow
        .arrows
        .iter()
        .map(|arrow| (arrow.from, arrow.to, arrow.what.as_str(), arrow.amount.as_str()))
        .collect();
    assert_eq!(
        arrows,
        [
            (0, 1, "invested before", "$8 bn"),
            (0, 1, "investment", "$5 bn"),
            (0, 1, "investment on conditions", "up to $20 bn"),
            (1, 0, "spend", "at least $100 bn"),
        ]
    );
}

#[test]
fn every_preset_has_an_analysis_in_every_form() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../presets");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(files.len() >= 11);
    for file in files {
        let document = analysis(&std::fs::read_to_string(&file).unwrap(), &["base"]);
        for text in [terminal(&document), markdown(&document), html(&document)] {
            for wrong in ["NaN", "inf ", "unknown times", "-0 "] {
                let near = text.find(wrong).map(|at| text[..at].chars().rev().take(200).collect::<String>());
                let near: Option<String> = near.map(|text| text.chars().rev().collect());
                assert_eq!(near, None, "{}: {wrong}", file.display());
            }
        }
        assert!(pdf(&document).starts_with(b"%PDF"), "{}", file.display());
    }
}

#[test]
fn without_a_forecast_it_says_how_to_get_one() {
    let text = terminal(&analysis(&preset("oracle-openai-2025"), &[]));
    assert!(text.contains("Not forecast"), "{text}");
    assert!(!text.contains("For an investor"), "no figure, no sentence");
}

#[test]
fn deals_stand_side_by_side() {
    let texts = ["amazon-anthropic-2026", "nvidia-openai-2025", "aoi-amazon-2025"].map(preset);
    let deals: Vec<Deal> = texts.iter().map(|text| Deal::parse(text).unwrap()).collect();
    let reports: Vec<_> = deals.iter().map(report).collect();
    let document = compare(&deals.iter().zip(&reports).collect::<Vec<_>>());
    let Block::Table(table) = &document.blocks[0] else { panic!("a table") };
    assert!(table.rows.iter().all(|row| row.len() == 4 && table.columns.len() == 4));
    let row =
        |label: &str| table.rows.iter().find(|row| row[0] == label).unwrap_or_else(|| panic!("{label}"));
    assert_eq!(row("Binding")[1..], ["contract", "letter of intent: binds nobody", "contract"]);
    assert_eq!(row("Stock for buying")[1..], ["no", "no", "yes, vesting on purchases or hurdles"]);
    assert_eq!(row("Spend committed")[1..], ["at least $100 bn (reported)", "—", "—"]);
}
