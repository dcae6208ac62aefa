//! What decided, kept for as long as the calls that it decided: configurations and catalogues, each under its version in the
//! data directory. Nothing is written twice, and nothing is changed.

use crate::failure::Failure;
use config::Snapshot;
use serde_json::Value;
use std::io::Write as _;
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

/// Writes a document whole and durably, or not at all.
fn write(path: &Path, content: &Value) -> Result<(), Failure> {
    if path.exists() {
        return Ok(());
    }
    let failed = |error: std::io::Error| Failure::failed(format!("{}: {error}", path.display()));
    std::fs::create_dir_all(path.parent().unwrap_or(path)).map_err(failed)?;
    let new = path.with_extension("new");
    let mut file = std::fs::File::create(&new).map_err(failed)?;
    file.write_all(content.to_string().as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(new, path).map_err(failed)
}
