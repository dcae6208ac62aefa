//! One horizontal bar cut into parts: a model's share, a commitment's drawn part, a deal's tranches.

use super::{px, share};
use maud::{Markup, html};

const WIDTH: i128 = 100_000;
const GAP: i128 = 300;

/// A bar of `parts`, each a size and a class; parts with nothing in them take no room. It is decoration:
/// the figures stand beside it.
pub(crate) fn bar(parts: &[(i128, &str)], whole: i128) -> Markup {
    let mut edge = 0;
    let placed = parts.iter().filter(|(size, _)| *size > 0).map(|(size, class)| {
        let (left, width) = (edge, share(*size, whole, WIDTH));
        edge += width;
        let gap = if edge < WIDTH { GAP } else { 0 };
        // Anything at all shows, if only as a sliver.
        (left, (width - gap).max(GAP), class)
    });
    html! {
        svg class="stack" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" {
            rect class="rail" x="0" y="0" width="1000" height="10" {}
            @for (left, width, class) in placed {
                rect class=(class) x=(px(left)) y="0" width=(px(width)) height="10" {}
            }
        }
    }
}
