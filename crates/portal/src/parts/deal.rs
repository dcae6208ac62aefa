//! The deal: its figures, each with how it is known, and the tranches with what releases them.

use super::{empty, heading};
use crate::chart::stack;
use crate::show;
use crate::view::{DealFigure, DealView, Overview, TrancheView};
use maud::{Markup, html};

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
        @if !deal.figures.is_empty() {
            dl class="deal-figures" { @for figure in &deal.figures { (figure_cell(figure)) } }
        }
        h3 { "Tranches and milestones" }
        @if deal.tranches.is_empty() {
            (empty("No tranches", &html! { "This deal releases no money by milestone." }))
        } @else {
            (amounts(deal))
            ol class="tranches" { @for tranche in &deal.tranches { (card(tranche)) } }
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
            p class="condition" { (tranche.condition) }
            (show::basis(&tranche.basis))
        }
    }
}
