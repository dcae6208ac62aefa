//! Sessions and what is needed before there is one: cookies that only this process can read or make.
//!
//! A session is a random name in a cookie; what it stands for is kept here, so that logging out, a changed configuration
//! or a restart ends it. What a login has to remember until the provider sends the browser back is kept in the
//! browser, sealed, so that logins that are never finished cost nothing.

use crate::failure::Failure;
use crate::place;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use config::Origin;
use http::HeaderMap;
use http::header::COOKIE;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use units::Timestamp;

/// How many people can be logged in at a time.
const SESSIONS_MAX: usize = 20_000;
/// How many finished logins are remembered, so that none is finished twice.
const FINISHED_MAX: usize = 20_000;

/// What a session's name hashes to.
pub type Handle = [u8; 32];

/// Somebody who logged in.
#[derive(Debug, Clone)]
pub struct Session {
    /// What the provider said of them.
    pub claims: Value,
    /// Whom they logged in with: it ends when that is no longer configured.
    pub with: String,
    /// When it ends.
    pub until: Timestamp,
}

/// Who is logged in.
pub struct Sessions {
    held: Mutex<HashMap<Handle, Session>>,
    finished: Mutex<HashMap<Handle, Timestamp>>,
    seal: RandomizedNonceKey,
    csrf: hmac::Key,
}

impl Sessions {
    /// Nobody, and fresh keys.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new() -> Result<Self, Failure> {
        let seal = RandomizedNonceKey::new(&AES_256_GCM, &place::random::<32>()?);
        Ok(Self {
            held: Mutex::default(),
            finished: Mutex::default(),
            seal: seal.map_err(|_| Failure::failed("no key to seal cookies with"))?,
            csrf: hmac::Key::new(hmac::HMAC_SHA256, &place::random::<32>()?),
        })
    }

    /// Begins a session and gives its name, for the cookie.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn begin(&self, session: Session, now: Timestamp) -> Result<String, Failure> {
        let name = place::random_text::<32>()?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut held, SESSIONS_MAX, |session| now < session.until);
        held.insert(hash(&name), session);
        Ok(name)
    }

    /// The session of this name, while it lasts.
    pub fn find(&self, name: &str, now: Timestamp) -> Option<(Handle, Session)> {
        let handle = hash(name);
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let session = held.get(&handle).filter(|session| now < session.until)?.clone();
        Some((handle, session))
    }

    /// Ends a session.
    pub fn end(&self, handle: &Handle) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(handle);
    }

    /// The sessions that last, for the page that shows who has access.
    pub fn all(&self, now: Timestamp) -> Vec<Session> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.values().filter(|session| now < session.until).cloned().collect()
    }

    /// Whether this login is finished for the first time.
    pub fn finish(&self, state: &str, until: Timestamp, now: Timestamp) -> bool {
        let mut finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut finished, FINISHED_MAX, |until| now < *until);
        finished.insert(hash(state), until).is_none()
    }

    /// What somebody's forms send along; `of` names them.
    pub fn csrf(&self, of: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.csrf, of))
    }

    /// Whether a form sent along what it was given.
    pub fn is_csrf(&self, of: &[u8], sent: &str) -> bool {
        let sent = URL_SAFE_NO_PAD.decode(sent).unwrap_or_default();
        hmac::verify(&self.csrf, of, &sent).is_ok()
    }

    /// A text that only [`Sessions::open`] can read.
    ///
    /// # Errors
    /// When it cannot be sealed.
    pub fn seal(&self, value: &impl Serialize) -> Result<String, Failure> {
        let mut bytes = serde_json::to_vec(value).map_err(Failure::failed)?;
        let nonce = self.seal.seal_in_place_append_tag(Aad::empty(), &mut bytes);
        let nonce = nonce.map_err(|_| Failure::failed("a cookie could not be sealed"))?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut bytes);
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What was sealed here, unless anything of it was changed.
    pub fn open<T: DeserializeOwned>(&self, sealed: &str) -> Option<T> {
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, text) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let text = self.seal.open_in_place(nonce, Aad::empty(), text).ok()?;
        serde_json::from_slice(text).ok()
    }
}

/// Drops what is over, and when that is not enough, everything: people log in again.
fn make_room<T>(held: &mut HashMap<Handle, T>, most: usize, lasts: impl Fn(&T) -> bool) {
    if held.len() >= most {
        held.retain(|_, one| lasts(one));
    }
    if held.len() >= most {
        held.clear();
    }
}

/// SHA-256: names are kept by it, so that nothing here is worth stealing.
pub fn hash(text: &str) -> Handle {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    hash
}

/// One of our cookies. Over TLS its name has the prefix that keeps other hosts and plain HTTP from setting it;
/// on this machine it has the port, for cookies are shared by all ports.
pub fn cookie_name(address: &Origin, what: &str) -> String {
    match (address.secure, address.authority.rsplit_once(':')) {
        (true, _) => format!("__Host-offtake-{what}"),
        (false, Some((_, port))) if !port.ends_with(']') => format!("offtake-{what}-{port}"),
        (false, _) => format!("offtake-{what}"),
    }
}

/// The cookie's value; none when it comes twice, for then somebody else set one of them.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// The header that sets the cookie, or ends it when it lasts no time.
pub fn set_cookie(address: &Origin, what: &str, value: &str, seconds: i64) -> String {
    let name = cookie_name(address, what);
    let secure = if address.secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn session(until: i64) -> Session {
        Session { claims: json!({"sub": "ada"}), with: "login".into(), until: at(until) }
    }

    #[test]
    fn a_session_lasts_until_it_ends_or_is_ended() {
        let sessions = Sessions::new().unwrap();
        let name = sessions.begin(session(100), at(1)).unwrap();
        let (handle, _) = sessions.find(&name, at(99)).unwrap();
        assert!(sessions.find(&name, at(100)).is_none());
        assert!(sessions.find("another", at(1)).is_none() && sessions.find("", at(1)).is_none());
        assert_eq!(sessions.all(at(99)).len(), 1);
        sessions.end(&handle);
        assert!(sessions.find(&name, at(1)).is_none());
    }

    #[test]
    fn what_is_sealed_is_read_back_and_nothing_else_is() {
        let sessions = Sessions::new().unwrap();
        let sealed = sessions.seal(&json!({"state": "s"})).unwrap();
        assert_eq!(sessions.open::<Value>(&sealed), Some(json!({"state": "s"})));
        assert_ne!(sealed, sessions.seal(&json!({"state": "s"})).unwrap());
        for at in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            // The last letter has bits that stand for nothing; then it is no base 64.
            assert_eq!(sessions.open::<Value>(&changed), None, "{at}");
        }
        assert_eq!(sessions.open::<Value>(&sealed[..sealed.len() / 2]), None);
        assert_eq!(sessions.open::<Value>(""), None);
        assert_eq!(Sessions::new().unwrap().open::<Value>(&sealed), None, "another process");
    }

    #[test]
    fn a_login_is_finished_once() {
        let sessions = Sessions::new().unwrap();
        assert!(sessions.finish("s", at(100), at(1)));
        assert!(!sessions.finish("s", at(100), at(2)));
        assert!(sessions.finish("t", at(100), at(2)));
    }

    #[test]
    fn the_table_is_bounded() {
        let sessions = Sessions::new().unwrap();
        for n in 0..i64::try_from(SESSIONS_MAX).unwrap() + 10 {
            sessions.begin(session(n % 2 * 1000), at(5)).unwrap();
        }
        assert!(sessions.held.lock().unwrap().len() <= SESSIONS_MAX);
    }

    #[test]
    fn forms_are_somebodys() {
        let sessions = Sessions::new().unwrap();
        let token = sessions.csrf(b"ada");
        assert!(sessions.is_csrf(b"ada", &token));
        for (of, sent) in [(&b"eve"[..], token.as_str()), (b"ada", ""), (b"ada", "x"), (b"", &token)] {
            assert!(!sessions.is_csrf(of, sent));
        }
    }

    #[test]
    fn cookies_that_come_twice_are_nobodys() {
        let headers = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(COOKIE, line.parse().unwrap());
            }
            headers
        };
        assert_eq!(cookie(&headers(&["a=1; b=2"]), "b"), Some("2"));
        assert_eq!(cookie(&headers(&["a=1", "b=2=3"]), "b"), Some("2=3"));
        assert_eq!(cookie(&headers(&["b=1; b=2"]), "b"), None);
        assert_eq!(cookie(&headers(&["b=1", "b=1"]), "b"), None);
        assert_eq!(cookie(&headers(&["xb=1"]), "b"), None);
        let secure = Origin { secure: true, authority: "offtake.example".into() };
        let local = Origin { secure: false, authority: "127.0.0.1:8787".into() };
        let set = set_cookie(&secure, "session", "x", 60);
        assert_eq!(set, "__Host-offtake-session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(cookie_name(&local, "session"), "offtake-session-8787");
        assert!(!set_cookie(&local, "session", "x", 60).contains("Secure"));
    }
}
