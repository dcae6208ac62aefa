//! The vendor's own meter: what a bill would be made of, to hold any other count against.
//!
//! Tokens are counted as they are sent: input with the first byte of an answer, output event by event. So a
//! stream that broke has on the meter exactly what was generated before it did.

use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Calls and tokens. Input counts are disjoint; `output_tokens` includes `thinking_tokens`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Calls with a valid key to a model, of whatever outcome.
    pub calls: u64,
    /// Answered to the end.
    pub answered: u64,
    /// Answered with an error status.
    pub refused: u64,
    /// Answered with less than a whole answer, as ordered: cut, rubbish, an error event.
    pub broken: u64,
    /// Fresh input tokens.
    pub input_tokens: u64,
    /// Input tokens read from the cache.
    pub cache_read_tokens: u64,
    /// Input tokens written to the cache for five minutes.
    pub cache_write_5m_tokens: u64,
    /// Input tokens written to the cache for an hour.
    pub cache_write_1h_tokens: u64,
    /// Output tokens, thinking included.
    pub output_tokens: u64,
    /// Output tokens of thinking.
    pub thinking_tokens: u64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.answered += other.answered;
        self.refused += other.refused;
        self.broken += other.broken;
        self.input_tokens += other.input_tokens;
        self.cache_read_tokens += other.cache_read_tokens;
        self.cache_write_5m_tokens += other.cache_write_5m_tokens;
        self.cache_write_1h_tokens += other.cache_write_1h_tokens;
        self.output_tokens += other.output_tokens;
        self.thinking_tokens += other.thinking_tokens;
    }
}

/// What the meter shows: all models together, and each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// Sums over the models.
    #[serde(flatten)]
    pub total: Counts,
    /// Requests without the vendor's key, which belong to no model.
    pub unauthorised: u64,
    /// By model, as the request named it.
    pub models: BTreeMap<String, Counts>,
}

/// The counts of one model, shared with the answers still being sent.
pub(crate) type Tally = Arc<Mutex<Counts>>;

/// The meter itself.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    models: Mutex<BTreeMap<String, Tally>>,
    unauthorised: Mutex<u64>,
}

impl Meter {
    /// Where calls of `model` are counted.
    pub(crate) fn tally(&self, model: &str) -> Tally {
        let mut models = lock(&self.models);
        match models.get(model) {
            Some(tally) => tally.clone(),
            None => models.entry(model.to_owned()).or_default().clone(),
        }
    }

    pub(crate) fn unauthorised(&self) {
        *lock(&self.unauthorised) += 1;
    }

    pub(crate) fn read(&self) -> Reading {
        let mut reading = Reading { unauthorised: *lock(&self.unauthorised), ..Reading::default() };
        for (model, tally) in lock(&self.models).iter() {
            let counts = *lock(tally);
            reading.total.add(&counts);
            reading.models.insert(model.clone(), counts);
        }
        reading
    }

    /// Starts from zero. What answers under way still send is not counted.
    pub(crate) fn reset(&self) {
        lock(&self.models).clear();
        *lock(&self.unauthorised) = 0;
    }
}

/// Nobody panics while holding one of our locks half changed, so a poisoned one is still good.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
