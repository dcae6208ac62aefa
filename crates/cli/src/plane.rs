//! The plane put together: configuration, journal, settlement, gateway, portal; started in order, stopped in
//! the other.

use crate::failure::Failure;
use config::{Environment, File};
use gateway::{Body, Gateway, Live, Pages, Parts, Server};
use http::{Request, Response};
use journal::{Durability, Journal, Options};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use telemetry::Telemetry;
use units::SystemClock;

struct NoPages;
impl Pages for NoPages {
    fn page(
        &self,
        _: Request<hyper::body::Incoming>,
    ) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        Box::pin(async { Response::new(Body::full("nothing\n")) })
    }
}

/// A plane that is ready to run.
pub struct Plane {
    gateway: Arc<Gateway>,
    journal: Arc<Journal>,
}

impl Plane {
    /// Opens the journal and makes the gateway.
    pub fn prepare(file: &File) -> Result<Self, Failure> {
        let snapshot = file.compile(&Environment, None)?;
        let _ = telemetry::start_logging(&snapshot.log, snapshot.log_json);
        let durability = if snapshot.durable_strictly { Durability::Strict } else { Durability::Group };
        std::fs::create_dir_all(&snapshot.data).map_err(Failure::failed)?;
        let (journal, _recovered) =
            Journal::open(&snapshot.data, Options { durability }).map_err(Failure::failed)?;
        let journal = Arc::new(journal);
        let mut prices = price::PriceBook::default();
        for price in &snapshot.prices {
            prices.add(price.clone()).map_err(Failure::failed)?;
        }
        let live = Live::new(snapshot, prices, &HashMap::new()).map_err(Failure::failed)?;
        let gateway = Gateway::new(Parts {
            live,
            journal: Arc::clone(&journal),
            telemetry: Arc::new(Telemetry::new()),
            clock: Arc::new(SystemClock),
            seed: 7,
            pages: Arc::new(NoPages),
        });
        Ok(Self { gateway: Arc::new(gateway), journal })
    }

    /// Serves until it is told to stop.
    pub fn run(self) -> Result<(), Failure> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::failed)?;
        runtime.block_on(async {
            let server = Server::bind(Arc::clone(&self.gateway)).await.map_err(Failure::failed)?;
            tracing::info!(address = %server.address(), "listening");
            server.run(async { drop(tokio::signal::ctrl_c().await) }).await;
            Ok::<_, Failure>(())
        })?;
        self.journal.shut_down().map_err(Failure::failed)
    }
}
