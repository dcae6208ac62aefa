//! What is known of each source of keys: the keys, when they were fetched, what went wrong since; on disk as well, for
//! the next start and for `offtake identity status`.

use crate::place;
use identity::{Issuer, Keys, Source};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Mutex as Turn;
use units::Timestamp;

/// Keys are fetched again when they are older than this, or than a quarter of what they may be.
const FRESH_SECONDS_MAX: i64 = 600;
/// How often, in seconds, keys are asked for because of one that is not known.
const AGAIN: i64 = 5;
/// How long, in seconds, a key that was asked for and was not there is not asked for again.
const ABSENT: i64 = 60;
/// How many keys that were not there are remembered.
const ABSENT_MAX: usize = 1_024;
/// The longest pause between tries at a source that is down, in seconds.
const PAUSE_MAX: i64 = 60;

/// A source and what is known of it.
pub struct Entry {
    /// Where.
    pub source: Source,
    /// One fetch at a time; the others wait for what it brings.
    pub turn: Turn<()>,
    state: Mutex<State>,
}

/// What is known of a source.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The last key set, and when it was fetched.
    pub set: Option<(Arc<str>, Timestamp)>,
    /// When it was last tried.
    pub tried: Option<Timestamp>,
    /// How many tries have ended in this process.
    pub finished: u64,
    rules: Vec<String>,
    seconds_max: i64,
    /// How many tries have failed since one did not.
    failures: u32,
    trouble: Option<String>,
    absent: HashMap<String, Timestamp>,
    looked: Option<Timestamp>,
}

impl Entry {
    /// A source of which nothing is known.
    pub fn new(source: Source) -> Self {
        Self { source, turn: Turn::default(), state: Mutex::default() }
    }

    /// What is known now.
    pub fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what is known.
    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// Serves these rules from now on.
    pub fn serve(&mut self, rules: &[&Issuer]) {
        self.rules = rules.iter().map(|rule| rule.name.clone()).collect();
        let ages = rules.iter().filter_map(|rule| match &rule.keys {
            Keys::Fetched { seconds_max, .. } => Some(*seconds_max),
            Keys::Here(_) => None,
        });
        self.seconds_max = ages.min().unwrap_or_default();
    }

    /// When the keys were fetched.
    pub fn fetched(&self) -> Option<Timestamp> {
        self.set.as_ref().map(|(_, fetched)| *fetched)
    }

    /// Whether it is time to fetch.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let next = match (self.failures, self.tried, self.fetched()) {
            (0, _, None) | (_, None, _) => return true,
            (0, _, Some(fetched)) => fetched.plus_seconds((self.seconds_max / 4).clamp(1, FRESH_SECONDS_MAX)),
            (failures, Some(tried), _) => tried.plus_seconds(pause(failures)),
        };
        now >= next
    }

    /// Whether a key that is not known may be asked for; notes that it was.
    pub fn may_ask_for(&mut self, key: Option<&str>, now: Timestamp) -> bool {
        let since = |at: Option<&Timestamp>, seconds| at.is_some_and(|at| now < at.plus_seconds(seconds));
        let key = key.unwrap_or_default();
        if since(self.looked.as_ref(), AGAIN) || since(self.absent.get(key), ABSENT) {
            return false;
        }
        if self.failures > 0 && !self.is_due(now) {
            return false;
        }
        if self.absent.len() >= ABSENT_MAX {
            self.absent.clear();
        }
        self.absent.insert(key.to_owned(), now);
        self.looked = Some(now);
        true
    }

    /// Keeps a set that was fetched, with what is wrong with it, if anything.
    pub fn keep(&mut self, jwks: String, now: Timestamp, trouble: Option<String>) {
        if self.set.as_ref().is_none_or(|(known, _)| **known != *jwks) {
            self.absent.clear();
        }
        self.set = Some((jwks.into(), now));
        (self.failures, self.trouble) = (0, trouble);
        self.finished += 1;
    }

    /// Notes a try that failed.
    pub fn fail(&mut self, trouble: String) {
        self.failures = self.failures.saturating_add(1);
        self.trouble = Some(trouble);
        self.finished += 1;
    }
}

/// How long to leave a source that has failed so often, in seconds: twice as long each time.
fn pause(failures: u32) -> i64 {
    1_i64.checked_shl(failures.saturating_sub(1).min(10)).unwrap_or(PAUSE_MAX).min(PAUSE_MAX)
}

/// What is kept on disk.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    sources: Vec<KeptSource>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptSource {
    /// Whether the issuer was asked where its keys are.
    discovery: bool,
    /// The issuer, or the address of its keys.
    address: String,
    rules: Vec<String>,
    fetched: Option<String>,
    tried: Option<String>,
    failures: u32,
    trouble: Option<String>,
    jwks: Option<String>,
}

/// How it stands with the keys of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// When they were fetched.
    pub fetched: Option<Timestamp>,
    /// The names of the keys.
    pub keys: Vec<String>,
    /// When it was last tried, and how often in vain since.
    pub tried: Option<Timestamp>,
    /// How many tries have failed since one did not.
    pub failures: u32,
    /// What went wrong last.
    pub trouble: Option<String>,
}

const FILE: &str = "issuers.json";

impl Kept {
    /// Reads what the data directory holds; nothing where there is no file yet.
    ///
    /// # Errors
    /// In words, when the file is there and cannot be read.
    pub fn read(data: &Path) -> Result<Self, String> {
        let path = data.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(format!("{}: {error}", path.display())),
        }
    }

    /// Writes it to the data directory.
    pub fn write(&self, data: &Path) -> std::io::Result<()> {
        place::write_private(&data.join(FILE), &serde_json::to_vec(self)?)
    }

    /// What is known of these sources.
    pub fn of(entries: &[Arc<Entry>]) -> Self {
        let text = |at: Timestamp| at.to_string();
        let source = |entry: &Arc<Entry>| {
            let State { set, tried, rules, failures, trouble, .. } = entry.state();
            let (discovery, address) = match &entry.source {
                Source::Issuer(issuer) => (true, issuer.clone()),
                Source::Address(address) => (false, address.clone()),
            };
            KeptSource {
                discovery,
                address,
                rules,
                fetched: set.as_ref().map(|(_, fetched)| text(*fetched)),
                tried: tried.map(text),
                failures,
                trouble,
                jwks: set.map(|(jwks, _)| jwks.to_string()),
            }
        };
        Self { sources: entries.iter().map(source).collect() }
    }

    /// As entries of a process that begins: it tries at once.
    pub fn into_entries(self) -> BTreeMap<Source, Arc<Entry>> {
        let entry = |kept: KeptSource| {
            let entry = Entry::new(kept.source());
            let fetched = kept.fetched.as_deref().and_then(|at| at.parse().ok());
            entry.change(|state| state.set = kept.jwks.map(Arc::from).zip(fetched));
            (entry.source.clone(), Arc::new(entry))
        };
        self.sources.into_iter().map(entry).collect()
    }

    /// How it stands with the keys of this source; nothing where it was never asked.
    pub fn standing(&self, source: &Source) -> Option<Standing> {
        let kept = self.sources.iter().find(|kept| kept.source() == *source)?;
        let moment = |text: &Option<String>| text.as_deref().and_then(|at| at.parse().ok());
        let set: serde_json::Value =
            kept.jwks.as_deref().and_then(|jwks| serde_json::from_str(jwks).ok()).unwrap_or_default();
        let names = set["keys"].as_array().into_iter().flatten().map(|key| {
            let part = |name: &str| key[name].as_str().unwrap_or_default().to_owned();
            if key["kid"].is_string() { part("kid") } else { format!("({})", part("kty")) }
        });
        Some(Standing {
            fetched: moment(&kept.fetched),
            keys: names.map(|name| crate::people::printable(&name)).collect(),
            tried: moment(&kept.tried),
            failures: kept.failures,
            trouble: kept.trouble.clone(),
        })
    }
}

impl KeptSource {
    fn source(&self) -> Source {
        if self.discovery {
            Source::Issuer(self.address.clone())
        } else {
            Source::Address(self.address.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn a_source_is_tried_at_once_then_seldom_and_with_growing_pauses() {
        let mut state = State { seconds_max: 400, ..State::default() };
        assert!(state.is_due(at(0)));
        state.tried = Some(at(0));
        state.keep("{}".into(), at(0), None);
        assert!(!state.is_due(at(99)) && state.is_due(at(100)));
        let mut pauses = Vec::new();
        let mut now = 100;
        for _ in 0..9 {
            state.tried = Some(at(now));
            state.fail("down".into());
            let pause = (0..).find(|more| state.is_due(at(now + more))).unwrap();
            pauses.push(pause);
            now += pause;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        state.keep("{}".into(), at(now), None);
        assert!(!state.is_due(at(now + 99)));
    }

    #[test]
    fn pitfall_67_keys_that_do_not_exist_are_asked_for_seldom() {
        let mut state = State { seconds_max: 86_400, ..State::default() };
        state.tried = Some(at(0));
        state.keep("{}".into(), at(0), None);
        assert!(state.may_ask_for(Some("new"), at(10)));
        assert!(!state.may_ask_for(Some("other"), at(14)), "too soon after the last");
        assert!(state.may_ask_for(Some("other"), at(15)));
        assert!(!state.may_ask_for(Some("new"), at(40)), "asked for, and not there");
        // Other keys have come: it may be among later ones.
        state.keep("{ }".into(), at(41), None);
        assert!(state.may_ask_for(Some("new"), at(42)));
        for number in 0..5_000 {
            state.may_ask_for(Some(&number.to_string()), at(100 + number * 5));
        }
        assert!(state.absent.len() <= ABSENT_MAX);
        state.tried = Some(at(100_000));
        state.fail("down".into());
        state.fail("down".into());
        assert!(!state.may_ask_for(Some("x"), at(100_001)), "it is down: the pause holds for everyone");
    }

    #[test]
    fn what_is_kept_is_there_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Kept::read(dir.path()).unwrap().into_entries().len(), 0);
        let (source, jwks) =
            (Source::Issuer("https://i.example".into()), r#"{"keys":[{"kid":"a"},{"kty":"EC"}]}"#);
        let entry = Arc::new(Entry::new(source.clone()));
        entry.change(|state| state.keep(jwks.into(), at(7), None));
        Kept::of(&[entry]).write(dir.path()).unwrap();
        let kept = Kept::read(dir.path()).unwrap();
        let standing = kept.standing(&source).unwrap();
        assert_eq!((standing.fetched, standing.keys), (Some(at(7)), vec!["a".to_owned(), "(EC)".to_owned()]));
        assert_eq!(kept.standing(&Source::Address("https://i.example".into())), None);
        let state = kept.into_entries()[&source].state();
        assert_eq!(state.set, Some((jwks.into(), at(7))));
        assert!(state.is_due(at(8)), "the first try is at once");
        std::fs::write(dir.path().join(FILE), "{").unwrap();
        assert!(Kept::read(dir.path()).is_err());
    }
}
