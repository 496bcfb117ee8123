//! Refusing requests that would only wait, so that those let in are answered soon. All of it is the worker's own: nothing
//! is shared between workers.

use crate::clock::{Clock, TICK};
use crate::local::LocalPlan;
use crate::trip::Trip;
use crate::worker::Worker;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use yett_engine::overload::{Bounds, Gauge, Passage};
use yett_model::Code;
use yett_model::snapshot::{Mode, Priority};

/// Why a request was shed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shed {
    /// Its API answers late.
    Upstream,
    /// The worker itself is behind.
    Lag,
}

impl Shed {
    /// The label of each in metrics, in the order of the variants.
    pub(crate) const LABELS: [&str; 2] = ["upstream", "lag"];
}

/// How far a worker is behind its own clock. One late tick says little: of the last two, the lesser counts.
#[derive(Debug, Default)]
pub(crate) struct Lag {
    ticked_us: Cell<u64>,
    last_us: Cell<u64>,
    lag_us: Cell<u64>,
}

impl Lag {
    /// A tick of the worker.
    pub(crate) fn tick(&self, now_us: u64) {
        let before_us = self.ticked_us.replace(now_us);
        let late_us = match before_us {
            0 => 0,
            _ => now_us.saturating_sub(before_us + TICK.as_micros() as u64),
        };
        self.lag_us.set(self.last_us.replace(late_us).min(late_us));
    }

    fn sheds(&self, priority: Priority, limit_us: u64) -> bool {
        let times = match priority {
            Priority::Low => 1,
            Priority::Normal => 2,
            Priority::Critical => 4,
        };
        self.lag_us.get() >= limit_us * times
    }
}

/// What one API takes, as the worker learns it.
#[derive(Debug)]
pub(crate) struct ApiGauge {
    gauge: RefCell<Gauge>,
}

impl ApiGauge {
    pub(crate) fn new(bounds: Bounds, operations: usize) -> Rc<Self> {
        Rc::new(Self { gauge: RefCell::new(Gauge::new(bounds, operations)) })
    }
}

/// What is to be done with a request that has just been routed: `None` where there is room for it.
pub(crate) fn judge(worker: &Worker, local: &LocalPlan, api: u32, operation: Option<u32>) -> Option<Mode> {
    let overload = &worker.shared.overload;
    if overload.mode == Mode::Off {
        return None;
    }
    let priority = operation.and_then(|number| local.plan().operation(number)).map_or(Priority::Normal, |plan| plan.priority);
    let shed = match () {
        () if worker.lag.sheds(priority, overload.lag_ms * 1000) => Shed::Lag,
        () if !local.gauge(api)?.gauge.borrow_mut().admits(priority, worker.clock.latest_us()) => Shed::Upstream,
        () => return None,
    };
    worker.shard.shed(shed);
    Some(overload.mode)
}

/// A request on its way to the upstream. Dropped before it ended, it says nothing about the API: its caller left.
pub(crate) struct Passing {
    api: Rc<ApiGauge>,
    clock: Rc<Clock>,
    passage: Option<Passage>,
}

impl Passing {
    /// A request is sent.
    pub(crate) fn begin(trip: &Trip) -> Option<Self> {
        if trip.worker.shared.overload.mode == Mode::Off {
            return None;
        }
        let number = trip.exchange.api()?;
        let api = trip.local.gauge(number)?.clone();
        let operation = trip.exchange.operation().map_or(usize::MAX, |operation| trip.local.place(number, operation));
        let passage = api.gauge.borrow_mut().enter(operation, trip.worker.clock.latest_us());
        Some(Self { api, clock: trip.worker.clock.clone(), passage: Some(passage) })
    }

    /// The upstream answered, or was given up for this reason.
    pub(crate) fn end(mut self, failure: Option<Code>) {
        let Some(passage) = self.passage.take() else { return };
        let (mut gauge, now_us) = (self.api.gauge.borrow_mut(), self.clock.latest_us());
        match failure {
            None => gauge.leave(passage, now_us),
            Some(Code::UpstreamTimeout) => gauge.fail(passage, now_us),
            Some(_) => gauge.forget(passage),
        }
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        if let Some(passage) = self.passage.take() {
            self.api.gauge.borrow_mut().forget(passage);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_is_behind_sheds_what_is_low_first_and_what_is_critical_last() {
        let (lag, tick) = (Lag::default(), TICK.as_micros() as u64);
        let kinds = [Priority::Low, Priority::Normal, Priority::Critical];
        let sheds = |lag: &Lag| kinds.map(|kind| lag.sheds(kind, 100_000));
        let mut now_us = 1;
        let mut late = |late_us: u64| {
            now_us += tick + late_us;
            lag.tick(now_us);
            sheds(&lag)
        };
        assert_eq!(late(0), [false; 3]);
        assert_eq!(late(900_000), [false; 3], "one late tick is no overload");
        assert_eq!(late(150_000), [true, false, false]);
        assert_eq!(late(250_000), [true, false, false]);
        assert_eq!(late(450_000), [true, true, false]);
        assert_eq!(late(450_000), [true; 3]);
        assert_eq!(late(0), [false; 3], "it is in time again");
    }
}
