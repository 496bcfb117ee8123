//! The body of an answer, as hyper takes it; it carries the trip, so the request ends when the body does.

use crate::clock::Alarm;
use crate::compress::Coder;
use crate::lease::Lease;
use crate::line::Turn;
use crate::trip::Trip;
use crate::upstream::{Call, Failure, broken};
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use yett_model::Code;

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
    /// Either of them, compressed on the way.
    Coded(Box<Coded>),
}

/// A body that passes through a coding; the coder is gone once it gave its last.
pub(crate) struct Coded {
    plain: Rest,
    coder: Option<Coder>,
}

impl Coded {
    /// Takes plain data until there is coded data to send.
    fn poll(&mut self, context: &mut Context<'_>, most: usize) -> Poll<Option<Result<Bytes, Failure>>> {
        loop {
            let plain = match &mut self.plain {
                Rest::Stream(stream) => ready!(stream.poll(context, most)),
                Rest::Whole(bytes) if !bytes.is_empty() => Some(Ok(piece(bytes, most))),
                Rest::Whole(_) | Rest::Nothing | Rest::Coded(_) => None,
            };
            let coded = match (plain, &mut self.coder) {
                (Some(Err(failure)), _) => return Poll::Ready(Some(Err(failure))),
                (_, None) => return Poll::Ready(None),
                (Some(Ok(data)), Some(coder)) => coder.push(&data),
                (None, coder) => coder.take().map_or(Ok(Bytes::new()), Coder::finish),
            };
            match coded {
                Ok(coded) if coded.is_empty() => {}
                Ok(coded) => return Poll::Ready(Some(Ok(coded))),
                Err(error) => return Poll::Ready(Some(Err(broken(format!("the answer could not be compressed: {error}"))))),
            }
        }
    }
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

    fn poll(&mut self, context: &mut Context<'_>, most: usize) -> Poll<Option<Result<Bytes, Failure>>> {
        if !self.ahead.is_empty() {
            return Poll::Ready(Some(Ok(piece(&mut self.ahead, most))));
        }
        match self.call.poll_data(context) {
            Poll::Pending => self.alarm.poll(context).map(|()| Some(Err(Failure::Timeout("the upstream's answer stalled")))),
            ready => {
                self.alarm.reset(self.limit);
                ready
            }
        }
    }
}

impl Rest {
    /// A body of which `ahead` is here and the rest comes from `call`.
    pub(crate) fn stream(ahead: Bytes, call: Call, alarm: Alarm, limit: Duration) -> Self {
        Self::Stream(Box::new(Stream { ahead, call, alarm, limit }))
    }

    /// The same body through a coding.
    pub(crate) fn coded(self, coder: Coder) -> Self {
        Self::Coded(Box::new(Coded { plain: self, coder: Some(coder) }))
    }

    /// Bytes of the whole body, if known.
    pub(crate) fn length(&self) -> Option<u64> {
        match self {
            Self::Nothing => Some(0),
            Self::Whole(bytes) => Some(bytes.len() as u64),
            Self::Stream(stream) => Some(stream.call.remaining()? + stream.ahead.len() as u64),
            Self::Coded(_) => None,
        }
    }

    fn take_trailers(&mut self) -> Option<HeaderMap> {
        match self {
            Self::Stream(stream) => stream.call.take_trailers(),
            Self::Coded(coded) => coded.plain.take_trailers(),
            Self::Nothing | Self::Whole(_) => None,
        }
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
    /// Present while the upstream's body passes through.
    lease: Option<Lease>,
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
        let passes = matches!(rest, Rest::Stream(_) | Rest::Coded(_)) && !told;
        let lease = passes.then(|| Lease::new(&trip.worker));
        Self { trip: Some(trip), rest, most, lease }
    }

    /// The answer of an upgrade: none, as the tunnel follows.
    pub(crate) fn nothing() -> Self {
        Self { trip: None, rest: Rest::Nothing, most: PIECE, lease: None }
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

    /// Whether what the stream was opened with has ended; then so has the stream, and it must not look whole.
    fn has_lapsed(&mut self, context: &mut Context<'_>) -> bool {
        let (Some(lease), Some(trip)) = (&mut self.lease, &mut self.trip) else { return false };
        match lease.poll(&trip.exchange, context) {
            Poll::Pending => false,
            Poll::Ready(reason) => {
                trip.fail(Code::AccessEnded, reason);
                (self.rest, self.lease) = (Rest::Nothing, None);
                true
            }
        }
    }

    /// The trailers that go to the caller, if there are any.
    fn last_words(&mut self) -> Option<HeaderMap> {
        let mut trailers = self.rest.take_trailers()?;
        if let Some(trip) = &self.trip {
            trip.exchange.keep_trailers(&mut trailers);
        }
        (!trailers.is_empty()).then_some(trailers)
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
        if self.lease.as_ref().is_some_and(Lease::is_due) && self.has_lapsed(context) {
            return Poll::Ready(Some(Err(Cut)));
        }
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
            Rest::Stream(stream) => stream.poll(context, most),
            Rest::Coded(coded) => coded.poll(context, most),
        };
        // What waits must be woken in time; what passes is looked at as it passes.
        if next.is_pending() && self.has_lapsed(context) {
            return Poll::Ready(Some(Err(Cut)));
        }
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
            None => {
                let trailers = self.last_words();
                self.end();
                trailers.map(|trailers| Ok(Frame::trailers(trailers)))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.rest, Rest::Nothing)
    }

    fn size_hint(&self) -> SizeHint {
        self.rest.length().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
