//! Reading a journal in order, from a directory, beside a running plane or without one.

use crate::segment::{self, Slot};
use crate::{Error, Frame, Opened, Place, Seq};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// A frame and its place in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub seq: Seq,
    /// What it says.
    pub frame: Frame,
}

/// Follows a journal: gives what is written so far, and when asked again, what came since.
#[derive(Debug)]
pub struct Reader {
    dir: PathBuf,
    current: Option<Segment>,
    next: Seq,
}

#[derive(Debug)]
struct Segment {
    file: File,
    path: PathBuf,
    /// Bytes as they were when last read; those from `start` on, at `offset` of the file, are not decoded yet.
    buffer: Vec<u8>,
    start: usize,
    offset: u64,
    /// The last call that was opened: the next is likely to share most of its names.
    like: Option<Opened>,
}

const CHUNK: usize = 256 * 1024;

impl Reader {
    /// A reader at the beginning of the journal kept in `data` (the data directory).
    pub fn open(data: &Path) -> Self {
        Self { dir: data.join("journal"), current: None, next: 1 }
    }

    /// The number of the next frame that will be read.
    pub fn position(&self) -> Seq {
        self.next
    }

    /// The next frame, or nothing when all that is written so far was read.
    ///
    /// # Errors
    /// When bytes are damaged (naming the place) or cannot be read.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, Error> {
        loop {
            if self.current.is_none() && !self.enter_segment()? {
                return Ok(None);
            }
            let Some(segment) = &mut self.current else { return Ok(None) };
            if let Some(frame) = segment.next(self.next)? {
                let seq = self.next;
                self.next += 1;
                return Ok(Some(Entry { seq, frame }));
            }
            // The end of this segment: go on only when the next one has begun.
            if !self.follow()? {
                return Ok(None);
            }
        }
    }

    /// Whether the segment for `next` exists and was entered.
    fn enter_segment(&mut self) -> Result<bool, Error> {
        if !self.dir.is_dir() {
            return Ok(false);
        }
        let path = segment::file_name(&self.dir, self.next);
        if !path.exists() {
            return match segment::list(&self.dir)?.first() {
                Some((first, file)) if self.next == 1 && *first > 0 => Err(Error::Damaged {
                    what: "a missing segment file",
                    place: Place { file: file.clone(), offset: 0, seq: 1 },
                }),
                _ => Ok(false),
            };
        }
        self.current = Segment::open(path, self.next)?;
        Ok(self.current.is_some())
    }

    fn follow(&mut self) -> Result<bool, Error> {
        let Some(current) = &self.current else { return Ok(false) };
        let path = segment::file_name(&self.dir, self.next);
        if path == current.path {
            return Ok(false);
        }
        if path.exists() {
            // Between our look at the old segment and now, nothing more was written to it: the writer moves
            // on only when it is full. What follows its end must be nothing.
            current.check_empty_tail(self.next)?;
            let Some(next) = Segment::open(path, self.next)? else { return Ok(false) };
            self.current = Some(next);
            return Ok(true);
        }
        let missing = segment::list(&self.dir)?.into_iter().find(|(first, _)| *first > self.next);
        match missing {
            Some((_, file)) => Err(Error::Damaged {
                what: "records missing before this segment",
                place: Place { file, offset: 0, seq: self.next },
            }),
            None => Ok(false),
        }
    }

    /// The segment being read (its first number) and the offset reached in it.
    pub(crate) fn place(&self) -> Option<(Seq, usize)> {
        let segment = self.current.as_ref()?;
        let first = segment.path.file_stem()?.to_str()?.parse().ok()?;
        Some((first, usize::try_from(segment.offset).ok()?))
    }

    /// Checks that nothing follows the last frame, which a lost length would leave behind.
    ///
    /// # Errors
    /// When bytes follow the end. Beside a running plane a frame may be half written: ask again.
    pub fn check_tail(&self) -> Result<(), Error> {
        self.current.as_ref().map_or(Ok(()), |segment| segment.check_empty_tail(self.next))
    }
}

impl Segment {
    /// Opens the segment, or nothing when it has no header yet.
    fn open(path: PathBuf, first: Seq) -> Result<Option<Self>, Error> {
        let file = File::open(&path).map_err(Error::io("open", &path))?;
        let mut segment = Self { file, path, buffer: Vec::new(), start: 0, offset: 0, like: None };
        segment.fill()?;
        if segment.buffer.iter().take(segment::HEADER).all(|byte| *byte == 0) {
            return Ok(None);
        }
        segment::check_header(&segment.buffer, first, &segment.path)?;
        segment.consume(segment::HEADER);
        Ok(Some(segment))
    }

    fn next(&mut self, seq: Seq) -> Result<Option<Frame>, Error> {
        let place = Place { file: self.path.clone(), offset: self.offset, seq };
        // What was read earlier may be old or cut short: only a whole frame in it is believed.
        let mut slot = segment::frame_at(&self.buffer[self.start..], &place, self.like.as_ref());
        if !matches!(slot, Ok(Slot::Frame(..))) {
            self.fill()?;
            slot = segment::frame_at(&self.buffer, &place, self.like.as_ref());
        }
        match slot? {
            Slot::Frame(frame, size) => {
                self.consume(size);
                if let Frame::Opened(opened) = &*frame {
                    self.like = Some(opened.clone());
                }
                Ok(Some(*frame))
            }
            Slot::End => Ok(None),
        }
    }

    /// Reads the buffer anew from the current offset.
    fn fill(&mut self) -> Result<(), Error> {
        self.buffer.resize(CHUNK, 0);
        self.start = 0;
        let mut filled = 0;
        while filled < CHUNK {
            let at = self.offset + u64::try_from(filled).unwrap_or(0);
            match self.file.read_at(&mut self.buffer[filled..], at).map_err(Error::io("read", &self.path))? {
                0 => break,
                count => filled += count,
            }
        }
        self.buffer.truncate(filled);
        Ok(())
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
        self.offset += u64::try_from(count).unwrap_or(0);
    }

    fn check_empty_tail(&self, seq: Seq) -> Result<(), Error> {
        let mut bytes = vec![0_u8; CHUNK];
        let mut at = self.offset;
        loop {
            let count = self.file.read_at(&mut bytes, at).map_err(Error::io("read", &self.path))?;
            if count == 0 {
                return Ok(());
            }
            if let Some(index) = bytes.iter().take(count).position(|byte| *byte != 0) {
                let offset = at + u64::try_from(index).unwrap_or(0);
                let place = Place { file: self.path.clone(), offset, seq };
                return Err(Error::Damaged { what: "bytes after the last record", place });
            }
            at += u64::try_from(count).unwrap_or(0);
        }
    }
}
