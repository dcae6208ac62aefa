//! The parts of the first page, one per file. A live update replaces a part with what the same function
//! renders from newer data.

mod commitment;
mod deal;
mod figures;
mod ledger;
mod models;
mod playground;
mod recent;
mod spend;

use crate::show;
use crate::view::Overview;
use maud::{Markup, html};

pub(crate) use playground::playground;
pub(crate) use recent::calls_table;

/// The parts that live updates replace, in the page's order.
pub const FRAGMENTS: [&str; 7] = ["figures", "models", "commitment", "spend", "recent", "deal", "ledger"];

/// The HTML inside the part with this name, for a live update.
pub fn fragment(name: &str, view: &Overview) -> Option<String> {
    (FRAGMENTS.contains(&name) && is_seen(name, view)).then(|| render(name, view).into_string())
}

/// Whether whoever is looking sees this part.
pub(crate) fn is_seen(name: &str, view: &Overview) -> bool {
    view.visitor.sees_money || matches!(name, "models" | "recent")
}

pub(crate) fn render(name: &str, view: &Overview) -> Markup {
    match name {
        "figures" => figures::figures(view),
        "models" => models::models(view),
        "commitment" => commitment::commitment(view),
        "spend" => spend::spend(view),
        "recent" => recent::recent(view),
        "deal" => deal::deal(view),
        "ledger" => ledger::ledger(view),
        _ => html! {},
    }
}

/// A part's heading with a line of explanation.
pub(crate) fn heading(title: &str, lead: &Markup) -> Markup {
    html! {
        div class="heading" { h2 { (title) } p { (lead) } }
    }
}

/// What stands where there is nothing yet: why, and what to do about it.
pub(crate) fn empty(title: &str, hint: &Markup) -> Markup {
    html! {
        div class="empty" { p class="empty-title" { (title) } p { (hint) } }
    }
}

/// Commands to paste into a terminal; the button appears where scripts run.
pub(crate) fn starters(view: &Overview) -> Markup {
    html! {
        ol class="starters" {
            @for starter in &view.starters {
                li {
                    span { (starter.label) }
                    div class="command" {
                        code tabindex="0" { (starter.command) }
                        button type="button" class="quiet copy" hidden { "Copy" }
                    }
                }
            }
            @if view.starters.is_empty() {
                li {
                    span { "Ask from a terminal" }
                    div class="command" {
                        code tabindex="0" { "offtake ask \"What is the capital of France?\"" }
                        button type="button" class="quiet copy" hidden { "Copy" }
                    }
                }
            }
        }
    }
}

/// Token counts where room is short: `12 in · 3 cached · 40 out`, rounded with `≈` where they are long.
pub(crate) fn token_brief(tokens: &units::TokenCounts) -> Markup {
    let cached = tokens.input_total().saturating_sub(tokens.input);
    let kinds = [(tokens.input, "in"), (cached, "cached"), (tokens.output, "out")];
    let some: Vec<String> = kinds
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, kind)| format!("{} {kind}", show::short_count(number, 11)))
        .collect();
    html! { span title=(token_kinds(tokens)) { (if some.is_empty() { "none".to_owned() } else { some.join(" · ") }) } }
}

/// Token counts by kind, those that are not zero: `12 in · 3 cache read · 40 out`.
pub(crate) fn token_kinds(tokens: &units::TokenCounts) -> String {
    let kinds = [
        (tokens.input, "in"),
        (tokens.cache_read, "cache read"),
        (tokens.cache_write_5m, "cache write 5 min"),
        (tokens.cache_write_1h, "cache write 1 h"),
        (tokens.output, "out"),
    ];
    let some: Vec<String> = kinds
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, kind)| format!("{} {kind}", show::grouped(&number.to_string())))
        .collect();
    if some.is_empty() { "none".to_owned() } else { some.join(" · ") }
}
