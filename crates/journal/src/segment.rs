//! The shape of a segment file, and how one frame is read from it.
//!
//! A 24-byte header (magic, format, first sequence number, checksum), then frames back to back: length of the
//! payload (u32), checksum (u32), sequence number (u64), kind (u8), payload. A zero length ends the written
//! part. The length is stored last, so a frame is either whole or not there.

use crate::{Error, Frame, Opened, Place, Seq};
use std::path::{Path, PathBuf};

pub(crate) const HEADER: usize = 24;
pub(crate) const FRAME_HEAD: usize = 17;
/// No frame is larger; the largest real one is a few hundred bytes.
pub(crate) const PAYLOAD_MAX: usize = 64 * 1024;
const MAGIC: [u8; 4] = *b"OTJ1";
const FORMAT: u32 = 1;

pub(crate) fn header(first: Seq) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    bytes[..4].copy_from_slice(&MAGIC);
    bytes[4..8].copy_from_slice(&FORMAT.to_le_bytes());
    bytes[8..16].copy_from_slice(&first.to_le_bytes());
    let sum = u64::from(crc32fast::hash(&bytes[..16]));
    bytes[16..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

pub(crate) fn file_name(dir: &Path, first: Seq) -> PathBuf {
    dir.join(format!("{first:020}.seg"))
}

/// The segment files of a journal, in order.
pub(crate) fn list(dir: &Path) -> Result<Vec<(Seq, PathBuf)>, Error> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(Error::io("list", dir))? {
        let path = entry.map_err(Error::io("list", dir))?.path();
        let is_segment = path.extension().is_some_and(|extension| extension == "seg");
        let first = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let (true, Some(first)) = (is_segment, first) {
            found.push((first, path));
        }
    }
    found.sort();
    Ok(found)
}

/// The checksum over all of a frame but itself.
pub(crate) fn checksum(length: u32, seq: Seq, kind: u8, payload: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&length.to_le_bytes());
    sum.update(&seq.to_le_bytes());
    sum.update(&[kind]);
    sum.update(payload);
    sum.finalize()
}

/// What stands at a place.
pub(crate) enum Slot {
    /// A whole frame, and how many bytes it takes.
    Frame(Box<Frame>, usize),
    /// The end of what was written.
    End,
}

/// Reads the frame that `bytes`, taken from a segment at `place`, begin with; what it has in common with `like` is
/// shared with it.
pub(crate) fn frame_at(bytes: &[u8], place: &Place, like: Option<&Opened>) -> Result<Slot, Error> {
    let damaged = |what| Error::Damaged { what, place: place.clone() };
    let Some((head, rest)) = bytes.split_at_checked(FRAME_HEAD) else { return Ok(Slot::End) };
    let length = u32_at(head, 0);
    if length == 0 {
        return Ok(Slot::End);
    }
    let size = usize::try_from(length).unwrap_or(usize::MAX);
    if size > PAYLOAD_MAX || rest.len() < size {
        return Err(damaged("a length that cannot be"));
    }
    let (stored, seq, kind) = (u32_at(head, 4), u64_at(head, 8), head[16]);
    let payload = &rest[..size];
    if checksum(length, seq, kind, payload) != stored {
        return Err(damaged("a checksum that does not match"));
    }
    if seq != place.seq {
        return Err(damaged("a record out of order"));
    }
    let frame = Frame::decode(kind, payload, like).map_err(|_| damaged("a record that cannot be read"))?;
    Ok(Slot::Frame(Box::new(frame), FRAME_HEAD + size))
}

/// Checks a segment's header.
pub(crate) fn check_header(bytes: &[u8], first: Seq, file: &Path) -> Result<(), Error> {
    if bytes.get(..HEADER) == Some(&header(first)) {
        return Ok(());
    }
    let place = Place { file: file.to_owned(), offset: 0, seq: first };
    Err(Error::Damaged { what: "a segment header that does not match", place })
}

/// Whether a whole later frame stands somewhere after the damaged `place`: then bytes were changed, and it is
/// not merely a tail that power loss tore.
pub(crate) fn whole_frame_follows(place: &Place) -> Result<bool, Error> {
    let bytes = std::fs::read(&place.file).map_err(Error::io("read", &place.file))?;
    let start = usize::try_from(place.offset).unwrap_or(usize::MAX).saturating_add(1);
    Ok((start..bytes.len()).any(|offset| {
        let rest = bytes.get(offset..).unwrap_or_default();
        let seq = rest.get(..FRAME_HEAD).map_or(0, |head| u64_at(head, 8));
        let near = seq > place.seq && seq - place.seq < 1 << 20;
        near && matches!(frame_at(rest, &Place { seq, ..place.clone() }, None), Ok(Slot::Frame(..)))
    }))
}

fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    bytes.get(offset..offset + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    bytes.get(offset..offset + 8).and_then(|eight| eight.try_into().ok()).map_or(0, u64::from_le_bytes)
}
