//! The tunnel that an upgraded connection becomes: bytes both ways, bounded, until both sides have ended.
//!
//! It begins only after the upstream has agreed. What the caller sent ahead of that waits in the connection's buffer: it
//! goes through the tunnel, or nowhere.

mod extended;
mod frames;

use crate::clock::Alarm;
use crate::lease::Lease;
use crate::trip::Trip;
use crate::upstream::Socket;
use bytes::{Buf, BytesMut};
pub(crate) use extended::Extended;
use frames::Frames;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use yett_model::Code;

/// Bytes of each direction that wait for the other side.
const WAITING: usize = 16 * 1024;
/// How long both sides may take to hear that the tunnel has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Pieces moved before other connections get their turn.
const AT_ONCE: usize = 16;
/// How often the tunnel of a stream looks whether the gateway drains: only connections are told.
const LOOK_UP: Duration = Duration::from_millis(250);

/// Where a connection finds the tunnel that one of its requests has opened.
pub(crate) type Opened = Rc<RefCell<Option<Tunnel>>>;

/// An open tunnel and the request that it is.
pub(crate) struct Tunnel {
    trip: Box<Trip>,
    upstream: Socket,
    /// What the upstream sent behind its answer.
    ahead: BytesMut,
    idle: Duration,
}

/// What a tunnel takes the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// A connection of HTTP/1: nobody else looks after it any more.
    Connection,
    /// A stream of HTTP/2: its connection goes on, and looks after itself.
    Stream,
}

/// Which side failed.
enum Broken {
    Reader,
    Writer,
}

/// One direction.
struct Lane {
    waiting: BytesMut,
    frames: Frames,
    /// Nothing more is read.
    ended: bool,
    /// The other side knows that nothing more comes.
    closed: bool,
    moved: u64,
}

impl Lane {
    fn new(ahead: BytesMut) -> Self {
        let mut frames = Frames::default();
        frames.follow(&ahead);
        Self { moved: ahead.len() as u64, waiting: ahead, frames, ended: false, closed: false }
    }

    /// Moves what can be moved; tells whether anything was.
    fn poll<R, W>(&mut self, reader: &mut R, writer: &mut W, context: &mut Context<'_>) -> Result<bool, Broken>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut moved = false;
        for _ in 0..AT_ONCE {
            if !self.write(writer, context)? {
                return Ok(moved);
            }
            if self.ended || !self.read(reader, context)? {
                return Ok(moved);
            }
            moved = true;
        }
        context.waker().wake_by_ref();
        Ok(true)
    }

    /// Whether everything that waited was written.
    fn write<W: AsyncWrite + Unpin>(&mut self, writer: &mut W, context: &mut Context<'_>) -> Result<bool, Broken> {
        let mut writer = Pin::new(writer);
        while !self.waiting.is_empty() {
            match writer.as_mut().poll_write(context, &self.waiting) {
                Poll::Ready(Ok(wrote @ 1..)) => self.waiting.advance(wrote),
                Poll::Ready(_) => return Err(Broken::Writer),
                Poll::Pending => return Ok(false),
            }
        }
        let done = match self.ended && !self.closed {
            true => writer.poll_shutdown(context),
            false => writer.poll_flush(context),
        };
        self.closed |= self.ended && done.is_ready();
        match done {
            Poll::Ready(Err(_)) if !self.ended => Err(Broken::Writer),
            done => Ok(done.is_ready()),
        }
    }

    /// Whether something was read.
    fn read<R: AsyncRead + Unpin>(&mut self, reader: &mut R, context: &mut Context<'_>) -> Result<bool, Broken> {
        self.waiting.reserve(WAITING);
        match pin!(reader.take(WAITING as u64).read_buf(&mut self.waiting)).poll(context) {
            Poll::Ready(Ok(0)) => {
                self.ended = true;
                Ok(true)
            }
            Poll::Ready(Ok(read)) => {
                self.moved += read as u64;
                self.frames.follow(self.waiting.get(self.waiting.len() - read..).unwrap_or_default());
                Ok(true)
            }
            Poll::Ready(Err(_)) => Err(Broken::Reader),
            Poll::Pending => Ok(false),
        }
    }

    /// Ends the direction with a last frame, if one may begin here.
    fn dismiss(&mut self, farewell: &[u8]) {
        if !self.ended && self.frames.is_between() {
            self.waiting.extend_from_slice(farewell);
            self.ended = true;
        }
    }

    /// Reads nothing more; a last frame goes out, if one may begin here.
    fn stop(&mut self, farewell: &[u8]) {
        self.dismiss(farewell);
        self.ended = true;
    }

    /// Whether there is nothing left to do.
    fn is_over(&self) -> bool {
        self.closed && self.waiting.is_empty()
    }
}

impl Tunnel {
    pub(crate) fn new(trip: Box<Trip>, upstream: Socket, ahead: BytesMut, idle: Duration) -> Self {
        Self { trip, upstream, ahead, idle }
    }

    /// Runs until both sides have ended, one fails, nothing passes for too long, or the gateway drains; `early` is what
    /// the caller sent ahead. The request ends, and is recorded, with it.
    pub(crate) async fn run<C: AsyncRead + AsyncWrite + Unpin>(self, link: &mut C, early: BytesMut, of: Of) {
        let Self { mut trip, mut upstream, ahead, idle } = self;
        let (worker, line) = (trip.worker.clone(), trip.line.clone());
        let (mut to_upstream, mut to_caller) = (Lane::new(early), Lane::new(ahead));
        let mut alarm = Alarm::new(&worker.clock, idle);
        let mut look_up = Alarm::new(&worker.clock, LOOK_UP);
        let mut lease = Some(Lease::new(&worker));
        let mut lapsed: Option<String> = None;
        let ended = poll_fn(|context| {
            match of {
                Of::Connection => line.listen(context),
                Of::Stream => look_up.again(LOOK_UP, context),
            }
            if let Some(Poll::Ready(reason)) = lease.as_mut().map(|lease| lease.poll(&trip.exchange, context)) {
                let [first, second, third, fourth, ..] = worker.random().to_le_bytes();
                to_caller.stop(&frames::no_longer_allowed());
                to_upstream.stop(&frames::masked_goodbye([first, second, third, fourth]));
                alarm.reset(LAST_WORDS);
                (lease, lapsed) = (None, Some(reason));
            }
            if worker.retires(true) {
                let [first, second, third, fourth, ..] = worker.random().to_le_bytes();
                to_caller.dismiss(&frames::goodbye());
                to_upstream.dismiss(&frames::masked_goodbye([first, second, third, fourth]));
            }
            let out = to_upstream.poll(link, &mut upstream, context);
            let back = to_caller.poll(&mut upstream, link, context);
            (trip.end.bytes_in, trip.end.bytes_out) = (to_upstream.moved, to_caller.moved);
            if lapsed.is_some() {
                // Whoever does not take the last words is cut off without them.
                let over = out.is_err() || back.is_err() || (to_caller.is_over() && to_upstream.is_over());
                let waited = !over && alarm.poll(context).is_pending();
                return if waited { Poll::Pending } else { Poll::Ready(Err(Some(Code::AccessEnded))) };
            }
            match (out, back) {
                (Err(Broken::Reader), _) | (_, Err(Broken::Writer)) => Poll::Ready(Err(Some(Code::CallerGone))),
                (Err(Broken::Writer), _) | (_, Err(Broken::Reader)) => Poll::Ready(Err(Some(Code::UpstreamBroken))),
                _ if to_upstream.is_over() && to_caller.is_over() => Poll::Ready(Ok(())),
                _ if of == Of::Connection && line.overdue().is_some() => Poll::Ready(Err(None)),
                (Ok(false), Ok(false)) => alarm.poll(context).map(|()| Err(Some(Code::TunnelIdle))),
                (Ok(_), Ok(_)) => {
                    alarm.reset(idle);
                    alarm.poll(context).map(|()| Err(Some(Code::TunnelIdle)))
                }
            }
        })
        .await;
        match ended {
            Ok(()) => trip.complete(),
            // The caller takes nothing.
            Err(None) => {
                line.give_up(line.overdue());
                line.overdue().into_iter().for_each(|cause| worker.shard.cut(cause));
            }
            Err(Some(Code::AccessEnded)) => trip.fail(Code::AccessEnded, lapsed.unwrap_or_default()),
            Err(Some(code)) => trip.fail(code, "the tunnel ended before both of its sides did"),
        }
    }
}
