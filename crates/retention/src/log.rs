//! The log: what was deleted and what was read, each line chained to the one before.

use crate::Error;
use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// `deleted` or `read`.
    pub what: String,
    /// When, in RFC 3339.
    pub at: String,
    /// Whose.
    pub organisation: String,
    /// The shelf's last day.
    pub until: String,
    /// The call that was read; none for a whole shelf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// How many records the shelf held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// The SHA-256 of the shelf's records as they were, sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Why.
    pub reason: String,
    /// The SHA-256 of the line before; of nothing for the first.
    pub previous: String,
}

pub fn hash(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// All lines, if each follows from the one before.
pub fn read(path: &Path) -> Result<Vec<Entry>, Error> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::Io(path.display().to_string(), error)),
    };
    let mut previous = hash(b"");
    let mut entries = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let damaged =
            |what: String| Error::Damaged { place: format!("{}: line {}", path.display(), number + 1), what };
        let entry: Entry = serde_json::from_str(line).map_err(|error| damaged(error.to_string()))?;
        if entry.previous != previous {
            return Err(damaged(
                "does not follow from the line before: something was changed or taken out".to_owned(),
            ));
        }
        previous = hash(line.as_bytes());
        entries.push(entry);
    }
    Ok(entries)
}

/// Adds a line, durably.
pub fn add(path: &Path, mut entry: Entry) -> Result<(), Error> {
    let failed = |error| Error::Io(path.display().to_string(), error);
    read(path)?;
    let text = std::fs::read_to_string(path).unwrap_or_default();
    entry.previous = hash(text.lines().last().unwrap_or_default().as_bytes());
    let line = serde_json::to_string(&entry).map_err(|error| failed(error.into()))? + "\n";
    let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
    file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}
