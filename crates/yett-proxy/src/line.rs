//! The state of a connection that its parts share: what it is doing, and until when.

use crate::framing::Framing;
use crate::patience::Patience;
use crate::tls::Proof;
use crate::worker::Worker;
use std::cell::{Cell, OnceCell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Waker};
use yett_engine::Caller;

const NEVER: u64 = u64::MAX;

/// How long it takes until every abandoned request is forgiven.
const FORGIVEN_US: u64 = 10_000_000;

/// How long a connection of HTTP/1 is idle until it gives back the room that requests need.
const REST_AFTER_US: u64 = 1_000_000;

/// What a frame of HTTP/2 that brings nothing weighs, in bytes of answers: so many of them forgive it.
const IDLE_FRAME: u64 = 64;
/// How much of that may be unforgiven: a thousand frames.
const MOST_CHATTER: u64 = 1000 * IDLE_FRAME;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// Waiting for a request.
    Idle,
    /// A head is arriving.
    Head,
    /// Requests are handled.
    Busy,
}

/// Why a caller was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The head of a request took too long to arrive.
    Head,
    /// No request came.
    Idle,
    /// The answer was taken too slowly.
    Untaken,
    /// The request took longer than allowed in all.
    Overdue,
    /// Too many requests were abandoned.
    Resets,
    /// Too many frames brought nothing.
    Chatter,
}

impl Cause {
    /// The label of each cause in metrics, in the order of the variants.
    pub(crate) const LABELS: [&str; 6] = ["head", "idle", "untaken", "overdue", "resets", "chatter"];
}

/// Who has to act for the answer on an HTTP/2 stream to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The caller: so many bytes of the answer are there for it.
    Caller(u64),
    /// The upstream: its next part is not there.
    Upstream,
}

/// Bytes that the caller did not take, and how long it may go on so.
#[derive(Debug, Clone, Copy)]
struct Taking {
    patience: Patience,
    since_us: u64,
}

/// The state of a connection that its parts share.
pub(crate) struct Line {
    caller: RefCell<Caller>,
    proof: OnceCell<Proof>,
    doing: Cell<Doing>,
    due_us: Cell<u64>,
    taking: Cell<Taking>,
    active: Cell<u32>,
    begun: Cell<u64>,
    framing: RefCell<Framing>,
    unread: Cell<bool>,
    owed: Cell<bool>,
    held_back: Cell<bool>,
    /// Whether there is a conversation of HTTP/1 with room for requests.
    roomy: Cell<bool>,
    turn: Cell<Option<Turn>>,
    stream_due_us: Cell<Option<u64>>,
    given_up: Cell<Option<Cause>>,
    /// Abandoned requests that are not forgiven, as microseconds until they are.
    unforgiven_us: Cell<(u64, u64)>,
    /// What frames that brought nothing weigh and is not forgiven, and since when.
    chatter: Cell<(u64, u64)>,
    max_resets: u32,
    header_timeout_us: u64,
    idle_timeout_us: u64,
    latest_us: Cell<u64>,
    waker: RefCell<Option<Waker>>,
}

impl Line {
    pub(crate) fn new(caller: Caller, worker: &Worker) -> Rc<Self> {
        let limits = worker.shared.limits;
        let header_timeout_us = limits.header_timeout.as_micros() as u64;
        let latest_us = worker.clock.latest_us();
        Rc::new(Self {
            caller: RefCell::new(caller),
            proof: OnceCell::new(),
            doing: Cell::new(Doing::Head),
            due_us: Cell::new(latest_us + header_timeout_us),
            taking: Cell::new(Taking { patience: Patience::new(limits.idle_timeout, limits.min_download_rate), since_us: NEVER }),
            active: Cell::new(0),
            begun: Cell::new(0),
            framing: RefCell::new(Framing::new()),
            unread: Cell::new(false),
            owed: Cell::new(false),
            held_back: Cell::new(false),
            roomy: Cell::new(false),
            turn: Cell::new(None),
            stream_due_us: Cell::new(None),
            given_up: Cell::new(None),
            unforgiven_us: Cell::new((0, latest_us)),
            chatter: Cell::new((0, latest_us)),
            max_resets: limits.max_resets,
            header_timeout_us,
            idle_timeout_us: limits.idle_timeout.as_micros() as u64,
            latest_us: Cell::new(latest_us),
            waker: RefCell::default(),
        })
    }

    /// The peer, as far as it is known.
    pub(crate) fn caller(&self) -> Caller {
        self.caller.borrow().clone()
    }

    /// A proxy passes the connection on from another peer.
    pub(crate) fn introduce(&self, address: IpAddr) {
        self.caller.borrow_mut().address = address;
    }

    /// The proxy that passes the connection on does not say whose it is.
    pub(crate) fn leave_nameless(&self) {
        self.caller.borrow_mut().nameless = true;
    }

    /// Keeps what the handshake proved.
    pub(crate) fn prove(&self, proof: Proof) {
        let mut caller = self.caller.borrow_mut();
        caller.client_certificate = proof.forwarded();
        caller.certificate = proof.identity().map(Arc::new);
        drop(caller);
        let _ = self.proof.set(proof);
    }

    /// What the handshake proved; `None` on a plain connection.
    pub(crate) fn proof(&self) -> Option<&Proof> {
        self.proof.get()
    }

    /// Bytes of HTTP/1 came in.
    pub(crate) fn heard(&self, bytes: &[u8]) {
        self.framing.borrow_mut().follow(bytes);
        if self.doing.get() == Doing::Idle {
            self.doing.set(Doing::Head);
            self.due_us.set(self.latest_us.get() + self.header_timeout_us);
        }
    }

    /// Whether the request that began last, if it has `Transfer-Encoding`, came with `Content-Length` too.
    pub(crate) fn has_two_framings(&self) -> bool {
        self.framing.borrow().is_doubtful(self.begun.get())
    }

    /// What is wrong with the bytes of the request that began last, although its head looks sound.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        self.framing.borrow().fault(self.begun.get())
    }

    /// So many bytes went out.
    pub(crate) fn spoke(&self, bytes: usize) {
        let mut taking = self.taking.get();
        let waited_us = self.latest_us.get().saturating_sub(taking.since_us);
        taking.patience.settle(waited_us, bytes as u64);
        taking.since_us = NEVER;
        self.taking.set(taking);
        let (weight, since_us) = self.chatter.get();
        if weight > 0 {
            self.chatter.set((weight.saturating_sub(bytes as u64), since_us));
        }
    }

    /// The caller does not take what there is for it.
    pub(crate) fn stalls(&self) {
        let taking = self.taking.get();
        if taking.since_us == NEVER {
            self.taking.set(Taking { since_us: self.latest_us.get(), ..taking });
        }
    }

    /// A request begins.
    pub(crate) fn begin(&self) {
        self.active.set(self.active.get() + 1);
        self.begun.set(self.begun.get() + 1);
        self.owed.set(true);
        self.doing.set(Doing::Busy);
        self.due_us.set(NEVER);
    }

    /// The answer on this connection, which has one at a time, must have ended by then.
    pub(crate) fn expect_by(&self, due_us: u64) {
        self.due_us.set(due_us);
    }

    /// A request ended.
    pub(crate) fn end(&self, worker: &Worker) {
        self.active.set(self.active.get().saturating_sub(1));
        if self.active.get() == 0 {
            self.latest_us.set(worker.clock.latest_us());
            self.doing.set(Doing::Idle);
            self.due_us.set(self.latest_us.get() + self.idle_timeout_us);
        }
    }

    /// The caller abandoned a request.
    pub(crate) fn abandoned(&self) {
        let (unforgiven_us, since_us) = self.unforgiven_us.get();
        let now_us = self.latest_us.get();
        let left_us = unforgiven_us.saturating_sub(now_us.saturating_sub(since_us));
        let one_us = FORGIVEN_US.checked_div(u64::from(self.max_resets)).unwrap_or(FORGIVEN_US);
        self.unforgiven_us.set((left_us + one_us, now_us));
    }

    /// So many frames brought nothing.
    pub(crate) fn chattered(&self, frames: u64) {
        let (weight, since_us) = self.chatter.get();
        let now_us = self.latest_us.get();
        let forgiven = now_us.saturating_sub(since_us).saturating_mul(MOST_CHATTER) / FORGIVEN_US;
        self.chatter.set((weight.saturating_sub(forgiven) + frames * IDLE_FRAME, now_us));
    }

    /// The caller was answered before its whole body was read.
    pub(crate) fn leave_unread(&self) {
        self.unread.set(true);
    }

    /// Whether the caller was answered before its whole body was read.
    pub(crate) fn is_unread(&self) -> bool {
        self.unread.get()
    }

    /// Everything that was handed over is written.
    pub(crate) fn flushed(&self) {
        if self.active.get() == 0 {
            self.owed.set(false);
        }
    }

    /// Whether bytes to write belong to no request, so that they are held back.
    pub(crate) fn hold_back(&self) -> bool {
        let nobodys = self.active.get() == 0 && !self.owed.get();
        self.held_back.set(self.held_back.get() || nobodys);
        nobodys
    }

    /// Whether bytes were held back.
    pub(crate) fn was_held_back(&self) -> bool {
        self.held_back.get()
    }

    /// Notes, while a stream is polled, whose turn it is on that stream.
    pub(crate) fn set_turn(&self, turn: Turn) {
        let turn = match (self.turn.get(), turn) {
            (Some(Turn::Caller(before)), Turn::Caller(more)) => Turn::Caller(before + more),
            (_, turn) => turn,
        };
        self.turn.set(Some(turn));
    }

    /// Whose turn it became when a stream was polled.
    pub(crate) fn take_turn(&self) -> Option<Turn> {
        self.turn.take()
    }

    /// Notes, while a stream is polled, when its answer must have ended.
    pub(crate) fn expect_stream_by(&self, due_us: u64) {
        self.stream_due_us.set(Some(due_us));
    }

    /// When the answer of the stream that was polled must have ended, if that was said.
    pub(crate) fn take_stream_due(&self) -> Option<u64> {
        self.stream_due_us.take()
    }

    /// Why what is dropped now is given up, if it is.
    pub(crate) fn give_up(&self, cause: Option<Cause>) {
        self.given_up.set(cause);
    }

    /// Why what is dropped now is given up, if it is.
    pub(crate) fn given_up(&self) -> Option<Cause> {
        self.given_up.get()
    }

    /// Requests that have not ended.
    pub(crate) fn active(&self) -> u32 {
        self.active.get()
    }

    /// Notes whether there is a conversation of HTTP/1 with room for requests.
    pub(crate) fn set_roomy(&self, roomy: bool) {
        self.roomy.set(roomy);
    }

    /// Whether room for requests was not needed for so long that it should be given back: nothing of a next request has
    /// come, and every byte of the answers has gone.
    pub(crate) fn may_rest(&self) -> bool {
        let idle_since_us = self.due_us.get().saturating_sub(self.idle_timeout_us);
        self.roomy.get()
            && self.doing.get() == Doing::Idle
            && !self.owed.get()
            && self.latest_us.get() >= idle_since_us + REST_AFTER_US
    }

    /// Looks at the time; wakes the connection if it has to act.
    pub(crate) fn tick(&self, now_us: u64, always: bool) {
        self.latest_us.set(now_us);
        if always || self.overdue().is_some() || self.may_rest() {
            self.wake();
        }
    }

    /// Whether a head has begun to arrive and is not there yet.
    pub(crate) fn is_mid_head(&self) -> bool {
        self.doing.get() == Doing::Head
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Why the caller must be cut off, if it must: it took longer than allowed for what it is doing, or abandons too much.
    pub(crate) fn overdue(&self) -> Option<Cause> {
        let now_us = self.latest_us.get();
        let taking = self.taking.get();
        if now_us.saturating_sub(taking.since_us) >= taking.patience.left_us() && taking.since_us != NEVER {
            return Some(Cause::Untaken);
        }
        if self.unforgiven_us.get().0 > FORGIVEN_US {
            return Some(Cause::Resets);
        }
        if self.chatter.get().0 > MOST_CHATTER {
            return Some(Cause::Chatter);
        }
        (now_us >= self.due_us.get()).then(|| match self.doing.get() {
            Doing::Head => Cause::Head,
            Doing::Idle => Cause::Idle,
            Doing::Busy => Cause::Overdue,
        })
    }

    /// Keeps the waker of the connection's task.
    pub(crate) fn listen(&self, context: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        match &mut *waker {
            Some(waker) => waker.clone_from(context.waker()),
            None => *waker = Some(context.waker().clone()),
        }
    }
}
