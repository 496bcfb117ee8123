//! What was used once and must not be used again: nonces of signatures.
//!
//! It outlives the plan. What is kept of a nonce is a keyed hash, so that long ones take no more memory than short ones.
//! Where there is no room, nothing more is accepted: forgetting one would open the door to a replay.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Mutex, PoisonError};

const SHARDS: usize = 64;
/// How many are kept at most in a shard.
const MOST_PER_SHARD: usize = 1 << 14;

/// What came of using something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// For the first time.
    First,
    /// It was used before.
    Again,
    /// There is no room to remember it.
    Full,
}

/// What was used and is still in its time.
pub struct Replays {
    shards: Vec<Mutex<HashMap<u128, u64>>>,
    hashers: (RandomState, RandomState),
    most: usize,
}

impl Default for Replays {
    fn default() -> Self {
        Self::holding(MOST_PER_SHARD)
    }
}

impl Replays {
    fn holding(most: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, hashers: (RandomState::new(), RandomState::new()), most }
    }

    /// Uses `value` of `owner` at the Unix second `now`; it is remembered up to the Unix second `until`.
    pub(crate) fn note(&self, owner: &str, value: &str, now: u64, until: u64) -> Used {
        let id = u128::from(hash(&self.hashers.0, owner, value)) << 64 | u128::from(hash(&self.hashers.1, owner, value));
        let Some(shard) = self.shards.get(id as usize % SHARDS) else { return Used::Full };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.get(&id).is_some_and(|until| *until >= now) {
            return Used::Again;
        }
        if shard.len() >= self.most {
            shard.retain(|_, until| *until >= now);
        }
        if shard.len() >= self.most {
            return Used::Full;
        }
        shard.insert(id, until);
        Used::First
    }
}

fn hash(state: &RandomState, owner: &str, value: &str) -> u64 {
    let mut hasher = state.build_hasher();
    hasher.write_usize(owner.len());
    hasher.write(owner.as_bytes());
    hasher.write(value.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_is_refused_until_its_time_is_over() {
        let replays = Replays::default();
        assert_eq!(replays.note("key", "n", 10, 20), Used::First);
        assert_eq!(replays.note("key", "n", 20, 30), Used::Again);
        assert_eq!(replays.note("ke", "yn", 20, 30), Used::First);
        assert_eq!(replays.note("key", "n", 21, 30), Used::First);
    }

    #[test]
    fn without_room_nothing_is_accepted_and_nothing_forgotten() {
        let replays = Replays::holding(1);
        let values: Vec<String> = (0..10_000).map(|value| value.to_string()).collect();
        let first = values.iter().filter(|value| replays.note("key", value, 1, 9) == Used::First).count();
        assert_eq!(first, SHARDS);
        assert!(values.iter().all(|value| replays.note("key", value, 9, 9) != Used::First));
        assert!(values.iter().any(|value| replays.note("key", value, 10, 19) == Used::First));
    }
}
