//! The portal of one configuration: where people reach it, how they prove who they are, whom the playground acts as.

use crate::Secret;
use identity::{AssertionRule, People};
use std::fmt;
use units::{Organisation, Subject, Team};

/// The portal. With neither a login nor a forwarded identity it is for this machine only.
#[derive(Debug, Clone, Default)]
pub struct Portal {
    /// Whom the playground acts as where nobody logs in; none means that it has no playground then.
    pub playground: Option<(Organisation, Team, Subject)>,
    /// Where people reach it; always there with a login or a forwarded identity.
    pub address: Option<Origin>,
    /// How people log in.
    pub login: Option<Login>,
    /// The identity that a proxy in front sends along.
    pub forwarded: Option<Forwarded>,
}

impl Portal {
    /// Whether people prove who they are, so that the portal may be shown beyond this machine.
    pub const fn knows_people(&self) -> bool {
        self.login.is_some() || self.forwarded.is_some()
    }
}

/// `https://host[:port]`, or `http://` on a loopback name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Whether it is reached over TLS, so that cookies are for TLS only.
    pub secure: bool,
    /// What `Host` must be: `host[:port]`, in lower case.
    pub authority: String,
}

impl Origin {
    /// Scheme and authority of an address that may carry secrets (over TLS, or on this machine), and the path that
    /// follows.
    pub fn of(text: &str) -> Option<(Self, &str)> {
        let (secure, rest) = match text.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("http://")?),
        };
        let end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                port.parse::<u16>().ok()?;
                host
            }
            _ => authority,
        };
        let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_[]:".contains(letter);
        let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        let good = !host.is_empty() && host.chars().all(plain) && !path.contains(['#', ' ']);
        (good && (secure || loopback))
            .then(|| (Self { secure, authority: authority.to_ascii_lowercase() }, path))
    }
}

impl fmt::Display for Origin {
    /// As browsers write it in `Origin`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}://{}", if self.secure { "https" } else { "http" }, self.authority)
    }
}

/// Logging in by OpenID Connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The provider, exactly as in its tokens.
    pub issuer: String,
    /// Who this portal is there.
    pub client_id: String,
    /// What it proves that with; a public client has none.
    pub client_secret: Option<Secret>,
    /// Who `offtake login` is there: a public client that may use the device flow.
    pub terminal_client_id: Option<String>,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// The algorithms an id token may be signed by.
    pub algorithms: Vec<String>,
    /// Whether claims are also asked for at the provider's userinfo endpoint.
    pub userinfo: bool,
    /// How long a session lasts.
    pub session_seconds: i64,
    /// Who people are, and what they may do.
    pub people: People,
}

/// An identity that a load balancer or an access proxy proves with every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarded {
    /// The header it comes in, in lower case.
    pub header: String,
    /// What must be true of it.
    pub rule: AssertionRule,
    /// Whose signatures count.
    pub keys: KeySource,
    /// Who people are, and what they may do.
    pub people: People,
}

/// Where an issuer's public keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// Here: a JWK set, in JSON.
    Text(String),
    /// A JWK set at this address.
    Address(String),
    /// One key in PEM at this address, a slash, and the key's name.
    EachAt(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_may_carry_secrets() {
        let origin = |text| Origin::of(text).map(|(origin, path)| (origin.to_string(), path));
        for (text, want) in [
            ("https://Offtake.example.com", ("https://offtake.example.com", "")),
            ("https://offtake.example.com:8443/x", ("https://offtake.example.com:8443", "/x")),
            ("http://127.0.0.1:8787", ("http://127.0.0.1:8787", "")),
            ("http://localhost:8787/", ("http://localhost:8787", "/")),
            ("http://[::1]:8787", ("http://[::1]:8787", "")),
        ] {
            assert_eq!(origin(text), Some((want.0.to_owned(), want.1)), "{text}");
        }
        for wrong in [
            "offtake.example.com",
            "http://offtake.example.com",
            "http://127.0.0.1.evil.example",
            "http://localhost.evil.example",
            "https://",
            "https://:443",
            "https://user@host",
            "https://host:port",
            "https://host:99999",
            "https://host?x",
            "https://host/#x",
            "https://ho st",
            "ftp://host",
            "javascript://host",
        ] {
            assert_eq!(origin(wrong), None, "{wrong}");
        }
    }
}
