//! The access page's figures, and the end of a key.

use crate::failure::Failure;
use crate::overview::{Error, visitor};
use crate::pages::{Sources, now};
use crate::people::Looker;
use crate::people::revoked::{Revocation, Revocations};
use crate::people::session::hash;
use crate::seen::{Caller, Use};
use gateway::Live;
use identity::{Issuer, Known, Method, Owner, Pattern, Principal, Scope, SpiffeRule};
use policy::Action;
use portal::{
    AccessView, Allowed, CallerRow, CredentialRow, CredentialState, IssuerRow, PersonRow, RevocationRow,
};
use std::collections::HashMap;
use std::sync::Arc;
use units::Timestamp;

/// So many callers by token are shown.
const CALLERS_SHOWN: usize = 200;

/// Who may call what, as of now.
pub fn access(sources: &Sources, looker: &Looker) -> Result<AccessView, Error> {
    let live = sources.live().ok_or("the plane is stopping")?;
    let as_of = now(sources);
    let shown = sources.seen.shown()?;
    let used = |known: &Known| used_by(&shown.callers, known);
    let credentials = live.snapshot.directory.known();
    let credentials = credentials.iter().map(|known| credential(&live, known, used(known), (sources, as_of)));
    let mut callers: Vec<(&Caller, &Use)> =
        shown.callers.iter().filter(|(who, _)| who.proof.is_empty()).collect();
    callers.sort_by(|(one, used_one), (other, used_other)| {
        used_other.last.cmp(&used_one.last).then(one.cmp(other))
    });
    let more = u64::try_from(callers.len().saturating_sub(CALLERS_SHOWN)).unwrap_or(0);
    Ok(AccessView {
        as_of,
        visitor: visitor(sources, looker),
        policies: live.snapshot.policy.is_restricting(),
        credentials: credentials.collect(),
        callers: callers
            .into_iter()
            .take(CALLERS_SHOWN)
            .map(|(who, used)| caller(&live, who, *used))
            .collect(),
        more_callers: more,
        issuers: live
            .snapshot
            .directory
            .issuers()
            .map(issuer)
            .chain(live.snapshot.directory.spiffe_rules().iter().map(mesh))
            .collect(),
        people: people(sources, &live, as_of),
        revocations: sources.revocations.all().into_iter().map(revocation).collect(),
    })
}

/// Ends the virtual key that a form names; whether there is one.
///
/// # Errors
/// When its end cannot be put on record.
pub fn revoke(sources: &Sources, looker: &Looker, handle: &str, reason: &str) -> Result<bool, Failure> {
    let live = || sources.live().ok_or_else(|| Failure::failed("the plane is stopping"));
    let known = live()?.snapshot.directory.known();
    let Some(known) = known.iter().find(|known| handle_of(sources, known).as_deref() == Some(handle)) else {
        return Ok(false);
    };
    let by = looker.owner.as_ref().map_or_else(|| "this machine".to_owned(), ToString::to_string);
    let revocation = Revocation::new(known, by, reason, now(sources));
    tracing::warn!(key = revocation.key, of = revocation.of, by = revocation.by, "a key was revoked");
    let revocations: &Arc<Revocations> = &sources.revocations;
    revocations.add(revocation)?;
    // The configuration may have changed meanwhile: the one that serves now.
    revocations.apply(&live()?.snapshot.directory);
    Ok(true)
}

/// What a form names a key by: nothing of the secret can be told from it.
fn handle_of(sources: &Sources, known: &Known) -> Option<String> {
    let virtual_key = known.principal.method == Method::VirtualKey && !known.revoked;
    virtual_key.then(|| {
        let csrf = sources.people.sessions.csrf(format!("key {}", known.print).as_bytes());
        hash(&csrf).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    })
}

fn credential(
    live: &Live,
    known: &Known,
    used: Use,
    (sources, as_of): (&Sources, Timestamp),
) -> CredentialRow {
    let state = match known.expires {
        _ if known.revoked => CredentialState::Revoked,
        Some(at) if as_of >= at => CredentialState::Expired,
        _ => CredentialState::Active,
    };
    CredentialRow {
        name: known.principal.proof.clone(),
        proof: known.principal.method.to_string(),
        caller: known.principal.to_string(),
        allowed: allowed(live, &known.principal),
        last_used: used.last,
        calls: used.calls,
        expires: known.expires,
        state,
        handle: handle_of(sources, known),
    }
}

fn used_by(callers: &HashMap<Caller, Use>, known: &Known) -> Use {
    let Principal { organisation, team, subject, method, proof, .. } = known.principal.as_ref().clone();
    let who = Caller { organisation, team, subject, method: method.to_string(), proof };
    callers.get(&who).copied().unwrap_or_default()
}

fn caller(live: &Live, who: &Caller, used: Use) -> CallerRow {
    let Caller { organisation, team, subject, method, .. } = who.clone();
    let owner = Owner { organisation, team, subject };
    let by =
        [Method::Jwt, Method::OfftakeToken, Method::Session].into_iter().find(|by| by.as_str() == method);
    let principal = Principal::new(owner, by.unwrap_or(Method::OfftakeToken), "seen");
    CallerRow {
        caller: principal.to_string(),
        proof: method,
        allowed: allowed(live, &principal),
        last_used: used.last,
        calls: used.calls,
    }
}

/// The models that scope and policies let somebody call, by asking them.
fn allowed(live: &Live, principal: &Principal) -> Allowed {
    let models = &live.snapshot.model_order;
    let may = |name: &&units::ModelName| {
        principal.check_scope(Action::InvokeModel.as_str(), name.as_str()).is_ok()
            && live.snapshot.policy.authorize(principal, Action::InvokeModel, name).is_ok()
    };
    let allowed: Vec<String> = models.iter().filter(may).map(ToString::to_string).collect();
    if allowed.len() == models.len() && allowed.len() > 1 {
        return Allowed::All(u64::try_from(allowed.len()).unwrap_or(u64::MAX));
    }
    Allowed::Some(allowed)
}

fn issuer(rule: &Issuer) -> IssuerRow {
    let required = rule.required.iter().map(|(claim, value)| format!("{claim} = {value}"));
    IssuerRow {
        name: rule.name.clone(),
        issuer: rule.url.clone(),
        audience: rule.audience.clone(),
        callers: format!("{}/{}/{}", rule.organisation, rule.team, rule.subject),
        required: required.chain(conditions(&rule.allowed, rule.scope.as_ref())).collect(),
    }
}

/// Whoever the mesh of a trust domain vouches for.
fn mesh(rule: &SpiffeRule) -> IssuerRow {
    IssuerRow {
        name: rule.name.clone(),
        issuer: format!("spiffe://{}", rule.trust_domain),
        audience: "client certificates".to_owned(),
        callers: format!("{}/{}/{}", rule.organisation, rule.team, rule.subject),
        required: conditions(&rule.allowed, rule.scope.as_ref()).collect(),
    }
}

fn conditions<'a>(
    allowed: &'a [(String, Vec<Pattern>)],
    scope: Option<&'a Scope>,
) -> impl Iterator<Item = String> + 'a {
    let allowed = allowed.iter().map(|(claim, patterns)| {
        let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
        format!("{claim} like {}", patterns.join(" or "))
    });
    allowed.chain(scope.map(|scope| format!("at most {scope}")))
}

/// Who is logged in, as the configuration that serves sees them.
fn people(sources: &Sources, live: &Live, as_of: Timestamp) -> Vec<PersonRow> {
    let Some(login) = &live.snapshot.portal.login else { return Vec::new() };
    let mut people: Vec<PersonRow> = Vec::new();
    for session in sources.people.sessions.all(as_of) {
        let Ok(person) = login.people.person(&session.claims) else { continue };
        people.push(PersonRow {
            person: person.owner.to_string(),
            roles: person.roles.iter().map(ToString::to_string).collect(),
            until: session.until,
        });
    }
    people.sort_by(|one, other| (&one.person, one.until).cmp(&(&other.person, other.until)));
    people
}

fn revocation(known: Revocation) -> RevocationRow {
    let Revocation { at, key, of, by, reason, .. } = known;
    RevocationRow { at, key, of, by, reason }
}
