//! What was verified once, by the hash of the whole proof, until it expires. Bounded.

use crate::digest::Hash;
use crate::principal::Principal;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use units::Timestamp;

const SHARDS: usize = 16;
const ENTRIES_PER_SHARD_MAX: usize = 4096;

type Shard = HashMap<Hash, (Arc<Principal>, Timestamp)>;

/// Verified proofs. A full shard first drops what has expired, then everything: forgetting costs a verification.
#[derive(Debug, Default)]
pub struct Verified {
    shards: [RwLock<Shard>; SHARDS],
}

impl Verified {
    fn shard(&self, hash: &Hash) -> &RwLock<Shard> {
        // INVARIANT: the remainder is below SHARDS and a hash has a first byte.
        &self.shards[usize::from(hash[0]) % SHARDS]
    }

    /// Who this proof was found to belong to, if it is still good at `now`.
    pub fn get(&self, hash: &Hash, now: Timestamp) -> Option<Arc<Principal>> {
        let shard = self.shard(hash).read().unwrap_or_else(PoisonError::into_inner);
        shard.get(hash).filter(|(_, until)| now < *until).map(|(principal, _)| principal.clone())
    }

    /// Remembers a proof that was verified at `now` and is good before `until`.
    pub fn put(&self, hash: Hash, principal: Arc<Principal>, until: Timestamp, now: Timestamp) {
        let mut shard = self.shard(&hash).write().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= ENTRIES_PER_SHARD_MAX {
            shard.retain(|_, (_, until)| now < *until);
        }
        if shard.len() >= ENTRIES_PER_SHARD_MAX {
            shard.clear();
        }
        shard.insert(hash, (principal, until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256;
    use crate::principal::{Method, Owner};
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
