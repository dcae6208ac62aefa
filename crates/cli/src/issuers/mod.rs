//! Issuers' keys: fetched in the background, kept fresh, and given to the directory that serves.
//!
//! No call waits for an issuer, but one whose token names a key not seen before, and that one not for long. An issuer
//! that is down is asked again with growing pauses; what it gave is believed for as long as the configuration allows,
//! also after a restart.

mod state;

pub use state::{Kept, Standing};

use crate::people::fetch;
use config::Origin;
use gateway::{Gateway, Issuers};
use identity::{Directory, Lack, Lacking, Source};
use serde::Deserialize;
use state::Entry;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;
use telemetry::Telemetry;
use units::{Clock, Timestamp};

/// How often it is looked at what has to be fetched.
const TICK: Duration = Duration::from_millis(500);
/// How long a call waits for keys that its token needs.
const PATIENCE: Duration = Duration::from_secs(3);

/// Fetches keys. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Fetcher(Arc<Inner>);

struct Inner {
    sources: Mutex<BTreeMap<Source, Arc<Entry>>>,
    gateway: OnceLock<Weak<Gateway>>,
    telemetry: Arc<Telemetry>,
    clock: Arc<dyn Clock>,
    data: PathBuf,
}

/// What an issuer says of itself, as far as it matters here (OpenID Connect Discovery 1.0).
#[derive(Deserialize)]
struct Description {
    issuer: String,
    jwks_uri: String,
}

impl Fetcher {
    /// Fetches for the plane whose data directory is `data`; nothing is fetched yet.
    pub fn new(data: &Path, telemetry: Arc<Telemetry>, clock: Arc<dyn Clock>) -> Self {
        let kept = Kept::read(data).unwrap_or_else(|error| {
            tracing::warn!(error, "the keys of issuers that were kept are fetched anew");
            Kept::default()
        });
        Self(Arc::new(Inner {
            sources: Mutex::new(kept.into_entries()),
            gateway: OnceLock::new(),
            telemetry,
            clock,
            data: data.to_owned(),
        }))
    }

    /// Names the gateway whose directory is given the keys.
    pub fn serve(&self, gateway: &Arc<Gateway>) {
        let _ = self.0.gateway.set(Arc::downgrade(gateway));
    }

    /// Gives a directory that is about to serve what is known, and fetches for it from now on.
    pub fn adopt(&self, directory: &Directory) {
        let mut sources = self.0.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let needed = directory.sources();
        sources.retain(|source, _| needed.contains_key(source));
        for (source, rules) in needed {
            let entry = sources.entry(source.clone()).or_insert_with(|| Arc::new(Entry::new(source.clone())));
            entry.change(|state| state.serve(&rules));
            if let Some((jwks, fetched)) = entry.state().set {
                self.give(directory, &source, (&jwks, fetched));
            }
        }
    }

    fn give(
        &self,
        directory: &Directory,
        source: &Source,
        (jwks, fetched): (&str, Timestamp),
    ) -> Option<String> {
        let trouble = directory.keep_keys(source, jwks, fetched).err()?;
        tracing::error!(%source, trouble, "fetched keys cannot be used");
        Some(trouble)
    }

    /// Keeps all keys fresh for as long as the plane runs.
    pub async fn run(self) {
        loop {
            let now = self.0.clock.now();
            for entry in self.entries() {
                let state = entry.state();
                if let Some((_, fetched)) = &state.set {
                    let age = now.seconds().saturating_sub(fetched.seconds());
                    self.0.telemetry.issuer_keys(&entry.source.to_string(), age);
                }
                if state.is_due(now) && entry.turn.try_lock().is_ok() {
                    let fetcher = self.clone();
                    tokio::spawn(async move { fetcher.fetch(&entry, state.finished).await });
                }
            }
            tokio::time::sleep(TICK).await;
        }
    }

    fn entries(&self) -> Vec<Arc<Entry>> {
        let sources = self.0.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.values().cloned().collect()
    }

    /// Fetches, one at a time for each source, unless somebody else has since so many fetches had `finished`.
    async fn fetch(&self, entry: &Entry, finished: u64) {
        let _turn = entry.turn.lock().await;
        if entry.state().finished != finished {
            return;
        }
        entry.change(|state| state.tried = Some(self.0.clock.now()));
        let fetched = read(&entry.source).await;
        let now = self.0.clock.now();
        let source = entry.source.to_string();
        self.0.telemetry.issuer_fetched(&source, fetched.is_ok());
        match fetched {
            Ok(jwks) => {
                let trouble = self.directory(|directory| self.give(directory, &entry.source, (&jwks, now)));
                let first = entry.state().set.is_none_or(|(known, _)| *known != *jwks);
                if first {
                    tracing::info!(source, "issuer keys were fetched");
                }
                entry.change(|state| state.keep(jwks, now, trouble));
            }
            Err(trouble) => {
                tracing::warn!(source, trouble, "issuer keys were not fetched");
                entry.change(|state| state.fail(trouble));
            }
        }
        if let Err(error) = Kept::of(&self.entries()).write(&self.0.data) {
            tracing::warn!(%error, "the keys of issuers could not be kept for the next start");
        }
    }

    /// Does something with the directory that serves.
    fn directory(&self, with: impl FnOnce(&Directory) -> Option<String>) -> Option<String> {
        let gateway = self.0.gateway.get().and_then(Weak::upgrade)?;
        with(&gateway.live().snapshot.directory)
    }
}

impl Issuers for Fetcher {
    fn look_again<'a>(&'a self, lacking: &'a Lacking) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(async move {
            let entry = {
                let sources = self.0.sources.lock().unwrap_or_else(PoisonError::into_inner);
                sources.get(&lacking.source).cloned()
            };
            let Some(entry) = entry else { return false };
            let (now, before) = (self.0.clock.now(), entry.state());
            let under_way = entry.turn.try_lock().is_err();
            let may = match lacking.lack {
                Lack::NoSuchKey => entry.change(|state| state.may_ask_for(lacking.key.as_deref(), now)),
                Lack::NotFetched | Lack::Stale => under_way || before.is_due(now),
            };
            if !may {
                return false;
            }
            // In a task of its own: whoever asked may be gone before the issuer answers.
            let (fetcher, fetched) = (self.clone(), Arc::clone(&entry));
            let fetching = tokio::spawn(async move { fetcher.fetch(&fetched, before.finished).await });
            let _ = tokio::time::timeout(PATIENCE, fetching).await;
            entry.state().fetched() != before.fetched()
        })
    }
}

/// The key set at the source.
async fn read(source: &Source) -> Result<String, String> {
    let address = match source {
        Source::Address(address) => address.clone(),
        Source::Issuer(issuer) => {
            let address = source.to_string();
            let text = fetch::get(&address, None).await?;
            let said: Description =
                serde_json::from_slice(&text).map_err(|error| format!("{address}: {error}"))?;
            if said.issuer != *issuer {
                return Err(format!(
                    "{address} speaks for another issuer, which differs from the one configured"
                ));
            }
            let secure = |address: &str| Origin::of(address).map(|(origin, _)| origin.secure);
            // An issuer elsewhere has no business with this machine's own ports.
            let needed = secure(issuer).unwrap_or(true);
            if secure(&said.jwks_uri).is_none_or(|secure| needed && !secure) {
                return Err(format!("{address} names an address that cannot be trusted"));
            }
            said.jwks_uri
        }
    };
    let set = fetch::get(&address, None).await?;
    String::from_utf8(set.to_vec()).map_err(|_| format!("{address} is no JWK set"))
}
