//! Our own tokens: short-lived JWTs that this plane signs (HS256) and only this plane accepts.
//!
//! The header is compared byte for byte with the one we write, so nothing in a token chooses how it is checked.

use crate::digest::{Hash, hex, sha256};
use crate::failure::Failure;
use crate::principal::{CallerKind, Method, Owner, Principal};
use crate::scope::Scope;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use units::{Organisation, Subject, Team, Timestamp};

/// A token we signed.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// The token, to be handed to the caller and to nobody else.
    pub access_token: String,
    /// How long it lasts, in seconds.
    pub expires_in: i64,
    /// Its name in logs and records.
    pub id: String,
    /// What it may be used for at most, where that was narrowed.
    pub scope: Option<String>,
}

impl std::fmt::Debug for IssuedToken {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "IssuedToken({}, {} s)", self.id, self.expires_in)
    }
}

/// A key that signs tokens; its name is a prefix of its hash, so keys can be rolled without bookkeeping.
pub struct TokenKey {
    key: hmac::Key,
    /// The encoded header and its dot: what each token of this key begins with.
    prefix: String,
}

const NAME: &str = "offtake";

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    jti: String,
    iat: i64,
    exp: i64,
    org: String,
    team: String,
    sub: String,
    session: bool,
    /// Whether it is a person's.
    #[serde(default)]
    user: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scope: Vec<String>,
}

impl TokenKey {
    /// The key with these secret bytes.
    pub fn new(secret: &[u8]) -> Self {
        let name: String = hex(&sha256(secret)).chars().take(8).collect();
        let header = format!(r#"{{"alg":"HS256","kid":"{name}","typ":"JWT"}}"#);
        let prefix = URL_SAFE_NO_PAD.encode(header) + ".";
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret), prefix }
    }

    /// Whether this key may have signed `token`.
    pub fn is_named_by(&self, token: &str) -> bool {
        token.starts_with(&self.prefix)
    }

    /// A token for `principal`, named by `random`.
    pub fn sign(
        &self,
        principal: &Principal,
        lifetime: i64,
        now: Timestamp,
        random: [u8; 16],
    ) -> IssuedToken {
        let id = hex(&random);
        let claims = Claims {
            iss: NAME.into(),
            aud: NAME.into(),
            jti: id.clone(),
            iat: now.seconds(),
            exp: now.seconds().saturating_add(lifetime),
            org: principal.organisation.as_str().into(),
            team: principal.team.as_str().into(),
            sub: principal.subject.as_str().into(),
            session: principal.method == Method::Session,
            user: principal.kind == CallerKind::User,
            scope: principal.scope.iter().map(ToString::to_string).collect(),
        };
        // Strings and numbers always serialise.
        let payload = serde_json::to_vec(&claims).unwrap_or_default();
        let mut access_token = self.prefix.clone() + &URL_SAFE_NO_PAD.encode(payload);
        let tag = hmac::sign(&self.key, access_token.as_bytes());
        access_token.push('.');
        URL_SAFE_NO_PAD.encode_string(tag.as_ref(), &mut access_token);
        IssuedToken { access_token, expires_in: lifetime, id, scope: None }
    }

    /// Whom `token` was issued to, and until when.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<(Principal, Timestamp), Failure> {
        let wrong = || Failure::Signature("an Offtake token".into());
        let (signed, tag) = token.rsplit_once('.').ok_or_else(wrong)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| wrong())?;
        hmac::verify(&self.key, signed.as_bytes(), &tag).map_err(|_| wrong())?;
        let payload = signed.strip_prefix(&self.prefix).ok_or_else(wrong)?;
        let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| wrong())?;
        let claims: Claims = serde_json::from_slice(&payload).map_err(|_| wrong())?;
        if claims.iss != NAME || claims.aud != NAME {
            return Err(Failure::Scope("audience"));
        }
        let until = Timestamp::from_seconds(claims.exp);
        if now >= until {
            return Err(Failure::Expired { what: "token", at: until });
        }
        let owner = Owner {
            organisation: Organisation::new(&claims.org).map_err(|_| wrong())?,
            team: Team::new(&claims.team).map_err(|_| wrong())?,
            subject: Subject::new(&claims.sub).map_err(|_| wrong())?,
        };
        let method = if claims.session { Method::Session } else { Method::OfftakeToken };
        let scope: Result<Vec<Option<Scope>>, String> =
            claims.scope.iter().map(|scope| Scope::parse(scope)).collect();
        let scope = scope.map_err(|_| wrong())?.into_iter().flatten();
        let kind = if claims.user { CallerKind::User } else { CallerKind::Workload };
        Ok((Principal::new(owner, method, claims.jti).of_kind(kind).within(scope), until))
    }
}

/// Whether `secret` has the shape of a compact JWS: three parts, the first of which begins a JSON object (`{"` or `{` and white space).
pub fn looks_like_jws(secret: &str) -> bool {
    (secret.starts_with("ey") || secret.starts_with("ew"))
        && secret.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// A name for a proof that has none of its own.
pub fn hash_name(hash: &Hash) -> String {
    hex(hash).chars().take(16).collect()
}
