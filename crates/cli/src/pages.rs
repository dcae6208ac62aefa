//! The portal over HTTP: pages, their files, live updates, actions, and the playground's token.
//!
//! Who may look: people who log in or whom a proxy in front vouches for; where neither is configured, only this machine
//! (the connection's own address), and only by its own name for itself (`Host`: a page elsewhere on the web cannot reach
//! it by another name). What a page shows is read from the books' rollups, off the threads that serve calls.

mod answer;
mod door;
mod live;

use crate::access::{self, Ending};
use crate::failure::Failure;
use crate::overview;
use crate::people::revoked::Revocations;
use crate::people::{Looker, People, form, host};
use crate::place;
use crate::residency;
use crate::seen::Seen;
use crate::sight::Sight;
use answer::{HTML, JSON, body, error, file, plain, secured};
use config::Portal as Settings;
use gateway::{Body, Gateway, Pages};
use http::header::{AUTHORIZATION, ORIGIN};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use identity::{Authentication, Head, IssuedToken, Method as Proof, Owner, Principal};
use policy::Action;
use portal::{PageOptions, UsageFilter};
use settlement::Watch;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use units::{Clock, Timestamp};

/// How long the playground's token lasts, in seconds.
const SESSION_SECONDS: i64 = 600;
/// The largest form that is read, and how long it may take.
const FORM_BYTES_MAX: usize = 32 << 10;
const FORM_TIME: Duration = Duration::from_secs(10);

/// What pages read from.
pub struct Sources {
    pub(crate) data: PathBuf,
    pub(crate) watch: Watch,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) people: People,
    pub(crate) seen: Seen,
    pub(crate) revocations: Arc<Revocations>,
    gateway: OnceLock<Weak<Gateway>>,
    address: OnceLock<SocketAddr>,
    stopping: Arc<Notify>,
    refused: Mutex<Option<String>>,
}

impl Sources {
    /// Pages of the plane whose books are kept in `data`.
    ///
    /// # Errors
    /// When the system gives no random bytes, or what was revoked cannot be read.
    pub fn new(data: PathBuf, watch: Watch, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        Ok(Self {
            seen: Seen::new(&data),
            revocations: Arc::new(Revocations::open(&data)?),
            data,
            watch,
            clock,
            people: People::new()?,
            gateway: OnceLock::new(),
            address: OnceLock::new(),
            stopping: Arc::default(),
            refused: Mutex::default(),
        })
    }

    /// Names the gateway whose configuration the pages show.
    pub fn serve_with(&self, gateway: &Arc<Gateway>) {
        let _ = self.gateway.set(Arc::downgrade(gateway));
    }

    /// Names the address that the plane got, for commands that people can copy.
    pub fn listen_at(&self, address: SocketAddr) {
        let _ = self.address.set(address);
    }

    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.address.get().copied()
    }

    /// Told when the plane stops, so that live pages let go.
    pub fn stopping(&self) -> Arc<Notify> {
        Arc::clone(&self.stopping)
    }

    pub(crate) fn live(&self) -> Option<Arc<gateway::Live>> {
        self.gateway.get().and_then(Weak::upgrade).map(|gateway| gateway.live())
    }

    /// Why the configuration's files, as they are by now, are not used; none where they are.
    pub fn configuration_refused(&self, why: Option<String>) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// What was said last by [`Sources::configuration_refused`].
    pub(crate) fn refusal(&self) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Calls that were not let run lately, the latest first.
    pub(crate) fn turned_away(&self) -> Vec<gateway::TurnedAway> {
        self.gateway.get().and_then(Weak::upgrade).map(|gateway| gateway.turned_away()).unwrap_or_default()
    }

    /// A token for calls in `owner`'s name.
    ///
    /// # Errors
    /// When the plane has no key for tokens, or the system no random bytes.
    pub fn token(&self, owner: Owner, seconds: i64) -> Result<IssuedToken, Failure> {
        self.issue(&Principal::new(owner, Proof::OfftakeToken, "portal"), seconds)
    }

    /// How this plane is reached.
    pub fn scheme(&self) -> &'static str {
        if self.live().is_some_and(|live| live.snapshot.tls.is_some()) { "https" } else { "http" }
    }

    /// As [`Sources::token`], for a principal.
    ///
    /// # Errors
    /// As for [`Sources::token`].
    pub fn issue(&self, principal: &Principal, seconds: i64) -> Result<IssuedToken, Failure> {
        let live = self.live().ok_or_else(|| Failure::failed("the plane is stopping"))?;
        let issued =
            live.snapshot.directory.issue(principal, seconds, self.clock.now(), place::random::<16>()?);
        issued.map_err(Failure::failed)
    }
}

/// Serves the portal.
pub struct Portal(Arc<Sources>);

impl Portal {
    /// A portal over these sources.
    pub const fn new(sources: Arc<Sources>) -> Self {
        Self(sources)
    }
}

impl Pages for Portal {
    fn page(
        &self,
        peer: SocketAddr,
        request: Request<Incoming>,
    ) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        let sources = Arc::clone(&self.0);
        Box::pin(async move {
            let Some(live) = sources.live() else {
                return plain(StatusCode::SERVICE_UNAVAILABLE, "the plane is stopping\n");
            };
            let settings = &live.snapshot.portal;
            let over_tls = settings.address.as_ref().is_some_and(|address| address.secure);
            let (parts, incoming) = request.into_parts();
            secured(answer(&sources, settings, (peer, &parts, incoming)).await, over_tls)
        })
    }
}

async fn answer(
    sources: &Arc<Sources>,
    settings: &Settings,
    (peer, parts, incoming): (SocketAddr, &Parts, Incoming),
) -> Response<Body> {
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let looker = if settings.knows_people() {
        match enter(sources, settings, parts, incoming).await {
            Ok(looker) => looker,
            Err(response) => return *response,
        }
    } else {
        if !peer.ip().is_loopback() || !is_local(parts) || is_passed_on(parts) {
            return plain(StatusCode::FORBIDDEN, "the portal answers on this machine's own address only\n");
        }
        (Looker::here(), incoming)
    };
    let (looker, incoming) = looker;
    if let Some(asset) = portal::asset(path) {
        return file(&parts.headers, &asset);
    }
    match parts.method {
        Method::POST => act(sources, settings, (&looker, parts, incoming)).await,
        Method::GET | Method::HEAD if path == "/api/events" => live::events(sources),
        Method::GET | Method::HEAD => {
            let (path, query) = (path.to_owned(), query.to_owned());
            let reading = Arc::clone(sources);
            let read = tokio::task::spawn_blocking(move || read(&reading, &looker, &path, &query)).await;
            read.unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR, "the page could not be made\n"))
        }
        _ => plain(StatusCode::METHOD_NOT_ALLOWED, "this path is not written to\n"),
    }
}

/// Who is looking, where people prove who they are; or the answer to whoever is not let in, or not yet.
async fn enter(
    sources: &Arc<Sources>,
    settings: &Settings,
    parts: &Parts,
    incoming: Incoming,
) -> Result<(Looker, Incoming), Box<Response<Body>>> {
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let get = parts.method == Method::GET || parts.method == Method::HEAD;
    if let Some(response) = own_call(sources, parts).await {
        return Err(Box::new(response));
    }
    if parts.method == Method::POST && path == "/login/token" {
        let response = match read_form(incoming).await {
            Ok(text) => door::exchange(sources, settings, &text).await,
            Err(response) => response,
        };
        return Err(Box::new(response));
    }
    let ours =
        settings.address.as_ref().is_some_and(|address| host(parts).eq_ignore_ascii_case(&address.authority));
    let for_terminals = get && path == "/login/terminal";
    if !ours && !for_terminals {
        let text = "this portal answers at the address that is configured for it only\n";
        return Err(Box::new(plain(StatusCode::FORBIDDEN, text)));
    }
    if get {
        if let Some(asset) = portal::asset(path) {
            return Err(Box::new(file(&parts.headers, &asset)));
        }
        if let Some(response) = door::login(sources, settings, (&parts.headers, path, query)).await {
            return Err(Box::new(response));
        }
    }
    match sources.people.looker(settings, &parts.headers, now(sources)).await {
        Ok(looker) => Ok((looker, incoming)),
        Err(unknown) => {
            let whole = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
            let for_program = !get || path.starts_with("/api/") || path == "/fragments";
            Err(Box::new(door::turned_away(&unknown, whole, for_program)))
        }
    }
}

/// A caller who shows the proof of a call sees the record of its own calls, as `offtake ask` does.
async fn own_call(sources: &Arc<Sources>, parts: &Parts) -> Option<Response<Body>> {
    let id = parts.uri.path().strip_prefix("/api/usage/")?.to_owned();
    if parts.method != Method::GET || !parts.headers.contains_key(AUTHORIZATION) {
        return None;
    }
    let head =
        Head { method: "GET", path: parts.uri.path(), query: parts.uri.query(), headers: &parts.headers };
    let live = sources.live()?;
    let principal = match live.snapshot.directory.authenticate(&head, now(sources)) {
        Ok(Authentication::Known(principal)) => principal,
        Ok(Authentication::AwaitsBody(_)) => {
            return Some(error(StatusCode::UNAUTHORIZED, "send a token or a key"));
        }
        Err(failure) => return Some(error(StatusCode::UNAUTHORIZED, &failure.public())),
    };
    let reading = Arc::clone(sources);
    let row = tokio::task::spawn_blocking(move || overview::call(&reading, None, &id)).await;
    Some(match row {
        Ok(Ok(Some(row))) if row.principal == principal.to_string() => body(JSON, portal::call_json(&row)),
        Ok(Ok(_)) => error(StatusCode::NOT_FOUND, "there is no such call of yours"),
        _ => error(StatusCode::INTERNAL_SERVER_ERROR, "the books could not be read; the log says why"),
    })
}

/// The pages that are read from the books. Blocks.
fn read(sources: &Sources, looker: &Looker, path: &str, query: &str) -> Response<Body> {
    let options = PageOptions { playground: overview::player(sources, looker).is_some(), live: true };
    let overview = || overview::overview(sources, looker);
    let restricted = matches!(path, "/access" | "/api/access");
    if restricted && !Sight::new(sources, looker).may_anywhere(Action::ViewAudit) {
        return answer::message(
            StatusCode::FORBIDDEN,
            "Not for your role",
            "Who may call what is shown to people with the role compliance or admin, or whom a policy lets see the audit.",
            Some(("/", "To the first page")),
        );
    }
    let made = match path {
        "/access" => access::access(sources, looker).map(|view| body(HTML, portal::access_page(&view))),
        "/residency" => {
            residency::residency(sources, looker, query).map(|view| body(HTML, portal::residency_page(&view)))
        }
        "/api/residency" => {
            residency::residency(sources, looker, query).map(|view| body(JSON, portal::residency_json(&view)))
        }
        "/api/access" => access::access(sources, looker).map(|view| body(JSON, portal::access_json(&view))),
        "/" => overview().map(|view| body(HTML, portal::page(&view, &options))),
        "/fragments" => overview().map(|view| body(JSON, portal::fragments_json(&view))),
        "/api/overview" => overview().map(|view| body(JSON, portal::overview_json(&view))),
        "/usage" => {
            overview::usage(sources, looker, &UsageFilter::from_query(query)).map(|page| body(HTML, page))
        }
        _ => match path.strip_prefix("/api/usage/") {
            Some(id) => overview::call(sources, Some(looker), id).map(|row| match row {
                Some(row) => body(JSON, portal::call_json(&row)),
                None => error(StatusCode::NOT_FOUND, "there is no such call"),
            }),
            None => {
                return plain(StatusCode::NOT_FOUND, "there is no such page here; the first one is at /\n");
            }
        },
    };
    made.unwrap_or_else(|error| {
        tracing::error!(%error, path, "a page could not be read");
        plain(StatusCode::INTERNAL_SERVER_ERROR, "the books could not be read; the log says why\n")
    })
}

// ── actions ─────────────────────────────────────────────────────────────────────────────────────────────────

/// What changes something. Each comes from the portal's own page: by a header that no form of another site can set,
/// or by what the form was given.
async fn act(
    sources: &Arc<Sources>,
    settings: &Settings,
    (looker, parts, incoming): (&Looker, &Parts, Incoming),
) -> Response<Body> {
    if !is_same_origin(settings, sources.scheme(), parts) {
        return plain(StatusCode::FORBIDDEN, "this is for the portal's own pages only\n");
    }
    if parts.uri.path() == "/api/session" {
        return session(sources, looker, parts);
    }
    let text = match read_form(incoming).await {
        Ok(text) => text,
        Err(response) => return response,
    };
    let fields = form::decode(&text).unwrap_or_default();
    if !sources.people.sessions.is_csrf(&looker.binding(), form::field(&fields, "csrf")) {
        let text = "This form was made for somebody else, or is too old. Go back, load the page again, and repeat it.";
        return answer::message(
            StatusCode::FORBIDDEN,
            "That did not work",
            text,
            Some(("/", "To the first page")),
        );
    }
    match parts.uri.path() {
        "/logout" => door::logout(sources, settings, looker),
        "/access/revoke" => revoke(sources, looker, &fields).await,
        _ => plain(StatusCode::NOT_FOUND, "there is no such path here\n"),
    }
}

/// Ends a key, for whoever may do that.
async fn revoke(sources: &Arc<Sources>, looker: &Looker, fields: &[(String, String)]) -> Response<Body> {
    let (key, reason) = (form::field(fields, "key").to_owned(), form::field(fields, "reason").to_owned());
    let (sources, looker) = (Arc::clone(sources), looker.clone());
    let done = tokio::task::spawn_blocking(move || access::revoke(&sources, &looker, &key, &reason)).await;
    match done {
        Ok(Ok(Ending::Ended)) => answer::redirect("/access", &[]),
        Ok(Ok(Ending::NotYours)) => {
            let text = "Only people with the role admin in the key's organisation, or whom a policy lets manage its contracts, end keys.";
            answer::message(StatusCode::FORBIDDEN, "Not for your role", text, Some(("/access", "Back")))
        }
        Ok(Ok(Ending::NoSuchKey)) => {
            let text = "There is no such key, or it was revoked already.";
            answer::message(StatusCode::NOT_FOUND, "Nothing to revoke", text, Some(("/access", "Back")))
        }
        Ok(Err(failure)) => {
            tracing::error!(%failure, "a key was not revoked");
            plain(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the key was NOT revoked: that could not be put on record\n",
            )
        }
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the key was NOT revoked\n"),
    }
}

async fn read_form(incoming: Incoming) -> Result<String, Response<Body>> {
    let read = tokio::time::timeout(FORM_TIME, Limited::new(incoming, FORM_BYTES_MAX).collect()).await;
    let bytes = match read {
        Ok(Ok(body)) => body.to_bytes(),
        _ => return Err(plain(StatusCode::BAD_REQUEST, "the form broke off, or is too long\n")),
    };
    String::from_utf8(bytes.into()).map_err(|_| plain(StatusCode::BAD_REQUEST, "the form is no text\n"))
}

/// A token for the playground: same origin only, for whoever is logged in, else for whom the configuration names.
fn session(sources: &Sources, looker: &Looker, parts: &Parts) -> Response<Body> {
    if !parts.headers.contains_key("x-offtake-csrf") {
        return plain(StatusCode::FORBIDDEN, "a session is given to the portal's own page only\n");
    }
    let Some(owner) = overview::player(sources, looker) else {
        return plain(StatusCode::NOT_FOUND, "this portal has no playground ([portal] playground)\n");
    };
    match sources.token(owner, SESSION_SECONDS) {
        Ok(issued) => {
            let token = serde_json::json!({ "token": issued.access_token, "expires_in": issued.expires_in });
            body(JSON, token.to_string())
        }
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
    }
}

/// Whether the browser says that the request comes from one of our own pages, or no browser says anything.
fn is_same_origin(settings: &Settings, scheme: &str, parts: &Parts) -> bool {
    let own = match &settings.address {
        Some(address) if settings.knows_people() => address.to_string(),
        _ => format!("{scheme}://{}", host(parts)),
    };
    let same = |origin: &http::HeaderValue| origin.to_str().is_ok_and(|origin| origin == own);
    let site = parts.headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin");
    site && parts.headers.get_all(ORIGIN).iter().all(same)
}

/// Whether the request names this machine's loopback: a name that a hostile page can point here is refused.
fn is_local(parts: &Parts) -> bool {
    let host = host(parts);
    let name = host.rsplit_once(':').map_or(host, |(name, _port)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]") || host == "[::1]"
}

/// Whether a proxy says that it speaks for somebody else.
fn is_passed_on(parts: &Parts) -> bool {
    let names = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];
    names.iter().any(|name| parts.headers.contains_key(*name))
}

/// The moment pages are true for.
pub(crate) fn now(sources: &Sources) -> Timestamp {
    sources.clock.now()
}
