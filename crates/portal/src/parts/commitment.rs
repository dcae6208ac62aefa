//! The commitment: what is drawn, what is left, and whether the pace will do.

use super::{empty, heading};
use crate::chart::{Canvas, burn_down};
use crate::view::{CommitmentView, Overview};
use crate::{link, show};
use maud::{Markup, html};
use units::{Money, PICO_PER_UNIT, Timestamp};

/// A hundredth of the currency unit: nobody is ahead or behind by less.
const CENT_PICO: i128 = PICO_PER_UNIT / 100;

pub(super) fn commitment(view: &Overview) -> Markup {
    match &view.commitment {
        Some(commitment) => known(commitment, view.as_of),
        None => html! {
            (heading("Commitment", &html! { "What spend is promised, and how far it is drawn down" }))
            (empty("No commitment", &html! {
                "Calls are metered and priced; nothing is promised in return. Add a " code { "[[contract]]" }
                " to see spend against it."
            }))
        },
    }
}

fn known(commitment: &CommitmentView, as_of: Timestamp) -> Markup {
    let lead = html! {
        (commitment.title) ", " (show::day(commitment.from)) " to " (show::day(commitment.to))
    };
    html! {
        (heading("Commitment", &lead))
        (facts(commitment))
        (charts(commitment, as_of))
        @if let Some(projection) = &commitment.projection { p class="projection" { (projection) } }
    }
}

fn facts(commitment: &CommitmentView) -> Markup {
    let records = link::usage("commitment", &commitment.id);
    html! {
        dl class="facts" {
            div { dt { "Committed" } dd { (show::money(commitment.total)) } }
            div { dt { "Drawn" } dd { a href=(records) { (show::money(commitment.drawn)) } } }
            div { dt { "Remaining" } dd { a href=(records) { (show::money(commitment.remaining)) } } }
            div { dt { "Even pace by now" } dd { (show::headline(commitment.even_pace, 14, "even-pace")) } }
            div { dt { "Against even pace" } dd { (against_pace(commitment)) } }
        }
    }
}

fn against_pace(commitment: &CommitmentView) -> Markup {
    let Ok(ahead) = commitment.drawn.checked_sub(commitment.even_pace) else { return html! { "–" } };
    let size = Money::from_pico(ahead.pico().saturating_abs(), ahead.currency());
    let word = if ahead.pico() < 0 { "behind" } else { "ahead" };
    html! {
        @if size.pico() < CENT_PICO {
            data value=(ahead.to_decimal()) data-key="against-pace" title={ (size) " " (word) ", exactly" } { "on pace" }
        } @else {
            (show::headline(size, 14, "against-pace")) " " (word)
        }
    }
}

fn charts(commitment: &CommitmentView, as_of: Timestamp) -> Markup {
    let zoom = |canvas| burn_down::zoom(commitment, as_of, canvas);
    let close = zoom(Canvas::HALF).zip(zoom(Canvas::PHONE));
    let wide = if close.is_some() { Canvas::HALF } else { Canvas::WIDE };
    html! {
        ul class="legend" aria-hidden="true" {
            li class="key-drawn" { "Drawn" } li class="key-pace" { "Even pace" } li class="key-left" { "Remaining" }
        }
        div class=(if close.is_some() { "charts two" } else { "charts" }) {
            figure {
                (burn_down::term(commitment, as_of, wide)) (burn_down::term(commitment, as_of, Canvas::PHONE))
                figcaption { "The whole term" }
            }
            @if let Some((half, phone)) = close {
                figure { (half) (phone) figcaption { "Since the first call, UTC" } }
            }
        }
        p class="sr" { (burn_down::summary(commitment, as_of)) }
    }
}
