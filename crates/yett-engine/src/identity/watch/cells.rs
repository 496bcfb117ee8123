//! Failures counted, of whomever a number stands for: a fixed number of cells, found by a keyed hash.
//!
//! A cell holds how much has failed lately. That is forgotten evenly, `free` failures in a window, but not while a delay
//! lasts; each failure beyond `free` doubles the delay. In a full set the one that has failed least gives way, so that
//! a flood of sources frees nobody who has failed much.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

const SETS: usize = 8192;
const WAYS: usize = 8;
/// What one failure counts for: fractions are forgotten too.
const ONE: u64 = 256;

/// How delays grow. Times are microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slope {
    pub(super) free: u32,
    pub(super) window_us: u64,
    pub(super) delay_us: u64,
    pub(super) longest_us: u64,
}

impl Slope {
    /// The delay after the failure with which the count came to `level`.
    fn delay(self, level: u64) -> u64 {
        let over = (level / ONE).saturating_sub(u64::from(self.free));
        match over.checked_sub(1) {
            None => 0,
            Some(doublings) if doublings >= u64::from(self.delay_us.max(1).leading_zeros()) => self.longest_us,
            Some(doublings) => (self.delay_us.max(1) << doublings).min(self.longest_us),
        }
    }

    /// Beyond this, failures add nothing: whoever stops is not punished for ever.
    fn most(self) -> u64 {
        let doublings = (self.longest_us / self.delay_us.max(1)).checked_ilog2().unwrap_or(0) + 1;
        (u64::from(self.free) + u64::from(doublings) + 1) * ONE
    }

    fn forgotten(self, elapsed_us: u64) -> u64 {
        let forgotten =
            u128::from(elapsed_us) * u128::from(self.free.max(1)) * u128::from(ONE) / u128::from(self.window_us.max(1));
        u64::try_from(forgotten).unwrap_or(u64::MAX)
    }
}

/// What one source or credential has failed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell {
    level: u64,
    at_us: u64,
    until_us: u64,
}

impl Cell {
    fn level(&self, now_us: u64, slope: Slope) -> u64 {
        self.level.saturating_sub(slope.forgotten(now_us.saturating_sub(self.at_us.max(self.until_us))))
    }

    /// Counts a failure; the delay in microseconds that follows from it, 0 for none.
    pub(super) fn fail(&mut self, now_us: u64, slope: Slope) -> u64 {
        self.level = (self.level(now_us, slope) + ONE).min(slope.most());
        self.at_us = now_us;
        let delay = slope.delay(self.level);
        self.until_us = self.until_us.max(now_us.saturating_add(delay));
        delay
    }

    /// Microseconds until the delay is over, 0 for none.
    pub(super) fn wait(&self, now_us: u64) -> u64 {
        self.until_us.saturating_sub(now_us)
    }
}

/// A number and its cell; 0 stands for nobody.
type Slot = (u64, Cell);

/// The cells of all sources, or of all credentials.
pub(super) struct Cells {
    sets: OnceLock<Box<[Mutex<[Slot; WAYS]>]>>,
    /// When the last delay is over: until something fails too often, all that is looked at.
    until_us: AtomicU64,
    count: usize,
}

impl Default for Cells {
    fn default() -> Self {
        Self::with_sets(SETS)
    }
}

impl Cells {
    fn with_sets(count: usize) -> Self {
        Self { sets: OnceLock::new(), until_us: AtomicU64::new(0), count: count.max(1) }
    }

    /// Whether nobody is delayed. One load.
    pub(super) fn is_quiet(&self, now_us: u64) -> bool {
        self.until_us.load(Ordering::Relaxed) <= now_us
    }

    /// How long `who` must wait, in microseconds; 0 for not at all.
    pub(super) fn wait(&self, who: u64, now_us: u64) -> u64 {
        if self.is_quiet(now_us) {
            return 0;
        }
        let Some(set) = self.set(who) else { return 0 };
        set.iter().find(|(other, _)| *other == named(who)).map_or(0, |(_, cell)| cell.wait(now_us))
    }

    /// Counts a failure of `who`; the delay in microseconds that follows from it, 0 for none.
    pub(super) fn fail(&self, who: u64, now_us: u64, slope: Slope) -> u64 {
        let Some(mut set) = self.set(who) else { return 0 };
        let emptiness = |&(other, cell): &Slot| match other {
            other if other == named(who) => (0, 0),
            0 => (1, 0),
            _ => (2, cell.level(now_us, slope).saturating_add(cell.wait(now_us))),
        };
        let Some(slot) = set.iter_mut().min_by_key(|slot| emptiness(slot)) else { return 0 };
        if slot.0 != named(who) {
            *slot = (named(who), Cell::default());
        }
        let delay = slot.1.fail(now_us, slope);
        if delay > 0 {
            self.until_us.fetch_max(slot.1.until_us, Ordering::Relaxed);
        }
        delay
    }

    fn set(&self, who: u64) -> Option<MutexGuard<'_, [Slot; WAYS]>> {
        let sets = self.sets.get_or_init(|| (0..self.count).map(|_| Mutex::default()).collect());
        let set = sets.get((who >> 16) as usize % self.count)?;
        Some(set.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn named(who: u64) -> u64 {
    who.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000;
    const SLOPE: Slope = Slope { free: 3, window_us: 60 * SECOND, delay_us: SECOND, longest_us: 30 * SECOND };

    #[test]
    fn delays_begin_after_the_free_failures_and_double_to_the_longest() {
        let mut cell = Cell::default();
        let delays: Vec<u64> = (0..12).map(|_| cell.fail(0, SLOPE) / SECOND).collect();
        assert_eq!(delays, [0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30, 30]);
        assert_eq!(cell.wait(0), 30 * SECOND);
    }

    #[test]
    fn what_failed_is_forgotten_evenly_once_the_delay_is_over() {
        let mut cell = Cell::default();
        (0..4).for_each(|_| _ = cell.fail(0, SLOPE));
        assert_eq!(cell.level(SECOND, SLOPE), 4 * ONE, "nothing is forgotten while the delay lasts");
        assert_eq!(cell.level(21 * SECOND, SLOPE), 3 * ONE);
        assert_eq!(cell.level(61 * SECOND, SLOPE), ONE);
        assert_eq!(cell.level(200 * SECOND, SLOPE), 0);
    }

    #[test]
    fn whoever_failed_much_is_not_forgotten_for_a_flood_of_others() {
        let cells = Cells::with_sets(1);
        (0..9).for_each(|_| _ = cells.fail(7, 0, SLOPE));
        (100..10_000).for_each(|who| _ = cells.fail(who, 1, SLOPE));
        assert!(cells.wait(7, 2) > 0);
    }

    #[test]
    fn nobody_pays_for_looking_while_nobody_is_delayed() {
        let cells = Cells::default();
        assert!(cells.is_quiet(0) && cells.wait(1, 0) == 0);
        assert!(cells.sets.get().is_none());
        (0..4).for_each(|_| _ = cells.fail(1, 0, SLOPE));
        assert!(!cells.is_quiet(0) && cells.wait(1, 0) > 0 && cells.wait(2, 0) == 0);
        assert!(cells.is_quiet(SECOND));
    }

    prop_compose! {
        fn slopes()(free in 0_u32..50, window_us in 0_u64..1 << 40, delay_us in 0_u64..1 << 40, longest_us in 0_u64..1 << 40) -> Slope {
            Slope { free, window_us, delay_us, longest_us }
        }
    }

    proptest! {
        #[test]
        fn a_delay_never_shrinks_with_more_failures_and_never_exceeds_the_longest(slope in slopes(), count in 1_usize..200) {
            let mut cell = Cell::default();
            let delays: Vec<u64> = (0..count).map(|_| cell.fail(0, slope)).collect();
            prop_assert!(delays.iter().all(|&delay| delay <= slope.longest_us));
            prop_assert!(delays.windows(2).all(|pair| pair[0] <= pair[1]));
            prop_assert!(delays.iter().take(slope.free as usize).all(|&delay| delay == 0));
        }

        #[test]
        fn whoever_fails_no_more_than_is_free_in_a_window_is_never_delayed(free in 1_u32..50, window_s in 1_u64..10_000, start in 0_u64..1 << 50) {
            let slope = Slope { free, window_us: window_s * SECOND, delay_us: SECOND, longest_us: SECOND };
            let mut cell = Cell::default();
            let step = slope.window_us.div_ceil(u64::from(free)) + 1;
            for turn in 0..300 {
                prop_assert_eq!(cell.fail(start + turn * step, slope), 0);
            }
        }

        #[test]
        fn whoever_stops_is_forgotten(slope in slopes(), failures in 1_usize..300) {
            let slope = Slope { free: slope.free.max(1), window_us: slope.window_us.max(1), ..slope };
            let mut cell = Cell::default();
            (0..failures).for_each(|_| _ = cell.fail(0, slope));
            let rest = cell.until_us + slope.window_us * (slope.most() / ONE / u64::from(slope.free) + 2);
            prop_assert_eq!(cell.level(rest, slope), 0);
        }

        #[test]
        fn no_clock_breaks_a_cell(slope in slopes(), times in prop::collection::vec(any::<u64>(), 1..50)) {
            let cells = Cells::with_sets(1);
            for now in times {
                let delay = cells.fail(now % 5, now, slope);
                prop_assert!(delay <= slope.longest_us);
                let _ = cells.wait(now % 5, now);
            }
        }
    }
}
