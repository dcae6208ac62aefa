//! Why a proof was not accepted: one text for the log, a barer one for the client. Neither holds a secret.

use crate::access_key::SKEW_SECONDS_MAX;
use crate::source::Source;
use units::Timestamp;

/// Why nobody was authenticated. The text is for the log and names what was wrong with the proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No credential came.
    #[error("the request carries no credential")]
    Missing,
    /// Several credentials that differ, or one header twice: whoever reads the other one sees another caller.
    #[error("the request carries more than one credential ({0})")]
    Conflicting(&'static str),
    /// Not in the form it claims to have.
    #[error("the credential is malformed: {0}")]
    Malformed(&'static str),
    /// Names or is something that the directory does not hold.
    #[error("{what} `{name}` is not in the directory")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
        /// Its name, cut and cleaned; a secret is never named but by a prefix of its hash.
        name: String,
    },
    /// The token's algorithm or key is not one pinned for its issuer.
    #[error("{0}")]
    Algorithm(&'static str),
    /// The signature is not that of the key.
    #[error("the signature of `{0}` does not match")]
    Signature(String),
    /// The body is not the one that was signed, or was not signed at all.
    #[error("{0}")]
    Body(&'static str),
    /// A header that has to be covered by the signature is not.
    #[error("header `{0}` is present but not signed")]
    Unsigned(String),
    /// The signature was made for something else.
    #[error("the signature is for another {0}")]
    Scope(&'static str),
    /// The client's clock and ours disagree.
    #[error("the request is dated {0} s away from this server's clock")]
    Skew(i64),
    /// Over.
    #[error("the {what} expired at {at}")]
    Expired {
        /// What kind of proof.
        what: &'static str,
        /// When.
        at: Timestamp,
    },
    /// Not yet begun.
    #[error("the token is not valid before {0}")]
    NotYet(Timestamp),
    /// A claim is missing or is not what the issuer's rule asks for.
    #[error("claim `{claim}` is missing or does not fit rule `{rule}`")]
    Claim {
        /// The claim.
        claim: String,
        /// The rule's name.
        rule: String,
    },
    /// A key that was ended before its time.
    #[error("key `{0}` was revoked")]
    Revoked(String),
    /// Good for one use, and perhaps used.
    #[error("the proof counts only once, and {0}")]
    Replayed(&'static str),
    /// Proved, but not for this use.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The issuer's keys are not here, or hold none of that name: they may be fetched.
    #[error("{0}")]
    Keys(Box<Lacking>),
    /// Whoever has to be asked about the proof does not answer.
    #[error("{0} does not answer now; try again later")]
    Unreachable(&'static str),
    /// What is asked for a proof cannot be had that way.
    #[error("{about}")]
    Request {
        /// The word for it in the protocol that it is asked in.
        code: &'static str,
        /// What is wrong.
        about: &'static str,
    },
    /// This directory issues no tokens.
    #[error("no key to sign tokens with is configured")]
    NoTokenKey,
}

/// What is missing of an issuer's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// The rule that needs them.
    pub rule: String,
    /// Where they are fetched.
    pub source: Source,
    /// The key that the token names, cut and cleaned.
    pub key: Option<String>,
    /// When the keys at hand were fetched.
    pub fetched: Option<Timestamp>,
    /// What is missing.
    pub lack: Lack,
}

/// What can be missing of an issuer's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// All: they were never fetched.
    NotFetched,
    /// They are older than they may be.
    Stale,
    /// The one that the token names.
    NoSuchKey,
}

impl std::fmt::Display for Lacking {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rule, source, key, lack, .. } = self;
        match lack {
            Lack::NotFetched => write!(out, "the keys of rule `{rule}` were never fetched from {source}"),
            Lack::Stale => write!(out, "the keys of rule `{rule}` from {source} are too old to be believed"),
            Lack::NoSuchKey => {
                let key = key.as_deref().unwrap_or_default();
                write!(out, "signing key `{key}` is not among the keys of rule `{rule}` from {source}")
            }
        }
    }
}

/// What kind of refusal it is, for those who turn it into a status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// No credential.
    Missing,
    /// Not well formed.
    Malformed,
    /// Unknown, wrong, or for something else.
    Invalid,
    /// Was valid once, or will be.
    Expired,
    /// Clocks differ.
    Skew,
    /// Valid, but not for this.
    Forbidden,
    /// The request itself is wrong, whatever it proves.
    Request,
    /// Cannot be checked now, and perhaps later.
    Later,
    /// Not offered here.
    Unavailable,
}

const INVALID: &str = "the credential is not valid: it is unknown here, or its signature does not match";

impl Failure {
    /// What kind of refusal this is.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Missing => Kind::Missing,
            Self::Conflicting(_) | Self::Malformed(_) => Kind::Malformed,
            Self::Unknown { .. }
            | Self::Algorithm(_)
            | Self::Signature(_)
            | Self::Body(_)
            | Self::Unsigned(_)
            | Self::Scope(_)
            | Self::Replayed(_)
            | Self::Claim { .. } => Kind::Invalid,
            Self::Expired { .. } | Self::NotYet(_) | Self::Revoked(_) => Kind::Expired,
            Self::Skew(_) => Kind::Skew,
            Self::Forbidden(_) => Kind::Forbidden,
            Self::Keys(lacking) => match lacking.lack {
                Lack::NotFetched | Lack::Stale => Kind::Later,
                Lack::NoSuchKey => Kind::Invalid,
            },
            Self::Unreachable(_) => Kind::Later,
            Self::Request { .. } => Kind::Request,
            Self::NoTokenKey => Kind::Unavailable,
        }
    }

    /// What the client is told: enough to mend its own request, nothing about what the directory holds.
    pub fn public(&self) -> String {
        match self {
            Self::Missing => {
                "no credential: send `x-api-key`, a bearer token or an AWS signature (version 4)".into()
            }
            Self::Unknown { .. } | Self::Algorithm(_) | Self::Signature(_) | Self::Claim { .. } => {
                INVALID.into()
            }
            Self::Keys(lacking) => match lacking.lack {
                Lack::NotFetched | Lack::Stale => {
                    "the token cannot be checked now: the keys of its issuer cannot be had; try again later"
                        .into()
                }
                Lack::NoSuchKey => INVALID.into(),
            },
            Self::Expired { what, .. } => format!("the {what} has expired"),
            Self::NotYet(_) => "the token is not valid yet".into(),
            Self::Revoked(_) => "the key was revoked".into(),
            Self::Skew(_) => {
                format!("{self}; at most {SKEW_SECONDS_MAX} s are accepted")
            }
            Self::Conflicting(_)
            | Self::Malformed(_)
            | Self::Body(_)
            | Self::Unsigned(_)
            | Self::Scope(_)
            | Self::Replayed(_)
            | Self::Forbidden(_)
            | Self::Unreachable(_)
            | Self::Request { .. }
            | Self::NoTokenKey => self.to_string(),
        }
    }
}

/// A name out of a request, made fit for a log: at most 80 printable ASCII characters, no backticks or quotes.
pub fn clean(name: &str) -> String {
    name.chars()
        .take(80)
        .map(|letter| match letter {
            '`' | '"' | '\\' => '?',
            _ if letter.is_ascii_graphic() => letter,
            _ => '?',
        })
        .collect()
}
