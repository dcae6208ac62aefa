//! Who calls, once it is proved.

use crate::digest::sha256_parts;
use crate::failure::Failure;
use crate::role::Role;
use crate::scope::Scope;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use units::{Organisation, Subject, Team};

/// Whom a credential speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The organisation that pays.
    pub organisation: Organisation,
    /// The team within it.
    pub team: Team,
    /// The person or workload.
    pub subject: Subject,
}

impl fmt::Display for Owner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}/{}", self.organisation, self.team, self.subject)
    }
}

/// How the caller proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// A secret known to the directory by its hash.
    VirtualKey,
    /// A token of an issuer that the operator named.
    Jwt,
    /// An AWS signature, version 4.
    SigV4,
    /// One of our own short-lived tokens.
    OfftakeToken,
    /// A browser's session with the portal.
    Session,
    /// A client certificate that TLS verified.
    Mtls,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 6] =
        [Self::VirtualKey, Self::Jwt, Self::SigV4, Self::OfftakeToken, Self::Session, Self::Mtls];

    /// The word used in records and policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VirtualKey => "virtual-key",
            Self::Jwt => "jwt",
            Self::SigV4 => "sigv4",
            Self::OfftakeToken => "offtake-token",
            Self::Session => "session",
            Self::Mtls => "mtls",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// What a caller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CallerKind {
    /// A program.
    #[default]
    Workload,
    /// A person.
    User,
}

impl CallerKind {
    /// Every kind, with the word for it.
    pub const ALL: [(Self, &'static str); 2] = [(Self::Workload, "workload"), (Self::User, "user")];
}

/// A proved caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The organisation that pays.
    pub organisation: Organisation,
    /// The team within it.
    pub team: Team,
    /// The person or workload.
    pub subject: Subject,
    /// Which of the two.
    pub kind: CallerKind,
    /// What a person does in the portal, in order; a workload has no role.
    pub roles: Arc<[Role]>,
    /// How it was proved.
    pub method: Method,
    /// A name for the proof that is no secret: a key's name, an access key id, a token's id.
    pub proof: String,
    /// 128 bits of SHA-256 over organisation, team and subject: equal for equal callers however they proved it,
    /// so decisions can be remembered by it.
    pub class: u128,
    /// What the proof may be used for: within all of these. None for everything that the caller may do.
    pub scope: Arc<[Scope]>,
}

impl Principal {
    /// The caller `owner`, proved by `method`.
    pub fn new(owner: Owner, method: Method, proof: impl Into<String>) -> Self {
        let Owner { organisation, team, subject } = owner;
        let class = class(organisation.as_str(), team.as_str(), subject.as_str());
        Self {
            organisation,
            team,
            subject,
            kind: CallerKind::default(),
            roles: Arc::default(),
            method,
            proof: proof.into(),
            class,
            scope: Arc::default(),
        }
    }

    /// The same caller as what it is.
    #[must_use]
    pub fn of_kind(mut self, kind: CallerKind) -> Self {
        self.kind = kind;
        self
    }

    /// The same caller, a person with these roles.
    #[must_use]
    pub fn with_roles(mut self, roles: &BTreeSet<Role>) -> Self {
        self.kind = CallerKind::User;
        self.roles = roles.iter().copied().collect();
        self
    }

    /// The same caller, within these scopes as well.
    #[must_use]
    pub fn within(mut self, more: impl IntoIterator<Item = Scope>) -> Self {
        let mut more = more.into_iter().peekable();
        if more.peek().is_some() {
            self.scope = self.scope.iter().cloned().chain(more).collect();
        }
        self
    }

    /// Whether the proof may be used for this action on this model.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] when it may not.
    pub fn check_scope(&self, action: &str, model: &str) -> Result<(), Failure> {
        if self.scope.iter().all(|scope| scope.covers(action, model)) {
            return Ok(());
        }
        Err(Failure::Forbidden("the scope of this credential does not cover this call"))
    }

    /// The same caller by another method, such as a portal session after a login.
    #[must_use]
    pub fn with_method(&self, method: Method) -> Self {
        Self { method, ..self.clone() }
    }
}

impl fmt::Display for Principal {
    /// `organisation/team/subject`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}/{}", self.organisation, self.team, self.subject)
    }
}

/// Names hold no control characters, so a zero byte between them keeps `a/b` + `c` apart from `a` + `b/c`.
fn class(organisation: &str, team: &str, subject: &str) -> u128 {
    let hash = sha256_parts(&[organisation.as_bytes(), b"\0", team.as_bytes(), b"\0", subject.as_bytes()]);
    hash.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(organisation: &str, team: &str, subject: &str) -> Principal {
        let owner = Owner {
            organisation: Organisation::new(organisation).unwrap(),
            team: Team::new(team).unwrap(),
            subject: Subject::new(subject).unwrap(),
        };
        Principal::new(owner, Method::VirtualKey, "k")
    }

    #[test]
    fn the_class_is_the_caller_not_the_proof() {
        let alice = principal("acme", "ml", "alice");
        assert_eq!(alice.class, alice.with_method(Method::Jwt).class);
        for other in [
            principal("acme", "ml", "bob"),
            principal("acm", "eml", "alice"),
            principal("acme", "mla", "lice"),
        ] {
            assert_ne!(alice.class, other.class, "{other}");
        }
    }
}
