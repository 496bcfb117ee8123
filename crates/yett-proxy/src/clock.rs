//! A worker's clock: cheap readings, and coarse alarms that cost nothing until something really waits.
//!
//! Timeouts of requests almost never fire, so they are not worth an entry in the runtime's timer wheel each: waiting
//! tasks leave their waker here, and one tick of the worker looks through them.

use slab::Slab;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use yett_engine::Now;

/// How often alarms are looked through: the precision of every timeout.
pub(crate) const TICK: Duration = Duration::from_millis(50);

struct Sleeper {
    due_us: u64,
    /// Whether it is woken early by whatever is called out.
    alert: bool,
    waker: Waker,
}

/// The clock of one worker.
pub(crate) struct Clock {
    start: Instant,
    start_unix_ms: Cell<u64>,
    latest_us: Cell<u64>,
    sleepers: RefCell<Slab<Sleeper>>,
}

impl Clock {
    /// A clock whose monotonic time counts from `start`, which all workers share.
    pub(crate) fn new(start: Instant) -> Rc<Self> {
        let clock = Self { start, start_unix_ms: Cell::new(0), latest_us: Cell::new(0), sleepers: RefCell::default() };
        clock.tick();
        Rc::new(clock)
    }

    /// The time now.
    pub(crate) fn now(&self) -> Now {
        let mono_us = self.start.elapsed().as_micros() as u64;
        self.latest_us.set(mono_us);
        Now { unix_ms: self.start_unix_ms.get() + mono_us / 1000, mono_us }
    }

    /// The latest reading in microseconds, at most one tick old.
    pub(crate) fn latest_us(&self) -> u64 {
        self.latest_us.get()
    }

    /// Wakes those who are alert: something happened that they must look at.
    pub(crate) fn call_out(&self) {
        let alert: Vec<Waker> = {
            let sleepers = self.sleepers.borrow();
            sleepers.iter().filter(|(_, sleeper)| sleeper.alert).map(|(_, sleeper)| sleeper.waker.clone()).collect()
        };
        alert.into_iter().for_each(Waker::wake);
    }

    /// Follows adjustments of the calendar clock and wakes whose time is up.
    pub(crate) fn tick(&self) {
        let unix_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
        let mono_us = self.now().mono_us;
        self.start_unix_ms.set(unix_ms.saturating_sub(mono_us / 1000));
        let due: Vec<Waker> = {
            let sleepers = self.sleepers.borrow();
            sleepers.iter().filter(|(_, sleeper)| sleeper.due_us <= mono_us).map(|(_, sleeper)| sleeper.waker.clone()).collect()
        };
        due.into_iter().for_each(Waker::wake);
    }
}

/// Wakes its task when a time has passed.
pub(crate) struct Alarm {
    clock: Rc<Clock>,
    due_us: u64,
    alert: bool,
    key: Option<usize>,
}

impl Alarm {
    /// An alarm that is due `limit` from now.
    pub(crate) fn new(clock: &Rc<Clock>, limit: Duration) -> Self {
        Self::at(clock, clock.latest_us() + limit.as_micros() as u64)
    }

    /// An alarm that is due at a time of the clock.
    pub(crate) fn at(clock: &Rc<Clock>, due_us: u64) -> Self {
        Self { clock: clock.clone(), due_us, alert: false, key: None }
    }

    /// Whether or not it is due, its task is woken whenever something is called out.
    pub(crate) fn alert(mut self) -> Self {
        self.alert = true;
        self
    }

    /// Starts again.
    pub(crate) fn reset(&mut self, limit: Duration) {
        self.due_us = self.clock.latest_us() + limit.as_micros() as u64;
        let mut sleepers = self.clock.sleepers.borrow_mut();
        if let Some(sleeper) = self.key.and_then(|key| sleepers.get_mut(key)) {
            sleeper.due_us = self.due_us;
        }
    }

    /// Whether it is due.
    pub(crate) fn is_due(&self) -> bool {
        self.clock.latest_us() >= self.due_us
    }

    /// Wakes the task again and again.
    pub(crate) fn again(&mut self, limit: Duration, context: &mut Context<'_>) {
        if self.poll(context).is_ready() {
            self.reset(limit);
            let _ = self.poll(context);
        }
    }

    /// Ready when due; otherwise the task is woken then.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.is_due() {
            return Poll::Ready(());
        }
        let mut sleepers = self.clock.sleepers.borrow_mut();
        match self.key.and_then(|key| sleepers.get_mut(key)) {
            Some(sleeper) => sleeper.waker.clone_from(context.waker()),
            None => {
                self.key =
                    Some(sleepers.insert(Sleeper { due_us: self.due_us, alert: self.alert, waker: context.waker().clone() }))
            }
        }
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.clock.sleepers.borrow_mut().try_remove(key);
        }
    }
}

/// What `future` gives, or `None` if it takes longer than `limit`.
pub(crate) async fn within<F: Future>(clock: &Rc<Clock>, limit: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut alarm = Alarm::new(clock, limit);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => alarm.poll(context).map(|()| None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    #[test]
    fn an_alarm_is_due_only_after_its_limit() {
        let clock = Clock::new(Instant::now());
        let mut context = Context::from_waker(Waker::noop());
        let mut alarm = Alarm::new(&clock, Duration::from_secs(3600));
        assert!(alarm.poll(&mut context).is_pending());
        assert_eq!(clock.sleepers.borrow().len(), 1);
        alarm.reset(Duration::ZERO);
        assert!(alarm.poll(&mut context).is_ready());
        drop(alarm);
        assert!(clock.sleepers.borrow().is_empty());
    }

    #[test]
    fn what_is_ready_at_once_leaves_no_alarm_behind() {
        let clock = Clock::new(Instant::now());
        let mut context = Context::from_waker(Waker::noop());
        let mut ready = pin!(within(&clock, Duration::from_secs(1), async { 7 }));
        assert_eq!(ready.as_mut().poll(&mut context), Poll::Ready(Some(7)));
        assert!(clock.sleepers.borrow().is_empty());
        let mut late = pin!(within(&clock, Duration::ZERO, pending::<()>()));
        assert_eq!(late.as_mut().poll(&mut context), Poll::Ready(None));
    }

    #[test]
    fn the_calendar_is_followed() {
        let now = Clock::new(Instant::now()).now();
        let unix_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
        assert!(unix_ms.abs_diff(now.unix_ms) < 5_000);
    }
}
