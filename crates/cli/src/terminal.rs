//! Logins from this terminal: what is kept of them, and a token that is good now.
//!
//! Kept in the user's configuration folder, for the user's eyes only. A token is asked for again shortly before it ends, by
//! one process at a time: a provider may take two uses of one refresh token for a theft.

use crate::failure::Failure;
use crate::people::provider::Description;
use crate::people::{fetch, printable};
use crate::place;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use units::{Clock as _, SystemClock, Timestamp};

/// A token for a call is not handed out when it ends within so many seconds.
pub const MARGIN: i64 = 60;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";

/// One login, at one plane.
#[derive(Clone, Serialize, Deserialize)]
pub struct Login {
    /// The provider that it was made at.
    pub issuer: String,
    /// Who the terminal is there.
    pub client_id: String,
    /// What brings the next id token.
    pub refresh_token: Option<String>,
    /// The plane's own token.
    pub access_token: String,
    /// When that ends, in seconds since 1970.
    pub until: i64,
    /// Whose it is.
    pub principal: String,
}

/// Every login, by the plane's address.
type Logins = BTreeMap<String, Login>;

fn file() -> PathBuf {
    place::config_home().join("logins.json")
}

/// An address as logins are kept by it.
pub fn plane(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

/// The logins, held until they are written or let go.
struct Held {
    _lock: std::fs::File,
    logins: Logins,
}

impl Held {
    fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::failed(format!("{}: {error}", path.display()));
        let folder = path.parent().unwrap_or(path);
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let lock = std::fs::File::options().append(true).create(true).open(path.with_extension("lock"));
        let lock = lock.map_err(failed)?;
        lock.lock().map_err(failed)?;
        let logins = match std::fs::read(path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                Failure::failed(format!("{}: {error}; remove it and log in again", path.display()))
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Logins::new(),
            Err(error) => return Err(failed(error)),
        };
        Ok(Self { _lock: lock, logins })
    }

    fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = serde_json::to_vec_pretty(&self.logins).map_err(Failure::failed)?;
        place::write_private(path, &text)
            .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
    }
}

/// Keeps a login.
pub fn keep(url: &str, login: Login) -> Result<(), Failure> {
    let path = file();
    let mut held = Held::open(&path)?;
    held.logins.insert(plane(url), login);
    held.write(&path)
}

/// Forgets the login at this plane; whether there was one.
pub fn forget(url: &str) -> Result<bool, Failure> {
    let path = file();
    let mut held = Held::open(&path)?;
    let known = held.logins.remove(&plane(url)).is_some();
    if known {
        held.write(&path)?;
    }
    Ok(known)
}

/// A token for calls at this plane that is good for `left` seconds more, refreshed where it has to be, and when it ends; none
/// where nobody logged in.
///
/// # Errors
/// When the login is over, or what it takes to refresh it cannot be had.
pub async fn token(url: &str, left: i64) -> Result<Option<(String, Timestamp)>, Failure> {
    let path = file();
    if !path.exists() {
        return Ok(None);
    }
    let mut held = Held::open(&path)?;
    let Some(login) = held.logins.get_mut(&plane(url)) else { return Ok(None) };
    let now = SystemClock.now().seconds();
    let told = |login: &Login| Some((login.access_token.clone(), Timestamp::from_seconds(login.until)));
    if now.saturating_add(left) >= login.until {
        *login = refreshed(url, login).await?;
        let token = told(login);
        held.write(&path)?;
        return Ok(token);
    }
    Ok(told(login))
}

async fn refreshed(url: &str, login: &Login) -> Result<Login, Failure> {
    let again = |why: &str| {
        Failure::failed(format!(
            "the login at {url} is over ({why}): `offtake login --url {url}` begins another"
        ))
    };
    let refresh =
        login.refresh_token.as_deref().ok_or_else(|| again("the provider gave nothing to refresh it by"))?;
    let description = Description::read(&login.issuer).await.map_err(Failure::failed)?;
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
        ("client_id", login.client_id.as_str()),
    ];
    let answer =
        fetch::post_form(&description.token_endpoint, None, &fields).await.map_err(Failure::failed)?;
    match answer {
        (StatusCode::OK, answer) => {
            let id_token = word(&answer, "id_token").ok_or_else(|| again("the provider gave no id token"))?;
            let next = word(&answer, "refresh_token").unwrap_or(refresh).to_owned();
            exchanged(url, (&login.issuer, &login.client_id), id_token, Some(next)).await
        }
        (status, answer) if status.is_client_error() => Err(again(&error_of(&answer))),
        (status, _) => Err(Failure::failed(format!("{} answered {status}", description.token_endpoint))),
    }
}

/// The plane's own token for an id token.
///
/// # Errors
/// When the plane does not believe it, or gives this person no role.
pub async fn exchanged(
    url: &str,
    (issuer, client_id): (&str, &str),
    id_token: &str,
    refresh_token: Option<String>,
) -> Result<Login, Failure> {
    let fields = [("grant_type", EXCHANGE), ("subject_token_type", ID_TOKEN), ("subject_token", id_token)];
    let address = format!("{}/login/token", plane(url));
    let (status, answer) = fetch::post_form(&address, None, &fields).await.map_err(Failure::failed)?;
    if status != StatusCode::OK {
        let why = word(&answer, "error").map_or_else(|| status.to_string(), str::to_owned);
        return Err(Failure::failed(format!("{url} gave no token: {why}")));
    }
    let lasts = answer.get("expires_in").and_then(Value::as_i64).unwrap_or_default();
    let needed = |name| word(&answer, name).ok_or_else(|| Failure::failed(format!("{url} gave no `{name}`")));
    Ok(Login {
        issuer: issuer.to_owned(),
        client_id: client_id.to_owned(),
        refresh_token,
        access_token: needed("access_token")?.to_owned(),
        until: SystemClock.now().seconds() + lasts,
        principal: needed("principal")?.to_owned(),
    })
}

/// The text of a field.
pub fn word<'a>(answer: &'a Value, name: &str) -> Option<&'a str> {
    answer.get(name).and_then(Value::as_str)
}

/// The provider's word for what is wrong.
pub fn error_of(answer: &Value) -> String {
    printable(word(answer, "error").unwrap_or("no reason given"))
}
