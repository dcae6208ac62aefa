//! The records behind a figure: which were asked for, what they add up to, and each of them.

use crate::link::UsageFilter;
use crate::page::{Place, Shell};
use crate::parts::{calls_table, empty, heading, token_kinds};
use crate::show;
use crate::view::{CallRow, PageOptions, Visitor};
use maud::{Markup, html};
use units::{Money, RequestId, Timestamp, TokenCounts};

/// What the usage page needs besides its records.
#[derive(Debug, Clone)]
pub struct UsageContext {
    /// The moment the records were read.
    pub as_of: Timestamp,
    /// Who is looking.
    pub visitor: Visitor,
    /// The last record shown, when there are older ones that match: the next page begins before it.
    pub older: Option<RequestId>,
}

/// The page of the records that match `filter`, newest first, as the caller has selected them.
pub fn usage_page(rows: &[CallRow], filter: &UsageFilter, context: &UsageContext) -> String {
    let shell = Shell {
        title: "Usage",
        visitor: &context.visitor,
        as_of: context.as_of,
        options: PageOptions { playground: false, live: false },
        place: Place::Usage,
    };
    let part = filter.before.is_some() || context.older.is_some();
    let lead =
        if part { "One page of the records, newest first" } else { "Every record there is, newest first" };
    let body = html! {
        section class="area-usage" {
            h1 class="sr" { "Usage" }
            (heading("Usage", &html! { (lead) }))
            (conditions(filter))
            @if rows.is_empty() {
                (empty("No records", &html! { "No call matches. " a href="/usage" { "Show all calls" } "." }))
            } @else {
                (sums(rows, part))
                (calls_table(rows))
                @if let Some(older) = context.older {
                    p class="pages" { a href=(before(filter, older)) { "Older calls" } }
                }
            }
        }
    };
    shell.wrap(&body).into_string()
}

/// The conditions that are set, each with a link that drops it.
fn conditions(filter: &UsageFilter) -> Markup {
    let without = |dropped: &str| {
        let kept = filter.conditions().filter(|(name, _)| *name != dropped && *name != "before");
        kept.fold(UsageFilter::default(), |kept, (name, value)| kept.with(name, value)).href()
    };
    html! {
        @if filter.conditions().next().is_some() {
            ul class="conditions" aria-label="Filters" {
                @for (name, value) in filter.conditions() {
                    li { span { (name) } code { (value) } a href=(without(name)) aria-label={ "Remove filter " (name) } { "×" } }
                }
            }
        }
    }
}

fn before(filter: &UsageFilter, older: RequestId) -> String {
    UsageFilter { before: Some(older.to_string()), ..filter.clone() }.href()
}

/// What the rows add up to, per currency; on one page of several it says that it is of this page.
fn sums(rows: &[CallRow], part: bool) -> Markup {
    let tokens = rows.iter().try_fold(TokenCounts::default(), |sum, row| sum.checked_add(&row.tokens));
    let unrated = rows.iter().filter(|row| row.charge.is_none()).count();
    html! {
        dl class="facts" {
            div { dt { @if part { "Calls on this page" } @else { "Calls" } } dd class="num" { (rows.len()) } }
            @if let Some(tokens) = tokens {
                div { dt { "Tokens" } dd { (show::count(tokens.total())) } dd class="under" { (token_kinds(&tokens)) } }
            }
            @for sum in charges(rows) { div { dt { "Cost, " (sum.currency()) } dd { (show::money(sum)) } } }
            @if unrated > 0 { div { dt { "Not in the sum" } dd class="num" { (unrated) } dd class="under" { "open or unrated" } } }
        }
    }
}

fn charges(rows: &[CallRow]) -> Vec<Money> {
    let mut sums: Vec<Money> = Vec::new();
    for charge in rows.iter().filter_map(|row| row.charge) {
        match sums.iter_mut().find(|sum| sum.currency() == charge.currency()) {
            // A sum that does not fit cannot come from real calls; it stays as it was.
            Some(sum) => *sum = sum.checked_add(charge).unwrap_or(*sum),
            None => sums.push(charge),
        }
    }
    sums
}
