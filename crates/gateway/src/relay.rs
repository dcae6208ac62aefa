//! A vendor's stream passed on in the client's own protocol, event by event as it arrives, metered in passing.
//!
//! The record is written before the terminal event leaves. A stream that breaks, stalls or ends without its
//! terminal event is charged for what arrived, and the client sees an error event, never a clean end (pitfalls
//! 2, 3). No second attempt is made once bytes have left (pitfall 4). Memory: one chunk, and the event it cuts.

use crate::body::{Produce, Produced};
use crate::call::{Call, Used};
use crate::pipeline::Ask;
use crate::vendor::{self, Way};
use crate::{Body, translate};
use bytes::Bytes;
use config::Backend;
use http::Response;
use http_body::Body as _;
use hyper::body::Incoming;
use journal::Outcome;
use meter::Tap;
use provider::{EVENT_LIMIT, ErrorKind, Event, StreamEncoder, StripUsage, WrapChunks};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// Waits for the next piece, but not for ever. Re-arming is a comparison, not a timer, for each event.
pub(crate) struct Idle {
    limit: Duration,
    last: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl Idle {
    pub fn new(limit: Duration) -> Self {
        let last = Instant::now();
        Self { limit, last, sleep: Box::pin(tokio::time::sleep_until(last + limit)) }
    }

    /// Something came.
    pub fn reset(&mut self) {
        self.last = Instant::now();
    }

    /// Whether nothing came for the whole limit.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.sleep.as_mut().poll(context));
            let until = self.last + self.limit;
            if until <= Instant::now() {
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(until);
        }
    }
}

/// Whole events and nothing of the one that is still coming, so that an error event of ours never stands in the
/// middle of a line that the vendor broke off.
#[derive(Default)]
struct WholeEvents {
    held: Vec<u8>,
}

impl WholeEvents {
    fn push(&mut self, chunk: &Bytes) -> Result<Bytes, provider::Malformed> {
        if self.held.is_empty() {
            let end = end_of_events(chunk, 0);
            self.held.extend_from_slice(chunk.get(end..).unwrap_or_default());
            return Ok(chunk.slice(..end));
        }
        let known = self.held.len();
        self.held.extend_from_slice(chunk);
        let end = end_of_events(&self.held, known);
        let rest = self.held.split_off(end);
        if rest.len() > EVENT_LIMIT {
            return Err(provider::Malformed::TooLarge { limit: EVENT_LIMIT });
        }
        Ok(std::mem::replace(&mut self.held, rest).into())
    }
}

/// Where the last event in `bytes` that ends at `from` or later ends: behind its empty line.
fn end_of_events(bytes: &[u8], from: usize) -> usize {
    let ends = |at: &usize| matches!(bytes.get(..*at), Some([.., b'\n', b'\n'] | [.., b'\n', b'\r', b'\n']));
    (from..=bytes.len()).rev().find(ends).unwrap_or(0)
}

enum Change {
    WholeEvents(WholeEvents),
    StripUsage(StripUsage),
    Frame(WrapChunks),
}

impl Change {
    /// What of this chunk the client gets. A chunk that cannot be read is an error of the vendor's.
    fn apply(&mut self, chunk: &Bytes) -> Result<Bytes, provider::Malformed> {
        match self {
            Self::WholeEvents(events) => events.push(chunk),
            Self::StripUsage(strip) => Ok(strip.push(chunk)?.into()),
            Self::Frame(wrap) => Ok(wrap.push(chunk)?.into()),
        }
    }

    /// What is left when the vendor's stream is over: what some servers say after the terminal event.
    fn rest(&mut self) -> Bytes {
        match self {
            Self::WholeEvents(events) => std::mem::take(&mut events.held).into(),
            Self::StripUsage(_) | Self::Frame(_) => Bytes::new(),
        }
    }
}

struct Relay {
    upstream: Pin<Box<Incoming>>,
    tap: Option<Tap>,
    call: Call,
    change: Change,
    encoder: StreamEncoder,
    idle: Idle,
    ended: bool,
}

/// The stream as a response.
pub(crate) fn response(
    ask: &Ask,
    backend: &Backend,
    way: Way,
    upstream: Incoming,
    call: Call,
) -> Response<Body> {
    let change = match way {
        Way::WithoutUsage => Change::StripUsage(StripUsage::new()),
        Way::Framed => Change::Frame(WrapChunks::new()),
        Way::Untouched | Way::Translated => Change::WholeEvents(WholeEvents::default()),
    };
    let relay = Relay {
        upstream: Box::pin(upstream),
        tap: Some(Tap::new(vendor::wire_of(backend), true)),
        call,
        change,
        encoder: StreamEncoder::new(ask.route.wire, translate::meta(ask), ask.head.include_usage),
        idle: Idle::new(backend.between_events),
        ended: false,
    };
    let mut answer = Response::new(Body::stream(Produced(relay)));
    *answer.headers_mut() = translate::stream_headers(ask.route.wire);
    answer
}

impl Relay {
    /// Reads a chunk's usage; at the terminal event, puts the ending on record first.
    fn take(&mut self, chunk: &Bytes) -> Bytes {
        self.idle.reset();
        if let Some(tap) = &mut self.tap {
            let observed = tap.observe(chunk);
            if let Some(reason) = observed.malformed {
                return self.fail("upstream_malformed", ErrorKind::UpstreamMalformed, &reason.to_string());
            }
            if observed.terminal_at.is_none() {
                let (tokens, source) = tap.so_far();
                self.call.progress(tokens, vendor::source(source));
            } else if let Err(lost) = self.complete() {
                return lost;
            }
        }
        match self.change.apply(chunk) {
            Ok(bytes) => bytes,
            Err(error) => self.fail("upstream_malformed", ErrorKind::UpstreamMalformed, &error.to_string()),
        }
    }

    /// The terminal event came.
    fn complete(&mut self) -> Result<(), Bytes> {
        let Some(tap) = self.tap.take() else { return Ok(()) };
        let metered = tap.finish();
        let failed = metered.error.is_some();
        let (outcome, cause) =
            if failed { (Outcome::Interrupted, "vendor error") } else { (Outcome::Complete, "") };
        self.call.close(outcome, cause, vendor::used(metered)).map_err(|error| {
            tracing::error!(%error, request = %self.call.request, "an answered call could not be put on record");
            self.ended = true;
            self.encode_failure(ErrorKind::StorageFull, "this plane could not record the call")
        })
    }

    /// The stream is over before its time: charged for what arrived, and the client is told.
    fn fail(&mut self, cause: &str, kind: ErrorKind, message: &str) -> Bytes {
        self.ended = true;
        let Some(tap) = self.tap.take() else { return Bytes::new() };
        let metered = tap.finish();
        let used = if metered.tokens.is_zero() { Used::nothing() } else { vendor::used(metered) };
        self.call.interrupt(cause, used);
        tracing::warn!(request = %self.call.request, cause, "a stream broke");
        self.encode_failure(kind, message)
    }

    fn encode_failure(&mut self, kind: ErrorKind, message: &str) -> Bytes {
        self.encoder.event(&Event::Failed { kind, message: message.to_owned() }).into()
    }
}

impl Produce for Relay {
    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let polled = match self.upstream.as_mut().poll_frame(context) {
            Poll::Ready(polled) => polled,
            Poll::Pending => {
                ready!(self.idle.poll(context));
                let message = "the model sent nothing for too long";
                return Poll::Ready(Some(self.fail("upstream_stalled", ErrorKind::Timeout, message)));
            }
        };
        let bytes = match polled {
            Some(Ok(frame)) => {
                frame.into_data().map_or_else(|_trailers| Bytes::new(), |chunk| self.take(&chunk))
            }
            Some(Err(error)) => {
                let message = format!("the connection to the model broke: {error}");
                self.fail("upstream_broken", ErrorKind::UpstreamUnavailable, &message)
            }
            None if self.tap.is_some() => {
                let message = "the model's answer ended before its last event";
                self.fail("upstream_truncated", ErrorKind::UpstreamUnavailable, message)
            }
            None => {
                self.ended = true;
                self.change.rest()
            }
        };
        Poll::Ready(Some(bytes))
    }
}
