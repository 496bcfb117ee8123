//! The HTTP/2 connections to one target: shared by requests, opened when there is no room on those that are there.

use super::connect::connect;
use super::{Failure, Socket, Upstream};
use crate::clock::{Clock, within};
use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};
use tokio::sync::{Mutex, oneshot};
use tokio::task::{AbortHandle, spawn_local};

/// Most requests at once on one connection, even if the upstream takes more.
const MOST_STREAMS: usize = 100;
/// Bytes of an answer that may wait for a slow caller. The connection's window has room for all of them, so that no
/// caller that reads slowly holds up another.
const STREAM_WINDOW: u32 = 128 * 1024;
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * MOST_STREAMS as u32;
/// Bytes of a request that may wait in the library for the socket.
const SEND_BUFFER: usize = 64 * 1024;
const LARGEST_HEAD: u32 = 64 * 1024;
/// How long an upstream that takes no streams is left alone.
const REST_US: u64 = 1_000_000;

/// One connection.
struct Link {
    sender: SendRequest<Bytes>,
    tls: bool,
    taken: Cell<usize>,
    since_us: Cell<u64>,
    ended: Cell<bool>,
    driver: RefCell<Option<AbortHandle>>,
}

impl Drop for Link {
    /// Nobody will ask for a stream any more; those that go on hold the link themselves.
    fn drop(&mut self) {
        if let Some(driver) = self.driver.borrow_mut().take() {
            driver.abort();
        }
    }
}

impl Link {
    /// Whether a request may be sent. An upstream that has said goodbye shows here.
    fn has_room(&self) -> bool {
        let ready = self.sender.clone().poll_ready(&mut Context::from_waker(Waker::noop()));
        if matches!(ready, Poll::Ready(Err(_))) {
            self.ended.set(true);
        }
        let most = MOST_STREAMS.min(self.sender.current_max_send_streams());
        if most == 0 && self.taken.get() == 0 {
            // It took streams when it was opened: an upstream that changes its mind gets another connection, in the place
            // of this one.
            self.ended.set(true);
        }
        !self.ended.get() && self.taken.get() < most
    }
}

/// A request's place on a connection.
pub(crate) struct Place {
    link: Rc<Link>,
    sender: SendRequest<Bytes>,
    clock: Rc<Clock>,
}

impl Place {
    fn take(link: &Rc<Link>, clock: &Rc<Clock>) -> Self {
        link.taken.set(link.taken.get() + 1);
        Self { link: link.clone(), sender: link.sender.clone(), clock: clock.clone() }
    }

    pub(super) fn sender(&mut self) -> &mut SendRequest<Bytes> {
        &mut self.sender
    }

    pub(super) fn is_tls(&self) -> bool {
        self.link.tls
    }

    /// The connection takes no more requests; those on it go on.
    pub(super) fn retire(&self) {
        self.link.ended.set(true);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.link.taken.set(self.link.taken.get().saturating_sub(1));
        self.link.since_us.set(self.clock.latest_us());
    }
}

/// Runs a connection until it ends; tells once the upstream has said that it takes streams.
async fn drive(mut driver: Connection<Socket, Bytes>, link: Weak<Link>, tell: oneshot::Sender<()>) {
    let mut tell = Some(tell);
    poll_fn(|context| {
        let ended = Pin::new(&mut driver).poll(context);
        let takes = || link.upgrade().is_some_and(|link| link.sender.current_max_send_streams() > 0);
        if ended.is_pending() && tell.is_some() && takes() {
            tell.take().map(|tell| tell.send(()));
        }
        ended.map(drop)
    })
    .await;
    if let Some(link) = link.upgrade() {
        link.ended.set(true);
    }
}

/// The connections to a target.
#[derive(Default)]
pub(super) struct Connections {
    links: RefCell<Vec<Rc<Link>>>,
    opening: Mutex<()>,
    /// How often opening one has failed, and why the last time.
    failed: RefCell<(u64, String)>,
    /// Until when none is opened, as the upstream would take no request on it.
    rests_until_us: Cell<u64>,
}

impl Connections {
    /// A place on a connection that is there: the busiest with room, so that others can end.
    pub(super) fn idle(&self, clock: &Rc<Clock>) -> Option<Place> {
        let links = self.links.borrow();
        let roomy = links.iter().filter(|link| link.has_room()).max_by_key(|link| link.taken.get());
        roomy.map(|link| Place::take(link, clock))
    }

    /// A place, on a new connection unless another request has just opened one. One opens at a time; if it fails, it
    /// fails for all who waited for it.
    pub(super) async fn open(&self, upstream: &Upstream, clock: &Rc<Clock>) -> Result<Place, Failure> {
        let failures = self.failed.borrow().0;
        let opened = self.links.borrow().len();
        let _turn = self.opening.lock().await;
        if self.failed.borrow().0 != failures || clock.latest_us() < self.rests_until_us.get() {
            return Err(Failure::Unreachable(self.failed.borrow().1.clone()));
        }
        if let Some(place) = self.idle(clock).filter(|_| self.links.borrow().len() != opened) {
            return Ok(place);
        }
        match self.connect(upstream, clock).await {
            Ok(link) => Ok(Place::take(&link, clock)),
            Err(failure) => {
                if let Failure::Unreachable(reason) = &failure {
                    let mut failed = self.failed.borrow_mut();
                    *failed = (failed.0 + 1, reason.clone());
                }
                Err(failure)
            }
        }
    }

    async fn connect(&self, upstream: &Upstream, clock: &Rc<Clock>) -> Result<Rc<Link>, Failure> {
        let socket = connect(upstream, clock).await?;
        let tls = matches!(socket, Socket::Tls(_));
        let mut builder = Builder::new();
        builder
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(LARGEST_HEAD)
            .max_send_buffer_size(SEND_BUFFER)
            // None before the upstream has said how many it takes: those too many would wait behind others.
            .initial_max_send_streams(0)
            .enable_push(false);
        let (sender, driver) = builder
            .handshake::<_, Bytes>(socket)
            .await
            .map_err(|error| Failure::Unreachable(format!("{} does not speak HTTP/2: {error}", upstream.name)))?;
        let link = Rc::new(Link {
            sender,
            tls,
            taken: Cell::new(0),
            since_us: Cell::new(clock.latest_us()),
            ended: Cell::new(false),
            driver: RefCell::default(),
        });
        let (tell, told) = oneshot::channel();
        *link.driver.borrow_mut() = Some(spawn_local(drive(driver, Rc::downgrade(&link), tell)).abort_handle());
        let agreed = within(clock, upstream.connect_timeout, told).await;
        if !matches!(agreed, Some(Ok(()))) {
            self.rests_until_us.set(clock.latest_us() + REST_US);
            return Err(Failure::Unreachable(format!("{} does not speak HTTP/2: it takes no streams", upstream.name)));
        }
        self.links.borrow_mut().push(link.clone());
        Ok(link)
    }

    /// Forgets connections that ended, and those without a request since `oldest_us`.
    pub(super) fn sweep(&self, oldest_us: u64) {
        self.links.borrow_mut().retain(|link| match link.taken.get() {
            _ if link.ended.get() => false,
            0 => link.since_us.get() > oldest_us,
            _ => true,
        });
    }
}
