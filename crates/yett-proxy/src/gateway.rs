//! The gateway as its host sees it: made, started, fed with snapshots and patches, read, stopped.

use crate::ask::{self, Asker};
use crate::cache::Store;
use crate::crowd::Crowd;
use crate::drain::{Order, Report};
use crate::error::Error;
use crate::listen::Door;
use crate::metrics::{Shard, Sums, text};
use crate::options::{Options, Secret, Tls};
use crate::passwords::Passwords;
use crate::pools::States;
use crate::record::{Ring, Writer};
use crate::tls::{Security, Settings};
use crate::worker::Shared;
use crate::{fetch, identity, keys, listen, pepper, prober, redirect, telemetry, upstream, worker};
use serde::Serialize;
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use yett_engine::{Applied, Engine, LoadedKeys, Now, Plan, Secrets};
use yett_model::{Diagnostic, Finding, SNAPSHOT_FORMAT};

/// How long keys of an issuer are waited for.
const LONGEST_LOOK: Duration = Duration::from_secs(15);

/// Where a started gateway listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bound {
    /// For callers, in the order of the option.
    pub listen: Vec<SocketAddr>,
    /// For telemetry.
    pub telemetry: Option<SocketAddr>,
    /// For callers without TLS who are sent to HTTPS.
    pub redirect: Option<SocketAddr>,
}

/// What a gateway is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Worker threads.
    pub workers: usize,
    /// Whether requests are served: a snapshot is in force and the gateway does not drain.
    pub ready: bool,
    /// SHA-256 of the snapshot in force.
    pub digest: Option<String>,
    /// Open connections of callers.
    pub connections: u64,
    /// Requests that have not ended.
    pub in_flight: u64,
    /// Requests that ended.
    pub requests: u64,
    /// Refusals and failures by code.
    pub refusals: std::collections::BTreeMap<&'static str, u64>,
    /// Events that could not be written or held.
    pub events_dropped: u64,
    /// Milliseconds since the gateway was made.
    pub uptime_ms: u64,
}

fn named(secrets: &HashMap<String, Secret>) -> Secrets {
    Secrets::new(secrets.iter().map(|(name, secret)| (name.clone(), secret.reveal().to_owned())).collect())
}

/// How a gateway ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Stopped {
    /// Requests that had not ended when the time was over and were cut off.
    pub cut: u64,
}

/// What telemetry shows.
pub(crate) struct Overview {
    shared: Arc<Shared>,
    shards: Vec<Arc<Shard>>,
    ring: Arc<Ring>,
    serving: AtomicBool,
}

impl Overview {
    /// Why the gateway is not ready; `None` if it is.
    pub(crate) fn unready(&self) -> Option<&'static str> {
        match (self.serving.load(Ordering::Relaxed), self.shared.engine.plan()) {
            (false, _) => Some("not serving\n"),
            (true, None) => Some("no snapshot has been applied\n"),
            (true, Some(_)) => None,
        }
    }

    /// The public keys of tokens for upstreams, if there are any.
    pub(crate) fn jwks(&self) -> Option<bytes::Bytes> {
        self.shared.engine.signer().map(|signer| signer.jwks())
    }

    pub(crate) fn metrics(&self) -> String {
        let plan = self.shared.engine.plan();
        let settings = self.shared.security.as_ref().map(Security::settings);
        let facts = text::Facts {
            events_dropped: self.ring.lost(),
            digest: plan.as_ref().map(|plan| plan.digest()),
            certificates: settings.map(|settings| expiries(&settings)).unwrap_or_default(),
            cache: self.shared.cache.figures(),
            findings: self.shared.engine.watch().findings.counts().map(|(kind, count)| (kind.as_str(), count)).collect(),
            blocked: self.shared.engine.watch().blocked.len() as u64,
        };
        let mut text = text::render(&Sums::of(&self.shards), &facts);
        self.shared.states.render(&mut text, text::escape);
        text::asks(&mut text, &self.shared.asker.figures);
        text
    }
}

fn expiries(settings: &Settings) -> Vec<(String, i64)> {
    let certificates = settings.certificates.iter();
    certificates.map(|certificate| (certificate.path.display().to_string(), certificate.expires_s)).collect()
}

/// A thread beside the workers, and what ends it.
type Aside = (watch::Sender<bool>, JoinHandle<io::Result<()>>);

/// The threads of a started gateway.
struct Running {
    orders: watch::Sender<Order>,
    workers: Vec<JoinHandle<io::Result<Report>>>,
    writer: Writer,
    aside: Vec<Aside>,
}

enum State {
    Made,
    Running(Running),
    Over,
}

/// An API gateway inside its host's process. All of its methods may be called from any thread. Dropping it stops it at
/// once.
pub struct Gateway {
    options: Options,
    overview: Arc<Overview>,
    state: Mutex<State>,
    applying: Mutex<()>,
    tls: Mutex<Option<Tls>>,
}

impl Gateway {
    /// Makes a gateway; nothing listens yet.
    ///
    /// # Errors
    /// `option-invalid`, `pepper-invalid`, `identity-key-invalid` or `tls-invalid`.
    pub fn new(options: Options) -> Result<Self, Error> {
        options.check()?;
        let empty = format!(r#"{{"apis":[],"format":{SNAPSHOT_FORMAT}}}"#);
        let nothing = Plan::build(empty.as_bytes(), Arc::new(pepper::read(&options.pepper)?))
            .map_err(|_| Error::new("option-invalid", "the empty snapshot was refused"))?;
        let start = Instant::now();
        let shared = Arc::new(Shared {
            engine: Engine::new(pepper::read(&options.pepper)?).signing(identity::signer(&options.identity_keys)?),
            states: States::new(start),
            nothing: Arc::new(nothing),
            limits: options.limits(),
            security: options.tls.as_ref().map(Security::read).transpose()?,
            proxies: options.proxies()?,
            start,
            connections: AtomicUsize::new(0),
            crowd: Crowd::new(),
            overload: options.overload.clone(),
            cache: Store::new(options.cache_bytes),
            asker: Arc::new(Asker::new()),
            passwords: Passwords::new().ok_or_else(|| Error::new("option-invalid", "the system gives no random numbers"))?,
        });
        shared.engine.renew_secrets(named(&options.secrets));
        let shards = (0..options.worker_count()).map(|_| Arc::default()).collect();
        let ring = Arc::new(Ring::new(options.event_capacity));
        let overview = Arc::new(Overview { shared, shards, ring, serving: AtomicBool::new(false) });
        let tls = Mutex::new(options.tls.clone());
        Ok(Self { options, overview, state: Mutex::new(State::Made), applying: Mutex::default(), tls })
    }

    /// Binds every address and starts the threads.
    ///
    /// # Errors
    /// `listen-failed`, `access-log-failed`, `thread-failed`, or `already-started`. Nothing is left listening then.
    pub fn start(&self) -> Result<Bound, Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*state, State::Made) {
            return Err(Error::new("already-started", "this gateway was started before: make a new one"));
        }
        let mut sockets: Vec<Vec<(TcpListener, Door)>> = self.overview.shards.iter().map(|_| Vec::new()).collect();
        let mut bound = Bound { listen: Vec::new(), telemetry: None, redirect: None };
        let secure = self.options.tls.is_some();
        let mut secure_port = None;
        for listener in &self.options.listen {
            let door = Door { tls: listener.tls.unwrap_or(secure), proxy_protocol: listener.proxy_protocol };
            let (address, each) = listen::bind(&listener.address, sockets.len())?;
            bound.listen.push(address);
            secure_port = secure_port.or(door.tls.then(|| address.port()));
            sockets.iter_mut().zip(each).for_each(|(sockets, socket)| sockets.push((socket, door)));
        }
        let telemetry = self.options.telemetry.as_deref().map(listen::bind_alone).transpose()?;
        bound.telemetry = telemetry.as_ref().map(|(address, _)| *address);
        let redirect = self.options.redirect.as_ref().map(|redirect| listen::bind_alone(&redirect.address)).transpose()?;
        bound.redirect = redirect.as_ref().map(|(address, _)| *address);
        let mut running = self.run(sockets)?;
        if let Some((_, listener)) = telemetry {
            let overview = self.overview.clone();
            running.aside.push(aside("yett-telemetry", move |stop| telemetry::run(listener, overview, stop))?);
        }
        if let Some(((_, listener), options)) = redirect.zip(self.options.redirect.as_ref()) {
            let door = redirect::Door::new(options, secure_port.unwrap_or_default());
            running.aside.push(aside("yett-redirect", move |stop| redirect::run(listener, door, stop))?);
        }
        *state = State::Running(running);
        self.overview.serving.store(true, Ordering::Relaxed);
        Ok(bound)
    }

    fn run(&self, sockets: Vec<Vec<(TcpListener, Door)>>) -> Result<Running, Error> {
        let writer = Writer::start(&self.options.access_log, self.overview.ring.clone())?;
        let (orders, receiver) = watch::channel(Order::Serve);
        let mut workers = Vec::new();
        for (number, (sockets, shard)) in sockets.into_iter().zip(&self.overview.shards).enumerate() {
            let (shared, shard, recorder, orders) =
                (self.overview.shared.clone(), shard.clone(), writer.recorder(), receiver.clone());
            let thread = std::thread::Builder::new().name(format!("yett-worker-{number}"));
            let work = move || worker::run(shared, shard, recorder, sockets, orders);
            workers.push(thread.spawn(work).map_err(unstarted)?);
        }
        let shared = self.overview.shared.clone();
        let asked = shared.clone();
        let asker = aside("yett-asker", move |stop| ask::run(&asked, stop))?;
        let prober = aside("yett-prober", move |stop| prober::run(&shared, stop))?;
        Ok(Running { orders, workers, writer, aside: vec![prober, asker] })
    }

    /// Puts a snapshot in force. Requests in flight keep the plan they began with.
    ///
    /// # Errors
    /// Every mistake in it; the old plan keeps serving.
    pub fn apply(&self, snapshot: &[u8]) -> Result<Applied, Vec<Diagnostic>> {
        let _one_at_a_time = self.applying.lock().unwrap_or_else(PoisonError::into_inner);
        let mut mistakes = upstream::check(snapshot);
        mistakes.extend(fetch::check_all(snapshot));
        match mistakes.is_empty() {
            true => {
                let applied = self.overview.shared.engine.apply(snapshot)?;
                self.overview.shared.states.applied.send_replace(());
                Ok(applied)
            }
            false => Err(mistakes),
        }
    }

    /// Reads the certificates, keys, authorities and revocation lists again, those of `tls` or, where that is absent, of
    /// the settings in force; whether anything differs. Connections go on; one whose client certificate is not accepted
    /// any more gets its next request refused.
    ///
    /// # Errors
    /// `tls-invalid`, saying which file is at fault, or `option-invalid`; what was in force stays in force.
    pub fn renew_tls(&self, tls: Option<Tls>) -> Result<bool, Error> {
        let mut current = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(security), Some(before)) = (&self.overview.shared.security, &*current) else {
            return Err(Error::new("option-invalid", "the gateway was started without TLS: start it again with certificates"));
        };
        let wanted = tls.unwrap_or_else(|| before.clone());
        if let Some(message) = wanted.mistake() {
            return Err(Error::new("option-invalid", message));
        }
        let renewed = security.renew(&wanted, wanted != *before)?;
        *current = Some(wanted);
        Ok(renewed)
    }

    /// Takes other secrets, by name. They hold from the next snapshot on, which may be the same again: apply it after this.
    pub fn renew_secrets(&self, secrets: &HashMap<String, Secret>) {
        self.overview.shared.engine.renew_secrets(named(secrets));
    }

    /// Applies a patch to the plan in force.
    ///
    /// # Errors
    /// Every mistake in it; nothing is changed then.
    pub fn patch(&self, patch: &[u8]) -> Result<Applied, Vec<Diagnostic>> {
        let engine = &self.overview.shared.engine;
        engine.sweep(self.now().unix_ms / 1000);
        engine.patch(patch)
    }

    fn now(&self) -> Now {
        let unix_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
        Now { unix_ms, mono_us: self.overview.shared.start.elapsed().as_micros() as u64 }
    }

    /// Looks at the leaked keys that were handed in, blocks those that are real, and takes up to `most` findings that
    /// are news. Call it often: several times a second.
    #[must_use]
    pub fn findings(&self, most: usize) -> Vec<Finding> {
        let engine = &self.overview.shared.engine;
        engine.settle_leaks(self.now());
        engine.watch().findings.take(most)
    }

    /// Loads the keys of a file, in the place of those loaded before; snapshots leave them alone.
    ///
    /// # Errors
    /// The first mistake, its path naming the line; nothing is changed then.
    pub fn load_keys(&self, path: &Path) -> Result<LoadedKeys, Diagnostic> {
        keys::load(&self.overview.shared.engine, path)
    }

    /// The ids of credentials that were used in the Unix minute `since` or later, with the minute; at most `most`.
    #[must_use]
    pub fn used_keys(&self, since: u32, most: usize) -> Vec<(Arc<str>, u32)> {
        self.overview.shared.engine.used_keys(since, most)
    }

    /// The key set of an issuer of the plan as it was fetched, looked for anew where it has no key called `kid`, or there
    /// is none yet. It waits for as long as that takes, a quarter of a minute at most.
    #[must_use]
    pub fn key_set(&self, issuer: &str, kid: Option<&str>) -> Option<Box<[u8]>> {
        let shared = &self.overview.shared;
        let issuer = shared.engine.plan()?.issuers.get(issuer)?.clone();
        let sets = shared.engine.key_sets();
        if issuer.is_fetched() && !sets.may_know(&issuer.source, kid) {
            shared.asker.look_for_keys(issuer.name.clone(), kid.map(Into::into), LONGEST_LOOK);
        }
        sets.json(&issuer.source)
    }

    /// Takes up to `most` events, the oldest first: each a line of JSON without its line feed.
    #[must_use]
    pub fn events(&self, most: usize) -> Vec<Vec<u8>> {
        self.overview.ring.take(most)
    }

    /// What the gateway is doing.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let sums = Sums::of(&self.overview.shards);
        Stats {
            workers: self.overview.shards.len(),
            ready: self.overview.unready().is_none(),
            digest: self.overview.shared.engine.plan().map(|plan| plan.digest().to_owned()),
            connections: sums.connections,
            in_flight: sums.in_flight,
            requests: sums.total(),
            refusals: sums.codes,
            events_dropped: self.overview.ring.lost(),
            uptime_ms: self.overview.shared.start.elapsed().as_millis() as u64,
        }
    }

    /// Stops: takes no more connections, finishes the requests in flight for at most `grace`, writes the last events.
    /// Blocks until all threads have ended; one that writes to a log which takes nothing is left behind after the grace,
    /// or a second if that is longer, and its events count as dropped. Stopping again does nothing.
    pub fn stop(&self, grace: Duration) -> Stopped {
        let state = std::mem::replace(&mut *self.state.lock().unwrap_or_else(PoisonError::into_inner), State::Over);
        let State::Running(running) = state else { return Stopped::default() };
        self.overview.serving.store(false, Ordering::Relaxed);
        let now = Instant::now();
        let deadline = now.checked_add(grace).unwrap_or(now);
        let _ = running.orders.send(Order::Drain(deadline));
        let reports = running.workers.into_iter().filter_map(|worker| worker.join().ok()?.ok());
        let stopped = Stopped { cut: reports.map(|report| report.cut).sum() };
        running.writer.finish(deadline);
        for (stop, thread) in running.aside {
            let _ = stop.send(true);
            let _ = thread.join();
        }
        stopped
    }
}

fn unstarted(error: io::Error) -> Error {
    Error::new("thread-failed", format!("a thread cannot start: {error}"))
}

/// Starts a thread beside the workers.
fn aside(name: &str, work: impl FnOnce(watch::Receiver<bool>) -> io::Result<()> + Send + 'static) -> Result<Aside, Error> {
    let (stop, receiver) = watch::channel(false);
    let thread = std::thread::Builder::new().name(name.to_owned());
    Ok((stop, thread.spawn(move || work(receiver)).map_err(unstarted)?))
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}
