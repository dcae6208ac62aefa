//! Spend by model and by day.

use super::{empty, heading, starters, token_kinds};
use crate::chart::{Canvas, days, stack};
use crate::view::{ModelSpend, Overview, SpendSummary};
use crate::{link, show};
use maud::{Markup, html};

pub(super) fn spend(view: &Overview) -> Markup {
    let spend = &view.spend;
    html! {
        (heading("Spend", &html! { "By model and by day, UTC. Each figure opens its calls." }))
        @if spend.calls == 0 {
            (empty("No calls yet", &html! { "Ask above, or try one of these. Each call shows up here within a second or two." }))
            (starters(view))
        } @else {
            @if spend.unrated_calls > 0 { (unrated_notice(spend)) }
            div class="columns" {
                div { (by_model(spend)) }
                div { (by_day(view)) }
            }
        }
    }
}

fn unrated_notice(spend: &SpendSummary) -> Markup {
    html! {
        p class="notice" {
            a href=(link::usage("state", "unrated")) { (show::counted(spend.unrated_calls, "call")) }
            " without a price: kept as unrated, in no sum here, and rated when a price arrives."
        }
    }
}

fn by_model(spend: &SpendSummary) -> Markup {
    html! {
        table class="stacked" {
            caption class="sr" { "Spend by model" }
            thead { tr { th scope="col" { "Model" } th scope="col" class="r" { "Calls" } th scope="col" class="r" { "Tokens" } th scope="col" class="r" { "Spend" } } }
            tbody { @for line in &spend.by_model { (model_row(line, spend.total.pico())) } }
        }
    }
}

fn model_row(line: &ModelSpend, total: i128) -> Markup {
    let records = link::usage("model", &line.model);
    html! {
        tr {
            th scope="row" {
                a href=(records) { (line.model) }
                (stack::bar(&[(line.charge.pico(), "part-drawn")], total))
            }
            td class="r" data-label="Calls" { a href=(records) { (show::count(line.calls)) } }
            td class="r" data-label="Tokens" {
                a href=(records) title=(token_kinds(&line.tokens)) { (show::count(line.tokens.total())) }
            }
            td class="r" data-label="Spend" { a href=(records) { (show::money(line.charge)) } }
        }
    }
}

fn by_day(view: &Overview) -> Markup {
    let zero = units::Money::zero(view.spend.total.currency());
    if view.spend.by_day.iter().all(|day| day.charge.is_zero()) {
        return empty(
            "Nothing priced yet",
            &html! { "Spend by day appears with the first call that has a price." },
        );
    }
    html! {
        figure {
            (days::bars(&view.spend.by_day, view.as_of, zero, Canvas::HALF_LOW))
            (days::bars(&view.spend.by_day, view.as_of, zero, Canvas::PHONE))
            figcaption { "The last 14 days" }
        }
        details data-keep="days" {
            summary { "Exact amounts by day" }
            ul class="days" {
                @for day in view.spend.by_day.iter().rev() {
                    li {
                        span { (show::day_text(&day.date)) }
                        a href=(link::usage("day", &day.date)) { (show::money(day.charge)) }
                    }
                }
            }
        }
    }
}
