//! One request as the shell carries it. Dropping it records it, so no way out of a request can miss `record`.

use crate::line::Line;
use crate::local::LocalPlan;
use crate::worker::Worker;
use http::Method;
use http::request::Parts;
use std::cell::Cell;
use std::rc::Rc;
use yett_engine::{End, Exchange, Now};
use yett_model::Code;

/// An exchange with everything that is measured about it.
pub(crate) struct Trip {
    pub(crate) exchange: Exchange,
    pub(crate) worker: Rc<Worker>,
    pub(crate) line: Rc<Line>,
    pub(crate) local: Rc<LocalPlan>,
    pub(crate) end: End,
    /// Bytes of a streamed request body, counted where it is read.
    pub(crate) uploaded: Option<Rc<Cell<u64>>>,
    /// Whether the answer has no body on the wire whatever its head says.
    pub(crate) head_only: bool,
    began_us: u64,
    complete: bool,
}

impl Trip {
    /// Begins with the arrival of a head.
    pub(crate) fn begin(worker: &Rc<Worker>, line: &Rc<Line>, parts: &Parts) -> Box<Self> {
        let mut trip = Self::open(worker, line);
        trip.head_only = parts.method == Method::HEAD;
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
            head_only: false,
            began_us: now.mono_us,
            complete: false,
        })
    }

    /// The time now.
    pub(crate) fn now(&self) -> Now {
        self.worker.clock.now()
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

    /// Why the request ended before its answer did.
    fn explain(&mut self) {
        let (code, reason) = match () {
            () if std::thread::panicking() => (Code::GatewayError, "the worker failed while it handled the request"),
            () if self.worker.is_cut() => (Code::Draining, "the time to drain was over"),
            () => (Code::CallerGone, "the caller left before the answer ended"),
        };
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
        if !self.complete || self.line.gives_up() {
            self.explain();
        }
        self.end.duration_us = self.now().mono_us.saturating_sub(self.began_us);
        if let Some(uploaded) = &self.uploaded {
            self.end.bytes_in = uploaded.get();
        }
        let (exchange, end) = (&self.exchange, &self.end);
        self.worker.record(exchange, end);
        self.local.count(exchange.api(), exchange.operation(), end.status, end.duration_us, end.upstream_us);
        self.worker.shard.in_flight.subtract(1);
        self.line.end(&self.worker);
    }
}
