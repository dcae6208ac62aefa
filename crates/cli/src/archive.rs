//! What decided, kept for as long as the calls that it decided: configurations and catalogues, each under its version in the
//! data directory. Nothing is written twice, and nothing is changed.

use crate::failure::Failure;
use crate::place;
use config::Snapshot;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Keeps what evidence needs of a configuration, before anyone is served by it.
///
/// # Errors
/// When it cannot be written: what decides must be provable.
pub fn keep(data: &Path, snapshot: &Snapshot) -> Result<(), Failure> {
    write(&configuration_path(data, &format!("{:016x}", snapshot.version)), &snapshot.disclosed)?;
    let catalogue = &snapshot.residency.settings().catalogue;
    let path = catalogue_path(data, &catalogue.version);
    if path.exists() {
        // It is large, and the same at most starts.
        return Ok(());
    }
    write(&path, &serde_json::to_value(catalogue).map_err(Failure::failed)?)
}

/// What was kept of the configuration of this version.
pub fn configuration(data: &Path, version: &str) -> Option<Value> {
    read(&configuration_path(data, version))
}

/// The catalogue of this version.
pub fn catalogue(data: &Path, version: &str) -> Option<Value> {
    read(&catalogue_path(data, version))
}

fn configuration_path(data: &Path, version: &str) -> PathBuf {
    data.join("evidence").join(format!("configuration-{version}.json"))
}

fn catalogue_path(data: &Path, version: &str) -> PathBuf {
    data.join("evidence").join(format!("catalogue-{version}.json"))
}

fn read(path: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Writes a document that is not there yet.
fn write(path: &Path, content: &Value) -> Result<(), Failure> {
    if path.exists() {
        return Ok(());
    }
    place::write_whole(path, content.to_string().as_bytes())
}
