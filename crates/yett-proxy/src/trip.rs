//! One request as the shell carries it. Dropping it records it, so no way out of a request can miss `record`.

use crate::line::{Cause, Line};
use crate::local::LocalPlan;
use crate::pools::Held;
use crate::worker::Worker;
use http::request::Parts;
use http::{HeaderValue, Method, Version};
use std::cell::Cell;
use std::rc::Rc;
use yett_engine::balance::Outcome;
use yett_engine::compression::Facts;
use yett_engine::{End, Exchange, Now};
use yett_model::Code;

/// What the log says of a request that took too long in all.
pub(crate) const OVERDUE: &str = "the request took longer in all than is allowed";

/// An exchange with everything that is measured about it.
pub(crate) struct Trip {
    pub(crate) exchange: Exchange,
    pub(crate) worker: Rc<Worker>,
    pub(crate) line: Rc<Line>,
    pub(crate) local: Rc<LocalPlan>,
    pub(crate) end: End,
    /// Bytes of a streamed request body, counted where it is read.
    pub(crate) uploaded: Option<Rc<Cell<u64>>>,
    /// The request's place with its target, where targets are watched.
    pub(crate) held: Option<Held>,
    /// Cookie that keeps the caller on its target, for the answer.
    pub(crate) cookie: Option<HeaderValue>,
    /// What the caller said about content codings, where answers are compressed.
    pub(crate) coding: Option<Facts>,
    /// Whether the answer has no body on the wire whatever its head says.
    pub(crate) head_only: bool,
    /// When the answer must have ended, by the clock of the worker; absent when it may take as long as it likes.
    pub(crate) due_us: Option<u64>,
    pub(crate) is_http2: bool,
    began_us: u64,
    complete: bool,
    /// It answers nobody, so that there is nothing to record.
    silent: bool,
}

impl Trip {
    /// Begins with the arrival of a head.
    pub(crate) fn begin(worker: &Rc<Worker>, line: &Rc<Line>, parts: &Parts) -> Box<Self> {
        let mut trip = Self::open(worker, line);
        trip.head_only = parts.method == Method::HEAD;
        trip.is_http2 = parts.version == Version::HTTP_2;
        trip.due_us = worker.shared.limits.request_timeout.map(|limit| trip.began_us + limit.as_micros() as u64);
        trip
    }

    /// Begins with the arrival of something that is no head.
    pub(crate) fn open(worker: &Rc<Worker>, line: &Rc<Line>) -> Box<Self> {
        let now = worker.clock.now();
        let local = worker.local();
        let counters = worker.shared.engine.counters().clone();
        line.begin();
        worker.shard.in_flight.add(1);
        Box::new(Self {
            exchange: Exchange::new(local.plan().clone(), counters, line.caller(), now, worker.random()),
            worker: worker.clone(),
            line: line.clone(),
            local,
            end: End::default(),
            uploaded: None,
            held: None,
            cookie: None,
            head_only: false,
            due_us: None,
            is_http2: false,
            coding: None,
            began_us: now.mono_us,
            complete: false,
            silent: false,
        })
    }

    /// A trip beside this one, for a fetch that answers nobody.
    pub(crate) fn aside(&self) -> Box<Self> {
        let now = self.now();
        Box::new(Self {
            exchange: self.exchange.beside(now, self.worker.random()),
            worker: self.worker.clone(),
            line: self.line.clone(),
            local: self.local.clone(),
            end: End::default(),
            uploaded: None,
            head_only: false,
            due_us: None,
            is_http2: false,
            held: None,
            cookie: None,
            coding: None,
            began_us: now.mono_us,
            complete: true,
            silent: true,
        })
    }

    /// The time now.
    pub(crate) fn now(&self) -> Now {
        self.worker.clock.now()
    }

    /// The upstream failed after it had begun to answer.
    pub(crate) fn upstream_failed(&self) {
        if let Some(held) = &self.held {
            held.group.pool.learn(held.index, Outcome::Failed, self.now().mono_us);
        }
    }

    /// The answer was handed over whole.
    pub(crate) fn complete(&mut self) {
        self.complete = true;
    }

    /// Names what went wrong after the head of the answer was sent.
    pub(crate) fn fail(&mut self, code: Code, reason: impl Into<String>) {
        let _ = self.exchange.fail(code, reason);
        self.complete = true;
    }

    /// From now on, while the answer goes out, the connection watches whether it ends in time.
    pub(crate) fn expect_end(&self) {
        match self.due_us {
            Some(due_us) if self.is_http2 => self.line.expect_stream_by(due_us),
            Some(due_us) => self.line.expect_by(due_us),
            None => {}
        }
    }

    /// Why the request ended before its answer did.
    fn explain(&mut self) {
        let (code, reason) = match self.line.given_up() {
            _ if std::thread::panicking() => (Code::GatewayError, "the worker failed while it handled the request"),
            _ if self.worker.is_cut() => (Code::Draining, "the time to drain was over"),
            Some(Cause::Untaken) => (Code::CallerSlow, "the caller took the answer too slowly"),
            Some(Cause::Overdue) => (Code::RequestOverdue, OVERDUE),
            _ => (Code::CallerGone, "the caller left before the answer ended"),
        };
        if code == Code::CallerGone {
            self.line.abandoned();
        }
        if self.exchange.code().is_none() {
            let _ = self.exchange.fail(code, reason);
        }
        if self.end.status == 0 {
            self.end.status = code.status();
        }
    }
}

impl Drop for Trip {
    fn drop(&mut self) {
        if self.silent {
            return;
        }
        if !self.complete || self.line.given_up().is_some() {
            self.explain();
        }
        self.end.duration_us = self.now().mono_us.saturating_sub(self.began_us);
        if let Some(uploaded) = &self.uploaded {
            self.end.bytes_in = uploaded.get();
        }
        let (exchange, end) = (&self.exchange, &self.end);
        self.worker.record(exchange, end);
        self.local.count(exchange.api(), exchange.operation(), end.status, end.duration_us, end.upstream_us);
        if let Some(cache) = end.cache {
            self.worker.shard.cached(cache);
        }
        self.worker.shard.in_flight.subtract(1);
        self.line.end(&self.worker);
    }
}
