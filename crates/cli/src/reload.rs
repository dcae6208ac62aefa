//! Hot reload: a changed configuration serves as soon as it is valid, and changes nothing while it is not.
//!
//! All or nothing: a request sees the old view or the new one, never a mixture. What cannot change while the
//! plane runs (the address, the data directory, which model files are loaded) is said and left as it was.

use crate::archive;
use crate::failure::Failure;
use crate::issuers::Fetcher;
use crate::pages::Sources;
use crate::people::revoked::Revocations;
use crate::plane::commitments;
use config::{Environment, File};
use gateway::{Gateway, Live, Local};
use journal::Journal;
use settlement::Known;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use telemetry::Telemetry;
use units::{BackendName, Clock};

/// How often the file is looked at.
const TICK: Duration = Duration::from_secs(1);

/// What a reload needs of the running plane.
pub struct Reloader {
    /// The configuration file.
    pub path: PathBuf,
    /// It and the files it names, all of which are watched.
    pub files: Vec<PathBuf>,
    /// Signs the plane's own tokens where the file names no key.
    pub token_key: Vec<u8>,
    /// The models in this process.
    pub local: HashMap<BackendName, Arc<Local>>,
    /// What the journal knows.
    pub known: Known,
    /// Where news is written.
    pub journal: Arc<Journal>,
    /// Who serves it.
    pub gateway: Arc<Gateway>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Keys that no configuration brings back.
    pub revocations: Arc<Revocations>,
    /// Who fetches issuers' keys.
    pub fetcher: Fetcher,
    /// Where it is said that a changed configuration cannot be used.
    pub sources: Arc<Sources>,
    /// The meters.
    pub telemetry: Arc<Telemetry>,
}

impl Reloader {
    /// Reloads whenever the file changes, for as long as the plane runs.
    pub async fn run(mut self) {
        let mut seen = changed(&self.files);
        let mut ended = changed(&self.revoked());
        loop {
            tokio::time::sleep(TICK).await;
            let now = changed(&self.revoked());
            if now != ended {
                ended = now;
                self.end_keys();
            }
            let now = changed(&self.files);
            if now == seen {
                continue;
            }
            let reloaded = self.reload();
            self.telemetry.configuration_refused(reloaded.is_err());
            match reloaded {
                Ok(version) => {
                    tracing::info!(
                        version = format_args!("{version:016x}"),
                        "the configuration was reloaded"
                    );
                    self.sources.configuration_refused(None);
                }
                Err(error) => {
                    tracing::error!("the changed configuration is not used: {error}");
                    self.sources.configuration_refused(Some(error.to_string()));
                }
            }
            // The new version may name other files.
            seen = changed(&self.files);
        }
    }

    fn revoked(&self) -> [PathBuf; 1] {
        [self.revocations.path().to_owned()]
    }

    /// Ends the keys that a command has put on record as ended.
    fn end_keys(&self) {
        match self.revocations.read_again() {
            Ok(()) => self.revocations.apply(&self.gateway.live().snapshot.directory),
            Err(error) => tracing::error!("revoked keys could not be read: {error}"),
        }
    }

    fn reload(&mut self) -> Result<u64, Failure> {
        let file = File::read(&self.path)?;
        self.files = file.files();
        let snapshot = file.compile(&Environment, Some(&self.token_key))?;
        let serving = self.gateway.live();
        if snapshot.listen != serving.snapshot.listen || snapshot.data != serving.snapshot.data {
            tracing::warn!("the address and the data directory change with the next start");
        }
        archive::keep(&serving.snapshot.data, &snapshot)?;
        // Before anyone is served by them: a price that cannot be leaves everything as it was.
        let commitments = commitments(&snapshot)?;
        let now = self.clock.now();
        settlement::announce(&self.journal, &mut self.known, &snapshot.prices, &commitments, now)
            .map_err(Failure::unusable)?;
        let version = snapshot.version;
        let live = Live::new(snapshot, self.known.prices.clone(), &self.local).map_err(Failure::failed)?;
        self.revocations.apply(&live.snapshot.directory);
        self.fetcher.adopt(&live.snapshot.directory);
        self.gateway.replace(live);
        // Once more, for what was revoked between the two.
        self.revocations.apply(&self.gateway.live().snapshot.directory);
        Ok(version)
    }
}

fn changed(files: &[PathBuf]) -> Vec<Option<SystemTime>> {
    files.iter().map(|path| std::fs::metadata(path).and_then(|about| about.modified()).ok()).collect()
}
