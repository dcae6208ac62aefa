//! The plane put together: configuration, journal, settlement, gateway, portal; started in order, stopped in
//! the other.

use crate::archive;
use crate::destinations;
use crate::eligible::{Eligible, eligible};
use crate::failure::Failure;
use crate::issuers::Fetcher;
use crate::keeper::Keeper;
use crate::model_file;
use crate::pages::{Portal, Sources};
use crate::place;
use crate::reload::Reloader;
use config::{BackendKind, Environment, File, Snapshot};
use gateway::{Gateway, Live, Local, Parts, Server};
use journal::{Durability, Journal, Options, Recovered};
use settlement::{Commitment, Known, Settler, Watch};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use telemetry::Telemetry;
use tokio::task::JoinHandle;
use units::{BackendName, Clock, SystemClock};

/// A plane that is ready to run.
pub struct Plane {
    gateway: Arc<Gateway>,
    journal: Arc<Journal>,
    settler: Settler,
    sources: Arc<Sources>,
    telemetry: Arc<Telemetry>,
    clock: Arc<dyn Clock>,
    reloader: Reloader,
    fetcher: Fetcher,
    keeper: Arc<Keeper>,
}

impl Plane {
    /// Opens the journal, replays it into the books, ends what an earlier process left open, loads models, and
    /// makes the gateway.
    ///
    /// # Errors
    /// When the configuration cannot be used, the data directory is in use, or the books are damaged.
    pub fn prepare(file: &File) -> Result<Self, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let data = file.data_dir();
        std::fs::create_dir_all(&data).map_err(|error| {
            Failure::failed(format!("cannot create the data directory `{}`: {error}", data.display()))
        })?;
        let token_key = place::token_key(&data)?;
        let snapshot = file.compile(&Environment, Some(&token_key))?;
        telemetry::start_logging(&snapshot.log, snapshot.log_json).map_err(Failure::unusable)?;
        archive::keep(&data, &snapshot)?;
        let durability = if snapshot.durable_strictly { Durability::Strict } else { Durability::Group };
        let (journal, recovered) = Journal::open(&data, Options { durability }).map_err(Failure::failed)?;
        let journal = Arc::new(journal);
        let settler = Settler::start(&data, Arc::clone(&journal)).map_err(Failure::failed)?;
        let known = catch_up(&journal, &settler, &snapshot, recovered, clock.as_ref())?;
        let local = load_models(&snapshot)?;
        let live = Live::new(snapshot, known.prices.clone(), &local).map_err(Failure::failed)?;
        let telemetry = Arc::new(Telemetry::new());
        let fetcher = Fetcher::new(&data, Arc::clone(&telemetry), Arc::clone(&clock));
        fetcher.adopt(&live.snapshot.directory);
        let sources = Arc::new(Sources::new(data, settler.watch(), Arc::clone(&clock))?);
        let keeper = Keeper::start(&sources.data, Arc::clone(&clock)).map_err(Failure::failed)?;
        let keeper = Arc::new(keeper);
        let gateway = Arc::new(Gateway::new(Parts {
            live,
            journal: Arc::clone(&journal),
            telemetry: Arc::clone(&telemetry),
            clock: Arc::clone(&clock),
            seed: u64::from_le_bytes(place::random::<8>()?),
            pages: Arc::new(Portal::new(Arc::clone(&sources))),
            issuers: Arc::new(fetcher.clone()),
            vault: Arc::clone(&keeper) as Arc<dyn gateway::Vault>,
        }));
        fetcher.serve(&gateway);
        sources.serve_with(&gateway);
        sources.revocations.apply(&gateway.live().snapshot.directory);
        let reloader = Reloader {
            path: file.path().to_owned(),
            files: file.files(),
            token_key,
            local,
            known,
            journal: Arc::clone(&journal),
            gateway: Arc::clone(&gateway),
            clock: Arc::clone(&clock),
            revocations: Arc::clone(&sources.revocations),
            fetcher: fetcher.clone(),
            sources: Arc::clone(&sources),
            telemetry: Arc::clone(&telemetry),
        };
        Ok(Self { gateway, journal, settler, sources, telemetry, clock, reloader, fetcher, keeper })
    }

    /// A token of the plane's own for this caller.
    ///
    /// # Errors
    /// When the names cannot be, or the plane has no key for tokens.
    pub fn token(
        &self,
        organisation: &str,
        team: &str,
        subject: &str,
        seconds: i64,
    ) -> Result<String, Failure> {
        let owner = identity::Owner {
            organisation: organisation.parse().map_err(Failure::unusable)?,
            team: team.parse().map_err(Failure::unusable)?,
            subject: subject.parse().map_err(Failure::unusable)?,
        };
        self.sources.token(owner, seconds).map(|issued| issued.access_token)
    }

    /// Serves until it is told to stop; `started` is called when it listens and may start something beside it.
    ///
    /// # Errors
    /// When the address cannot be had, or what was served cannot be made durable.
    pub fn run(
        self,
        started: impl FnOnce(&Self, SocketAddr) -> Result<Option<JoinHandle<()>>, Failure>,
    ) -> Result<(), Failure> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::failed)?;
        let server = runtime.block_on(Server::bind(Arc::clone(&self.gateway))).map_err(Failure::failed)?;
        let address = server.address();
        tracing::info!(%address, "listening");
        self.sources.listen_at(address);
        let beside = runtime.block_on(async { started(&self, address) })?;
        let Self { journal, mut settler, sources, telemetry, clock, reloader, fetcher, keeper, .. } = self;
        let watch = settler.watch();
        let listing = destinations::run(reloader.path.clone(), Arc::clone(&clock));
        let stop = Arc::new(AtomicBool::new(false));
        let settling = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("settlement".to_owned())
            .spawn(move || settler.run(clock.as_ref(), &settling))
            .map_err(Failure::failed)?;
        let stopping = sources.stopping();
        let metering = runtime.spawn(meter_settling(watch, telemetry));
        let reloading = runtime.spawn(reloader.run());
        let fetching = runtime.spawn(fetcher.run());
        let listing = runtime.spawn(listing);
        runtime.block_on(server.run(async move {
            told_to_stop().await;
            tracing::info!("stopping: no new calls; finishing those under way");
            stopping.notify_waiters();
        }));
        for task in beside.into_iter().chain([metering, reloading, fetching, listing]) {
            task.abort();
        }
        keeper.finish();
        stop.store(true, Ordering::Release);
        if thread.join().is_err() {
            return Err(Failure::failed(
                "settlement broke off; the journal has everything, start again to settle it",
            ));
        }
        journal.shut_down().map_err(Failure::failed)
    }
}

/// Tells the journal what the configuration adds, and ends what the last process left open.
fn catch_up(
    journal: &Journal,
    settler: &Settler,
    snapshot: &Snapshot,
    recovered: Recovered,
    clock: &dyn Clock,
) -> Result<Known, Failure> {
    if let Some(place) = &recovered.torn {
        tracing::warn!(%place, "power was lost while the journal was written: a half-written end was cut off");
    }
    let now = clock.now();
    let mut known = settler.books().known();
    let commitments = commitments(snapshot)?;
    settlement::announce(journal, &mut known, &snapshot.prices, &commitments, now)
        .map_err(Failure::unusable)?;
    let left = recovered.unfinished.len();
    settlement::close_unfinished(journal, recovered.unfinished, now).map_err(Failure::failed)?;
    journal.forget_unfinished();
    if left > 0 {
        tracing::warn!(calls = left, "calls that the last process left open are ended as interrupted");
    }
    Ok(known)
}

/// The commitments that an organisation's charges draw down. One without a total or an end has no balance.
pub fn commitments(snapshot: &Snapshot) -> Result<Vec<Commitment>, Failure> {
    let mut commitments = Vec::new();
    for contract in &snapshot.contracts {
        let Some(organisation) = &contract.organisation else { continue };
        for clause in &contract.deal.commitments {
            let terms = contract::CommitmentTerms::new(&contract.deal, clause);
            let (Some(total), Some(to)) = (terms.total, terms.period.to) else {
                let deal = contract.deal.id.get_ref();
                return Err(Failure::unusable(format!(
                    "commitment `{}` of deal `{deal}` needs a total and an end to be drawn down",
                    terms.id
                )));
            };
            let id: Arc<str> = format!("{}/{}", contract.deal.id.get_ref(), terms.id).into();
            let eligible = eligible(snapshot, clause, organisation);
            warn_of(&id, clause, &eligible);
            let closes = !matches!(eligible, Eligible::Undecided);
            let terms_said = settlement::Terms::of(&contract.deal, clause).filter(|_| closes);
            commitments.push(Commitment {
                id,
                organisation: organisation.clone(),
                total,
                from: terms.period.from.start(),
                to: to.start(),
                counts: match eligible {
                    Eligible::By(counts) => Some(counts),
                    Eligible::All | Eligible::Undecided => None,
                },
                terms: terms_said.map(|terms| (terms, contract.deal.hash.as_str().into())),
            });
        }
    }
    Ok(commitments)
}

/// Says what an operator would not expect of a commitment's rules.
fn warn_of(commitment: &str, clause: &contract::deal::Commitment, eligible: &Eligible) {
    match eligible {
        Eligible::Undecided => tracing::warn!(
            commitment,
            "its rules of eligibility ask what calls do not tell: all of them are drawn, and its years are not closed"
        ),
        Eligible::By(counts) if counts.is_empty() => tracing::warn!(
            commitment,
            "no backend's calls are eligible, so nothing is drawn: say what the deal calls them by `provider` and `silicon`"
        ),
        Eligible::By(_) if clause.eligible.iter().any(|rule| rule.cap_of_year_min.is_some()) => {
            tracing::warn!(
                commitment,
                "caps of its rules of eligibility are not applied here, and its years are not closed: `offtake deal evaluate` does both"
            )
        }
        Eligible::By(_) | Eligible::All => {}
    }
}

fn load_models(snapshot: &Snapshot) -> Result<HashMap<BackendName, Arc<Local>>, Failure> {
    let mut local = HashMap::new();
    for backend in &snapshot.backends {
        let BackendKind::Embedded { model, sha256, threads } = &backend.kind else { continue };
        let file = model_file::locate(model, sha256.as_deref())?;
        let model = embedded::Model::load(&file).map_err(|error| {
            Failure::unusable(format!("backend `{}`: `{}`: {error}", backend.name, file.display()))
        })?;
        let model = Arc::new(model);
        let options = embedded::Options { threads: threads.unwrap_or(0), ..embedded::Options::default() };
        let runner = embedded::Runner::start(Arc::clone(&model), options);
        local.insert(backend.name.clone(), Arc::new(Local::Embedded { model, runner }));
    }
    Ok(local)
}

/// Keeps the meters of settling up to date.
async fn meter_settling(watch: Watch, telemetry: Arc<Telemetry>) {
    loop {
        let status = watch.status();
        let unrated = status.unrated.iter().map(|(_model, calls)| calls).sum();
        telemetry.settling(status.pending + status.unposted, unrated, status.trouble.is_some());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Resolves when the process is asked to end.
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        drop(tokio::signal::ctrl_c().await);
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
