//! Health checks: one thread asks every target that is to be asked whether it is well, as long as the plan says so.

use crate::clock::{Clock, TICK, within};
use crate::pools::Name;
use crate::random::Random;
use crate::upstream::{Call, Content, Upstream, Upstreams};
use crate::worker::Shared;
use http::header::{HOST, USER_AGENT};
use http::request::Parts;
use http::{HeaderValue, Request};
use std::collections::HashMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::{interval, sleep};
use yett_engine::Plan;
use yett_engine::balance::TargetState;
use yett_engine::plan::{ApiPlan, TargetPlan};
use yett_model::snapshot::Health;

/// What makes two checks the same one, so that it goes on when the plan changes.
type Key = (Name, Health, u64, String);

/// One target that is checked.
struct Check {
    clock: Rc<Clock>,
    upstream: Rc<Upstream>,
    state: Arc<TargetState>,
    settings: Health,
    host: HeaderValue,
}

/// The life of the thread.
pub(crate) fn run(shared: &Arc<Shared>, stop: watch::Receiver<bool>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    LocalSet::new().block_on(&runtime, watch_plans(shared, stop));
    Ok(())
}

/// Follows the plans that come into force. While nothing is to be checked, nothing wakes it.
async fn watch_plans(shared: &Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let clock = Clock::new(shared.start);
    // A connection that was idle says nothing about whether new ones are taken.
    let upstreams = Upstreams::new(0, Duration::ZERO);
    let mut random = Random::new();
    let mut applied = shared.states.applied.subscribe();
    let mut ticks = interval(TICK);
    let mut checks: HashMap<Key, JoinHandle<()>> = HashMap::new();
    loop {
        if let Some(plan) = shared.engine.plan() {
            renew(&mut checks, &plan, shared, &clock, &upstreams, &mut random);
        }
        upstreams.sweep(&clock);
        loop {
            tokio::select! {
                changed = applied.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return,
                },
                _ = stop.wait_for(|stop| *stop) => return,
                _ = ticks.tick(), if !checks.is_empty() => clock.tick(),
            }
        }
    }
}

/// Begins the checks that are new and ends those that the plan has no more.
fn renew(
    checks: &mut HashMap<Key, JoinHandle<()>>,
    plan: &Plan,
    shared: &Shared,
    clock: &Rc<Clock>,
    upstreams: &Upstreams,
    random: &mut Random,
) {
    let mut wanted = HashMap::new();
    for api in plan.apis() {
        let Some(health) = &api.upstream.health else { continue };
        for (number, target) in api.targets.iter().enumerate() {
            let name: Name = (api.name.clone(), api.version_of(number).unwrap_or("").into(), target.url.clone());
            let key: Key = (
                name,
                health.clone(),
                api.upstream.connect_timeout_ms,
                format!("{:?} {:?}", api.upstream.ca_pem, api.upstream.tls),
            );
            let task = checks.remove(&key).unwrap_or_else(|| {
                let check = Check::new(api, target, health, shared.states.target(key.0.clone()), upstreams, clock);
                spawn_local(check.repeat(Random::new(), random.next() as u64))
            });
            wanted.insert(key, task);
        }
    }
    for ((name, ..), task) in std::mem::replace(checks, wanted) {
        task.abort();
        if !checks.keys().any(|(kept, ..)| *kept == name) {
            shared.states.target(name).unchecked();
        }
    }
}

impl Check {
    fn new(
        api: &ApiPlan,
        target: &TargetPlan,
        health: &Health,
        state: Arc<TargetState>,
        upstreams: &Upstreams,
        clock: &Rc<Clock>,
    ) -> Self {
        let host = health.host.as_deref().and_then(|host| HeaderValue::from_str(host).ok());
        Self {
            clock: clock.clone(),
            upstream: upstreams.get(api, target),
            state,
            settings: health.clone(),
            host: host.unwrap_or_else(|| target.host.clone()),
        }
    }

    /// Checks again and again, a tenth of the interval early or late: gateways that were started together must not ask
    /// together for ever. The first check comes at once.
    async fn repeat(self, mut random: Random, seed: u64) {
        sleep(Duration::from_millis(seed % (self.settings.interval_ms / 10).max(1))).await;
        loop {
            let passed = self.ask().await;
            self.state.checked(passed, &self.settings, self.clock.now().mono_us);
            let tenth = self.settings.interval_ms / 10;
            let early_or_late = random.next() as u64 % (2 * tenth + 1);
            sleep(Duration::from_millis(self.settings.interval_ms - tenth + early_or_late)).await;
        }
    }

    /// Whether the target answers as it should, in time.
    async fn ask(&self) -> bool {
        let limit = Duration::from_millis(self.settings.timeout_ms);
        let Some(parts) = self.request() else { return false };
        let Some(Ok(connection)) = within(&self.clock, limit, self.upstream.connect(&self.clock)).await else { return false };
        let mut call = Call::new(self.upstream.clone(), self.clock.clone(), connection, &parts, Content::None);
        match call.head(limit).await {
            Ok(answered) if self.settings.expect_status.is_empty() => answered.status.is_success(),
            Ok(answered) => self.settings.expect_status.contains(&answered.status.as_u16()),
            Err(_) => false,
        }
    }

    fn request(&self) -> Option<Parts> {
        let request = Request::get(self.settings.path.as_str()).header(HOST, self.host.clone());
        let request = request.header(USER_AGENT, concat!("yett-health/", env!("CARGO_PKG_VERSION")));
        request.body(()).ok().map(|request| request.into_parts().0)
    }
}
