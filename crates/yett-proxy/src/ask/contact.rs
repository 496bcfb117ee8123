//! Somebody who is asked again and again: not by too many at once, and not while he fails.

use super::figures::Figure;
use crate::clock::Clock;
use crate::fetch::{Inquiry, Site, Told};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::Semaphore;

/// Questions to one at the same time; more wait.
const MOST_AT_ONCE: usize = 64;
/// Failures in a row after which he is given a rest, and how long.
const MOST_FAILURES: u32 = 5;
const REST_US: u64 = 1_000_000;

/// One who is asked.
pub(super) struct Contact {
    site: Site,
    figure: Arc<Figure>,
    places: Semaphore,
    failures: Cell<u32>,
    rests_until_us: Cell<u64>,
}

impl Contact {
    pub(super) fn new(site: Site, figure: Arc<Figure>) -> Self {
        let places = Semaphore::new(MOST_AT_ONCE);
        Self { site, figure, places, failures: Cell::new(0), rests_until_us: Cell::new(0) }
    }

    /// Asks, and reads what he says. The time that a question waits for a place is bounded as that for an answer is.
    ///
    /// # Errors
    /// Why there is no answer, for the log.
    pub(super) async fn ask<T>(
        &self,
        clock: &Rc<Clock>,
        inquiry: &Inquiry,
        read: impl FnOnce(&Told) -> Result<T, String>,
    ) -> Result<T, String> {
        let place = tokio::time::timeout(self.site.limit(), self.places.acquire()).await;
        let Ok(Ok(_place)) = place else { return Err("too many questions wait for it".to_owned()) };
        let began_us = clock.now().mono_us;
        self.check_rest(began_us)?;
        let told = self.site.ask(clock, inquiry).await.and_then(|told| read(&told));
        let now_us = clock.now().mono_us;
        self.figure.durations.observe(now_us.saturating_sub(began_us));
        self.learn(told.is_ok(), now_us);
        told
    }

    /// While he rests nobody asks; afterwards one does, and the others go on waiting for what comes of it.
    fn check_rest(&self, now_us: u64) -> Result<(), String> {
        if self.rests_until_us.get() > now_us {
            self.figure.failed.fetch_add(1, Ordering::Relaxed);
            return Err("it failed again and again, and is given a rest".to_owned());
        }
        if self.failures.get() >= MOST_FAILURES {
            self.rests_until_us.set(now_us + REST_US);
        }
        Ok(())
    }

    fn learn(&self, answered: bool, now_us: u64) {
        if answered {
            self.figure.answered.fetch_add(1, Ordering::Relaxed);
            self.rests_until_us.set(0);
            return self.failures.set(0);
        }
        self.figure.failed.fetch_add(1, Ordering::Relaxed);
        self.failures.set(self.failures.get().saturating_add(1));
        if self.failures.get() >= MOST_FAILURES {
            self.rests_until_us.set(now_us + REST_US);
        }
    }

    /// Closes connections that are of no more use.
    pub(super) fn sweep(&self, clock: &Clock) {
        self.site.sweep(clock);
    }
}
