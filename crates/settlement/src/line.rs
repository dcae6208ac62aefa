//! One attempt of one ended call: what the books add up.

use journal::{Attempt, Opened, Seq};
use ledger::merkle::Hash;
use std::collections::HashMap;
use store::BatchKey;
use units::{Currency, Money, PriceId, Timestamp, TokenCounts};

const DAY_MICROS: i64 = 86_400_000_000;
const HOUR_MICROS: i64 = 3_600_000_000;

/// The start of the day, UTC.
pub(crate) fn day_of(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros().div_euclid(DAY_MICROS).saturating_mul(DAY_MICROS))
}

/// The start of the next day, UTC.
pub(crate) fn next_day(day: Timestamp) -> Timestamp {
    Timestamp::from_micros(day.micros().saturating_add(DAY_MICROS))
}

/// The start of the hour.
pub(crate) fn hour_of(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros().div_euclid(HOUR_MICROS).saturating_mul(HOUR_MICROS))
}

/// What is known of an attempt before its price.
#[derive(Debug, Clone)]
pub(crate) struct Usage {
    /// The call's `Opened` frame.
    pub opened: Seq,
    /// Its `Closed` frame.
    pub closed: Seq,
    /// Which attempt, from 0.
    pub attempt: u8,
    /// Whether it is the call's last, the one that answered.
    pub answered: bool,
    /// When the call was admitted.
    pub at: Timestamp,
    /// What was used.
    pub tokens: TokenCounts,
    /// Its leaf in the tree of its batch.
    pub leaf: Hash,
}

/// A rated attempt that waits to be sealed.
#[derive(Debug)]
pub(crate) struct Line {
    /// The frame that made it rateable: its `Closed`, or a later price.
    pub rateable: Seq,
    pub usage: Usage,
    pub key: KeyId,
    pub amount: Money,
    /// The commitment it draws down, by index, and by how much, in 10⁻¹².
    pub draws: Option<(usize, i128)>,
}

/// An attempt without a price.
#[derive(Debug)]
pub(crate) struct Unrated {
    pub usage: Usage,
    /// The one price it waits for, when the call had one pinned.
    pub pinned: Option<PriceId>,
    /// With a currency and price that mean nothing yet.
    pub key: BatchKey,
}

/// A batch key, kept once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct KeyId(usize);

/// Every batch key seen.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    ids: HashMap<BatchKey, KeyId>,
    keys: Vec<BatchKey>,
}

impl Keys {
    pub fn id(&mut self, key: BatchKey) -> KeyId {
        if let Some(id) = self.ids.get(&key) {
            return *id;
        }
        let id = KeyId(self.keys.len());
        self.keys.push(key.clone());
        self.ids.insert(key, id);
        id
    }

    /// INVARIANT: ids come from `id` only, so the key is there.
    pub fn get(&self, id: KeyId) -> &BatchKey {
        &self.keys[id.0]
    }
}

/// The key of an attempt, at a price.
pub(crate) fn key_of(opened: &Opened, attempt: &Attempt, currency: Currency, price: PriceId) -> BatchKey {
    BatchKey {
        day: day_of(opened.at),
        organisation: opened.organisation.clone(),
        team: opened.team.clone(),
        model: opened.model.clone(),
        backend: attempt.backend.clone(),
        region: attempt.region.clone(),
        currency,
        price,
    }
}
