//! The public deal's figures, and how they look in each format.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use contract::{Deal, Report, render, report};

fn preset(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../../presets/{name}.toml", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn amazon() -> Report {
    report(&Deal::parse(&preset("amazon-anthropic-2026")).unwrap())
}

#[test]
fn reproduces_every_public_figure() {
    let expected = [
        ("money_at_signing", "5000000000", "USD", "exactly", "reported"),
        ("money_on_milestones", "20000000000", "USD", "at_most", "reported"),
        ("new_money", "25000000000", "USD", "at_most", "derived"),
        ("prior_money", "8000000000", "USD", "exactly", "derived"),
        ("exposure_at_signing", "13000000000", "USD", "exactly", "derived"),
        ("total_exposure", "33000000000", "USD", "at_most", "derived"),
        ("milestone_share_of_new_money", "80", "%", "at_most", "derived"),
        ("term_years", "10", "years", "exactly", "reported"),
        ("spend_commitment", "100000000000", "USD", "at_least", "reported"),
        ("spend_per_year", "10000000000", "USD/year", "at_least", "derived"),
        ("multiple_of_new_money", "4.0", "x", "at_least", "derived"),
        ("multiple_of_total_exposure", "3.03", "x", "at_least", "derived"),
        ("capacity_ceiling_gw", "5", "GW", "at_most", "reported"),
        ("capacity_gw_years", "50", "GW-years", "at_most", "derived"),
        ("spend_per_gw_year", "2000000000", "USD/GW-year", "at_least", "derived"),
    ];
    let report = amazon();
    let found: Vec<_> = report
        .figures
        .iter()
        .map(|figure| {
            (
                figure.id,
                figure.value(),
                figure.quantity.unit.name(),
                figure.quantity.bound.name(),
                figure.basis.word(),
            )
        })
        .collect();
    let found: Vec<_> = found
        .iter()
        .map(|(id, value, unit, bound, basis)| (*id, value.as_str(), unit.as_str(), *bound, *basis))
        .collect();
    assert_eq!(found, expected);
    assert!(report.figures.iter().all(|figure| !figure.basis.text().is_empty()));
}

#[test]
fn follows_the_file_and_nothing_else() {
    let half = preset("amazon-anthropic-2026").replace("at_least = \"100e9\"", "at_least = \"50e9\"");
    let report = report(&Deal::parse(&half.replace("at_most = \"20e9\"", "at_most = \"25e9\"")).unwrap());
    let value = |id: &str| report.figures.iter().find(|figure| figure.id == id).unwrap().value();
    assert_eq!(value("new_money"), "30000000000");
    assert_eq!(value("multiple_of_new_money"), "1.67");
    assert_eq!(value("spend_per_gw_year"), "1000000000");
    assert!(
        report.notes.iter().any(|note| note.contains("5000000000 USD of `milestones` belongs to no tranche"))
    );
}

#[test]
fn its_milestones_are_assumptions_and_say_so() {
    let report = amazon();
    let assumed: Vec<&str> = report
        .tranches
        .iter()
        .filter(|line| line.basis.word() == "assumed")
        .map(|line| line.id.as_str())
        .collect();
    assert_eq!(assumed, ["M1", "M2", "M3", "M4"]);
    assert!(report.notes.iter().any(|note| note.contains("condition of M1, M2, M3, M4")));
    assert!(report.notes.iter().any(|note| note.contains("They are different clauses")));
}

#[test]
fn golden_terminal() {
    let text = render::terminal(&amazon());
    assert!(text.lines().all(|line| line.chars().count() <= 100), "no line is wider than 100 columns");
    insta::assert_snapshot!(text);
}

#[test]
fn golden_markdown() {
    insta::assert_snapshot!(render::markdown(&amazon()));
}

#[test]
fn golden_html() {
    let page = render::html(&amazon());
    assert!(!page.contains("<script") && !page.contains("http"), "the page needs nothing from anywhere");
    insta::assert_snapshot!(page);
}

#[test]
fn golden_json() {
    insta::assert_snapshot!(render::json(&amazon()));
}
