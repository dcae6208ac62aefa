//! The directory: all that can prove a caller, built once from configuration, read by every request.

use crate::bedrock_key;
use crate::cache::Verified;
use crate::claims::{self, Jws};
use crate::credential::{self, CREDENTIAL_BYTES_MAX, Credential, Head};
use crate::digest::{Hash, sha256};
use crate::exchange::TokenRequest;
use crate::failure::{Failure, clean};
use crate::issuer::{Issuer, Trusted};
use crate::principal::{Method, Owner, Principal};
use crate::sigv4::{self, AwsKey, SigV4Pending};
use crate::token::{IssuedToken, TokenKey, hash_name, looks_like_jws};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use units::Timestamp;

/// An AWS access key that the directory knows.
#[derive(Clone)]
pub struct AccessKey {
    /// `AKIA…` or `ASIA…`.
    pub id: String,
    /// The secret access key.
    pub secret: String,
    /// The session token that must come with it, for temporary keys.
    pub session_token: Option<String>,
    /// Whom it speaks for.
    pub owner: Owner,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

/// What the head of a request proves.
#[derive(Debug)]
pub enum Authentication {
    /// Who calls.
    Known(Arc<Principal>),
    /// A signature that also covers the body: to be finished when the body is there.
    AwaitsBody(SigV4Pending),
}

struct VirtualKey {
    principal: Arc<Principal>,
    expires: Option<Timestamp>,
    revoked: AtomicBool,
}

/// A credential that the directory knows, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The caller, by this credential; its proof is the credential's name.
    pub principal: Arc<Principal>,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// The beginning of its secret's SHA-256, in hexadecimal, which tells a key from a later one of the same name;
    /// empty for what is not kept by a hash. Not for everyone's eyes: a weak secret could be guessed by it.
    pub print: String,
}

/// Everyone who can be known, and how. Immutable; share it behind an `Arc` and replace it whole.
#[derive(Default)]
pub struct Directory {
    keys: HashMap<Hash, VirtualKey>,
    aws_keys: HashMap<String, Arc<AwsKey>>,
    issuers: Vec<Trusted>,
    token_keys: Vec<TokenKey>,
    token_lifetime_seconds: i64,
    verified: Verified,
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (keys, aws, issuers) = (self.keys.len(), self.aws_keys.len(), self.issuers.len());
        write!(out, "Directory({keys} virtual keys, {aws} access keys, {issuers} issuers)")
    }
}

impl Directory {
    /// An empty directory to be filled.
    pub fn builder() -> DirectoryBuilder {
        DirectoryBuilder { directory: Self { token_lifetime_seconds: 3600, ..Self::default() } }
    }

    /// Decides all that can be decided before the body is read.
    ///
    /// # Errors
    /// When there is no credential, more than one, or it proves nobody.
    pub fn authenticate(&self, head: &Head<'_>, now: Timestamp) -> Result<Authentication, Failure> {
        match credential::find(head)? {
            Credential::Secret(secret) => self.secret(secret, now).map(Authentication::Known),
            Credential::SigV4Header(fields) => {
                sigv4::header::begin(&sigv4::OURS, &self.aws_keys, head, fields, now)
                    .map(Authentication::AwaitsBody)
            }
            Credential::SigV4Query(query) => {
                sigv4::query::begin(&sigv4::OURS, &self.aws_keys, head, query, now)
                    .map(Authentication::AwaitsBody)
            }
        }
    }

    /// Whose portal session this is.
    ///
    /// # Errors
    /// When it is no session token of ours, or is over.
    pub fn session(&self, token: &str, now: Timestamp) -> Result<Arc<Principal>, Failure> {
        let principal = self.proof(token, now)?;
        if principal.method != Method::Session {
            return Err(Failure::Forbidden("this credential is for calls, not for a session"));
        }
        Ok(principal)
    }

    /// Exchanges a token of a named issuer for one of ours.
    ///
    /// # Errors
    /// When the token proves nobody, the request names someone else, or we issue no tokens.
    pub fn exchange(
        &self,
        request: &TokenRequest,
        now: Timestamp,
        random: [u8; 16],
    ) -> Result<IssuedToken, Failure> {
        request.check_grant()?;
        if request.assertion.len() > CREDENTIAL_BYTES_MAX {
            return Err(Failure::Malformed("the token is longer than 16 KiB"));
        }
        let rule = request.federation_rule_id.as_deref().filter(|name| !name.is_empty());
        let hash = sha256(request.assertion.as_bytes());
        let (principal, _) = self.jwt(&request.assertion, &hash, rule, now)?;
        request.check_names(&principal)?;
        self.issue(&principal, self.token_lifetime_seconds, now, random)
    }

    /// Every virtual key and access key, by name.
    pub fn known(&self) -> Vec<Known> {
        let keys = self.keys.iter().map(|(hash, key)| Known {
            principal: Arc::clone(&key.principal),
            expires: key.expires,
            revoked: key.revoked.load(Ordering::Acquire),
            print: hash_name(hash),
        });
        let aws = self.aws_keys.values().map(|key| Known {
            principal: key.principal(),
            expires: key.expires(),
            revoked: false,
            print: String::new(),
        });
        let mut known: Vec<Known> = keys.chain(aws).collect();
        known.sort_by(|one, other| {
            let name = |known: &Known| (known.principal.proof.clone(), known.print.clone());
            name(one).cmp(&name(other))
        });
        known
    }

    /// The rules by which issuers' tokens name callers.
    pub fn issuers(&self) -> impl Iterator<Item = &Issuer> {
        self.issuers.iter().map(|issuer| &issuer.rule)
    }

    /// Ends the virtual key with this print at once, for as long as this directory lives; whether there is one.
    pub fn revoke(&self, print: &str) -> bool {
        let found = self.keys.iter().find(|(hash, _)| hash_name(hash) == print);
        found.inspect(|(_, key)| key.revoked.store(true, Ordering::Release)).is_some()
    }

    /// A token for `principal` that lasts `lifetime_seconds`; a session's when its method is
    /// [`Method::Session`].
    ///
    /// # Errors
    /// When no token key is configured.
    pub fn issue(
        &self,
        principal: &Principal,
        lifetime_seconds: i64,
        now: Timestamp,
        random: [u8; 16],
    ) -> Result<IssuedToken, Failure> {
        let key = self.token_keys.first().ok_or(Failure::NoTokenKey)?;
        Ok(key.sign(principal, lifetime_seconds, now, random))
    }

    /// Who holds this key or token, for calls.
    fn secret(&self, secret: &str, now: Timestamp) -> Result<Arc<Principal>, Failure> {
        let principal = self.proof(secret, now)?;
        if principal.method == Method::Session {
            return Err(Failure::Forbidden("a portal session does not authorise calls"));
        }
        Ok(principal)
    }

    fn proof(&self, secret: &str, now: Timestamp) -> Result<Arc<Principal>, Failure> {
        let hash = sha256(secret.as_bytes());
        if let Some(key) = self.keys.get(&hash) {
            return match key.expires {
                _ if key.revoked.load(Ordering::Acquire) => {
                    Err(Failure::Revoked(key.principal.proof.clone()))
                }
                Some(at) if now >= at => Err(Failure::Expired { what: "key", at }),
                _ => Ok(key.principal.clone()),
            };
        }
        if let Some(principal) = self.verified.get(&hash, now) {
            return Ok(principal);
        }
        let (principal, until) = self.verify(secret, &hash, now)?;
        let principal = Arc::new(principal);
        self.verified.put(hash, principal.clone(), until, now);
        Ok(principal)
    }

    /// The slow way: checks the signature of a token not seen before.
    fn verify(&self, secret: &str, hash: &Hash, now: Timestamp) -> Result<(Principal, Timestamp), Failure> {
        if let Some(key) = self.token_keys.iter().find(|key| key.is_named_by(secret)) {
            return key.verify(secret, now);
        }
        if let Some(encoded) = secret.strip_prefix(bedrock_key::PREFIX) {
            return bedrock_key::verify(&self.aws_keys, encoded, now);
        }
        if looks_like_jws(secret) {
            return self.jwt(secret, hash, None, now);
        }
        Err(Failure::Unknown { what: "the key with hash", name: hash_name(hash) })
    }

    /// Checks a foreign token, by the rule named or by the first whose issuer and audience it carries.
    fn jwt(
        &self,
        token: &str,
        hash: &Hash,
        rule: Option<&str>,
        now: Timestamp,
    ) -> Result<(Principal, Timestamp), Failure> {
        let token = Jws::parse(token)?;
        let claims = token.claims()?;
        let trusted = match rule {
            Some(name) => self
                .issuers
                .iter()
                .find(|issuer| issuer.rule.name == name)
                .ok_or_else(|| Failure::Unknown { what: "issuer rule", name: clean(name) })?,
            None => {
                let named = claims::text(&claims, "iss").unwrap_or_default();
                self.issuers
                    .iter()
                    .find(|issuer| issuer.is_named_by(&claims))
                    .ok_or_else(|| Failure::Unknown { what: "an audience of issuer", name: clean(named) })?
            }
        };
        trusted.verify(&token, &claims, hash, now)
    }
}

/// Why a directory cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A secret is too short to keep anyone out.
    #[error("the secret of `{0}` is shorter than {1} bytes")]
    Weak(String, usize),
    /// Two credentials or rules would be told apart by nothing.
    #[error("`{0}` repeats another credential, name, or pair of issuer and audience")]
    Repeated(String),
    /// An issuer rule cannot work.
    #[error("issuer `{name}`: {reason}")]
    Issuer {
        /// The rule's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

const KEY_BYTES_MIN: usize = 8;
const TOKEN_KEY_BYTES_MIN: usize = 32;

/// Fills a [`Directory`].
#[derive(Debug)]
pub struct DirectoryBuilder {
    directory: Directory,
}

impl DirectoryBuilder {
    /// Adds a virtual key; only its SHA-256 is kept.
    ///
    /// # Errors
    /// When the secret is shorter than 8 bytes or is there already.
    pub fn add_key(
        &mut self,
        name: &str,
        secret: &[u8],
        owner: Owner,
        expires: Option<Timestamp>,
    ) -> Result<&mut Self, BuildError> {
        if secret.len() < KEY_BYTES_MIN {
            return Err(BuildError::Weak(name.into(), KEY_BYTES_MIN));
        }
        let principal = Arc::new(Principal::new(owner, Method::VirtualKey, name));
        let key = VirtualKey { principal, expires, revoked: AtomicBool::new(false) };
        if self.directory.keys.insert(sha256(secret), key).is_some() {
            return Err(BuildError::Repeated(name.into()));
        }
        Ok(self)
    }

    /// Adds an AWS access key.
    ///
    /// # Errors
    /// When its secret is shorter than 8 bytes or its id is there already.
    pub fn add_access_key(&mut self, key: AccessKey) -> Result<&mut Self, BuildError> {
        if key.secret.len() < KEY_BYTES_MIN {
            return Err(BuildError::Weak(key.id, KEY_BYTES_MIN));
        }
        let id = key.id.clone();
        if self.directory.aws_keys.insert(id.clone(), Arc::new(AwsKey::new(key))).is_some() {
            return Err(BuildError::Repeated(id));
        }
        Ok(self)
    }

    /// Adds an issuer rule.
    ///
    /// # Errors
    /// When its algorithms or keys cannot be used, or it repeats a name or a pair of issuer and audience.
    pub fn add_issuer(&mut self, issuer: Issuer) -> Result<&mut Self, BuildError> {
        let name = issuer.name.clone();
        let repeats = |other: &Trusted| {
            let other = &other.rule;
            other.name == name || (other.url == issuer.url && other.audience == issuer.audience)
        };
        if self.directory.issuers.iter().any(repeats) {
            return Err(BuildError::Repeated(name));
        }
        let trusted = Trusted::new(issuer).map_err(|reason| BuildError::Issuer { name, reason })?;
        self.directory.issuers.push(trusted);
        Ok(self)
    }

    /// Adds a key for our own tokens: the first one signs, all verify, so that a key can be rolled.
    ///
    /// # Errors
    /// When it is shorter than 32 bytes.
    pub fn add_token_key(&mut self, secret: &[u8]) -> Result<&mut Self, BuildError> {
        if secret.len() < TOKEN_KEY_BYTES_MIN {
            return Err(BuildError::Weak("token key".into(), TOKEN_KEY_BYTES_MIN));
        }
        self.directory.token_keys.push(TokenKey::new(secret));
        Ok(self)
    }

    /// How long exchanged tokens last; an hour unless said otherwise.
    pub fn token_lifetime_seconds(&mut self, seconds: i64) -> &mut Self {
        self.directory.token_lifetime_seconds = seconds;
        self
    }

    /// The directory.
    pub fn build(self) -> Directory {
        self.directory
    }
}
