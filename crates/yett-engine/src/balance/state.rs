//! What is known of one target, shared by all workers.

use super::circuit::{Breaker, Circuit};
use super::outlier::{Tally, ejection_us};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use yett_model::snapshot::{Circuit as CircuitSettings, Health, Outlier};

/// Why a target was taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ejection {
    /// Failures in a row.
    Consecutive,
    /// A much larger share of failures than the others.
    Share,
    /// Health checks that failed.
    Health,
    /// Its circuit opened.
    Circuit,
}

impl Ejection {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Consecutive, Self::Share, Self::Health, Self::Circuit];

    /// The reason as metrics tell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consecutive => "consecutive",
            Self::Share => "share",
            Self::Health => "health",
            Self::Circuit => "circuit",
        }
    }
}

/// How a request with a target went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Answered,
    /// It was answered with a 5xx that says nothing of the way there.
    Erred,
    /// There was no connection or no answer, or 502, 503 or 504.
    Failed,
}

/// What is known of one target.
#[derive(Debug)]
pub struct TargetState {
    in_flight: AtomicU32,
    pending: AtomicU32,
    unhealthy: AtomicBool,
    /// Health checks in a row that spoke against the present state.
    streak: AtomicU32,
    usable_since_us: AtomicU64,
    consecutive: AtomicU32,
    ejected_until_us: AtomicU64,
    ejections: AtomicU32,
    requests: AtomicU32,
    failed: AtomicU32,
    circuit: Circuit,
    attempts: AtomicU64,
    failures: AtomicU64,
    ejected: [AtomicU64; Ejection::ALL.len()],
}

impl TargetState {
    /// A target that appears at `now_us`.
    #[must_use]
    pub fn new(now_us: u64) -> Self {
        Self {
            in_flight: AtomicU32::new(0),
            pending: AtomicU32::new(0),
            unhealthy: AtomicBool::new(false),
            streak: AtomicU32::new(0),
            usable_since_us: AtomicU64::new(now_us),
            consecutive: AtomicU32::new(0),
            ejected_until_us: AtomicU64::new(0),
            ejections: AtomicU32::new(0),
            requests: AtomicU32::new(0),
            failed: AtomicU32::new(0),
            circuit: Circuit::default(),
            attempts: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            ejected: Default::default(),
        }
    }

    /// Requests that are with it.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Whether neither health checks nor failed requests speak against it.
    #[must_use]
    pub fn is_well(&self, now_us: u64) -> bool {
        !self.unhealthy.load(Ordering::Relaxed) && !self.is_ejected(now_us)
    }

    pub(super) fn is_ejected(&self, now_us: u64) -> bool {
        self.ejected_until_us.load(Ordering::Relaxed) > now_us
    }

    /// Since when it has been usable without a break.
    pub(super) fn since_us(&self) -> u64 {
        self.usable_since_us.load(Ordering::Relaxed).max(self.ejected_until_us.load(Ordering::Relaxed))
    }

    /// What its circuit lets through.
    #[must_use]
    pub fn breaker(&self, now_us: u64) -> Breaker {
        self.circuit.state(now_us)
    }

    /// Whether one more request may be with it, and one more wait for a connection to it.
    pub(super) fn has_room(&self, limits: &CircuitSettings) -> bool {
        let below = |count: &AtomicU32, most: Option<u32>| most.is_none_or(|most| count.load(Ordering::Relaxed) < most);
        below(&self.in_flight, limits.max_in_flight) && below(&self.pending, limits.max_pending)
    }

    /// Takes a place with it; `None` if another worker took the last one meanwhile.
    pub(super) fn enter(self: &Arc<Self>, limits: Option<&CircuitSettings>, now_us: u64) -> Option<Place> {
        let probe = match (self.circuit.state(now_us), limits) {
            (Breaker::Closed, _) | (_, None) => None,
            (_, Some(limits)) => Some(self.circuit.take_probe(limits.open_ms.saturating_mul(1000), now_us)?),
        };
        let before = self.in_flight.fetch_add(1, Ordering::Relaxed);
        let place = Place { state: self.clone(), probe, pending: false };
        if limits.and_then(|limits| limits.max_in_flight).is_some_and(|most| before >= most) {
            return None;
        }
        self.attempts.fetch_add(1, Ordering::Relaxed);
        Some(place)
    }

    /// Learns how a request went; says whether and why the target should be taken out.
    pub(super) fn learn(
        &self,
        outcome: Outcome,
        outlier: &Outlier,
        circuit: Option<&CircuitSettings>,
        now_us: u64,
    ) -> Option<Ejection> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if outcome != Outcome::Answered {
            self.failed.fetch_add(1, Ordering::Relaxed);
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        if outcome != Outcome::Failed {
            if self.consecutive.load(Ordering::Relaxed) != 0 {
                self.consecutive.store(0, Ordering::Relaxed);
            }
            self.circuit.succeeded();
            return None;
        }
        if let Some((most, circuit)) = circuit.and_then(|circuit| Some((circuit.failures?, circuit)))
            && self.circuit.failed(most, circuit.open_ms.saturating_mul(1000), now_us)
        {
            self.count(Ejection::Circuit);
        }
        let consecutive = self.consecutive.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        (outlier.consecutive > 0 && consecutive >= outlier.consecutive).then_some(Ejection::Consecutive)
    }

    /// Takes it out for as long as its past deserves.
    pub(super) fn eject(&self, reason: Ejection, settings: &Outlier, now_us: u64) {
        let times = self.ejections.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        self.ejected_until_us.store(now_us + ejection_us(times, settings), Ordering::Relaxed);
        self.consecutive.store(0, Ordering::Relaxed);
        self.count(reason);
    }

    fn count(&self, reason: Ejection) {
        if let Some(count) = self.ejected.get(reason as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn tally(&self) -> Tally {
        Tally { requests: self.requests.load(Ordering::Relaxed), failed: self.failed.load(Ordering::Relaxed) }
    }

    /// Begins a new window. One in which all went well makes up for an earlier ejection.
    pub(super) fn begin_window(&self, now_us: u64) {
        let requests = self.requests.swap(0, Ordering::Relaxed);
        if self.failed.swap(0, Ordering::Relaxed) == 0 && requests > 0 && !self.is_ejected(now_us) {
            let _ = self.ejections.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |times| times.checked_sub(1));
        }
    }

    /// Learns how a health check went. Only the prober calls this.
    pub fn checked(&self, passed: bool, settings: &Health, now_us: u64) {
        let unhealthy = self.unhealthy.load(Ordering::Relaxed);
        if passed != unhealthy {
            self.streak.store(0, Ordering::Relaxed);
            return;
        }
        let streak = self.streak.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let needed = if unhealthy { settings.healthy_after } else { settings.unhealthy_after };
        if streak < needed {
            return;
        }
        self.streak.store(0, Ordering::Relaxed);
        match unhealthy {
            true => self.usable_since_us.store(now_us, Ordering::Relaxed),
            false => self.count(Ejection::Health),
        }
        self.unhealthy.store(!unhealthy, Ordering::Relaxed);
    }

    /// Forgets what health checks found: they are no longer made.
    pub fn unchecked(&self) {
        self.unhealthy.store(false, Ordering::Relaxed);
        self.streak.store(0, Ordering::Relaxed);
    }

    /// Requests that were sent to it, and those of them that failed.
    #[must_use]
    pub fn totals(&self) -> (u64, u64) {
        (self.attempts.load(Ordering::Relaxed), self.failures.load(Ordering::Relaxed))
    }

    /// How often it was taken out for a reason.
    #[must_use]
    pub fn ejected(&self, reason: Ejection) -> u64 {
        self.ejected.get(reason as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }
}

/// A request's place with a target, until it is dropped.
#[derive(Debug)]
pub struct Place {
    state: Arc<TargetState>,
    /// With what the place of a half-open circuit is given back.
    probe: Option<u64>,
    pending: bool,
}

impl Place {
    /// The request begins to wait for a connection; `false` if too many do.
    pub fn wait(&mut self, most: Option<u32>) -> bool {
        self.pending = true;
        let before = self.state.pending.fetch_add(1, Ordering::Relaxed);
        most.is_none_or(|most| before < most)
    }

    /// The request has its connection.
    pub fn connected(&mut self) {
        if std::mem::take(&mut self.pending) {
            self.state.pending.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connected();
        self.state.in_flight.fetch_sub(1, Ordering::Relaxed);
        if let Some(until_us) = self.probe {
            self.state.circuit.release_probe(until_us);
        }
    }
}
