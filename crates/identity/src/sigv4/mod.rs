//! AWS Signature Version 4, as a verifier: in the `Authorization` header and in the query.
//!
//! The signature covers the body, so the head yields a [`SigV4Pending`] that the body finishes. Services that
//! are not S3 sign the path as it is on the wire, percent-encoded once more.
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html>.

pub mod canonical;
pub mod encode;
pub mod header;
pub mod query;
pub mod sign;
#[cfg(test)]
pub mod suite;

use crate::access_key::AccessKey;
use crate::cache::Verified;
use crate::digest::{Hash, hex, sha256, sha256_parts, unhex32};
use crate::failure::Failure;
use crate::principal::{Method, Principal};
use crate::temporary::TemporaryKeys;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};
use units::Timestamp;

/// The services a signature may be made for.
pub const SERVICES: [&str; 3] = ["bedrock", "aws-external-anthropic", "bedrock-mantle"];

/// How a service signs. Ours all sign alike; the published test suite also has others.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The services accepted.
    pub services: &'static [&'static str],
    /// Whether `.`, `..` and empty segments leave the path before it is signed.
    pub normalise: bool,
    /// Whether the session token is part of what is signed.
    pub token_signed: bool,
}

/// The rules of the services we stand in for.
pub const OURS: Rules = Rules { services: &SERVICES, normalise: true, token_signed: true };

/// The rules of AWS's security token service, whose `GetCallerIdentity` we answer.
pub const STS: Rules = Rules { services: &["sts"], ..OURS };

/// The access keys: those of the directory, and the temporary ones of our own making.
#[derive(Default)]
pub struct AwsKeys {
    /// By id.
    pub lasting: HashMap<String, Arc<AwsKey>>,
    /// Who issues temporary keys: the first does, all know theirs again.
    pub temporary: Vec<TemporaryKeys>,
    /// Temporary keys that were seen, by the hash of their session token.
    seen: Verified<Arc<AwsKey>>,
}

impl AwsKeys {
    /// The key of this id, with the session token that came with it.
    fn find(&self, id: &str, session_token: Option<&[u8]>, now: Timestamp) -> Result<Arc<AwsKey>, Failure> {
        let unknown = || Failure::Unknown { what: "access key", name: id_or_nothing(id) };
        if let Some(key) = self.lasting.get(id) {
            key.check_session_token(session_token)?;
            return Ok(Arc::clone(key));
        }
        let token = session_token.and_then(|token| std::str::from_utf8(token).ok()).ok_or_else(unknown)?;
        let issuer = self.temporary.iter().find(|keys| keys.is_named_by(token)).ok_or_else(unknown)?;
        let hash = sha256(token.as_bytes());
        let key = match self.seen.get(&hash, now) {
            Some(key) => key,
            None => {
                let key = Arc::new(issuer.find(token)?);
                if let Some(until) = key.expires.filter(|until| now < *until) {
                    self.seen.put(hash, Arc::clone(&key), until, now);
                }
                key
            }
        };
        if key.principal.proof == id { Ok(key) } else { Err(unknown()) }
    }
}

/// How many signing keys of one access key are remembered; each is for one day, region and service.
const DAYS_MAX: usize = 16;

/// An access key and the signing keys derived from it.
pub struct AwsKey {
    /// `AWS4` and the secret.
    secret: String,
    session_token: Option<String>,
    principal: Arc<Principal>,
    expires: Option<Timestamp>,
    days: RwLock<VecDeque<(String, Arc<hmac::Key>)>>,
}

impl AwsKey {
    /// The key, with nothing derived yet.
    pub fn new(key: AccessKey) -> Self {
        Self {
            secret: format!("AWS4{}", key.secret),
            session_token: key.session_token,
            principal: Arc::new(Principal::new(key.owner, Method::SigV4, key.id)),
            expires: key.expires,
            days: RwLock::default(),
        }
    }

    /// The same key, for calls within these scopes.
    pub fn within(mut self, scope: impl IntoIterator<Item = crate::scope::Scope>) -> Self {
        self.principal = Arc::new(Principal::clone(&self.principal).within(scope));
        self
    }

    /// Whom it speaks for.
    pub fn principal(&self) -> Arc<Principal> {
        Arc::clone(&self.principal)
    }

    /// When it ends.
    pub const fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// A temporary key comes with its session token, any other key with none.
    pub fn check_session_token(&self, given: Option<&[u8]>) -> Result<(), Failure> {
        let equal = match (&self.session_token, given) {
            (None, None) => true,
            (Some(kept), Some(given)) => verify_slices_are_equal(kept.as_bytes(), given).is_ok(),
            _ => false,
        };
        if equal {
            return Ok(());
        }
        Err(Failure::Unknown { what: "the session token of access key", name: self.principal.proof.clone() })
    }

    /// The signing key for `scope`, and whether it was remembered.
    fn signing_key(&self, scope: &Scope<'_>) -> (Arc<hmac::Key>, bool) {
        let days = self.days.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = days.iter().find(|(known, _)| known == scope.text) {
            return (key.clone(), true);
        }
        drop(days);
        let sign =
            |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
        let day = sign(self.secret.as_bytes(), scope.date);
        let region = sign(day.as_ref(), scope.region);
        let service = sign(region.as_ref(), scope.service);
        let key = sign(service.as_ref(), "aws4_request");
        (Arc::new(hmac::Key::new(hmac::HMAC_SHA256, key.as_ref())), false)
    }

    /// Only keys that verified something are remembered, so that guesses cannot push them out.
    fn remember(&self, scope: &str, key: &Arc<hmac::Key>) {
        let mut days = self.days.write().unwrap_or_else(PoisonError::into_inner);
        if days.iter().any(|(known, _)| known == scope) {
            return;
        }
        if days.len() == DAYS_MAX {
            days.pop_front();
        }
        days.push_back((scope.to_owned(), key.clone()));
    }
}

/// What a signature was made with and for: `AKID/20261124/us-east-1/bedrock/aws4_request`.
pub struct Scope<'a> {
    /// The access key's id.
    pub id: &'a str,
    /// All that follows the id.
    pub text: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
}

impl<'a> Scope<'a> {
    /// Reads a credential.
    pub fn parse(credential: &'a str) -> Result<Self, Failure> {
        let malformed =
            || Failure::Malformed("the signature's credential is not `id/date/region/service/aws4_request`");
        let (id, text) = credential.split_once('/').ok_or_else(malformed)?;
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            [date, region, service, "aws4_request"] => Ok(Self { id, text, date, region, service }),
            _ => Err(malformed()),
        }
    }

    /// Checks that a signature for `moment` may be made with this scope.
    pub fn check(&self, rules: &Rules, moment: &str) -> Result<(), Failure> {
        if !rules.services.contains(&self.service) {
            return Err(Failure::Scope("service"));
        }
        if !moment.starts_with(self.date) || self.date.len() != 8 {
            return Err(Failure::Scope("day"));
        }
        Ok(())
    }

    /// The access key, when it is known and has not ended.
    pub fn key(
        &self,
        keys: &AwsKeys,
        session_token: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Arc<AwsKey>, Failure> {
        let key = keys.find(self.id, session_token, now)?;
        match key.expires {
            Some(at) if now >= at => Err(Failure::Expired { what: "access key", at }),
            _ => Ok(key),
        }
    }
}

/// An unknown id is worth logging only if it looks like one: it might be a secret in the wrong place.
fn id_or_nothing(id: &str) -> String {
    let like_an_id = id.len() <= 32 && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if like_an_id { id.to_owned() } else { "(not an id)".to_owned() }
}

/// `20261124T090000Z` as a moment.
pub fn parse_moment(text: &str) -> Result<Timestamp, Failure> {
    let malformed = || Failure::Malformed("the signature's date is not like `20261124T090000Z`");
    let ok = text.len() == 16
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
    if !ok {
        return Err(malformed());
    }
    let part = |from, to| text.get(from..to).unwrap_or_default();
    let (year, month, day) = (part(0, 4), part(4, 6), part(6, 8));
    let (hour, minute, second) = (part(9, 11), part(11, 13), part(13, 15));
    format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z").parse().map_err(|_| malformed())
}

/// A signature whose head is in order and whose body is not here yet.
pub struct SigV4Pending {
    key: Arc<AwsKey>,
    signing: Arc<hmac::Key>,
    /// The scope under which to remember the signing key, unless it was remembered already.
    derived: Option<String>,
    /// The canonical request without its last line, the body's hash.
    canonical: Vec<u8>,
    /// The string to sign without its last line, the canonical request's hash.
    to_sign: String,
    signature: Hash,
    declared: Option<Hash>,
}

impl std::fmt::Debug for SigV4Pending {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "SigV4Pending({})", self.key.principal.proof)
    }
}

/// The parts of a signature, found in the header or the query.
pub struct Parts<'a> {
    /// What it was made with and for.
    pub scope: &'a Scope<'a>,
    /// `20261124T090000Z`.
    pub moment: &'a str,
    /// The signature itself, in hexadecimal.
    pub signature: &'a str,
}

impl SigV4Pending {
    /// Readies the check of `parts` over a request whose canonical form begins with `canonical`.
    fn new(
        key: Arc<AwsKey>,
        parts: &Parts<'_>,
        canonical: Vec<u8>,
        declared: Option<Hash>,
    ) -> Result<Self, Failure> {
        let signature = unhex32(parts.signature)
            .ok_or(Failure::Malformed("the signature is not 64 hexadecimal digits"))?;
        let (signing, remembered) = key.signing_key(parts.scope);
        let scope = parts.scope.text;
        let to_sign = format!("{}\n{}\n{scope}\n", crate::credential::ALGORITHM, parts.moment);
        let derived = (!remembered).then(|| scope.to_owned());
        Ok(Self { key, signing, derived, canonical, to_sign, signature, declared })
    }

    /// When the access key itself ends.
    pub(crate) fn key_expires(&self) -> Option<Timestamp> {
        self.key.expires
    }

    /// Checks the signature over head and `body`.
    ///
    /// # Errors
    /// When the body is not the one declared, or the signature does not match.
    pub fn finish(self, body: &[u8]) -> Result<Arc<Principal>, Failure> {
        let Self { key, signing, derived, canonical, mut to_sign, signature, declared } = self;
        let hash = sha256(body);
        if declared.is_some_and(|declared| declared != hash) {
            return Err(Failure::Body("the body is not the one that `x-amz-content-sha256` declares"));
        }
        to_sign.push_str(&hex(&sha256_parts(&[&canonical, hex(&hash).as_bytes()])));
        // Compares in constant time.
        hmac::verify(&signing, to_sign.as_bytes(), &signature)
            .map_err(|_| Failure::Signature(key.principal.proof.clone()))?;
        if let Some(scope) = derived {
            key.remember(&scope, &signing);
        }
        Ok(key.principal.clone())
    }
}
