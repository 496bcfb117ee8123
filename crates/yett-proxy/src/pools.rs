//! The targets of the APIs as a worker chooses among them, and what all workers share about them.

use crate::upstream::{Upstream, Upstreams};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use yett_engine::balance::{Ask, Budget, Chosen, Ejection, NoTarget, Picker, Place, Pool, TargetState};
use yett_engine::plan::{ApiPlan, TargetPlan};
use yett_model::snapshot::{Mirror, Retries, RetryBudget};

/// Name of an API, name of a version (empty where there are none), URL of a target.
pub(crate) type Name = (Arc<str>, Arc<str>, String);

/// What all workers share about one API.
#[derive(Debug)]
pub(crate) struct ApiState {
    settings: RetryBudget,
    pub(crate) budget: Budget,
    /// Requests that were sent again, and those that the budget did not pay for.
    pub(crate) retries: AtomicU64,
    pub(crate) unpaid: AtomicU64,
    /// Copies for the mirror: under way, made, and left out for want of room or of a body that is here.
    pub(crate) copying: AtomicU32,
    pub(crate) copied: AtomicU64,
    pub(crate) not_copied: AtomicU64,
    windows: Mutex<BTreeMap<Arc<str>, Arc<AtomicU64>>>,
}

/// What is known of every target, kept over changes of the plan for as long as one names it. Locked only when a worker
/// takes on a plan, or somebody looks.
#[derive(Debug)]
pub(crate) struct States {
    start: Instant,
    targets: Mutex<BTreeMap<Name, Weak<TargetState>>>,
    apis: Mutex<BTreeMap<Arc<str>, Weak<ApiState>>>,
    /// Told when a plan comes into force.
    pub(crate) applied: watch::Sender<()>,
}

impl States {
    pub(crate) fn new(start: Instant) -> Self {
        Self { start, targets: Mutex::default(), apis: Mutex::default(), applied: watch::Sender::new(()) }
    }

    fn now_us(&self) -> u64 {
        self.start.elapsed().as_micros() as u64
    }

    /// The state of a target; made when first asked for.
    pub(crate) fn target(&self, name: Name) -> Arc<TargetState> {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = targets.get(&name).and_then(Weak::upgrade) {
            return state;
        }
        targets.retain(|_, state| state.strong_count() > 0);
        let state = Arc::new(TargetState::new(self.now_us()));
        targets.insert(name, Arc::downgrade(&state));
        state
    }

    fn api(&self, name: &Arc<str>, settings: &RetryBudget) -> Arc<ApiState> {
        let mut apis = self.apis.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = apis.get(name).and_then(Weak::upgrade).filter(|state| state.settings == *settings) {
            return state;
        }
        apis.retain(|_, state| state.strong_count() > 0);
        let state = Arc::new(ApiState {
            settings: settings.clone(),
            budget: Budget::new(settings, self.now_us()),
            retries: AtomicU64::new(0),
            unpaid: AtomicU64::new(0),
            copying: AtomicU32::new(0),
            copied: AtomicU64::new(0),
            not_copied: AtomicU64::new(0),
            windows: Mutex::default(),
        });
        apis.insert(name.clone(), Arc::downgrade(&state));
        state
    }

    /// Gauges and counters of targets as Prometheus text.
    pub(crate) fn render(&self, out: &mut String, escape: fn(&str) -> String) {
        let now_us = self.now_us();
        let targets: Vec<(String, Arc<TargetState>)> = {
            let targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
            let living = targets.iter().filter_map(|(name, state)| Some((name, state.upgrade()?)));
            living.map(|((api, version, url), state)| (labels(api, version, url, escape), state)).collect()
        };
        let mut family = |name: &str, kind: &str, what: &str, value: &dyn Fn(&TargetState) -> u64| {
            let _ = writeln!(out, "# HELP {name} {what}\n# TYPE {name} {kind}");
            for (labels, state) in &targets {
                let _ = writeln!(out, "{name}{{{labels}}} {}", value(state));
            }
        };
        family("yett_target_well", "gauge", "Whether a target is used: 0 while it is taken out.", &|state| {
            u64::from(state.is_well(now_us))
        });
        family("yett_target_in_flight", "gauge", "Requests with a target.", &|state| u64::from(state.in_flight()));
        family("yett_target_requests_total", "counter", "Requests sent to a target.", &|state| state.totals().0);
        family("yett_target_failures_total", "counter", "Requests that failed there.", &|state| state.totals().1);
        let name = "yett_target_ejections_total";
        let _ = writeln!(out, "# HELP {name} How often a target was taken out, by reason.\n# TYPE {name} counter");
        for (labels, state) in &targets {
            for reason in Ejection::ALL.into_iter().filter(|reason| state.ejected(*reason) > 0) {
                let _ = writeln!(out, "{name}{{{labels},reason=\"{}\"}} {}", reason.as_str(), state.ejected(reason));
            }
        }
        self.render_apis(out, escape);
    }

    fn render_apis(&self, out: &mut String, escape: fn(&str) -> String) {
        let apis: Vec<(String, Arc<ApiState>)> = {
            let apis = self.apis.lock().unwrap_or_else(PoisonError::into_inner);
            apis.iter().filter_map(|(name, state)| Some((escape(name), state.upgrade()?))).collect()
        };
        let mut family = |name: &str, what: &str, value: fn(&ApiState) -> &AtomicU64| {
            let _ = writeln!(out, "# HELP {name} {what}\n# TYPE {name} counter");
            for (api, state) in &apis {
                let _ = writeln!(out, "{name}{{api=\"{api}\"}} {}", value(state).load(Ordering::Relaxed));
            }
        };
        family("yett_retries_total", "Requests that were sent again.", |state| &state.retries);
        family("yett_retries_refused_total", "Requests not sent again for want of budget.", |state| &state.unpaid);
        family("yett_mirrored_total", "Copies sent to the mirror.", |state| &state.copied);
        family("yett_mirror_skipped_total", "Copies not made: no room, or a streamed body.", |state| &state.not_copied);
    }
}

fn labels(api: &str, version: &str, url: &str, escape: fn(&str) -> String) -> String {
    let version = if version.is_empty() { String::new() } else { format!(",version=\"{}\"", escape(version)) };
    format!("api=\"{}\"{version},target=\"{}\"", escape(api), escape(url))
}

/// The targets of one version.
pub(crate) struct Group {
    /// Number of the first among the targets of the API.
    pub(crate) first: usize,
    pub(crate) pool: Pool,
    picker: RefCell<Picker>,
}

impl Group {
    /// Chooses a target and takes a place there.
    pub(crate) fn choose(&self, ask: &Ask<'_>) -> Result<Chosen, NoTarget> {
        self.pool.choose(&mut self.picker.borrow_mut(), ask)
    }
}

/// Where copies of requests go.
pub(crate) struct LocalMirror {
    pub(crate) settings: Mirror,
    pub(crate) target: Arc<TargetPlan>,
    pub(crate) upstream: Rc<Upstream>,
    pub(crate) response_timeout: Duration,
}

/// The targets of one API as a worker chooses among them.
pub(crate) struct LocalPool {
    groups: Vec<Rc<Group>>,
    pub(crate) state: Arc<ApiState>,
    pub(crate) retries: Retries,
    pub(crate) mirror: Option<LocalMirror>,
}

impl LocalPool {
    /// The pool of an API; `None` where there is nothing to choose and nothing to watch.
    pub(crate) fn new(api: &ApiPlan, states: &States, upstreams: &Upstreams, random: u64) -> Option<Self> {
        if api.upstream.is_plain() {
            return None;
        }
        let retries = retries(api);
        let state = states.api(&api.name, &retries.budget);
        let groups = (0..api.versions.len().max(1)).map(|version| Rc::new(group(api, version, states, &state, random)));
        let mirror = api.upstream.mirror.clone().zip(api.mirror.clone()).map(|(settings, target)| LocalMirror {
            settings,
            upstream: upstreams.get(api, &target),
            target,
            response_timeout: Duration::from_millis(api.upstream.response_timeout_ms),
        });
        Some(Self { groups: groups.collect(), state, retries, mirror })
    }

    /// The targets of a version.
    pub(crate) fn group(&self, version: usize) -> Option<&Rc<Group>> {
        self.groups.get(version)
    }
}

/// What is sent again. Unless it is said, only where there is another target to send it to.
fn retries(api: &ApiPlan) -> Retries {
    let attempts = if api.targets.len() > 1 { 2 } else { 1 };
    api.upstream.retries.clone().unwrap_or_else(|| Retries { attempts, ..Retries::default() })
}

fn group(api: &ApiPlan, version: usize, states: &States, state: &ApiState, random: u64) -> Group {
    let range = api.targets_of(version);
    let name: Arc<str> = api.versions.get(version).map_or_else(|| "".into(), |version| version.name.clone());
    let targets = api.targets.get(range.clone()).unwrap_or_default().iter().map(|target| {
        let known = states.target((api.name.clone(), name.clone(), target.url.clone()));
        (known, target.weight, target.id())
    });
    let window = state.windows.lock().unwrap_or_else(PoisonError::into_inner).entry(name.clone()).or_default().clone();
    let pool = Pool::new(targets.collect(), &api.upstream, window);
    Group { first: range.start, picker: RefCell::new(pool.picker(random)), pool }
}

/// A request's place with its target, until the answer has ended.
pub(crate) struct Held {
    /// Given back early where another attempt was looked for in vain.
    pub(crate) _place: Option<Place>,
    pub(crate) group: Rc<Group>,
    pub(crate) index: usize,
}
