//! The limits guard: how many requests, per whom, and how fast.
//!
//! Limits by address are counted in `screen`, so that guessing credentials is limited too; all others in `limit`, when
//! the caller is known and allowed. Within a phase a request takes from all limits or from none. In `monitor` requests
//! are counted as in `enforce`, but the answer carries no sign of it: headers would promise what nobody enforces.
//! This room does no I/O and reads no clock; see `GUARD.md` for when to use which limit.

mod concurrency;
mod counters;
mod gcra;
mod headers;
mod outcome;
mod plan;
mod quota;

use super::{Effects, Guard, RequestView, Verdict};
use crate::Refusal;
use crate::plan::Scope;
use headers::List;
use http::HeaderValue;
use http::header::RETRY_AFTER;
use outcome::{Taken, Wait};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use yett_model::snapshot::{Limit, Mode};

pub use concurrency::Permit;
pub use counters::Counters;
pub use plan::LimitPlan;

/// The guards of a plan so far: operations with the same limits share one, so that it stays in the processor's cache.
#[derive(Default)]
pub struct Shared(RefCell<HashMap<Vec<u64>, Arc<dyn Guard>>>);

/// Builds the guard of one operation; `None` if nothing could ever be limited.
pub fn build(scope: &Scope<'_>) -> Option<Arc<dyn Guard>> {
    let mode = scope.api.guards.limits.mode;
    let limits = compile(scope);
    if mode == Mode::Off || (limits.is_empty() && !scope.app_limits) {
        return None;
    }
    let key = limits.iter().map(|limit| limit.identity()).chain([u64::from(mode == Mode::Enforce)]).collect();
    let mut shared = scope.limits_guards.0.borrow_mut();
    Some(shared.entry(key).or_insert_with(|| Arc::new(Limits::new(mode, limits))).clone())
}

/// Builds the guard of requests that lead to no API: the limits of the gateway.
pub fn build_for_strays(limits: &[Limit]) -> Option<Arc<dyn Guard>> {
    let limits: Vec<_> = limits.iter().map(LimitPlan::new).collect();
    (!limits.is_empty()).then(|| Arc::new(Limits::new(Mode::Enforce, limits)) as Arc<dyn Guard>)
}

/// Limits of the operation, widest first. A limit named by two ways is one limit.
fn compile(scope: &Scope<'_>) -> Vec<Arc<LimitPlan>> {
    let of_operation = scope.operation.map_or(&[][..], |operation| &operation.limits);
    let of_collections = scope.collections.iter().flat_map(|collection| &collection.limits);
    let all = scope.snapshot.limits.iter().chain(&scope.api.limits).chain(of_collections).chain(of_operation);
    all.fold(Vec::new(), |mut plans, limit: &Limit| {
        let plan = LimitPlan::new(limit);
        if plans.iter().all(|other: &Arc<LimitPlan>| other.identity() != plan.identity()) {
            plans.push(plan);
        }
        plans
    })
}

struct Limits {
    mode: Mode,
    screen: Set,
    limit: Set,
}

impl Limits {
    fn new(mode: Mode, limits: Vec<Arc<LimitPlan>>) -> Self {
        let (screen, limit): (Vec<_>, Vec<_>) = limits.into_iter().partition(|limit| limit.by_address());
        Self { mode, screen: Set::new(screen), limit: Set::new(limit) }
    }
}

/// The limits of a phase that are the same for every caller.
struct Set {
    limits: Vec<Arc<LimitPlan>>,
    policy: Option<HeaderValue>,
}

impl Set {
    fn new(limits: Vec<Arc<LimitPlan>>) -> Self {
        let policy = policy(limits.iter());
        Self { limits, policy }
    }
}

fn policy<'a>(limits: impl Iterator<Item = &'a Arc<LimitPlan>>) -> Option<HeaderValue> {
    let mut list = List::with_room(limits.size_hint().0);
    limits.filter_map(|limit| limit.policy()).for_each(|item| list.push(item.as_bytes()));
    list.value()
}

impl Guard for Limits {
    fn name(&self) -> &'static str {
        "limits"
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn screen(&self, request: &RequestView<'_>, counters: &Counters, effects: &mut Effects) -> Verdict {
        Count { set: &self.screen, of_app: &[], of_profiles: &[], request, counters }.run(self.mode, effects)
    }

    fn limit(&self, request: &RequestView<'_>, counters: &Counters, effects: &mut Effects) -> Verdict {
        let of_app = request.principal.map_or(&[][..], |principal| &principal.app.limits);
        let of_profiles = request.principal.map_or(&[][..], |principal| principal.grants.limits(request.now));
        Count { set: &self.limit, of_app, of_profiles, request, counters }.run(self.mode, effects)
    }
}

/// One request before the limits of one phase.
struct Count<'a> {
    set: &'a Set,
    of_app: &'a [Arc<LimitPlan>],
    of_profiles: &'a [Arc<LimitPlan>],
    request: &'a RequestView<'a>,
    counters: &'a Counters,
}

impl<'a> Count<'a> {
    fn limits(&self) -> impl Iterator<Item = &'a Arc<LimitPlan>> + use<'a> {
        self.set.limits.iter().chain(self.of_app).chain(self.of_profiles)
    }

    /// How many limits are the caller's own.
    fn of_caller(&self) -> usize {
        self.of_app.len() + self.of_profiles.len()
    }

    fn run(&self, mode: Mode, effects: &mut Effects) -> Verdict {
        if self.set.limits.is_empty() && self.of_caller() == 0 {
            return Ok(());
        }
        let mut state = List::with_room(self.set.limits.len() + self.of_caller());
        let verdict = self.take(&mut state, effects);
        if mode == Mode::Enforce {
            self.tell(&state, effects);
        }
        verdict
    }

    /// Takes from all limits, or gives back what it took.
    fn take(&self, state: &mut List, effects: &mut Effects) -> Verdict {
        let (now, cost) = (self.request.now, self.request.cost);
        let permits = effects.permits.len();
        for (taken, limit) in self.limits().enumerate() {
            match self.counters.take(limit, limit.owner(self.request), now, cost) {
                Ok(Taken::Units(standing)) => state.push_state(limit.label(), standing),
                Ok(Taken::Place(permit)) => effects.permits.push(permit),
                Err(wait) => {
                    effects.permits.truncate(permits);
                    self.give_back(taken);
                    return Err(self.refusal(limit, wait, state));
                }
            }
        }
        Ok(())
    }

    fn give_back(&self, taken: usize) {
        for limit in self.limits().take(taken) {
            self.counters.give_back(limit, limit.owner(self.request), self.request.now, self.request.cost);
        }
    }

    /// The refusal by the limit with the longest wait. All are looked at again, as what was taken is back by now.
    fn refusal(&self, limit: &'a Arc<LimitPlan>, wait: Wait, state: &mut List) -> Box<Refusal> {
        let (mut worst, mut longest) = (limit, wait);
        *state = List::with_room(self.set.limits.len() + self.of_caller());
        for limit in self.limits() {
            let (standing, wait) = self.counters.look(limit, limit.owner(self.request), self.request.now, self.request.cost);
            if let Some(standing) = standing {
                state.push_state(limit.label(), standing);
            }
            if let Some(wait) = wait.filter(|wait| *wait > longest) {
                (worst, longest) = (limit, wait);
            }
        }
        refuse(worst, longest, self.request.cost)
    }

    fn tell(&self, state: &List, effects: &mut Effects) {
        let policy = match self.of_caller() {
            0 => self.set.policy.clone(),
            _ => policy(self.limits()),
        };
        if let (Some(policy), Some(state)) = (policy, state.value()) {
            headers::add(effects, headers::POLICY, policy);
            headers::add(effects, headers::STATE, state);
        }
    }
}

/// Takes from one limit that belongs to no operation.
///
/// # Errors
/// The refusal, if it is reached; nothing is taken then.
pub(crate) fn take_alone(limit: &LimitPlan, request: &RequestView<'_>, counters: &Counters) -> Verdict {
    match counters.take(limit, limit.owner(request), request.now, 1) {
        Ok(_) => Ok(()),
        Err(wait) => Err(refuse(limit, wait, 1)),
    }
}

/// 429 with `Retry-After` (RFC 6585 section 4). Who can never pass is not told to come back.
fn refuse(limit: &LimitPlan, wait: Wait, cost: u32) -> Box<Refusal> {
    let phrase = limit.phrase();
    let (detail, retry_after) = match wait {
        Wait::For(us) => {
            let seconds = headers::seconds(us).max(1);
            let unit = if seconds == 1 { "second" } else { "seconds" };
            (format!("The limit is {phrase}; try again in {seconds} {unit}."), Some(seconds))
        }
        Wait::Never => {
            let most = limit.most_at_once();
            let detail = format!(
                "The limit is {phrase}; this request counts as {cost} and at most {most} pass at once, so it can never pass."
            );
            (detail, None)
        }
    };
    let mut refusal = Refusal::new(limit.code(), format!("limit '{}' is reached: {phrase}", limit.name()));
    refusal.detail = detail;
    match retry_after {
        Some(seconds) => refusal.with_header(RETRY_AFTER, HeaderValue::from(seconds)),
        None => refusal,
    }
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod tests;
