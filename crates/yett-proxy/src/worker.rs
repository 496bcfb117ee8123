//! A worker: one thread, one runtime, its own listeners, its own upstream connections.

use crate::ask::Asker;
use crate::cache::Store;
use crate::clock::{Clock, TICK};
use crate::connection::attend;
use crate::crowd::Crowd;
use crate::drain::{Order, Report};
use crate::line::Line;
use crate::listen::Door;
use crate::local::LocalPlan;
use crate::metrics::{Full, Shard};
use crate::options::{Limits, Network, Overload};
use crate::passwords::Passwords;
use crate::pools::States;
use crate::random::Random;
use crate::record::Recorder;
use crate::shed::Lag;
use crate::tls::Security;
use crate::upstream::Upstreams;
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::hint::black_box;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{MissedTickBehavior, interval};
use yett_engine::{Caller, End, Engine, Exchange, Plan};
use yett_model::Code;

/// How long an idle connection may still bring a request while the gateway drains: it may be on its way already.
const LAST_CALL_US: u64 = 150_000;
const TURNED_AWAY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

const ADDRESS_TURNED_AWAY: &[u8] =
    b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// What all workers share.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    /// What is known of the targets.
    pub(crate) states: States,
    /// Decides while there is no snapshot: it knows no API.
    pub(crate) nothing: Arc<Plan>,
    pub(crate) limits: Limits,
    pub(crate) security: Option<Security>,
    /// Who may write a PROXY header.
    pub(crate) proxies: Vec<Network>,
    pub(crate) start: Instant,
    pub(crate) connections: AtomicUsize,
    pub(crate) crowd: Crowd,
    pub(crate) overload: Overload,
    pub(crate) cache: Arc<Store>,
    /// Asks others what requests need to know.
    pub(crate) asker: Arc<Asker>,
    pub(crate) passwords: Passwords,
}

/// A worker's own.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) clock: Rc<Clock>,
    pub(crate) shard: Arc<Shard>,
    pub(crate) lag: Lag,
    random: RefCell<Random>,
    local: RefCell<Rc<LocalPlan>>,
    upstreams: Upstreams,
    recorder: RefCell<Recorder>,
    lines: RefCell<Slab<Rc<Line>>>,
    draining_since_us: Cell<Option<u64>>,
    cut: Cell<bool>,
    /// What the engine's epoch was when streams were last told.
    epoch: Cell<u64>,
}

/// A connection's place in its worker's books.
pub(crate) struct Entry<'a> {
    worker: &'a Worker,
    key: usize,
}

/// A connection's place among those that all workers may have, given back when it is dropped.
pub(crate) struct Place {
    shared: Arc<Shared>,
    address: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.connections.fetch_sub(1, Ordering::Relaxed);
        self.address.into_iter().for_each(|address| self.shared.crowd.leave(address));
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.worker.lines.borrow_mut().try_remove(self.key);
        self.worker.shard.connections.subtract(1);
    }
}

impl Worker {
    fn new(shared: Arc<Shared>, shard: Arc<Shard>, recorder: Recorder) -> Self {
        let upstreams = Upstreams::new(shared.limits.upstream_idle_connections, shared.limits.upstream_idle_timeout);
        let local = LocalPlan::new(shared.nothing.clone(), shard.clone(), &upstreams, &shared, None, 0);
        Self {
            clock: Clock::new(shared.start),
            lag: Lag::default(),
            shared,
            shard,
            random: RefCell::new(Random::new()),
            local: RefCell::new(Rc::new(local)),
            upstreams,
            recorder: RefCell::new(recorder),
            lines: RefCell::default(),
            draining_since_us: Cell::new(None),
            cut: Cell::new(false),
            epoch: Cell::new(0),
        }
    }

    /// The plan in force, as this worker uses it.
    pub(crate) fn local(&self) -> Rc<LocalPlan> {
        let plan = self.shared.engine.plan().unwrap_or_else(|| self.shared.nothing.clone());
        let mut local = self.local.borrow_mut();
        if !Arc::ptr_eq(local.plan(), &plan) {
            let (random, shard) = (self.random() as u64, self.shard.clone());
            *local = Rc::new(LocalPlan::new(plan, shard, &self.upstreams, &self.shared, Some(&local), random));
        }
        local.clone()
    }

    pub(crate) fn random(&self) -> u128 {
        self.random.borrow_mut().next()
    }

    /// Records an exchange that ended.
    pub(crate) fn record(&self, exchange: &Exchange, end: &End) {
        self.recorder.borrow_mut().record(exchange, end);
        if let Some(code) = exchange.code() {
            self.shard.refused(code);
        }
        exchange.would_deny().for_each(|guard| self.shard.would_deny(guard));
    }

    /// Whether what is dropped now is dropped because the time to drain was over.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.get()
    }

    /// Whether a connection should end as soon as it can.
    pub(crate) fn retires(&self, busy: bool) -> bool {
        self.draining_since_us.get().is_some_and(|since| busy || self.clock.latest_us() >= since + LAST_CALL_US)
    }

    /// Books a connection.
    pub(crate) fn enter(&self, line: &Rc<Line>) -> Entry<'_> {
        self.shard.connections.add(1);
        Entry { worker: self, key: self.lines.borrow_mut().insert(line.clone()) }
    }

    fn is_quiet(&self) -> bool {
        self.lines.borrow().is_empty()
    }

    fn tick(&self) {
        self.clock.tick();
        self.lag.tick(self.clock.latest_us());
        let epoch = self.shared.engine.epoch();
        if self.epoch.replace(epoch) != epoch {
            self.clock.call_out();
        }
        let draining = self.draining_since_us.get().is_some();
        let lines: Vec<Rc<Line>> = self.lines.borrow().iter().map(|(_, line)| line.clone()).collect();
        lines.iter().for_each(|line| line.tick(self.clock.latest_us(), draining));
        self.recorder.borrow_mut().flush();
    }

    /// The address, if its connections are counted: those of a proxy are many callers'.
    fn counted(&self, address: IpAddr) -> Option<IpAddr> {
        let address = address.to_canonical();
        let proxy = self.shared.proxies.iter().any(|proxy| proxy.contains(address))
            || self.shared.engine.plan().is_some_and(|plan| plan.trusted_proxies().contains(address));
        (!proxy).then_some(address)
    }

    /// Books a connection for its address; `false` if that has as many as it may have.
    pub(crate) fn seat(&self, place: &mut Place, address: IpAddr) -> bool {
        let Some(address) = self.counted(address).filter(|_| place.address.is_none()) else { return true };
        let entered = self.shared.crowd.enter(address, self.shared.limits.max_connections_per_address);
        place.address = entered.then_some(address);
        entered
    }

    /// Notes that a proxy passed on a connection of an address that has too many.
    pub(crate) fn turned_away(&self) {
        self.shard.turn_away(Full::Address);
        self.shard.refused(Code::ConnectionsExceeded);
    }

    fn turn_away(&self, stream: &TcpStream, full: Full, door: Door) {
        self.shard.turn_away(full);
        let (code, answer) = match full {
            Full::Gateway => (Code::Overloaded, TURNED_AWAY),
            Full::Address => (Code::ConnectionsExceeded, ADDRESS_TURNED_AWAY),
        };
        self.shard.refused(code);
        if !door.tls {
            let _ = stream.try_write(answer);
        }
    }

    /// Serves an accepted connection, or turns it away when there are too many.
    fn admit(self: &Rc<Self>, stream: TcpStream, address: SocketAddr, door: Door) {
        let limits = &self.shared.limits;
        if self.shared.connections.fetch_add(1, Ordering::Relaxed) >= limits.max_connections {
            self.shared.connections.fetch_sub(1, Ordering::Relaxed);
            return self.turn_away(&stream, Full::Gateway, door);
        }
        let mut place = Place { shared: self.shared.clone(), address: None };
        if !self.seat(&mut place, address.ip()) {
            return self.turn_away(&stream, Full::Address, door);
        }
        let caller = Caller::new(address.ip().to_canonical(), door.tls);
        spawn_local(attend(self.clone(), stream, caller, door, place));
    }
}

/// The life of a worker's thread.
pub(crate) fn run(
    shared: Arc<Shared>,
    shard: Arc<Shard>,
    recorder: Recorder,
    listeners: Vec<(TcpListener, Door)>,
    orders: watch::Receiver<Order>,
) -> io::Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let worker = Rc::new(Worker::new(shared, shard, recorder));
    let tasks = LocalSet::new();
    tasks.block_on(&runtime, work(&worker, listeners, orders))?;
    worker.cut.set(true);
    let cut = worker.lines.borrow().iter().map(|(_, line)| u64::from(line.active())).sum();
    // Dropping the tasks records the requests that were cut off.
    drop(tasks);
    worker.recorder.borrow_mut().flush();
    Ok(Report { cut })
}

async fn work(worker: &Rc<Worker>, listeners: Vec<(TcpListener, Door)>, mut orders: watch::Receiver<Order>) -> io::Result<()> {
    let mut accepting = Vec::new();
    for (listener, door) in listeners {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        accepting.push(spawn_local(accept(worker.clone(), listener, door, orders.clone())));
    }
    let ticking = spawn_local(tick(worker.clone()));
    let deadline = match *orders.wait_for(|order| *order != Order::Serve).await.map_err(io::Error::other)? {
        Order::Drain(deadline) => deadline,
        Order::Serve => Instant::now(),
    };
    worker.draining_since_us.set(Some(worker.clock.now().mono_us));
    for task in accepting {
        let _ = task.await;
    }
    worker.tick();
    while !worker.is_quiet() && Instant::now() < deadline {
        tokio::time::sleep(TICK.min(deadline.saturating_duration_since(Instant::now()))).await;
    }
    ticking.abort();
    Ok(())
}

async fn tick(worker: Rc<Worker>) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut count = 0u32;
    loop {
        ticks.tick().await;
        worker.tick();
        count = count.wrapping_add(1);
        if count.is_multiple_of(20) {
            // Also lets go of a plan that is no longer in force when no request does.
            worker.local();
            worker.upstreams.sweep(&worker.clock);
            give_back();
        }
    }
}

/// Lets the system have memory back that was freed. The allocator looks for it when something large is freed, which an
/// idle gateway never does: after a rush it would keep all of it.
fn give_back() {
    const LARGE: usize = 1 << 20;
    drop(black_box(Vec::<u8>::with_capacity(LARGE)));
}

async fn accept(worker: Rc<Worker>, listener: tokio::net::TcpListener, door: Door, mut orders: watch::Receiver<Order>) {
    loop {
        let accepted = tokio::select! {
            biased;
            accepted = listener.accept() => accepted,
            _ = orders.wait_for(|order| *order != Order::Serve) => break,
        };
        match accepted {
            Ok((stream, address)) => worker.admit(stream, address, door),
            // Out of file descriptors, most likely: the connections that end make room.
            Err(_) => tokio::time::sleep(TICK).await,
        }
    }
    accept_waiting(&worker, listener, door);
}

/// Connections that the system accepted already are served; closing the listener would reset them.
fn accept_waiting(worker: &Rc<Worker>, listener: tokio::net::TcpListener, door: Door) {
    let Ok(listener) = listener.into_std() else { return };
    while let Ok((stream, address)) = listener.accept() {
        let adopted = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
        if let Ok(stream) = adopted {
            worker.admit(stream, address, door);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{Options, Secret};
    use crate::record::{Ring, Writer};
    use crate::trip::Trip;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use yett_engine::Pepper;

    fn shared() -> Arc<Shared> {
        let pepper = || Pepper::new(&[1; 32]).unwrap();
        Arc::new(Shared {
            engine: Engine::new(pepper()),
            states: States::new(Instant::now()),
            nothing: Arc::new(Plan::build(br#"{"apis":[],"format":1}"#, Arc::new(pepper())).ok().unwrap()),
            limits: Options::new(Secret::new("")).limits(),
            security: None,
            proxies: Vec::new(),
            start: Instant::now(),
            connections: AtomicUsize::new(0),
            crowd: Crowd::new(),
            overload: Overload::default(),
            cache: Store::new(1 << 20),
            asker: Arc::new(Asker::new()),
            passwords: Passwords::new().unwrap(),
        })
    }

    /// The event of a trip that ended as `end` makes it, and the requests still in flight.
    fn recorded(end: impl FnOnce(&Worker, Box<Trip>)) -> (String, u64) {
        let ring = Arc::new(Ring::new(10));
        let writer = Writer::start("off", ring.clone()).ok().unwrap();
        let shard = Arc::new(Shard::default());
        let worker = Rc::new(Worker::new(shared(), shard.clone(), writer.recorder()));
        let line = Line::new(Caller::new([127, 0, 0, 1].into(), false), &worker);
        end(&worker, Trip::open(&worker, &line));
        drop(worker);
        writer.finish(Instant::now());
        let events = ring.take(10);
        assert_eq!(events.len(), 1);
        (String::from_utf8(events[0].clone()).unwrap(), shard.in_flight.get())
    }

    #[test]
    fn a_request_whose_handling_panics_is_recorded() {
        let (event, in_flight) = recorded(|_, trip| {
            let handled = catch_unwind(AssertUnwindSafe(|| {
                let _trip = trip;
                panic!("on purpose");
            }));
            assert!(handled.is_err());
        });
        assert!(event.contains(r#""status":500,"code":"gateway-error""#), "{event}");
        assert_eq!(in_flight, 0);
    }

    #[test]
    fn a_request_that_is_cut_off_is_the_gateways_doing_and_one_that_is_left_the_callers() {
        let (event, _) = recorded(|worker, trip| {
            worker.cut.set(true);
            drop(trip);
        });
        assert!(event.contains(r#""code":"draining""#), "{event}");
        let (event, _) = recorded(|_, trip| drop(trip));
        assert!(event.contains(r#""status":499,"code":"caller-gone""#), "{event}");
    }

    #[test]
    fn an_idle_connection_is_retired_only_after_the_last_call() {
        let worker = Worker::new(shared(), Arc::default(), Writer::start("off", Arc::new(Ring::new(0))).ok().unwrap().recorder());
        assert!(!worker.retires(true));
        worker.draining_since_us.set(Some(worker.clock.latest_us()));
        assert!(worker.retires(true));
        assert!(!worker.retires(false));
    }
}
