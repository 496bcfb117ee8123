//! One fetch for all who ask for the same thing at the same time.

use super::store::{Object, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;
use yett_engine::cache::Key;

/// Most that wait for one fetch; who comes later fetches for itself.
const MOST_WAITING: usize = 1_000;

/// A fetch under way.
pub(super) struct Flight {
    landed: watch::Sender<bool>,
    void: AtomicBool,
}

/// A place in a fetch.
pub(crate) enum Seat {
    /// This request fetches.
    Lead(Lead),
    /// Another one does: the end is told, whatever it is.
    Wait(watch::Receiver<bool>),
    /// Too many wait already.
    Full,
}

impl Flight {
    pub(super) fn new() -> Self {
        Self { landed: watch::Sender::new(false), void: AtomicBool::new(false) }
    }

    pub(super) fn wait(&self) -> Seat {
        match self.landed.receiver_count() < MOST_WAITING {
            true => Seat::Wait(self.landed.subscribe()),
            false => Seat::Full,
        }
    }

    pub(super) fn make_void(&self) {
        self.void.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_void(&self) -> bool {
        self.void.load(Ordering::Relaxed)
    }
}

/// The right, and the duty, to end a fetch: dropping it wakes all who wait, so no way out can leave them.
pub(crate) struct Lead {
    store: Arc<Store>,
    key: Key,
    flight: Arc<Flight>,
}

impl Lead {
    pub(super) fn new(store: Arc<Store>, key: Key, flight: Arc<Flight>) -> Self {
        Self { store, key, flight }
    }

    /// Keeps what was fetched.
    pub(crate) fn keep(self, object: Object) {
        self.store.put(&self.key, &self.flight, object);
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.store.land(&self.key, &self.flight);
        self.flight.landed.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_leads_and_the_others_are_woken_whatever_happens() {
        let store = Store::new(1 << 20);
        let key = Key { place: [0; 16], variant: [0; 16] };
        let Seat::Lead(lead) = store.seat(&key) else { panic!("nobody leads") };
        let waiting: Vec<_> = (0..MOST_WAITING).map(|_| store.seat(&key)).collect();
        assert!(waiting.iter().all(|seat| matches!(seat, Seat::Wait(_))));
        assert!(matches!(store.seat(&key), Seat::Full));
        drop(lead);
        assert!(waiting.iter().all(|seat| matches!(seat, Seat::Wait(landed) if *landed.borrow())));
        assert!(matches!(store.seat(&key), Seat::Lead(_)));
    }
}
