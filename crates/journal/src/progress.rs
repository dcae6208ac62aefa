//! What each open call has used so far, kept where a killed process leaves it behind.
//!
//! A row of fixed slots in shared memory, one a call under way. Each word is stored whole, so a reader after
//! a crash finds counts that were true a moment before.

use crate::map::{Words, allocate};
use crate::{Error, Seq};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use units::TokenCounts;

const SLOTS: usize = 4096;
const WORDS_PER_SLOT: usize = 8;

pub(crate) struct Progress {
    map: Words,
    free: Mutex<Vec<usize>>,
    /// Slots of calls that an earlier process left open, kept until their endings are on record.
    left: Mutex<Vec<usize>>,
}

impl Progress {
    /// Opens the file and hands over what an earlier process left in it.
    pub fn open(path: &Path) -> Result<(Self, HashMap<Seq, TokenCounts>), Error> {
        let bytes = SLOTS * WORDS_PER_SLOT * size_of::<u64>();
        let file = allocate(path, u64::try_from(bytes).unwrap_or(u64::MAX))?;
        let map = Words::map(&file, path)?;
        let slots = map.words().chunks_exact(WORDS_PER_SLOT);
        let used: HashMap<Seq, TokenCounts> = slots.clone().filter_map(read).collect();
        let (free, left) =
            (0..SLOTS).rev().partition(|index| slots.clone().nth(*index).and_then(read).is_none());
        Ok((Self { map, free: Mutex::new(free), left: Mutex::new(left) }, used))
    }

    /// Frees the slots that an earlier process left.
    pub fn forget_left(&self) {
        let left = std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner));
        for index in left {
            self.release(index);
        }
    }

    /// A slot for this call, or none when more calls are open than there are slots.
    pub fn take(&self, seq: Seq) -> Option<usize> {
        let index = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        self.slot(index).first()?.store(seq, Ordering::Release);
        Some(index)
    }

    pub fn note(&self, index: usize, tokens: &TokenCounts) {
        let TokenCounts { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning } = *tokens;
        let counts = [input, cache_read, cache_write_5m, cache_write_1h, output, reasoning];
        for (word, count) in self.slot(index).iter().skip(1).zip(counts) {
            word.store(count, Ordering::Release);
        }
    }

    pub fn release(&self, index: usize) {
        self.note(index, &TokenCounts::default());
        if let Some(owner) = self.slot(index).first() {
            owner.store(0, Ordering::Release);
        }
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(index);
    }

    fn slot(&self, index: usize) -> &[AtomicU64] {
        self.map.words().get(index * WORDS_PER_SLOT..(index + 1) * WORDS_PER_SLOT).unwrap_or_default()
    }
}

fn read(slot: &[AtomicU64]) -> Option<(Seq, TokenCounts)> {
    let words: Vec<u64> = slot.iter().map(|word| word.load(Ordering::Acquire)).collect();
    match words.as_slice() {
        [seq, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, _] if *seq != 0 => {
            Some((
                *seq,
                TokenCounts {
                    input: *input,
                    cache_read: *cache_read,
                    cache_write_5m: *cache_write_5m,
                    cache_write_1h: *cache_write_1h,
                    output: *output,
                    reasoning: *reasoning,
                },
            ))
        }
        _ => None,
    }
}
