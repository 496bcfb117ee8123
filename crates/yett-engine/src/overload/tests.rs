//! The gauge before simulated APIs, with simulated time.

use super::*;
use proptest::prelude::*;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

const BOUNDS: Bounds = Bounds { tolerance: 2.0, slack_us: 50_000, floor: 8 };
const SECOND: u64 = 1_000_000;

/// An API that works on so many requests at a time, in the order they came, each for the same time.
struct Api {
    workers: usize,
    service_us: u64,
    waiting: VecDeque<(Passage, u64)>,
    /// By when they end: what is worked on.
    busy: BinaryHeap<Reverse<(u64, Passage)>>,
}

#[derive(Default)]
struct Outcome {
    accepted: u32,
    shed: u32,
    answered: u32,
    took_us: Vec<u64>,
}

impl Outcome {
    fn percentile(&mut self, hundredths: usize) -> u64 {
        self.took_us.sort_unstable();
        self.took_us.get(self.took_us.len() * hundredths / 100).copied().unwrap_or(0)
    }
}

impl Api {
    fn new(workers: usize, service_us: u64) -> Self {
        Self { workers, service_us, waiting: VecDeque::new(), busy: BinaryHeap::new() }
    }

    fn begin(&mut self, now_us: u64) {
        while self.busy.len() < self.workers
            && let Some((passage, _)) = self.waiting.pop_front()
        {
            self.busy.push(Reverse((now_us + self.service_us, passage)));
        }
    }

    /// Everything that ends until `until_us`.
    fn run(&mut self, gauge: &mut Gauge, until_us: u64, outcome: &mut Outcome) {
        while let Some(Reverse((end_us, passage))) = self.busy.peek().copied().filter(|Reverse((end, _))| *end <= until_us) {
            self.busy.pop();
            gauge.leave(passage, end_us);
            outcome.answered += 1;
            outcome.took_us.push(end_us - passage.began_us);
            self.begin(end_us);
        }
    }

    fn send(&mut self, gauge: &mut Gauge, operation: usize, now_us: u64) {
        self.waiting.push_back((gauge.enter(operation, now_us), now_us));
        self.begin(now_us);
    }

    /// `per_second` requests arrive evenly for a while.
    fn offer(&mut self, gauge: &mut Gauge, from_us: u64, seconds: u64, per_second: u64, priority: Priority) -> Outcome {
        let mut outcome = Outcome::default();
        for number in 0..seconds * per_second {
            let now_us = from_us + number * SECOND / per_second;
            self.run(gauge, now_us, &mut outcome);
            match gauge.admits(priority, now_us) {
                true => {
                    outcome.accepted += 1;
                    self.send(gauge, 0, now_us);
                }
                false => outcome.shed += 1,
            }
        }
        self.run(gauge, from_us + seconds * SECOND, &mut outcome);
        outcome
    }
}

#[test]
fn an_api_that_answers_in_constant_time_is_never_held_back() {
    for (service_us, per_second) in [(1_000, 5_000), (20_000, 10_000), (2_000_000, 2_000)] {
        let (mut gauge, mut api) = (Gauge::new(BOUNDS, 1), Api::new(usize::MAX, service_us));
        let mut shed = 0;
        for (second, burst) in [1, 20, 1, 10, 2].into_iter().enumerate() {
            let outcome = api.offer(&mut gauge, (1 + 4 * second as u64) * SECOND, 4, per_second * burst / 20 + 1, Priority::Low);
            shed += outcome.shed;
        }
        assert_eq!(shed, 0, "{service_us} us");
    }
}

#[test]
fn an_api_that_is_busy_but_not_beyond_what_it_can_do_is_not_held_back() {
    let (mut gauge, mut api) = (Gauge::new(BOUNDS, 1), Api::new(8, 20_000));
    assert_eq!(api.offer(&mut gauge, SECOND, 60, 390, Priority::Normal).shed, 0);
}

#[test]
fn when_an_api_slows_down_twentyfold_what_is_let_in_is_answered_soon_and_all_it_can_do_is_used() {
    let (mut gauge, mut api) = (Gauge::new(BOUNDS, 1), Api::new(8, 20_000));
    assert_eq!(api.offer(&mut gauge, SECOND, 20, 320, Priority::Normal).shed, 0);
    api.service_us = 400_000;
    let capacity = 8 * 1_000_000 / 400_000;
    // What was sent before anything was late must be worked off first.
    let first = api.offer(&mut gauge, 21 * SECOND, 20, 320, Priority::Normal);
    assert!(first.answered as u64 >= 20 * capacity * 8 / 10, "{} of {}", first.answered, 20 * capacity);
    let mut then = api.offer(&mut gauge, 41 * SECOND, 60, 320, Priority::Normal);
    assert!(then.answered as u64 >= 60 * capacity * 9 / 10, "{} of {}", then.answered, 60 * capacity);
    let p99 = then.percentile(99);
    assert!(p99 <= 1_500_000, "{p99} us where one alone takes 400000");
    // Without a limit the last would have waited for minutes: 300 more come every second than are answered.
    assert!(gauge.in_flight() < 40, "{}", gauge.in_flight());
}

#[test]
fn the_limit_goes_when_the_api_is_well_again() {
    let (mut gauge, mut api) = (Gauge::new(BOUNDS, 1), Api::new(8, 20_000));
    api.offer(&mut gauge, SECOND, 10, 320, Priority::Normal);
    api.service_us = 400_000;
    api.offer(&mut gauge, 11 * SECOND, 30, 320, Priority::Normal);
    assert!(gauge.places().is_some());
    api.service_us = 20_000;
    api.offer(&mut gauge, 41 * SECOND, 5, 320, Priority::Normal);
    let healed = api.offer(&mut gauge, 46 * SECOND, 20, 320, Priority::Normal);
    assert_eq!((healed.shed, gauge.places()), (0, None));
}

#[test]
fn an_api_that_becomes_slower_without_a_queue_is_soon_served_in_full_again() {
    let (mut gauge, mut api) = (Gauge::new(BOUNDS, 1), Api::new(usize::MAX, 20_000));
    api.offer(&mut gauge, SECOND, 10, 320, Priority::Normal);
    api.service_us = 400_000;
    let shift = api.offer(&mut gauge, 11 * SECOND, 10, 320, Priority::Normal);
    assert!(shift.shed < 2 * 320, "{}", shift.shed);
    assert_eq!(api.offer(&mut gauge, 21 * SECOND, 30, 320, Priority::Normal).shed, 0);
}

#[test]
fn callers_that_wait_for_each_answer_are_held_to_what_is_answered_soon() {
    // A closed loop: 400 callers, each of which asks again as soon as it is answered.
    let (mut gauge, mut api) = (Gauge::new(BOUNDS, 1), Api::new(8, 20_000));
    api.offer(&mut gauge, SECOND, 5, 100, Priority::Normal);
    let mut outcome = Outcome::default();
    for step in 0..60_000 {
        let now_us = 6 * SECOND + step * 1_000;
        api.run(&mut gauge, now_us, &mut outcome);
        while gauge.in_flight() < 400 && gauge.admits(Priority::Normal, now_us) {
            api.send(&mut gauge, 0, now_us);
        }
        if step == 30_000 {
            outcome = Outcome::default();
        }
    }
    let p99 = outcome.percentile(99);
    assert!(p99 < 300_000, "{p99} us, where 400 at a time take a second");
    assert!(outcome.answered >= 30 * 400 * 9 / 10, "{}", outcome.answered);
}

#[test]
fn low_priority_is_shed_first_and_critical_last() {
    let (mut gauge, mut api) = (Gauge::new(BOUNDS, 1), Api::new(8, 20_000));
    api.offer(&mut gauge, SECOND, 10, 320, Priority::Normal);
    api.service_us = 200_000;
    // 40 a second can be answered: 20 critical ones and 100 of each other kind come.
    let kinds = [Priority::Critical, Priority::Normal, Priority::Low];
    let (mut let_in, mut offered) = ([0u32; 3], [0u32; 3]);
    let mut outcome = Outcome::default();
    for step in 0..60_000u64 {
        let now_us = 11 * SECOND + step * 1_000;
        api.run(&mut gauge, now_us, &mut outcome);
        for (kind, every) in [(0, 50), (1, 10), (2, 10)] {
            if step % every == 0 {
                let admits = gauge.admits(kinds[kind], now_us);
                if admits {
                    api.send(&mut gauge, 0, now_us);
                }
                if step > 20_000 {
                    offered[kind] += 1;
                    let_in[kind] += u32::from(admits);
                }
            }
        }
    }
    let part = |kind: usize| f64::from(let_in[kind]) / f64::from(offered[kind]);
    assert!(part(0) > 0.97 && part(1) < 0.5 && part(2) < part(1) / 2.0, "{let_in:?} of {offered:?}");
}

#[test]
fn slow_operations_beside_quick_ones_are_not_taken_for_a_queue() {
    let mut gauge = Gauge::new(BOUNDS, 2);
    let mut shed = 0;
    // An hour of reports of two seconds beside reads of a millisecond, in turn and then reports alone.
    let mut ends: BinaryHeap<Reverse<(u64, Passage)>> = BinaryHeap::new();
    for number in 0..60_000u64 {
        let now_us = SECOND + number * 5_000;
        while let Some(Reverse((end_us, passage))) = ends.peek().copied().filter(|Reverse((end, _))| *end <= now_us) {
            ends.pop();
            gauge.leave(passage, end_us);
        }
        let operation = usize::from(number > 30_000 || number % 2 == 0);
        shed += u32::from(!gauge.admits(Priority::Low, now_us));
        let took_us = if operation == 1 { 2 * SECOND } else { 1_000 };
        ends.push(Reverse((now_us + took_us, gauge.enter(operation, now_us))));
    }
    assert_eq!(shed, 0);
}

#[test]
fn an_api_that_hangs_is_not_sent_more_and_more() {
    let (mut gauge, mut api) = (Gauge::new(BOUNDS, 1), Api::new(8, 20_000));
    api.offer(&mut gauge, SECOND, 10, 320, Priority::Normal);
    api.service_us = 1_000 * SECOND;
    let hung = api.offer(&mut gauge, 11 * SECOND, 14, 320, Priority::Normal);
    assert!(hung.accepted < 3 * 320, "{}", hung.accepted);
    // Answers that never come do not become the usual.
    let waiting = api.waiting.iter().map(|(passage, _)| *passage).chain(api.busy.iter().map(|Reverse((_, passage))| *passage));
    waiting.enumerate().for_each(|(gone, passage)| gauge.fail(passage, 26 * SECOND + gone as u64));
    assert_eq!(gauge.in_flight(), 0);
    assert_eq!(gauge.places(), Some(BOUNDS.floor));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_is_shed_while_few_are_in_flight(times in proptest::collection::vec(1u64..10_000_000, 1..400)) {
        let mut gauge = Gauge::new(BOUNDS, 3);
        let mut now_us = SECOND;
        for (number, took_us) in times.into_iter().enumerate() {
            // The floor is the places of what is critical: others have their share of it.
            prop_assert!(gauge.admits(Priority::Critical, now_us));
            let passage = gauge.enter(number % 5, now_us);
            now_us += took_us;
            match number % 3 {
                0 => gauge.fail(passage, now_us),
                1 => gauge.leave(passage, now_us),
                _ => gauge.forget(passage),
            }
        }
        prop_assert_eq!(gauge.in_flight(), 0);
    }

    #[test]
    fn the_limit_is_never_below_the_floor_and_always_finite(
        steps in proptest::collection::vec((0u8..4, 0u64..3_000_000, 0usize..4), 1..2_000)
    ) {
        let mut gauge = Gauge::new(BOUNDS, 3);
        let (mut now_us, mut open) = (SECOND, Vec::new());
        for (what, later_us, operation) in steps {
            now_us += later_us / 100;
            match what {
                0 | 1 => if gauge.admits(Priority::Normal, now_us) { open.push(gauge.enter(operation, now_us)) },
                2 => if let Some(passage) = open.pop() { gauge.leave(passage, now_us) },
                _ => if let Some(passage) = open.pop() { gauge.fail(passage, now_us + later_us) },
            }
            prop_assert_eq!(gauge.in_flight() as usize, open.len());
            prop_assert!(gauge.places().is_none_or(|places| (BOUNDS.floor..u32::MAX).contains(&places)));
        }
    }
}
