//! Shelves: where records are kept, by organisation and last day.

use crate::Error;
use crate::log::{self, Entry, Head, Log, hash};
use crate::seal::{self, MasterKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What is kept of one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The call's id.
    pub request: String,
    /// When it was admitted, in RFC 3339.
    pub at: String,
    /// Whose.
    pub organisation: String,
    /// The team of whoever called.
    pub team: String,
    /// Who called.
    pub subject: String,
    /// The model asked for.
    pub model: String,
    /// The request's body, as it came.
    pub question: String,
    /// The answer's body, as it went.
    pub answer: String,
    /// Whether the answer is longer than what is kept of it.
    pub is_cut: bool,
}

/// Records of one organisation that are deleted on the same day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shelf {
    /// Whose.
    pub organisation: String,
    /// The last day on which they are kept.
    pub until: String,
    /// How many.
    pub records: u64,
    /// How large, sealed.
    pub bytes: u64,
}

/// What was found sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Shelves that are there.
    pub shelves: Vec<Shelf>,
    /// Records that open by the key; none where no key was given.
    pub opened: Option<u64>,
    /// What was deleted and read.
    pub log: Vec<Entry>,
    /// How far the log reaches: kept elsewhere, it shows later that nothing was cut off.
    pub head: Head,
}

/// The label of a shelf.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    organisation: String,
    until: String,
    /// Its key, wrapped by the operator's.
    key: String,
}

/// One line of a shelf.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    request: String,
    sealed: String,
}

const LABEL: &str = "key.json";
const RECORDS: &str = "records.jsonl";

/// What is kept, in a folder of the data directory.
#[derive(Debug, Clone)]
pub struct Vault {
    folder: PathBuf,
}

impl Vault {
    /// The vault of the data directory `data`, which may have none yet.
    pub fn open(data: &Path) -> Self {
        Self { folder: data.join("retention") }
    }

    /// Keeps a record until the end of the day `until`.
    ///
    /// # Errors
    /// When it cannot be written, or the shelf was begun by another key.
    pub fn keep(&self, key: &MasterKey, record: &Record, until: &str) -> Result<(), Error> {
        let shelf = self.shelf(&record.organisation, until);
        let label = self.label(&shelf, key, &record.organisation, until)?;
        let text = serde_json::to_vec(record).map_err(|error| io(&shelf, error.into()))?;
        let unsealed = || Error::Key(record.organisation.clone());
        let sealed = seal::seal(&label, &about(&record.organisation, until, &record.request), &text);
        let line =
            Line { request: record.request.clone(), sealed: STANDARD.encode(sealed.ok_or_else(unsealed)?) };
        let line = serde_json::to_string(&line).map_err(|error| io(&shelf, error.into()))? + "\n";
        let path = shelf.join(RECORDS);
        let mut file = private().append(true).open(&path).map_err(|error| io(&path, error))?;
        let length = file.metadata().map_err(|error| io(&path, error))?.len();
        file.write_all(line.as_bytes()).map_err(|error| {
            // A line cut by a full disk would make the next one unreadable.
            let _ = file.set_len(length);
            io(&path, error)
        })
    }

    /// The shelf's own key; made with the shelf.
    fn label(
        &self,
        shelf: &Path,
        key: &MasterKey,
        organisation: &str,
        until: &str,
    ) -> Result<[u8; 32], Error> {
        let path = shelf.join(LABEL);
        if path.exists() {
            return unwrap(&read_label(&path)?, key);
        }
        fs::create_dir_all(shelf).map_err(|error| io(shelf, error))?;
        let no_random = || Error::Key(organisation.to_owned());
        let made = seal::random().ok_or_else(no_random)?;
        let wrapped =
            seal::seal(key.bytes(), &about(organisation, until, "key"), &made).ok_or_else(no_random)?;
        let label = Label {
            organisation: organisation.to_owned(),
            until: until.to_owned(),
            key: STANDARD.encode(wrapped),
        };
        let text = serde_json::to_vec(&label).map_err(|error| io(&path, error.into()))?;
        let new = shelf.join("key.new");
        let mut file = private().write(true).truncate(true).open(&new).map_err(|error| io(&new, error))?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(|error| io(&new, error))?;
        fs::rename(&new, &path).map_err(|error| io(&path, error))?;
        Ok(made)
    }

    /// All shelves, by last day and organisation.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn shelves(&self) -> Result<Vec<Shelf>, Error> {
        let mut shelves = Vec::new();
        for folder in self.folders()? {
            let label = read_label(&folder.join(LABEL))?;
            let text = read_records(&folder)?;
            shelves.push(Shelf {
                organisation: label.organisation,
                until: label.until,
                records: count(&text),
                bytes: u64::try_from(text.len()).unwrap_or(u64::MAX),
            });
        }
        shelves
            .sort_by(|one, other| (&one.until, &one.organisation).cmp(&(&other.until, &other.organisation)));
        Ok(shelves)
    }

    /// What was kept of a call, if anything was; the reading is put on the log first.
    ///
    /// # Errors
    /// When it cannot be read, or the key is another.
    pub fn read(
        &self,
        key: &MasterKey,
        request: &str,
        at: &str,
        reason: &str,
    ) -> Result<Option<Record>, Error> {
        for folder in self.folders()? {
            let label = read_label(&folder.join(LABEL))?;
            let text = read_records(&folder)?;
            for (number, line) in text.lines().enumerate() {
                let line = parse(&folder, number, line)?;
                if line.request != request {
                    continue;
                }
                let record = open(&label, key, &line)?;
                let entry = Entry { request: Some(request.to_owned()), ..entry("read", at, &label, reason) };
                log::add(&self.log(), entry)?;
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Deletes the shelves that `which` picks: their keys first. The deletion is put on the log before, so that one that was
    /// interrupted is known, and finished by the next.
    ///
    /// # Errors
    /// When a shelf cannot be deleted; those before it are.
    pub fn delete(
        &self,
        which: impl Fn(&Shelf) -> bool,
        at: &str,
        reason: &str,
    ) -> Result<Vec<Shelf>, Error> {
        self.sweep()?;
        let mut deleted = Vec::new();
        for shelf in self.shelves()?.into_iter().filter(|shelf| which(shelf)) {
            let folder = self.shelf(&shelf.organisation, &shelf.until);
            let label = read_label(&folder.join(LABEL))?;
            let sha256 = hash(read_records(&folder)?.as_bytes());
            let entry = Entry {
                records: Some(shelf.records),
                sha256: Some(sha256),
                ..entry("deleted", at, &label, reason)
            };
            log::add(&self.log(), entry)?;
            destroy(&folder)?;
            deleted.push(shelf);
        }
        Ok(deleted)
    }

    /// Writes something small and takes it away again.
    ///
    /// # Errors
    /// When that cannot be done.
    pub fn try_writing(&self) -> Result<(), Error> {
        let path = self.folder.join("probe");
        let written = fs::create_dir_all(&self.folder).and_then(|()| fs::write(&path, [b' '; 4096]));
        let removed = fs::remove_file(&path);
        written.and(removed).map_err(|error| io(&path, error))
    }

    /// Takes away what a deletion that was interrupted has left: records whose key is gone.
    fn sweep(&self) -> Result<(), Error> {
        for day in entries(&self.folder)?.into_iter().filter(|day| day.is_dir()) {
            for folder in entries(&day)? {
                if folder.join(RECORDS).exists() && !folder.join(LABEL).exists() {
                    fs::remove_dir_all(&folder).map_err(|error| io(&folder, error))?;
                }
            }
        }
        Ok(())
    }

    /// Checks that the log is whole and goes on from `since`, that what it says is deleted is gone, and by the key that what is kept can be read.
    ///
    /// # Errors
    /// The first thing that is not so.
    pub fn verify(&self, key: Option<&MasterKey>, since: Option<&Head>) -> Result<Report, Error> {
        let log = Log::read(&self.log())?;
        if let Some(since) = since {
            log.check(&self.log(), since)?;
        }
        let shelves = self.shelves()?;
        for entry in log.entries.iter().filter(|entry| entry.what == "deleted") {
            // A shelf of the same day may have been begun again since.
            let folder = self.shelf(&entry.organisation, &entry.until);
            let left = folder.join(RECORDS).exists().then(|| read_records(&folder)).transpose()?;
            if left.is_some_and(|left| entry.sha256.as_deref() == Some(&*hash(left.as_bytes()))) {
                let what = "is on the log as deleted, and is still there: delete it again".to_owned();
                return Err(Error::Damaged { place: folder.display().to_string(), what });
            }
        }
        let opened = key.map(|key| self.open_all(key)).transpose()?;
        Ok(Report { shelves, opened, head: log.head(), log: log.entries })
    }

    fn open_all(&self, key: &MasterKey) -> Result<u64, Error> {
        let mut opened = 0;
        for folder in self.folders()? {
            let label = read_label(&folder.join(LABEL))?;
            for (number, line) in read_records(&folder)?.lines().enumerate() {
                open(&label, key, &parse(&folder, number, line)?)?;
                opened += 1;
            }
        }
        Ok(opened)
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log.jsonl")
    }

    /// Names may hold anything, so folders are named by their hashes.
    fn shelf(&self, organisation: &str, until: &str) -> PathBuf {
        let name = hash(organisation.as_bytes());
        self.folder.join(until).join(name.get(..16).unwrap_or(&name))
    }

    fn folders(&self) -> Result<Vec<PathBuf>, Error> {
        let mut folders = Vec::new();
        for day in entries(&self.folder)? {
            if day.is_dir() {
                folders.extend(entries(&day)?.into_iter().filter(|folder| folder.join(LABEL).exists()));
            }
        }
        Ok(folders)
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let read = match fs::read_dir(folder) {
        Ok(read) => read,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io(folder, error)),
    };
    read.map(|entry| entry.map(|entry| entry.path()).map_err(|error| io(folder, error))).collect()
}

fn entry(what: &str, at: &str, label: &Label, reason: &str) -> Entry {
    Entry {
        what: what.to_owned(),
        at: at.to_owned(),
        organisation: label.organisation.clone(),
        until: label.until.clone(),
        request: None,
        records: None,
        sha256: None,
        reason: reason.to_owned(),
        previous: String::new(),
    }
}

/// The key is overwritten before it goes, for what a file system keeps of it.
fn destroy(folder: &Path) -> Result<(), Error> {
    let label = folder.join(LABEL);
    let length = fs::metadata(&label).map_or(0, |about| usize::try_from(about.len()).unwrap_or(0));
    let over = || {
        let mut file = OpenOptions::new().write(true).open(&label)?;
        file.write_all(&vec![b' '; length])?;
        file.sync_all()
    };
    over().map_err(|error| io(&label, error))?;
    fs::remove_file(&label).map_err(|error| io(&label, error))?;
    fs::remove_dir_all(folder).map_err(|error| io(folder, error))?;
    if let Some(day) = folder.parent() {
        // Not where another organisation's shelf is there.
        let _ = fs::remove_dir(day);
    }
    Ok(())
}

/// What a sealed text is about: it opens in its own place only.
fn about(organisation: &str, until: &str, what: &str) -> String {
    format!("{organisation}\n{until}\n{what}")
}

fn open(label: &Label, key: &MasterKey, line: &Line) -> Result<Record, Error> {
    let shelf = unwrap(label, key)?;
    let sealed = STANDARD.decode(&line.sealed).unwrap_or_default();
    let text = seal::open(&shelf, &about(&label.organisation, &label.until, &line.request), &sealed);
    let damaged = || Error::Damaged {
        place: format!("what is kept of {}", line.request),
        what: "is not what was kept".to_owned(),
    };
    serde_json::from_slice(&text.ok_or_else(damaged)?).map_err(|_| damaged())
}

fn unwrap(label: &Label, key: &MasterKey) -> Result<[u8; 32], Error> {
    let wrapped = STANDARD.decode(&label.key).unwrap_or_default();
    let opened = seal::open(key.bytes(), &about(&label.organisation, &label.until, "key"), &wrapped);
    opened.and_then(|key| key.try_into().ok()).ok_or_else(|| Error::Key(label.organisation.clone()))
}

fn read_label(path: &Path) -> Result<Label, Error> {
    let bytes = fs::read(path).map_err(|error| io(path, error))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Error::Damaged { place: path.display().to_string(), what: error.to_string() })
}

fn read_records(folder: &Path) -> Result<String, Error> {
    let path = folder.join(RECORDS);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(io(&path, error)),
    }
}

fn parse(folder: &Path, number: usize, line: &str) -> Result<Line, Error> {
    serde_json::from_str(line).map_err(|error| Error::Damaged {
        place: format!("{}: line {}", folder.join(RECORDS).display(), number + 1),
        what: error.to_string(),
    })
}

fn count(text: &str) -> u64 {
    u64::try_from(text.lines().count()).unwrap_or(u64::MAX)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600);
    options
}

fn io(path: &Path, error: std::io::Error) -> Error {
    Error::Io(path.display().to_string(), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(request: &str, organisation: &str) -> Record {
        let word = |text: &str| text.to_owned();
        Record {
            request: word(request),
            at: word("2026-11-01T00:00:00Z"),
            organisation: word(organisation),
            team: word("ml"),
            subject: word("alice"),
            model: word("m"),
            question: word("CANARY question"),
            answer: word("CANARY answer"),
            is_cut: false,
        }
    }

    fn everything(folder: &Path) -> String {
        let list = entries(folder).unwrap();
        let text =
            |path: &PathBuf| if path.is_dir() { everything(path) } else { fs::read_to_string(path).unwrap() };
        list.iter().map(text).collect()
    }

    #[test]
    fn what_is_kept_is_sealed_and_what_is_deleted_is_gone() {
        let data = tempfile::tempdir().unwrap();
        let (vault, key) = (Vault::open(data.path()), MasterKey::of("one"));
        assert!(vault.shelves().unwrap().is_empty() && vault.verify(None, None).unwrap().log.is_empty());
        for (request, organisation, until) in
            [("r1", "a/b", "2026-12-01"), ("r2", "a/b", "2026-12-01"), ("r3", "c", "2026-12-02")]
        {
            vault.keep(&key, &record(request, organisation), until).unwrap();
        }
        assert!(!everything(data.path()).contains("CANARY"));
        assert_eq!(vault.shelves().unwrap()[0].records, 2);
        assert_eq!(vault.verify(Some(&key), None).unwrap().opened, Some(3));
        let read = vault.read(&key, "r2", "now", "asked").unwrap().unwrap();
        assert_eq!(read, record("r2", "a/b"));
        assert!(vault.read(&key, "r9", "now", "asked").unwrap().is_none());
        let other = MasterKey::of("another");
        assert!(matches!(vault.read(&other, "r2", "now", "asked"), Err(Error::Key(_))));
        assert!(matches!(vault.keep(&other, &record("r4", "c"), "2026-12-02"), Err(Error::Key(_))));
        // A backup of the records is no use when the key is gone.
        let folder = vault.shelf("a/b", "2026-12-01");
        let kept = fs::read(folder.join(RECORDS)).unwrap();
        assert_eq!(vault.delete(|shelf| *shelf.until < *"2026-12-02", "now", "over").unwrap().len(), 1);
        assert!(!folder.exists() && vault.shelves().unwrap().len() == 1);
        let report = vault.verify(Some(&key), None).unwrap();
        assert_eq!((report.log.len(), report.log[1].records, report.opened), (2, Some(2), Some(1)));
        assert_eq!(report.log[1].sha256.as_deref(), Some(&*hash(&kept)));
        // Brought back, the verdict says so; the log cannot be bent.
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(RECORDS), &kept).unwrap();
        assert!(vault.verify(None, None).unwrap_err().to_string().contains("still there"));
        fs::remove_dir_all(&folder).unwrap();
        let log = fs::read_to_string(vault.log()).unwrap();
        fs::write(vault.log(), log.lines().skip(1).collect::<Vec<_>>().join("\n") + "\n").unwrap();
        assert!(vault.verify(None, None).is_err());
        fs::write(vault.log(), log.replace("asked", "other")).unwrap();
        assert!(vault.verify(None, None).is_err());
        let first = log.lines().next().unwrap().to_owned() + "\n";
        fs::write(vault.log(), &first).unwrap();
        let cut = vault.verify(None, None).unwrap_err().to_string();
        assert!(cut.contains("had 2 lines, and has 1: lines were cut off"), "{cut}");
        fs::remove_file(vault.log()).unwrap();
        assert!(vault.verify(None, None).is_err(), "all of them");
        // What a write that failed has left is not a line, and does not stop the next.
        fs::write(vault.log(), log + "{\"what\":\"de").unwrap();
        let head = vault.verify(None, None).unwrap().head;
        assert_eq!((head.lines, head.to_string().parse()), (2, Ok(head.clone())));
        vault.read(&key, "r3", "now", "asked again").unwrap().unwrap();
        assert_eq!(vault.verify(None, Some(&head)).unwrap().head.lines, 3);
        let other = Head { lines: 3, ..head };
        assert!(vault.verify(None, Some(&other)).is_err(), "another log of that length");
    }
}
