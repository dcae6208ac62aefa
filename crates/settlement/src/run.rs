//! Settling beside a running plane: follow the journal, seal what is pending, keep the books.
//!
//! A settlement is decided by the `Sealed` frame, read back like every other, so a live plane does exactly
//! what a replay does. What the store refuses is kept and tried again; a crash in between loses nothing,
//! because the next start finds the frame in the journal and posts what the store lacks.

use crate::view::Views;
use crate::{Books, CallView, Error};
use journal::{Frame, Journal, Reader, Sealed};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{Applied, Settlement, Store};
use units::{Clock, ModelName, Timestamp};

/// How often the journal is looked at.
const TICK: Duration = Duration::from_millis(100);
/// A quiet plane settles each call at once, a busy one a second's worth together.
const WINDOW_MICROS: i64 = 1_000_000;
/// How many settlements go into one transaction when many are due.
const POST_MAX: usize = 256;
/// How many calls pages show without reading the journal.
const RECENT_CALLS: usize = 100;

/// How settling stands, for pages, health checks and metrics.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// Calls under way.
    pub open_calls: u64,
    /// Attempts rated and not yet in the books.
    pub pending: u64,
    /// Calls without a price, by model.
    pub unrated: Vec<(ModelName, u64)>,
    /// Settlements that the store has not taken yet.
    pub unposted: u64,
    /// How far the stored books are.
    pub applied: Option<Applied>,
    /// What keeps settling from going on, until it does.
    pub trouble: Option<String>,
    /// The latest calls, newest first.
    pub recent: Vec<CallView>,
}

/// A view of a settler that runs elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Watch(Arc<Mutex<Status>>);

impl Watch {
    /// How settling stands.
    pub fn status(&self) -> Status {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, status: Status) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }
}

/// Settles one journal into one store.
pub struct Settler {
    journal: Arc<Journal>,
    reader: Reader,
    books: Books,
    store: Store,
    unposted: Vec<Settlement>,
    applied: Option<Applied>,
    views: Views,
    watch: Watch,
}

impl Settler {
    /// Replays the journal kept in `data`, posts the settlements that the store lacks, and compares those it
    /// has.
    ///
    /// # Errors
    /// When the journal is damaged, or the stored books are ahead of it or differ from it.
    pub fn start(data: &Path, journal: Arc<Journal>) -> Result<Self, Error> {
        let store = Store::open(data)?;
        let mut settler = Self {
            journal,
            reader: Reader::open(data),
            books: Books::default(),
            applied: store.applied()?,
            store,
            unposted: Vec::new(),
            views: Views::default(),
            watch: Watch::default(),
        };
        // What the store says it holds, until the journal is seen to give the same.
        let mut stored = settler.applied;
        while let Some(settlement) = settler.read_one()? {
            let sealed = settlement.applied.sealed;
            match stored {
                None => settler.keep(settlement)?,
                Some(stored) if sealed < stored.sealed => {}
                // The root stands for every batch, and batches for every balance; `verify` compares each row.
                Some(same) if settlement.applied == same => stored = None,
                Some(stored) => return Err(Error::Differs { sealed: stored.sealed }),
            }
        }
        if let Some(stored) = stored {
            return Err(Error::Ahead { stored: stored.sealed, last: settler.books.last() });
        }
        settler.post()?;
        settler.publish(None);
        Ok(settler)
    }

    /// Follows the journal to its end and, if anything is pending, seals and posts it at `now`.
    ///
    /// # Errors
    /// When journal or store refuse. What was sealed is kept; call again.
    pub fn step(&mut self, now: Timestamp) -> Result<(), Error> {
        let result = self.follow().and_then(|()| self.settle(now));
        self.publish(result.as_ref().err());
        result
    }

    /// Settles until `stop` is set, and then once more. Blocks: give it a thread.
    pub fn run(&mut self, clock: &dyn Clock, stop: &AtomicBool) {
        let mut settled_at: Option<Timestamp> = None;
        let mut trouble = None;
        loop {
            let stopping = stop.load(Ordering::Acquire);
            let now = clock.now();
            let passed = |at: Timestamp| now.micros().abs_diff(at.micros()) >= WINDOW_MICROS.unsigned_abs();
            let before = self.books.sealed;
            let result = if stopping || settled_at.is_none_or(passed) {
                self.step(now)
            } else {
                let followed = self.follow();
                self.publish(followed.as_ref().err());
                followed
            };
            if self.books.sealed != before {
                settled_at = Some(now);
            }
            report(&mut trouble, result);
            if stopping {
                break;
            }
            std::thread::sleep(TICK);
        }
        if let Err(error) = self.store.tidy() {
            tracing::warn!(error = &error as &dyn std::error::Error, "the books' log stays beside them");
        }
    }

    /// The books as they follow from the journal.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// A view of how settling stands, for other threads.
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    fn settle(&mut self, now: Timestamp) -> Result<(), Error> {
        // While the store refuses, nothing more is sealed: it stays pending, in the journal.
        self.post()?;
        if self.books.has_pending() || self.books.closes_by(now) {
            let through = self.books.last();
            self.journal.append(&Frame::Sealed(Sealed { through, at: now }))?;
            self.follow()?;
            self.post()?;
        }
        Ok(())
    }

    /// Reads to the journal's end.
    fn follow(&mut self) -> Result<(), Error> {
        while let Some(settlement) = self.read_one()? {
            self.unposted.push(settlement);
        }
        Ok(())
    }

    /// Reads up to the next settlement, or to the end.
    fn read_one(&mut self) -> Result<Option<Settlement>, Error> {
        while let Some(entry) = self.reader.next_entry()? {
            self.views.note(&entry);
            let views = &mut self.views;
            let settlement = self.books.apply_seeing(entry, &mut |seen| views.see(seen))?;
            self.views.keep_latest(RECENT_CALLS);
            if settlement.is_some() {
                return Ok(settlement);
            }
        }
        Ok(None)
    }

    /// Keeps a settlement until the store has it; many go in one transaction.
    fn keep(&mut self, settlement: Settlement) -> Result<(), Error> {
        self.unposted.push(settlement);
        if self.unposted.len() < POST_MAX { Ok(()) } else { self.post() }
    }

    fn post(&mut self) -> Result<(), Error> {
        let Some(last) = self.unposted.last() else { return Ok(()) };
        let applied = last.applied;
        self.store.commit(&self.unposted)?;
        self.applied = Some(applied);
        self.unposted.clear();
        Ok(())
    }

    fn publish(&self, trouble: Option<&Error>) {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let unrated = self.books.unrated_calls();
        self.watch.set(Status {
            open_calls: count(self.books.open_calls()),
            pending: count(self.books.pending()),
            unrated: unrated.map(|(model, calls)| (model.clone(), count(calls))).collect(),
            unposted: count(self.unposted.len()),
            applied: self.applied,
            trouble: trouble.map(|error| chain(error)),
            recent: self.views.latest().cloned().collect(),
        });
    }
}

/// Logs what changed, so that lasting trouble is said once.
fn report(trouble: &mut Option<String>, result: Result<(), Error>) {
    let now = result.err().map(|error| chain(&error));
    if now != *trouble {
        match &now {
            Some(text) => tracing::error!(trouble = %text, "settling waits"),
            None => tracing::info!("settling goes on"),
        }
        *trouble = now;
    }
}

/// The error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
