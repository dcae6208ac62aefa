//! What was verified once, by the hash of the whole proof, until it expires. Bounded.

use crate::digest::Hash;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use units::Timestamp;

const SHARDS: usize = 16;
const ENTRIES_PER_SHARD_MAX: usize = 4096;

type Shard<T> = HashMap<Hash, (T, Timestamp)>;

/// What verified proofs came to. A full shard first drops what has expired, then everything: forgetting costs a
/// verification.
#[derive(Debug)]
pub struct Verified<T> {
    shards: [RwLock<Shard<T>>; SHARDS],
}

impl<T> Default for Verified<T> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| RwLock::default()) }
    }
}

impl<T: Clone> Verified<T> {
    fn shard(&self, hash: &Hash) -> &RwLock<Shard<T>> {
        // INVARIANT: the remainder is below SHARDS and a hash has a first byte.
        &self.shards[usize::from(hash[0]) % SHARDS]
    }

    /// What this proof came to, if it is still good at `now`.
    pub fn get(&self, hash: &Hash, now: Timestamp) -> Option<T> {
        let shard = self.shard(hash).read().unwrap_or_else(PoisonError::into_inner);
        shard.get(hash).filter(|(_, until)| now < *until).map(|(found, _)| found.clone())
    }

    /// Remembers a proof that was verified at `now` and is good before `until`.
    pub fn put(&self, hash: Hash, found: T, until: Timestamp, now: Timestamp) {
        let mut shard = self.shard(&hash).write().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= ENTRIES_PER_SHARD_MAX {
            shard.retain(|_, (_, until)| now < *until);
        }
        if shard.len() >= ENTRIES_PER_SHARD_MAX {
            shard.clear();
        }
        shard.insert(hash, (found, until));
    }

    /// Forgets everything.
    pub fn clear(&self) {
        for shard in &self.shards {
            shard.write().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256;
    use crate::principal::{Method, Owner, Principal};
    use std::sync::Arc;
    use units::{Organisation, Subject, Team};

    #[test]
    fn pitfall_67_stays_bounded_and_forgets_the_expired() {
        let owner = Owner {
            organisation: Organisation::new("o").unwrap(),
            team: Team::new("t").unwrap(),
            subject: Subject::new("s").unwrap(),
        };
        let principal = Arc::new(Principal::new(owner, Method::Jwt, "p"));
        let verified = Verified::default();
        let now = Timestamp::from_seconds(100);
        for n in 0..200_000_u32 {
            let hash = sha256(&n.to_le_bytes());
            verified.put(hash, principal.clone(), now.plus_seconds(i64::from(n % 2)), now);
        }
        let held: usize = verified.shards.iter().map(|shard| shard.read().unwrap().len()).sum();
        assert!(held <= SHARDS * ENTRIES_PER_SHARD_MAX, "{held}");
        let hash = sha256(b"one");
        verified.put(hash, principal, now.plus_seconds(1), now);
        assert!(verified.get(&hash, now).is_some());
        assert!(verified.get(&hash, now.plus_seconds(1)).is_none());
    }
}
