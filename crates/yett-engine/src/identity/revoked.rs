//! Tokens that were revoked before they expired: told by patches, asked by whatever verifies a token.
//!
//! They outlive the plan. What is kept of a token is a keyed hash of its issuer and `jti`, so that the longest names
//! take no more memory than the shortest.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

/// Many small locks instead of one: look-ups by different workers do not meet.
const SHARDS: usize = 64;

/// How long a token stays known after it has expired: verifiers grant some leeway to clocks, never as much as this.
pub const SLACK_S: u64 = 3600;

/// Sweeping looks at every token: no more often than this, unless there is no room.
const SWEEP_EVERY_S: u64 = 60;

/// How many are kept at most, 48 bytes or so each.
pub const MOST_REVOKED: usize = 1 << 20;

/// The revoked tokens of all issuers, by issuer and `jti` (RFC 7519 section 4.1.7).
pub struct Revoked {
    shards: Vec<RwLock<HashMap<u128, u64>>>,
    /// Two keyed hashes make one of 128 bits: whoever chooses names cannot make two of them meet.
    hashers: (RandomState, RandomState),
    count: AtomicUsize,
    most: usize,
    next_sweep: AtomicU64,
}

impl Default for Revoked {
    fn default() -> Self {
        Self::holding(MOST_REVOKED)
    }
}

impl Revoked {
    /// None yet, and `most` at most.
    #[must_use]
    pub fn holding(most: usize) -> Self {
        let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
        let hashers = (RandomState::new(), RandomState::new());
        Self { shards, hashers, count: AtomicUsize::new(0), most, next_sweep: AtomicU64::new(0) }
    }

    /// Whether the token of `issuer` with this `jti` was revoked. Costs one load while none is.
    #[must_use]
    pub fn contains(&self, issuer: &str, jti: &str) -> bool {
        if self.is_empty() {
            return false;
        }
        let id = self.id(issuer, jti);
        self.shard(id).is_some_and(|shard| shard.read().unwrap_or_else(PoisonError::into_inner).contains_key(&id))
    }

    /// Revokes a token that expires at the Unix second `expires_at`.
    pub(crate) fn insert(&self, issuer: &str, jti: &str, expires_at: u64) {
        let id = self.id(issuer, jti);
        let Some(shard) = self.shard(id) else { return };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        let known = shard.entry(id).or_insert_with(|| {
            self.count.fetch_add(1, Ordering::AcqRel);
            expires_at
        });
        *known = expires_at.max(*known);
    }

    /// Whether `more` tokens can be revoked.
    #[must_use]
    pub fn has_room(&self, more: usize) -> bool {
        self.len().saturating_add(more) <= self.most
    }

    /// Forgets tokens that nobody can accept any more at the Unix second `now`, if it is time to look for them.
    pub(crate) fn sweep(&self, now: u64) {
        if now < self.next_sweep.load(Ordering::Acquire) && self.has_room(1) {
            return;
        }
        self.next_sweep.store(now.saturating_add(SWEEP_EVERY_S), Ordering::Release);
        for shard in &self.shards {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            let before = shard.len();
            shard.retain(|_, expires_at| expires_at.saturating_add(SLACK_S) > now);
            self.count.fetch_sub(before.saturating_sub(shard.len()), Ordering::AcqRel);
            if shard.capacity() > 4 * shard.len() + 64 {
                shard.shrink_to_fit();
            }
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn id(&self, issuer: &str, jti: &str) -> u128 {
        let half = |hasher: &RandomState| {
            let mut state = hasher.build_hasher();
            // The length keeps `ab` + `c` apart from `a` + `bc`.
            state.write_usize(issuer.len());
            state.write(issuer.as_bytes());
            state.write(jti.as_bytes());
            u128::from(state.finish())
        };
        (half(&self.hashers.0) << 64) | half(&self.hashers.1)
    }

    fn shard(&self, id: u128) -> Option<&RwLock<HashMap<u128, u64>>> {
        self.shards.get(id as usize % SHARDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_token_is_revoked_for_its_issuer_alone() {
        let revoked = Revoked::default();
        assert!(!revoked.contains("https://a", "1"));
        revoked.insert("https://a", "1", 100);
        assert!(revoked.contains("https://a", "1"));
        assert!(!revoked.contains("https://b", "1"));
        assert!(!revoked.contains("https://a", "2"));
        assert!(!revoked.contains("https://", "a1"));
    }

    #[test]
    fn a_revoked_token_is_known_until_no_leeway_can_revive_it() {
        let revoked = Revoked::default();
        revoked.insert("i", "early", 100);
        revoked.insert("i", "late", 200);
        revoked.sweep(100 + SLACK_S - 1);
        assert_eq!(revoked.len(), 2);
        revoked.sweep(100 + SLACK_S);
        assert_eq!(revoked.len(), 2, "swept a second ago");
        revoked.sweep(100 + SLACK_S + SWEEP_EVERY_S);
        assert_eq!((revoked.contains("i", "early"), revoked.contains("i", "late")), (false, true));
    }

    #[test]
    fn a_token_revoked_twice_counts_once_and_keeps_the_later_end() {
        let revoked = Revoked::holding(1);
        revoked.insert("i", "t", 200);
        revoked.insert("i", "t", 100);
        assert_eq!(revoked.len(), 1);
        assert!(!revoked.has_room(1));
        revoked.sweep(150 + SLACK_S);
        assert!(revoked.contains("i", "t"));
        revoked.sweep(u64::MAX);
        revoked.sweep(u64::MAX);
        assert!(revoked.is_empty() && revoked.has_room(1) && !revoked.has_room(2));
    }

    proptest! {
        #[test]
        fn what_is_revoked_is_what_was_named(named in prop::collection::hash_set((".{0,8}", ".{0,8}"), 0..40), other in (".{0,8}", ".{0,8}")) {
            let revoked = Revoked::default();
            for (issuer, jti) in &named {
                revoked.insert(issuer, jti, 1);
            }
            prop_assert_eq!(revoked.len(), named.len());
            prop_assert!(named.iter().all(|(issuer, jti)| revoked.contains(issuer, jti)));
            prop_assert_eq!(revoked.contains(&other.0, &other.1), named.contains(&other));
        }
    }
}
