//! The log: what was deleted and what was read, each line chained to the one before.

use crate::Error;
use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write as _};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::str::FromStr;

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

/// How long the log was, and by what its last line is known: what came before cannot be changed or cut off without that
/// it shows, also where this is kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// How many lines.
    pub lines: u64,
    /// The SHA-256 of the last; of nothing where there is none.
    pub sha256: String,
}

impl fmt::Display for Head {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.lines, self.sha256)
    }
}

impl FromStr for Head {
    type Err = String;

    /// Reads `LINES:SHA256`.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(lines, hash)| Some((lines.parse().ok()?, hash)));
        let parts = parts.filter(|(_, hash)| hash.len() == 64);
        let (lines, hash) = parts.ok_or_else(|| "write it as `LINES:SHA256`".to_owned())?;
        Ok(Self { lines, sha256: hash.to_owned() })
    }
}

/// The log's lines, if each follows from the one before.
pub struct Log {
    pub entries: Vec<Entry>,
    /// The SHA-256 of nothing, and of each line.
    hashes: Vec<String>,
    /// The bytes of whole lines; what follows is what a write that failed has left, and was never told to be there.
    length: u64,
}

impl Log {
    /// The log, which must reach as far as it was when it was last added to.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(io(path, error)),
        };
        let whole = text.rfind('\n').map_or("", |end| text.get(..=end).unwrap_or_default());
        let length = u64::try_from(whole.len()).unwrap_or(u64::MAX);
        let mut log = Self { entries: Vec::new(), hashes: vec![hash(b"")], length };
        for (number, line) in whole.lines().enumerate() {
            let damaged = |what: String| damaged(path, &format!(": line {}", number + 1), what);
            let entry: Entry = serde_json::from_str(line).map_err(|error| damaged(error.to_string()))?;
            if log.hashes.last() != Some(&entry.previous) {
                let what = "does not follow from the line before: something was changed or taken out";
                return Err(damaged(what.to_owned()));
            }
            log.hashes.push(hash(line.as_bytes()));
            log.entries.push(entry);
        }
        let at = beside(path);
        match std::fs::read(&at) {
            Ok(bytes) => {
                let head =
                    serde_json::from_slice(&bytes).map_err(|error| damaged(&at, "", error.to_string()))?;
                log.check(path, &head)?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && log.entries.is_empty() => {}
            Err(error) => return Err(io(&at, error)),
        }
        Ok(log)
    }

    /// Whether it is that log, and what was added since.
    pub fn check(&self, path: &Path, head: &Head) -> Result<(), Error> {
        let place = usize::try_from(head.lines).ok().and_then(|lines| self.hashes.get(lines));
        if place == Some(&head.sha256) {
            return Ok(());
        }
        let what = match place {
            Some(_) => format!("line {} is not what it was", head.lines),
            None => format!("had {} lines, and has {}: lines were cut off", head.lines, self.entries.len()),
        };
        Err(damaged(path, "", what))
    }

    /// How long it is now.
    pub fn head(&self) -> Head {
        let lines = u64::try_from(self.entries.len()).unwrap_or(u64::MAX);
        Head { lines, sha256: self.hashes.last().cloned().unwrap_or_default() }
    }
}

/// Adds a line, durably, or leaves the log as it was.
pub fn add(path: &Path, mut entry: Entry) -> Result<(), Error> {
    let failed = |error| io(path, error);
    let log = Log::read(path)?;
    let Head { lines, sha256 } = log.head();
    entry.previous = sha256;
    let text = serde_json::to_string(&entry).map_err(|error| failed(error.into()))?;
    let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
    let written = file
        .set_len(log.length)
        .and_then(|()| file.write_all((text.clone() + "\n").as_bytes()))
        .and_then(|()| file.sync_all());
    written.map_err(|error| {
        let _ = file.set_len(log.length);
        failed(error)
    })?;
    let head = Head { lines: lines + 1, sha256: hash(text.as_bytes()) };
    let (at, new) = (beside(path), path.with_extension("new"));
    let head = serde_json::to_vec(&head).map_err(|error| failed(error.into()))?;
    let kept = std::fs::write(&new, head).and_then(|()| std::fs::File::open(&new)?.sync_all());
    kept.and_then(|()| std::fs::rename(&new, &at)).map_err(|error| io(&at, error))
}

/// Where the log's head is kept.
fn beside(path: &Path) -> std::path::PathBuf {
    path.with_extension("head.json")
}

fn io(path: &Path, error: std::io::Error) -> Error {
    Error::Io(path.display().to_string(), error)
}

fn damaged(path: &Path, line: &str, what: String) -> Error {
    Error::Damaged { place: format!("{}{line}", path.display()), what }
}
