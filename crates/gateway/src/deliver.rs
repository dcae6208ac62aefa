//! Waiting for an answer on behalf of a client that may hang up.

use crate::abandoned::Exchange;
use crate::{Body, Shared};
use http::Response;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

/// What the exchange and its waiter tell each other.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    at_vendor: AtomicBool,
    client_gone: AtomicBool,
}

impl Presence {
    /// From here on the vendor works and bills, whether anyone waits or not.
    pub fn at_vendor(&self) {
        self.at_vendor.store(true, Ordering::Release);
    }

    /// Whether nobody waits for the answer any more.
    pub fn client_gone(&self) -> bool {
        self.client_gone.load(Ordering::Acquire)
    }
}

/// The exchange, waited for. Dropped (the client hung up) while it is at a vendor, it is handed to the
/// abandoned-calls stage, which carries it on to its record.
pub(crate) struct Deliver {
    exchange: Option<Exchange>,
    presence: Arc<Presence>,
    shared: Arc<Shared>,
}

impl Deliver {
    pub fn new(exchange: Exchange, presence: Arc<Presence>, shared: Arc<Shared>) -> Self {
        Self { exchange: Some(exchange), presence, shared }
    }
}

impl Future for Deliver {
    type Output = Response<Body>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response<Body>> {
        let Some(exchange) = &mut self.exchange else { return Poll::Pending };
        let polled = exchange.as_mut().poll(context);
        if polled.is_ready() {
            self.exchange = None;
        }
        polled
    }
}

impl Drop for Deliver {
    fn drop(&mut self) {
        if let Some(exchange) = self.exchange.take()
            && self.presence.at_vendor.load(Ordering::Acquire)
        {
            self.presence.client_gone.store(true, Ordering::Release);
            self.shared.abandoned.carry_on(exchange);
        }
    }
}
