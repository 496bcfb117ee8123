//! The state of a connection that its parts share: what it is doing, and until when.

use crate::framing::Framing;
use crate::tls::Proof;
use crate::worker::Worker;
use std::cell::{Cell, OnceCell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::task::{Context, Waker};
use yett_engine::Caller;

const NEVER: u64 = u64::MAX;

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

/// Who has to act for the answer on an HTTP/2 stream to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The caller: a part of the answer is there for it.
    Caller,
    /// The upstream: its next part is not there.
    Upstream,
}

/// The state of a connection that its parts share.
pub(crate) struct Line {
    caller: RefCell<Caller>,
    proof: OnceCell<Proof>,
    doing: Cell<Doing>,
    due_us: Cell<u64>,
    stalled_us: Cell<u64>,
    active: Cell<u32>,
    begun: Cell<u64>,
    framing: RefCell<Framing>,
    unread: Cell<bool>,
    owed: Cell<bool>,
    held_back: Cell<bool>,
    turn: Cell<Option<Turn>>,
    given_up: Cell<bool>,
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
            stalled_us: Cell::new(NEVER),
            active: Cell::new(0),
            begun: Cell::new(0),
            framing: RefCell::new(Framing::new()),
            unread: Cell::new(false),
            owed: Cell::new(false),
            held_back: Cell::new(false),
            turn: Cell::new(None),
            given_up: Cell::new(false),
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

    /// Keeps what the handshake proved.
    pub(crate) fn prove(&self, proof: Proof) {
        self.caller.borrow_mut().client_certificate = proof.forwarded();
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

    /// Bytes went out, or the caller did not take them.
    pub(crate) fn spoke(&self, taken: bool) {
        match taken {
            true => self.stalled_us.set(NEVER),
            false if self.stalled_us.get() == NEVER => self.stalled_us.set(self.latest_us.get() + self.idle_timeout_us),
            false => {}
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

    /// A request ended.
    pub(crate) fn end(&self, worker: &Worker) {
        self.active.set(self.active.get().saturating_sub(1));
        if self.active.get() == 0 {
            self.latest_us.set(worker.clock.latest_us());
            self.doing.set(Doing::Idle);
            self.due_us.set(self.latest_us.get() + self.idle_timeout_us);
        }
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
        self.turn.set(Some(turn));
    }

    /// Whose turn it became when a stream was polled.
    pub(crate) fn take_turn(&self) -> Option<Turn> {
        self.turn.take()
    }

    /// Whether what is dropped now is given up: its caller does not take the answer.
    pub(crate) fn give_up(&self, given_up: bool) {
        self.given_up.set(given_up);
    }

    /// Whether what is dropped now is given up.
    pub(crate) fn gives_up(&self) -> bool {
        self.given_up.get()
    }

    /// Requests that have not ended.
    pub(crate) fn active(&self) -> u32 {
        self.active.get()
    }

    /// Looks at the time; wakes the connection if it has to act.
    pub(crate) fn tick(&self, now_us: u64, always: bool) {
        self.latest_us.set(now_us);
        if always || self.is_overdue() {
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

    /// Whether the caller took longer than allowed for what it is doing.
    pub(crate) fn is_overdue(&self) -> bool {
        let now_us = self.latest_us.get();
        now_us >= self.due_us.get() || now_us >= self.stalled_us.get()
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
