//! The residency page: where inference ran and may run, what was refused and by which rule, and "may this run?".

use crate::chart::world;
use crate::page::{Place, Shell};
use crate::parts::{empty, heading};
use crate::show;
use crate::view::{
    PageOptions, QUESTION_FIELDS, Question, RanRow, Reason, RefusalRow, ResidencyView, RouteRow, Ruling,
};
use maud::{Markup, html};
use serde_json::{Value, json};

/// The page.
pub fn residency_page(view: &ResidencyView) -> String {
    let shell = Shell {
        title: "Residency",
        visitor: &view.visitor,
        as_of: view.as_of,
        options: PageOptions { playground: false, live: false },
        place: Place::Residency,
    };
    let body = html! {
        h1 class="sr" { "Residency" }
        div class="overview" {
            section class="area-map" { (places(view)) }
            section class="area-question" id="ask" { (question(view)) }
            section class="area-routes" { (routes(view)) }
            @if view.audited { section class="area-ran" { (ran(&view.ran)) } }
            section class="area-refusals" { (refusals(&view.refusals, view.audited)) }
        }
        p class="faint after" {
            "Catalogue " span class="id" title=(view.catalogue) { (view.catalogue.chars().take(12).collect::<String>()) }
            ", checked on " (show::day_text(&view.checked)) ". Engineering, not legal advice."
        }
    };
    shell.wrap(&body).into_string()
}

/// The same for programs.
pub fn residency_json(view: &ResidencyView) -> String {
    let last = |at: &Option<units::Timestamp>| at.map(|at| at.to_string());
    json!({
        "as_of": view.as_of.to_string(),
        "organisation": view.organisation,
        "asked_of_every_call": view.asked,
        "catalogue": view.catalogue,
        "checked": view.checked,
        "places": view.places.iter().map(|place| json!({
            "place": place.code, "ran": place.ran, "may_have_run": place.perhaps, "may": place.backends,
        })).collect::<Vec<_>>(),
        "ran": view.ran.iter().map(|row| json!({
            "organisation": row.organisation, "backend": row.backend, "region": row.region, "claimed": row.claimed, "observed": row.observed,
            "answered": row.answered, "calls": row.calls, "last": last(&row.last),
        })).collect::<Vec<_>>(),
        "routes": view.routes.iter().map(|row| json!({
            "model": row.model, "backend": row.backend, "claim": row.claim, "operator": row.operator,
            "lawful": row.reasons.is_empty(), "reasons": row.reasons.iter().map(reason_json).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "refusals": view.refusals.iter().map(|row| json!({
            "at": row.at.to_string(), "request": row.request, "caller": row.caller, "model": row.model,
            "rules": row.rules, "reason": row.reason,
        })).collect::<Vec<_>>(),
        "answer": view.answer.as_ref().map(|ruling| json!({
            "decision": if ruling.permit { "permit" } else { "deny" }, "authorisation": ruling.authorisation,
            "lawful": ruling.lawful.iter().map(|(backend, _, _)| backend).collect::<Vec<_>>(),
            "refused": ruling.refused.iter().map(reason_json).collect::<Vec<_>>(), "hash": ruling.hash,
        })),
    })
    .to_string()
}

fn reason_json(reason: &Reason) -> Value {
    json!({
        "backend": reason.backend, "rule": reason.rule, "source": reason.source, "reason": reason.reason,
        "mend": reason.mend,
    })
}

// ── the map ─────────────────────────────────────────────────────────────────────────────────────────────────

fn places(view: &ResidencyView) -> Markup {
    let lead = match view.audited {
        true => format!("Where calls ran, and where those of {} may run now", view.organisation),
        false => format!("Where calls of {} may run now", view.organisation),
    };
    html! {
        (heading("Places", &html! { (lead) }))
        @if let Some(warning) = &view.warning { p class="notice" { (warning) } }
        @if !view.asked {
            p class="notice" {
                "There is no [residency] in the configuration: only a call that says something itself is held to the rules."
            }
        }
        ul class="legend places-legend" {
            @if view.audited { li class="key-ran" { "ran here" } li class="key-perhaps" { "may have run here" } }
            li class="key-may" { "may run here" }
        }
        (world::map(&view.places))
        @if view.places.is_empty() {
            (empty("No place is known", &html! { "Backends say where they run by " code { "region" } " or " code { "country" } "." }))
        } @else {
            details open[view.places.len() <= 6] {
                summary { "Every place" }
                table class="stacked access" {
                    caption class="sr" { "Places" }
                    thead { tr { th scope="col" { "Place" } @if view.audited { th scope="col" class="r" { "Ran here" } th scope="col" class="r" { "May have" } } th scope="col" { "May run here" } } }
                    tbody {
                        @for place in &view.places {
                            tr {
                                th scope="row" { (world::name(&place.code)) span class="second" { (place.code) } }
                                @if view.audited {
                                    td class="r" data-label="Ran here" { (show::count(place.ran)) }
                                    td class="r" data-label="May have" { (show::count(place.perhaps)) }
                                }
                                td data-label="May run here" { (names(&place.backends)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn names(names: &[String]) -> Markup {
    html! {
        @if names.is_empty() { span class="faint" { "nothing" } }
        @else { ul class="names" { @for name in names { li { (name) } } } }
    }
}

// ── may this run? ───────────────────────────────────────────────────────────────────────────────────────────

fn question(view: &ResidencyView) -> Markup {
    let Question { principal, model, fields } = &view.question;
    let value =
        |name: &str| fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    html! {
        (heading("May this run?", &html! { "The same decision that serving makes. Nothing is sent to a model." }))
        form method="get" action="/residency#ask" class="question" {
            div class="field" {
                label for="principal" { "Caller" }
                input type="text" id="principal" name="principal" value=(principal) required maxlength="800" placeholder="organisation/team/name";
            }
            div class="field" {
                label for="asked-model" { "Model" }
                select id="asked-model" name="model" {
                    @for known in &view.choices.models { option value=(known) selected[known == model] { (known) } }
                }
            }
            @for (name, label, example) in QUESTION_FIELDS {
                div class="field" {
                    label for=(name) { (label) }
                    input type="text" id=(name) name=(name) value=(value(name)) maxlength="400" placeholder=(example) list={ "words-" (name) };
                }
            }
            @for (name, words) in &view.choices.words {
                datalist id={ "words-" (name) } { @for (word, about) in words { option value=(word) { (about) } } }
            }
            div class="field go" { button type="submit" class="primary" { "Decide" } }
        }
        @if let Some((what, mend)) = &view.trouble {
            p class="trouble" role="alert" { (what) @if !mend.is_empty() { ": " (mend) } }
        }
        @if let Some(ruling) = &view.answer { (ruled(ruling)) }
    }
}

fn ruled(ruling: &Ruling) -> Markup {
    html! {
        div class={ "ruling" @if !ruling.permit { " bad" } } role="status" {
            p class="ruling-title" { @if ruling.permit { "It may run" } @else { "It may not run" } }
            p { "Policy: " (ruling.authorisation) }
            @if !ruling.decided { p { "Places were not decided on: every backend of the model may be asked." } }
            @if !ruling.lawful.is_empty() {
                ul class="ruled" {
                    @for (backend, claim, papers) in &ruling.lawful {
                        li {
                            (show::badge("good", "may")) " " strong { (backend) } ": " (claim)
                            @if !papers.is_empty() { span class="second" { "on file: " (papers) } }
                        }
                    }
                }
            }
            @if !ruling.refused.is_empty() { (reasons(&ruling.refused)) }
            @if !ruling.duties.is_empty() {
                p { "Duties:" }
                ul class="ruled" { @for (what, rule) in &ruling.duties { li { (what) " " span class="id" { (rule) } } } }
            }
            @if !ruling.hash.is_empty() { p class="faint" { "Lawful set " span class="id" { (ruling.hash.chars().take(16).collect::<String>()) } } }
        }
    }
}

fn reasons(all: &[Reason]) -> Markup {
    html! {
        ul class="ruled" {
            @for one in all {
                li {
                    (show::badge("bad", "not")) " " strong { (one.backend) } ", rule " span class="id" { (one.rule) } ": " (one.reason)
                    @if !one.mend.is_empty() { span class="second" { "mend: " (one.mend) } }
                    @if !one.source.is_empty() { span class="second" { "source: " (one.source) } }
                }
            }
        }
    }
}

// ── tables ──────────────────────────────────────────────────────────────────────────────────────────────────

fn routes(view: &ResidencyView) -> Markup {
    html! {
        (heading("Routes", &html! { "Every way that a call of " (view.organisation) " could take today, with no more said of it" }))
        @if view.routes.is_empty() {
            (empty("No routes", &html! { "There is no model with a backend." }))
        } @else {
            table class="stacked access" {
                caption class="sr" { "Routes" }
                thead { tr {
                    th scope="col" { "Model" } th scope="col" { "Backend" } th scope="col" { "Where" } th scope="col" { "Lawful" }
                } }
                tbody { @for row in &view.routes { (route(row)) } }
            }
        }
    }
}

fn route(row: &RouteRow) -> Markup {
    html! {
        tr {
            th scope="row" { (row.model) }
            td data-label="Backend" { (row.backend) @if !row.operator.is_empty() { span class="second" { "run by " (row.operator) } } }
            td data-label="Where" { span class="long" { (row.claim) } }
            td data-label="Lawful" {
                @if row.reasons.is_empty() { (show::badge("good", "may")) }
                @else {
                    (show::badge("bad", "may not"))
                    details class="why" {
                        summary { @for (nth, one) in row.reasons.iter().enumerate() { @if nth > 0 { ", " } span class="id" { (one.rule) } } }
                        (reasons(&row.reasons))
                    }
                }
            }
        }
    }
}

fn ran(rows: &[RanRow]) -> Markup {
    html! {
        (heading("Where it ran", &html! { "By the record of each call: what was claimed, and what the vendor said" }))
        @if rows.is_empty() {
            (empty("Nothing ran yet", &html! { "Calls show up here when they have ended." }))
        } @else {
            table class="stacked access" {
                caption class="sr" { "Where calls ran" }
                thead { tr {
                    th scope="col" { "Backend" } th scope="col" { "Claimed" } th scope="col" { "Observed" }
                    th scope="col" class="r" { "Attempts" } th scope="col" { "Last" }
                } }
                tbody { @for row in rows { (ran_row(row)) } }
            }
        }
    }
}

fn ran_row(row: &RanRow) -> Markup {
    html! {
        tr {
            th scope="row" {
                (row.backend)
                span class="second" { "for " (row.organisation) " · " (row.region) @if !row.answered { ", not answered" } }
            }
            td data-label="Claimed" { @if row.claimed.is_empty() { span class="faint" { "not decided" } } @else { span class="long" { (row.claimed) } } }
            td data-label="Observed" { @if row.observed.is_empty() { span class="faint" { "unavailable" } } @else { (row.observed) } }
            td class="r" data-label="Attempts" { (show::count(row.calls)) }
            td data-label="Last" { @if let Some(at) = row.last { (show::moment(at)) } }
        }
    }
}

fn refusals(rows: &[RefusalRow], audited: bool) -> Markup {
    html! {
        @let whose = if audited { "Calls" } else { "Your calls" };
        (heading("Refused", &html! { (whose) " that a rule or a policy did not let run, since this plane was started" }))
        @if rows.is_empty() {
            (empty("Nothing was refused", &html! { "A refused call shows up here with the rule that refused it." }))
        } @else {
            table class="stacked access" {
                caption class="sr" { "Refused calls, the latest first" }
                thead { tr {
                    th scope="col" { "Time, UTC" } th scope="col" { "Caller" } th scope="col" { "Model" } th scope="col" { "Rule" }
                } }
                tbody {
                    @for row in rows {
                        tr {
                            th scope="row" {
                                time datetime=(row.at) title=(row.at) { (show::clock_text(row.at)) }
                                span class="second" { (show::day_text(&row.at.date())) }
                            }
                            td data-label="Caller" { span class="long" { (row.caller) } }
                            td data-label="Model" { (row.model) }
                            td data-label="Rule" {
                                @for (nth, rule) in row.rules.iter().enumerate() { @if nth > 0 { ", " } span class="id" { (rule) } }
                                span class="second" { (row.reason) }
                                span class="second id" { (row.request) }
                            }
                        }
                    }
                }
            }
        }
    }
}
