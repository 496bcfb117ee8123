//! How long a slow caller is waited for.

use std::time::Duration;

/// How long a caller is still waited for: at most the limit, less what it was waited for already, and more with every
/// byte it sends or takes. So a caller that keeps to the rate is never given up, and one that trickles is; what an
/// upstream takes of the time is not held against the caller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    left_us: u64,
    limit_us: u64,
    /// What a byte earns; with no rate, any byte earns everything.
    per_byte_us: u64,
}

impl Patience {
    /// Patience for at most `limit`, and for ever with a caller that keeps to so many bytes a second.
    pub(crate) fn new(limit: Duration, bytes_per_second: u64) -> Self {
        let limit_us = limit.as_micros() as u64;
        let per_byte_us = 1_000_000u64.checked_div(bytes_per_second).unwrap_or(limit_us);
        Self { left_us: limit_us, limit_us, per_byte_us }
    }

    /// The caller was waited for, and these bytes passed.
    pub(crate) fn settle(&mut self, waited_us: u64, bytes: u64) {
        let earned_us = bytes.saturating_mul(self.per_byte_us);
        self.left_us = self.left_us.saturating_sub(waited_us).saturating_add(earned_us).min(self.limit_us);
    }

    /// How much longer the caller may be waited for.
    pub(crate) fn left_us(&self) -> u64 {
        self.left_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends_with_a_caller_that_trickles_and_not_with_one_that_keeps_the_rate() {
        let mut patience = Patience::new(Duration::from_secs(1), 500);
        (0..100).for_each(|_| patience.settle(900_000, 450));
        assert_eq!(patience.left_us(), 1_000_000);
        (0..2).for_each(|_| patience.settle(600_000, 1));
        assert_eq!(patience.left_us(), 2_000);
        patience.settle(0, u64::MAX);
        assert_eq!(patience.left_us(), 1_000_000);
    }

    #[test]
    fn without_a_rate_any_byte_restores_it() {
        let mut patience = Patience::new(Duration::from_secs(1), 0);
        patience.settle(999_999, 0);
        assert_eq!(patience.left_us(), 1);
        patience.settle(0, 1);
        assert_eq!(patience.left_us(), 1_000_000);
    }
}
