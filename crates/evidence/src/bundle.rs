//! The lines of a bundle.

use crate::trail::Observation;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use journal::{Attempt, Closed, Opened, Seq};
use ledger::merkle::Hash;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt::{Display, Write as _};
use std::str::FromStr;
use store::{Batch, BatchKey, Totals};
use units::{Money, TokenCounts};

/// The format that this room reads and writes.
pub const SCHEMA: &str = "offtake.evidence/1";

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Line {
    Header(Header),
    Catalogue(Document),
    Configuration(Document),
    Batch(Box<BatchLine>),
    Record(RecordLine),
    Seal(Seal),
}

/// What a bundle is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The format.
    pub schema: String,
    /// What wrote it.
    pub software: String,
    /// When, in RFC 3339.
    pub made_at: String,
    /// Calls admitted at or after this are in it.
    pub from: String,
    /// Those admitted before this.
    pub to: String,
    /// How many batches the books held.
    pub books_batches: u64,
    /// The root over them, in hexadecimal.
    pub books_root: String,
}

/// What decided: a catalogue or a configuration, by its version.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub version: String,
    pub content: Value,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchLine {
    pub id: String,
    /// Its place in the tree over all batches.
    pub number: u64,
    pub sealed: u64,
    pub day: String,
    pub organisation: String,
    pub team: String,
    pub model: String,
    pub backend: String,
    pub region: String,
    pub currency: String,
    pub price: String,
    pub first: u64,
    pub last: u64,
    pub calls: u64,
    pub attempts: u64,
    pub tokens: Tokens,
    pub amount: String,
    pub event_first: String,
    pub event_last: String,
    pub posted_at: String,
    pub root: String,
    pub leaves: Vec<String>,
    pub path: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tokens {
    pub input: u64,
    pub cache_read: u64,
    pub cache_write_5m: u64,
    pub cache_write_1h: u64,
    pub output: u64,
    pub reasoning: u64,
}

impl From<TokenCounts> for Tokens {
    fn from(counts: TokenCounts) -> Self {
        let TokenCounts { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning } = counts;
        Self { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning }
    }
}

impl From<Tokens> for TokenCounts {
    fn from(counts: Tokens) -> Self {
        let Tokens { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning } = counts;
        Self { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordLine {
    /// What the frames say, for people and their tools.
    pub call: Value,
    /// The frames as they were written: one while the call is under way, else two.
    pub frames: Vec<FrameLine>,
    /// Where its attempts stand in the books.
    pub books: Vec<BookLine>,
    /// Where they ran, as an audit trail told afterwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observed: Vec<Observation>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FrameLine {
    pub number: Seq,
    /// In base64.
    pub payload: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BookLine {
    pub attempt: u8,
    pub batch: String,
    pub leaf: usize,
    pub charge: String,
    pub currency: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seal {
    /// How many lines stand before it.
    pub lines: u64,
    /// The Merkle root over them (RFC 6962, a line without its end is a leaf), in hexadecimal.
    pub root: String,
    /// Who seals.
    pub key: String,
    /// Over [`Seal::text`], in base64.
    pub signature: String,
}

impl Seal {
    /// What is signed: the seal without its signature, in the form of RFC 8785.
    pub fn text(&self) -> String {
        json!({ "key": self.key, "lines": self.lines, "root": self.root, "schema": SCHEMA }).to_string()
    }
}

/// A call as its frames tell it.
pub fn call(opened: &Opened, closed: Option<&Closed>) -> Value {
    let words = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        "request_id": opened.request.to_string(),
        "at": opened.at.to_string(),
        "ended_at": closed.map(|closed| closed.at.to_string()),
        "organisation": opened.organisation.as_str(),
        "team": opened.team.as_str(),
        "subject": opened.subject.as_str(),
        "method": &*opened.method,
        "proof": &*opened.proof,
        "model": opened.model.as_str(),
        "wire": &*opened.wire,
        "stream": opened.stream,
        "decision": &*opened.policy,
        "residency": &*opened.residency,
        "configuration": format!("{:016x}", opened.snapshot),
        "catalogue": words(&opened.catalogue),
        "lawful_set": words(&opened.lawful_set),
        "planned": { "backend": opened.backend.as_str(), "region": opened.region.as_str() },
        "outcome": closed.map_or("open", |closed| closed.outcome.as_str()),
        "cause": closed.and_then(|closed| words(&closed.cause)),
        "attempts": closed.map_or(&[][..], |closed| &closed.attempts).iter().map(attempt).collect::<Vec<_>>(),
    })
}

fn attempt(attempt: &Attempt) -> Value {
    let observed = if attempt.observed.is_empty() { "unavailable" } else { &*attempt.observed };
    json!({
        "backend": attempt.backend.as_str(),
        "region": attempt.region.as_str(),
        "upstream_model": &*attempt.upstream_model,
        "vendor_request": &*attempt.vendor_request,
        "tokens": Tokens::from(attempt.tokens),
        "usage_source": attempt.source.as_str(),
        "places_claimed": (!attempt.claimed.is_empty()).then_some(&*attempt.claimed),
        "place_observed": observed,
        "mismatch": geography::is_elsewhere(&attempt.claimed, &attempt.observed),
    })
}

impl BatchLine {
    pub fn new(batch: &Batch, leaves: &[Hash], path: &[Hash]) -> Self {
        let Batch { id, leaf, sealed, key, first, last, totals, root, event_first, event_last, posted_at } =
            batch;
        Self {
            id: id.to_string(),
            number: *leaf,
            sealed: *sealed,
            day: key.day.to_string(),
            organisation: key.organisation.to_string(),
            team: key.team.to_string(),
            model: key.model.to_string(),
            backend: key.backend.to_string(),
            region: key.region.to_string(),
            currency: key.currency.to_string(),
            price: key.price.to_string(),
            first: *first,
            last: *last,
            calls: totals.calls,
            attempts: totals.attempts,
            tokens: totals.tokens.into(),
            amount: totals.amount.to_decimal(),
            event_first: event_first.to_string(),
            event_last: event_last.to_string(),
            posted_at: posted_at.to_string(),
            root: hex(root),
            leaves: leaves.iter().map(hex).collect(),
            path: path.iter().map(hex).collect(),
        }
    }

    /// The batch as the books hold it.
    pub fn read(self) -> Result<(Batch, Vec<Hash>, Vec<Hash>), String> {
        let currency = parse(&self.currency)?;
        let amount = Money::parse(&self.amount, currency).map_err(|error| error.to_string())?;
        let key = BatchKey {
            day: parse(&self.day)?,
            organisation: parse(&self.organisation)?,
            team: parse(&self.team)?,
            model: parse(&self.model)?,
            backend: parse(&self.backend)?,
            region: parse(&self.region)?,
            currency,
            price: parse(&self.price)?,
        };
        let batch = Batch {
            id: parse(&self.id)?,
            leaf: self.number,
            sealed: self.sealed,
            key,
            first: self.first,
            last: self.last,
            totals: Totals { calls: self.calls, attempts: self.attempts, tokens: self.tokens.into(), amount },
            root: hash(&self.root)?,
            event_first: parse(&self.event_first)?,
            event_last: parse(&self.event_last)?,
            posted_at: parse(&self.posted_at)?,
        };
        let hashes = |list: &[String]| list.iter().map(|text| hash(text)).collect::<Result<Vec<_>, _>>();
        Ok((batch, hashes(&self.leaves)?, hashes(&self.path)?))
    }
}

impl FrameLine {
    pub fn new(number: Seq, payload: &[u8]) -> Self {
        Self { number, payload: STANDARD.encode(payload) }
    }

    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        STANDARD.decode(&self.payload).map_err(|_| "a frame is no base64".to_owned())
    }
}

pub(crate) fn hex(hash: &Hash) -> String {
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(crate) fn hash(text: &str) -> Result<Hash, String> {
    let wrong = || format!("`{text}` is no hash of 64 hexadecimal digits");
    let mut hash = Hash::default();
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    for (place, byte) in hash.iter_mut().enumerate() {
        let digits = text.get(place * 2..place * 2 + 2).ok_or_else(wrong)?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
    }
    Ok(hash)
}

pub(crate) fn parse<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}
