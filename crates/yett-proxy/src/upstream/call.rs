//! One request on one connection: sending, the head of the answer, its body; then the connection is kept or closed.

use super::chunked::{Chunked, Step};
use super::head::{Answered, Framing, take};
use super::{Failure, Upstream, Wire, broken};
use crate::body::Upload;
use crate::clock::{Alarm, Clock};
use bytes::{Buf, Bytes, BytesMut};
use http::Method;
use std::future::{Future, poll_fn};
use std::io::Write;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// Bytes read at once: enough for most answers in one go.
const FILL: usize = 16 * 1024;

/// The body of a request as it goes upstream.
pub(crate) enum Content {
    /// There is none.
    None,
    /// It is here.
    Whole(Bytes),
    /// It is still arriving; the length if it is known.
    Stream(Upload, Option<u64>),
}

impl Content {
    /// The framing it needs.
    pub(crate) fn framing(&self) -> Framing {
        match self {
            Self::None => Framing::None,
            Self::Whole(bytes) => Framing::Length(bytes.len() as u64),
            Self::Stream(_, Some(length)) => Framing::Length(*length),
            Self::Stream(_, None) => Framing::Chunked,
        }
    }

    /// Whether it can be sent a second time.
    pub(crate) fn can_repeat(&self) -> bool {
        !matches!(self, Self::Stream(..))
    }

    /// What can be sent a second time, for a second time.
    pub(crate) fn repeat(&self) -> Self {
        match self {
            Self::Whole(bytes) => Self::Whole(bytes.clone()),
            Self::None | Self::Stream(..) => Self::None,
        }
    }
}

/// How the rest of an answer is found in the bytes.
enum Rest {
    Length(u64),
    Chunked(Chunked),
    Close,
    End,
}

/// A request under way.
pub(crate) struct Call {
    wire: Option<Wire>,
    home: Rc<Upstream>,
    clock: Rc<Clock>,
    out: Bytes,
    then: Bytes,
    upload: Option<Upload>,
    chunked: bool,
    begun: bool,
    sent: bool,
    progress: u64,
    heard: bool,
    rest: Rest,
    reusable: bool,
}

impl Call {
    /// A call that sends `head` and `content` on `wire`.
    pub(crate) fn new(home: Rc<Upstream>, clock: Rc<Clock>, wire: Wire, head: Bytes, content: Content) -> Self {
        let chunked = content.framing() == Framing::Chunked;
        let (then, upload) = match content {
            Content::None => (Bytes::new(), None),
            Content::Whole(bytes) => (bytes, None),
            Content::Stream(upload, _) => (Bytes::new(), Some(upload)),
        };
        Self {
            wire: Some(wire),
            home,
            clock,
            out: head,
            then,
            upload,
            chunked,
            begun: false,
            sent: false,
            progress: 0,
            heard: false,
            rest: Rest::End,
            reusable: true,
        }
    }

    /// Sends the request and reads the head of the answer. The limit counts from the last byte that could be sent.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn head(&mut self, method: &Method, limit: Duration) -> Result<Answered, Failure> {
        let mut alarm = Alarm::new(&self.clock, limit);
        poll_fn(|context| {
            let before = self.progress;
            if let Poll::Ready(answered) = self.poll_head(context, method) {
                return Poll::Ready(answered);
            }
            if self.progress != before {
                alarm.reset(limit);
            }
            alarm.poll(context).map(|()| Err(Failure::Timeout("the upstream did not answer in time")))
        })
        .await
    }

    fn poll_head(&mut self, context: &mut Context<'_>, method: &Method) -> Poll<Result<Answered, Failure>> {
        self.send(context)?;
        loop {
            let wire = self.wire.as_mut().ok_or(Failure::Closed)?;
            if let Some(answered) = take(&mut wire.buffer, method)? {
                self.expect(&answered);
                return Poll::Ready(Ok(answered));
            }
            match ready!(self.poll_fill(context)) {
                Ok(0) | Err(_) if self.heard => return Poll::Ready(Err(broken("the upstream's answer ended within its head"))),
                Ok(0) | Err(_) => return Poll::Ready(Err(Failure::Closed)),
                Ok(_) => self.heard = true,
            }
        }
    }

    fn expect(&mut self, answered: &Answered) {
        self.reusable &= answered.keep_alive;
        self.rest = match answered.framing {
            Framing::None => Rest::End,
            Framing::Length(length) => Rest::Length(length),
            Framing::Chunked => Rest::Chunked(Chunked::new()),
            Framing::Close => Rest::Close,
        };
        if matches!(self.rest, Rest::End) {
            self.finish();
        }
    }

    /// Bytes of the body still to come, when known.
    pub(crate) fn remaining(&self) -> Option<u64> {
        match self.rest {
            Rest::Length(left) => Some(left),
            Rest::End => Some(0),
            Rest::Chunked(_) | Rest::Close => None,
        }
    }

    /// Whether the whole body was taken.
    pub(crate) fn is_finished(&self) -> bool {
        matches!(self.rest, Rest::End)
    }

    /// The next part of the body; `None` at its end.
    pub(crate) fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        if self.is_finished() {
            return Poll::Ready(None);
        }
        if let Err(failure) = self.send(context) {
            return Poll::Ready(Some(Err(failure)));
        }
        loop {
            match self.take_data() {
                Ok(Step::Data(data)) => {
                    if matches!(self.rest, Rest::Length(0)) {
                        self.finish();
                    }
                    return Poll::Ready(Some(Ok(data)));
                }
                Ok(Step::End) => {
                    self.finish();
                    return Poll::Ready(None);
                }
                Ok(Step::More) => {}
                Err(failure) => return Poll::Ready(Some(Err(failure))),
            }
            match (ready!(self.poll_fill(context)), &self.rest) {
                (Ok(0), Rest::Close) => {
                    self.finish();
                    return Poll::Ready(None);
                }
                (Ok(0) | Err(_), _) => return Poll::Ready(Some(Err(broken("the upstream's answer ended early")))),
                (Ok(_), _) => {}
            }
        }
    }

    fn take_data(&mut self) -> Result<Step, Failure> {
        let wire = self.wire.as_mut().ok_or_else(|| broken("the connection is gone"))?;
        match &mut self.rest {
            Rest::End => Ok(Step::End),
            Rest::Chunked(chunked) => chunked.step(&mut wire.buffer),
            Rest::Length(_) | Rest::Close if wire.buffer.is_empty() => Ok(Step::More),
            Rest::Close => Ok(Step::Data(wire.buffer.split().freeze())),
            Rest::Length(left) => {
                let taken = wire.buffer.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= taken as u64;
                Ok(Step::Data(wire.buffer.split_to(taken).freeze()))
            }
        }
    }

    /// The answer is complete: the connection is kept if both sides are done with the request.
    fn finish(&mut self) {
        self.rest = Rest::End;
        if let Some(wire) = self.wire.take_if(|_| self.reusable && self.sent) {
            self.home.keep(wire, &self.clock);
        }
    }

    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        let Some(wire) = &mut self.wire else { return Poll::Ready(Ok(0)) };
        if wire.buffer.capacity() - wire.buffer.len() < FILL / 4 {
            wire.buffer.reserve(FILL);
        }
        pin!(wire.socket.read_buf(&mut wire.buffer)).poll(context)
    }

    /// Sends as much as can be sent. An upstream that stops reading may still answer, so that is no failure.
    fn send(&mut self, context: &mut Context<'_>) -> Result<(), Failure> {
        if self.sent {
            return Ok(());
        }
        match self.poll_send(context) {
            Poll::Ready(sent) => {
                self.sent = true;
                sent
            }
            Poll::Pending => Ok(()),
        }
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        loop {
            if !ready!(self.poll_write(context)) {
                self.reusable = false;
                self.upload = None;
                return Poll::Ready(Ok(()));
            }
            let Some(upload) = &mut self.upload else { return Poll::Ready(Ok(())) };
            match ready!(upload.poll_next(context)) {
                Some(data) => {
                    let data = data?;
                    self.frame(data);
                }
                None => {
                    self.upload = None;
                    self.end_frames();
                }
            }
        }
    }

    /// Writes and flushes what is ready; `false` once the upstream reads no more.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        let Some(wire) = &mut self.wire else { return Poll::Ready(false) };
        for part in [&mut self.out, &mut self.then] {
            while !part.is_empty() {
                match ready!(wire.socket.poll_write(context, part)) {
                    Ok(0) | Err(_) => return Poll::Ready(false),
                    Ok(wrote) => {
                        part.advance(wrote);
                        self.progress += wrote as u64;
                    }
                }
            }
        }
        wire.socket.poll_flush(context).map(|flushed| flushed.is_ok())
    }

    /// A chunk begins by ending the one before.
    fn frame(&mut self, data: Bytes) {
        if self.chunked {
            let mut line = Vec::with_capacity(20);
            let _ = write!(line, "{}{:x}\r\n", if self.begun { "\r\n" } else { "" }, data.len());
            self.out = line.into();
            self.begun = true;
        }
        self.then = data;
    }

    fn end_frames(&mut self) {
        if self.chunked {
            self.out = Bytes::from_static(if self.begun { b"\r\n0\r\n\r\n" } else { b"0\r\n\r\n" });
        }
    }

    /// The parts of the body that are here already, up to a limit: small answers are here whole with their head.
    ///
    /// # Errors
    /// Why the body ended.
    pub(crate) async fn at_hand(&mut self, limit: usize) -> Result<Parts, Failure> {
        let mut parts = Parts::default();
        poll_fn(|context| {
            while parts.length < limit {
                match self.poll_data(context) {
                    Poll::Ready(Some(Ok(data))) => parts.push(data),
                    Poll::Ready(Some(Err(failure))) => return Poll::Ready(Err(failure)),
                    Poll::Ready(None) | Poll::Pending => break,
                }
            }
            Poll::Ready(Ok(()))
        })
        .await?;
        Ok(parts)
    }

    /// The parts of the body up to its end or until there are more than `limit` bytes.
    ///
    /// # Errors
    /// Why the body ended early.
    pub(crate) async fn collect(&mut self, limit: u64, idle: Duration) -> Result<Parts, Failure> {
        let mut parts = Parts::default();
        let mut alarm = Alarm::new(&self.clock, idle);
        poll_fn(|context| {
            while parts.length as u64 <= limit {
                match self.poll_data(context) {
                    Poll::Ready(Some(Ok(data))) => {
                        parts.push(data);
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
        Ok(parts)
    }
}

/// Parts of a body, in order. One part is kept as it is; more are joined only when asked for.
#[derive(Default)]
pub(crate) struct Parts {
    first: Bytes,
    more: Vec<Bytes>,
    length: usize,
}

impl Parts {
    fn push(&mut self, data: Bytes) {
        self.length += data.len();
        match self.first.is_empty() {
            true => self.first = data,
            false => self.more.push(data),
        }
    }

    /// All parts in one piece.
    pub(crate) fn join(self) -> Bytes {
        if self.more.is_empty() {
            return self.first;
        }
        let mut whole = BytesMut::with_capacity(self.length);
        whole.extend_from_slice(&self.first);
        self.more.iter().for_each(|part| whole.extend_from_slice(part));
        whole.freeze()
    }
}
