//! `offtake policy destinations`: reads the destination lists of a configuration's backends from AWS's interface, now.

use crate::command::answer;
use crate::destinations::{kept, read_all};
use crate::failure::Failure;
use config::{DESTINATIONS, File};
use serde_json::json;
use std::path::PathBuf;
use units::{Clock as _, SystemClock};

/// Read the destination lists of backends from the vendor's interface, as a running plane does
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The configuration file
    #[arg(long, default_value = "offtake.toml")]
    config: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Reads, keeps, and says what changed.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let file = File::read(&arguments.config)?;
    if file.destinations_from().is_empty() {
        return Err(Failure::unusable("no backend has `destinations_from`"));
    }
    let before = kept(&file.data_dir().join(DESTINATIONS));
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    let outcomes = runtime.block_on(read_all(&file, SystemClock.now()))?;
    let mut failed = 0;
    let rows: Vec<_> = outcomes
        .iter()
        .map(|(backend, outcome)| {
            let known = before.get(backend);
            match outcome {
                Ok(list) => {
                    let changed = known.is_some_and(|known| known.sha256 != list.sha256);
                    json!({ "backend": backend, "ok": true, "regions": list.regions, "sha256": list.sha256, "read_at": list.read_at, "changed": changed })
                }
                Err(error) => {
                    failed += 1;
                    json!({ "backend": backend, "ok": false, "error": error, "regions": known.map(|known| &known.regions) })
                }
            }
        })
        .collect();
    if arguments.json {
        answer(&format!("{}\n", json!({ "backends": rows })))?;
    } else {
        for (backend, outcome) in &outcomes {
            let changed = before
                .get(backend)
                .filter(|known| Ok(&known.sha256) != outcome.as_ref().map(|list| &list.sha256));
            match outcome {
                Ok(list) => {
                    let was = changed
                        .map(|known| format!(" (was {})", known.regions.join(", ")))
                        .unwrap_or_default();
                    answer(&format!("{backend}: {}{was}\n", list.regions.join(", ")))?;
                }
                Err(error) => answer(&format!("{backend}: not read: {error}\n"))?,
            }
        }
    }
    match failed {
        0 => Ok(()),
        count => Err(Failure::failed(format!("{count} lists could not be read"))),
    }
}
