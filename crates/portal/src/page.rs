//! The first page, and the shell that every page stands in.

use crate::parts::{self, FRAGMENTS};
use crate::show;
use crate::view::{Overview, PageOptions, Visitor};
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
        visitor: &view.visitor,
        as_of: view.as_of,
        options: *options,
        place: Place::Home,
    };
    let body = html! {
        h1 class="sr" { (view.visitor.organisation) ": overview" }
        div class="overview" {
            @for name in FRAGMENTS.into_iter().filter(|name| parts::is_seen(name, view)) {
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
    pub(crate) visitor: &'a Visitor,
    pub(crate) as_of: Timestamp,
    pub(crate) options: PageOptions,
    pub(crate) place: Place,
}

/// Which page it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Home,
    Usage,
    Access,
    Residency,
}

/// Parts of the first page; whether one has to do with money.
const NAVIGATION: [(&str, &str, bool); 5] = [
    ("/#models", "Models", false),
    ("/#commitment", "Commitment", true),
    ("/#spend", "Spend", true),
    ("/#deal", "Deal", true),
    ("/#ledger", "Ledger", true),
];

/// The mark: three steps of a drawdown under a level line. Ours, and the same as `favicon.svg`.
const MARK: PreEscaped<&str> = PreEscaped(
    r#"<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect class="tile" width="32" height="32" rx="8"></rect><path class="level" d="M7 8.5h18"></path><path class="steps" d="M7 24.5h5.5v-4.5h6v-5H25"></path></svg>"#,
);

/// What a form that changes something sends along.
pub(crate) fn csrf(visitor: &Visitor) -> Markup {
    html! { input type="hidden" name="csrf" value=(visitor.csrf); }
}

/// A page that says one thing, for somebody who is not, or no longer, known here.
pub fn message_page(title: &str, text: &str, link: Option<(&str, &str)>) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Offtake" }
                link rel="icon" href="/assets/favicon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/portal.css";
                script src="/assets/theme.js" {}
            }
            body class="message" {
                main id="content" {
                    section {
                        p class="brand" { (MARK) span { "Offtake" } }
                        h1 { (title) }
                        p { (text) }
                        @if let Some((href, label)) = link { p { a class="button" href=(href) { (label) } } }
                    }
                }
            }
        }
    }
    .into_string()
}

impl Shell<'_> {
    fn is_live(&self) -> bool {
        self.place == Place::Home && self.options.live
    }

    pub(crate) fn wrap(&self, content: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                (self.head())
                body data-live[self.is_live()] {
                    a class="skip" href="#content" { "Skip to content" }
                    (self.masthead())
                    main id="content" {
                        @if let Some(trouble) = &self.visitor.trouble {
                            section class="refused-configuration" role="alert" {
                                h2 { "The changed configuration is not used" }
                                p { "The one before it serves on. Mend this, and it is read again within a second or two." }
                                pre tabindex="0" { (trouble) }
                            }
                        }
                        (content)
                    }
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
                title { (self.title) " · " (self.visitor.organisation) " · Offtake" }
                link rel="icon" href="/assets/favicon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/portal.css";
                link rel="stylesheet" href="/assets/parts.css";
                // Not deferred: the chosen theme must be set before anything is painted.
                script src="/assets/theme.js" {}
                @if self.is_live() { script type="module" src="/assets/live.js" {} }
                @if self.place == Place::Home && self.options.playground { script type="module" src="/assets/playground.js" {} }
            }
        }
    }

    fn masthead(&self) -> Markup {
        html! {
            header class="masthead" {
                a class="brand" href="/" aria-label="Offtake, overview" { (MARK) span { "Offtake" } }
                nav aria-label="Sections" {
                    @for (href, label, money) in NAVIGATION {
                        @if !money || self.visitor.sees_money { a href=(href) { (label) } }
                    }
                    (self.link(Place::Usage, "/usage", "Usage"))
                    (self.link(Place::Residency, "/residency", "Residency"))
                    @if self.visitor.sees_access { (self.link(Place::Access, "/access", "Access")) }
                }
                div class="who" {
                    @if self.is_live() {
                        span class="live" id="live" data-state="idle" role="status" {
                            span class="pulse" {} span class="word" { "Live" }
                        }
                    }
                    span class="principal" title={ (self.visitor.organisation) " / " (self.visitor.principal) } {
                        strong { (self.visitor.organisation) } span { (self.visitor.principal) }
                    }
                    @if self.visitor.logs_out {
                        form method="post" action="/logout" class="logout" {
                            (csrf(self.visitor))
                            button type="submit" class="quiet" { "Log out" }
                        }
                    }
                    button type="button" id="theme" class="quiet" hidden aria-label="Colour theme: automatic" { "Auto" }
                }
            }
        }
    }

    fn link(&self, place: Place, href: &str, label: &str) -> Markup {
        html! { a href=(href) aria-current=[(self.place == place).then_some("page")] { (label) } }
    }

    fn footer(&self) -> Markup {
        html! {
            footer {
                p { "As of " span id="as-of" { (show::moment(self.as_of)) } ". Amounts are exact unless they say ≈." }
                p {
                    @if self.place == Place::Home { a href="/api/overview" { "This page as JSON" } " · " }
                    a href="/usage" { "All calls" }
                }
            }
        }
    }
}
