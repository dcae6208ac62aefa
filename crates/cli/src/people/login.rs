//! Logging in at the configured provider, and out again: authorisation code with PKCE (OpenID Connect Core 1.0; RFC 7636,
//! RFC 9207).
//!
//! Stays true: the browser that finishes a login is the one that began it (`state`, kept in a sealed cookie); the id
//! token answers this login (`nonce`); the code is of no use to anybody else (PKCE); the redirect address is the one
//! configured, never one that a request names; nobody is sent anywhere but to a path of this portal.

use super::form;
use super::keys::{Unbelieved, challenge};
use super::provider::{Provider, Redeem};
use super::session::{Session, cookie, cookie_name, set_cookie};
use super::{People, Unknown, printable};
use crate::place;
use config::{Login, Origin};
use http::HeaderMap;
use identity::Owner;
use serde::{Deserialize, Serialize};
use units::Timestamp;

/// How long somebody may take to log in, in seconds.
const PATIENCE: i64 = 600;

/// What a login has to remember until the provider sends the browser back.
#[derive(Serialize, Deserialize)]
struct Begun {
    state: String,
    nonce: String,
    verifier: String,
    to: String,
    until: i64,
}

/// Where to send the browser, and the cookies it takes along.
pub struct Sent {
    /// The address.
    pub to: String,
    /// `Set-Cookie`.
    pub cookies: Vec<String>,
}

/// Why nobody is logged in: what they are told, and what the log says.
pub struct Refused {
    /// A heading.
    pub title: &'static str,
    /// What to do.
    pub text: String,
    /// For the log.
    pub why: String,
    /// Whether the provider is to blame.
    pub elsewhere: bool,
}

impl Refused {
    fn again(why: impl Into<String>) -> Self {
        let text = "This login cannot be finished: it was begun in another window, took too long, or was changed on \
                    the way. Log in again."
            .to_owned();
        Self { title: "That did not work", text, why: why.into(), elsewhere: false }
    }

    fn elsewhere(why: impl Into<String>) -> Self {
        let text =
            "The provider that people log in at did not answer as it should. The log says more.".to_owned();
        Self { title: "Nobody can log in right now", text, why: why.into(), elsewhere: true }
    }
}

impl People {
    /// Begins a login that leads to `to`.
    ///
    /// # Errors
    /// When the provider cannot be reached.
    pub async fn begin(
        &self,
        login: &Login,
        address: &Origin,
        to: &str,
        now: Timestamp,
    ) -> Result<Sent, Refused> {
        let provider = self.providers.get(login, now).await.map_err(Refused::elsewhere)?;
        let random = || place::random_text::<32>().map_err(|error| Refused::elsewhere(error.to_string()));
        let begun = Begun {
            state: random()?,
            nonce: random()?,
            verifier: random()?,
            to: form::own_path(to).to_owned(),
            until: now.plus_seconds(PATIENCE).seconds(),
        };
        let query = form::encode(&[
            ("response_type", "code"),
            ("client_id", &login.client_id),
            ("redirect_uri", &redirect(address)),
            ("scope", &login.scopes.join(" ")),
            ("state", &begun.state),
            ("nonce", &begun.nonce),
            ("code_challenge", &challenge(&begun.verifier)),
            ("code_challenge_method", "S256"),
        ]);
        let endpoint = &provider.description.authorization_endpoint;
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        let sealed = self.sessions.seal(&begun).map_err(|error| Refused::elsewhere(error.to_string()))?;
        Ok(Sent {
            to: format!("{endpoint}{joint}{query}"),
            cookies: vec![set_cookie(address, "login", &sealed, PATIENCE)],
        })
    }

    /// Finishes a login that the provider has sent the browser back from.
    ///
    /// # Errors
    /// When it was not begun here, is over, was finished before, or the provider's answer is not to be believed.
    pub async fn finish(
        &self,
        login: &Login,
        address: &Origin,
        (headers, query): (&HeaderMap, &str),
        now: Timestamp,
    ) -> Result<Sent, Refused> {
        let asked = form::decode(query).ok_or_else(|| Refused::again("the address names a field twice"))?;
        let field = |name| form::field(&asked, name);
        let kept = cookie(headers, &cookie_name(address, "login"));
        let begun: Begun = kept
            .and_then(|sealed| self.sessions.open(sealed))
            .ok_or_else(|| Refused::again("no login was begun in this browser, or its cookie was changed"))?;
        let until = Timestamp::from_seconds(begun.until);
        if now >= until {
            return Err(Refused::again("the login took too long"));
        }
        if !is_same(&begun.state, field("state")) {
            return Err(Refused::again("the state is another login's"));
        }
        let provider = self.providers.get(login, now).await.map_err(Refused::elsewhere)?;
        check_sender(&provider, field("iss"))?;
        if !field("error").is_empty() {
            return Err(Refused {
                title: "You were not logged in",
                text: format!("The provider says: {}.", printable(field("error"))),
                why: format!("the provider refused: {}", printable(field("error"))),
                elsewhere: false,
            });
        }
        if field("code").is_empty() {
            return Err(Refused::again("there is no code"));
        }
        if !self.sessions.finish(&begun.state, until, now) {
            return Err(Refused::again("the login was finished before"));
        }
        let _turn = self.redeeming.acquire().await;
        let redeem = Redeem {
            code: field("code"),
            redirect: &redirect(address),
            verifier: &begun.verifier,
            nonce: &begun.nonce,
        };
        let claims = provider.redeem(&redeem, now).await.map_err(Refused::elsewhere)?;
        let person =
            login.people.person(&claims).map_err(|failure| Refused::elsewhere(failure.to_string()))?;
        if person.roles.is_empty() {
            return Err(Refused {
                title: "Nobody has given you a role here",
                text: format!("You are {}. Whoever runs this portal can let you in.", person.owner.subject),
                why: format!("{} has no role", person.owner),
                elsewhere: false,
            });
        }
        tracing::info!(person = %person.owner, "logged in");
        let session = Session { claims, with: with(login), until: now.plus_seconds(login.session_seconds) };
        let name =
            self.sessions.begin(session, now).map_err(|error| Refused::elsewhere(error.to_string()))?;
        Ok(Sent {
            to: form::own_path(&begun.to).to_owned(),
            cookies: vec![
                set_cookie(address, "session", &name, login.session_seconds),
                set_cookie(address, "login", "", 0),
            ],
        })
    }
}

impl People {
    /// Whose id token a terminal shows.
    ///
    /// # Errors
    /// When it is not to be believed, or they have no role.
    pub async fn terminal(&self, login: &Login, token: &str, now: Timestamp) -> Result<Owner, Unknown> {
        let provider = self.providers.get(login, now).await.map_err(Unknown::Later)?;
        let assertion = provider.terminal(token, now).await.map_err(|error| match error {
            Unbelieved::Token(_) => Unknown::Refused(error.to_string()),
            Unbelieved::Keys(_) => Unknown::Later(error.to_string()),
        })?;
        let person = login.people.person(&assertion.claims);
        let person = person.map_err(|failure| Unknown::Refused(failure.to_string()))?;
        if person.roles.is_empty() { Err(Unknown::NoRole(person.owner)) } else { Ok(person.owner) }
    }

    /// Whether terminals can log in at the provider.
    ///
    /// # Errors
    /// When they cannot, or it cannot be reached.
    pub async fn has_device_flow(&self, login: &Login, now: Timestamp) -> Result<(), String> {
        let provider = self.providers.get(login, now).await?;
        let endpoint = &provider.description.device_authorization_endpoint;
        endpoint.as_ref().map(drop).ok_or_else(|| "the provider has no device flow".to_owned())
    }

    /// Where people log out of the provider itself, where that is known.
    pub async fn end_session_endpoint(&self, login: &Login, now: Timestamp) -> Option<String> {
        self.providers.get(login, now).await.ok()?.description.end_session_endpoint.clone()
    }
}

/// Where the provider sends people back to: exactly what is registered there.
fn redirect(address: &Origin) -> String {
    format!("{address}/login/callback")
}

/// Whom a session's person logged in with.
pub fn with(login: &Login) -> String {
    format!("{} {}", login.issuer, login.client_id)
}

fn is_same(one: &str, other: &str) -> bool {
    // By their hashes, so that how long it takes says nothing.
    super::session::hash(one) == super::session::hash(other)
}

/// RFC 9207: an answer of another provider, mixed in, is not taken for this one's.
fn check_sender(provider: &Provider, said: &str) -> Result<(), Refused> {
    let needed = provider.description.authorization_response_iss_parameter_supported;
    if said == provider.login.issuer || (said.is_empty() && !needed) {
        return Ok(());
    }
    Err(Refused::again("the answer is another provider's"))
}
