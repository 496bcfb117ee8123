//! Concurrency: places that are taken while a request runs.

use super::outcome::{Wait, share};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How long a caller without a place is told to wait: nobody knows when one comes free.
const WAIT_US: u64 = 1_000_000;

/// A place in a concurrency limit, given back when dropped.
#[derive(Debug)]
pub struct Permit {
    taken: Arc<AtomicU64>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The places of one subject.
#[derive(Debug, Clone)]
pub(super) struct Room {
    places: u64,
    taken: Arc<AtomicU64>,
}

impl Room {
    /// An empty room.
    pub(super) fn new(places: u64) -> Self {
        Self { places, taken: Arc::default() }
    }

    /// Takes a place. Callers hold the lock of the room's shard, so only departures can come between the two steps.
    pub(super) fn take(&mut self) -> Result<Permit, Wait> {
        self.look()?;
        self.taken.fetch_add(1, Ordering::AcqRel);
        Ok(Permit { taken: self.taken.clone() })
    }

    /// Whether there is a place.
    pub(super) fn look(&self) -> Result<(), Wait> {
        match self.taken.load(Ordering::Acquire) < self.places {
            true => Ok(()),
            false if self.places == 0 => Err(Wait::Never),
            false => Err(Wait::For(WAIT_US)),
        }
    }

    /// Share of the places that are taken, in 1/65535; 0 when nobody is in the room.
    pub(super) fn fill(&self) -> u32 {
        share(u128::from(self.taken.load(Ordering::Acquire)), u128::from(self.places))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_a_room_when_full_then_refuses_until_somebody_leaves() {
        let mut room = Room::new(2);
        let first = room.take().unwrap();
        let _second = room.take().unwrap();
        assert_eq!(room.take().unwrap_err(), Wait::For(WAIT_US));
        drop(first);
        assert!(room.take().is_ok());
    }

    #[test]
    fn test_a_room_without_places_when_entered_then_never_passes() {
        assert_eq!(Room::new(0).take().unwrap_err(), Wait::Never);
    }

    #[test]
    fn test_an_empty_room_when_weighed_then_carries_nothing() {
        let mut room = Room::new(4);
        let permit = room.take().unwrap();
        assert!(room.fill() > 0);
        drop(permit);
        assert_eq!(room.fill(), 0);
    }
}
