//! Lines written: one JSON object each, names in the order people read them.

use super::{Fact, Funded, Signoff};
use serde::Serialize;
use std::collections::BTreeMap;
use units::Timestamp;

#[derive(Serialize, Default)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signoff: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    funded: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_at: Option<String>,
    recorded_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence_kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document_sha256: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attestor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<&'a str>,
}

impl Written<'_> {
    /// Text, numbers in quotes and maps of them cannot fail to serialise.
    fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

pub(super) fn fact(fact: &Fact) -> String {
    let attributes = fact.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let written = Written {
        metric: Some(&fact.metric),
        value: Some(fact.value.to_string()),
        unit: Some(&fact.unit),
        effective_at: Some(moment(fact.effective_at)),
        recorded_at: moment(fact.recorded_at),
        source: Some(&fact.source),
        attributes: attributes.collect(),
        id: fact.id.as_deref(),
        replaces: fact.replaces.as_deref(),
        evidence_kind: fact.evidence_kind.as_deref(),
        document_sha256: fact.document_sha256.as_deref(),
        url: fact.url.as_deref(),
        attestor: fact.attestor.as_deref(),
        signature: fact.signature.as_deref(),
        ..Written::default()
    };
    written.line()
}

pub(super) fn signoff(signoff: &Signoff) -> String {
    let written = Written {
        signoff: Some(&signoff.tranche),
        by: Some(&signoff.by),
        decision: Some(signoff.decision.word()),
        recorded_at: moment(signoff.recorded_at),
        id: signoff.id.as_deref(),
        contract: signoff.contract.as_deref(),
        signature: signoff.signature.as_deref(),
        ..Written::default()
    };
    written.line()
}

pub(super) fn funded(funded: &Funded) -> String {
    let written = Written {
        funded: Some(&funded.tranche),
        amount: Some(funded.amount.to_string()),
        unit: funded.unit.as_deref(),
        effective_at: funded.effective_at.map(moment),
        recorded_at: moment(funded.recorded_at),
        id: funded.id.as_deref(),
        by: funded.by.as_deref(),
        signature: funded.signature.as_deref(),
        ..Written::default()
    };
    written.line()
}

/// A moment as short as it goes: the start of a day is its date.
fn moment(moment: Timestamp) -> String {
    let text = moment.to_string();
    match text.strip_suffix("T00:00:00.000000Z") {
        Some(date) => date.to_owned(),
        None => text.replace(".000000Z", "Z"),
    }
}
