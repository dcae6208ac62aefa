//! An issuer of JWTs that the operator named, its keys, and the rule that turns its claims into a caller.

use crate::claims::{self, Jws};
use crate::digest::Hash;
use crate::failure::{Failure, Lack, Lacking, clean};
use crate::keys::{self, KeySet, Keys};
use crate::principal::{CallerKind, Method, Owner, Principal};
use crate::rule::{self, Pattern, Rule};
use crate::scope::Scope;
use crate::source::Source;
use crate::token::hash_name;
use jsonwebtoken::Algorithm;
use serde_json::Value;
use std::sync::{Arc, PoisonError, RwLock};
use units::{Organisation, Subject, Team, Timestamp};

/// The rules that say who a proof's claims are about.
#[derive(Debug, Clone, Copy)]
pub struct Naming<'a> {
    /// The rule's name, for the log.
    pub name: &'a str,
    pub organisation: &'a Rule,
    pub team: &'a Rule,
    pub subject: &'a Rule,
}

impl Naming<'_> {
    /// The caller that these claims name.
    ///
    /// # Errors
    /// When a claim that is needed is missing, or is no name.
    pub fn owner(&self, said: &Value) -> Result<Owner, Failure> {
        let name = |from| rule::apply(from, said, self.name);
        let misfit = |what| claims::misfit(what, self.name);
        Ok(Owner {
            organisation: Organisation::new(name(self.organisation)?).map_err(|_| misfit("organisation"))?,
            team: Team::new(name(self.team)?).map_err(|_| misfit("team"))?,
            subject: Subject::new(name(self.subject)?).map_err(|_| misfit("subject"))?,
        })
    }
}

/// One issuer rule, as configured. Several rules may name one issuer, each with its own audience or conditions; the
/// first that fits a token is the one that speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// The rule's name; a token exchange selects a rule by it.
    pub name: String,
    /// What `iss` must be, exactly.
    pub url: String,
    /// What `aud` must be or contain, exactly.
    pub audience: String,
    /// The algorithms that are accepted: `RS256`, `ES256`, `EdDSA`, … never an HMAC.
    pub algorithms: Vec<String>,
    /// The issuer's public keys.
    pub keys: Keys,
    /// The organisation of its callers.
    pub organisation: Rule,
    /// Their team.
    pub team: Rule,
    /// Their name.
    pub subject: Rule,
    /// Whether they are people or programs.
    pub kind: CallerKind,
    /// Claims that must have exactly these values, or contain them. An issuer that serves the whole world (a public
    /// code host) needs at least one, or a pattern.
    pub required: Vec<(String, String)>,
    /// Claims that must fit one of their patterns, or contain something that does.
    pub allowed: Vec<(String, Vec<Pattern>)>,
    /// What its callers may do at most; none for everything.
    pub scope: Option<Scope>,
}

impl Issuer {
    pub(crate) fn naming(&self) -> Naming<'_> {
        let Self { name, organisation, team, subject, .. } = self;
        Naming { name, organisation, team, subject }
    }
}

/// An issuer with its keys, as far as they are here.
pub struct Trusted {
    pub rule: Issuer,
    algorithms: Vec<Algorithm>,
    keys: Held,
}

enum Held {
    Here(KeySet),
    Fetched { source: Source, seconds_max: i64, last: RwLock<Option<(Arc<KeySet>, Timestamp)>> },
}

impl Trusted {
    /// Reads the issuer's algorithms, and its keys where they are here.
    ///
    /// # Errors
    /// In words, when an algorithm is unknown or symmetric, or no key can be used.
    pub fn new(rule: Issuer) -> Result<Self, String> {
        let algorithms = keys::algorithms(&rule.algorithms)?;
        let keys = match &rule.keys {
            Keys::Here(set) => Held::Here(KeySet::new(&algorithms, set)?),
            Keys::Fetched { .. } if algorithms.is_empty() => return Err("no algorithm is accepted".into()),
            Keys::Fetched { source, seconds_max } => {
                let (source, last) = (source.clone(), RwLock::default());
                Held::Fetched { source, seconds_max: *seconds_max, last }
            }
        };
        Ok(Self { rule, algorithms, keys })
    }

    /// Whether the token says it comes from this issuer, for this audience.
    pub fn is_named_by(&self, said: &Value) -> bool {
        claims::text(said, "iss") == Some(&self.rule.url) && claims::is_for(said, &self.rule.audience)
    }

    /// The first claim that does not meet the rule's conditions.
    pub fn unmet(&self, said: &Value) -> Option<&str> {
        rule::unmet(&self.rule.required, &self.rule.allowed, said)
    }

    /// Takes keys that were fetched; whether tokens signed by earlier ones are no longer to be believed.
    ///
    /// # Errors
    /// In words, when no key can be used; the earlier ones stay.
    pub fn keep(&self, jwks: &str, fetched: Timestamp) -> Result<bool, String> {
        let Held::Fetched { last, .. } = &self.keys else { return Ok(false) };
        let set = Arc::new(KeySet::new(&self.algorithms, jwks)?);
        let mut last = last.write().unwrap_or_else(PoisonError::into_inner);
        let lost = last.as_ref().is_some_and(|(earlier, _)| earlier.lost_one(&set));
        *last = Some((set, fetched));
        Ok(lost)
    }

    /// Whom the token speaks for, and until when.
    ///
    /// # Errors
    /// When anything about it does not fit this issuer's rule.
    pub fn verify(
        &self,
        token: &Jws<'_>,
        said: &Value,
        hash: &Hash,
        now: Timestamp,
    ) -> Result<(Principal, Timestamp), Failure> {
        if !self.is_named_by(said) {
            return Err(claims::misfit("iss or aud", &self.rule.name));
        }
        let believed_until = self.check_signature(token, now)?;
        let until = claims::holds_until(said, now)?;
        if let Some(claim) = self.unmet(said) {
            return Err(claims::misfit(claim, &self.rule.name));
        }
        let proof = claims::id(said).unwrap_or_else(|| hash_name(hash));
        let owner = self.rule.naming().owner(said)?;
        let principal = Principal::new(owner, Method::Jwt, proof)
            .of_kind(self.rule.kind)
            .within(self.rule.scope.iter().cloned());
        Ok((principal, believed_until.map_or(until, |at| at.min(until))))
    }

    /// Checks the signature; until when the key is believed, where that is known.
    fn check_signature(&self, token: &Jws<'_>, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
        let (source, seconds_max, last) = match &self.keys {
            Held::Here(keys) => return keys.check(token, &self.rule.name).map(|()| None),
            Held::Fetched { source, seconds_max, last } => (source, *seconds_max, last),
        };
        let held = last.read().unwrap_or_else(PoisonError::into_inner).clone();
        let fetched = held.as_ref().map(|(_, fetched)| *fetched);
        let lacking = |lack| {
            Failure::Keys(Box::new(Lacking {
                rule: self.rule.name.clone(),
                source: source.clone(),
                key: token.key.as_deref().map(clean),
                fetched,
                lack,
            }))
        };
        let (keys, fetched) = held.ok_or_else(|| lacking(Lack::NotFetched))?;
        let until = fetched.plus_seconds(seconds_max);
        if now >= until {
            return Err(lacking(Lack::Stale));
        }
        match keys.check(token, &self.rule.name) {
            Ok(()) => Ok(Some(until)),
            Err(Failure::Unknown { .. }) => Err(lacking(Lack::NoSuchKey)),
            Err(failure) => Err(failure),
        }
    }

    /// For tests of signatures alone.
    #[cfg(test)]
    pub fn accepts_signature(&self, token: &Jws<'_>) -> bool {
        self.check_signature(token, Timestamp::from_seconds(0)).is_ok()
    }
}
