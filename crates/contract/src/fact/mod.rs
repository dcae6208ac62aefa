//! Facts: what is known about a deal, one JSON object a line.
//!
//! There are three kinds of line: a [`Fact`] says what a metric was, a [`Signoff`] that a party accepts or
//! disputes a tranche, a [`Funded`] that money was paid. Each has the moment it was put on record, so that a deal can
//! be evaluated as it was known at any time. Lines are only ever added: a correction is a new line that
//! `replaces` the old one. Numbers are decimals, exact from the file on.
//!
//! [`read`] checks what a line can be checked for on its own; whether a metric, a unit or a signature is the
//! deal's is checked when the lines meet the deal.

mod json;
mod known;
mod read;
mod write;

pub use known::{Facts, Faults, Known};
pub use read::{Entry, read};

use crate::decimal::Decimal;
use std::collections::BTreeMap;
use units::Timestamp;

/// The metric of spend at list prices: known in every deal, and a flow.
pub const LIST_SPEND: &str = "list_spend";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// What a metric was.
    Fact(Fact),
    /// That a party agrees, or does not.
    Signoff(Signoff),
    /// That a tranche was paid.
    Funded(Funded),
}

/// What a metric was, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The metric, as the deal names it; [`LIST_SPEND`] for spend.
    pub metric: String,
    /// How much.
    pub value: Decimal,
    /// Of what: a currency code, `GW`, `MW`, `%`, `ratio`, `count` or what is counted.
    pub unit: String,
    /// When it was so.
    pub effective_at: Timestamp,
    /// When it was put on record; not before it was so.
    pub recorded_at: Timestamp,
    /// Where it comes from.
    pub source: String,
    /// What rules select on: `provider`, `channel`, `sku.family`, ….
    pub attributes: BTreeMap<String, String>,
    /// Its own name; a second line of that name must be the same.
    pub id: Option<String>,
    /// The name of the fact that this one corrects.
    pub replaces: Option<String>,
    /// What kind of evidence it is: `auditor-letter`, `meter-export`, ….
    pub evidence_kind: Option<String>,
    /// The SHA-256 of the document it is in, in hexadecimal.
    pub document_sha256: Option<String>,
    /// Where that document is.
    pub url: Option<String>,
    /// Who signs for it.
    pub attestor: Option<String>,
    /// Their Ed25519 signature over the line's canonical form without it, in base64.
    pub signature: Option<String>,
}

impl Fact {
    /// A fact with what every fact has and nothing else.
    pub fn new(metric: &str, value: Decimal, unit: &str, at: (Timestamp, Timestamp), source: &str) -> Self {
        let (effective_at, recorded_at) = at;
        Self {
            metric: metric.to_owned(),
            value,
            unit: unit.to_owned(),
            effective_at,
            recorded_at,
            source: source.to_owned(),
            attributes: BTreeMap::new(),
            id: None,
            replaces: None,
            evidence_kind: None,
            document_sha256: None,
            url: None,
            attestor: None,
            signature: None,
        }
    }

    /// As one line of JSON, without a line end. [`read`] gives back the same fact.
    pub fn to_line(&self) -> String {
        write::fact(self)
    }
}

/// A party's word on a tranche.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signoff {
    /// The tranche.
    pub tranche: String,
    /// Who: a party in a role, such as `cloudco:cfo`.
    pub by: String,
    /// What they say.
    pub decision: Decision,
    /// When it was put on record.
    pub recorded_at: Timestamp,
    /// Its own name.
    pub id: Option<String>,
    /// The hash of the contract they signed, where the line says it.
    pub contract: Option<String>,
    /// Their Ed25519 signature over the line's canonical form without it, in base64.
    pub signature: Option<String>,
}

impl Signoff {
    /// As one line of JSON, without a line end.
    pub fn to_line(&self) -> String {
        write::signoff(self)
    }
}

/// What a party says of a tranche.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Its condition is met.
    Accept,
    /// It is not, or may not be.
    Dispute,
}

impl Decision {
    /// `accept` or `dispute`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Dispute => "dispute",
        }
    }
}

/// A payment of a tranche, or of a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Funded {
    /// The tranche.
    pub tranche: String,
    /// How much, in the deal's currency.
    pub amount: Decimal,
    /// When it was put on record.
    pub recorded_at: Timestamp,
    /// When it was paid, where that is not the same.
    pub effective_at: Option<Timestamp>,
    /// Its own name.
    pub id: Option<String>,
    /// The currency, where the line says it.
    pub unit: Option<String>,
    /// Who says so, where it is signed.
    pub by: Option<String>,
    /// Their Ed25519 signature over the line's canonical form without it, in base64.
    pub signature: Option<String>,
}

impl Funded {
    /// As one line of JSON, without a line end.
    pub fn to_line(&self) -> String {
        write::funded(self)
    }
}

impl Line {
    /// When it was put on record.
    pub const fn recorded_at(&self) -> Timestamp {
        match self {
            Self::Fact(fact) => fact.recorded_at,
            Self::Signoff(signoff) => signoff.recorded_at,
            Self::Funded(funded) => funded.recorded_at,
        }
    }

    /// Its own name.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Fact(fact) => fact.id.as_deref(),
            Self::Signoff(signoff) => signoff.id.as_deref(),
            Self::Funded(funded) => funded.id.as_deref(),
        }
    }

    /// As one line of JSON, without a line end.
    pub fn to_line(&self) -> String {
        match self {
            Self::Fact(fact) => fact.to_line(),
            Self::Signoff(signoff) => signoff.to_line(),
            Self::Funded(funded) => funded.to_line(),
        }
    }
}
