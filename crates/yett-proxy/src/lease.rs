//! How long an open stream may go on: until what it was opened with no longer holds.
//!
//! Every stream is looked at once a second, and all of them within a tick of the clock when something was taken back or
//! a snapshot applied. A request that ends within the second pays nothing.

use crate::clock::Alarm;
use crate::worker::Worker;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use yett_engine::Exchange;

/// Between two looks while nothing changes: grants and tokens end by the second.
const EVERY: Duration = Duration::from_secs(1);

/// The right of one stream to go on.
pub(crate) struct Lease {
    worker: Rc<Worker>,
    alarm: Alarm,
    epoch: u64,
}

impl Lease {
    /// A lease of what was just judged.
    pub(crate) fn new(worker: &Rc<Worker>) -> Self {
        let alarm = Alarm::new(&worker.clock, EVERY).alert();
        Self { worker: worker.clone(), alarm, epoch: worker.shared.engine.epoch() }
    }

    /// Whether it is time to look. Two loads.
    pub(crate) fn is_due(&self) -> bool {
        self.alarm.is_due() || self.worker.shared.engine.epoch() != self.epoch
    }

    /// Ready with the reason when the stream must end; otherwise the task is woken when it is time to look again.
    pub(crate) fn poll(&mut self, exchange: &Exchange, context: &mut Context<'_>) -> Poll<String> {
        loop {
            let epoch = self.worker.shared.engine.epoch();
            if epoch == self.epoch && self.alarm.poll(context).is_pending() {
                return Poll::Pending;
            }
            let plan = self.worker.shared.engine.plan();
            let held = plan.map_or(Ok(()), |plan| exchange.still_holds(&plan, self.worker.clock.now()));
            if let Err(reason) = held {
                return Poll::Ready(reason);
            }
            self.epoch = epoch;
            self.alarm.reset(EVERY);
        }
    }
}
