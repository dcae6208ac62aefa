//! A report as text for a terminal, Markdown, one self-contained HTML page, or JSON.
//!
//! What stays true: all four show the same figures in the same words, and none of them computes anything.

pub mod evaluation;
mod html;
mod json;
mod markdown;
mod terminal;

pub use html::html;
pub use json::json;
pub use markdown::markdown;
pub use terminal::terminal;

use crate::deal::Binding;
use crate::report::{Basis, Figure, Head, TrancheLine, TrancheState};

/// The report's parts, each with the figures that belong there.
const PARTS: [(&str, &[&str]); 3] = [
    (
        "Money in",
        &[
            "money_at_signing",
            "money_on_milestones",
            "new_money",
            "prior_money",
            "exposure_at_signing",
            "total_exposure",
            "milestone_share_of_new_money",
        ],
    ),
    (
        "Spend promised",
        &[
            "spend_commitment",
            "term_years",
            "spend_per_year",
            "multiple_of_new_money",
            "multiple_of_total_exposure",
        ],
    ),
    ("Capacity", &["capacity_ceiling_gw", "capacity_gw_years", "spend_per_gw_year"]),
];

/// The lines under a deal's name: its parties, its term, its version.
pub fn subtitle(head: &Head) -> Vec<String> {
    vec![parties(head), term(head), version(head)]
}

/// Parts that have figures, with them.
fn parts(figures: &[Figure]) -> Vec<(&'static str, Vec<&Figure>)> {
    let found = PARTS.map(|(title, ids)| {
        (title, figures.iter().filter(|figure| ids.contains(&figure.id)).collect::<Vec<_>>())
    });
    found.into_iter().filter(|(_, figures)| !figures.is_empty()).collect()
}

/// `Amazon (vendor, investor) · Anthropic (customer, issuer)`.
fn parties(head: &Head) -> String {
    let named = head.parties.iter().map(|(name, roles)| match roles.as_str() {
        "" => name.clone(),
        roles => format!("{name} ({roles})"),
    });
    named.collect::<Vec<_>>().join(" · ")
}

/// `in force from 2026-04-20 to 2036-04-20`.
fn term(head: &Head) -> String {
    let verb = if head.binding == Binding::Loi { "letter of intent" } else { "in force" };
    match head.period.to {
        Some(to) => format!("{verb} from {} to {to}", head.period.from),
        None => format!("{verb} from {}", head.period.from),
    }
}

/// `amazon-anthropic-2026, version 1, known from 2026-04-20, hash 0123456789ab`.
fn version(head: &Head) -> String {
    let (known_from, hash) = (head.known_from.date(), head.hash.get(..12).unwrap_or(""));
    format!("{}, version {}, known from {known_from}, hash {hash}", head.id, head.version)
}

/// What the words in the basis column mean.
const LEGEND: &str = "reported: a public source or the file says so · derived: it follows, by the formula · assumed: a \
                      guess, for the reason given";

/// The word and the text after it: `derived: $4 bn (2023) + $4 bn (2024)`.
fn basis_line(basis: &Basis) -> String {
    format!("{}: {}", basis.word(), basis.text())
}

/// `open until benchmark_score >= 0.90`: a tranche's state before any fact is known.
fn condition(tranche: &TrancheLine) -> String {
    match tranche.state {
        TrancheState::Signed => "signed from the first day".to_owned(),
        TrancheState::Open => format!("open until {}", tranche.condition),
        TrancheState::Draft => format!("draft, then {}", tranche.condition),
    }
}

/// Text that moves no cursor and starts no line.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
