//! The circuit breaker of one target: closed, open after failures in a row, then half open for a single request.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

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
    /// Until when one request has the place of a half-open circuit; 0 while none has.
    probe_until_us: AtomicU64,
}

impl Circuit {
    pub(super) fn state(&self, now_us: u64) -> Breaker {
        match self.open_until_us.load(Ordering::Relaxed) {
            0 => Breaker::Closed,
            until if now_us < until || now_us < self.probe_until_us.load(Ordering::Relaxed) => Breaker::Open,
            _ => Breaker::HalfOpen,
        }
    }

    /// Takes the one place of a half-open circuit, for so long at most: a caller that sends its request byte by byte must
    /// not keep the circuit open for all others. Gives what the place is given back with.
    pub(super) fn take_probe(&self, most_us: u64, now_us: u64) -> Option<u64> {
        let before = self.probe_until_us.load(Ordering::Relaxed);
        let until_us = now_us.saturating_add(most_us).max(1);
        let free = now_us >= before;
        let taken = free && self.probe_until_us.compare_exchange(before, until_us, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        taken.then_some(until_us)
    }

    /// Gives the place back, unless its time was over and another request has it.
    pub(super) fn release_probe(&self, until_us: u64) {
        let _ = self.probe_until_us.compare_exchange(until_us, 0, Ordering::Relaxed, Ordering::Relaxed);
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
