//! Where a call may lawfully go: what it says of itself in headers, and the backends that are left.
//!
//! A header only ever takes backends away. What it says and nobody understands is refused, never dropped.

use crate::Live;
use crate::refusal::Refusal;
use bytes::Bytes;
use config::Model;
use geography::{Date, FIELDS, Lawful, Restrictions};
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
    let narrowing = narrowed(live, grant, headers)?;
    let Some(lawful) = residency.lawful(&principal.organisation, &model.name, &narrowing, now) else {
        return Ok(None);
    };
    if lawful.lawful.is_empty() && !model.backends.is_empty() {
        return Err(Refusal::Residency { model: model.name.to_string(), lawful });
    }
    Ok(Some(lawful))
}

/// What the call says of itself, and what the policies that permit it say of it.
///
/// # Errors
/// When a header cannot be understood.
pub(crate) fn narrowed(live: &Live, grant: &Grant, headers: &HeaderMap) -> Result<Restrictions, Refusal> {
    let residency = &live.snapshot.residency;
    Ok(residency.attached(&grant.policies, narrowing(headers, &residency.settings().catalogue)?))
}

/// Says in the log that the catalogue is getting old.
pub(crate) fn warn(live: &Live, now: Timestamp) {
    if let Some(warning) = live.snapshot.residency.warning(Date::of(now)) {
        tracing::warn!("{warning}");
    }
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

/// An Anthropic body that asks for its processing in `geo`, as is claimed of the backend. One that asks for another place
/// would make the claim untrue.
///
/// # Errors
/// When it does.
pub(crate) fn bound_to(geo: &str, body: Bytes) -> Result<Bytes, Refusal> {
    #[derive(serde::Deserialize)]
    struct Asked {
        #[serde(default, deserialize_with = "given")]
        inference_geo: Option<serde_json::Value>,
    }
    let wrong = |message: String| Refusal::from(provider::Invalid::new("inference_geo", message));
    let asked: Asked = serde_json::from_slice(&body).map_err(|error| wrong(error.to_string()))?;
    match asked.inference_geo {
        Some(asked) if asked == *geo => return Ok(body),
        Some(_) => {
            return Err(wrong(format!("calls of this model are processed in `{geo}` only; leave it out")));
        }
        None => {}
    }
    let Some(start) = body.iter().position(|byte| *byte == b'{') else { return Ok(body) };
    let mut bound = Vec::with_capacity(body.len() + geo.len() + 24);
    bound.extend_from_slice(body.get(..=start).unwrap_or_default());
    bound.extend_from_slice(format!("\"inference_geo\":\"{geo}\",").as_bytes());
    bound.extend_from_slice(body.get(start + 1..).unwrap_or_default());
    Ok(bound.into())
}

/// A value that is there, `null` too: beside ours it would stand in its place.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<serde_json::Value>, D::Error> {
    serde::Deserialize::deserialize(from).map(Some)
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
