//! The first page, and the shell that every page stands in.

use crate::parts::{self, FRAGMENTS};
use crate::show;
use crate::view::{Overview, PageOptions};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use units::Timestamp;

/// The first page, complete: figures, charts and tables are in the HTML; scripts only add the playground and
/// the updates.
pub fn page(view: &Overview, options: &PageOptions) -> String {
    let fragment = |name: &str| {
        html! {
            section class={ "area-" (name) } id=(name) data-fragment=(name) { (parts::render(name, view)) }
        }
    };
    let shell = Shell {
        title: "Overview",
        organisation: &view.organisation,
        principal: &view.principal,
        as_of: view.as_of,
        options: *options,
        home: true,
    };
    let body = html! {
        div class="overview" {
            @for name in FRAGMENTS {
                @if name == "models" && options.playground {
                    section class="area-playground" id="playground" { (parts::playground(view)) }
                }
                (fragment(name))
            }
        }
    };
    shell.wrap(&body).into_string()
}

/// What surrounds a page's content.
pub(crate) struct Shell<'a> {
    pub(crate) title: &'a str,
    pub(crate) organisation: &'a str,
    pub(crate) principal: &'a str,
    pub(crate) as_of: Timestamp,
    pub(crate) options: PageOptions,
    pub(crate) home: bool,
}

const NAVIGATION: [(&str, &str); 5] = [
    ("/#models", "Models"),
    ("/#commitment", "Commitment"),
    ("/#spend", "Spend"),
    ("/#deal", "Deal"),
    ("/#ledger", "Ledger"),
];

/// The mark: three steps of a drawdown under a level line. Ours, and the same as `favicon.svg`.
const MARK: PreEscaped<&str> = PreEscaped(
    r#"<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect class="tile" width="32" height="32" rx="8"></rect><path class="level" d="M7 8.5h18"></path><path class="steps" d="M7 24.5h5.5v-4.5h6v-5H25"></path></svg>"#,
);

impl Shell<'_> {
    pub(crate) fn wrap(&self, content: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                (self.head())
                body data-live[self.options.live && self.home] {
                    a class="skip" href="#content" { "Skip to content" }
                    (self.masthead())
                    main id="content" { (content) }
                    (self.footer())
                }
            }
        }
    }

    fn head(&self) -> Markup {
        html! {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="description" content="Model calls, what they cost, and the contract they draw down.";
                title { (self.title) " · " (self.organisation) " · Offtake" }
                link rel="icon" href="/assets/favicon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/portal.css";
                link rel="stylesheet" href="/assets/parts.css";
                // Not deferred: the chosen theme must be set before anything is painted.
                script src="/assets/theme.js" {}
                @if self.home && self.options.live { script type="module" src="/assets/live.js" {} }
                @if self.home && self.options.playground { script type="module" src="/assets/playground.js" {} }
            }
        }
    }

    fn masthead(&self) -> Markup {
        html! {
            header class="masthead" {
                a class="brand" href="/" aria-label="Offtake, overview" { (MARK) span { "Offtake" } }
                nav aria-label="Sections" {
                    @for (href, label) in NAVIGATION { a href=(href) { (label) } }
                    a href="/usage" aria-current=[(!self.home).then_some("page")] { "Usage" }
                }
                div class="who" {
                    @if self.home && self.options.live {
                        span class="live" id="live" data-state="idle" role="status" {
                            span class="pulse" {} span class="word" { "Live" }
                        }
                    }
                    span class="principal" title={ (self.organisation) " / " (self.principal) } {
                        strong { (self.organisation) } span { (self.principal) }
                    }
                    button type="button" id="theme" class="quiet" hidden aria-label="Colour theme: automatic" { "Auto" }
                }
            }
        }
    }

    fn footer(&self) -> Markup {
        html! {
            footer {
                p { "As of " span id="as-of" { (show::moment(self.as_of)) } ". Amounts are exact unless they say ≈." }
                p {
                    @if self.home { a href="/api/overview" { "This page as JSON" } " · " }
                    a href="/usage" { "All calls" }
                }
            }
        }
    }
}
