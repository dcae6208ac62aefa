//! The playground: a question, an answer that streams in, and its receipt. `playground.js` fills it in.

use super::heading;
use crate::view::Overview;
use maud::{Markup, html};

const QUESTIONS: [&str; 3] = [
    "What is the capital of France?",
    "Explain double-entry bookkeeping in two sentences.",
    "Write a haiku about a ledger.",
];

const RECEIPT: [(&str, &str); 6] = [
    ("cost", "Cost"),
    ("speed", "Speed"),
    ("tokens", "Tokens"),
    ("region", "Region"),
    ("backend", "Backend"),
    ("request", "Request"),
];

pub(crate) fn playground(view: &Overview) -> Markup {
    let any = view.models.iter().any(|model| model.available);
    html! {
        (heading("Ask a model", &html! { "It’s just there: no key, no sign-up. What you ask is metered like any call." }))
        form id="ask" {
            div class="ask-box" {
                label class="sr" for="question" { "Your question" }
                textarea id="question" name="question" rows="3" maxlength="20000" placeholder="Ask anything…"
                    disabled[!any] {}
                div class="ask-bar" {
                    label class="select" {
                        span class="sr" { "Model" }
                        select id="model" name="model" disabled[!any] {
                            @for model in &view.models {
                                option value=(model.name) disabled[!model.available] { (model.name) }
                            }
                        }
                    }
                    span class="keys" { kbd { "Enter" } " to send, " kbd { "Shift" } " " kbd { "Enter" } " for a new line" }
                    button type="button" id="stop" class="secondary" hidden { "Stop" }
                    button type="submit" id="send" class="primary" disabled[!any] { "Send" }
                }
            }
            ul class="chips" aria-label="Questions to try" {
                @for question in QUESTIONS { li { button type="button" class="chip" data-question=(question) { (question) } } }
            }
        }
        noscript { p class="notice" { "The playground needs JavaScript. Everything else on this page works without it." } }
        p id="waiting" class="waiting" { "The answer appears here, with its speed, tokens, cost, region and request id." }
        div id="answer" class="answer" hidden {
            p class="asked" id="asked" {}
            div id="text" class="text" aria-live="polite" aria-busy="false" {}
            p id="trouble" class="trouble" role="alert" hidden {}
            dl class="receipt" id="receipt" hidden {
                @for (name, label) in RECEIPT { div { dt { (label) } dd data-receipt=(name) { "–" } } }
            }
        }
    }
}
