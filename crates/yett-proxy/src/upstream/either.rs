//! A request under way, whichever protocol its connection speaks: nothing above this line can tell.

use super::content::{Content, Gathered};
use super::head::Answered;
use super::http1::Http1;
use super::http2::Http2;
use super::{Connection, Failure, Socket, Upstream};
use crate::clock::{Alarm, Clock};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::request::Parts;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

const LATE: Failure = Failure::Timeout("the upstream did not answer in time");
/// Least time until it is looked again whether the caller goes on.
const MOMENT: Duration = Duration::from_millis(10);

/// A request under way: first the head of its answer, then the data of the body. Dropping it early ends the request at
/// the upstream too.
pub(crate) struct Call {
    clock: Rc<Clock>,
    codec: Codec,
}

#[expect(clippy::large_enum_variant, reason = "most calls are of HTTP/1.1, and cost no memory of their own")]
enum Codec {
    Http1(Http1),
    Http2(Box<Http2>),
}

impl Call {
    /// A call that sends a request on `connection`.
    pub(crate) fn new(home: Rc<Upstream>, clock: Rc<Clock>, connection: Connection, parts: &Parts, content: Content) -> Self {
        let codec = match connection {
            Connection::Http1(wire) => Codec::Http1(Http1::new(home, clock.clone(), wire, parts, content)),
            Connection::Http2(place) => Codec::Http2(Box::new(Http2::new(place, parts, content))),
        };
        Self { clock, codec }
    }

    /// Sends the request and reads the head of the answer. The limit counts from the last byte that could be sent, and
    /// not while the caller's body is waited for: how long that may take is the body's own affair, and no fault of the
    /// upstream's.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn head(&mut self, limit: Duration) -> Result<Answered, Failure> {
        let mut alarm = Alarm::new(&self.clock, limit);
        poll_fn(|context| {
            let before = self.progress();
            if let Poll::Ready(answered) = self.poll_head(context) {
                return Poll::Ready(answered);
            }
            if self.progress() != before {
                alarm.reset(limit);
            }
            ready!(alarm.poll(context));
            if self.awaits_caller() {
                alarm.reset(limit.max(MOMENT));
                return alarm.poll(context).map(|()| Err(LATE));
            }
            self.doubt();
            Poll::Ready(Err(LATE))
        })
        .await
    }

    fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<Result<Answered, Failure>> {
        match &mut self.codec {
            Codec::Http1(call) => call.poll_head(context),
            Codec::Http2(call) => call.poll_head(context),
        }
    }

    /// What is left when the upstream has switched protocols: its connection, and what it sent behind its answer.
    pub(crate) fn into_wire(self) -> Option<(Socket, BytesMut)> {
        match self.codec {
            Codec::Http1(call) => call.into_wire(),
            Codec::Http2(_) => None,
        }
    }

    fn awaits_caller(&self) -> bool {
        match &self.codec {
            Codec::Http1(call) => call.awaits_caller(),
            Codec::Http2(call) => call.awaits_caller(),
        }
    }

    fn doubt(&self) {
        if let Codec::Http2(call) = &self.codec {
            call.doubt();
        }
    }

    fn has_trailers(&self) -> bool {
        match &self.codec {
            Codec::Http1(call) => call.has_trailers(),
            Codec::Http2(call) => call.has_trailers(),
        }
    }

    /// The trailers, once the body is finished; only the first time.
    pub(crate) fn take_trailers(&mut self) -> Option<HeaderMap> {
        match &mut self.codec {
            Codec::Http1(call) => call.take_trailers(),
            Codec::Http2(call) => call.take_trailers(),
        }
    }

    /// Whether nothing is left to take, not even trailers.
    pub(crate) fn is_over(&self) -> bool {
        self.is_finished() && !self.has_trailers()
    }

    /// Bytes of the request that could be sent so far.
    fn progress(&self) -> u64 {
        match &self.codec {
            Codec::Http1(call) => call.progress(),
            Codec::Http2(call) => call.progress(),
        }
    }

    /// Bytes of the body still to come, when known. A body with trailers has no length: it could not have them then.
    pub(crate) fn remaining(&self) -> Option<u64> {
        match &self.codec {
            _ if self.has_trailers() => None,
            Codec::Http1(call) => call.remaining(),
            Codec::Http2(call) => call.remaining(),
        }
    }

    /// Whether the whole body was taken.
    pub(crate) fn is_finished(&self) -> bool {
        match &self.codec {
            Codec::Http1(call) => call.is_finished(),
            Codec::Http2(call) => call.is_finished(),
        }
    }

    /// The next part of the body; `None` at its end.
    pub(crate) fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        match &mut self.codec {
            Codec::Http1(call) => call.poll_data(context),
            Codec::Http2(call) => call.poll_data(context),
        }
    }

    /// The parts of the body that are here already, up to a limit: small answers are here whole with their head.
    ///
    /// # Errors
    /// Why the body ended.
    pub(crate) async fn at_hand(&mut self, limit: usize) -> Result<Gathered, Failure> {
        let mut gathered = Gathered::default();
        poll_fn(|context| {
            while gathered.length() < limit {
                match self.poll_data(context) {
                    Poll::Ready(Some(Ok(data))) => gathered.push(data),
                    Poll::Ready(Some(Err(failure))) => return Poll::Ready(Err(failure)),
                    Poll::Ready(None) | Poll::Pending => break,
                }
            }
            Poll::Ready(Ok(()))
        })
        .await?;
        Ok(gathered)
    }

    /// The parts of the body up to its end or until there are more than `limit` bytes.
    ///
    /// # Errors
    /// Why the body ended early.
    pub(crate) async fn collect(&mut self, limit: u64, idle: Duration) -> Result<Gathered, Failure> {
        let mut gathered = Gathered::default();
        let mut alarm = Alarm::new(&self.clock, idle);
        poll_fn(|context| {
            while gathered.length() as u64 <= limit {
                match self.poll_data(context) {
                    Poll::Ready(Some(Ok(data))) => {
                        gathered.push(data);
                        alarm.reset(idle);
                    }
                    Poll::Ready(Some(Err(failure))) => return Poll::Ready(Err(failure)),
                    Poll::Ready(None) => break,
                    Poll::Pending => return alarm.poll(context).map(|()| Err(Failure::Timeout("the upstream's answer stalled"))),
                }
            }
            Poll::Ready(Ok(()))
        })
        .await?;
        Ok(gathered)
    }
}
