//! Who has called by which proof, and where calls ran: read off the journal as it grows, so that a page never reads all of it twice.

use crate::observed::{self, Observed};
use crate::overview::Error;
use journal::{Entry, Frame, Opened, Outcome, Reader, Seq};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use units::{Organisation, Subject, Team, Timestamp};

/// Beyond so many callers the least recent are forgotten.
const CALLERS_MAX: usize = 20_000;
/// An audit trail may still tell where these many latest attempts ran.
const AWAITED_MAX: usize = 100_000;

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
    /// Whose calls.
    pub organisation: Organisation,
    pub backend: String,
    pub region: String,
    /// Where it may have been processed, as claimed; empty where residency was not decided.
    pub claimed: String,
    /// Where the vendor said that it ran, in its answer or afterwards; empty where it does not say.
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
    /// Whose calls are under way.
    open: HashMap<Seq, Organisation>,
    /// Attempts of which the vendor has not told where they ran, by its own id for them, and those ids, oldest first.
    awaited: HashMap<Arc<str>, (Ran, Timestamp)>,
    order: VecDeque<Arc<str>>,
    /// What of an audit trail was taken in: when its file was written.
    imported: Option<SystemTime>,
}

/// Follows one journal.
pub struct Seen {
    data: PathBuf,
    state: Mutex<(Reader, Shown)>,
}

impl Seen {
    /// Follows the journal kept in `data`, from its beginning.
    pub fn new(data: &Path) -> Self {
        let state = Mutex::new((Reader::open(data), Shown::default()));
        Self { data: data.to_owned(), state }
    }

    /// What the journal has shown by now. Blocks while it reads what came since the last time.
    ///
    /// # Errors
    /// When the journal, or what was imported, is damaged or cannot be read.
    pub fn shown(&self) -> Result<Shown, Error> {
        let mut held = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (reader, shown) = &mut *held;
        while let Some(entry) = reader.next_entry()? {
            shown.note(&entry);
        }
        let written = observed::written(&self.data);
        if written != shown.imported {
            shown.learn(&observed::load(&self.data).map_err(|failure| failure.to_string())?);
            shown.imported = written;
        }
        Ok(Shown { callers: shown.callers.clone(), ran: shown.ran.clone(), ..Shown::default() })
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
                self.open.insert(entry.seq, opened.organisation.clone());
            }
            Frame::Closed(closed) => {
                let Some(organisation) = self.open.remove(&closed.opened) else { return };
                for (nth, attempt) in closed.attempts.iter().enumerate() {
                    let last = nth + 1 == closed.attempts.len();
                    let ran = Ran {
                        organisation: organisation.clone(),
                        backend: attempt.backend.to_string(),
                        region: attempt.region.to_string(),
                        claimed: attempt.claimed.to_string(),
                        observed: attempt.observed.to_string(),
                        answered: attempt.tokens.total() > 0 || (last && closed.outcome != Outcome::Failed),
                    };
                    if ran.observed.is_empty() && !attempt.vendor_request.is_empty() {
                        self.await_word(&attempt.vendor_request, &ran, closed.at);
                    }
                    self.ran.entry(ran).or_default().note(closed.at);
                }
            }
            _ => {}
        }
    }

    fn await_word(&mut self, vendor_request: &Arc<str>, ran: &Ran, at: Timestamp) {
        if self.order.len() >= AWAITED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.awaited.remove(&oldest);
        }
        self.order.push_back(Arc::clone(vendor_request));
        self.awaited.insert(Arc::clone(vendor_request), (ran.clone(), at));
    }

    /// Takes in what an audit trail told afterwards.
    fn learn(&mut self, observed: &Observed) {
        for (vendor_request, told) in observed {
            let Some((ran, at)) = self.awaited.remove(vendor_request.as_str()) else { continue };
            if let Some(used) = self.ran.get_mut(&ran) {
                used.calls -= 1;
                if used.calls == 0 {
                    self.ran.remove(&ran);
                }
            }
            self.ran.entry(Ran { observed: told.place.clone(), ..ran }).or_default().note(at);
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
