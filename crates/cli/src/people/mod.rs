//! People: who is looking at the portal, by which proof, and what they may do.
//!
//! Three ways. On this machine, where nothing is configured, whoever sits here looks and changes nothing. With a login,
//! a session's cookie. With a forwarded identity, the signed token of the proxy in front, checked with every request.
//! What somebody may do is worked out with every request from the configuration that serves it.

pub mod fetch;
pub mod form;
pub mod keys;
pub mod login;
pub mod provider;
pub mod revoked;
pub mod session;

use crate::failure::Failure;
use config::{Forwarded, Portal};
use http::HeaderMap;
use http::header::{HOST, HeaderName};
use http::request::Parts;
use http::uri::Authority;
use identity::{Assertions, Owner, Person, Role};
use keys::{KeyRing, Unbelieved};
use provider::Providers;
use session::{Handle, Sessions, cookie, cookie_name};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use units::Timestamp;

/// How many codes are exchanged at a time.
const REDEEMING: usize = 16;

/// What the portal remembers of people between requests.
pub struct People {
    /// Who is logged in.
    pub sessions: Sessions,
    providers: Providers,
    proxies: Mutex<Option<Arc<KeyRing>>>,
    redeeming: Semaphore,
}

/// Somebody who is looking.
#[derive(Debug, Clone)]
pub struct Looker {
    /// Whom their calls are made for; none on this machine.
    pub owner: Option<Owner>,
    /// What they do.
    pub roles: BTreeSet<Role>,
    /// How they are known.
    pub way: Way,
}

/// How somebody is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// They sit at this machine, and nobody else can look.
    Here,
    /// They logged in.
    Session(Handle),
    /// A proxy in front says so, and signs it.
    Forwarded,
}

/// Why somebody sees nothing.
#[derive(Debug)]
pub enum Unknown {
    /// They have to log in first.
    LogIn,
    /// Their proof is wrong; the reason is for the log.
    Refused(String),
    /// They are known, and have no role.
    NoRole(Owner),
    /// Their proof cannot be checked now; the reason is for the log.
    Later(String),
}

impl std::fmt::Display for Unknown {
    /// For the log.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LogIn => out.write_str("not logged in"),
            Self::Refused(why) | Self::Later(why) => out.write_str(why),
            Self::NoRole(owner) => write!(out, "{owner} has no role"),
        }
    }
}

impl People {
    /// Nobody yet.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new() -> Result<Self, Failure> {
        Ok(Self {
            sessions: Sessions::new()?,
            providers: Providers::default(),
            proxies: Mutex::default(),
            redeeming: Semaphore::new(REDEEMING),
        })
    }

    /// Who sends these headers, where people have to prove who they are.
    ///
    /// # Errors
    /// When that is nobody, or nobody who may look.
    pub async fn looker(
        &self,
        portal: &Portal,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Looker, Unknown> {
        // A header that is there must be good: one that is not is never passed over for a cookie.
        if let Some(forwarded) = &portal.forwarded
            && headers.contains_key(&forwarded.header)
        {
            let person = self.forwarded(forwarded, headers, now).await?;
            return allowed(person, Way::Forwarded);
        }
        let (Some(login), Some(address)) = (&portal.login, &portal.address) else {
            return Err(Unknown::Refused("there is no signed identity".to_owned()));
        };
        let name = cookie(headers, &cookie_name(address, "session")).ok_or(Unknown::LogIn)?;
        let (handle, session) = self.sessions.find(name, now).ok_or(Unknown::LogIn)?;
        if session.with != login::with(login) {
            return Err(Unknown::LogIn);
        }
        let person = login.people.person(&session.claims);
        allowed(person.map_err(|failure| Unknown::Refused(failure.to_string()))?, Way::Session(handle))
    }

    async fn forwarded(
        &self,
        forwarded: &Forwarded,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Person, Unknown> {
        let refused = |why: &str| Unknown::Refused(why.to_owned());
        let name =
            HeaderName::from_bytes(forwarded.header.as_bytes()).map_err(|_| refused("no such header"))?;
        let mut values = headers.get_all(&name).iter();
        let (Some(token), None) = (values.next(), values.next()) else {
            return Err(refused("the signed identity comes twice"));
        };
        let token = token.to_str().map_err(|_| refused("the signed identity is no text"))?;
        let ring = {
            let mut held = self.proxies.lock().unwrap_or_else(PoisonError::into_inner);
            let same = held.as_ref().filter(|ring| ring.is_for(&forwarded.keys, &forwarded.rule));
            let ring = same.map_or_else(
                || Arc::new(KeyRing::new(forwarded.keys.clone(), forwarded.rule.clone())),
                Arc::clone,
            );
            *held = Some(Arc::clone(&ring));
            ring
        };
        let looked = ring.look(token, &|keys: &Assertions| keys.verify(token, now), now).await;
        let assertion = looked.map_err(|error| match error {
            Unbelieved::Token(_) => Unknown::Refused(error.to_string()),
            Unbelieved::Keys(_) => Unknown::Later(error.to_string()),
        })?;
        forwarded.people.person(&assertion.claims).map_err(|failure| Unknown::Refused(failure.to_string()))
    }
}

fn allowed(person: Person, way: Way) -> Result<Looker, Unknown> {
    if person.roles.is_empty() {
        return Err(Unknown::NoRole(person.owner));
    }
    Ok(Looker { owner: Some(person.owner), roles: person.roles, way })
}

impl Looker {
    /// Whoever sits at this machine: sees everything, and changes nothing.
    pub fn here() -> Self {
        let roles = BTreeSet::from([Role::Viewer, Role::FinOps, Role::Compliance]);
        Self { owner: None, roles, way: Way::Here }
    }

    /// Whether they have one of these roles; who administers may do everything.
    pub fn is(&self, roles: &[Role]) -> bool {
        self.roles.contains(&Role::Admin) || roles.iter().any(|role| self.roles.contains(role))
    }

    /// What their forms are bound to.
    pub fn binding(&self) -> Vec<u8> {
        match &self.way {
            Way::Here => b"here".to_vec(),
            Way::Session(handle) => [b"session", handle.as_slice()].concat(),
            Way::Forwarded => {
                let owner = self.owner.as_ref().map(ToString::to_string).unwrap_or_default();
                format!("forwarded {owner}").into_bytes()
            }
        }
    }
}

/// What a request names as its host, by either version of the protocol.
pub fn host(parts: &Parts) -> &str {
    let mut named = parts.headers.get_all(HOST).iter();
    let (header, line) = (named.next(), parts.uri.authority().map(Authority::as_str));
    match (header.map(|host| host.to_str().unwrap_or_default()), line) {
        (Some(header), None) if named.next().is_none() => header,
        (Some(header), Some(line)) if named.next().is_none() && header == line => header,
        (None, Some(line)) => line,
        // Two that differ: whoever reads the other one would see another host.
        _ => "",
    }
}

/// A word from elsewhere, made fit for a page or a log.
pub fn printable(text: &str) -> String {
    text.chars().take(80).map(|letter| if letter.is_ascii_graphic() { letter } else { '?' }).collect()
}
