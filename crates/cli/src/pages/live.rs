//! Live updates as server-sent events: `overview` whenever there is something new to show, and a comment to keep the line
//! open. An event says that something changed, never what.

use super::Sources;
use bytes::Bytes;
use gateway::Body;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body::{Body as HttpBody, Frame};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, channel};

/// How often a live page is told to look again while something changes.
const LIVE_TICK: Duration = Duration::from_millis(500);
/// A stream ends after so many ticks; the browser asks again, and shows again who it is.
const TICKS_MAX: u32 = 1_200;

pub fn events(sources: &Sources) -> Response<Body> {
    let (sender, receiver) = channel(4);
    let (watch, stopping) = (sources.watch.clone(), sources.stopping());
    tokio::spawn(async move {
        let mut seen = None;
        let mut quiet: u32 = 0;
        for _ in 0..TICKS_MAX {
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
