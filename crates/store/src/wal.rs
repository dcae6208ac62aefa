//! SQLite's write-ahead log, checked byte by byte. SQLite takes a frame with a wrong checksum for the log's
//! end, as a torn write would leave it, and so quietly forgets whatever follows a changed byte; here that is
//! told. Format: "WAL File Format" in SQLite's documentation.

use crate::{Error, FILE};
use std::path::Path;
use std::time::Duration;

const HEADER: usize = 32;
const FRAME_HEAD: usize = 24;
/// Beside a running plane the last frame may be half written for a moment.
const LOOKS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// Checks the log beside the books in the data directory `data`, if there is one. Do it before opening them:
/// with its log's header damaged, SQLite takes the books for what they were without it.
///
/// # Errors
/// [`Error::DamagedLog`] with the first place that is not as it was written.
pub fn check_log(data: &Path) -> Result<(), Error> {
    let log = data.join(format!("{FILE}-wal"));
    for look in 1.. {
        // Without a log there is nothing to check; one that cannot be read is SQLite's to complain of.
        let Ok(bytes) = std::fs::read(&log) else { return Ok(()) };
        let Some(offset) = first_damage(&bytes) else { return Ok(()) };
        if look == LOOKS {
            return Err(Error::DamagedLog { path: log, offset });
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// The offset of the first frame, or of the header, that is not as it was written.
fn first_damage(bytes: &[u8]) -> Option<usize> {
    let (head, frames) = bytes.split_at_checked(HEADER)?;
    let big_endian = match word(head, 0) {
        0x377f_0683 => true,
        0x377f_0682 => false,
        _ => return Some(0),
    };
    let mut sum = Sum { big_endian, state: (0, 0) };
    sum.add(&head[..24]);
    if sum.state != (word(head, 24), word(head, 28)) {
        return Some(0);
    }
    let size = FRAME_HEAD + usize::try_from(word(head, 8)).ok()?;
    let mut doubtful = None;
    for (index, frame) in frames.chunks_exact(size).enumerate() {
        let offset = HEADER + index * size;
        let (frame_head, page) = frame.split_at(FRAME_HEAD);
        // Frames of an earlier use of the file have other salts; none of this use may follow one.
        let of_this_use = frame_head[8..16] == head[16..24];
        if doubtful.is_some() && of_this_use {
            return doubtful;
        }
        if !of_this_use {
            doubtful = doubtful.or(Some(offset));
            continue;
        }
        sum.add(&frame_head[..8]);
        sum.add(page);
        if sum.state != (word(frame_head, 16), word(frame_head, 20)) {
            return Some(offset);
        }
    }
    None
}

/// The big-endian word at an offset that is there.
fn word(bytes: &[u8], offset: usize) -> u32 {
    bytes.get(offset..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u32::from_be_bytes(*word))
}

/// SQLite's checksum, each frame's going on from the one before.
struct Sum {
    big_endian: bool,
    state: (u32, u32),
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.chunks_exact(8) {
            let [first, second] = [word(pair, 0), word(pair, 4)]
                .map(|word| if self.big_endian { word } else { word.swap_bytes() });
            let (one, two) = self.state;
            let one = one.wrapping_add(first).wrapping_add(two);
            self.state = (one, two.wrapping_add(second).wrapping_add(one));
        }
    }
}
