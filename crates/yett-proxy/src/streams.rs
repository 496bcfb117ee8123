//! The tasks of one connection's HTTP/2 streams, on the worker's own thread.
//!
//! A caller that grants no window leaves a stream waiting with nothing on the socket to be seen. So the task of a stream
//! is given up when it is the caller's turn for too long: dropping it resets the stream and ends its request.

use crate::clock::Alarm;
use crate::line::{Line, Turn};
use crate::worker::Worker;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

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

    /// Runs a stream to its end, or until its caller took no byte of the answer for too long.
    async fn attend(self, stream: impl Future) {
        let mut stream = pin!(Some(stream));
        let mut alarm: Option<Alarm> = None;
        let taken = poll_fn(|context| {
            let Some(running) = stream.as_mut().as_pin_mut() else { return Poll::Ready(true) };
            // What a stream that ended left behind is not this one's.
            self.line.take_turn();
            if running.poll(context).is_ready() {
                return Poll::Ready(true);
            }
            match self.line.take_turn() {
                Some(Turn::Caller) => alarm = Some(Alarm::new(&self.worker.clock, self.worker.shared.limits.idle_timeout)),
                Some(Turn::Upstream) => alarm = None,
                None => {}
            }
            alarm.as_mut().map_or(Poll::Pending, |alarm| alarm.poll(context).map(|()| false))
        })
        .await;
        self.line.give_up(!taken);
        stream.set(None);
        self.line.give_up(false);
    }
}

impl<F: Future<Output: 'static> + 'static> hyper::rt::Executor<F> for Streams {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(self.clone().attend(future));
    }
}
