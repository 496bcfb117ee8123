//! Upstream connections of one worker: HTTP/1.1 and HTTP/2 over TCP or TLS, kept alive and used again.
//!
//! The gateway writes its own requests and reads answers strictly. The codec is its own so that the caller's fields are
//! written without a copy, a request can be sent again, and head, body and answer are handled within one task.

mod chunked;
mod connect;
mod content;
mod either;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod head;
mod http1;
mod http2;
mod names;
mod shared;
mod trust;

pub(crate) use content::Content;
pub(crate) use either::Call;
pub(crate) use head::Answered;
pub(crate) use trust::{check, check_trust};

use crate::clock::Clock;
use crate::fetch::Reach;
use bytes::BytesMut;
use names::Addresses;
use shared::{Connections, Place};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use trust::Trust;
use yett_engine::plan::{ApiPlan, TargetPlan};
use yett_model::Code;
use yett_model::snapshot::{Protocol, UpstreamTls};

/// Why a request got no answer, or not all of it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No connection could be made.
    Unreachable(String),
    /// The connection was closed before the first byte of an answer.
    Closed,
    /// The upstream says that it has not begun the request: it may be sent again, whatever it is.
    Unprocessed,
    /// There was no place to wait for a connection.
    Overloaded(&'static str),
    /// The answer cannot be passed on.
    Broken(String),
    /// The answer did not come in time.
    Timeout(&'static str),
    /// The caller's body is longer than allowed.
    BodyTooLarge,
    /// The caller's body ended early.
    BodyIncomplete,
    /// The caller's body did not come in time.
    BodyTimeout,
}

impl Failure {
    /// Whether the caller's body failed, and not the upstream.
    pub(crate) fn is_callers(&self) -> bool {
        matches!(self, Self::BodyTooLarge | Self::BodyIncomplete | Self::BodyTimeout)
    }

    /// Code and reason for the record.
    pub(crate) fn explain(self) -> (Code, String) {
        match self {
            Self::Unreachable(reason) => (Code::UpstreamUnreachable, reason),
            Self::Overloaded(reason) => (Code::UpstreamOverloaded, reason.to_owned()),
            Self::Closed => (Code::UpstreamBroken, "the upstream closed the connection without an answer".to_owned()),
            Self::Unprocessed => (Code::UpstreamBroken, "the upstream took no more requests on the connection".to_owned()),
            Self::Broken(reason) => (Code::UpstreamBroken, reason),
            Self::Timeout(reason) => (Code::UpstreamTimeout, reason.to_owned()),
            Self::BodyTooLarge => (Code::BodyTooLarge, "the body is longer than the operation allows".to_owned()),
            Self::BodyIncomplete => (Code::BodyIncomplete, "the caller's body ended early".to_owned()),
            Self::BodyTimeout => (Code::RequestTimeout, "the body took too long to arrive".to_owned()),
        }
    }
}

pub(crate) fn broken(reason: impl Into<String>) -> Failure {
    Failure::Broken(reason.into())
}

/// A connection's bytes.
pub(crate) enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

impl Socket {
    /// Whether an idle connection has news: an end, or bytes nobody asked for. Either way it is of no more use.
    fn has_news(&mut self) -> bool {
        let mut byte = [0];
        Pin::new(self).poll_read(&mut Context::from_waker(Waker::noop()), &mut ReadBuf::new(&mut byte)).is_ready()
    }
}

/// A connection that can take a request.
pub(crate) enum Connection {
    /// One of HTTP/1.1, which takes one request at a time.
    Http1(Wire),
    /// A place on one of HTTP/2, which takes many.
    Http2(Place),
}

/// An open connection of HTTP/1.1.
pub(crate) struct Wire {
    socket: Socket,
    buffer: BytesMut,
    /// Bytes to read at once: more where the answers before were long.
    fill: usize,
}

struct Idle {
    wire: Wire,
    since_us: u64,
}

/// One target as a worker reaches it.
pub(crate) struct Upstream {
    name: String,
    port: u16,
    trust: Option<Trust>,
    connect_timeout: Duration,
    idle: RefCell<Vec<Idle>>,
    /// With HTTP/2: the connections that requests share.
    shared: Option<Connections>,
    addresses: Rc<Addresses>,
    /// Where it may be; absent means anywhere: the targets of APIs are the operator's own.
    reach: Option<Reach>,
    most_idle: usize,
    idle_for_us: u64,
}

/// Somebody the gateway itself asks, over HTTP/1.1.
pub(crate) struct Peer<'a> {
    pub(crate) name: &'a str,
    pub(crate) port: u16,
    pub(crate) secure: bool,
    pub(crate) ca_pem: Option<&'a str>,
    pub(crate) tls: Option<&'a UpstreamTls>,
    pub(crate) connect_timeout: Duration,
    pub(crate) reach: Reach,
}

/// How often the name of a peer is looked up again.
const PEER_REFRESH_MS: u64 = 10_000;
/// Idle connections to a peer, and how long they are kept.
const PEER_MOST_IDLE: usize = 32;
const PEER_IDLE_FOR_US: u64 = 30_000_000;

impl Upstream {
    /// One for a peer, which is reached only where it may be.
    pub(crate) fn guarded(peer: &Peer<'_>) -> Rc<Self> {
        Rc::new(Self {
            name: peer.name.to_owned(),
            port: peer.port,
            trust: peer.secure.then(|| Trust::of(peer.name, peer.ca_pem, peer.tls, false)),
            connect_timeout: peer.connect_timeout,
            idle: RefCell::default(),
            shared: None,
            addresses: Addresses::new(peer.name, peer.port, PEER_REFRESH_MS),
            reach: Some(peer.reach),
            most_idle: PEER_MOST_IDLE,
            idle_for_us: PEER_IDLE_FOR_US,
        })
    }

    /// The same, with a name service that gives these answers in turn.
    #[cfg(test)]
    pub(crate) fn guarded_with(peer: &Peer<'_>, answers: Vec<Vec<std::net::SocketAddr>>) -> Rc<Self> {
        let addresses = Addresses::scripted(peer.name, peer.port, answers);
        let guarded = Self::guarded(peer);
        Rc::new(Self { addresses, ..Rc::into_inner(guarded).unwrap() })
    }

    /// An idle connection that is still open, the one used last first.
    pub(crate) fn idle(&self, clock: &Rc<Clock>) -> Option<Connection> {
        if let Some(shared) = &self.shared {
            return shared.idle(clock).map(Connection::Http2);
        }
        let mut idle = self.idle.borrow_mut();
        while let Some(Idle { mut wire, since_us }) = idle.pop() {
            if since_us + self.idle_for_us > clock.latest_us() && !wire.socket.has_news() {
                return Some(Connection::Http1(wire));
            }
        }
        None
    }

    /// A new connection.
    pub(crate) async fn connect(&self, clock: &Rc<Clock>) -> Result<Connection, Failure> {
        if let Some(shared) = &self.shared {
            return shared.open(self, clock).await.map(Connection::Http2);
        }
        let socket = connect::connect(self, clock).await?;
        Ok(Connection::Http1(Wire { socket, buffer: BytesMut::new(), fill: http1::FILL }))
    }

    fn keep(&self, wire: Wire, clock: &Clock) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() < self.most_idle && wire.buffer.is_empty() {
            idle.push(Idle { wire, since_us: clock.latest_us() });
        }
    }

    /// Closes what has been idle too long or was closed by the other side.
    pub(crate) fn sweep(&self, clock: &Clock) {
        let oldest = clock.latest_us().saturating_sub(self.idle_for_us);
        if let Some(shared) = &self.shared {
            shared.sweep(oldest);
        }
        self.idle.borrow_mut().retain_mut(|idle| idle.since_us > oldest && !idle.wire.socket.has_news());
    }
}

/// The upstreams of one worker, kept over changes of the plan so that connections survive them.
pub(crate) struct Upstreams {
    most_idle: usize,
    idle_for: Duration,
    known: RefCell<HashMap<String, Rc<Upstream>>>,
}

impl Upstreams {
    pub(crate) fn new(most_idle: usize, idle_for: Duration) -> Self {
        Self { most_idle, idle_for, known: RefCell::default() }
    }

    /// The upstream of a target.
    pub(crate) fn get(&self, api: &ApiPlan, target: &TargetPlan) -> Rc<Upstream> {
        let settings = &api.upstream;
        let mut key = format!(
            "{}://{}:{} {} {} {:?}",
            target.tls, target.name, target.port, settings.connect_timeout_ms, settings.dns_refresh_ms, settings.protocol
        );
        let _ = write!(key, " {}", trust::key(&api.upstream));
        self.known.borrow_mut().entry(key).or_insert_with(|| Rc::new(self.make(api, target))).clone()
    }

    fn make(&self, api: &ApiPlan, target: &TargetPlan) -> Upstream {
        let is_http2 = api.upstream.protocol == Protocol::Http2;
        Upstream {
            name: target.name.clone(),
            port: target.port,
            trust: target.tls.then(|| Trust::new(&target.name, &api.upstream, is_http2)),
            connect_timeout: Duration::from_millis(api.upstream.connect_timeout_ms),
            idle: RefCell::default(),
            shared: is_http2.then(Connections::default),
            addresses: Addresses::new(&target.name, target.port, api.upstream.dns_refresh_ms),
            reach: None,
            most_idle: self.most_idle,
            idle_for_us: self.idle_for.as_micros() as u64,
        }
    }

    /// Closes idle connections that are of no more use, and forgets upstreams that no plan names any more.
    pub(crate) fn sweep(&self, clock: &Clock) {
        let mut known = self.known.borrow_mut();
        known.values().for_each(|upstream| upstream.sweep(clock));
        known.retain(|_, upstream| Rc::strong_count(upstream) > 1);
    }
}
