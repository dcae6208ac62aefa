//! A double of the vendors: their wires, their errors, their bills, and faults on demand.
//!
//! What it says is a function of what it was asked (`answer`), so a test can reckon every number beforehand
//! and hold the gateway's books against the double's own meter. Orders (`orders`) come, later ones over
//! earlier ones, from the start-up defaults, the model's prefix, the queue (`Running::next`, `POST /next`),
//! the request's user id (`metadata.user_id` or `user`), and the header `x-double`.
//!
//! Left out on purpose: TLS, HTTP/2, tokens that mean anything.

mod answer;
mod anthropic;
mod meter;
mod openai;
mod orders;
mod play;
mod routes;

pub use meter::{Counts, Reading};
pub use orders::{OrderError, Orders};
pub use routes::Last;

use routes::State;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How a double is set up.
#[derive(Debug, Clone)]
pub struct Double {
    /// The key it wants, as `x-api-key` (Anthropic) or bearer token (both wires).
    pub key: String,
    /// Output tokens of an answer when no order says.
    pub tokens: u32,
    /// Orders for models by the beginning of their name (the empty one fits all); all that fit apply, in order.
    pub when: Vec<(String, String)>,
}

impl Default for Double {
    fn default() -> Self {
        Self { key: "vendor-key".to_owned(), tokens: 20, when: Vec::new() }
    }
}

impl Double {
    /// Listens on `address` (port 0 takes a free one) and serves until stopped.
    ///
    /// # Errors
    /// The address can't be had, or an order under `when` can't be followed.
    pub async fn start(self, address: SocketAddr) -> io::Result<Running> {
        for (_, orders) in &self.when {
            Orders::default().apply(orders).map_err(io::Error::other)?;
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::new(self));
        let shared = state.clone();
        let task = tokio::spawn(crate::serve::serve(listener, move |request| {
            routes::handle(shared.clone(), request)
        }));
        Ok(Running { address, state, task })
    }
}

/// A double at work. Dropping this leaves it running for as long as the runtime does.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base address, without a slash at the end; OpenAI clients append `/v1`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What its meter shows.
    pub fn meter(&self) -> Reading {
        self.state.meter.read()
    }

    /// Sets the meter to zero.
    pub fn reset_meter(&self) {
        self.state.meter.reset();
    }

    /// The last request it got on a vendor's path, authorised or not.
    pub fn last(&self) -> Option<Last> {
        self.state.last()
    }

    /// Orders for the next calls to models, one a call; those after them are answered as ever.
    ///
    /// # Errors
    /// Orders that cannot be followed; none is queued then.
    pub fn next(&self, orders: &[&str]) -> Result<(), OrderError> {
        self.state.queue(orders.iter().copied())
    }

    /// Closes the listener and every connection, at once.
    pub async fn stop(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}
