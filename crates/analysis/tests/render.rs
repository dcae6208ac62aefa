//! One document through every renderer: each says all of it, and nothing in it can break out of its place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use analysis::document::{Arrow, Bar, Bars, Block, Chart, Column, Document, Fan, Flow, Table, Tile};
use analysis::render::{html, markdown, pdf, terminal};

fn sample() -> Document {
    let fan = Fan {
        title: "Spend so far".to_owned(),
        unit: "$ bn".to_owned(),
        times: (2026..=2036).map(|year| year.to_string()).collect(),
        quantiles: (0..11)
            .map(|year| [0.5, 0.8, 1.0, 1.3, 2.0].map(|wide| wide * f64::from(year) * 10.0))
            .collect(),
        lines: vec![("minimum".to_owned(), (0..11).map(|year| f64::from(year) * 10.0).collect())],
    };
    let bar = |label: &str, size: f64| Bar {
        label: label.to_owned(),
        pieces: vec![("share".to_owned(), size, format!("{size} %"))],
    };
    let flow = Flow {
        title: "Who pays whom".to_owned(),
        parties: vec!["Amazon".to_owned(), "Anthropic".to_owned()],
        arrows: vec![
            Arrow {
                from: 0,
                to: 1,
                what: "investment".to_owned(),
                size: 25.0,
                amount: "up to $25 bn".to_owned(),
            },
            Arrow {
                from: 1,
                to: 0,
                what: "spend".to_owned(),
                size: 100.0,
                amount: "more than $100 bn".to_owned(),
            },
        ],
    };
    Document {
        title: "A deal <b>& more</b>".to_owned(),
        subtitle: vec!["in force from 2026-04-20".to_owned()],
        blocks: vec![
            Block::Heading(1, "Who is really buying what".to_owned()),
            Block::Text("A paragraph that is long enough to be wrapped. ".repeat(8)),
            Block::Warning("Nobody is bound by it.".to_owned()),
            Block::List(vec!["first | point".to_owned(), "second\u{1b}[31m point".to_owned()]),
            Block::Tiles(vec![Tile {
                label: "Exposure".to_owned(),
                value: "$33 bn".to_owned(),
                basis: "derived".to_owned(),
            }]),
            Block::Table(Table {
                caption: "Years".to_owned(),
                columns: vec![Column::words("year"), Column::numbers("minimum")],
                rows: (1..=60).map(|year| vec![format!("year | {year}"), format!("${year} bn")]).collect(),
            }),
            Block::Chart(Chart::Fan(fan)),
            Block::Chart(Chart::Bars(Bars {
                title: "Drivers".to_owned(),
                bars: vec![bar("demand", 60.0), bar("price", 25.0)],
            })),
            Block::Chart(Chart::Flow(flow)),
        ],
        legend: "derived: it follows".to_owned(),
    }
}

#[test]
fn all_text_says_all_of_it() {
    let document = sample();
    for text in [terminal(&document), markdown(&document), html(&document)] {
        for part in [
            "Who is really buying what",
            "Nobody is bound by it.",
            "$33 bn",
            "60 bn",
            "minimum",
            "demand",
            "60 %",
            "more than $100 bn",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

#[test]
fn nothing_breaks_out() {
    let document = sample();
    assert!(!html(&document).contains("<b>"));
    assert!(markdown(&document).contains("| year \\| 1 |"), "a bar would open a column");
    for text in [terminal(&document), markdown(&document), html(&document)] {
        assert!(!text.contains("\u{1b}"), "no control letters reach a terminal");
    }
    assert!(terminal(&document).lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn paper_has_pages_and_every_word() {
    let bytes = pdf(&sample());
    assert!(bytes.starts_with(b"%PDF-"));
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.matches("/Type /Page\n").count() >= 2, "sixty rows need more than one page");
    for word in ["(Who is really buying what)", "(year | 60)", "(demand)", "(investment up to $25 bn)"] {
        assert!(text.contains(word), "{word}");
    }
}
