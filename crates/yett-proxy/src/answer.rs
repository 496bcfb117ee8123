//! The body of an answer, as hyper takes it; it carries the trip, so the request ends when the body does.

use crate::clock::Alarm;
use crate::line::Turn;
use crate::trip::Trip;
use crate::upstream::{Call, Failure};
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Most that is handed over at once.
pub(crate) const PIECE: usize = 64 * 1024;

/// What is left to send.
pub(crate) enum Rest {
    /// Nothing.
    Nothing,
    /// Bytes that are here.
    Whole(Bytes),
    /// Bytes that are here, and the upstream's to come.
    Stream(Box<Stream>),
}

/// An upstream's body passing through.
pub(crate) struct Stream {
    ahead: Bytes,
    call: Call,
    alarm: Alarm,
    limit: Duration,
}

impl Stream {
    /// Whether every byte that the head announced is handed over.
    fn is_told(&self) -> bool {
        self.ahead.is_empty() && self.call.remaining() == Some(0)
    }
}

impl Rest {
    /// A body of which `ahead` is here and the rest comes from `call`.
    pub(crate) fn stream(ahead: Bytes, call: Call, alarm: Alarm, limit: Duration) -> Self {
        Self::Stream(Box::new(Stream { ahead, call, alarm, limit }))
    }

    /// A body that is here.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        if bytes.is_empty() { Self::Nothing } else { Self::Whole(bytes) }
    }
}

/// The body.
pub(crate) struct Answer {
    /// None once the request is a tunnel's.
    trip: Option<Box<Trip>>,
    rest: Rest,
    most: usize,
}

/// Tells hyper to cut the connection: a part of an answer must not look like the whole of it.
#[derive(Debug)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer ended early")
    }
}

impl std::error::Error for Cut {}

impl Answer {
    pub(crate) fn new(mut trip: Box<Trip>, rest: Rest) -> Self {
        let told = matches!(&rest, Rest::Stream(stream) if stream.is_told());
        if matches!(rest, Rest::Nothing) || trip.head_only || told {
            trip.complete();
        } else {
            trip.line.set_turn(Turn::Caller(0));
        }
        let most = if trip.is_http2 { trip.worker.shared.limits.piece } else { PIECE };
        Self { trip: Some(trip), rest, most }
    }

    /// The answer of an upgrade: none, as the tunnel follows.
    pub(crate) fn nothing() -> Self {
        Self { trip: None, rest: Rest::Nothing, most: PIECE }
    }

    /// Ends with the last byte, not with the question for another; where only trailers can follow, HTTP/1 does not ask.
    fn look_ahead(&mut self) {
        let Rest::Stream(stream) = &mut self.rest else { return };
        match stream.ahead.is_empty() && stream.call.is_over() {
            true => self.end(),
            false if stream.is_told() => self.complete(),
            false => {}
        }
    }

    fn poll_stream(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        let Rest::Stream(stream) = &mut self.rest else { return Poll::Ready(None) };
        if !stream.ahead.is_empty() {
            return Poll::Ready(Some(Ok(piece(&mut stream.ahead, self.most))));
        }
        match stream.call.poll_data(context) {
            Poll::Pending => stream.alarm.poll(context).map(|()| Some(Err(Failure::Timeout("the upstream's answer stalled")))),
            ready => {
                stream.alarm.reset(stream.limit);
                ready
            }
        }
    }

    fn complete(&mut self) {
        if let Some(trip) = &mut self.trip {
            trip.complete();
        }
    }

    fn count(&mut self, bytes: usize) {
        if let Some(trip) = &mut self.trip {
            trip.end.bytes_out += bytes as u64;
        }
    }

    fn fail(&mut self, failure: Failure) {
        let callers = failure.is_callers();
        let (code, reason) = failure.explain();
        self.rest = Rest::Nothing;
        if let Some(trip) = &mut self.trip {
            if !callers {
                trip.upstream_failed();
            }
            trip.fail(code, reason);
        }
    }

    /// Ends; gives the trailers, if there are any.
    fn last_words(&mut self) -> Option<HeaderMap> {
        let trailers = match &mut self.rest {
            Rest::Stream(stream) => stream.call.take_trailers(),
            Rest::Nothing | Rest::Whole(_) => None,
        };
        self.end();
        trailers
    }

    fn end(&mut self) {
        self.rest = Rest::Nothing;
        self.complete();
    }
}

/// The next piece of bytes that are here.
fn piece(bytes: &mut Bytes, most: usize) -> Bytes {
    bytes.split_to(bytes.len().min(most))
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let most = self.most;
        let next = match &mut self.rest {
            Rest::Nothing => Poll::Ready(None),
            Rest::Whole(bytes) => {
                let piece = piece(bytes, most);
                if bytes.is_empty() {
                    self.end();
                }
                Poll::Ready(Some(Ok(piece)))
            }
            Rest::Stream(_) => self.poll_stream(context),
        };
        if let Some(trip) = &self.trip {
            trip.line.set_turn(match &next {
                Poll::Ready(Some(Ok(data))) => Turn::Caller(data.len() as u64),
                Poll::Ready(_) => Turn::Caller(0),
                Poll::Pending => Turn::Upstream,
            });
        }
        next.map(|next| match next {
            Some(Ok(data)) => {
                self.count(data.len());
                self.look_ahead();
                Some(Ok(Frame::data(data)))
            }
            Some(Err(failure)) => {
                self.fail(failure);
                Some(Err(Cut))
            }
            None => self.last_words().map(|trailers| Ok(Frame::trailers(trailers))),
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.rest, Rest::Nothing)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.rest {
            Rest::Nothing => SizeHint::with_exact(0),
            Rest::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Rest::Stream(stream) => match stream.call.remaining() {
                Some(remaining) => SizeHint::with_exact(remaining + stream.ahead.len() as u64),
                None => SizeHint::default(),
            },
        }
    }
}
