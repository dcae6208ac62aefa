//! What can be called now, where it runs and what it costs.

use super::{empty, heading};
use crate::view::{ListPrice, ModelCard, Overview};
use crate::{link, show};
use maud::{Markup, html};
use units::Money;

/// Which setting points an unmodified SDK here, and what comes after this address in it.
const SETTINGS: [(&str, &str, &str); 3] = [
    ("Anthropic", "ANTHROPIC_BASE_URL", ""),
    ("Claude on AWS", "ANTHROPIC_AWS_BASE_URL", ""),
    ("OpenAI", "OPENAI_BASE_URL", "/v1"),
];

pub(super) fn models(view: &Overview) -> Markup {
    let ready = view.models.iter().filter(|model| model.available).count();
    html! {
        (heading("Models", &html! { (ready) " of " (view.models.len()) " ready to call" }))
        @if view.models.is_empty() {
            (empty("No models yet", &html! { "Add a " code { "[[model]]" } " to the configuration; it appears here when it is saved." }))
        } @else {
            ul class="models" { @for model in &view.models { (card(model)) } }
            (settings())
        }
    }
}

fn card(model: &ModelCard) -> Markup {
    html! {
        li class=(if model.available { "model" } else { "model off" }) {
            div class="model-name" {
                a href=(link::usage("model", &model.name)) { (model.name) }
                @if model.available {
                    button type="button" class="quiet pick" hidden data-pick=(model.name) { "Ask" }
                } @else {
                    (show::state("unavailable"))
                }
            }
            p class="model-where" { (model.backend) " · " (model.kind) " · " (model.region) }
            @match &model.price {
                Some(price) => (price_line(price)),
                None => p class="model-price" { span class="badge warn" { "no price" } " calls are kept as unrated" },
            }
        }
    }
}

fn settings() -> Markup {
    html! {
        div class="settings" {
            p { "From your code: the SDK as it is, with this page’s address in" }
            dl {
                @for (sdk, name, path) in SETTINGS {
                    div { dt { (sdk) } dd { code { (name) } @if !path.is_empty() { " then " code { (path) } } } }
                }
            }
        }
    }
}

fn price_line(price: &ListPrice) -> Markup {
    let per = |amount: Money, what| html! { span { (show::money(amount)) " " (what) } };
    html! {
        p class="model-price" {
            (per(price.input_per_million, "in")) (per(price.output_per_million, "out"))
            span class="unit" { "per million tokens" }
        }
    }
}
