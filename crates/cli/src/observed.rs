//! Where calls ran, as audit trails told afterwards: kept beside the journal, which is never changed.

use crate::failure::Failure;
use crate::place;
use evidence::Observation;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// By the vendor's id of the exchange.
pub type Observed = HashMap<String, Observation>;

fn file(data: &Path) -> PathBuf {
    data.join("evidence").join("observed.jsonl")
}

/// When what was imported was last added to; none where nothing was.
pub fn written(data: &Path) -> Option<SystemTime> {
    std::fs::metadata(file(data)).and_then(|about| about.modified()).ok()
}

/// What was imported so far; nothing where nothing was.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn load(data: &Path) -> Result<Observed, Failure> {
    let path = file(data);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Observed::new()),
        Err(error) => return Err(Failure::failed(format!("{}: {error}", path.display()))),
    };
    let mut observed = Observed::new();
    for (number, line) in text.lines().enumerate() {
        let one: Observation = serde_json::from_str(line)
            .map_err(|error| Failure::failed(format!("{}: line {}: {error}", path.display(), number + 1)))?;
        observed.insert(one.vendor_request.clone(), one);
    }
    Ok(observed)
}

/// Keeps all, whole and durably, or leaves what was there.
///
/// # Errors
/// When they cannot be written.
pub fn keep(data: &Path, observed: &Observed) -> Result<(), Failure> {
    let mut all: Vec<&Observation> = observed.values().collect();
    all.sort_by(|one, other| (&one.at, &one.vendor_request).cmp(&(&other.at, &other.vendor_request)));
    let lines: Result<Vec<String>, _> = all.into_iter().map(serde_json::to_string).collect();
    let text: String = lines.map_err(Failure::failed)?.into_iter().map(|line| line + "\n").collect();
    place::write_whole(&file(data), text.as_bytes())
}
