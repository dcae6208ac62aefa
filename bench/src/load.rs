//! A closed-loop load: so many connections, each sending its next request when the last is answered.
//!
//! Bounded in number and time, always. An answer counts only when it is whole: the status is 2xx, the body
//! ended as its framing said, and a stream carried its wire's last event.

use crate::histogram::Histogram;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// One request may take so long; a hung server must not hang the run.
const CALL_LIMIT: Duration = Duration::from_secs(60);
/// After so many errors in a row a connection gives up.
const ERRORS_IN_A_ROW: u32 = 50;

/// What to send, and for how long.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where to, cleartext HTTP.
    pub url: Uri,
    /// Headers besides `host`; `content-type: application/json` unless set.
    pub headers: HeaderMap,
    /// The body of every request.
    pub body: Bytes,
    /// Whether answers are event streams, to be counted event by event.
    pub stream: bool,
    /// Requests in flight at a time, each on a connection of its own.
    pub connections: u32,
    /// Stop after so many requests.
    pub requests: u64,
    /// Stop after so long.
    pub time: Duration,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Whole answers.
    pub answered: u64,
    /// Connections that failed and answers with an error status.
    pub errors: u64,
    /// Answers that broke off, or ended without the last event.
    pub truncated: u64,
    /// Server-sent events in whole and broken answers.
    pub events: u64,
    /// Time from sending to the end of each whole answer.
    pub latency: Histogram,
    /// Time from sending to the first bytes of its body.
    pub first: Histogram,
    /// How long the run took.
    pub took: Duration,
}

/// The figures of an outcome, for people and programs; times in microseconds.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "named as in `Outcome`")]
pub struct Figures {
    pub answered: u64,
    pub errors: u64,
    pub truncated: u64,
    pub events: u64,
    pub seconds: f64,
    pub requests_per_second: f64,
    pub latency_p50: u64,
    pub latency_p90: u64,
    pub latency_p99: u64,
    pub latency_max: u64,
    pub first_byte_p50: u64,
    pub first_byte_p99: u64,
}

impl Outcome {
    /// The outcome in figures.
    pub fn figures(&self) -> Figures {
        let seconds = self.took.as_secs_f64();
        let answered = f64::from(u32::try_from(self.answered).unwrap_or(u32::MAX));
        Figures {
            answered: self.answered,
            errors: self.errors,
            truncated: self.truncated,
            events: self.events,
            seconds,
            requests_per_second: answered / seconds.max(1e-9),
            latency_p50: self.latency.quantile(500),
            latency_p90: self.latency.quantile(900),
            latency_p99: self.latency.quantile(990),
            latency_max: self.latency.max(),
            first_byte_p50: self.first.quantile(500),
            first_byte_p99: self.first.quantile(990),
        }
    }

    fn merge(&mut self, other: &Self) {
        self.answered += other.answered;
        self.errors += other.errors;
        self.truncated += other.truncated;
        self.events += other.events;
        self.latency.merge(&other.latency);
        self.first.merge(&other.first);
    }
}

/// Runs the plan to its end.
pub async fn run(plan: Plan) -> Outcome {
    let begun = Instant::now();
    let shared = Arc::new(Shared { left: AtomicU64::new(plan.requests), until: begun + plan.time, plan });
    let mut workers = JoinSet::new();
    for _ in 0..shared.plan.connections {
        workers.spawn(work(shared.clone()));
    }
    let mut outcome = Outcome::default();
    while let Some(done) = workers.join_next().await {
        match done {
            Ok(part) => outcome.merge(&part),
            Err(_) => outcome.errors += 1,
        }
    }
    outcome.took = begun.elapsed();
    outcome
}

struct Shared {
    plan: Plan,
    left: AtomicU64,
    until: Instant,
}

impl Shared {
    fn take(&self) -> bool {
        let one_less = |left: u64| left.checked_sub(1);
        Instant::now() < self.until
            && self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
    }

    fn request(&self) -> Option<Request<Full<Bytes>>> {
        let path = self.plan.url.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::post(path).body(Full::new(self.plan.body.clone())).ok()?;
        *request.headers_mut() = self.plan.headers.clone();
        let host = HeaderValue::from_str(self.plan.url.authority()?.as_str()).ok()?;
        request.headers_mut().insert(HOST, host);
        request.headers_mut().entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        Some(request)
    }
}

type Sender = SendRequest<Full<Bytes>>;

async fn work(shared: Arc<Shared>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut connection = None;
    let mut failed = 0;
    while failed < ERRORS_IN_A_ROW && shared.take() {
        let call = call(&shared, connection.take(), &mut outcome);
        connection = tokio::time::timeout(CALL_LIMIT, call).await.ok().flatten();
        if connection.is_some() {
            failed = 0;
            continue;
        }
        failed += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    outcome
}

/// One request; the connection is handed back when it is good for another.
async fn call(shared: &Shared, connection: Option<Sender>, outcome: &mut Outcome) -> Option<Sender> {
    outcome.errors += 1; // until the answer says otherwise, or if we are dropped on the way
    let mut sender = match connection {
        Some(sender) => sender,
        None => connect(&shared.plan.url).await?,
    };
    let request = shared.request()?;
    let begun = Instant::now();
    let response = sender.send_request(request).await.ok()?;
    let good = response.status().is_success();
    let read = read(response.into_body(), shared.plan.stream, begun, outcome).await;
    if good {
        outcome.errors -= 1;
        match read {
            Ok(true) => {
                outcome.answered += 1;
                outcome.latency.record(begun.elapsed());
            }
            _ => outcome.truncated += 1,
        }
    }
    read.ok()?;
    sender.ready().await.ok()?;
    Some(sender)
}

async fn connect(url: &Uri) -> Option<Sender> {
    let socket = TcpStream::connect((url.host()?, url.port_u16().unwrap_or(80))).await.ok()?;
    socket.set_nodelay(true).ok()?;
    let (sender, connection) = handshake(TokioIo::new(socket)).await.ok()?;
    tokio::spawn(connection);
    Some(sender)
}

/// Reads a body to its end; true when it is whole.
async fn read(
    mut body: Incoming,
    stream: bool,
    begun: Instant,
    outcome: &mut Outcome,
) -> Result<bool, hyper::Error> {
    let mut events = Events::default();
    let mut first = true;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if std::mem::take(&mut first) {
            outcome.first.record(begun.elapsed());
        }
        if stream {
            outcome.events += events.count(&data);
        }
    }
    Ok(!stream || events.ended())
}

/// Counts server-sent events by the blank line that ends each, across reads.
#[derive(Default)]
struct Events {
    tail: Vec<u8>,
}

impl Events {
    const TAIL: usize = 64;

    fn count(&mut self, data: &[u8]) -> u64 {
        let mut before = self.tail.last().copied().unwrap_or_default();
        let mut count = 0;
        for byte in data {
            count += u64::from(before == b'\n' && *byte == b'\n');
            before = *byte;
        }
        let keep = data.len().saturating_sub(Self::TAIL);
        self.tail.extend_from_slice(&data[keep..]);
        self.tail.drain(..self.tail.len().saturating_sub(Self::TAIL));
        count
    }

    /// Whether the last event is one that ends a stream, on either wire.
    fn ended(&self) -> bool {
        let tail = String::from_utf8_lossy(&self.tail);
        tail.contains("\"message_stop\"") || tail.contains("data: [DONE]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted_alike_however_they_are_cut() {
        let text = b"event: ping\ndata: {}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
        for size in 1..=text.len() {
            let mut events = Events::default();
            let count: u64 = text.chunks(size).map(|piece| events.count(piece)).sum();
            assert_eq!((count, events.ended()), (2, true), "in pieces of {size}");
        }
        let mut cut = Events::default();
        cut.count(&text[..22]);
        assert!(!cut.ended());
    }
}
