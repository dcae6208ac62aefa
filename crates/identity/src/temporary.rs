//! Temporary AWS keys that this plane issues, and knows again without having kept them.
//!
//! A session token says whose key it is, and until when, under our seal. The secret is made of the whole session token
//! by a key that only this plane has, so neither can be changed, and nothing about them is stored. A session token is no
//! bearer token: it proves nobody without a signature by the secret.

use crate::access_key::AccessKey;
use crate::credential::CREDENTIAL_BYTES_MAX;
use crate::digest::{hex, sha256};
use crate::failure::Failure;
use crate::principal::{Owner, Principal};
use crate::scope::Scope;
use crate::sigv4::AwsKey;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use units::{Organisation, Subject, Team, Timestamp};

/// A temporary key, as it is handed out.
#[derive(Clone, PartialEq, Eq)]
pub struct TemporaryKey {
    /// `ASIA…`.
    pub id: String,
    /// The secret access key.
    pub secret: String,
    /// What has to come with every signature.
    pub session_token: String,
    /// When it ends.
    pub expires: Timestamp,
}

impl std::fmt::Debug for TemporaryKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "TemporaryKey({}, until {})", self.id, self.expires)
    }
}

/// Issues temporary keys, and knows them again.
pub struct TemporaryKeys {
    seal: hmac::Key,
    secrets: hmac::Key,
    /// What each session token of this key begins with.
    prefix: String,
}

#[derive(Serialize, Deserialize)]
struct Session {
    id: String,
    exp: i64,
    org: String,
    team: String,
    sub: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scope: Vec<String>,
}

impl TemporaryKeys {
    /// Those of the token key with these secret bytes. Its seal is another than that of tokens.
    pub fn new(secret: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = |purpose: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, purpose).as_ref());
        let name: String = hex(&sha256(secret)).chars().take(8).collect();
        Self {
            seal: derived(b"offtake: session tokens of temporary access keys"),
            secrets: derived(b"offtake: secrets of temporary access keys"),
            prefix: format!("offtake-{name}."),
        }
    }

    /// A key for `principal` that ends at `expires`, named by `random`.
    pub fn issue(&self, principal: &Principal, expires: Timestamp, random: [u8; 16]) -> TemporaryKey {
        let letter = |byte: &u8| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(byte % 32)]);
        let id: String = "ASIA".chars().chain(random.iter().map(letter)).collect();
        let session = Session {
            id: id.clone(),
            exp: expires.seconds(),
            org: principal.organisation.as_str().into(),
            team: principal.team.as_str().into(),
            sub: principal.subject.as_str().into(),
            scope: principal.scope.iter().map(ToString::to_string).collect(),
        };
        // Strings and numbers always serialise.
        let payload = serde_json::to_vec(&session).unwrap_or_default();
        let sealed = self.prefix.clone() + &URL_SAFE_NO_PAD.encode(payload);
        let tag = hmac::sign(&self.seal, sealed.as_bytes());
        let session_token = format!("{sealed}.{}", URL_SAFE_NO_PAD.encode(tag));
        TemporaryKey { id, secret: self.secret(&session_token), session_token, expires }
    }

    fn secret(&self, session_token: &str) -> String {
        // As long as AWS's own.
        let mut secret = STANDARD.encode(hmac::sign(&self.secrets, session_token.as_bytes()));
        secret.truncate(40);
        secret
    }

    /// Whether this may be a session token of ours.
    pub fn is_named_by(&self, session_token: &str) -> bool {
        session_token.starts_with(&self.prefix)
    }

    /// The access key that the session token was issued with.
    ///
    /// # Errors
    /// When it is not of our making.
    pub fn find(&self, session_token: &str) -> Result<AwsKey, Failure> {
        let wrong = || Failure::Signature("a session token of ours".into());
        if session_token.len() > CREDENTIAL_BYTES_MAX {
            return Err(wrong());
        }
        let (sealed, tag) = session_token.rsplit_once('.').ok_or_else(wrong)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| wrong())?;
        hmac::verify(&self.seal, sealed.as_bytes(), &tag).map_err(|_| wrong())?;
        let payload = sealed.strip_prefix(&self.prefix).ok_or_else(wrong)?;
        let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| wrong())?;
        let session: Session = serde_json::from_slice(&payload).map_err(|_| wrong())?;
        let scope: Result<Vec<Option<Scope>>, String> =
            session.scope.iter().map(|scope| Scope::parse(scope)).collect();
        let key = AccessKey {
            id: session.id,
            secret: self.secret(session_token),
            session_token: Some(session_token.to_owned()),
            owner: Owner {
                organisation: Organisation::new(&session.org).map_err(|_| wrong())?,
                team: Team::new(&session.team).map_err(|_| wrong())?,
                subject: Subject::new(&session.sub).map_err(|_| wrong())?,
            },
            expires: Some(Timestamp::from_seconds(session.exp)),
        };
        Ok(AwsKey::new(key).within(scope.map_err(|_| wrong())?.into_iter().flatten()))
    }
}
