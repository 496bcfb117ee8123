//! What was used once and must not be used again: nonces of signatures, and proofs of possession.
//!
//! It outlives the plan. What is kept of a nonce is a keyed hash, so that long ones take no more memory than short ones.
//! Nothing is noted but what a proven caller signed. Where there is no room, nothing more is accepted, as forgetting one
//! would open the door to a replay; so that nobody can take the room of others, each app has its own, and within it each
//! key.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Mutex, PoisonError};

const SHARDS: usize = 64;
/// How many of an app are remembered at most: of proofs that last a minute, some 4,000 requests a second.
const MOST_OF_APP: usize = 1 << 18;
/// And how many of one key.
const MOST_OF_KEY: usize = 1 << 15;

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

/// Whose something is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub(crate) app: &'a str,
    /// The key it was signed with.
    pub(crate) key: &'a str,
}

/// What one app used.
#[derive(Default)]
struct OfApp {
    /// Until when each is remembered, and the key it is of.
    used: HashMap<u128, (u64, u64)>,
    keys: HashMap<u64, usize>,
    swept: u64,
}

impl OfApp {
    fn is_full(&self, key: u64, (of_app, of_key): (usize, usize)) -> bool {
        self.used.len() >= of_app || self.keys.get(&key).is_some_and(|count| *count >= of_key)
    }

    /// Looks at everything, so no more than once a second.
    fn sweep(&mut self, now: u64) {
        if self.swept == now {
            return;
        }
        self.swept = now;
        self.used.retain(|_, (until, _)| *until >= now);
        self.keys.clear();
        for (_, key) in self.used.values() {
            *self.keys.entry(*key).or_default() += 1;
        }
    }
}

/// What was used and is still in its time.
pub struct Replays {
    shards: Vec<Mutex<HashMap<u64, OfApp>>>,
    hashers: (RandomState, RandomState),
    most: (usize, usize),
}

impl Default for Replays {
    fn default() -> Self {
        Self::holding(MOST_OF_APP, MOST_OF_KEY)
    }
}

impl Replays {
    fn holding(of_app: usize, of_key: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, hashers: (RandomState::new(), RandomState::new()), most: (of_app, of_key) }
    }

    /// Uses `value` of `owner` at the Unix second `now`; it is remembered up to the Unix second `until`.
    pub(crate) fn note(&self, owner: Owner<'_>, value: &str, now: u64, until: u64) -> Used {
        let (app, key) = (self.hashers.0.hash_one(owner.app), self.hashers.0.hash_one(owner.key));
        let id = u128::from(hash(&self.hashers.0, owner.key, value)) << 64 | u128::from(hash(&self.hashers.1, owner.key, value));
        let Some(shard) = self.shards.get(app as usize % SHARDS) else { return Used::Full };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let of_app = shard.entry(app).or_default();
        if of_app.used.get(&id).is_some_and(|(until, _)| *until >= now) {
            return Used::Again;
        }
        if of_app.is_full(key, self.most) {
            of_app.sweep(now);
        }
        if of_app.is_full(key, self.most) {
            return Used::Full;
        }
        if of_app.used.insert(id, (until, key)).is_none() {
            *of_app.keys.entry(key).or_default() += 1;
        }
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

    fn of<'a>(app: &'a str, key: &'a str) -> Owner<'a> {
        Owner { app, key }
    }

    #[test]
    fn what_was_used_is_refused_until_its_time_is_over() {
        let replays = Replays::default();
        assert_eq!(replays.note(of("app", "key"), "n", 10, 20), Used::First);
        assert_eq!(replays.note(of("app", "key"), "n", 20, 30), Used::Again);
        assert_eq!(replays.note(of("app", "ke"), "yn", 20, 30), Used::First);
        assert_eq!(replays.note(of("app", "key"), "n", 21, 30), Used::First);
    }

    #[test]
    fn without_room_nothing_is_accepted_and_nothing_forgotten() {
        let replays = Replays::holding(100, 40);
        let note = |key: &str, value: usize, now: u64| replays.note(of("app", key), &value.to_string(), now, 9);
        assert_eq!((0..1000).filter(|value| note("greedy", *value, 1) == Used::First).count(), 40);
        assert!((0..1000).all(|value| note("greedy", value, 9) != Used::First));
        assert_eq!(replays.note(of("app", "greedy"), "later", 10, 19), Used::First, "their time is over");
    }

    #[test]
    fn nobody_takes_the_room_of_another_key_or_app() {
        let replays = Replays::holding(100, 40);
        for key in 0..10 {
            let key = key.to_string();
            (0..1000).for_each(|value| _ = replays.note(of("greedy", &key), &value.to_string(), 1, 9));
        }
        assert_eq!(replays.note(of("greedy", "11"), "n", 1, 9), Used::Full);
        assert_eq!(replays.note(of("app", "key"), "n", 1, 9), Used::First);
        (0..1000).for_each(|value| _ = replays.note(of("app", "key"), &value.to_string(), 1, 9));
        assert_eq!(replays.note(of("app", "other"), "n", 1, 9), Used::First, "another key of the same app");
    }
}
