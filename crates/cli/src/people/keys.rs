//! Public keys of issuers that the configuration names: fetched when they are needed, kept while they are young.
//!
//! Never asked for at an address that a token names. A key that is not known is asked for, but only so often; keys that
//! cannot be fetched again are believed for a day.

use super::fetch;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use config::KeySource;
use identity::{Assertion, AssertionRule, Assertions, Failure, signing_key};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Mutex as Turn;
use units::Timestamp;

/// Keys are fetched again when they are older, in seconds.
const FRESH: i64 = 600;
/// Older keys are no longer believed when they cannot be fetched again.
const STALE: i64 = 86_400;
/// How often, in seconds, keys are asked for because of a key that is not known.
const AGAIN: i64 = 5;
/// How many keys of a source with an address each are kept.
const EACH_MAX: usize = 64;

/// The keys of one source, by one rule.
pub struct KeyRing {
    source: KeySource,
    rule: AssertionRule,
    state: Mutex<State>,
    /// One fetch at a time; the others wait for what it brings.
    turn: Turn<()>,
}

#[derive(Default)]
struct State {
    set: Option<(Arc<Assertions>, Timestamp)>,
    /// Sources with an address a key: what is known under each name, even that there is nothing.
    each: HashMap<String, (Option<Value>, Timestamp)>,
    tried: Option<Timestamp>,
}

/// Why a token is not believed.
#[derive(Debug)]
pub enum Unbelieved {
    /// Something is wrong with the token.
    Token(Failure),
    /// The keys cannot be had.
    Keys(String),
}

impl std::fmt::Display for Unbelieved {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Token(failure) => failure.fmt(out),
            Self::Keys(error) => write!(out, "the keys cannot be had: {error}"),
        }
    }
}

/// How a token is looked at, once there are keys.
pub type Look<'a> = &'a (dyn Fn(&Assertions) -> Result<Assertion, Failure> + Sync);

impl KeyRing {
    /// The keys of this source; nothing is fetched yet.
    pub fn new(source: KeySource, rule: AssertionRule) -> Self {
        Self { source, rule, state: Mutex::default(), turn: Turn::default() }
    }

    /// Whether it is still what the configuration says.
    pub fn is_for(&self, source: &KeySource, rule: &AssertionRule) -> bool {
        self.source == *source && self.rule == *rule
    }

    /// What the token says, once the keys are there to check it by.
    ///
    /// # Errors
    /// When the token is not to be believed, or the keys cannot be had.
    pub async fn look(
        self: &Arc<Self>,
        token: &str,
        look: Look<'_>,
        now: Timestamp,
    ) -> Result<Assertion, Unbelieved> {
        let key = signing_key(token);
        if let Some((keys, fetched)) = self.held() {
            let looked = look(&keys);
            let unknown = matches!(looked, Err(Failure::Unknown { what: "signing key", .. }));
            let fixed = matches!(self.source, KeySource::Text(_));
            if fixed || (!unknown && now < fetched.plus_seconds(STALE)) {
                if !fixed && now >= fetched.plus_seconds(FRESH) {
                    self.refresh(key, now);
                }
                return looked.map_err(Unbelieved::Token);
            }
        }
        let trouble = self.fetch(key.as_deref(), now).await.err();
        match (self.held(), trouble) {
            (Some((_, fetched)), Some(trouble)) if now >= fetched.plus_seconds(STALE) => {
                Err(Unbelieved::Keys(trouble))
            }
            (Some((keys, _)), trouble) => {
                if let Some(trouble) = trouble {
                    tracing::warn!(rule = self.rule.name, trouble, "keys were not fetched");
                }
                look(&keys).map_err(Unbelieved::Token)
            }
            (None, trouble) => Err(Unbelieved::Keys(trouble.unwrap_or_else(|| "there are none".to_owned()))),
        }
    }

    /// Fetches again in the background: whoever is known goes on meanwhile, however slow the source is.
    fn refresh(self: &Arc<Self>, key: Option<String>, now: Timestamp) {
        let ring = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(trouble) = ring.fetch(key.as_deref(), now).await {
                tracing::warn!(rule = ring.rule.name, trouble, "keys were not fetched");
            }
        });
    }

    fn held(&self) -> Option<(Arc<Assertions>, Timestamp)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).set.clone()
    }

    /// Fetches what may be missing, unless that was just tried.
    async fn fetch(&self, key: Option<&str>, now: Timestamp) -> Result<(), String> {
        let asked = self.held().map(|(_, fetched)| fetched);
        let _turn = self.turn.lock().await;
        if self.held().map(|(_, fetched)| fetched) != asked {
            return Ok(()); // somebody else brought them meanwhile
        }
        if self.was_just_tried(key, now) {
            return Ok(());
        }
        match &self.source {
            KeySource::Text(text) => self.keep(text, now),
            KeySource::Address(address) => {
                let set = fetch::get(address, None).await?;
                let set = std::str::from_utf8(&set).map_err(|_| format!("{address} is no JWK set"))?;
                self.keep(set, now)
            }
            KeySource::EachAt(address) => {
                let name = key
                    .filter(|name| is_name(name))
                    .ok_or("the token names no key that could be asked for")?;
                let found = fetch::get(&format!("{}/{name}", address.trim_end_matches('/')), None).await;
                match found.and_then(|pem| jwk(&pem, name)) {
                    Ok(key) => self.keep_each(name, Some(key), now),
                    Err(error) => self.keep_each(name, None, now).and(Err(error)),
                }
            }
        }
    }

    fn was_just_tried(&self, key: Option<&str>, now: Timestamp) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let (KeySource::EachAt(_), Some(name)) = (&self.source, key)
            && let Some((found, at)) = state.each.get(name)
        {
            let after = if found.is_some() { FRESH } else { 10 * AGAIN };
            return now < at.plus_seconds(after);
        }
        let just = state.tried.is_some_and(|tried| now < tried.plus_seconds(AGAIN));
        // Where each key has its own address, a key not seen before is asked for at once; others wait their turn.
        let just = just && !matches!(self.source, KeySource::EachAt(_));
        if !just {
            state.tried = Some(now);
        }
        just
    }

    fn keep(&self, set: &str, now: Timestamp) -> Result<(), String> {
        let assertions = Assertions::new(self.rule.clone(), set)?;
        self.state.lock().unwrap_or_else(PoisonError::into_inner).set = Some((Arc::new(assertions), now));
        Ok(())
    }

    fn keep_each(&self, name: &str, found: Option<Value>, now: Timestamp) -> Result<(), String> {
        let set = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.each.len() >= EACH_MAX {
                state.each.retain(|_, (found, at)| found.is_some() && now < at.plus_seconds(STALE));
            }
            if state.each.len() >= EACH_MAX {
                state.each.clear();
            }
            if found.is_none() && state.each.get(name).is_some_and(|(known, _)| known.is_some()) {
                return Ok(()); // once it was there; until it is stale it still counts
            }
            state.each.insert(name.to_owned(), (found, now));
            let young = state.each.values().filter(|(_, at)| now < at.plus_seconds(STALE));
            let keys: Vec<&Value> = young.filter_map(|(key, _)| key.as_ref()).collect();
            if keys.is_empty() {
                return Ok(());
            }
            json!({ "keys": keys }).to_string()
        };
        self.keep(&set, now)
    }
}

/// A key's name becomes part of an address, so it has only letters, digits and hyphens.
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What stands before the point in the DER of a P-256 public key (RFC 5480).
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The P-256 key in this PEM, as a JWK.
fn jwk(pem: &[u8], name: &str) -> Result<Value, String> {
    let wrong = || format!("key `{name}` is no P-256 public key in PEM");
    let text = std::str::from_utf8(pem).map_err(|_| wrong())?;
    let inside = text.trim().strip_prefix("-----BEGIN PUBLIC KEY-----");
    let inside = inside.and_then(|text| text.strip_suffix("-----END PUBLIC KEY-----")).ok_or_else(wrong)?;
    let base64: String = inside.split_ascii_whitespace().collect();
    let der = STANDARD.decode(base64).map_err(|_| wrong())?;
    let point = der.strip_prefix(&P256).and_then(|point| point.strip_prefix(&[4])).ok_or_else(wrong)?;
    let (x, y) = point.split_at_checked(32).filter(|(_, y)| y.len() == 32).ok_or_else(wrong)?;
    let [x, y] = [x, y].map(|half| URL_SAFE_NO_PAD.encode(half));
    Ok(json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": name, "x": x, "y": y }))
}

/// The S256 challenge of a PKCE verifier (RFC 7636).
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_that_of_the_specification() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_pem_key_is_read_and_nothing_else_is() {
        let point = [7_u8; 64];
        let der = [&P256[..], &[4], &point].concat();
        let pem = |der: &[u8]| {
            format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
        };
        let key = jwk(pem(&der).as_bytes(), "k").unwrap();
        assert_eq!(key["x"], URL_SAFE_NO_PAD.encode([7; 32]));
        for wrong in [pem(&der[..90]), pem(&[&der[..], &[0]].concat()), "not found".into(), pem(b"")] {
            assert!(jwk(wrong.as_bytes(), "k").is_err(), "{wrong}");
        }
        for name in ["", "../x", "a/b", "a b", "%2e", &"x".repeat(65)] {
            assert!(!is_name(name), "{name}");
        }
        assert!(is_name("12345678-1234-1234-1234-123456789012"));
    }
}
