//! Who has called by which proof, and where calls ran: read off the journal as it grows, so that a page never reads all of it twice.

use journal::{Entry, Frame, Opened, Outcome, Reader};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use units::{Organisation, Subject, Team, Timestamp};

/// Beyond so many callers the least recent are forgotten.
const CALLERS_MAX: usize = 20_000;

/// A caller, by one kind of proof; a key's own name is part of it, a token's is not, for each call may have another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Caller {
    pub organisation: Organisation,
    pub team: Team,
    pub subject: Subject,
    /// `virtual-key`, `jwt` …
    pub method: String,
    /// The key's name; empty for tokens.
    pub proof: String,
}

/// A way that calls took.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ran {
    pub backend: String,
    pub region: String,
    /// Where it may have been processed, as claimed; empty where residency was not decided.
    pub claimed: String,
    /// Where the vendor said that it ran; empty where it does not say.
    pub observed: String,
    /// Whether something was answered; otherwise nobody knows whether the call got there.
    pub answered: bool,
}

/// How often, and when last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Use {
    pub calls: u64,
    pub last: Option<Timestamp>,
}

impl Use {
    fn note(&mut self, at: Timestamp) {
        self.calls += 1;
        self.last = self.last.max(Some(at));
    }
}

/// What the journal has shown so far.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    pub callers: HashMap<Caller, Use>,
    pub ran: BTreeMap<Ran, Use>,
}

/// Follows one journal.
pub struct Seen(Mutex<(Reader, Shown)>);

impl Seen {
    /// Follows the journal kept in `data`, from its beginning.
    pub fn new(data: &Path) -> Self {
        Self(Mutex::new((Reader::open(data), Shown::default())))
    }

    /// What the journal has shown by now. Blocks while it reads what came since the last time.
    ///
    /// # Errors
    /// When the journal is damaged or cannot be read.
    pub fn shown(&self) -> Result<Shown, journal::Error> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (reader, shown) = &mut *held;
        while let Some(entry) = reader.next_entry()? {
            shown.note(&entry);
        }
        Ok(shown.clone())
    }
}

impl Shown {
    fn note(&mut self, entry: &Entry) {
        match &entry.frame {
            Frame::Opened(opened) => {
                if self.callers.len() >= CALLERS_MAX {
                    self.forget();
                }
                self.callers.entry(caller(opened)).or_default().note(opened.at);
            }
            Frame::Closed(closed) => {
                for (nth, attempt) in closed.attempts.iter().enumerate() {
                    let last = nth + 1 == closed.attempts.len();
                    let ran = Ran {
                        backend: attempt.backend.to_string(),
                        region: attempt.region.to_string(),
                        claimed: attempt.claimed.to_string(),
                        observed: attempt.observed.to_string(),
                        answered: attempt.tokens.total() > 0 || (last && closed.outcome != Outcome::Failed),
                    };
                    self.ran.entry(ran).or_default().note(closed.at);
                }
            }
            _ => {}
        }
    }

    /// Forgets the half that was not seen for longest.
    fn forget(&mut self) {
        let mut last: Vec<_> = self.callers.values().map(|used| used.last).collect();
        let middle = last.len() / 2;
        let (_, middle, _) = last.select_nth_unstable(middle);
        let middle = *middle;
        self.callers.retain(|_, used| used.last > middle);
    }
}

fn caller(opened: &Opened) -> Caller {
    let named = matches!(&*opened.method, "virtual-key" | "sigv4");
    Caller {
        organisation: opened.organisation.clone(),
        team: opened.team.clone(),
        subject: opened.subject.clone(),
        method: opened.method.to_string(),
        proof: if named { opened.proof.to_string() } else { String::new() },
    }
}
