//! A body played from a script: what to send, when to wait, where to break off.
//!
//! Faults are changes of the script, made before the first byte goes out, so that each can be read off the
//! list. The meter turns as the steps are taken, not when they are planned.

use super::answer::Usage;
use super::meter::{Tally, lock};
use super::orders::Orders;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// Time for what was sent to leave before the connection breaks: hyper drops what it has not yet written.
const FLUSH: Duration = Duration::from_millis(10);

/// Bytes that belong together, and the output tokens they carry.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) bytes: Bytes,
    pub(crate) output: u32,
}

impl Event {
    pub(crate) fn new(text: impl Into<Bytes>, output: u32) -> Self {
        Self { bytes: text.into(), output }
    }
}

#[derive(Debug)]
enum Step {
    Send(Event),
    /// Lets hyper write what it has; without it, pieces sent one after another leave as one.
    Flush,
    Pause(Duration),
    Cut,
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct Play {
    steps: VecDeque<Step>,
    pause: Option<Pin<Box<Sleep>>>,
    length: Option<u64>,
    bill: Option<Bill>,
}

/// Who pays: nobody for errors and lists.
#[derive(Debug)]
struct Bill {
    tally: Tally,
    /// Counted with the first byte, then gone.
    usage: Option<Usage>,
    /// Output tokens that are due with the first byte: all of them, when nothing is streamed.
    at_once: u32,
    /// Thinking comes before all other output, so the next tokens are thinking until this is used up.
    thinking: u32,
    whole: bool,
}

impl Play {
    /// A body that costs nothing.
    pub(crate) fn free(text: impl Into<Bytes>) -> Self {
        let event = Event::new(text, 0);
        let length = u64::try_from(event.bytes.len()).ok();
        Self { steps: VecDeque::from([Step::Send(event)]), pause: None, length, bill: None }
    }

    /// A whole answer in one piece, of a length known beforehand; the faults of `orders` included.
    pub(crate) fn whole(text: String, usage: Usage, tally: Tally, orders: &Orders) -> Self {
        let length = text.len();
        let cut = orders.cut_bytes.or(orders.cut.map(|_| length / 2));
        let broken = cut.is_some();
        let steps = cut_and_chunk(vec![Step::Send(Event::new(text, 0))], cut, orders.chunk);
        let bill = Bill {
            tally,
            usage: Some(usage),
            at_once: usage.output,
            thinking: usage.thinking,
            whole: !broken,
        };
        Self { steps, pause: None, length: u64::try_from(length).ok(), bill: Some(bill) }
    }

    /// A stream of events, with the faults of `orders`; `failure` is the wire's error event.
    pub(crate) fn stream(
        mut events: Vec<Event>,
        failure: Event,
        usage: Usage,
        tally: Tally,
        orders: &Orders,
    ) -> Self {
        let whole = orders.error_event.is_none() && orders.cut.is_none() && orders.cut_bytes.is_none();
        if let Some(after) = orders.error_event {
            events.truncate(after);
            events.push(failure);
        }
        if let Some(after) = orders.cut {
            events.truncate(after);
        }
        let mut steps = paced(events, orders);
        if orders.cut.is_some() {
            steps.extend([Step::Pause(FLUSH), Step::Cut]);
        }
        let steps = cut_and_chunk(steps, orders.cut_bytes, orders.chunk);
        let bill = Bill { tally, usage: Some(usage), at_once: 0, thinking: usage.thinking, whole };
        Self { steps, pause: None, length: None, bill: Some(bill) }
    }

    fn count(&mut self, output: u32) {
        let Some(bill) = &mut self.bill else { return };
        let mut counts = lock(&bill.tally);
        let output = output + std::mem::take(&mut bill.at_once);
        let thinking = output.min(bill.thinking);
        bill.thinking -= thinking;
        if let Some(usage) = bill.usage.take() {
            counts.input_tokens += u64::from(usage.input);
            counts.cache_read_tokens += u64::from(usage.cache_read);
            counts.cache_write_5m_tokens += u64::from(usage.cache_write_5m);
            counts.cache_write_1h_tokens += u64::from(usage.cache_write_1h);
        }
        counts.output_tokens += u64::from(output);
        counts.thinking_tokens += u64::from(thinking);
        if self.steps.is_empty() {
            counts.answered += u64::from(bill.whole);
            counts.broken += u64::from(!bill.whole);
        }
    }
}

fn paced(events: Vec<Event>, orders: &Orders) -> Vec<Step> {
    let mut steps = Vec::with_capacity(events.len() + 2);
    for (index, event) in events.into_iter().enumerate() {
        if index > 0 && orders.slow_ms > 0 {
            steps.push(Step::Pause(Duration::from_millis(orders.slow_ms)));
        }
        steps.push(Step::Send(event));
        match orders.stall {
            Some((after, millis)) if after == index + 1 => {
                steps.push(Step::Pause(Duration::from_millis(millis)));
            }
            _ => {}
        }
    }
    steps
}

/// Cuts after `cut` bytes and breaks what is sent into pieces of `chunk`. Tokens go with an event's last
/// byte, so an event that is cut is not billed.
fn cut_and_chunk(steps: Vec<Step>, cut: Option<usize>, chunk: Option<usize>) -> VecDeque<Step> {
    let mut left = cut.unwrap_or(usize::MAX);
    let mut done = VecDeque::with_capacity(steps.len() + 2);
    for step in steps {
        let Step::Send(mut event) = step else {
            done.push_back(step);
            continue;
        };
        if event.bytes.len() > left {
            event = Event::new(event.bytes.slice(..left), 0);
        }
        left -= event.bytes.len();
        let output = event.output;
        while let Some(size) = chunk.filter(|size| *size < event.bytes.len()) {
            done.push_back(Step::Send(Event::new(event.bytes.split_to(size), 0)));
            done.push_back(Step::Flush);
        }
        done.push_back(Step::Send(Event { bytes: event.bytes, output }));
        if left == 0 {
            break;
        }
    }
    if cut.is_some() {
        done.extend([Step::Pause(FLUSH), Step::Cut]);
    }
    done
}

impl Body for Play {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                std::task::ready!(pause.as_mut().poll(context));
                self.pause = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Flush) => {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Step::Pause(time)) => self.pause = Some(Box::pin(sleep(time))),
                Some(Step::Cut) => {
                    self.count(0);
                    return Poll::Ready(Some(Err(io::Error::other("cut as ordered"))));
                }
                Some(Step::Send(event)) => {
                    self.count(event.output);
                    return Poll::Ready(Some(Ok(Frame::data(event.bytes))));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty() && self.pause.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}
