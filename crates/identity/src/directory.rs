//! The directory: all that can prove a caller, built once from configuration, read by every request.

use crate::access_key::AccessKey;
use crate::bedrock_key;
use crate::cache::Verified;
use crate::claims::{self, Jws};
use crate::credential::{self, CREDENTIAL_BYTES_MAX, Credential, Head};
use crate::digest::{Hash, sha256, unhex32};
use crate::exchange::{Subject, TokenRequest};
use crate::failure::{Failure, clean};
use crate::issuer::{Issuer, Trusted};
use crate::keys::Keys;
use crate::principal::{Method, Owner, Principal};
use crate::scope::Scope;
use crate::sigv4::{self, AwsKey, AwsKeys, SigV4Pending};
use crate::source::Source;
use crate::spiffe::{self, Certificate, SpiffeRule};
use crate::sts::{Assumed, WebIdentity};
use crate::sts_proof::{AwsRule, StsProof, StsRules};
use crate::temporary::TemporaryKeys;
use crate::token::{IssuedToken, TokenKey, hash_name, looks_like_jws};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use units::Timestamp;

/// What the head of a request proves.
#[derive(Debug)]
pub enum Authentication {
    /// Who calls.
    Known(Arc<Principal>),
    /// A signature that also covers the body: to be finished when the body is there.
    AwaitsBody(SigV4Pending),
}

/// A virtual key, to be added to a directory.
#[derive(Clone)]
pub struct VirtualKey<'a> {
    /// Its name in records and logs.
    pub name: &'a str,
    /// The key itself, or its hash.
    pub secret: KeySecret<'a>,
    /// Whom it speaks for.
    pub owner: Owner,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// What it may be used for at most; none for everything.
    pub scope: Option<Scope>,
}

/// What a virtual key is known by.
#[derive(Clone, Copy)]
pub enum KeySecret<'a> {
    /// The key itself, 8 bytes or more; only its SHA-256 is kept.
    Text(&'a [u8]),
    /// The SHA-256 of the key, in lower-case hexadecimal.
    Sha256(&'a str),
}

struct KnownKey {
    principal: Arc<Principal>,
    expires: Option<Timestamp>,
    revoked: AtomicBool,
}

/// What became of keys that were given to a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    /// How many rules use them now.
    pub used: usize,
    /// Why the other rules that need them cannot.
    pub trouble: Option<String>,
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
    keys: HashMap<Hash, KnownKey>,
    aws_keys: AwsKeys,
    issuers: Vec<Trusted>,
    sts: Option<StsRules>,
    spiffe: Vec<SpiffeRule>,
    token_keys: Vec<TokenKey>,
    token_lifetime_seconds: i64,
    verified: Verified<Arc<Principal>>,
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (keys, aws, issuers) = (self.keys.len(), self.aws_keys.lasting.len(), self.issuers.len());
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

    /// Whom the client certificate of a connection speaks for. It speaks only where the request itself shows no proof: a
    /// connection may carry the requests of many.
    ///
    /// # Errors
    /// When it names no workload, or none that a rule knows.
    pub fn certified(&self, certificate: &Certificate) -> Result<Arc<Principal>, Failure> {
        spiffe::principal(&self.spiffe, certificate).map(Arc::new)
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

    /// Exchanges a token of a named issuer, or one of ours, for one of ours.
    ///
    /// # Errors
    /// When the token proves nobody, the request names someone else, or we issue no tokens.
    pub fn exchange(
        &self,
        request: &TokenRequest,
        now: Timestamp,
        random: [u8; 16],
    ) -> Result<IssuedToken, Failure> {
        let subject = request.subject()?;
        let rule = request.rule()?;
        if request.assertion.len() > CREDENTIAL_BYTES_MAX {
            return Err(Failure::Malformed("the token is longer than 16 KiB"));
        }
        let hash = sha256(request.assertion.as_bytes());
        let mut seconds = self.token_lifetime_seconds;
        let principal = match subject {
            Subject::Jwt => self.jwt(&request.assertion, &hash, rule, now)?.0,
            Subject::Own => {
                let (principal, until) = self.own(&request.assertion, now)?;
                // A narrower token does not outlive the one it was made of.
                seconds = seconds.min(until.seconds().saturating_sub(now.seconds()));
                principal
            }
            // AWS has to be asked first: [`Directory::read_sts_proof`].
            Subject::Sts => return Err(NO_STS),
        };
        self.issue_for(request, principal, seconds, (now, random))
    }

    /// A token for whom `request` is proved to come from, for no more than it asks.
    fn issue_for(
        &self,
        request: &TokenRequest,
        principal: Principal,
        seconds: i64,
        (now, random): (Timestamp, [u8; 16]),
    ) -> Result<IssuedToken, Failure> {
        request.check_names(&principal)?;
        let narrowed = request.narrowed()?;
        let scope = narrowed.as_ref().map(ToString::to_string);
        let issued = self.issue(&principal.within(narrowed), seconds, now, random)?;
        Ok(IssuedToken { scope, ..issued })
    }

    /// The proof of an AWS identity in this request, to be sent to AWS.
    ///
    /// # Errors
    /// When it is none, or is not for this plane, or none is accepted here.
    pub fn read_sts_proof(&self, request: &TokenRequest, now: Timestamp) -> Result<StsProof, Failure> {
        self.sts.as_ref().ok_or(NO_STS)?.read(&request.assertion, now)
    }

    /// Exchanges a proof that AWS has answered, and that was not used before, for one of our tokens.
    ///
    /// # Errors
    /// When AWS names nobody that is known, the request names someone else, or we issue no tokens.
    pub fn exchange_sts(
        &self,
        request: &TokenRequest,
        answer: &str,
        now: Timestamp,
        random: [u8; 16],
    ) -> Result<IssuedToken, Failure> {
        let principal = self.sts.as_ref().ok_or(NO_STS)?.principal(answer, request.rule()?)?;
        self.issue_for(request, principal, self.token_lifetime_seconds, (now, random))
    }

    /// A temporary AWS key for a token of the issuer rule that the request names.
    ///
    /// # Errors
    /// When the token proves nobody by that rule, or we issue no keys.
    pub fn assume(
        &self,
        request: &WebIdentity,
        now: Timestamp,
        random: [u8; 16],
    ) -> Result<Assumed, Failure> {
        let keys = self.aws_keys.temporary.first().ok_or(Failure::NoTokenKey)?;
        let seconds = request.seconds(self.token_lifetime_seconds)?;
        let hash = sha256(request.token.as_bytes());
        let (principal, _) = self.jwt(&request.token, &hash, Some(request.rule()), now)?;
        let rule = self.issuers.iter().find(|issuer| issuer.rule.name == request.rule());
        let rule = rule.map(|issuer| &issuer.rule);
        Ok(Assumed {
            key: keys.issue(&principal, now.plus_seconds(seconds), random),
            provider: rule.map_or_else(String::new, |rule| rule.url.clone()),
            audience: rule.map_or_else(String::new, |rule| rule.audience.clone()),
            principal,
        })
    }

    /// As [`Directory::authenticate`], for whoever asks by AWS's security token service who they are.
    ///
    /// # Errors
    /// When there is no such signature, or it proves nobody.
    pub fn authenticate_for_sts(&self, head: &Head<'_>, now: Timestamp) -> Result<SigV4Pending, Failure> {
        match credential::find(head)? {
            Credential::SigV4Header(fields) => {
                sigv4::header::begin(&sigv4::STS, &self.aws_keys, head, fields, now)
            }
            Credential::SigV4Query(query) => {
                sigv4::query::begin(&sigv4::STS, &self.aws_keys, head, query, now)
            }
            Credential::Secret(_) => Err(Failure::Missing),
        }
    }

    /// Where the keys of issuers have to be fetched, each with the rules that need them.
    pub fn sources(&self) -> BTreeMap<Source, Vec<&Issuer>> {
        let mut sources: BTreeMap<Source, Vec<&Issuer>> = BTreeMap::new();
        for Trusted { rule, .. } in &self.issuers {
            if let Keys::Fetched { source, .. } = &rule.keys {
                sources.entry(source.clone()).or_default().push(rule);
            }
        }
        sources
    }

    /// Gives the keys that were fetched from `source` to the rules that need them. Tokens signed by keys that are gone
    /// are no longer believed. A rule that can use none of them keeps what it had.
    pub fn keep_keys(&self, source: &Source, jwks: &str, fetched: Timestamp) -> Given {
        let needs =
            |issuer: &&Trusted| matches!(&issuer.rule.keys, Keys::Fetched { source: of, .. } if of == source);
        let mut given = Given::default();
        let mut troubles = Vec::new();
        let mut lost = false;
        for issuer in self.issuers.iter().filter(needs) {
            match issuer.keep(jwks, fetched) {
                Ok(lost_here) => {
                    lost |= lost_here;
                    given.used += 1;
                }
                Err(trouble) => troubles.push(format!("rule `{}`: {trouble}", issuer.rule.name)),
            }
        }
        if lost {
            self.verified.clear();
        }
        given.trouble = (!troubles.is_empty()).then(|| troubles.join("; "));
        given
    }

    /// Every virtual key and access key, by name.
    pub fn known(&self) -> Vec<Known> {
        let keys = self.keys.iter().map(|(hash, key)| Known {
            principal: Arc::clone(&key.principal),
            expires: key.expires,
            revoked: key.revoked.load(Ordering::Acquire),
            print: hash_name(hash),
        });
        let aws = self.aws_keys.lasting.values().map(|key| Known {
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

    /// The rules for workloads that TLS proves, in their order.
    pub fn spiffe_rules(&self) -> &[SpiffeRule] {
        &self.spiffe
    }

    /// The rules for roles and users of AWS, in their order.
    pub fn aws_rules(&self) -> &[AwsRule] {
        self.sts.as_ref().map_or(&[], |sts| &sts.rules)
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
        if self.token_keys.iter().any(|key| key.is_named_by(secret)) {
            return self.own(secret, now);
        }
        if let Some(encoded) = secret.strip_prefix(bedrock_key::PREFIX) {
            return bedrock_key::verify(&self.aws_keys, encoded, now);
        }
        if looks_like_jws(secret) {
            return self.jwt(secret, hash, None, now);
        }
        Err(Failure::Unknown { what: "the key with hash", name: hash_name(hash) })
    }

    /// Whom one of our own tokens was issued to, and until when.
    fn own(&self, token: &str, now: Timestamp) -> Result<(Principal, Timestamp), Failure> {
        let key = self.token_keys.iter().find(|key| key.is_named_by(token));
        let key = key.ok_or(Failure::Malformed("not a token of this plane"))?;
        key.verify(token, now)
    }

    /// Checks a foreign token, by the rule named or by the first that fits what it says.
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
            None => self.rule_for(&claims)?,
        };
        trusted.verify(&token, &claims, hash, now)
    }

    /// The first rule of the token's issuer and audience whose conditions it meets; where it meets none, the first
    /// whose it does not. Nothing is believed by that: the rule found decides.
    fn rule_for(&self, said: &Value) -> Result<&Trusted, Failure> {
        let mut named = self.issuers.iter().filter(|issuer| issuer.is_named_by(said)).peekable();
        let first = named.peek().copied();
        named.find(|issuer| issuer.unmet(said).is_none()).or(first).ok_or_else(|| {
            let issuer = claims::text(said, "iss").unwrap_or_default();
            Failure::Unknown { what: "an audience of issuer", name: clean(issuer) }
        })
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
    /// Given as the hash of a key, and none.
    #[error("the hash of `{0}` is not a SHA-256 in 64 lower-case hexadecimal digits")]
    Hash(String),
    /// An issuer rule cannot work.
    #[error("issuer `{name}`: {reason}")]
    Issuer {
        /// The rule's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

const NO_STS: Failure = Failure::Request {
    code: "invalid_request",
    about: "no proof of AWS's security token service is accepted here",
};

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
        self.add_virtual_key(VirtualKey {
            name,
            secret: KeySecret::Text(secret),
            owner,
            expires,
            scope: None,
        })
    }

    /// As [`DirectoryBuilder::add_key`], with all that can be said of a key.
    ///
    /// # Errors
    /// Also when a hash is given that is none.
    pub fn add_virtual_key(&mut self, key: VirtualKey<'_>) -> Result<&mut Self, BuildError> {
        let VirtualKey { name, secret, owner, expires, scope } = key;
        let hash = match secret {
            KeySecret::Text(secret) if secret.len() < KEY_BYTES_MIN => {
                return Err(BuildError::Weak(name.into(), KEY_BYTES_MIN));
            }
            KeySecret::Text(secret) => sha256(secret),
            KeySecret::Sha256(digits) => unhex32(digits).ok_or_else(|| BuildError::Hash(name.into()))?,
        };
        let principal = Arc::new(Principal::new(owner, Method::VirtualKey, name).within(scope));
        let key = KnownKey { principal, expires, revoked: AtomicBool::new(false) };
        if self.directory.keys.insert(hash, key).is_some() {
            return Err(BuildError::Repeated(name.into()));
        }
        Ok(self)
    }

    /// Believes AWS's security token service at these addresses, of proofs that are made for `server`.
    pub fn believe_sts(&mut self, server: &str, addresses: Vec<String>) -> &mut Self {
        let addresses =
            addresses.into_iter().map(|address| address.trim_end_matches('/').to_owned()).collect();
        self.directory.sts = Some(StsRules { server: server.to_owned(), addresses, rules: Vec::new() });
        self
    }

    /// Adds a rule for identities of AWS.
    ///
    /// # Errors
    /// When it repeats a name, or no security token service is believed.
    pub fn add_aws_rule(&mut self, rule: AwsRule) -> Result<&mut Self, BuildError> {
        let names_it = |known: &AwsRule| known.name == rule.name;
        match &mut self.directory.sts {
            Some(sts) if !sts.rules.iter().any(names_it) => sts.rules.push(rule),
            _ => return Err(BuildError::Repeated(rule.name)),
        }
        Ok(self)
    }

    /// Adds a rule for workloads that TLS proves.
    ///
    /// # Errors
    /// When it repeats a name, or would never be reached.
    pub fn add_spiffe_rule(&mut self, rule: SpiffeRule) -> Result<&mut Self, BuildError> {
        let repeats = |known: &SpiffeRule| {
            let same = (&known.trust_domain, &known.allowed) == (&rule.trust_domain, &rule.allowed);
            known.name == rule.name || same
        };
        if self.directory.spiffe.iter().any(repeats) {
            return Err(BuildError::Repeated(rule.name));
        }
        self.directory.spiffe.push(rule);
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
        if self.directory.aws_keys.lasting.insert(id.clone(), Arc::new(AwsKey::new(key))).is_some() {
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
            // With the same conditions the second would never be reached.
            let same = (&other.url, &other.audience, &other.required, &other.allowed)
                == (&issuer.url, &issuer.audience, &issuer.required, &issuer.allowed);
            other.name == name || same
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
        self.directory.aws_keys.temporary.push(TemporaryKeys::new(secret));
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
