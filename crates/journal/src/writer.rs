//! Writing: one mapped segment at a time, the next one allocated ahead, durable in groups.

use crate::map::{allocate, map};
use crate::progress::Progress;
use crate::segment::{self, FRAME_HEAD, HEADER, PAYLOAD_MAX};
use crate::{Closed, Error, Frame, Opened, Place, Reader, Seq};
use memmap2::MmapMut;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use units::TokenCounts;

const SEGMENT_MIN: u64 = 1024 * 1024;
const SEGMENT_MAX: u64 = 32 * 1024 * 1024;
/// Room kept for the ending of each open call.
const CLOSING_BYTES: usize = 2 * 1024;
/// Below this much free disk, new calls are refused: the books need some too.
const FREE_BYTES_MIN: u64 = 512 * 1024;
const COMMIT_WINDOW: Duration = Duration::from_millis(5);
const IDLE_LOOK: Duration = Duration::from_millis(200);

/// When a frame counts as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// In the system's hands; on disk within the commit window (5 ms). Power loss can take that window.
    #[default]
    Group,
    /// On disk before the caller goes on.
    Strict,
}

/// How to keep the journal.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// When a frame counts as written.
    pub durability: Durability,
}

/// A call that had not ended when the journal was last in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Its `Opened` frame.
    pub seq: Seq,
    /// What was opened.
    pub opened: Opened,
    /// What it had used by then.
    pub used: TokenCounts,
}

/// What an earlier process left.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Calls without an ending, in order; the caller ends each with a `Closed` frame and then calls
    /// [`Journal::forget_unfinished`]. Until then the next start finds them as they are.
    pub unfinished: Vec<Unfinished>,
    /// A half-written tail that power loss left and that was cut off.
    pub torn: Option<Place>,
}

/// The right and duty to end one call.
#[derive(Debug)]
#[must_use = "every opened call ends with `close`"]
pub struct OpenCall {
    /// The `Opened` frame.
    pub seq: Seq,
    slot: Option<usize>,
}

/// The journal of one plane.
pub struct Journal {
    shared: Arc<Shared>,
    syncer: Mutex<Option<std::thread::JoinHandle<()>>>,
    _lock: File,
}

struct Shared {
    dir: PathBuf,
    durability: Durability,
    writer: Mutex<Writer>,
    progress: Progress,
    open_calls: AtomicU64,
    disk_low: AtomicBool,
    /// The disk did not take what was written: what it holds since then is not known.
    sync_failed: AtomicBool,
    stop: AtomicBool,
    sync: Mutex<SyncState>,
    wake: Condvar,
    synced: Condvar,
}

#[derive(Default)]
struct SyncState {
    dirty: bool,
    done_through: Seq,
}

/// A segment allocated ahead, under a name that no other has: two makers never share a file.
struct Spare {
    map: MmapMut,
    file: File,
    path: PathBuf,
}

struct Writer {
    dir: PathBuf,
    map: MmapMut,
    file: Arc<File>,
    at: usize,
    next: Seq,
    spare: Option<Spare>,
    spares_made: u64,
    segment_bytes: u64,
    /// Full segments that are not durable yet.
    unsynced: Vec<Arc<File>>,
    payload: Vec<u8>,
}

impl Journal {
    /// Opens (or begins) the journal kept in the data directory `data`, for writing by this process alone.
    ///
    /// # Errors
    /// When another process holds it, when stored bytes are damaged, or when the disk refuses.
    pub fn open(data: &Path, options: Options) -> Result<(Self, Recovered), Error> {
        let dir = data.join("journal");
        std::fs::create_dir_all(&dir).map_err(Error::io("create", &dir))?;
        let lock = lock(data)?;
        let (end, mut recovered) = recover(data)?;
        let (progress, used) = Progress::open(&dir.join("progress"))?;
        for call in &mut recovered.unfinished {
            call.used = used.get(&call.seq).copied().unwrap_or_default();
        }
        let writer = Writer::resume(&dir, &end)?;
        File::open(&dir).and_then(|dir| dir.sync_all()).map_err(Error::io("make durable", &dir))?;
        let shared = Arc::new(Shared {
            dir,
            durability: options.durability,
            writer: Mutex::new(writer),
            progress,
            open_calls: AtomicU64::new(0),
            disk_low: AtomicBool::new(false),
            sync_failed: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            sync: Mutex::default(),
            wake: Condvar::new(),
            synced: Condvar::new(),
        });
        let of_thread = Arc::clone(&shared);
        let syncer = std::thread::Builder::new()
            .name("journal-sync".to_owned())
            .spawn(move || of_thread.keep_durable())
            .map_err(Error::io("start the sync thread for", data))?;
        Ok((Self { shared, syncer: Mutex::new(Some(syncer)), _lock: lock }, recovered))
    }

    /// Writes a frame; when this returns, a killed process does not lose it.
    ///
    /// # Errors
    /// When there is no room on disk, or the frame is beyond any sensible size.
    pub fn append(&self, frame: &Frame) -> Result<Seq, Error> {
        let seq = self.shared.writer().append(frame)?;
        self.shared.written(seq)?;
        Ok(seq)
    }

    /// Records that a call begins.
    ///
    /// # Errors
    /// [`Error::Full`] when room for its ending cannot be kept: the call must be refused.
    pub fn open_call(&self, opened: Opened) -> Result<OpenCall, Error> {
        let shared = &self.shared;
        if shared.disk_low.load(Ordering::Relaxed) {
            return Err(Error::Full(shared.dir.clone()));
        }
        shared.check_synced()?;
        let open_calls = shared.open_calls.fetch_add(1, Ordering::Relaxed) + 1;
        let result = shared.writer().append_keeping_room(&Frame::Opened(opened), open_calls);
        match result {
            Ok(seq) => {
                shared.written(seq).inspect_err(|_| {
                    shared.open_calls.fetch_sub(1, Ordering::Relaxed);
                })?;
                Ok(OpenCall { seq, slot: shared.progress.take(seq) })
            }
            Err(error) => {
                shared.open_calls.fetch_sub(1, Ordering::Relaxed);
                Err(error)
            }
        }
    }

    /// Notes what an open call has used so far, for the case that this process is killed.
    pub fn progress(&self, call: &OpenCall, used: &TokenCounts) {
        if let Some(slot) = call.slot {
            self.shared.progress.note(slot, used);
        }
    }

    /// Records that a call ended; `closed.opened` is set to the call's own frame.
    ///
    /// # Errors
    /// When the disk refuses, which the room kept at opening is there to prevent.
    #[expect(clippy::needless_pass_by_value, reason = "ending a call uses up the right to end it")]
    pub fn close(&self, call: OpenCall, closed: Closed) -> Result<Seq, Error> {
        let OpenCall { seq: opened, slot } = call;
        let seq = self.append(&Frame::Closed(Closed { opened, ..closed }))?;
        if let Some(slot) = slot {
            self.shared.progress.release(slot);
        }
        self.shared.open_calls.fetch_sub(1, Ordering::Relaxed);
        Ok(seq)
    }

    /// Forgets what unfinished calls had used, once their endings are on record.
    pub fn forget_unfinished(&self) {
        self.shared.progress.forget_left();
    }

    /// How many calls are open.
    pub fn open_calls(&self) -> u64 {
        self.shared.open_calls.load(Ordering::Relaxed)
    }

    /// Whether new calls are refused because the disk is nearly full.
    pub fn disk_low(&self) -> bool {
        self.shared.disk_low.load(Ordering::Relaxed)
    }

    /// Whether new calls are refused because the disk failed to take what was written.
    pub fn sync_failed(&self) -> bool {
        self.shared.sync_failed.load(Ordering::Acquire)
    }

    /// The number of the last frame written; 0 when there is none.
    pub fn last_seq(&self) -> Seq {
        self.shared.writer().next - 1
    }

    /// Makes all that is written durable and stops the sync thread. Frames can still be written after, but
    /// only the system decides when they reach the disk.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn shut_down(&self) -> Result<(), Error> {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.wake.notify_all();
        let syncer = self.syncer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = syncer {
            // A panic of that thread has been printed; the sync below is what counts.
            let _ = thread.join();
        }
        self.shared.sync_now().map(|_| ())
    }
}

impl Shared {
    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the sync thread, and under strict durability waits for it.
    fn written(&self, seq: Seq) -> Result<(), Error> {
        let mut state = self.sync.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.dirty {
            state.dirty = true;
            self.wake.notify_one();
        }
        if self.durability == Durability::Group {
            return Ok(());
        }
        while state.done_through < seq {
            self.check_synced()?;
            if self.stop.load(Ordering::Acquire) {
                drop(state);
                return self.sync_now().map(|_| ());
            }
            state = self.synced.wait_timeout(state, IDLE_LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    fn keep_durable(&self) {
        while !self.stop.load(Ordering::Acquire) {
            let mut state = self.sync.lock().unwrap_or_else(PoisonError::into_inner);
            if !state.dirty {
                state = self.wake.wait_timeout(state, IDLE_LOOK).unwrap_or_else(PoisonError::into_inner).0;
            }
            let dirty = std::mem::take(&mut state.dirty);
            drop(state);
            self.look_at_disk();
            if dirty {
                let result = self.sync_now();
                let mut state = self.sync.lock().unwrap_or_else(PoisonError::into_inner);
                if let Ok(through) = result {
                    state.done_through = through;
                }
                self.synced.notify_all();
            }
            if dirty && self.durability == Durability::Group {
                std::thread::sleep(COMMIT_WINDOW);
            }
        }
    }

    /// Keeps a spare segment, and notices a full disk before a call does.
    fn look_at_disk(&self) {
        let free = rustix::fs::statvfs(&self.dir)
            .map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize))
            .unwrap_or(u64::MAX);
        self.disk_low.store(free < FREE_BYTES_MIN, Ordering::Relaxed);
        let wanted = {
            let mut writer = self.writer();
            let bytes = writer.segment_bytes;
            let enough = free > bytes.saturating_mul(2);
            (writer.spare.is_none() && enough).then(|| (writer.spare_path(), bytes))
        };
        // Made outside the lock: allocating takes milliseconds.
        if let Some((path, bytes)) = wanted
            && let Ok(spare) = Spare::make(path, bytes)
        {
            self.writer().keep_spare(spare);
        }
    }

    fn sync_now(&self) -> Result<Seq, Error> {
        let (files, through) = {
            let mut writer = self.writer();
            let mut files = std::mem::take(&mut writer.unsynced);
            files.push(Arc::clone(&writer.file));
            (files, writer.next - 1)
        };
        let synced = files.iter().try_for_each(|file| file.sync_data()).and_then(|()| {
            // A segment that came into use is found again only when its name is on disk too.
            if files.len() > 1 { File::open(&self.dir)?.sync_all() } else { Ok(()) }
        });
        // The system tells of a failed write once and may forget the bytes: nothing after it counts as durable.
        synced.map_err(|source| {
            self.sync_failed.store(true, Ordering::Release);
            Error::io("make durable the journal in", &self.dir)(source)
        })?;
        Ok(through)
    }

    fn check_synced(&self) -> Result<(), Error> {
        if self.sync_failed.load(Ordering::Acquire) {
            Err(Error::NotDurable(self.dir.clone()))
        } else {
            Ok(())
        }
    }
}

impl Spare {
    fn make(path: PathBuf, bytes: u64) -> Result<Self, Error> {
        let file = allocate(&path, bytes)?;
        let map = map(&file, &path)?;
        Ok(Self { map, file, path })
    }
}

impl Writer {
    fn resume(dir: &Path, end: &End) -> Result<Self, Error> {
        remove_spares(dir)?;
        let path = segment::file_name(dir, end.first);
        let file = allocate(&path, SEGMENT_MIN)?;
        let mut map = map(&file, &path)?;
        map[..HEADER].copy_from_slice(&segment::header(end.first));
        // What a killed process had half written, or a torn tail.
        map[end.at..].fill(0);
        Ok(Self {
            dir: dir.to_owned(),
            segment_bytes: u64::try_from(map.len()).unwrap_or(SEGMENT_MAX).min(SEGMENT_MAX / 2) * 2,
            map,
            file: Arc::new(file),
            at: end.at,
            next: end.next,
            spare: None,
            spares_made: 0,
            unsynced: Vec::new(),
            payload: Vec::with_capacity(1024),
        })
    }

    fn append_keeping_room(&mut self, frame: &Frame, open_calls: u64) -> Result<Seq, Error> {
        let closing = usize::try_from(open_calls).unwrap_or(usize::MAX).saturating_mul(CLOSING_BYTES);
        let here = self.map.len() - self.at;
        let spare = self.spare.as_ref().map_or(0, |spare| spare.map.len());
        if here.saturating_add(spare) < closing.saturating_add(PAYLOAD_MAX) {
            let spare = Spare::make(self.spare_path(), self.segment_bytes)?;
            self.keep_spare(spare);
        }
        self.append(frame)
    }

    fn append(&mut self, frame: &Frame) -> Result<Seq, Error> {
        self.payload.clear();
        frame.encode(&mut self.payload);
        let size = self.payload.len();
        if size > PAYLOAD_MAX {
            return Err(Error::TooLarge(size));
        }
        if self.at + FRAME_HEAD + size > self.map.len() {
            self.rotate()?;
        }
        let length = u32::try_from(size).map_err(|_| Error::TooLarge(size))?;
        let (seq, kind) = (self.next, frame.kind());
        let sum = segment::checksum(length, seq, kind, &self.payload);
        let place = &mut self.map[self.at..self.at + FRAME_HEAD + size];
        place[4..8].copy_from_slice(&sum.to_le_bytes());
        place[8..16].copy_from_slice(&seq.to_le_bytes());
        place[16] = kind;
        place[FRAME_HEAD..].copy_from_slice(&self.payload);
        // The length last: until then a reader, or the next process, sees the end here.
        fence(Ordering::Release);
        place[..4].copy_from_slice(&length.to_le_bytes());
        self.at += FRAME_HEAD + size;
        self.next += 1;
        Ok(seq)
    }

    /// A name for the next spare.
    fn spare_path(&mut self) -> PathBuf {
        self.spares_made += 1;
        self.dir.join(format!("spare-{}", self.spares_made))
    }

    /// Keeps the spare, or the larger of two.
    fn keep_spare(&mut self, spare: Spare) {
        let smaller = match self.spare.take() {
            Some(kept) if kept.map.len() >= spare.map.len() => {
                self.spare = Some(kept);
                Some(spare)
            }
            kept => {
                self.spare = Some(spare);
                kept
            }
        };
        if let Some(smaller) = smaller {
            // Left behind, it is taken away at the next start.
            let _ = std::fs::remove_file(&smaller.path);
        }
    }

    fn rotate(&mut self) -> Result<(), Error> {
        let Spare { mut map, file, path: made } = match self.spare.take() {
            Some(spare) => spare,
            None => Spare::make(self.spare_path(), self.segment_bytes)?,
        };
        map[..HEADER].copy_from_slice(&segment::header(self.next));
        let path = segment::file_name(&self.dir, self.next);
        std::fs::rename(&made, &path).map_err(Error::io("begin", &path))?;
        self.unsynced.push(std::mem::replace(&mut self.file, Arc::new(file)));
        self.map = map;
        self.at = HEADER;
        self.segment_bytes = self.segment_bytes.saturating_mul(2).min(SEGMENT_MAX);
        Ok(())
    }
}

/// The end of the journal as a reader sees it: bytes behind it are half a frame, which a killed process left and
/// which is cut off; a whole frame there means that the end is not the end, and nothing is touched.
fn check_end(reader: &Reader) -> Result<(), Error> {
    match reader.check_tail() {
        Err(Error::Damaged { place, .. }) if !segment::whole_frame_follows(&place)? => Ok(()),
        other => other,
    }
}

/// Takes away what an earlier process had allocated and not used; its size or its bytes may be anything.
fn remove_spares(dir: &Path) -> Result<(), Error> {
    for entry in std::fs::read_dir(dir).map_err(Error::io("list", dir))?.flatten() {
        if entry.file_name().to_string_lossy().starts_with("spare") {
            std::fs::remove_file(entry.path()).map_err(Error::io("remove", entry.path()))?;
        }
    }
    Ok(())
}

/// Where writing goes on.
struct End {
    first: Seq,
    at: usize,
    next: Seq,
}

fn lock(data: &Path) -> Result<File, Error> {
    use rustix::fs::{FlockOperation, flock};
    let path = data.join("lock");
    let file = allocate(&path, 0)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(Error::InUse(data.to_owned())),
        Err(errno) => Err(Error::io("lock", path)(errno.into())),
    }
}

fn recover(data: &Path) -> Result<(End, Recovered), Error> {
    let mut reader = Reader::open(data);
    let mut open = BTreeMap::new();
    let mut torn = None;
    loop {
        match reader.next_entry() {
            Ok(None) => {
                check_end(&reader)?;
                break;
            }
            Ok(Some(entry)) => match entry.frame {
                Frame::Opened(opened) => drop(open.insert(entry.seq, opened)),
                Frame::Closed(closed) => drop(open.remove(&closed.opened)),
                Frame::PriceAdded(_)
                | Frame::CommitmentAdded(_)
                | Frame::TermsAdded(_)
                | Frame::EligibleAdded(_)
                | Frame::Sealed(_) => {}
            },
            Err(Error::Damaged { what, place }) => {
                let last =
                    segment::list(&data.join("journal"))?.last().is_some_and(|(_, file)| *file == place.file);
                if !last || place.offset == 0 || segment::whole_frame_follows(&place)? {
                    return Err(Error::Damaged { what, place });
                }
                torn = Some(place);
                break;
            }
            Err(error) => return Err(error),
        }
    }
    let unfinished = open
        .into_iter()
        .map(|(seq, opened)| Unfinished { seq, opened, used: TokenCounts::default() })
        .collect();
    let (first, at) = reader.place().unwrap_or((reader.position(), HEADER));
    Ok((End { first, at, next: reader.position() }, Recovered { unfinished, torn }))
}
