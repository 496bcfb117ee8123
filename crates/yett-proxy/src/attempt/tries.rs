//! The long way: pick a target, connect or take an idle connection, send, classify, and try again or give up.

use super::{Sent, give_up, is_idempotent, mirror};
use crate::clock::within;
use crate::local::LocalPlan;
use crate::pools::{Group, Held, LocalPool};
use crate::serve::Refused;
use crate::trip::Trip;
use crate::upstream::{Answered, Call, Content, Failure, Upstream};
use http::StatusCode;
use http::request::Parts;
use std::rc::Rc;
use std::time::Duration;
use yett_engine::Wish;
use yett_engine::balance::{Ask, Chosen, NoTarget, Outcome, Place};
use yett_model::Code;
use yett_model::snapshot::{RetryOn, Upstream as Settings};

/// What one attempt came to, with what may be sent again.
#[allow(clippy::large_enum_variant, reason = "it is moved once and taken apart at once: a box would cost every request")]
enum Attempt {
    /// An answer has begun.
    Answered(Call, Answered, Option<Content>),
    /// There is none.
    Failed(Failure, Option<Content>),
}

/// What the attempt before came to.
enum Last {
    /// An answer that another attempt was to make good.
    Answer(Box<Sent>, usize),
    /// No answer.
    Failure(Failure),
}

/// What holds for all attempts at one request.
struct Tries<'a> {
    pool: &'a LocalPool,
    group: &'a Rc<Group>,
    settings: &'a Settings,
    wish: Wish,
    /// When the time for all attempts is over.
    ends_us: Option<u64>,
    /// Whether the method may be sent twice with the effect of once.
    idempotent: bool,
    tried: Vec<usize>,
}

/// Sends a request to one of several targets, and to another if that is safe and may help.
pub(super) async fn send(
    trip: &mut Trip,
    local: &LocalPlan,
    pool: &LocalPool,
    parts: &mut Parts,
    content: Content,
) -> Result<Sent, Refused> {
    let api = trip.exchange.api().and_then(|api| local.plan().api(api));
    let wish = trip.exchange.choose(parts);
    let Some((api, group)) = api.zip(pool.group(wish.version)) else {
        return Err(trip.exchange.fail(Code::GatewayError, "the API has no target"));
    };
    let limit_us = api.upstream.timeout_ms.map(|limit| limit.saturating_mul(1000));
    let ends_us = limit_us.map(|limit_us| trip.now().mono_us.saturating_add(limit_us));
    pool.state.budget.deposit();
    let idempotent = is_idempotent(&parts.method);
    Tries { pool, group, settings: &api.upstream, wish, ends_us, idempotent, tried: Vec::new() }
        .run(trip, local, parts, content)
        .await
}

impl Tries<'_> {
    async fn run(
        &mut self,
        trip: &mut Trip,
        local: &LocalPlan,
        parts: &mut Parts,
        mut content: Content,
    ) -> Result<Sent, Refused> {
        let mut last = None;
        loop {
            let Chosen { index, mut place } = match (self.choose(trip), last.take()) {
                (Ok(chosen), _) => chosen,
                (Err(_), Some(Last::Answer(sent, index))) => return Ok(self.take(trip, *sent, index, None)),
                (Err(_), Some(Last::Failure(failure))) => return Err(give_up(trip, failure)),
                (Err(why), None) => return Err(self.refuse(trip, why)),
            };
            let target = match self.tried.is_empty() {
                true => trip.exchange.forward_to(parts, self.group.first + index),
                false => trip.exchange.redirect_to(parts, self.group.first + index),
            };
            let Some(upstream) = target.and_then(|target| local.upstream(&target)) else {
                return Err(trip.exchange.fail(Code::GatewayError, "the target is not in the plan"));
            };
            if self.tried.is_empty() {
                mirror::copy(trip, self.pool, parts, &content);
            }
            self.tried.push(index);
            trip.end.attempts = self.tried.len() as u32;
            match self.attempt(trip, parts, upstream, &mut place, content).await {
                Attempt::Answered(call, answered, None) => {
                    return Ok(self.take(trip, Sent { call, answered }, index, Some(place)));
                }
                Attempt::Answered(call, answered, Some(again)) => {
                    last = Some(Last::Answer(Box::new(Sent { call, answered }), index));
                    content = again;
                }
                Attempt::Failed(failure, None) => return Err(give_up(trip, failure)),
                Attempt::Failed(failure, Some(again)) => {
                    last = Some(Last::Failure(failure));
                    content = again;
                }
            }
        }
    }

    /// Takes the answer of a target for the request's.
    fn take(&self, trip: &mut Trip, sent: Sent, index: usize, place: Option<Place>) -> Sent {
        // A caller that is with its target already needs no new cookie.
        if self.wish.target != Some(self.group.first + index) {
            trip.cookie = trip.exchange.affinity_cookie();
        }
        trip.held = Some(Held { _place: place, group: self.group.clone(), index });
        sent
    }

    fn choose(&self, trip: &Trip) -> Result<Chosen, NoTarget> {
        let wanted = self.wish.target.and_then(|target| target.checked_sub(self.group.first));
        let random = trip.worker.random() as u64;
        let wanted = wanted.filter(|_| self.tried.is_empty());
        self.group.choose(&Ask { now_us: trip.now().mono_us, random, key: self.wish.key, wanted, tried: &self.tried })
    }

    fn refuse(&self, trip: &mut Trip, why: NoTarget) -> Refused {
        match why {
            NoTarget::Full => {
                let reason = "every target has as many requests as its circuit allows";
                trip.exchange.fail_for(Code::UpstreamOverloaded, reason, 1)
            }
            NoTarget::Open => {
                let open_ms = self.settings.circuit.as_ref().map_or(1000, |circuit| circuit.open_ms);
                trip.exchange.fail_for(Code::CircuitOpen, "the circuit of every target is open", open_ms.div_ceil(1000).max(1))
            }
        }
    }

    /// One attempt and what is learned from it.
    async fn attempt(&self, trip: &Trip, parts: &Parts, upstream: &Rc<Upstream>, place: &mut Place, content: Content) -> Attempt {
        let clock = &trip.worker.clock;
        let Some(ends_us) = self.ends_us else {
            let attempt = self.once(trip, parts, upstream, place, content).await;
            return self.weigh(trip, attempt);
        };
        let left = Duration::from_micros(ends_us.saturating_sub(trip.now().mono_us));
        let late = || Attempt::Failed(Failure::Timeout("the time for all attempts is over"), None);
        // Where a body is still arriving, nobody knows whether the target was slow or the caller.
        let blameless = matches!(content, Content::Stream(..));
        match within(clock, left, self.once(trip, parts, upstream, place, content)).await {
            Some(attempt) => self.weigh(trip, attempt),
            None if blameless => late(),
            None => self.weigh(trip, late()),
        }
    }

    /// Sends on an idle connection; where that was closed meanwhile, or takes no more requests, what is safe goes on a new
    /// one, and nothing is held against the target.
    async fn once(&self, trip: &Trip, parts: &Parts, upstream: &Rc<Upstream>, place: &mut Place, content: Content) -> Attempt {
        let clock = &trip.worker.clock;
        let Some(connection) = upstream.idle(clock) else { return self.anew(trip, parts, upstream, place, content).await };
        let spare = spare(&content);
        let mut call = Call::new(upstream.clone(), clock.clone(), connection, parts, content);
        match (call.head(self.limit()).await, spare) {
            (Err(Failure::Closed), Some(content)) if self.idempotent => self.anew(trip, parts, upstream, place, content).await,
            (Err(Failure::Unprocessed), Some(content)) => self.anew(trip, parts, upstream, place, content).await,
            (Ok(answered), spare) => Attempt::Answered(call, answered, spare),
            (Err(failure), spare) => Attempt::Failed(failure, spare),
        }
    }

    /// Sends on a new connection. Until there is one nothing was sent, so the content is whole, whatever it is.
    async fn anew(&self, trip: &Trip, parts: &Parts, upstream: &Rc<Upstream>, place: &mut Place, content: Content) -> Attempt {
        let clock = &trip.worker.clock;
        if !place.wait(self.settings.circuit.as_ref().and_then(|circuit| circuit.max_pending)) {
            return Attempt::Failed(Failure::Overloaded("too many requests wait for a connection"), Some(content));
        }
        let connected = upstream.connect(clock).await;
        place.connected();
        let connection = match connected {
            Ok(connection) => connection,
            Err(failure) => return Attempt::Failed(failure, Some(content)),
        };
        let spare = spare(&content);
        let mut call = Call::new(upstream.clone(), clock.clone(), connection, parts, content);
        match call.head(self.limit()).await {
            Ok(answered) => Attempt::Answered(call, answered, spare),
            Err(failure) => Attempt::Failed(failure, spare),
        }
    }

    fn limit(&self) -> Duration {
        let per_try = self.pool.retries.per_try_timeout_ms;
        Duration::from_millis(per_try.unwrap_or(self.settings.response_timeout_ms).min(self.settings.response_timeout_ms))
    }

    /// Tells the pool how it went, and keeps what may be sent again only if it will be.
    fn weigh(&self, trip: &Trip, attempt: Attempt) -> Attempt {
        match attempt {
            Attempt::Answered(call, answered, spare) => {
                self.learn(trip, outcome(answered.status));
                let on = match answered.status {
                    StatusCode::BAD_GATEWAY => Some(RetryOn::BadGateway),
                    StatusCode::SERVICE_UNAVAILABLE => Some(RetryOn::Unavailable),
                    StatusCode::GATEWAY_TIMEOUT => Some(RetryOn::GatewayTimeout),
                    _ => None,
                };
                let again = spare.filter(|_| self.idempotent && on.is_some_and(|on| self.may_repeat(trip, on)));
                Attempt::Answered(call, answered, again)
            }
            Attempt::Failed(failure, spare) => {
                if failure.is_callers() {
                    return Attempt::Failed(failure, None);
                }
                let on = match &failure {
                    Failure::Unreachable(_) | Failure::Overloaded(_) | Failure::Unprocessed => RetryOn::ConnectFailure,
                    Failure::Timeout(_) => RetryOn::Timeout,
                    _ => RetryOn::Reset,
                };
                if !matches!(failure, Failure::Overloaded(_)) {
                    self.learn(trip, Outcome::Failed);
                }
                let safe = self.idempotent || on == RetryOn::ConnectFailure;
                let again = spare.filter(|_| safe && self.may_repeat(trip, on));
                Attempt::Failed(failure, again)
            }
        }
    }

    fn learn(&self, trip: &Trip, outcome: Outcome) {
        if let Some(index) = self.tried.last() {
            self.group.pool.learn(*index, outcome, trip.now().mono_us);
        }
    }

    /// Whether another attempt is left, wanted and paid for. A request that was not sent adds no load when it goes
    /// elsewhere, so it costs nothing of the budget.
    fn may_repeat(&self, trip: &Trip, on: RetryOn) -> bool {
        let now_us = trip.now().mono_us;
        let is_left =
            (self.tried.len() as u32) < self.pool.retries.attempts && self.ends_us.is_none_or(|ends_us| now_us < ends_us);
        if !is_left || !self.pool.retries.on.contains(&on) {
            return false;
        }
        let paid = on == RetryOn::ConnectFailure || self.pool.state.budget.withdraw(now_us);
        let count = if paid { &self.pool.state.retries } else { &self.pool.state.unpaid };
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        paid
    }
}

/// What can be sent a second time, if that is safe.
fn spare(content: &Content) -> Option<Content> {
    content.can_repeat().then(|| content.repeat())
}

fn outcome(status: StatusCode) -> Outcome {
    match status {
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => Outcome::Failed,
        status if status.is_server_error() => Outcome::Erred,
        _ => Outcome::Answered,
    }
}
