//! Quotas: units per calendar period in UTC.

use super::gcra::MOST_UNITS;
use super::outcome::{Standing, Wait, share};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use yett_model::snapshot::Period;

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
const WEEK_MS: u64 = 7 * DAY_MS;
/// 1970-01-01 was a Thursday: weeks begin three days before the epoch.
const WEEK_OFFSET_MS: u64 = 3 * DAY_MS;
/// A wall clock may be set back this far across a boundary without a new period beginning again.
const SKEW_MS: u64 = 600_000;

/// Units per calendar period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quota {
    amount: u64,
    period: Period,
}

/// What one subject has used in its current window, from `start_ms` until before `end_ms`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    quota: Quota,
    start_ms: u64,
    end_ms: u64,
    used: u64,
}

impl Quota {
    /// A quota; amounts that no header can state are lowered.
    pub(super) fn new(amount: u64, period: Period) -> Self {
        Self { amount: amount.min(MOST_UNITS), period }
    }

    /// The account of a subject that has not been seen.
    pub(super) fn account(self) -> Account {
        Account { quota: self, start_ms: 0, end_ms: 0, used: 0 }
    }

    /// Units per period.
    pub(super) fn amount(self) -> u64 {
        self.amount
    }

    /// Length in seconds for `RateLimit-Policy`; of a month, the longest.
    pub(super) fn seconds(self) -> u64 {
        let longest = match self.period {
            Period::Hour => HOUR_MS,
            Period::Day => DAY_MS,
            Period::Week => WEEK_MS,
            Period::Month => 31 * DAY_MS,
        };
        longest / 1000
    }
}

impl Account {
    /// Takes the cost if the window still has it.
    pub(super) fn take(&mut self, now_ms: u64, cost: u32) -> Result<Standing, Wait> {
        self.turn(now_ms);
        let cost = u64::from(cost);
        if cost > self.quota.amount {
            return Err(Wait::Never);
        }
        if cost > 0 && cost > self.left() {
            return Err(Wait::For(self.rest_us(now_ms)));
        }
        self.used += cost;
        Ok(self.standing(now_ms))
    }

    /// Gives back what [`take`](Self::take) took, unless its window is over.
    pub(super) fn give_back(&mut self, now_ms: u64, cost: u32) {
        self.turn(now_ms);
        self.used = self.used.saturating_sub(u64::from(cost));
    }

    /// What is left now.
    pub(super) fn standing(&mut self, now_ms: u64) -> Standing {
        self.turn(now_ms);
        Standing { remaining: self.left(), reset_us: self.rest_us(now_ms) }
    }

    /// Share of the quota that is used, in 1/65535; 0 when forgetting the account changes nothing.
    pub(super) fn fill(&self, now_ms: u64) -> u32 {
        match now_ms < self.end_ms {
            true => share(u128::from(self.used), u128::from(self.quota.amount)),
            false => 0,
        }
    }

    fn left(&self) -> u64 {
        self.quota.amount.saturating_sub(self.used)
    }

    fn rest_us(&self, now_ms: u64) -> u64 {
        self.end_ms.saturating_sub(now_ms).saturating_mul(1000)
    }

    /// Turns the page when the window is over. The calendar is asked only then.
    fn turn(&mut self, now_ms: u64) {
        let inside = self.start_ms <= now_ms && now_ms < self.end_ms;
        let set_back_a_little = now_ms < self.start_ms && self.start_ms - now_ms <= SKEW_MS;
        if !inside && !set_back_a_little {
            (self.start_ms, self.end_ms) = window(self.quota.period, now_ms);
            self.used = 0;
        }
    }
}

/// Start and end in Unix milliseconds of the period that contains this time.
fn window(period: Period, now_ms: u64) -> (u64, u64) {
    match period {
        Period::Hour => even(now_ms, HOUR_MS, 0),
        Period::Day => even(now_ms, DAY_MS, 0),
        Period::Week => even(now_ms, WEEK_MS, WEEK_OFFSET_MS),
        // Beyond the calendar (the year 9999) months are as long as the longest.
        Period::Month => month(now_ms).unwrap_or_else(|| even(now_ms, 31 * DAY_MS, 0)),
    }
}

fn even(now_ms: u64, length: u64, offset: u64) -> (u64, u64) {
    let into = (now_ms % length + offset) % length;
    (now_ms.saturating_sub(into), now_ms.saturating_add(length - into))
}

fn month(now_ms: u64) -> Option<(u64, u64)> {
    let now = Timestamp::from_millisecond(i64::try_from(now_ms).ok()?).ok()?;
    let first = now.to_zoned(TimeZone::UTC).date().first_of_month();
    let unix_ms = |date: jiff::civil::Date| {
        let at = date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond();
        u64::try_from(at).ok()
    };
    Some((unix_ms(first)?, unix_ms(first.checked_add(1.month()).ok()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms(time: &str) -> u64 {
        time.parse::<Timestamp>().unwrap().as_millisecond() as u64
    }

    fn assert_window(period: Period, now: &str, start: &str, end: &str) {
        assert_eq!(window(period, ms(now)), (ms(start), ms(end)), "{period:?} of {now}");
    }

    #[test]
    fn test_a_window_when_months_differ_in_length_then_follows_the_calendar() {
        assert_window(Period::Month, "2024-02-29T23:59:59.999Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z");
        assert_window(Period::Month, "2023-02-28T12:00:00Z", "2023-02-01T00:00:00Z", "2023-03-01T00:00:00Z");
        assert_window(Period::Month, "2100-02-28T12:00:00Z", "2100-02-01T00:00:00Z", "2100-03-01T00:00:00Z");
        assert_window(Period::Month, "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z");
        assert_window(Period::Month, "2026-04-30T00:00:00Z", "2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z");
    }

    #[test]
    fn test_a_week_when_it_spans_the_year_end_then_starts_on_monday() {
        assert_window(Period::Week, "2027-01-01T00:00:00Z", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z");
        assert_window(Period::Week, "2026-12-28T00:00:00Z", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z");
        assert_window(Period::Week, "2026-12-27T23:59:59.999Z", "2026-12-21T00:00:00Z", "2026-12-28T00:00:00Z");
    }

    #[test]
    fn test_a_day_and_an_hour_when_asked_then_start_sharp() {
        assert_window(Period::Day, "2024-02-29T13:14:15Z", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z");
        assert_window(Period::Hour, "2024-02-29T23:14:15Z", "2024-02-29T23:00:00Z", "2024-03-01T00:00:00Z");
    }

    #[test]
    fn test_a_quota_when_its_last_millisecond_is_over_then_begins_anew() {
        let mut account = Quota::new(2, Period::Month).account();
        let last = ms("2024-02-29T23:59:59.999Z");
        assert!(account.take(last, 2).is_ok());
        assert_eq!(account.take(last, 1), Err(Wait::For(1000)));
        assert_eq!(account.take(last + 1, 1), Ok(Standing { remaining: 1, reset_us: 31 * DAY_MS * 1000 }));
    }

    #[test]
    fn test_a_wall_clock_when_set_back_over_the_boundary_then_gives_no_second_quota() {
        let mut account = Quota::new(1, Period::Hour).account();
        let boundary = ms("2024-02-29T23:00:00Z");
        assert!(account.take(boundary - 1, 1).is_ok());
        assert!(account.take(boundary, 1).is_ok());
        assert!(account.take(boundary - 1, 1).is_err());
        assert!(account.take(boundary, 1).is_err());
    }

    #[test]
    fn test_a_wall_clock_when_a_year_ahead_by_mistake_then_does_not_hold_the_window_after_its_mend() {
        let mut account = Quota::new(1, Period::Day).account();
        assert!(account.take(ms("2027-06-01T00:00:00Z"), 1).is_ok());
        assert!(account.take(ms("2026-06-01T00:00:00Z"), 1).is_ok());
    }

    #[test]
    fn test_units_when_given_back_then_can_be_taken_again() {
        let mut account = Quota::new(3, Period::Day).account();
        assert!(account.take(5, 2).is_ok());
        account.give_back(6, 2);
        assert_eq!(account.standing(7).remaining, 3);
        assert_eq!(account.take(7, 4), Err(Wait::Never));
    }

    #[test]
    fn test_units_when_given_back_after_the_window_then_add_nothing() {
        let mut account = Quota::new(3, Period::Hour).account();
        assert!(account.take(5, 3).is_ok());
        account.give_back(HOUR_MS, 3);
        assert_eq!(account.standing(HOUR_MS).remaining, 3);
    }

    proptest! {
        #[test]
        fn test_any_time_when_asked_then_lies_in_its_window(now: u64, index in 0usize..4) {
            let period = [Period::Hour, Period::Day, Period::Week, Period::Month][index];
            let (start, end) = window(period, now);
            prop_assert!(start <= now && (now < end || end == u64::MAX));
            prop_assert!(end - start <= 31 * DAY_MS);
        }

        #[test]
        fn test_any_two_times_when_in_one_window_then_have_the_same_one(now in 0u64..4_102_444_800_000, index in 0usize..4) {
            let period = [Period::Hour, Period::Day, Period::Week, Period::Month][index];
            let (start, end) = window(period, now);
            prop_assert_eq!(window(period, start), (start, end));
            prop_assert_eq!(window(period, end - 1), (start, end));
            prop_assert_eq!(window(period, end).0, end);
        }

        #[test]
        fn test_any_requests_when_counted_then_no_calendar_hour_has_more_than_the_amount(
            amount in 0u64..10, arrivals in prop::collection::vec((0u64..HOUR_MS, 1u32..3), 1..60),
        ) {
            let mut account = Quota::new(amount, Period::Hour).account();
            let (mut now, mut used) = (0, std::collections::HashMap::<u64, u64>::new());
            for (gap, cost) in arrivals {
                now += gap;
                let hour = used.entry(now / HOUR_MS).or_default();
                let fits = *hour + u64::from(cost) <= amount;
                prop_assert_eq!(account.take(now, cost).is_ok(), fits);
                *hour += if fits { u64::from(cost) } else { 0 };
            }
        }
    }
}
