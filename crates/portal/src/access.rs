//! The access page: who may call what, by which proof, when they last did, and the end of a key.

use crate::page::{Place, Shell, csrf};
use crate::parts::{empty, heading};
use crate::show;
use crate::view::{
    AccessView, Allowed, CallerRow, CredentialRow, CredentialState, IssuerRow, PageOptions, PersonRow,
    RevocationRow,
};
use maud::{Markup, html};
use serde_json::{Value, json};

/// The page.
pub fn access_page(view: &AccessView) -> String {
    let shell = Shell {
        title: "Access",
        visitor: &view.visitor,
        as_of: view.as_of,
        options: PageOptions { playground: false, live: false },
        place: Place::Access,
    };
    let body = html! {
        h1 class="sr" { "Access" }
        div class="overview" {
            section class="area-keys" { (credentials(view)) }
            section class="area-callers" { (callers(view)) }
            section class="area-issuers" { (issuers(view)) }
            @if !view.people.is_empty() { section class="area-people" { (people(view)) } }
            @if !view.revocations.is_empty() { section class="area-revoked" { (revocations(&view.revocations)) } }
        }
    };
    shell.wrap(&body).into_string()
}

/// The same for programs.
pub fn access_json(view: &AccessView) -> String {
    let moment = |at: &Option<units::Timestamp>| at.map(|at| at.to_string());
    json!({
        "as_of": view.as_of.to_string(),
        "authorisation": if view.policies { "policies" } else { "everyone authenticated" },
        "credentials": view.credentials.iter().map(|row| json!({
            "name": row.name, "proof": row.proof, "caller": row.caller, "models": models(&row.allowed),
            "last_used": moment(&row.last_used), "calls": row.calls, "expires": moment(&row.expires),
            "state": row.state.word(),
        })).collect::<Vec<_>>(),
        "callers": view.callers.iter().map(|row| json!({
            "caller": row.caller, "proof": row.proof, "models": models(&row.allowed),
            "last_used": moment(&row.last_used), "calls": row.calls,
        })).collect::<Vec<_>>(),
        "issuers": view.issuers.iter().map(|row| json!({
            "name": row.name, "issuer": row.issuer, "audience": row.audience, "callers": row.callers,
            "required": row.required,
        })).collect::<Vec<_>>(),
        "people": view.people.iter().map(|row| json!({
            "person": row.person, "roles": row.roles, "until": row.until.to_string(),
        })).collect::<Vec<_>>(),
        "revocations": view.revocations.iter().map(|row| json!({
            "at": row.at, "key": row.key, "caller": row.of, "by": row.by, "reason": row.reason,
        })).collect::<Vec<_>>(),
    })
    .to_string()
}

fn models(allowed: &Allowed) -> Value {
    match allowed {
        Allowed::All(count) => json!({ "all": count }),
        Allowed::Some(models) => json!(models),
    }
}

// ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────

fn credentials(view: &AccessView) -> Markup {
    let lead = if view.policies {
        "Keys in the configuration, and the models that the policies let them call"
    } else {
        "Keys in the configuration. There are no policies: whoever is authenticated may call every model"
    };
    html! {
        (heading("Keys", &html! { (lead) }))
        @if view.credentials.is_empty() {
            (empty("No keys", &html! { "Callers prove who they are by tokens of their own." }))
        } @else {
            table class="stacked access" {
                caption class="sr" { "Keys, by name" }
                thead { tr {
                    th scope="col" { "Key" } th scope="col" { "Caller" } th scope="col" { "May call" }
                    th scope="col" { "Last used, UTC" } th scope="col" { "State" }
                } }
                tbody { @for row in &view.credentials { (credential(view, row)) } }
            }
            @if !view.visitor.revokes {
                p class="faint after" { "An admin who has logged in can end a virtual key here, at once." }
            }
        }
    }
}

fn credential(view: &AccessView, row: &CredentialRow) -> Markup {
    html! {
        tr {
            th scope="row" { span class="id" { (row.name) } span class="second" { (row.proof) } }
            td data-label="Caller" { span class="long" { (row.caller) } }
            td data-label="May call" { (allowed(&row.allowed)) }
            td data-label="Last used, UTC" { (last_used(row.last_used, row.calls)) }
            td data-label="State" {
                (show::badge(row.state.tone(), row.state.word()))
                @if let Some(at) = row.expires {
                    span class="second" { @if row.state == CredentialState::Expired { "ended " } @else { "until " } (show::day(at)) }
                }
                @if let Some(handle) = row.handle.as_ref().filter(|_| view.visitor.revokes) {
                    (revoke(view, &row.name, handle))
                }
            }
        }
    }
}

/// Folded away first, so that nobody ends a key by one click too many.
fn revoke(view: &AccessView, name: &str, handle: &str) -> Markup {
    let field = format!("reason-{handle}");
    html! {
        details class="revoke" {
            summary { "Revoke…" }
            form method="post" action="/access/revoke" {
                (csrf(&view.visitor))
                input type="hidden" name="key" value=(handle);
                label for=(field) { "Why" }
                input type="text" id=(field) name="reason" maxlength="200" required placeholder="leaked, left the team, …";
                button type="submit" class="danger" { "Revoke " (name) " now" }
                p class="faint" { "Calls with it are refused from then on. It cannot be taken back." }
            }
        }
    }
}

fn allowed(allowed: &Allowed) -> Markup {
    html! {
        @match allowed {
            Allowed::All(count) => { "every model" span class="second" { (show::counted(*count, "model")) } },
            Allowed::Some(models) if models.is_empty() => span class="faint" { "none" },
            Allowed::Some(models) => {
                ul class="names" { @for model in models { li { a href=(crate::link::usage("model", model)) { (model) } } } }
            },
        }
    }
}

fn last_used(at: Option<units::Timestamp>, calls: u64) -> Markup {
    html! {
        @match at {
            Some(at) => {
                time datetime=(at) title=(at) { (show::day_text(&at.date())) ", " (show::clock_text(at)) }
                span class="second" { (show::counted(calls, "call")) }
            },
            None => span class="faint" { "never" },
        }
    }
}

// ── callers, issuers, people ────────────────────────────────────────────────────────────────────────────────

fn callers(view: &AccessView) -> Markup {
    html! {
        (heading("Callers by token", &html! { "Seen so far, the latest first: whoever an issuer or this plane vouched for" }))
        @if view.callers.is_empty() {
            (empty("Nobody yet", &html! { "Callers show up here with their first call." }))
        } @else {
            table class="stacked access" {
                caption class="sr" { "Callers by token, the latest first" }
                thead { tr {
                    th scope="col" { "Caller" } th scope="col" { "Proof" } th scope="col" { "May call" } th scope="col" { "Last used, UTC" }
                } }
                tbody { @for row in &view.callers { (caller(row)) } }
            }
            @if view.more_callers > 0 { p class="faint after" { "And " (show::counted(view.more_callers, "earlier caller")) "." } }
        }
    }
}

fn caller(row: &CallerRow) -> Markup {
    html! {
        tr {
            th scope="row" { span class="long" { (row.caller) } }
            td data-label="Proof" { (row.proof) }
            td data-label="May call" { (allowed(&row.allowed)) }
            td data-label="Last used, UTC" { (last_used(row.last_used, row.calls)) }
        }
    }
}

fn issuers(view: &AccessView) -> Markup {
    html! {
        (heading("Issuers", &html! { "Whose tokens are believed, and whom they name" }))
        @if view.issuers.is_empty() {
            (empty("None", &html! { "No issuer is configured." }))
        } @else {
            table class="stacked access" {
                caption class="sr" { "Issuers, by rule" }
                thead { tr {
                    th scope="col" { "Rule" } th scope="col" { "Issuer" } th scope="col" { "Names" } th scope="col" { "Only if" }
                } }
                tbody { @for row in &view.issuers { (issuer(row)) } }
            }
        }
    }
}

fn issuer(row: &IssuerRow) -> Markup {
    html! {
        tr {
            th scope="row" { (row.name) }
            td data-label="Issuer" { span class="long" { (row.issuer) } span class="second" { "for " (row.audience) } }
            td data-label="Names" { span class="long" { (row.callers) } }
            td data-label="Only if" {
                @if row.required.is_empty() { span class="faint" { "–" } }
                @else { ul class="names" { @for condition in &row.required { li { (condition) } } } }
            }
        }
    }
}

fn people(view: &AccessView) -> Markup {
    html! {
        (heading("Logged in", &html! { "Sessions with this portal that last" }))
        table class="stacked access" {
            caption class="sr" { "Sessions" }
            thead { tr { th scope="col" { "Person" } th scope="col" { "Roles" } th scope="col" { "Until" } } }
            tbody { @for row in &view.people { (person(row)) } }
        }
    }
}

fn person(row: &PersonRow) -> Markup {
    html! {
        tr {
            th scope="row" { span class="long" { (row.person) } }
            td data-label="Roles" { @for role in &row.roles { (show::badge("plain", role)) " " } }
            td data-label="Until" { (show::moment(row.until)) }
        }
    }
}

fn revocations(rows: &[RevocationRow]) -> Markup {
    html! {
        (heading("Revoked", &html! { "On record, the latest first" }))
        table class="stacked access" {
            caption class="sr" { "Revoked keys, the latest first" }
            thead { tr { th scope="col" { "Key" } th scope="col" { "When" } th scope="col" { "By" } th scope="col" { "Why" } } }
            tbody {
                @for row in rows {
                    tr {
                        th scope="row" { span class="id" { (row.key) } span class="second" { (row.of) } }
                        td data-label="When" { (show::day_text(&row.at)) ", " (row.at.get(11..19).unwrap_or("")) " UTC" }
                        td data-label="By" { span class="long" { (row.by) } }
                        td data-label="Why" { span class="long" { (row.reason) } }
                    }
                }
            }
        }
    }
}

impl CredentialState {
    /// The word shown and used in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    const fn tone(self) -> &'static str {
        match self {
            Self::Active => "good",
            Self::Expired => "plain",
            Self::Revoked => "bad",
        }
    }
}
