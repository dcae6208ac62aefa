//! Calls as a table: on the first page the latest, on the usage page those behind a figure.

use super::{empty, heading, starters, token_brief};
use crate::view::{CallRow, Overview};
use crate::{link, show};
use maud::{Markup, html};

pub(super) fn recent(view: &Overview) -> Markup {
    html! {
        (heading("Latest calls", &html! { a href="/usage" { "All calls" } }))
        @if view.recent.is_empty() {
            (empty("Nothing here yet", &html! { "The first call shows up here with its tokens, cost and the transfer that books it." }))
            // With no calls at all, the commands stand under Spend already.
            @if view.spend.calls > 0 || !view.visitor.sees_money { (starters(view)) }
        } @else {
            (calls_table(&view.recent))
        }
    }
}

const COLUMNS: [(&str, &str); 7] = [
    ("Time, UTC", ""),
    ("Request", ""),
    ("Model", ""),
    ("Caller", ""),
    ("Tokens", "r"),
    ("Cost", "r"),
    ("State", ""),
];

pub(crate) fn calls_table(rows: &[CallRow]) -> Markup {
    html! {
        table class="stacked calls" {
            caption class="sr" { "Calls, newest first" }
            thead { tr { @for (label, class) in COLUMNS { th scope="col" class=(class) { (label) } } } }
            tbody { @for row in rows { (call(row)) } }
        }
    }
}

fn call(row: &CallRow) -> Markup {
    let id = row.request_id.to_string();
    let at = row.at.to_string();
    html! {
        tr {
            td data-label="Time, UTC" {
                time datetime=(at) title=(at) { (show::clock_text(row.at)) }
                span class="second" { (show::day_text(&row.at.date())) }
            }
            td data-label="Request" {
                a class="id" href=(link::usage("request", &id)) title=(id) { (short_id(&id)) }
                @if let Some(transfer) = &row.transfer {
                    span class="second" {
                        a class="id" href=(link::usage("transfer", transfer)) title={ "Transfer " (transfer) } { (short_id(transfer)) }
                    }
                }
            }
            td data-label="Model" { a href=(link::usage("model", &row.model)) { (row.model) } (place(row)) }
            td data-label="Caller" { span class="caller" title=(row.principal) { (row.principal) } }
            td class="r" data-label="Tokens" {
                (show::count(row.tokens.total())) span class="second" { (token_brief(&row.tokens)) }
            }
            td class="r" data-label="Cost" { (cost(row)) }
            td data-label="State" { (show::state(&row.state)) }
        }
    }
}

fn place(row: &CallRow) -> Markup {
    html! {
        @if !row.backend.is_empty() { span class="second" { (row.backend) " · " (row.region) } }
    }
}

fn cost(row: &CallRow) -> Markup {
    html! {
        @match (&row.charge, row.state.as_str()) {
            (Some(charge), _) => {
                (show::money(*charge)) span class="second" { (charge.currency()) }
            }
            (None, "open") => span class="faint" { "under way" },
            (None, "unrated") => span class="faint" { "no price" },
            (None, _) => span class="faint" { "–" },
        }
    }
}

/// The end of an id, which tells calls apart; the whole of it is in the title and the link.
fn short_id(id: &str) -> String {
    let letters: Vec<char> = id.chars().collect();
    if letters.len() <= 14 {
        return id.to_owned();
    }
    let (head, tail) = (letters.iter().take(4), letters.iter().skip(letters.len() - 7));
    head.chain(std::iter::once(&'…')).chain(tail).collect()
}
