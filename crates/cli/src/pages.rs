//! The portal over HTTP: pages, their files, live updates, and the playground's token.
//!
//! Who may look: only this machine (the connection's own address), and only by its own name for itself (`Host`: a
//! page elsewhere on the web cannot reach it by another name), until the portal has a login. What a page shows is read from the books'
//! rollups, off the threads that serve calls.

use crate::failure::Failure;
use crate::overview;
use crate::place;
use bytes::Bytes;
use gateway::{Body, Gateway, Pages};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HOST, IF_NONE_MATCH, ORIGIN};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Body as HttpBody, Frame};
use hyper::body::Incoming;
use identity::{IssuedToken, Method as Proof, Owner, Principal};
use portal::{PageOptions, UsageFilter};
use settlement::Watch;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::mpsc::{Receiver, channel};
use units::{Clock, Timestamp};

/// How long the playground's token lasts, in seconds.
const SESSION_SECONDS: i64 = 600;
/// How often a live page is told to look again while something changes.
const LIVE_TICK: Duration = Duration::from_millis(500);
const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// What pages read from.
pub struct Sources {
    pub(crate) data: PathBuf,
    pub(crate) watch: Watch,
    pub(crate) clock: Arc<dyn Clock>,
    gateway: OnceLock<Weak<Gateway>>,
    address: OnceLock<SocketAddr>,
    stopping: Arc<Notify>,
}

impl Sources {
    /// Pages of the plane whose books are kept in `data`.
    pub fn new(data: PathBuf, watch: Watch, clock: Arc<dyn Clock>) -> Self {
        Self {
            data,
            watch,
            clock,
            gateway: OnceLock::new(),
            address: OnceLock::new(),
            stopping: Arc::default(),
        }
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

    /// A token for calls in `owner`'s name.
    ///
    /// # Errors
    /// When the plane has no key for tokens, or the system no random bytes.
    pub fn token(&self, owner: Owner, seconds: i64) -> Result<IssuedToken, Failure> {
        let live = self.live().ok_or_else(|| Failure::failed("the plane is stopping"))?;
        let principal = Principal::new(owner, Proof::OfftakeToken, "portal");
        let issued =
            live.snapshot.directory.issue(&principal, seconds, self.clock.now(), place::random::<16>()?);
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
        Box::pin(async move { secured(answer(&sources, peer, &request).await) })
    }
}

async fn answer(sources: &Arc<Sources>, peer: SocketAddr, request: &Request<Incoming>) -> Response<Body> {
    let path = request.uri().path();
    if !peer.ip().is_loopback() || !is_local(request.headers()) || is_passed_on(request.headers()) {
        return plain(StatusCode::FORBIDDEN, "the portal answers on this machine's own address only\n");
    }
    if let Some(asset) = portal::asset(path) {
        return file(request.headers(), &asset);
    }
    if request.method() == Method::POST {
        return match path {
            "/api/session" => session(sources, request.headers()),
            _ => plain(StatusCode::NOT_FOUND, "there is no such path here\n"),
        };
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "this path is not written to\n");
    }
    if path == "/api/events" {
        return events(sources);
    }
    let (path, query) = (path.to_owned(), request.uri().query().unwrap_or_default().to_owned());
    let reading = Arc::clone(sources);
    let read = tokio::task::spawn_blocking(move || read(&reading, &path, &query)).await;
    read.unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR, "the page could not be made\n"))
}

/// The pages that are read from the books. Blocks.
fn read(sources: &Sources, path: &str, query: &str) -> Response<Body> {
    let options = PageOptions { playground: overview::player(sources).is_some(), live: true };
    let overview = || overview::overview(sources);
    let made = match path {
        "/" => overview().map(|view| body(HTML, portal::page(&view, &options))),
        "/fragments" => overview().map(|view| body(JSON, portal::fragments_json(&view))),
        "/api/overview" => overview().map(|view| body(JSON, portal::overview_json(&view))),
        "/usage" => overview::usage(sources, &UsageFilter::from_query(query)).map(|page| body(HTML, page)),
        _ => match path.strip_prefix("/api/usage/") {
            Some(id) => overview::call(sources, id).map(|row| match row {
                Some(row) => body(JSON, portal::call_json(&row)),
                None => not_found(JSON, "{\"error\":\"there is no such call\"}"),
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

/// A token for the playground: same origin only, and only where the configuration says whom it acts as.
fn session(sources: &Sources, headers: &HeaderMap) -> Response<Body> {
    let same_origin = headers.get(ORIGIN).is_none_or(|origin| {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        origin.to_str().is_ok_and(|origin| origin == format!("http://{host}"))
    });
    if !headers.contains_key("x-offtake-csrf") || !same_origin {
        return plain(StatusCode::FORBIDDEN, "a session is given to the portal's own page only\n");
    }
    let Some(owner) = overview::player(sources) else {
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

// ── live updates ────────────────────────────────────────────────────────────────────────────────────────────

/// Server-sent events: `overview` whenever there is something new to show, and a comment to keep the line open.
fn events(sources: &Arc<Sources>) -> Response<Body> {
    let (sender, receiver) = channel(4);
    let (watch, stopping) = (sources.watch.clone(), sources.stopping());
    tokio::spawn(async move {
        let mut seen = None;
        let mut quiet: u32 = 0;
        loop {
            let status = watch.status();
            let now = (status.open_calls, status.pending, status.applied.map(|applied| applied.sealed));
            let text = if seen == Some(now) {
                quiet += 1;
                if quiet.is_multiple_of(20) { ": still here\n\n" } else { "" }
            } else {
                seen = Some(now);
                "event: overview\ndata: {}\n\n"
            };
            if !text.is_empty() && sender.send(Bytes::from_static(text.as_bytes())).await.is_err() {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(LIVE_TICK) => {}
                () = stopping.notified() => break,
                () = sender.closed() => break,
            }
        }
    });
    let mut response = Response::new(Body::stream(Events(receiver)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

struct Events(Receiver<Bytes>);

impl HttpBody for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = ready!(self.0.poll_recv(context));
        Poll::Ready(next.map(|bytes| Ok(Frame::data(bytes))))
    }
}

// ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────

/// Whether the request names this machine's loopback: a name that a hostile page can point here is refused.
fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _port)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]") || host == "[::1]"
}

/// Whether a proxy says that it speaks for somebody else.
fn is_passed_on(headers: &HeaderMap) -> bool {
    let names = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];
    names.iter().any(|name| headers.contains_key(*name))
}

fn file(headers: &HeaderMap, asset: &portal::Asset) -> Response<Body> {
    let known = headers.get(IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == asset.etag.as_bytes());
    let mut response = if known {
        let mut response = Response::new(Body::full(Bytes::new()));
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        body(asset.content_type, Bytes::from_static(asset.bytes))
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&asset.etag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

fn body(kind: &'static str, bytes: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::full(bytes));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn not_found(kind: &'static str, text: &'static str) -> Response<Body> {
    let mut response = body(kind, text);
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn plain(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = body("text/plain; charset=utf-8", text);
    *response.status_mut() = status;
    response
}

/// Every answer of the portal says what a browser may do with it.
fn secured(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(portal::content_security_policy()));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert("referrer-policy", HeaderValue::from_static("same-origin"));
    headers.insert("x-frame-options", HeaderValue::from_static("DENY"));
    response
}

/// The moment pages are true for.
pub(crate) fn now(sources: &Sources) -> Timestamp {
    sources.clock.now()
}
