//! From where credentials were proven lately: so that an attack on a credential does not lock its owner out.
//!
//! A fixed table of fingerprints, one a pair of credential and network; a newer pair may push out an older one. Then the
//! owner may meet the delay that the attack brings about, once, until the attack ends: never more.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

const SLOTS: usize = 1 << 16;
/// How many days a proof is remembered.
const DAYS: u16 = 7;
const DAY_MS: u64 = 86_400_000;

/// The pairs. Nothing is allocated before the first.
#[derive(Default)]
pub(super) struct Known {
    slots: OnceLock<Box<[AtomicU64]>>,
}

impl Known {
    /// Notes that a credential was proven from a network; `pair` is a keyed hash of both.
    pub(super) fn note(&self, pair: u64, unix_ms: u64) {
        let slots = self.slots.get_or_init(|| (0..SLOTS).map(|_| AtomicU64::new(0)).collect());
        let Some(slot) = slots.get(pair as usize % SLOTS) else { return };
        let value = fingerprint(pair) | u64::from(day(unix_ms));
        if slot.load(Ordering::Relaxed) != value {
            slot.store(value, Ordering::Relaxed);
        }
    }

    /// Whether it was proven from there within a few days.
    pub(super) fn has(&self, pair: u64, unix_ms: u64) -> bool {
        let value =
            self.slots.get().and_then(|slots| slots.get(pair as usize % SLOTS)).map_or(0, |slot| slot.load(Ordering::Relaxed));
        value != 0 && value & !0xffff == fingerprint(pair) && day(unix_ms).wrapping_sub(value as u16) <= DAYS
    }
}

fn fingerprint(pair: u64) -> u64 {
    (pair & !0xffff).max(1 << 16)
}

fn day(unix_ms: u64) -> u16 {
    (unix_ms / DAY_MS) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_remembered_for_days() {
        let known = Known::default();
        let pair = 0x1234_5678_9abc_def0;
        assert!(!known.has(pair, DAY_MS));
        known.note(pair, DAY_MS);
        assert!(known.has(pair, DAY_MS) && known.has(pair, 8 * DAY_MS) && !known.has(pair, 9 * DAY_MS));
        assert!(!known.has(pair ^ 1 << 40, DAY_MS));
    }
}
