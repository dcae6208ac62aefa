//! The abandoned-calls stage: endings for calls whose client hung up.
//!
//! Two ways in. A record whose stream was dropped is closed as undelivered with what had arrived; dropping the
//! stream has already freed the upstream connection or the slot. A non-streaming exchange that is on its way
//! at a vendor is carried on to its end, for the vendor bills it whole and only its answer says how much; the
//! wait is bounded by the backend's own time limits.

use crate::call::Record;
use crate::{Body, Shared};
use http::Response;
use journal::Outcome;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

/// An exchange whose client is gone.
pub(crate) type Exchange = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// Exchanges carried on at a time: a client that only hangs up gets no unlimited calls of it.
const CARRIED_MAX: usize = 256;

enum Left {
    Record(Box<Record>),
    Exchange(Exchange),
}

/// Where abandoned calls are handed over. Unbounded, because a destructor cannot wait; what is in it is
/// bounded by the calls that were open.
pub(crate) struct Abandoned(UnboundedSender<Left>);

/// The receiving end; [`AbandonedStage::run`] works it off.
pub(crate) struct AbandonedStage(UnboundedReceiver<Left>);

impl Abandoned {
    pub fn new() -> (Self, AbandonedStage) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), AbandonedStage(receiver))
    }

    pub fn hand_over(&self, record: Record) {
        // The stage ends after the server; what comes later is ended as interrupted at the next start.
        let _ = self.0.send(Left::Record(Box::new(record)));
    }

    pub fn carry_on(&self, exchange: Exchange) {
        let _ = self.0.send(Left::Exchange(exchange));
    }
}

impl AbandonedStage {
    /// Ends every abandoned call until `stop` resolves and nothing is left.
    pub async fn run(mut self, shared: Arc<Shared>, stop: impl Future<Output = ()>) {
        let mut exchanges = JoinSet::new();
        tokio::pin!(stop);
        let mut stopping = false;
        loop {
            tokio::select! {
                biased;
                left = self.0.recv() => match left {
                    Some(Left::Record(record)) => close(&shared, *record),
                    // Its own code closes the record; the answer has nobody to go to. One too many is dropped, and
                    // with it its call, which comes back here as a record.
                    Some(Left::Exchange(exchange)) if exchanges.len() < CARRIED_MAX => {
                        drop(exchanges.spawn(async move { drop(exchange.await) }));
                    }
                    Some(Left::Exchange(exchange)) => drop(exchange),
                    None => break,
                },
                Some(_done) = exchanges.join_next(), if !exchanges.is_empty() => {}
                () = &mut stop, if !stopping => stopping = true,
                () = std::future::ready(()), if stopping && exchanges.is_empty() => break,
            }
        }
    }
}

fn close(shared: &Shared, record: Record) {
    let used = record.used();
    if let Err(error) = record.close(shared, Outcome::Undelivered, "client gone", used) {
        tracing::error!(%error, "an abandoned call could not be put on record; it ends at the next start");
    }
}
