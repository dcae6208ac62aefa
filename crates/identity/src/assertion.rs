//! What others assert of a person: an id token of a login, or the token that an access proxy sends along.
//!
//! Issuer, audience, algorithms and keys come from the operator; nothing in a token chooses how it is checked. A token
//! of an AWS load balancer has no audience, but names its signer in its header, pads its base 64, and may keep issuer
//! and end in its header
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html>).

use crate::claims::{self, Jws};
use crate::credential::CREDENTIAL_BYTES_MAX;
use crate::digest::sha256;
use crate::failure::Failure;
use crate::keys::{self, KeySet};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde_json::Value;
use units::Timestamp;

/// For whom an assertion has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// What `aud` must be or contain, exactly.
    Claim(String),
    /// The load balancer that must have signed it, by its ARN, and the client it logs people in as, where that is to
    /// be checked.
    Balancer {
        /// What `signer` in the header must be, exactly.
        signer: String,
        /// What `client` in the header must be, exactly.
        client: Option<String>,
    },
}

/// What an assertion must be to be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertionRule {
    /// A name for logs.
    pub name: String,
    /// What `iss` must be, exactly.
    pub issuer: String,
    /// For whom it must be.
    pub audience: Audience,
    /// The algorithms that are accepted; never an HMAC.
    pub algorithms: Vec<String>,
}

/// The name of the key that a token says it was signed with: to look for that key, not to believe anything.
pub fn signing_key(token: &str) -> Option<String> {
    Jws::parse_padded(token).ok()?.key
}

/// Believes assertions by one rule and one set of keys.
pub struct Assertions {
    rule: AssertionRule,
    keys: KeySet,
}

/// A believed assertion.
#[derive(Debug, Clone, PartialEq)]
pub struct Assertion {
    /// What it says.
    pub claims: Value,
    /// The moment before which it holds.
    pub until: Timestamp,
}

impl Assertions {
    /// Reads the rule's algorithms and the keys: a JWK set, in JSON.
    ///
    /// # Errors
    /// In words, when an algorithm is unknown or symmetric, or no key can be used.
    pub fn new(rule: AssertionRule, jwks: &str) -> Result<Self, String> {
        let keys = KeySet::new(&keys::algorithms(&rule.algorithms)?, jwks)?;
        Ok(Self { rule, keys })
    }

    /// What the token says, if it is to be believed at `now`.
    ///
    /// # Errors
    /// When anything about it does not fit the rule. [`Failure::Unknown`] when no key has the name that it gives.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Assertion, Failure> {
        if token.len() > CREDENTIAL_BYTES_MAX {
            return Err(Failure::Malformed("the token is longer than 16 KiB"));
        }
        let misfit = |claim: &str| claims::misfit(claim, &self.rule.name);
        let claims = match &self.rule.audience {
            Audience::Claim(audience) => {
                let token = Jws::parse(token)?;
                self.keys.check(&token, &self.rule.name)?;
                let claims = token.claims()?;
                if !claims::is_for(&claims, audience) {
                    return Err(misfit("aud"));
                }
                claims
            }
            Audience::Balancer { signer, client } => {
                let token = Jws::parse_padded(token)?;
                self.keys.check(&token, &self.rule.name)?;
                let (header, mut claims) = (token.header()?, token.claims()?);
                if claims::text(&header, "signer") != Some(signer) {
                    return Err(misfit("signer"));
                }
                if client.is_some() && claims::text(&header, "client") != client.as_deref() {
                    return Err(misfit("client"));
                }
                for name in ["iss", "exp"] {
                    if claims.get(name).is_none() {
                        claims[name] = header.get(name).cloned().unwrap_or_default();
                    }
                }
                claims
            }
        };
        if claims::text(&claims, "iss") != Some(&self.rule.issuer) {
            return Err(misfit("iss"));
        }
        let until = claims::holds_until(&claims, now)?;
        Ok(Assertion { claims, until })
    }

    /// As [`Assertions::verify`], for the id token of a login that was begun with `nonce`.
    ///
    /// # Errors
    /// Also when it answers another login, or was issued for another party.
    pub fn verify_login(&self, token: &str, nonce: &str, now: Timestamp) -> Result<Assertion, Failure> {
        let assertion = self.verify(token, now)?;
        let misfit = |claim: &str| claims::misfit(claim, &self.rule.name);
        let said = claims::text(&assertion.claims, "nonce").unwrap_or_default();
        // Hashed first, so that lengths are equal.
        verify_slices_are_equal(&sha256(said.as_bytes()), &sha256(nonce.as_bytes()))
            .map_err(|_| misfit("nonce"))?;
        self.check_party(&assertion.claims)?;
        Ok(assertion)
    }

    /// As [`Assertions::verify`], for an id token that somebody shows again, such as a terminal's.
    ///
    /// # Errors
    /// Also when it was issued for another party.
    pub fn verify_shown(&self, token: &str, now: Timestamp) -> Result<Assertion, Failure> {
        let assertion = self.verify(token, now)?;
        self.check_party(&assertion.claims)?;
        Ok(assertion)
    }

    /// OpenID Connect core, 3.1.3.7: a token for several audiences names the one it was issued to.
    fn check_party(&self, claims: &Value) -> Result<(), Failure> {
        let Audience::Claim(client) = &self.rule.audience else { return Ok(()) };
        let several = claims.get("aud").and_then(Value::as_array).is_some_and(|all| all.len() > 1);
        match claims.get("azp") {
            None if !several => Ok(()),
            Some(Value::String(party)) if party == client => Ok(()),
            _ => Err(claims::misfit("azp", &self.rule.name)),
        }
    }
}
