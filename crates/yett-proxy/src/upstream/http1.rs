//! One request on one HTTP/1.1 connection: sending, the head of the answer, its body; then the connection is kept or closed.

use super::chunked::{Chunked, Step};
use super::content::Content;
use super::head::{Answered, Framing, encode, take};
use super::{Failure, Socket, Upstream, Wire, broken};
use crate::body::Upload;
use crate::clock::Clock;
use bytes::{Buf, Bytes, BytesMut};
use http::header::UPGRADE;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use std::future::Future;
use std::io::Write;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncReadExt, AsyncWrite};

/// Bytes read at once: enough for most answers in one go.
pub(super) const FILL: usize = 16 * 1024;
/// Bytes read at once where answers are long: 64 KiB and a head.
const LONG_FILL: usize = 68 * 1024;

/// Bodies up to this size are sent in one piece with their head.
const TOGETHER: usize = 16 * 1024;

/// The head as bytes, with a small body in the same piece.
fn together(parts: &Parts, content: Content) -> (Bytes, Content) {
    let framing = content.framing();
    match content {
        Content::Whole(bytes) if bytes.len() <= TOGETHER => {
            let mut head = encode(parts, framing, bytes.len());
            head.extend_from_slice(&bytes);
            (head.freeze(), Content::None)
        }
        content => (encode(parts, framing, 0).freeze(), content),
    }
}

/// How the rest of an answer is found in the bytes.
enum Rest {
    Length(u64),
    Chunked(Chunked),
    Close,
    End,
}

/// A request under way on HTTP/1.1.
pub(super) struct Http1 {
    method: Method,
    upgrades: bool,
    wire: Option<Wire>,
    home: Rc<Upstream>,
    clock: Rc<Clock>,
    out: Bytes,
    then: Bytes,
    upload: Option<Box<Upload>>,
    chunked: bool,
    begun: bool,
    sent: bool,
    progress: u64,
    heard: bool,
    interim: u32,
    rest: Rest,
    reusable: bool,
    trailers: Option<HeaderMap>,
}

impl Http1 {
    /// A request that is sent on `wire`.
    pub(super) fn new(home: Rc<Upstream>, clock: Rc<Clock>, wire: Wire, parts: &Parts, content: Content) -> Self {
        let chunked = content.framing() == Framing::Chunked;
        let (head, content) = together(parts, content);
        let (then, upload) = match content {
            Content::None => (Bytes::new(), None),
            Content::Whole(bytes) => (bytes, None),
            Content::Stream(upload, _) => (Bytes::new(), Some(upload)),
        };
        Self {
            method: parts.method.clone(),
            upgrades: parts.headers.contains_key(UPGRADE),
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
            interim: 0,
            rest: Rest::End,
            reusable: true,
            trailers: None,
        }
    }

    /// Bytes of the request that could be sent so far.
    pub(super) fn progress(&self) -> u64 {
        self.progress
    }

    /// Whether the caller's body has to go on before the request can.
    pub(super) fn awaits_caller(&self) -> bool {
        self.upload.as_ref().is_some_and(|upload| upload.is_waiting())
    }

    /// Sends the request and reads the head of the answer.
    pub(super) fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<Result<Answered, Failure>> {
        self.send(context)?;
        loop {
            let wire = self.wire.as_mut().ok_or(Failure::Closed)?;
            if let Some(answered) = take(&mut wire.buffer, &self.method, &mut self.interim)? {
                if answered.status == StatusCode::SWITCHING_PROTOCOLS && !self.upgrades {
                    return Poll::Ready(Err(broken("the upstream switched protocols without being asked")));
                }
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
        if answered.status == StatusCode::SWITCHING_PROTOCOLS {
            return;
        }
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
    pub(super) fn remaining(&self) -> Option<u64> {
        match self.rest {
            Rest::Length(left) => Some(left),
            Rest::End => Some(0),
            Rest::Chunked(_) | Rest::Close => None,
        }
    }

    /// Whether the whole body was taken.
    pub(super) fn is_finished(&self) -> bool {
        matches!(self.rest, Rest::End)
    }

    /// The connection of a request that was answered with 101, and what follows the answer on it.
    pub(super) fn into_wire(mut self) -> Option<(Socket, BytesMut)> {
        self.wire.take().map(|wire| (wire.socket, wire.buffer))
    }

    /// The trailers of an answer that is finished.
    pub(super) fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.trailers.take()
    }

    /// Whether there are trailers to take.
    pub(super) fn has_trailers(&self) -> bool {
        self.trailers.is_some()
    }

    /// The next part of the body; `None` at its end.
    pub(super) fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
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
                    if let Rest::Chunked(chunked) = &mut self.rest {
                        self.trailers = chunked.take_trailers();
                    }
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
        // What is left of the room is used up first, but not where one more call of the system would be the price.
        let least = if wire.fill > FILL { wire.fill } else { FILL / 4 };
        if wire.buffer.capacity() - wire.buffer.len() < least {
            wire.buffer.reserve(wire.fill);
        }
        let room = wire.buffer.capacity() - wire.buffer.len();
        let read = ready!(pin!(wire.socket.read_buf(&mut wire.buffer)).poll(context));
        match read {
            Ok(bytes) if bytes == room => wire.fill = LONG_FILL,
            Ok(bytes) if !self.heard && bytes < FILL => wire.fill = FILL,
            _ => {}
        }
        Poll::Ready(read)
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
                match ready!(Pin::new(&mut wire.socket).poll_write(context, part)) {
                    Ok(0) | Err(_) => return Poll::Ready(false),
                    Ok(wrote) => {
                        part.advance(wrote);
                        self.progress += wrote as u64;
                    }
                }
            }
        }
        Pin::new(&mut wire.socket).poll_flush(context).map(|flushed| flushed.is_ok())
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
}
