//! An issuer's public keys: read from a JWK set, and what a signature is checked by.

use crate::claims::Jws;
use crate::failure::{Failure, clean};
use crate::source::Source;
use crate::weak;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// Where an issuer's keys come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// They are here: a JWK set, in JSON.
    Here(String),
    /// Whoever runs the directory fetches them, and gives them to it.
    Fetched {
        /// Where.
        source: Source,
        /// How long keys are believed once they were fetched, in seconds.
        seconds_max: i64,
    },
}

/// The keys of one issuer that fit one rule's algorithms.
#[derive(Debug)]
pub struct KeySet {
    algorithms: Vec<Algorithm>,
    keys: Vec<Key>,
}

#[derive(Debug)]
struct Key {
    name: Option<String>,
    jwk: Jwk,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

/// More keys than any issuer has.
const KEYS_MAX: usize = 256;

/// The algorithms of these names.
///
/// # Errors
/// In words, when one is unknown or symmetric.
pub fn algorithms(names: &[String]) -> Result<Vec<Algorithm>, String> {
    let mut algorithms = Vec::new();
    for name in names {
        let algorithm: Algorithm = name.parse().map_err(|_| format!("`{name}` is no algorithm"))?;
        if matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512) {
            return Err(format!("`{name}` is symmetric: who can check a token could also make one"));
        }
        algorithms.push(algorithm);
    }
    Ok(algorithms)
}

impl KeySet {
    /// Reads the keys that fit `algorithms` from a JWK set; others are left out.
    ///
    /// # Errors
    /// In words, when it is no JWK set, or no key of it can be used.
    pub fn new(algorithms: &[Algorithm], jwks: &str) -> Result<Self, String> {
        let set: Set = serde_json::from_str(jwks).map_err(|error| format!("not a JWK set: {error}"))?;
        let mut keys: Vec<Key> = Vec::new();
        // A key of a kind that is not known here is somebody else's, as RFC 7517 has it.
        let read = set.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        let usable = |jwk: &Jwk| algorithms.iter().any(|algorithm| fits(jwk, *algorithm));
        for jwk in read.filter(usable) {
            let name = jwk.common.key_id.clone();
            if keys.iter().any(|other| other.name == name) {
                return Err(format!("two keys are named `{}`", clean(name.as_deref().unwrap_or_default())));
            }
            if keys.len() == KEYS_MAX {
                return Err(format!("there are more than {KEYS_MAX} keys"));
            }
            if let AlgorithmParameters::RSA(rsa) = &jwk.algorithm
                && weak::has_roca(&rsa.n)
            {
                let name = clean(name.as_deref().unwrap_or_default());
                return Err(format!(
                    "the key `{name}` is weak (ROCA, CVE-2017-15361): have the issuer replace it"
                ));
            }
            let key =
                DecodingKey::from_jwk(&jwk).map_err(|error| format!("a key cannot be read: {error}"))?;
            keys.push(Key { name, jwk, key });
        }
        if keys.is_empty() {
            return Err("no key of the set fits the algorithms".into());
        }
        Ok(Self { algorithms: algorithms.to_vec(), keys })
    }

    /// Whether a key of these is not among the `newer` ones: what it signed is no longer believed.
    pub fn lost_one(&self, newer: &Self) -> bool {
        self.keys.iter().any(|key| !newer.keys.iter().any(|other| other.jwk == key.jwk))
    }

    /// Checks the token's signature; `rule` is named in the log.
    ///
    /// # Errors
    /// When the algorithm is not pinned, the key is unknown, or the signature is not that key's.
    pub fn check(&self, token: &Jws<'_>, rule: &str) -> Result<(), Failure> {
        let pinned = Failure::Algorithm("the token's algorithm is not pinned for its issuer");
        let algorithm: Algorithm = token.algorithm.parse().map_err(|_| pinned.clone())?;
        if !self.algorithms.contains(&algorithm) {
            return Err(pinned);
        }
        let key = self.key(token.key.as_deref())?;
        if !fits(&key.jwk, algorithm) {
            return Err(Failure::Algorithm("the token's algorithm is not that of its key"));
        }
        match jsonwebtoken::crypto::verify(token.signature, token.signed.as_bytes(), &key.key, algorithm) {
            Ok(true) => Ok(()),
            _ => Err(Failure::Signature(rule.to_owned())),
        }
    }

    /// The key of that name; without a name, the only key there is.
    fn key(&self, name: Option<&str>) -> Result<&Key, Failure> {
        match name {
            Some(name) => self
                .keys
                .iter()
                .find(|key| key.name.as_deref() == Some(name))
                .ok_or_else(|| Failure::Unknown { what: "signing key", name: clean(name) }),
            None => match self.keys.as_slice() {
                [only] => Ok(only),
                _ => Err(Failure::Algorithm("the token names no key and its issuer has several")),
            },
        }
    }
}

/// Whether signatures by `algorithm` can be checked with `jwk`: kind, curve, declared algorithm and use.
fn fits(jwk: &Jwk, algorithm: Algorithm) -> bool {
    let kind = match (&jwk.algorithm, algorithm) {
        (
            AlgorithmParameters::RSA(_),
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512,
        ) => true,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) => key.curve == EllipticCurve::P256,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES384) => key.curve == EllipticCurve::P384,
        (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) => key.curve == EllipticCurve::Ed25519,
        _ => false,
    };
    let declared = jwk.common.key_algorithm.is_none_or(|declared| {
        declared.to_string().parse::<Algorithm>().is_ok_and(|declared| declared == algorithm)
    });
    let for_signing =
        jwk.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let may_verify = jwk
        .common
        .key_operations
        .as_ref()
        .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    kind && declared && for_signing && may_verify
}
