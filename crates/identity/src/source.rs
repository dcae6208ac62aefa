//! Where an issuer's keys are fetched.

use std::fmt;

/// Where keys are fetched. Always from the configuration, never from a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A JWK set at this address.
    Address(String),
    /// A JWK set at the address that this issuer's own description names (OpenID Connect Discovery 1.0).
    Issuer(String),
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => out.write_str(address),
            Self::Issuer(issuer) => {
                write!(out, "{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
            }
        }
    }
}
