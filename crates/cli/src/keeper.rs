//! Keeps prompts and answers on a thread of its own, and deletes them when their last day is over.

use gateway::{Kept, Vault as Takes};
use retention::{MasterKey, Record, Vault};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use units::{Clock, Timestamp};

/// So many calls wait to be written; more are lost, and said to be.
const WAITING_MAX: usize = 256;
/// How often the thread looks whether it is well, and what is over.
const TICK: Duration = Duration::from_secs(1);
const PURGE_SECONDS: i64 = 600;

/// What the thread is told.
enum Job {
    Keep(Box<Kept>),
    /// After all that came before.
    Finish,
}

/// Takes what is to be kept.
pub struct Keeper {
    sender: SyncSender<Job>,
    well: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Keeper {
    /// Starts the thread.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn start(data: &Path, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let well = Arc::new(AtomicBool::new(true));
        let mut writer = Writer { vault: Vault::open(data), well: Arc::clone(&well), clock, purged: None };
        let thread =
            std::thread::Builder::new().name("keeper".to_owned()).spawn(move || writer.run(&receiver))?;
        Ok(Self { sender, well, thread: Mutex::new(Some(thread)) })
    }

    /// Waits until everything that was taken is written, or was lost; nothing is taken after that.
    pub fn finish(&self) {
        // Where the thread is gone there is nothing to wait for.
        let _ = self.sender.send(Job::Finish);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the keeper broke off; prompts and answers may NOT be kept");
        }
    }
}

impl Takes for Keeper {
    fn is_well(&self) -> bool {
        self.well.load(Ordering::Acquire)
    }

    fn keep(&self, kept: Kept) {
        if let Err(error) = self.sender.try_send(Job::Keep(Box::new(kept))) {
            self.well.store(false, Ordering::Release);
            tracing::error!(%error, "a call's prompt and answer were NOT kept");
        }
    }
}

struct Writer {
    vault: Vault,
    well: Arc<AtomicBool>,
    clock: Arc<dyn Clock>,
    purged: Option<Timestamp>,
}

impl Writer {
    fn run(&mut self, receiver: &Receiver<Job>) {
        loop {
            self.purge();
            match receiver.recv_timeout(TICK) {
                Ok(Job::Keep(kept)) => self.write(&kept),
                Err(RecvTimeoutError::Timeout) => self.look(),
                Ok(Job::Finish) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn write(&self, kept: &Kept) {
        let Some(retention) = &kept.live.snapshot.retention else { return };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let record = Record {
            request: kept.request.to_string(),
            at: kept.at.to_string(),
            organisation: kept.principal.organisation.to_string(),
            team: kept.principal.team.to_string(),
            subject: kept.principal.subject.to_string(),
            model: kept.model.to_string(),
            question: text(&kept.question),
            answer: text(&kept.answer.concat()),
            is_cut: kept.is_cut,
        };
        let key = MasterKey::of(retention.key.expose());
        let done = self.vault.keep(&key, &record, &kept.until.to_string());
        self.well.store(done.is_ok(), Ordering::Release);
        if let Err(error) = done {
            tracing::error!(%error, request = %kept.request, "a call's prompt and answer were NOT kept");
        }
    }

    /// What could not be written may be well again.
    fn look(&self) {
        if !self.well.load(Ordering::Acquire) && self.vault.try_writing().is_ok() {
            self.well.store(true, Ordering::Release);
        }
    }

    fn purge(&mut self) {
        let now = self.clock.now();
        if self.purged.is_some_and(|purged| now.seconds() - purged.seconds() < PURGE_SECONDS) {
            return;
        }
        self.purged = Some(now);
        let today = now.date();
        match self.vault.delete(|shelf| *shelf.until < *today, &now.to_string(), "its last day is over") {
            Ok(deleted) => deleted.iter().for_each(|shelf| {
                tracing::info!(organisation = %shelf.organisation, until = %shelf.until, records = shelf.records, "what was kept is deleted");
            }),
            Err(error) => tracing::error!(%error, "what was kept could NOT be deleted"),
        }
    }
}
