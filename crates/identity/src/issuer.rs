//! An issuer of JWTs that the operator named, its keys, and the rule that turns its claims into a caller.

use crate::claims::{self, Jws};
use crate::digest::Hash;
use crate::failure::{Failure, clean};
use crate::principal::{Method, Owner, Principal};
use crate::token::hash_name;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use units::{Organisation, Subject, Team, Timestamp};

/// Where a name comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Always this.
    Fixed(String),
    /// The text of this claim; a name that begins with `/` is a JSON pointer.
    Claim(String),
}

/// One issuer rule, as configured. Several rules may name one issuer, each with its own audience.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// The rule's name; a token exchange selects a rule by it.
    pub name: String,
    /// What `iss` must be, exactly.
    pub url: String,
    /// What `aud` must be or contain, exactly.
    pub audience: String,
    /// The algorithms that are accepted: `RS256`, `ES256`, `EdDSA`, … never an HMAC.
    pub algorithms: Vec<String>,
    /// The issuer's public keys: a JWK set, in JSON.
    pub jwks: String,
    /// The organisation of its callers.
    pub organisation: Rule,
    /// Their team.
    pub team: Rule,
    /// Their name.
    pub subject: Rule,
    /// Claims that must have exactly these values. An issuer that serves the whole world (a public code host)
    /// needs at least one.
    pub required: Vec<(String, String)>,
}

/// An issuer with its keys read.
pub struct Trusted {
    pub rule: Issuer,
    algorithms: Vec<Algorithm>,
    keys: Vec<Key>,
}

struct Key {
    name: Option<String>,
    jwk: Jwk,
    key: DecodingKey,
}

impl Trusted {
    /// Reads the issuer's algorithms and keys.
    ///
    /// # Errors
    /// In words, when an algorithm is unknown or symmetric, or no key can be used.
    pub fn new(rule: Issuer) -> Result<Self, String> {
        let mut algorithms = Vec::new();
        for name in &rule.algorithms {
            let algorithm: Algorithm = name.parse().map_err(|_| format!("`{name}` is no algorithm"))?;
            if matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512) {
                return Err(format!("`{name}` is symmetric: who can check a token could also make one"));
            }
            algorithms.push(algorithm);
        }
        let set: JwkSet =
            serde_json::from_str(&rule.jwks).map_err(|error| format!("not a JWK set: {error}"))?;
        let usable = |jwk: &Jwk| algorithms.iter().any(|algorithm| fits(jwk, *algorithm));
        let mut keys: Vec<Key> = Vec::new();
        for jwk in set.keys.into_iter().filter(usable) {
            let name = jwk.common.key_id.clone();
            if keys.iter().any(|other| other.name == name) {
                return Err(format!("two keys are named `{}`", clean(name.as_deref().unwrap_or_default())));
            }
            let key =
                DecodingKey::from_jwk(&jwk).map_err(|error| format!("a key cannot be read: {error}"))?;
            keys.push(Key { name, jwk, key });
        }
        if keys.is_empty() {
            return Err("no key of the set fits the algorithms".into());
        }
        Ok(Self { rule, algorithms, keys })
    }

    /// Whether the token says it comes from this issuer, for this audience.
    pub fn is_named_by(&self, claims: &Value) -> bool {
        claims::text(claims, "iss") == Some(&self.rule.url) && claims::is_for(claims, &self.rule.audience)
    }

    /// Whom the token speaks for, and until when.
    ///
    /// # Errors
    /// When anything about it does not fit this issuer's rule.
    pub fn verify(
        &self,
        token: &Jws<'_>,
        claims: &Value,
        hash: &Hash,
        now: Timestamp,
    ) -> Result<(Principal, Timestamp), Failure> {
        if !self.is_named_by(claims) {
            return Err(claims::misfit("iss or aud", &self.rule.name));
        }
        self.check_signature(token)?;
        let until = claims::holds_until(claims, now)?;
        for (claim, value) in &self.rule.required {
            if claims::text(claims, claim) != Some(value) {
                return Err(claims::misfit(claim, &self.rule.name));
            }
        }
        let proof = claims::id(claims).unwrap_or_else(|| hash_name(hash));
        Ok((Principal::new(self.owner(claims)?, Method::Jwt, proof), until))
    }

    pub(crate) fn check_signature(&self, token: &Jws<'_>) -> Result<(), Failure> {
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
            _ => Err(Failure::Signature(self.rule.name.clone())),
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

    fn owner(&self, claims: &Value) -> Result<Owner, Failure> {
        let rule = &self.rule;
        let name = |from| claims::apply(from, claims, &rule.name);
        Ok(Owner {
            organisation: Organisation::new(name(&rule.organisation)?)
                .map_err(|_| claims::misfit("organisation", &rule.name))?,
            team: Team::new(name(&rule.team)?).map_err(|_| claims::misfit("team", &rule.name))?,
            subject: Subject::new(name(&rule.subject)?).map_err(|_| claims::misfit("subject", &rule.name))?,
        })
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
