//! Threads that walk one pass together.
//!
//! Every thread walks the same sections in the same order. The work of a section is cut into chunks, which
//! threads claim; a section is over when all its chunks are done. So nobody waits for a thread that holds
//! no chunk: one that the system has put aside slows nothing, and finds the sections it missed closed.
//! Threads spin only briefly, first give way and then sleep.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Claims and completions of the chunks of one section.
#[derive(Debug, Default)]
struct Gate {
    claimed: AtomicUsize,
    done: AtomicUsize,
}

/// The gates of one pass.
#[derive(Debug)]
pub(crate) struct Gates {
    gates: Vec<Gate>,
    broken: AtomicBool,
}

/// Turns of a spinning wait before giving way: some tens of microseconds.
const SPINS: u32 = 1500;

impl Gates {
    pub(crate) fn new(sections: usize) -> Gates {
        let gates = (0..sections).map(|_| Gate::default()).collect();
        Gates { gates, broken: AtomicBool::new(false) }
    }

    /// Does what is left of section `at`, and returns once all of it is done.
    pub(crate) fn section(&self, at: usize, chunks: usize, mut work: impl FnMut(usize)) {
        let gate = &self.gates[at];
        loop {
            let chunk = gate.claimed.fetch_add(1, Ordering::Relaxed);
            if chunk >= chunks {
                break;
            }
            let completion = Completion { gate, broken: &self.broken };
            work(chunk);
            drop(completion);
        }
        let mut spins = 0;
        while gate.done.load(Ordering::Acquire) < chunks {
            if spins < SPINS {
                std::hint::spin_loop();
                spins += 1;
            } else {
                std::thread::yield_now();
            }
        }
    }

    /// Whether a chunk ended in a panic: then the results are worthless.
    pub(crate) fn broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }
}

/// Counts a chunk as done also when its work panics, or the others would wait for ever.
struct Completion<'a> {
    gate: &'a Gate,
    broken: &'a AtomicBool,
}

impl Drop for Completion<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.broken.store(true, Ordering::Release);
        }
        self.gate.done.fetch_add(1, Ordering::Release);
    }
}

/// Something all threads of a crew walk through, each with its own scratch space.
pub(crate) trait Walk: Send + Sync + 'static {
    /// What a thread keeps from pass to pass.
    type Scratch: Default;
    /// Walks all sections.
    fn walk(&self, scratch: &mut Self::Scratch);
}

/// Helper threads that walk along with the one that leads.
pub(crate) struct Crew<W: Walk> {
    mailbox: Arc<Mailbox<W>>,
    helpers: Vec<JoinHandle<()>>,
    scratch: W::Scratch,
}

struct Mailbox<W> {
    /// How often the post changed, to look at without the lock.
    changes: AtomicUsize,
    post: Mutex<Post<W>>,
    bell: Condvar,
}

enum Post<W> {
    Nothing,
    Pass(Arc<W>),
    Stop,
}

impl<W: Walk> Crew<W> {
    /// A crew of `threads`, the leading one counted, or of fewer if the system grants no more.
    pub(crate) fn new(threads: usize) -> Crew<W> {
        let mailbox = Arc::new(Mailbox {
            changes: AtomicUsize::new(0),
            post: Mutex::new(Post::Nothing),
            bell: Condvar::new(),
        });
        let mut crew = Crew { mailbox, helpers: Vec::new(), scratch: W::Scratch::default() };
        for _ in 1..threads {
            let mailbox = Arc::clone(&crew.mailbox);
            let helper = std::thread::Builder::new().name("embedded-helper".into());
            crew.helpers.extend(helper.spawn(move || mailbox.help()));
        }
        crew
    }

    /// Walks `pass` with everyone.
    pub(crate) fn walk(&mut self, pass: &Arc<W>) {
        if !self.helpers.is_empty() {
            self.mailbox.put(Post::Pass(Arc::clone(pass)));
        }
        pass.walk(&mut self.scratch);
        // So that an idle crew keeps no sequence's memory alive.
        *self.mailbox.lock() = Post::Nothing;
    }
}

impl<W: Walk> Drop for Crew<W> {
    fn drop(&mut self) {
        self.mailbox.put(Post::Stop);
        for helper in self.helpers.drain(..) {
            // A helper that panicked has been reported by the pass it broke.
            drop(helper.join());
        }
    }
}

impl<W: Walk> Mailbox<W> {
    fn lock(&self) -> MutexGuard<'_, Post<W>> {
        self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, post: Post<W>) {
        let mut current = self.lock();
        *current = post;
        self.changes.fetch_add(1, Ordering::Release);
        drop(current);
        self.bell.notify_all();
    }

    fn help(&self) {
        let mut scratch = W::Scratch::default();
        let mut seen = 0;
        while let Some(pass) = self.next(&mut seen) {
            pass.walk(&mut scratch);
        }
    }

    fn next(&self, seen: &mut usize) -> Option<Arc<W>> {
        loop {
            for _ in 0..SPINS {
                if self.changes.load(Ordering::Acquire) != *seen {
                    break;
                }
                std::hint::spin_loop();
            }
            let mut post = self.lock();
            while self.changes.load(Ordering::Acquire) == *seen {
                post = self.bell.wait(post).unwrap_or_else(PoisonError::into_inner);
            }
            *seen = self.changes.load(Ordering::Acquire);
            match &*post {
                Post::Nothing => {}
                Post::Pass(pass) => return Some(Arc::clone(pass)),
                Post::Stop => return None,
            }
        }
    }
}
