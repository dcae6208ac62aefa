//! The deal: its figures, each with how it is known, and the tranches with what releases them.

use super::{empty, heading};
use crate::chart::stack;
use crate::show;
use crate::view::{DealFigure, DealView, Overview, TrancheView};
use maud::{Markup, html};

/// The figures that tell a deal at a glance; beside them the others are folded away.
const LEADING: [&str; 6] = [
    "new_money",
    "total_exposure",
    "spend_commitment",
    "spend_per_year",
    "multiple_of_new_money",
    "capacity_ceiling_gw",
];

pub(super) fn deal(view: &Overview) -> Markup {
    match &view.deal {
        Some(deal) => known(deal),
        None => html! {
            (heading("Deal", &html! { "Money, milestones and what they release" }))
            (empty("No deal", &html! {
                "A deal file adds its figures and tranches here; see " code { "offtake deal report" } "."
            }))
        },
    }
}

fn known(deal: &DealView) -> Markup {
    html! {
        (heading("Deal", &html! { (deal.title) }))
        (figures(&deal.figures))
        h3 { "Tranches and milestones" }
        @if deal.tranches.is_empty() {
            (empty("No tranches", &html! { "This deal releases no money by milestone." }))
        } @else {
            (amounts(deal))
            ol class="tranches" { @for tranche in &deal.tranches { (card(tranche)) } }
        }
    }
}

/// Nothing is folded when the deal has none of the leading figures.
fn figures(all: &[DealFigure]) -> Markup {
    let (leading, others): (Vec<_>, Vec<_>) =
        all.iter().partition(|figure| LEADING.contains(&figure.id.as_str()));
    let (shown, folded) = if leading.is_empty() { (others, leading) } else { (leading, others) };
    html! {
        @if !shown.is_empty() { dl class="deal-figures" { @for figure in shown { (figure_cell(figure)) } } }
        @if !folded.is_empty() {
            details data-keep="deal-figures" {
                summary { (show::counted(folded.len().try_into().unwrap_or(u64::MAX), "more figure")) }
                dl class="deal-figures" { @for figure in folded { (figure_cell(figure)) } }
            }
        }
    }
}

fn figure_cell(figure: &DealFigure) -> Markup {
    html! {
        div id={ "deal-" (figure.id) } {
            dt { (figure.label) }
            dd class="value" { (figure.value) }
            dd { (show::basis(&figure.basis)) }
        }
    }
}

fn amounts(deal: &DealView) -> Markup {
    let whole = deal.tranches.iter().map(|tranche| tranche.amount.pico()).sum();
    let parts: Vec<(i128, &str)> =
        deal.tranches.iter().map(|tranche| (tranche.amount.pico(), part(&tranche.state))).collect();
    html! { div class="tranche-bar" { (stack::bar(&parts, whole)) } }
}

/// How a tranche is coloured: released, on its way, still open, or gone.
fn part(state: &str) -> &'static str {
    match state {
        "signed" | "funded" => "part-drawn",
        "met" | "resolved" => "part-met",
        "lapsed" | "disputed" => "part-gone",
        _ => "part-open",
    }
}

fn tone(part: &str) -> &'static str {
    match part {
        "part-drawn" => "good",
        "part-met" => "busy",
        "part-gone" => "warn",
        _ => "plain",
    }
}

/// A condition that is a single word is the contract's name for it, `at_signing`; a formula stays exact.
fn condition(text: &str) -> String {
    let word = text.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
    if word { text.replace('_', " ") } else { text.to_owned() }
}

fn card(tranche: &TrancheView) -> Markup {
    html! {
        li class={ "tranche " (part(&tranche.state)) } id={ "tranche-" (tranche.id) } {
            div class="tranche-head" {
                data class="amount" value=(tranche.amount.to_decimal()) title=(tranche.amount) {
                    (show::large_money_text(tranche.amount))
                }
                (show::badge(tone(part(&tranche.state)), &tranche.state))
            }
            h4 { (tranche.title) }
            p class="condition" { (condition(&tranche.condition)) }
            (show::basis(&tranche.basis))
        }
    }
}
