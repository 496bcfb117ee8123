//! Credentials that are refused whatever a snapshot says: revoked by hand, or leaked.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
use yett_model::Block;

/// How many are kept at most.
pub const MOST_BLOCKED: usize = 1 << 20;

/// The blocked credentials, by id.
#[derive(Default)]
pub struct Blocked {
    count: AtomicUsize,
    ids: RwLock<HashMap<Box<str>, Block>>,
}

impl Blocked {
    /// Why a credential is blocked; `None` if it is not. Costs one load while none is.
    #[must_use]
    pub fn why(&self, id: &str) -> Option<Block> {
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.ids.read().unwrap_or_else(PoisonError::into_inner).get(id).copied()
    }

    /// Blocks a credential; whether it was not blocked before. What was revoked does not become merely leaked.
    pub(crate) fn insert(&self, id: &str, because: Block) -> bool {
        let mut ids = self.ids.write().unwrap_or_else(PoisonError::into_inner);
        let before = ids.get(id).copied();
        if before != Some(Block::Revoked) {
            ids.insert(id.into(), because);
        }
        self.count.store(ids.len(), Ordering::Release);
        before.is_none()
    }

    /// Accepts a credential again.
    pub(crate) fn remove(&self, id: &str) {
        let mut ids = self.ids.write().unwrap_or_else(PoisonError::into_inner);
        ids.remove(id);
        self.count.store(ids.len(), Ordering::Release);
    }

    /// Whether `more` can be blocked.
    #[must_use]
    pub fn has_room(&self, more: usize) -> bool {
        self.len() + more <= MOST_BLOCKED
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_blocked_stays_so_until_it_is_released() {
        let blocked = Blocked::default();
        assert_eq!(blocked.why("a"), None);
        assert!(blocked.insert("a", Block::Leaked));
        assert!(!blocked.insert("a", Block::Revoked));
        assert!(!blocked.insert("a", Block::Leaked));
        assert_eq!((blocked.why("a"), blocked.why("b"), blocked.len()), (Some(Block::Revoked), None, 1));
        blocked.remove("a");
        assert!(blocked.is_empty() && blocked.why("a").is_none());
    }
}
