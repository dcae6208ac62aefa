//! Where a call may lawfully go: what it says of itself in headers, and the backends that are left.
//!
//! A header only ever takes backends away. What it says and nobody understands is refused, never dropped.

use crate::Live;
use crate::refusal::Refusal;
use config::Model;
use geography::{FIELDS, Lawful, Restrictions};
use http::HeaderMap;
use identity::Principal;
use policy::Grant;
use std::sync::Arc;
use units::{BackendName, Timestamp};

/// The headers are `x-offtake-` and a field of [`Restrictions::add`].
const PREFIX: &str = "x-offtake-";
/// So many backends are told of in a refusal.
const TOLD_MAX: usize = 3;

/// What is lawful for a call; none where residency is not asked.
///
/// # Errors
/// When a header cannot be understood, or no backend is left.
pub(crate) fn lawful(
    live: &Live,
    (principal, grant): (&Principal, &Grant),
    model: &Model,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Option<Arc<Lawful>>, Refusal> {
    let residency = &live.snapshot.residency;
    let said = narrowing(headers, &residency.settings().catalogue)?;
    let narrowing = residency.attached(&grant.policies, said);
    let Some(lawful) = residency.lawful(&principal.organisation, &model.name, &narrowing, now) else {
        return Ok(None);
    };
    if lawful.lawful.is_empty() && !model.backends.is_empty() {
        return Err(Refusal::Residency { model: model.name.to_string(), lawful });
    }
    Ok(Some(lawful))
}

/// What the call says of itself.
fn narrowing(headers: &HeaderMap, catalogue: &geography::Catalogue) -> Result<Restrictions, Refusal> {
    let mut narrowing = Restrictions::default();
    for (name, value) in headers {
        let field = name.as_str().strip_prefix(PREFIX).filter(|field| FIELDS.contains(field));
        let Some(field) = field else { continue };
        let wrong = |message: String| provider::Invalid::new(name.as_str(), message);
        let text = value.to_str().map_err(|_| wrong("it has to be plain ASCII".to_owned()))?;
        narrowing
            .add(catalogue, field, text)
            .map_err(|error| wrong(format!("{}; {}", error.message, error.mend)))?;
    }
    Ok(narrowing)
}

/// Whether this backend may be asked.
pub(crate) fn allows(lawful: Option<&Lawful>, backend: &BackendName) -> bool {
    lawful.is_none_or(|lawful| lawful.allows(backend))
}

/// What made the place lawful, for the record.
pub(crate) fn evidence(lawful: Option<&Lawful>) -> Arc<str> {
    match lawful {
        None => "not evaluated".into(),
        Some(lawful) if lawful.bases.is_empty() => "lawful".into(),
        Some(lawful) => format!("lawful:{}", lawful.bases).into(),
    }
}

/// Why no backend is left: for each its first reason, and what would mend it.
pub(crate) fn nowhere(model: &str, lawful: &Lawful) -> String {
    let mut text = format!("no backend of `{model}` may lawfully be asked");
    let mut told: Vec<&str> = Vec::new();
    for refused in &lawful.refused {
        if told.contains(&refused.backend.as_str()) || told.len() == TOLD_MAX {
            continue;
        }
        told.push(refused.backend.as_str());
        text += &format!(
            "; `{}` by rule {}: {} (mend: {})",
            refused.backend, refused.rule, refused.reason, refused.mend
        );
    }
    text
}

/// The rules by which no backend is left, for the log.
pub(crate) fn rules(lawful: &Lawful) -> String {
    let mut rules: Vec<&str> = lawful.refused.iter().map(|refused| refused.rule.as_str()).collect();
    rules.dedup();
    rules.join(", ")
}
