//! One attempt at a vendor: the request as it is sent, and the answer as it comes back.
//!
//! The same protocol on both sides passes the body through, byte for byte but for the model's name; another one
//! is translated by way of the canonical conversation. Nothing is sent twice.

use crate::Body;
use crate::call::{Call, Used};
use crate::headers::{self, Served};
use crate::pipeline::{Ask, Failed};
use crate::reach::{Labels, Vendor};
use crate::refusal::Refusal;
use crate::{relay, residency, translate};
use bytes::Bytes;
use config::{Backend, BackendKind};
use http::header::RETRY_AFTER;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use journal::Outcome;
use provider::{ErrorKind, Wire};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a whole answer that are read at most.
const ANSWER_BYTES_MAX: usize = 64 << 20;
const ERROR_BYTES_MAX: usize = 1 << 20;

/// How the answer reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The bytes as they are.
    Untouched,
    /// As they are, without the usage chunk that the client did not ask for.
    WithoutUsage,
    /// Each Anthropic event as it is, in an AWS event-stream frame.
    Framed,
    /// Taken apart and put together again.
    Translated,
}

/// What is sent.
struct Outgoing {
    body: Bytes,
    headers: HeaderMap,
    way: Way,
    warnings: Vec<String>,
}

/// One try at one vendor.
#[derive(Clone, Copy)]
pub(crate) struct Attempt<'a> {
    pub ask: &'a Ask,
    pub backend: &'a Arc<Backend>,
    pub vendor: &'a Vendor,
    pub labels: &'a Labels,
}

/// Asks the vendor and turns its answer into the client's.
pub(crate) async fn attempt(attempt: Attempt<'_>, mut call: Call) -> Result<Response<Body>, Box<Failed>> {
    let Attempt { ask, backend, vendor, .. } = attempt;
    let fail = |refusal: Refusal, call: Call, elsewhere| Err(Box::new(Failed { refusal, call, elsewhere }));
    let mut outgoing = match outgoing(ask, backend, vendor) {
        Ok(outgoing) => outgoing,
        Err(refusal) => return fail(refusal, call, true),
    };
    let way = outgoing.way;
    let warnings = std::mem::take(&mut outgoing.warnings);
    let query = ask.query.as_deref().filter(|_| way != Way::Translated);
    let request = match http_request(vendor, wire_of(backend), outgoing, query) {
        Ok(request) => request,
        Err(failure) => return fail(failure.into(), call, true),
    };
    ask.presence.at_vendor();
    let response = match vendor.client.send(request).await {
        Ok(response) => response,
        Err(failure) => {
            let elsewhere = failure.never_left();
            return fail(failure.into(), call, elsewhere);
        }
    };
    call.first_byte();
    call.audited_as(response.headers().get("x-amzn-requestid"));
    if !response.status().is_success() {
        return refused(attempt, response, call).await;
    }
    let answering = Answering { attempt, way, warnings: &warnings };
    if ask.stream { stream(&answering, response, call) } else { whole(&answering, response, call).await }
}

struct Answering<'a> {
    attempt: Attempt<'a>,
    way: Way,
    warnings: &'a [String],
}

impl Answering<'_> {
    fn served(&self) -> Served<'_> {
        served(self.attempt.ask, self.attempt.labels)
    }
}

pub(crate) fn served<'a>(ask: &'a Ask, labels: &'a Labels) -> Served<'a> {
    let obligations = ask.lawful.as_ref().map_or("", |lawful| &lawful.duties);
    Served { wire: ask.route.wire, request: ask.request, labels, decision: &ask.grant.decision, obligations }
}

/// The protocol a vendor speaks.
pub(crate) const fn wire_of(backend: &Backend) -> Wire {
    match backend.kind {
        BackendKind::OpenAi { .. } => Wire::OpenAiChat,
        BackendKind::Anthropic { .. } | BackendKind::Embedded { .. } | BackendKind::Echo => {
            Wire::AnthropicMessages
        }
    }
}

/// Whether a request in the protocol `ours` has to be put into other words for this backend.
pub(crate) const fn is_translated(ours: Wire, backend: &Backend) -> bool {
    match backend.kind {
        BackendKind::Anthropic { .. } => !matches!(ours, Wire::AnthropicMessages | Wire::BedrockInvoke),
        BackendKind::OpenAi { .. } => !matches!(ours, Wire::OpenAiChat),
        BackendKind::Embedded { .. } | BackendKind::Echo => true,
    }
}

/// The plan names every backend that may be asked, so this is a fault of our own.
pub(crate) fn not_translated() -> Refusal {
    Refusal::Generation("the request was not made ready for this backend".to_owned())
}

// ── the request ─────────────────────────────────────────────────────────────────────────────────────────────

fn outgoing(ask: &Ask, backend: &Backend, vendor: &Vendor) -> Result<Outgoing, Refusal> {
    let name = &ask.model.upstream_name;
    let theirs = wire_of(backend);
    let (body, way, warnings) = match (ask.route.wire, theirs) {
        (Wire::AnthropicMessages, Wire::AnthropicMessages) => {
            (provider::with_model(&ask.body, &ask.head, name), Way::Untouched, Vec::new())
        }
        (Wire::OpenAiChat, Wire::OpenAiChat) => {
            let (body, strip) = provider::with_model_and_usage(&ask.body, &ask.head, name);
            (body, if strip { Way::WithoutUsage } else { Way::Untouched }, Vec::new())
        }
        (Wire::BedrockInvoke, Wire::AnthropicMessages) => {
            (provider::invoke_to_messages(&ask.body, &ask.head, name, ask.stream), Way::Framed, Vec::new())
        }
        (_, theirs) => {
            let conversation = ask.conversation.as_ref().ok_or_else(not_translated)?;
            let encoded = provider::encode_request(theirs, conversation, name, Some(ask.output_limit()))?;
            (encoded.body, Way::Translated, encoded.warnings)
        }
    };
    let body = match vendor.geo.as_deref().filter(|_| theirs == Wire::AnthropicMessages) {
        Some(geo) => residency::bound_to(geo, body)?,
        None => body,
    };
    let headers = match way {
        Way::Untouched | Way::WithoutUsage => ask.headers.clone(),
        Way::Framed => with_betas(&ask.head.betas),
        Way::Translated => HeaderMap::new(),
    };
    Ok(Outgoing { body, headers, way, warnings })
}

fn with_betas(betas: &[String]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if !betas.is_empty()
        && let Ok(value) = betas.join(",").parse()
    {
        headers.insert("anthropic-beta", value);
    }
    headers
}

fn http_request(
    vendor: &Vendor,
    wire: Wire,
    outgoing: Outgoing,
    query: Option<&str>,
) -> Result<Request<Full<Bytes>>, upstream::Failure> {
    let Outgoing { body, mut headers, .. } = outgoing;
    headers::authorise(&mut headers, wire, vendor);
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = match query {
        None => vendor.calls.clone(),
        Some(query) => format!("{}?{query}", vendor.calls)
            .parse()
            .map_err(|_| upstream::Failure::Address("the query cannot be passed on".to_owned()))?,
    };
    *request.headers_mut() = headers;
    Ok(request)
}

/// Asks a vendor that speaks the client's protocol how many tokens a body has.
pub(crate) async fn count(
    ask: &crate::endpoints::Count<'_>,
    backend: &Backend,
    vendor: &Vendor,
) -> Result<Response<Body>, Refusal> {
    let outgoing = Outgoing {
        body: provider::with_model(ask.body, ask.head, &ask.model.upstream_name),
        headers: ask.headers.clone(),
        way: Way::Untouched,
        warnings: Vec::new(),
    };
    let mut request = http_request(vendor, wire_of(backend), outgoing, None)?;
    if let Some(counts) = &vendor.counts {
        *request.uri_mut() = counts.clone();
    }
    let response = vendor.client.send(request).await?;
    let (mut parts, body) = response.into_parts();
    let body = collect(body, ERROR_BYTES_MAX, backend.between_events).await?;
    let refused = !parts.status.is_success();
    if refused
        && is_about_our_key(provider::decode_error(wire_of(backend), parts.status.as_u16(), &body).kind)
    {
        return Err(Refusal::BackendKey);
    }
    parts.headers = headers::returned(parts.headers);
    Ok(Response::from_parts(parts, Body::full(body)))
}

// ── the answer ──────────────────────────────────────────────────────────────────────────────────────────────

/// The vendor said no. In the client's own protocol its words pass as they are, retry advice included; a
/// refusal of *our* credential is our fault, not the client's.
async fn refused(
    attempt: Attempt<'_>,
    response: Response<Incoming>,
    mut call: Call,
) -> Result<Response<Body>, Box<Failed>> {
    let Attempt { ask, backend, labels, .. } = attempt;
    let (parts, body) = response.into_parts();
    if parts.status.is_redirection() {
        // Followed by nobody: an address comes from configuration only (pitfall 83).
        let malformed = provider::Malformed::Shape("the backend redirects elsewhere".to_owned());
        return Err(Box::new(Failed { refusal: malformed.into(), call, elsewhere: true }));
    }
    let theirs = wire_of(backend);
    let body = collect(body, ERROR_BYTES_MAX, backend.between_events).await.unwrap_or_default();
    let error = provider::decode_error(theirs, parts.status.as_u16(), &body);
    if is_about_our_key(error.kind) {
        tracing::error!(backend = %backend.name, status = %parts.status, "the backend refused this plane's key");
        return Err(Box::new(Failed { refusal: Refusal::BackendKey, call, elsewhere: true }));
    }
    let elsewhere = matches!(
        error.kind,
        ErrorKind::RateLimited | ErrorKind::Overloaded | ErrorKind::UpstreamUnavailable | ErrorKind::Timeout
    );
    let last = ask.last.as_ref().is_some_and(|last| last.name == backend.name);
    if ask.route.wire == theirs && (last || !elsewhere) {
        let closed =
            call.close(Outcome::Failed, &format!("vendor {}", parts.status.as_u16()), Used::nothing());
        if let Err(error) = closed {
            return Err(Box::new(Failed { refusal: error.into(), call, elsewhere: false }));
        }
        let mut answer = Response::new(Body::full(body));
        *answer.status_mut() = parts.status;
        *answer.headers_mut() = headers::returned(parts.headers);
        headers::mark(answer.headers_mut(), served(ask, labels), None, &[]);
        return Ok(answer);
    }
    let retry_after = parts.headers.get(RETRY_AFTER).cloned();
    let refusal = Refusal::Vendor { kind: error.kind, message: error.message, retry_after };
    Err(Box::new(Failed { refusal, call, elsewhere }))
}

const fn is_about_our_key(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Authentication | ErrorKind::Permission)
}

/// The answer whole: metered, put on record, then given.
async fn whole(
    answering: &Answering<'_>,
    response: Response<Incoming>,
    mut call: Call,
) -> Result<Response<Body>, Box<Failed>> {
    let Answering { attempt: Attempt { ask, backend, .. }, way, warnings } = answering;
    let (parts, body) = response.into_parts();
    let body = match collect(body, ANSWER_BYTES_MAX, backend.between_events).await {
        Ok(body) => body,
        Err(refusal) => return cut_off(refusal, call, Used::nothing()),
    };
    let metered = match meter::usage_of_answer(wire_of(backend), &body) {
        Ok(metered) => metered,
        Err(malformed) => return cut_off(malformed.into(), call, Used::nothing()),
    };
    let body = match way {
        Way::Translated => translate::answer(ask, backend, &body).map(Bytes::from),
        Way::Untouched | Way::WithoutUsage | Way::Framed => Ok(body),
    };
    let body = match body {
        Ok(body) => body,
        // The vendor answered and bills it, though the client cannot be told what.
        Err(refusal) => return cut_off(refusal, call, used(metered)),
    };
    let cost = call.cost(&metered.tokens);
    if let Err(error) = call.close(Outcome::Complete, "", used(metered)) {
        return Err(Box::new(Failed { refusal: error.into(), call, elsewhere: false }));
    }
    let mut answer = Response::new(Body::full(body));
    *answer.headers_mut() = match way {
        Way::Untouched | Way::WithoutUsage => headers::returned(parts.headers),
        Way::Framed | Way::Translated => translate::json_headers(),
    };
    headers::mark(answer.headers_mut(), answering.served(), cost, warnings);
    Ok(answer)
}

/// The answer as a stream, forwarded event by event.
fn stream(
    answering: &Answering<'_>,
    response: Response<Incoming>,
    call: Call,
) -> Result<Response<Body>, Box<Failed>> {
    let Answering { attempt: Attempt { ask, backend, .. }, way, warnings } = answering;
    let (parts, body) = response.into_parts();
    let kind = parts.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
        let message = format!("a stream was asked for and `{}` came", kind.unwrap_or("nothing"));
        return cut_off(provider::Malformed::Shape(message).into(), call, Used::nothing());
    }
    let mut answer = match way {
        Way::Translated => translate::from_vendor(ask, backend, body, call),
        Way::Untouched | Way::WithoutUsage | Way::Framed => relay::response(ask, backend, *way, body, call),
    };
    if matches!(way, Way::Untouched | Way::WithoutUsage) {
        *answer.headers_mut() = headers::returned(parts.headers);
    }
    headers::mark(answer.headers_mut(), answering.served(), None, warnings);
    Ok(answer)
}

/// The vendor had begun to answer, so nobody else is asked.
fn cut_off(refusal: Refusal, mut call: Call, used: Used) -> Result<Response<Body>, Box<Failed>> {
    call.interrupt(refusal.code(), used);
    Err(Box::new(Failed { refusal, call, elsewhere: false }))
}

pub(crate) fn used(metered: meter::Metered) -> Used {
    Used {
        tokens: metered.tokens,
        source: source(metered.source),
        vendor_request: metered.vendor_request_id.unwrap_or_default().into(),
        parts: metered.parts,
        observed: metered.inference_geo.map(Arc::from),
    }
}

pub(crate) const fn source(source: meter::Source) -> journal::UsageSource {
    match source {
        meter::Source::Reported => journal::UsageSource::Reported,
        meter::Source::Estimated => journal::UsageSource::Estimated,
    }
}

async fn collect(body: Incoming, most: usize, idle: Duration) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(idle, Limited::new(body, most).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) => Err(upstream::Failure::Broken(error.to_string()).into()),
        Err(_elapsed) => Err(upstream::Failure::Silent(idle).into()),
    }
}
