//! Destination lists, read from AWS's interface (`GetInferenceProfile`) with the AWS credentials at hand, and read again. A
//! list that changed is a change of the configuration: rules are asked anew before a call goes by it.

use crate::command::token::aws::Credentials;
use crate::failure::Failure;
use crate::people::fetch;
use crate::place;
use aws_lc_rs::digest::{SHA256, digest};
use config::{DESTINATIONS, DestinationList, Destinations, File};
use http::{HeaderMap, HeaderValue};
use identity::{Signer, ToSign};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use units::{Clock, Timestamp};

/// How often lists are read again, in seconds.
const EVERY_SECONDS: i64 = 6 * 3600;
/// And after one could not be read.
const AGAIN_SECONDS: i64 = 300;
/// How often the configuration is looked at for new ones.
const TICK: Duration = Duration::from_secs(5);

/// A backend, and its list or why there is none.
pub type Outcome = (String, Result<DestinationList, String>);

/// What the interface answers, as far as it matters.
#[derive(Deserialize)]
struct Profile {
    models: Vec<Model>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Model {
    model_arn: String,
}

/// Reads all lists of a configuration and keeps those that could be; what became of each backend.
///
/// # Errors
/// When they cannot be kept.
pub async fn read_all(file: &File, now: Timestamp) -> Result<Vec<Outcome>, Failure> {
    let mut outcomes = Vec::new();
    for (backend, from) in file.destinations_from() {
        let read = read(&from, now).await;
        outcomes.push((backend, read));
    }
    let path = file.data_dir().join(DESTINATIONS);
    let mut lists = kept(&path);
    let before = lists.clone();
    for (backend, read) in &outcomes {
        if let Ok(list) = read {
            lists.insert(backend.clone(), list.clone());
        }
    }
    if lists != before {
        let text = serde_json::to_string_pretty(&lists).map_err(Failure::failed)?;
        place::write_whole(&path, text.as_bytes())?;
    }
    Ok(outcomes)
}

/// The lists that were read last.
pub fn kept(path: &Path) -> Destinations {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

async fn read(from: &str, now: Timestamp) -> Result<DestinationList, String> {
    let credentials = Credentials::find().await?;
    let region = config::region_of(from).ok_or("no address of `GetInferenceProfile`")?;
    let (_, rest) = from.split_once("://").ok_or("no address")?;
    let (host, path) = rest.split_once('/').ok_or("no address")?;
    let mut headers = HeaderMap::new();
    headers.insert(http::header::HOST, HeaderValue::from_str(host).map_err(|error| error.to_string())?);
    let signer = Signer {
        id: &credentials.id,
        secret: &credentials.secret,
        session_token: credentials.session_token.as_deref(),
        region,
        service: "bedrock",
    };
    let request = ToSign { method: "GET", path: &format!("/{path}"), query: None, headers, body: b"" };
    let body = fetch::get_signed(from, signer.sign(request, now)?).await?;
    let profile: Profile = serde_json::from_slice(&body)
        .map_err(|error| format!("{from} answered what is no profile: {error}"))?;
    // `arn:aws:bedrock:eu-west-3::foundation-model/…`; one that serves anywhere has no region.
    let region = |model: &Model| model.model_arn.split(':').nth(3).unwrap_or_default().to_owned();
    let regions: BTreeSet<String> = profile.models.iter().map(region).collect();
    if regions.is_empty() || regions.contains("") {
        return Err(format!("{from} lists no regions: it may process anywhere"));
    }
    let text: String = regions.iter().map(|region| format!("{region}\n")).collect();
    let sha256 = digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let regions = regions.into_iter().collect();
    Ok(DestinationList { from: from.to_owned(), read_at: now.to_string(), regions, sha256 })
}

/// Reads the lists of the configuration at `path` for as long as the plane runs, whatever it says by then.
pub async fn run(path: PathBuf, clock: Arc<dyn Clock>) {
    let mut tried: Option<Timestamp> = None;
    loop {
        let now = clock.now();
        let rested = tried.is_none_or(|tried| now.seconds() - tried.seconds() >= AGAIN_SECONDS);
        if let Some(file) = File::read(&path).ok().filter(|file| is_due(file, now) && rested) {
            tried = Some(now);
            let before = kept(&file.data_dir().join(DESTINATIONS));
            match read_all(&file, now).await {
                Ok(outcomes) => {
                    outcomes.iter().for_each(|(backend, outcome)| tell(backend, outcome, &before))
                }
                Err(failure) => tracing::error!(%failure, "destination lists could not be kept"),
            }
        }
        tokio::time::sleep(TICK).await;
    }
}

/// Whether a list was not read from where it is read now, or is due again.
fn is_due(file: &File, now: Timestamp) -> bool {
    let lists = kept(&file.data_dir().join(DESTINATIONS));
    let is_fresh = |(backend, from): &(String, String)| {
        let list = lists.get(backend).filter(|list| list.from == *from);
        let read = list.and_then(|list| list.read_at.parse::<Timestamp>().ok());
        read.is_some_and(|read| now.seconds() - read.seconds() < EVERY_SECONDS)
    };
    !file.destinations_from().iter().all(is_fresh)
}

/// Says what is new.
fn tell(backend: &str, outcome: &Result<DestinationList, String>, before: &Destinations) {
    match (outcome, before.get(backend)) {
        (Err(error), _) => {
            tracing::error!(backend, error, "the destination list could not be read; the last one grows old");
        }
        (Ok(list), Some(known)) if known.sha256 == list.sha256 => {}
        (Ok(list), Some(known)) => {
            let (was, is) = (known.regions.join(","), list.regions.join(","));
            tracing::warn!(backend, was, is, "the destination list has CHANGED; the rules are asked anew");
        }
        (Ok(list), None) => {
            tracing::info!(backend, regions = list.regions.join(","), "the destination list was read");
        }
    }
}
