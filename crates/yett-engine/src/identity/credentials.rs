//! The credentials of a plan: looked up by prefix, changed in place by patches.

use super::AppPlan;
use crate::access::Grants;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, PoisonError, RwLock};

/// Many small locks instead of one: look-ups by different workers do not meet.
const SHARDS: usize = 64;

/// A credential as the plan knows it.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Id, shown in logs.
    pub id: Arc<str>,
    /// HMAC-SHA-256 of the key.
    pub hash: Vec<u8>,
    /// Unix second from which it is refused.
    pub expires_at: Option<u64>,
    /// App it belongs to.
    pub app: Arc<AppPlan>,
    /// What it may use.
    pub grants: Arc<Grants>,
}

type Shard = RwLock<HashMap<Box<str>, Vec<Stored>>>;

/// All credentials of a plan.
pub struct Credentials {
    shards: Vec<Shard>,
    prefixes: RwLock<HashMap<Arc<str>, Box<str>>>,
    hasher: RandomState,
}

impl Default for Credentials {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Shard::default()).collect(), prefixes: RwLock::default(), hasher: RandomState::new() }
    }
}

impl Credentials {
    /// Adds a credential, or replaces the one with the same id. There is no moment at which neither is there.
    pub fn put(&self, prefix: &str, stored: Stored) {
        let id = stored.id.clone();
        let mut prefixes = self.prefixes.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(shard) = self.shard(prefix) {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            let same_prefix = shard.entry(prefix.into()).or_default();
            same_prefix.retain(|other| other.id != id);
            same_prefix.push(stored);
        }
        let before = prefixes.insert(id.clone(), prefix.into());
        if let Some(before) = before.filter(|before| **before != *prefix) {
            self.forget(&before, &id);
        }
    }

    /// Removes a credential; whether there was one.
    pub fn drop(&self, id: &str) -> bool {
        let removed = self.prefixes.write().unwrap_or_else(PoisonError::into_inner).remove(id);
        removed.is_some_and(|prefix| {
            self.forget(&prefix, id);
            true
        })
    }

    fn forget(&self, prefix: &str, id: &str) {
        let Some(shard) = self.shard(prefix) else { return };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(same_prefix) = shard.get_mut(prefix) {
            same_prefix.retain(|stored| &*stored.id != id);
            if same_prefix.is_empty() {
                shard.remove(prefix);
            }
        }
    }

    /// The credential with this prefix whose hash `matches` accepts.
    pub fn find(&self, prefix: &str, matches: impl Fn(&[u8]) -> bool) -> Option<Stored> {
        let shard = self.shard(prefix)?.read().unwrap_or_else(PoisonError::into_inner);
        shard.get(prefix)?.iter().find(|stored| matches(&stored.hash)).cloned()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.prefixes.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, prefix: &str) -> Option<&Shard> {
        self.shards.get(self.hasher.hash_one(prefix) as usize % SHARDS)
    }
}
