//! The four figures one looks for first, each leading to the calls it is made of.

use super::token_brief;
use crate::chart::stack;
use crate::view::{CommitmentView, Overview};
use crate::{link, show};
use maud::{Markup, html};

/// How many characters a headline figure has room for.
const ROOM: usize = 11;

pub(super) fn figures(view: &Overview) -> Markup {
    let spend = &view.spend;
    html! {
        dl class="figures" {
            div {
                dt { "Spend so far" }
                dd { a class="figure" href="/usage" { (show::headline(spend.total, ROOM, "spend")) } }
                dd class="under" {
                    @if show::fits(spend.total, ROOM) { "exactly, in " (spend.total.currency()) }
                    @else { (show::money(spend.total)) " exactly" }
                }
            }
            div {
                dt { "Calls" }
                dd { a class="figure" href="/usage" { (show::headline_count(spend.calls, ROOM, "calls")) } }
                dd class="under" { (calls_under(view)) }
            }
            div {
                dt { "Tokens" }
                dd { a class="figure" href="/usage" { (show::headline_count(spend.tokens.total(), ROOM, "tokens")) } }
                dd class="under" { (token_brief(&spend.tokens)) }
            }
            div { (left(view.commitment.as_ref())) }
        }
    }
}

fn calls_under(view: &Overview) -> Markup {
    let spend = &view.spend;
    html! {
        @if spend.unrated_calls > 0 {
            a href=(link::usage("state", "unrated")) { (show::count(spend.unrated_calls)) " unrated" }
        }
        @if spend.open_calls > 0 {
            @if spend.unrated_calls > 0 { " · " }
            a href=(link::usage("state", "open")) { (show::count(spend.open_calls)) " under way" }
        }
        @if spend.unrated_calls == 0 && spend.open_calls == 0 {
            @if spend.calls == 0 { "none yet" } @else { "all priced and settled" }
        }
    }
}

fn left(commitment: Option<&CommitmentView>) -> Markup {
    html! {
        dt { "Commitment left" }
        @if let Some(commitment) = commitment {
            dd {
                a class="figure" href=(link::usage("commitment", &commitment.id)) {
                    (show::headline(commitment.remaining, ROOM, "remaining"))
                }
            }
            dd class="under" {
                (stack::bar(&[(commitment.drawn.pico(), "part-drawn")], commitment.total.pico()))
                "of " (show::money(commitment.total)) ", to " (show::day(commitment.to))
            }
        } @else {
            dd { span class="figure none" { "–" } }
            dd class="under" { "no commitment" }
        }
    }
}
