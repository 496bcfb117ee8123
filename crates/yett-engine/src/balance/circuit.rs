//! The circuit breaker of one target: closed, open after failures in a row, then half open for a single request.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// What the breaker lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    /// Everything.
    Closed,
    /// Nothing.
    Open,
    /// One request, to see.
    HalfOpen,
}

/// The state of a breaker.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    failures: AtomicU32,
    /// When it half opens; 0 while it is closed.
    open_until_us: AtomicU64,
    probing: AtomicBool,
}

impl Circuit {
    pub(super) fn state(&self, now_us: u64) -> Breaker {
        match self.open_until_us.load(Ordering::Relaxed) {
            0 => Breaker::Closed,
            until if now_us < until || self.probing.load(Ordering::Relaxed) => Breaker::Open,
            _ => Breaker::HalfOpen,
        }
    }

    /// Takes the one place of a half-open circuit.
    pub(super) fn take_probe(&self) -> bool {
        !self.probing.swap(true, Ordering::Relaxed)
    }

    pub(super) fn release_probe(&self) {
        self.probing.store(false, Ordering::Relaxed);
    }

    pub(super) fn succeeded(&self) {
        if self.failures.load(Ordering::Relaxed) != 0 || self.open_until_us.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
            self.open_until_us.store(0, Ordering::Relaxed);
        }
    }

    /// Counts a failure; `true` if it opened the circuit.
    pub(super) fn failed(&self, most: u32, open_us: u64, now_us: u64) -> bool {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if failures < most {
            return false;
        }
        self.open_until_us.swap((now_us + open_us).max(1), Ordering::Relaxed) <= now_us
    }
}
