//! The retry budget: repeating a request must not become the load that keeps an upstream down.
//!
//! Every request pays a fraction of a token, a repeat takes a whole one, and a few come every second for the quiet
//! hours. What is not used is kept for ten seconds, so that the requests under way with a target that dies can be sent
//! elsewhere all at once.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use yett_model::snapshot::RetryBudget;

/// A token in the units it is counted in.
const TOKEN: i64 = 1_000;
/// How long unused tokens are kept, in seconds.
const KEPT_S: i64 = 10;
/// The fewest and the most tokens that can be kept.
const FEWEST: i64 = 10 * TOKEN;
const MOST: i64 = 100_000 * TOKEN;

/// What may still be repeated.
#[derive(Debug)]
pub struct Budget {
    tokens: AtomicI64,
    filled_us: AtomicU64,
    /// Of each request.
    share: i64,
    per_second: i64,
    most: i64,
}

impl Budget {
    /// A full budget.
    #[must_use]
    pub fn new(settings: &RetryBudget, now_us: u64) -> Self {
        let per_second = i64::from(settings.minimum) * TOKEN;
        let most = match settings.share == 0 && settings.minimum == 0 {
            true => 0,
            false => (per_second * KEPT_S).clamp(FEWEST, MOST),
        };
        let share = i64::from(settings.share) * TOKEN / 100;
        Self { tokens: AtomicI64::new(most), filled_us: AtomicU64::new(now_us), share, per_second, most }
    }

    /// A request comes in.
    pub fn deposit(&self) {
        if self.tokens.load(Ordering::Relaxed) < self.most {
            self.tokens.fetch_add(self.share, Ordering::Relaxed);
        }
    }

    /// Takes a token for a repeat, if there is one.
    pub fn withdraw(&self, now_us: u64) -> bool {
        self.fill(now_us);
        let take = |tokens: i64| (tokens >= TOKEN).then(|| tokens.min(self.most) - TOKEN);
        self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// Adds what came with the time; whoever moves the hand adds it.
    fn fill(&self, now_us: u64) {
        let filled_us = self.filled_us.load(Ordering::Relaxed);
        let elapsed_us = now_us.saturating_sub(filled_us).min(KEPT_S as u64 * 1_000_000) as i64;
        let came = elapsed_us * self.per_second / 1_000_000;
        if came > 0 && self.filled_us.compare_exchange(filled_us, now_us, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.tokens.fetch_add(came, Ordering::Relaxed);
        }
    }
}
