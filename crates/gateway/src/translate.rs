//! An answer that is put together in the client's protocol from canonical events: a vendor's of another
//! protocol, or a model's in this process.
//!
//! As with a relay: the record is written before the terminal event leaves, and what breaks is charged for what
//! arrived and told to the client.

use crate::Body;
use crate::body::{Produce, Produced};
use crate::call::{Call, Used};
use crate::headers;
use crate::local::{self, Item, Items, Local};
use crate::pipeline::{Ask, Failed};
use crate::reach::Labels;
use crate::refusal::Refusal;
use crate::relay::Idle;
use crate::vendor;
use bytes::Bytes;
use config::Backend;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response};
use http_body::Body as _;
use hyper::body::Incoming;
use journal::{Outcome, UsageSource};
use meter::Tap;
use provider::{Answer, ErrorKind, Event, Gather, Meta, StreamDecoder, StreamEncoder, Wire};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// What an encoder adds to an answer to this request.
pub(crate) fn meta(ask: &Ask) -> Meta {
    let now = ask.shared.clock.now();
    Meta {
        request_id: ask.request.to_string(),
        model: ask.route.model.clone().or_else(|| ask.head.model.clone()).unwrap_or_default(),
        created: ask.started,
        latency_ms: u64::try_from((now.micros() - ask.started.micros()) / 1_000).unwrap_or(0),
    }
}

pub(crate) fn json_headers() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers
}

pub(crate) fn stream_headers(wire: Wire) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(wire.stream_content_type()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers
}

/// A vendor's whole answer in the client's protocol.
pub(crate) fn answer(ask: &Ask, backend: &Backend, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let answer = provider::decode_response(vendor::wire_of(backend), body)?;
    Ok(provider::encode_answer(ask.route.wire, &answer, &meta(ask)))
}

/// An answer of a model in this process.
pub(crate) async fn from_local(
    ask: &Ask,
    backend: &Arc<Backend>,
    (local, labels): (&Arc<Local>, &Labels),
    mut call: Call,
) -> Result<Response<Body>, Box<Failed>> {
    let conversation = ask.conversation.clone().ok_or_else(vendor::not_translated);
    let begun = conversation.and_then(|conversation| {
        let conversation = within(ask, conversation);
        Ok((local::warnings(&conversation), local.start(&conversation)?))
    });
    let (warnings, items) = match begun {
        Ok(begun) => begun,
        Err(refusal) => return Err(Box::new(Failed { refusal, call, elsewhere: false })),
    };
    if ask.stream {
        let mut answer = translated(ask, backend, Source::Local(items), call);
        headers::mark(answer.headers_mut(), vendor::served(ask, labels), None, &warnings);
        return Ok(answer);
    }
    let (answer, used) = match gather(&mut call, items).await {
        Ok(gathered) => gathered,
        Err(refusal) => return Err(Box::new(Failed { refusal, call, elsewhere: false })),
    };
    let cost = call.cost(&used.tokens);
    if let Err(error) = call.close(Outcome::Complete, "", used) {
        return Err(Box::new(Failed { refusal: error.into(), call, elsewhere: false }));
    }
    let body = provider::encode_answer(ask.route.wire, &answer, &meta(ask));
    let mut answer = Response::new(Body::full(body));
    *answer.headers_mut() = json_headers();
    headers::mark(answer.headers_mut(), vendor::served(ask, labels), cost, &warnings);
    Ok(answer)
}

/// The conversation within the model's own limit on output; none goes on until the context is full.
fn within(ask: &Ask, mut conversation: provider::Conversation) -> provider::Conversation {
    let asked = conversation.max_tokens.unwrap_or(ask.output_limit());
    conversation.max_tokens = Some(ask.model.output_tokens_max.map_or(asked, |most| asked.min(most)));
    conversation
}

async fn gather(call: &mut Call, mut items: Items) -> Result<(Answer, Used), Refusal> {
    let mut gather = Gather::default();
    let mut used = Used::nothing();
    while let Some(Item { event, used: so_far }) = items.receiver.recv().await {
        call.first_byte();
        call.progress(so_far, UsageSource::Reported);
        used.tokens = so_far;
        gather.event(&event);
    }
    match gather.finish() {
        (answer, None, true) => Ok((answer, used)),
        (_, failed, _) => {
            let message =
                failed.map_or_else(|| "it stopped without an end".to_owned(), |(_, message)| message);
            // On record with what it used: something was generated, though nobody gets it.
            call.close(Outcome::Interrupted, "generation", used)?;
            Err(Refusal::Generation(message))
        }
    }
}

/// A vendor's stream of another protocol.
pub(crate) fn from_vendor(ask: &Ask, backend: &Backend, body: Incoming, call: Call) -> Response<Body> {
    let theirs = vendor::wire_of(backend);
    let stream = VendorStream {
        body: Box::pin(body),
        decoder: StreamDecoder::new(theirs),
        tap: Tap::new(theirs, true),
        theirs,
        events: VecDeque::new(),
    };
    translated(ask, backend, Source::Vendor(Box::new(stream)), call)
}

enum Source {
    Vendor(Box<VendorStream>),
    Local(Items),
}

struct VendorStream {
    body: Pin<Box<Incoming>>,
    decoder: StreamDecoder,
    tap: Tap,
    theirs: Wire,
    events: VecDeque<Event>,
}

/// What a source says next.
enum Next {
    Event(Event, Used),
    Broken { cause: &'static str, kind: ErrorKind, message: String },
    Ended,
}

struct Translated {
    source: Source,
    call: Call,
    encoder: StreamEncoder,
    idle: Idle,
    used: Used,
    ended: bool,
}

fn translated(ask: &Ask, backend: &Backend, source: Source, call: Call) -> Response<Body> {
    let stream = Translated {
        source,
        call,
        encoder: StreamEncoder::new(ask.route.wire, meta(ask), ask.head.include_usage),
        idle: Idle::new(backend.between_events),
        used: Used::nothing(),
        ended: false,
    };
    let mut answer = Response::new(Body::stream(Produced(stream)));
    *answer.headers_mut() = stream_headers(ask.route.wire);
    answer
}

impl Source {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        match self {
            Self::Local(items) => Poll::Ready(match ready!(items.receiver.poll_recv(context)) {
                Some(Item { event, used }) => Next::Event(event, Used { tokens: used, ..Used::nothing() }),
                None => Next::Ended,
            }),
            Self::Vendor(stream) => stream.poll_next(context),
        }
    }
}

impl VendorStream {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        loop {
            if let Some(event) = self.events.pop_front() {
                let used = self.used(&event);
                return Poll::Ready(Next::Event(event, used));
            }
            match ready!(self.body.as_mut().poll_frame(context)) {
                Some(Ok(frame)) => match self.read(frame.data_ref().map_or(&[], |chunk| chunk)) {
                    Ok(decoded) => self.events.extend(decoded),
                    Err(error) => return Poll::Ready(malformed(&error)),
                },
                Some(Err(error)) => {
                    let message = format!("the connection to the model broke: {error}");
                    let kind = ErrorKind::UpstreamUnavailable;
                    return Poll::Ready(Next::Broken { cause: "upstream_broken", kind, message });
                }
                None => return Poll::Ready(Next::Ended),
            }
        }
    }
}

impl VendorStream {
    /// Metered as it came, so that nothing the vendor says of itself is lost in translation.
    fn read(&mut self, chunk: &[u8]) -> Result<Vec<Event>, provider::Malformed> {
        // What is malformed is told by the decoder, to the client.
        let _ = self.tap.observe(chunk);
        self.decoder.push(chunk)
    }

    /// What was used by now; at the end also whose answer it was, and where it ran.
    fn used(&mut self, event: &Event) -> Used {
        if matches!(event, Event::End) {
            let tap = std::mem::replace(&mut self.tap, Tap::new(self.theirs, true));
            return vendor::used(tap.finish());
        }
        let (tokens, source) = self.tap.so_far();
        Used { tokens, source: vendor::source(source), ..Used::nothing() }
    }
}

fn malformed(error: &provider::Malformed) -> Next {
    let (kind, message) = (ErrorKind::UpstreamMalformed, error.to_string());
    Next::Broken { cause: "upstream_malformed", kind, message }
}

impl Translated {
    /// One event on its way to the client; the terminal one only after the ending is on record.
    fn event(&mut self, event: &Event, used: Used) -> Vec<u8> {
        self.idle.reset();
        self.call.first_byte();
        self.used = used;
        match event {
            Event::End => {
                self.ended = true;
                self.encoder.set_latency_ms(self.call.elapsed_ms());
                if let Err(error) = self.call.close(Outcome::Complete, "", self.used.clone()) {
                    tracing::error!(%error, request = %self.call.request, "an answered call could not be put on record");
                    let message = "this plane could not record the call".to_owned();
                    return self.encoder.event(&Event::Failed { kind: ErrorKind::StorageFull, message });
                }
            }
            Event::Failed { .. } => {
                self.ended = true;
                self.close_broken("vendor error");
            }
            _ => self.call.progress(self.used.tokens, self.used.source),
        }
        self.encoder.event(event)
    }

    fn broken(&mut self, cause: &str, kind: ErrorKind, message: String) -> Vec<u8> {
        self.ended = true;
        self.close_broken(cause);
        self.encoder.event(&Event::Failed { kind, message })
    }

    fn close_broken(&mut self, cause: &str) {
        tracing::warn!(request = %self.call.request, cause, "a stream broke");
        self.call.interrupt(cause, self.used.clone());
    }
}

impl Produce for Translated {
    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let next = match self.source.poll_next(context) {
            Poll::Ready(next) => next,
            Poll::Pending => {
                ready!(self.idle.poll(context));
                let message = "the model sent nothing for too long".to_owned();
                Next::Broken { cause: "upstream_stalled", kind: ErrorKind::Timeout, message }
            }
        };
        let bytes = match next {
            Next::Event(event, used) => self.event(&event, used),
            Next::Broken { cause, kind, message } => self.broken(cause, kind, message),
            Next::Ended => {
                let message = "the model's answer ended before its last event".to_owned();
                self.broken("upstream_truncated", ErrorKind::UpstreamUnavailable, message)
            }
        };
        Poll::Ready(Some(bytes.into()))
    }
}
