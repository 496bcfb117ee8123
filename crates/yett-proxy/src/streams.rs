//! The tasks of one connection's HTTP/2 streams, on the worker's own thread.
//!
//! A caller that grants no window leaves a stream waiting with nothing on the socket to be seen. So the task of a stream
//! is given up when it is the caller's turn for too long: dropping it resets the stream and ends its request.

use crate::clock::{Alarm, Clock};
use crate::line::{Cause, Line, Turn};
use crate::patience::Patience;
use crate::worker::Worker;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Runs the streams of a connection.
#[derive(Clone)]
pub(crate) struct Streams {
    worker: Rc<Worker>,
    line: Rc<Line>,
}

impl Streams {
    pub(crate) fn new(worker: &Rc<Worker>, line: &Rc<Line>) -> Self {
        Self { worker: worker.clone(), line: line.clone() }
    }

    /// Runs a stream to its end, or until its caller took too little of the answer or the whole took too long.
    async fn attend(self, stream: impl Future) {
        let mut stream = pin!(Some(stream));
        let mut watch = Watch::new(&self.worker);
        let cause = poll_fn(|context| {
            let Some(running) = stream.as_mut().as_pin_mut() else { return Poll::Ready(None) };
            // What a stream that ended left behind is not this one's.
            self.line.take_turn();
            self.line.take_stream_due();
            if running.poll(context).is_ready() {
                return Poll::Ready(None);
            }
            watch.note(self.line.take_turn(), self.line.take_stream_due());
            watch.poll(context).map(Some)
        })
        .await;
        if let Some(cause) = cause {
            self.worker.shard.cut(cause);
            self.line.give_up(Some(cause));
            stream.set(None);
            self.line.give_up(None);
        }
    }
}

/// Whether the answer on a stream goes on as it must.
struct Watch {
    clock: Rc<Clock>,
    patience: Patience,
    answering: bool,
    /// Since when the caller is waited for, and the bytes that are there for it.
    waiting: Option<(u64, u64, Alarm)>,
    due: Option<Alarm>,
}

impl Watch {
    fn new(worker: &Worker) -> Self {
        let limits = &worker.shared.limits;
        let patience = Patience::new(limits.idle_timeout, limits.min_download_rate);
        Self { clock: worker.clock.clone(), patience, answering: false, waiting: None, due: None }
    }

    /// The stream was polled and is not at its end.
    fn note(&mut self, turn: Option<Turn>, due_us: Option<u64>) {
        if let Some(due_us) = due_us {
            self.due = Some(Alarm::at(&self.clock, due_us));
        }
        self.answering |= turn.is_some();
        let bytes = match turn {
            Some(Turn::Caller(bytes)) => bytes,
            // The answer was not asked for its next part although it may have one: the caller grants no window.
            None if self.answering && self.waiting.is_none() => 0,
            None => return,
            Some(Turn::Upstream) => return self.settle(),
        };
        self.settle();
        let left = Duration::from_micros(self.patience.left_us());
        self.waiting = Some((self.clock.latest_us(), bytes, Alarm::new(&self.clock, left)));
    }

    fn settle(&mut self) {
        if let Some((since_us, bytes, _)) = self.waiting.take() {
            self.patience.settle(self.clock.latest_us().saturating_sub(since_us), bytes);
        }
    }

    /// Ready when the stream must be given up.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Cause> {
        let waiting = self.waiting.as_mut().map(|(_, _, alarm)| (alarm, Cause::Untaken));
        let mut alarms = waiting.into_iter().chain(self.due.as_mut().map(|alarm| (alarm, Cause::Overdue)));
        let due = alarms.find_map(|(alarm, cause)| alarm.poll(context).is_ready().then_some(cause));
        due.map_or(Poll::Pending, Poll::Ready)
    }
}

impl<F: Future<Output: 'static> + 'static> hyper::rt::Executor<F> for Streams {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(self.clone().attend(future));
    }
}
