//! Rates: the generic cell rate algorithm (GCRA), exact in integers.
//!
//! Time is scaled by the amount, so that one unit costs exactly `period_us` ticks whatever the ratio of the two: no
//! rounding can add up. With the bounds below every product fits into 128 bits.

use super::outcome::{Standing, Wait};

/// Most units a limit can state: the largest integer of a structured field (RFC 9651 section 3.3.1).
pub(super) const MOST_UNITS: u64 = 999_999_999_999_999;
/// Longest period of a rate: a hundred years.
const LONGEST_PERIOD_MS: u64 = 100 * 366 * 86_400_000;
/// Requests are stamped a little before they are counted: a clock may seem this much behind before a bucket is mended.
const SKEW_US: u128 = 1_000_000;

/// A rate: `amount` units per period, `burst` of them at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    amount: u64,
    period_us: u64,
    burst: u64,
}

/// How much of a rate one subject has spent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    rate: Rate,
    /// Theoretical arrival time: when everything spent will have been refilled, in scaled ticks.
    full_at: u128,
}

impl Rate {
    /// A rate, out-of-range settings brought to the nearest that can be counted.
    pub(super) fn new(amount: u64, period_ms: u64, burst: u64) -> Self {
        let period_us = period_ms.clamp(1, LONGEST_PERIOD_MS) * 1000;
        Self { amount: amount.min(MOST_UNITS), period_us, burst: burst.min(MOST_UNITS) }
    }

    /// The full bucket of a subject that has not been seen.
    pub(super) fn bucket(self) -> Bucket {
        Bucket { rate: self, full_at: 0 }
    }

    /// Whether a request of this cost can ever pass.
    pub(super) fn can_pass(self, cost: u32) -> bool {
        cost == 0 || (self.amount > 0 && u64::from(cost) <= self.burst)
    }

    /// Most units at once.
    pub(super) fn burst(self) -> u64 {
        self.burst
    }

    /// Units and whole seconds for `RateLimit-Policy`: a period that is no whole number of seconds is rounded up, and
    /// the units with it.
    pub(super) fn policy(self) -> (u64, u64) {
        let seconds = self.period_us.div_ceil(1_000_000);
        let units = u128::from(self.amount) * u128::from(seconds) * 1_000_000 / u128::from(self.period_us);
        (u64::try_from(units).unwrap_or(MOST_UNITS).min(MOST_UNITS), seconds)
    }

    fn ticks(self, now_us: u64) -> u128 {
        u128::from(now_us) * u128::from(self.amount)
    }

    fn price(self, units: u64) -> u128 {
        u128::from(units) * u128::from(self.period_us)
    }

    /// Microseconds, rounded up.
    fn microseconds(self, ticks: u128) -> u64 {
        u64::try_from(ticks.div_ceil(u128::from(self.amount.max(1)))).unwrap_or(u64::MAX)
    }
}

impl Bucket {
    /// Takes the cost if it is there.
    pub(super) fn take(&mut self, now_us: u64, cost: u32) -> Result<Standing, Wait> {
        let (rate, now) = (self.rate, self.rate.ticks(now_us));
        let most = now + rate.price(rate.burst);
        if self.full_at > most + rate.ticks(SKEW_US as u64) {
            // The clock went back: nobody could have spent so much, so the bucket is taken as just emptied.
            self.full_at = most;
        }
        let after = self.full_at.max(now) + rate.price(u64::from(cost));
        if cost > 0 && (after > most || !rate.can_pass(cost)) {
            return Err(self.wait(now, cost));
        }
        if cost > 0 {
            self.full_at = after;
        }
        Ok(self.standing(now_us))
    }

    fn wait(&self, now: u128, cost: u32) -> Wait {
        if !self.rate.can_pass(cost) {
            return Wait::Never;
        }
        let most = now + self.rate.price(self.rate.burst);
        let after = self.full_at.max(now).min(most) + self.rate.price(u64::from(cost));
        Wait::For(self.rate.microseconds(after.saturating_sub(most)))
    }

    /// Gives back what [`take`](Self::take) took.
    pub(super) fn give_back(&mut self, cost: u32) {
        self.full_at = self.full_at.saturating_sub(self.rate.price(u64::from(cost)));
    }

    /// What is left now.
    pub(super) fn standing(&self, now_us: u64) -> Standing {
        let now = self.rate.ticks(now_us);
        let spent = self.full_at.saturating_sub(now);
        let left = self.rate.price(self.rate.burst).saturating_sub(spent);
        let remaining = u64::try_from(left / u128::from(self.rate.period_us)).unwrap_or(MOST_UNITS);
        Standing { remaining, reset_us: self.rate.microseconds(spent) }
    }

    /// Share of the burst that is spent, in 1/65535; 0 when forgetting the bucket changes nothing.
    pub(super) fn fill(&self, now_us: u64) -> u32 {
        let spent = self.full_at.saturating_sub(self.rate.ticks(now_us));
        super::outcome::share(spent, self.rate.price(self.rate.burst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn passes(bucket: &mut Bucket, now_us: u64, cost: u32) -> bool {
        bucket.take(now_us, cost).is_ok()
    }

    #[test]
    fn test_a_full_bucket_when_spent_at_once_then_passes_the_burst_and_no_more() {
        let mut bucket = Rate::new(60, 60_000, 3).bucket();
        assert_eq!((0..5).filter(|_| passes(&mut bucket, 7, 1)).count(), 3);
    }

    #[test]
    fn test_an_empty_bucket_when_one_interval_has_passed_then_passes_one() {
        let mut bucket = Rate::new(60, 60_000, 1).bucket();
        assert!(passes(&mut bucket, 0, 1));
        assert_eq!(bucket.take(1, 1), Err(Wait::For(999_999)));
        assert!(!passes(&mut bucket, 999_999, 1));
        assert!(passes(&mut bucket, 1_000_000, 1));
    }

    #[test]
    fn test_an_interval_of_a_third_of_a_second_when_counted_for_long_then_never_drifts() {
        let mut bucket = Rate::new(3, 1_000, 2).bucket();
        let passed = (0..1_000_000).filter(|ms| passes(&mut bucket, ms * 1_000, 1)).count();
        assert_eq!(passed, 2 + 3 * 1_000 - 1);
    }

    #[test]
    fn test_a_cost_above_the_burst_when_asked_then_never_passes() {
        let mut bucket = Rate::new(60, 60_000, 3).bucket();
        assert_eq!(bucket.take(0, 4), Err(Wait::Never));
        assert_eq!(Rate::new(0, 60_000, 3).bucket().take(0, 1), Err(Wait::Never));
        assert_eq!(bucket.standing(0).remaining, 3);
    }

    #[test]
    fn test_a_free_request_when_the_bucket_is_empty_then_passes() {
        let mut bucket = Rate::new(1, 60_000, 1).bucket();
        assert!(passes(&mut bucket, 0, 1) && passes(&mut bucket, 0, 0) && !passes(&mut bucket, 0, 1));
    }

    #[test]
    fn test_a_clock_when_it_steps_far_back_then_the_wait_is_no_longer_than_a_refill() {
        let mut bucket = Rate::new(60, 60_000, 2).bucket();
        assert!(passes(&mut bucket, 3_600_000_000, 2));
        assert_eq!(bucket.take(0, 1), Err(Wait::For(1_000_000)));
        assert!(passes(&mut bucket, 1_000_000, 1));
    }

    #[test]
    fn test_a_period_of_half_a_second_when_stated_then_is_doubled() {
        assert_eq!(Rate::new(10, 500, 10).policy(), (20, 1));
        assert_eq!(Rate::new(100, 60_000, 10).policy(), (100, 60));
        assert_eq!(Rate::new(u64::MAX, 1, 1).policy(), (MOST_UNITS, 1));
    }

    /// The definition, by brute force: in every window of the admitted requests at most burst + rate * time units.
    fn keeps_the_promise(admitted: &[(u64, u32)], amount: u64, period_us: u64, burst: u64) -> bool {
        (0..admitted.len()).all(|first| {
            let mut units = 0u128;
            admitted[first..].iter().all(|(at, cost)| {
                units += u128::from(*cost);
                let time = u128::from(at - admitted[first].0);
                units * u128::from(period_us) <= u128::from(burst) * u128::from(period_us) + time * u128::from(amount)
            })
        })
    }

    proptest! {
        #[test]
        fn test_any_arrivals_when_taken_then_no_window_has_more_than_burst_plus_rate_times_time(
            amount in 1u64..50, period_ms in 1u64..5_000, burst in 1u64..20,
            arrivals in prop::collection::vec((0u64..400_000, 0u32..4), 1..120),
        ) {
            let mut bucket = Rate::new(amount, period_ms, burst).bucket();
            let (mut now, mut admitted) = (0, Vec::new());
            for (gap, cost) in arrivals {
                now += gap;
                if passes(&mut bucket, now, cost) {
                    admitted.push((now, cost));
                }
            }
            prop_assert!(keeps_the_promise(&admitted, amount, period_ms * 1000, burst));
        }

        #[test]
        fn test_a_refused_request_when_it_waits_as_told_then_passes_and_not_a_moment_before(
            amount in 1u64..1000, period_ms in 1u64..100_000, burst in 1u64..50, cost in 1u32..10, start in 0u64..1 << 50,
        ) {
            let mut bucket = Rate::new(amount, period_ms, burst).bucket();
            while passes(&mut bucket, start, 1) {}
            match bucket.take(start, cost) {
                Err(Wait::For(us)) => {
                    let mut early = bucket;
                    prop_assert!(us == 0 || !passes(&mut early, start + us - 1, cost));
                    prop_assert!(passes(&mut bucket, start + us, cost));
                }
                Err(Wait::Never) => prop_assert!(u64::from(cost) > burst),
                Ok(_) => prop_assert!(false, "an empty bucket passed a request"),
            }
        }

        #[test]
        fn test_a_take_when_given_back_then_leaves_what_was_there(
            before in prop::collection::vec((0u64..3_000_000, 1u32..4), 0..20), cost in 1u32..4,
        ) {
            let mut bucket = Rate::new(10, 1_000, 10).bucket();
            let mut now = 5_000_000;
            for (gap, cost) in before {
                now += gap;
                let _ = bucket.take(now, cost);
            }
            let standing = bucket.standing(now);
            if bucket.take(now, cost).is_ok() {
                bucket.give_back(cost);
            }
            prop_assert_eq!(bucket.standing(now), standing);
        }

        #[test]
        fn test_any_configuration_when_used_at_any_time_then_counts_without_overflow(
            amount: u64, period_ms: u64, burst: u64, times in prop::collection::vec(any::<u64>(), 1..8), cost: u32,
        ) {
            let mut bucket = Rate::new(amount, period_ms, burst).bucket();
            for now in times {
                let _ = bucket.take(now, cost);
                let _ = (bucket.standing(now), bucket.fill(now));
                bucket.give_back(cost);
            }
        }
    }
}
