//! The access page's figures, and the end of a key.

use crate::failure::Failure;
use crate::overview::{Error, visitor};
use crate::pages::{Sources, now};
use crate::people::Looker;
use crate::people::revoked::{Revocation, Revocations};
use crate::people::session::hash;
use crate::seen::{Caller, Use};
use crate::sight::Sight;
use gateway::Live;
use identity::{
    AwsRule, Directory, Issuer, Known, Method, Owner, Pattern, Principal, Rule, Scope, SpiffeRule,
};
use policy::Action;
use portal::{
    AccessView, Allowed, CallerRow, CredentialRow, CredentialState, IssuerRow, PersonRow, RevocationRow,
};
use std::collections::HashMap;
use std::sync::Arc;
use units::{Organisation, Timestamp};

/// So many callers by token are shown.
const CALLERS_SHOWN: usize = 200;

/// Who may call what, as of now.
pub fn access(sources: &Sources, looker: &Looker) -> Result<AccessView, Error> {
    let live = sources.live().ok_or("the plane is stopping")?;
    let as_of = now(sources);
    let sight = Sight::new(sources, looker);
    let seen = |organisation: &Organisation| sight.may(Action::ViewAudit, organisation);
    let shown = sources.seen.shown()?;
    let whole = sight.is_whole(Action::ViewAudit, shown.callers.keys().map(|who| &who.organisation));
    let named = |name: &str| whole || name.parse().is_ok_and(|organisation| seen(&organisation));
    let credentials = live.snapshot.directory.known();
    let credentials = credentials.iter().filter(|known| seen(&known.principal.organisation));
    let credentials = credentials.map(|known| {
        let used = used_by(&shown.callers, known);
        let ends = sight.may(Action::ManageContract, &known.principal.organisation);
        let handle = handle_of(sources, known).filter(|_| ends);
        CredentialRow { handle, ..credential(&live, known, used, as_of) }
    });
    let by_token = |(who, _): &(&Caller, &Use)| who.proof.is_empty() && seen(&who.organisation);
    let mut callers: Vec<(&Caller, &Use)> = shown.callers.iter().filter(by_token).collect();
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
        issuers: issuers(&live.snapshot.directory, &named),
        people: people(sources, &live, as_of, &seen),
        revocations: sources
            .revocations
            .all()
            .into_iter()
            .filter(|known| known.organisation.as_deref().map_or(whole, named))
            .map(revocation)
            .collect(),
    })
}

/// What came of ending a key.
pub enum Ending {
    /// Calls with it are refused from now on.
    Ended,
    /// Whoever asked may not end keys of its organisation.
    NotYours,
    /// There is none by this name, or it was ended before.
    NoSuchKey,
}

/// Ends the virtual key that a form names, for whoever may.
///
/// # Errors
/// When its end cannot be put on record.
pub fn revoke(sources: &Sources, looker: &Looker, handle: &str, reason: &str) -> Result<Ending, Failure> {
    let live = || sources.live().ok_or_else(|| Failure::failed("the plane is stopping"));
    let known = live()?.snapshot.directory.known();
    let Some(known) = known.iter().find(|known| handle_of(sources, known).as_deref() == Some(handle)) else {
        return Ok(Ending::NoSuchKey);
    };
    if !Sight::new(sources, looker).may(Action::ManageContract, &known.principal.organisation) {
        return Ok(Ending::NotYours);
    }
    let by = looker.owner.as_ref().map_or_else(|| "this machine".to_owned(), ToString::to_string);
    let revocation = Revocation::new(known, by, reason, now(sources));
    tracing::warn!(key = revocation.key, of = revocation.of, by = revocation.by, "a key was revoked");
    let revocations: &Arc<Revocations> = &sources.revocations;
    revocations.add(revocation)?;
    // The configuration may have changed meanwhile: the one that serves now.
    revocations.apply(&live()?.snapshot.directory);
    Ok(Ending::Ended)
}

/// What a form names a key by: nothing of the secret can be told from it.
fn handle_of(sources: &Sources, known: &Known) -> Option<String> {
    let virtual_key = known.principal.method == Method::VirtualKey && !known.revoked;
    virtual_key.then(|| {
        let csrf = sources.people.sessions.csrf(format!("key {}", known.print).as_bytes());
        hash(&csrf).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    })
}

fn credential(live: &Live, known: &Known, used: Use, as_of: Timestamp) -> CredentialRow {
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
        handle: None,
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
    let by = Method::ALL.into_iter().find(|by| by.as_str() == method);
    // A method that this version does not know has no rights that could be shown.
    let principal = Principal::new(owner, by.unwrap_or(Method::OfftakeToken), "seen");
    CallerRow {
        caller: principal.to_string(),
        proof: method,
        allowed: if by.is_some() { allowed(live, &principal) } else { Allowed::Some(Vec::new()) },
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

/// Who is believed, as far as `named` shows those whose organisation it decides. A rule that takes the organisation from
/// a claim speaks for every one.
fn issuers(directory: &Directory, named: &dyn Fn(&str) -> bool) -> Vec<IssuerRow> {
    let shown = |rule: &Rule| named(&rule.to_string());
    let tokens = directory.issuers().filter(|rule| shown(&rule.organisation)).map(issuer);
    let meshes = directory.spiffe_rules().iter().filter(|rule| shown(&rule.organisation)).map(mesh);
    let aws = directory.aws_rules().iter().filter(|rule| shown(&rule.organisation)).map(aws);
    tokens.chain(meshes).chain(aws).collect()
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

/// Roles and users of AWS, by AWS's word.
fn aws(rule: &AwsRule) -> IssuerRow {
    IssuerRow {
        name: rule.name.clone(),
        issuer: format!("AWS account {}", rule.accounts.join(", ")),
        audience: "signed GetCallerIdentity".to_owned(),
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
fn people(
    sources: &Sources,
    live: &Live,
    as_of: Timestamp,
    seen: &dyn Fn(&Organisation) -> bool,
) -> Vec<PersonRow> {
    let Some(login) = &live.snapshot.portal.login else { return Vec::new() };
    let mut people: Vec<PersonRow> = Vec::new();
    for session in sources.people.sessions.all(as_of) {
        let Ok(person) = login.people.person(&session.claims) else { continue };
        if !seen(&person.owner.organisation) {
            continue;
        }
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
