//! One connection of a caller, from accept to close.

use crate::answer::Answer;
use crate::clock::within;
use crate::link::{Link, Socket, sniff};
use crate::options::HEAD_BUFFER;
use crate::serve::{self, serve};
use crate::worker::Worker;
use bytes::BytesMut;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use yett_engine::Caller;
use yett_model::Code;

/// How long, and for how many bytes, a caller that is still sending after its answer is listened to: closing at once
/// would reset the connection and could destroy the answer on its way (RFC 9112 section 9.6).
const LINGER_FOR: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 1 << 20;

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

/// The state of a connection that its parts share.
pub(crate) struct Line {
    pub(crate) caller: Caller,
    doing: Cell<Doing>,
    due_us: Cell<u64>,
    stalled_us: Cell<u64>,
    active: Cell<u32>,
    unread: Cell<bool>,
    owed: Cell<bool>,
    held_back: Cell<bool>,
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
            caller,
            doing: Cell::new(Doing::Head),
            due_us: Cell::new(latest_us + header_timeout_us),
            stalled_us: Cell::new(NEVER),
            active: Cell::new(0),
            unread: Cell::new(false),
            owed: Cell::new(false),
            held_back: Cell::new(false),
            header_timeout_us,
            idle_timeout_us: limits.idle_timeout.as_micros() as u64,
            latest_us: Cell::new(latest_us),
            waker: RefCell::default(),
        })
    }

    /// Bytes came in.
    pub(crate) fn heard(&self) {
        if self.doing.get() == Doing::Idle {
            self.doing.set(Doing::Head);
            self.due_us.set(self.latest_us.get() + self.header_timeout_us);
        }
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

    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    fn is_overdue(&self) -> bool {
        let now_us = self.latest_us.get();
        now_us >= self.due_us.get() || now_us >= self.stalled_us.get()
    }

    fn listen(&self, context: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        match &mut *waker {
            Some(waker) => waker.clone_from(context.waker()),
            None => *waker = Some(context.waker().clone()),
        }
    }
}

/// How a conversation ended.
enum Ended {
    /// By itself.
    Over(hyper::Result<()>),
    /// The caller took too long.
    Overdue,
}

/// Serves a connection until it ends.
pub(crate) async fn attend(worker: Rc<Worker>, stream: TcpStream, caller: Caller) {
    let _ = stream.set_nodelay(true);
    let line = Line::new(caller, &worker);
    let _entry = worker.enter(&line);
    let Some((link, is_http2)) = begin(&worker, stream, &line).await else { return };
    match is_http2 {
        true => attend_http2(&worker, &line, link).await,
        false => attend_http1(&worker, &line, link).await,
    }
}

/// Opens the conversation, unless it takes too long or the gateway drains.
async fn begin(worker: &Worker, stream: TcpStream, line: &Rc<Line>) -> Option<(Link, bool)> {
    let mut opening = pin!(open(worker, stream, line));
    poll_fn(|context| {
        line.listen(context);
        match opening.as_mut().poll(context) {
            Poll::Pending if line.is_overdue() || worker.retires(false) => Poll::Ready(None),
            other => other,
        }
    })
    .await
}

/// Finds out which protocol the caller speaks; `None` if the connection came to nothing.
async fn open(worker: &Worker, mut stream: TcpStream, line: &Rc<Line>) -> Option<(Link, bool)> {
    let Some(acceptor) = &worker.shared.tls else {
        let (head, is_http2) = sniff(&mut stream).await.ok().filter(|(head, _)| !head.is_empty())?;
        return Some((Link::new(Socket::Plain(stream), head, line.clone(), !is_http2), is_http2));
    };
    let stream = acceptor.accept(stream).await.ok()?;
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Some((Link::new(Socket::Tls(Box::new(stream)), BytesMut::new(), line.clone(), !is_http2), is_http2))
}

async fn attend_http1(worker: &Rc<Worker>, line: &Rc<Line>, link: Link) {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BUFFER).max_header_size(worker.shared.limits.max_head_bytes).header_read_timeout(None);
    let answer = |request| respond(worker.clone(), line.clone(), request);
    let mut conversation = builder.serve_connection(TokioIo::new(link), service_fn(answer));
    let ended = converse(
        worker,
        line,
        Pin::new(&mut conversation),
        |conversation, context| conversation.poll(context),
        http1::Connection::graceful_shutdown,
    )
    .await;
    let mid_head = line.doing.get() == Doing::Head;
    let mut link = conversation.into_parts().io.into_inner();
    link.release();
    match ended {
        Ended::Over(Err(error)) if error.is_parse() => {
            let code = if error.is_parse_too_large() { Code::HeadersTooLarge } else { Code::RequestMalformed };
            let answer = serve::refuse_raw(worker, line, code, &error.to_string());
            // What follows an answer that is still on its way cannot be held back: hyper has answered then.
            let answer = if line.was_held_back() { answer } else { Vec::new() };
            dismiss(worker, &mut link, &answer).await;
        }
        Ended::Over(_) if line.is_unread() => dismiss(worker, &mut link, b"").await,
        Ended::Over(_) => {}
        Ended::Overdue if mid_head => {
            let code = if worker.retires(false) { Code::Draining } else { Code::RequestTimeout };
            let answer = serve::refuse_raw(worker, line, code, "the head took too long to arrive");
            dismiss(worker, &mut link, &answer).await;
        }
        Ended::Overdue => {}
    }
}

async fn attend_http2(worker: &Rc<Worker>, line: &Rc<Line>, link: Link) {
    let limits = worker.shared.limits;
    let mut builder = http2::Builder::new(LocalExecutor);
    builder
        .max_concurrent_streams(limits.max_streams)
        .max_header_list_size(limits.max_head_bytes as u32)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(100)
        .max_send_buf_size(HEAD_BUFFER);
    let answer = |request| respond(worker.clone(), line.clone(), request);
    let mut conversation = pin!(builder.serve_connection(TokioIo::new(link), service_fn(answer)));
    let poll = |conversation: Pin<&mut _>, context: &mut Context<'_>| Future::poll(conversation, context);
    if let Ended::Overdue = converse(worker, line, conversation.as_mut(), poll, http2::Connection::graceful_shutdown).await {
        conversation.as_mut().graceful_shutdown();
        let _ = within(&worker.clock, LINGER_FOR, conversation).await;
    }
}

async fn respond(worker: Rc<Worker>, line: Rc<Line>, request: Request<Incoming>) -> Result<Response<Answer>, Infallible> {
    Ok(serve(worker, line, request).await)
}

/// Drives a conversation; ends it when it is overdue, and lets it finish what it has begun when the gateway drains.
async fn converse<C>(
    worker: &Worker,
    line: &Line,
    mut conversation: Pin<&mut C>,
    poll: impl Fn(Pin<&mut C>, &mut Context<'_>) -> Poll<hyper::Result<()>>,
    retire: impl Fn(Pin<&mut C>),
) -> Ended {
    let mut retired = false;
    poll_fn(|context| {
        line.listen(context);
        if let Poll::Ready(result) = poll(conversation.as_mut(), context) {
            return Poll::Ready(Ended::Over(result));
        }
        if line.is_overdue() {
            return Poll::Ready(Ended::Overdue);
        }
        if !retired && worker.retires(line.active() > 0) {
            retired = true;
            retire(conversation.as_mut());
            if let Poll::Ready(result) = poll(conversation.as_mut(), context) {
                return Poll::Ready(Ended::Over(result));
            }
        }
        match worker.retires(false) && line.doing.get() == Doing::Head {
            true => Poll::Ready(Ended::Overdue),
            false => Poll::Pending,
        }
    })
    .await
}

/// Writes last words and ends the sending side, then listens for a while to what the caller still sends.
async fn dismiss(worker: &Worker, link: &mut Link, last_words: &[u8]) {
    let listen = async {
        let mut buffer = vec![0; 16 * 1024];
        let mut heard = 0;
        let _ = link.write_all(last_words).await;
        let _ = link.shutdown().await;
        while let Ok(more @ 1..) = link.read(&mut buffer).await {
            heard += more;
            if heard > LINGER_BYTES {
                break;
            }
        }
    };
    within(&worker.clock, LINGER_FOR, listen).await;
}

/// Runs the tasks of HTTP/2 streams on the worker's own thread.
#[derive(Clone)]
struct LocalExecutor;

impl<F: Future<Output: 'static> + 'static> hyper::rt::Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}
