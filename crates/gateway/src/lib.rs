//! Serve: the life of one request, from the caller's bytes to a metered response.
//!
//! `pipeline.rs` reads top to bottom: identity, policy, plan, record, backend. `refusal.rs` is the only file
//! that knows status codes. Each request reads exactly one [`Live`] view; nothing here waits for the ledger.

mod abandoned;
mod body;
mod call;
mod deliver;
mod endpoints;
mod headers;
mod keeping;
mod local;
mod pipeline;
mod prompt;
mod reach;
mod refusal;
mod relay;
mod residency;
mod route;
mod routes;
mod server;
mod tls;
mod tokens;
mod translate;
mod turned_away;
mod vendor;

pub use body::Body;
pub use keeping::{Kept, Vault};
pub use local::Local;
pub use server::{Server, ServerError};
pub use turned_away::{TurnedAway, Why};

use abandoned::{Abandoned, AbandonedStage};
use arc_swap::ArcSwap;
use config::Snapshot;
use http::{Request, Response};
use hyper::body::Incoming;
use identity::Lacking;
use journal::Journal;
use reach::Reach;
use route::Health;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use telemetry::Telemetry;
use tokens::Sts;
use tokio::sync::watch;
use turned_away::Doorbook;
use units::{BackendName, Clock, RequestId, Timestamp};

/// Everything a request reads: one configuration, its prices, and how each backend is reached.
pub struct Live {
    /// The configuration.
    pub snapshot: Snapshot,
    /// All prices known by now.
    pub prices: price::PriceBook,
    pub(crate) reach: HashMap<BackendName, Reach>,
}

impl Live {
    /// A view that reaches vendors over new connections and models in this process through `local`.
    ///
    /// # Errors
    /// When a backend's client cannot be made.
    pub fn new(
        snapshot: Snapshot,
        prices: price::PriceBook,
        local: &HashMap<BackendName, Arc<Local>>,
    ) -> Result<Self, upstream::Failure> {
        let reach = Reach::all(&snapshot.backends, local)?;
        Ok(Self { snapshot, prices, reach })
    }

    /// Whether one of the model's backends can be asked.
    pub fn is_available(&self, model: &config::Model) -> bool {
        model.backends.iter().any(|backend| self.reach.contains_key(&backend.name))
    }
}

/// Answers what is no model call: the portal.
pub trait Pages: Send + Sync + 'static {
    /// The answer to one request from `peer`.
    fn page(
        &self,
        peer: SocketAddr,
        request: Request<Incoming>,
    ) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>>;
}

/// Fetches the keys of issuers.
pub trait Issuers: Send + Sync + 'static {
    /// Fetches what is lacking, unless that was just tried; whether there are keys now that were not there before.
    fn look_again<'a>(&'a self, lacking: &'a Lacking) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>>;
}

/// What the gateway is made of.
pub struct Parts {
    /// The first view; [`Gateway::replace`] gives later ones.
    pub live: Live,
    /// Where calls are recorded.
    pub journal: Arc<Journal>,
    /// Where events are counted.
    pub telemetry: Arc<Telemetry>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bits for request ids.
    pub seed: u64,
    /// What serves `/` and the rest.
    pub pages: Arc<dyn Pages>,
    /// Who fetches issuers' keys.
    pub issuers: Arc<dyn Issuers>,
    /// Who keeps prompts and answers, where somebody wants that.
    pub vault: Arc<dyn Vault>,
}

pub(crate) struct Shared {
    live: ArcSwap<Live>,
    journal: Arc<Journal>,
    telemetry: Arc<Telemetry>,
    clock: Arc<dyn Clock>,
    health: Health,
    abandoned: Abandoned,
    pages: Arc<dyn Pages>,
    turned_away: Doorbook,
    issuers: Arc<dyn Issuers>,
    vault: Arc<dyn Vault>,
    sts: Sts,
    /// Whether writing to the journal waits for the disk.
    strict: bool,
    stopping: watch::Sender<bool>,
    started: Timestamp,
    seed: u64,
    requests: AtomicU64,
}

impl Shared {
    /// Writes to the journal; where that waits for the disk, other calls go on elsewhere meanwhile.
    fn on_record<T>(&self, write: impl FnOnce() -> T) -> T {
        if self.strict { tokio::task::block_in_place(write) } else { write() }
    }

    /// Bits that name a token or a key; they are no secret.
    fn random(&self) -> [u8; 16] {
        self.request_id(self.clock.now()).bits().to_be_bytes()
    }

    /// A new request's id: its low bits are a seeded mix of a counter, so no two are alike.
    fn request_id(&self, now: Timestamp) -> RequestId {
        let count = self.requests.fetch_add(1, Ordering::Relaxed);
        let high = mix(self.seed ^ count);
        let low = mix(high ^ self.seed.rotate_left(32) ^ count);
        RequestId::new(now, u128::from(high) << 64 | u128::from(low))
    }
}

/// The finaliser of SplitMix64.
const fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The serving half of the plane.
pub struct Gateway {
    shared: Arc<Shared>,
    stage: Mutex<Option<AbandonedStage>>,
}

impl Gateway {
    /// A gateway that is ready to serve.
    pub fn new(parts: Parts) -> Self {
        let Parts { live, journal, telemetry, clock, seed, pages, issuers, vault } = parts;
        let (abandoned, stage) = Abandoned::new();
        let started = clock.now();
        residency::warn(&live, started);
        let shared = Shared {
            strict: live.snapshot.durable_strictly,
            live: ArcSwap::from_pointee(live),
            journal,
            telemetry,
            clock,
            health: Health::default(),
            abandoned,
            pages,
            turned_away: Doorbook::default(),
            issuers,
            vault,
            sts: Sts::new(started),
            stopping: watch::Sender::new(false),
            started,
            seed,
            requests: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared), stage: Mutex::new(Some(stage)) }
    }

    /// What requests are served by now.
    pub fn live(&self) -> Arc<Live> {
        self.shared.live.load_full()
    }

    /// Serves later requests by another view; those under way keep theirs.
    pub fn replace(&self, live: Live) {
        residency::warn(&live, self.shared.clock.now());
        self.shared.live.store(Arc::new(live));
    }

    /// Calls that a policy or a rule did not let run lately, the latest first.
    pub fn turned_away(&self) -> Vec<TurnedAway> {
        self.shared.turned_away.all()
    }

    fn take_stage(&self) -> Option<AbandonedStage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
