//! From a request to its answer: who asks, what is ordered, which wire.

use super::answer::{Answer, Ask};
use super::meter::{Meter, Tally, lock};
use super::orders::{OrderError, Orders, are_orders};
use super::play::Play;
use super::{Double, anthropic, openai};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::json;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const BODY_LIMIT: usize = 64 << 20;

/// A request as it arrived, to compare with what a client sent.
#[derive(Debug, Clone)]
pub struct Last {
    /// `POST`, mostly.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub body: Bytes,
}

/// What all connections of a double share.
#[derive(Debug)]
pub(crate) struct State {
    setup: Double,
    pub(crate) meter: Meter,
    last: Mutex<Option<Last>>,
    queue: Mutex<VecDeque<String>>,
    calls: AtomicU64,
}

impl State {
    pub(crate) fn new(setup: Double) -> Self {
        Self {
            setup,
            meter: Meter::default(),
            last: Mutex::default(),
            queue: Mutex::default(),
            calls: AtomicU64::new(0),
        }
    }

    pub(crate) fn last(&self) -> Option<Last> {
        lock(&self.last).clone()
    }

    pub(crate) fn queue<'a>(&self, orders: impl Iterator<Item = &'a str>) -> Result<(), OrderError> {
        let orders: Vec<&str> = orders.collect();
        orders.iter().try_for_each(|text| Orders::default().apply(text))?;
        lock(&self.queue).extend(orders.into_iter().map(str::to_owned));
        Ok(())
    }

    fn orders(&self, ask: &Ask, headers: &HeaderMap) -> Result<Orders, OrderError> {
        let mut orders = Orders::default();
        for (prefix, text) in &self.setup.when {
            if ask.model.starts_with(prefix) {
                orders.apply(text)?;
            }
        }
        if let Some(text) = lock(&self.queue).pop_front() {
            orders.apply(&text)?;
        }
        if let Some(text) = ask.user().filter(|text| are_orders(text)) {
            orders.apply(text)?;
        }
        if let Some(text) = headers.get("x-double").and_then(|value| value.to_str().ok()) {
            orders.apply(text)?;
        }
        Ok(orders)
    }
}

/// The wire a request speaks, told by its path, or by its headers where both vendors have the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    Anthropic,
    OpenAi,
}

type Reply = Response<Play>;

/// Answers one request; whatever is wrong with it becomes an answer too.
pub(crate) async fn handle(state: Arc<State>, request: Request<Incoming>) -> Result<Reply, Infallible> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Ok(reply(StatusCode::PAYLOAD_TOO_LARGE, Play::free("too large, or cut off\n"))),
    };
    Ok(match own_route(&state, &head, &body) {
        Some(reply) => reply,
        None => vendor_route(&state, head, body).await,
    })
}

/// The double's own pages, which need no key.
fn own_route(state: &State, head: &Parts, body: &Bytes) -> Option<Reply> {
    let text = match (head.method.as_str(), head.uri.path()) {
        ("GET", "/meter") => serde_json::to_string(&state.meter.read()).unwrap_or_default(),
        ("POST", "/meter/reset") => {
            state.meter.reset();
            "{}".to_owned()
        }
        ("GET", "/last") => last_json(&state.last()?),
        ("GET", "/last/body") => return Some(reply(StatusCode::OK, Play::free(state.last()?.body))),
        ("POST", "/next") => match state.queue(String::from_utf8_lossy(body).lines()) {
            Ok(()) => "{}".to_owned(),
            Err(error) => return Some(reply(StatusCode::BAD_REQUEST, Play::free(format!("{error}\n")))),
        },
        _ => return None,
    };
    Some(typed(reply(StatusCode::OK, Play::free(text)), "application/json"))
}

fn last_json(last: &Last) -> String {
    let headers: Vec<(&str, String)> = last
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    json!({
        "method": last.method.as_str(),
        "target": last.target,
        "headers": headers,
        "body": String::from_utf8_lossy(&last.body),
    })
    .to_string()
}

async fn vendor_route(state: &State, head: Parts, body: Bytes) -> Reply {
    let path = head.uri.path().to_owned();
    let anthropic = head.headers.contains_key("anthropic-version") || path.starts_with("/v1/messages");
    let call = Call {
        wire: if anthropic { Wire::Anthropic } else { Wire::OpenAi },
        number: state.calls.fetch_add(1, Ordering::Relaxed) + 1,
        state,
    };
    let get = head.method == Method::GET;
    let headers = head.headers.clone();
    let target = head.uri.path_and_query().map_or_else(|| path.clone(), ToString::to_string);
    *lock(&state.last) =
        Some(Last { method: head.method, target, headers: head.headers, body: body.clone() });
    if !call.key_fits(&headers) {
        state.meter.unauthorised();
        let message = if anthropic { "invalid x-api-key" } else { "Incorrect API key provided" };
        return call.error(StatusCode::UNAUTHORIZED, message);
    }
    match path.as_str() {
        "/v1/models" if get => call.json(call.models(None)),
        "/v1/messages/count_tokens" => call.count_tokens(&body),
        "/v1/messages" | "/v1/chat/completions" => call.model(&headers, &body).await,
        _ => match path.strip_prefix("/v1/models/") {
            Some(name) if get => call.json(call.models(Some(name))),
            _ => call.error(StatusCode::NOT_FOUND, "Not found"),
        },
    }
}

/// One request on a vendor's path.
struct Call<'a> {
    wire: Wire,
    number: u64,
    state: &'a State,
}

impl Call<'_> {
    fn key_fits(&self, headers: &HeaderMap) -> bool {
        let key = self.state.setup.key.as_bytes();
        let bearer = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        let own = headers.get("x-api-key").map(HeaderValue::as_bytes);
        bearer == Some(key) || (self.wire == Wire::Anthropic && own == Some(key))
    }

    fn models(&self, name: Option<&str>) -> String {
        match self.wire {
            Wire::Anthropic => anthropic::models(name),
            Wire::OpenAi => openai::models(name),
        }
    }

    fn count_tokens(&self, body: &[u8]) -> Reply {
        match Ask::parse(body) {
            Ok(ask) => self.json(json!({ "input_tokens": ask.input_tokens() }).to_string()),
            Err(message) => self.error(StatusCode::BAD_REQUEST, &message),
        }
    }

    async fn model(&self, headers: &HeaderMap, body: &[u8]) -> Reply {
        let ask = match Ask::parse(body) {
            Ok(ask) => ask,
            Err(message) => return self.error(StatusCode::BAD_REQUEST, &message),
        };
        let tally = self.state.meter.tally(&ask.model);
        lock(&tally).calls += 1;
        let orders = match self.check(&ask, headers) {
            Ok(orders) => orders,
            Err(message) => {
                lock(&tally).refused += 1;
                return self.error(StatusCode::BAD_REQUEST, &message);
            }
        };
        if orders.first_byte_ms > 0 {
            tokio::time::sleep(Duration::from_millis(orders.first_byte_ms)).await;
        }
        if let Some(status) = orders.status {
            lock(&tally).refused += 1;
            return self.refuse(status, &orders);
        }
        self.answer(&ask, &orders, tally)
    }

    /// What a vendor insists on, and the orders.
    fn check(&self, ask: &Ask, headers: &HeaderMap) -> Result<Orders, String> {
        if self.wire == Wire::Anthropic && !headers.contains_key("anthropic-version") {
            return Err("anthropic-version: header is required".to_owned());
        }
        if self.wire == Wire::Anthropic && ask.max_tokens.is_none() {
            return Err("max_tokens: Field required".to_owned());
        }
        self.state.orders(ask, headers).map_err(|error| error.to_string())
    }

    fn refuse(&self, status: StatusCode, orders: &Orders) -> Reply {
        let mut reply = self.error(status, "as ordered");
        if let Some(seconds) = orders.retry_after {
            reply.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        reply
    }

    fn answer(&self, ask: &Ask, orders: &Orders, tally: Tally) -> Reply {
        let kind = if ask.stream { "text/event-stream; charset=utf-8" } else { "application/json" };
        if orders.rubbish {
            lock(&tally).broken += 1;
            return self.dressed(StatusCode::OK, kind, Play::free("<html>\0\u{fffd} no model lives here"));
        }
        let answer = Answer::new(ask, orders, self.number, self.state.setup.tokens);
        let usage = answer.usage;
        let play = if ask.stream {
            let (events, failure) = match self.wire {
                Wire::Anthropic => (anthropic::events(&answer), anthropic::failure()),
                Wire::OpenAi => (openai::events(&answer, ask.include_usage), openai::failure()),
            };
            Play::stream(events, failure, usage, tally, orders)
        } else {
            let text = match self.wire {
                Wire::Anthropic => anthropic::whole(&answer),
                Wire::OpenAi => openai::whole(&answer),
            };
            Play::whole(text, usage, tally, orders)
        };
        self.dressed(StatusCode::OK, kind, play)
    }

    fn json(&self, text: String) -> Reply {
        self.dressed(StatusCode::OK, "application/json", Play::free(text))
    }

    fn error(&self, status: StatusCode, message: &str) -> Reply {
        let text = match self.wire {
            Wire::Anthropic => anthropic::error(status, message, &self.request_id()),
            Wire::OpenAi => openai::error(status, message),
        };
        self.dressed(status, "application/json", Play::free(text))
    }

    fn request_id(&self) -> String {
        format!("req_double_{}", self.number)
    }

    /// The headers a vendor sends with every answer.
    fn dressed(&self, status: StatusCode, kind: &'static str, play: Play) -> Reply {
        let mut reply = typed(reply(status, play), kind);
        let (id, limit, remaining) = match self.wire {
            Wire::Anthropic => {
                ("request-id", "anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining")
            }
            Wire::OpenAi => ("x-request-id", "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests"),
        };
        let headers = reply.headers_mut();
        if let Ok(value) = HeaderValue::try_from(self.request_id()) {
            headers.insert(id, value);
        }
        headers.insert(limit, HeaderValue::from_static("4000"));
        headers.insert(remaining, HeaderValue::from_static("3999"));
        reply
    }
}

fn reply(status: StatusCode, play: Play) -> Reply {
    let mut reply = Response::new(play);
    *reply.status_mut() = status;
    reply
}

fn typed(mut reply: Reply, kind: &'static str) -> Reply {
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply
}
