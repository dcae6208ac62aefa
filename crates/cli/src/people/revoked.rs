//! Keys that somebody ended before their time: one line each in `revoked.jsonl` of the data directory, never taken back.
//!
//! A line is on disk before the key is refused, and the key is refused from then on: by the configuration that serves,
//! by every later one, and after a restart. Another secret under the same name is another key.

use crate::failure::Failure;
use identity::Directory;
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use units::Timestamp;

/// A key that was ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// When, as RFC 3339.
    pub at: String,
    /// The key's name.
    pub key: String,
    /// Whom it spoke for.
    pub of: String,
    /// Whose key it was; none on record before that was kept.
    #[serde(default)]
    pub organisation: Option<String>,
    /// The beginning of its secret's hash.
    pub print: String,
    /// Who ended it.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
}

/// All that were ended.
pub struct Revocations {
    path: PathBuf,
    list: Mutex<Vec<Revocation>>,
}

impl Revocations {
    /// Reads those of the data directory.
    ///
    /// # Errors
    /// When the file is there and cannot be read: a key that was ended must not come back by that.
    pub fn open(data: &Path) -> Result<Self, Failure> {
        let path = data.join("revoked.jsonl");
        let list = Mutex::new(read(&path)?);
        Ok(Self { path, list })
    }

    /// The file, to be watched for what others put on record.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads what others have put on record meanwhile.
    ///
    /// # Errors
    /// As for [`Revocations::open`]; what was known stays ended.
    pub fn read_again(&self) -> Result<(), Failure> {
        // Nobody appends meanwhile, or the line would be lost here until the next time.
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        *list = read(&self.path)?;
        Ok(())
    }

    /// Puts the end of a key on record. Nothing where it was ended before; [`Revocations::apply`] makes it true.
    ///
    /// # Errors
    /// When it cannot be put on record; then it is not ended either.
    pub fn add(&self, revocation: Revocation) -> Result<(), Failure> {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if list.iter().any(|known| known.print == revocation.print) {
            return Ok(());
        }
        let line = serde_json::to_string(&revocation).map_err(Failure::failed)? + "\n";
        let failed = |error| Failure::failed(format!("{}: {error}", self.path.display()));
        append(&self.path, line.as_bytes()).map_err(failed)?;
        list.push(revocation);
        Ok(())
    }

    /// Ends in this directory whatever was ended.
    pub fn apply(&self, directory: &Directory) {
        for known in self.list.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            directory.revoke(&known.print);
        }
    }

    /// All, the latest first.
    pub fn all(&self) -> Vec<Revocation> {
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.iter().rev().cloned().collect()
    }
}

/// What is on record; nothing where there is no file yet.
fn read(path: &Path) -> Result<Vec<Revocation>, Failure> {
    let failed = |error: String| Failure::failed(format!("{}: {error}", path.display()));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(error.to_string())),
    };
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
    lines
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|error| failed(format!("line {}: {error}", number + 1)))
        })
        .collect()
}

/// Appends a line, durably and whole, or not at all.
fn append(path: &Path, line: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    let before = file.metadata()?.len();
    let written = file.write_all(line).and_then(|()| file.sync_all());
    written.or_else(|error| file.set_len(before).and(Err(error)))
}

impl Revocation {
    /// One of now.
    pub fn new(known: &identity::Known, by: String, reason: &str, now: Timestamp) -> Self {
        let reason: String = reason.chars().filter(|letter| !letter.is_control()).take(200).collect();
        Self {
            at: now.to_string(),
            key: known.principal.proof.clone(),
            of: known.principal.to_string(),
            organisation: Some(known.principal.organisation.to_string()),
            print: known.print.clone(),
            by,
            reason: reason.trim().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use identity::Owner;
    use units::{Organisation, Subject, Team};

    fn directory() -> Directory {
        let owner = Owner {
            organisation: Organisation::new("acme").unwrap(),
            team: Team::new("web").unwrap(),
            subject: Subject::new("app").unwrap(),
        };
        let mut builder = Directory::builder();
        builder.add_key("app", b"a key of some length", owner.clone(), None).unwrap();
        builder.add_key("app", b"the next key of that name", owner, None).unwrap();
        builder.build()
    }

    #[test]
    fn what_is_revoked_stays_revoked() {
        let dir = tempfile::tempdir().unwrap();
        let (revocations, live) = (Revocations::open(dir.path()).unwrap(), directory());
        let now = Timestamp::from_seconds(0);
        let known = live.known();
        for _ in 0..2 {
            let one = Revocation::new(&known[0], "acme/people/ada".into(), " leaked\n ", now);
            revocations.add(one).unwrap();
            revocations.apply(&live);
        }
        let revoked =
            |directory: &Directory| directory.known().iter().map(|known| known.revoked).collect::<Vec<_>>();
        assert_eq!(revoked(&live), [true, false]);
        // A later configuration, and after a restart.
        let later = directory();
        assert_eq!(revoked(&later), [false, false]);
        let again = Revocations::open(dir.path()).unwrap();
        again.apply(&later);
        assert_eq!(revoked(&later), [true, false]);
        assert_eq!(again.all(), revocations.all());
        assert_eq!((again.all().len(), again.all()[0].reason.as_str()), (1, "leaked"));
        std::fs::write(dir.path().join("revoked.jsonl"), "{").unwrap();
        assert!(Revocations::open(dir.path()).is_err());
    }
}
