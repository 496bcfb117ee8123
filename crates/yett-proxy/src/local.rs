//! A plan as one worker uses it: its counters and its upstreams, looked up once and found by number from then on.

use crate::metrics::{Durations, Requests, Shard};
use crate::pools::LocalPool;
use crate::shed::ApiGauge;
use crate::upstream::{Upstream, Upstreams};
use crate::worker::Shared;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use yett_engine::Plan;
use yett_engine::plan::TargetPlan;

struct LocalApi {
    durations: Arc<Durations>,
    undocumented: Arc<Requests>,
    targets: Vec<(Arc<TargetPlan>, Rc<Upstream>)>,
    gauge: Rc<ApiGauge>,
    /// Number of the API's first operation in the plan.
    first: u32,
    pool: Option<LocalPool>,
}

fn operations(plan: &Plan, api: u32) -> impl Iterator<Item = &str> {
    plan.operations().iter().filter(move |operation| operation.api == api).map(|operation| &*operation.id)
}

/// The worker's side of a plan.
pub(crate) struct LocalPlan {
    plan: Arc<Plan>,
    shard: Arc<Shard>,
    unrouted: Arc<Requests>,
    apis: Vec<LocalApi>,
    operations: RefCell<Vec<Option<Arc<Requests>>>>,
}

impl LocalPlan {
    /// What was learned under the plan `before` is kept for APIs that have the same operations.
    pub(crate) fn new(
        plan: Arc<Plan>,
        shard: Arc<Shard>,
        upstreams: &Upstreams,
        shared: &Shared,
        before: Option<&LocalPlan>,
        random: u64,
    ) -> Self {
        let bounds = shared.overload.bounds();
        let nothing: Arc<str> = "".into();
        let apis = plan.apis().iter().enumerate().map(|(number, api)| LocalApi {
            gauge: before
                .and_then(|before| before.same_gauge(&plan, number as u32))
                .unwrap_or_else(|| ApiGauge::new(bounds, operations(&plan, number as u32).count())),
            first: plan.operations().iter().position(|operation| operation.api == number as u32).unwrap_or(0) as u32,
            durations: shard.durations(&api.name),
            undocumented: shard.requests(&api.name, &nothing),
            targets: api.targets.iter().map(|target| (target.clone(), upstreams.get(api, target))).collect(),
            pool: LocalPool::new(api, &shared.states, upstreams, random),
        });
        Self {
            apis: apis.collect(),
            unrouted: shard.requests(&nothing, &nothing),
            operations: RefCell::new(vec![None; plan.operations().len()]),
            plan,
            shard,
        }
    }

    pub(crate) fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The targets of an API that has several, or settings to watch them by.
    pub(crate) fn pool(&self, api: u32) -> Option<&LocalPool> {
        self.apis.get(api as usize)?.pool.as_ref()
    }

    /// The gauge of an API of this plan.
    pub(crate) fn gauge(&self, api: u32) -> Option<&Rc<ApiGauge>> {
        self.apis.get(api as usize).map(|api| &api.gauge)
    }

    /// The number of an operation within its API.
    pub(crate) fn place(&self, api: u32, operation: u32) -> usize {
        let first = self.apis.get(api as usize).map_or(0, |api| api.first);
        operation.saturating_sub(first) as usize
    }

    fn same_gauge(&self, plan: &Plan, number: u32) -> Option<Rc<ApiGauge>> {
        let name = &plan.api(number)?.name;
        let mine = self.plan.apis().iter().position(|api| api.name == *name)? as u32;
        let alike = operations(&self.plan, mine).eq(operations(plan, number));
        alike.then(|| self.gauge(mine).cloned()).flatten()
    }

    /// The upstream of a target of this plan.
    pub(crate) fn upstream(&self, target: &Arc<TargetPlan>) -> Option<&Rc<Upstream>> {
        let targets = &self.apis.get(target.api as usize)?.targets;
        targets.iter().find(|(known, _)| Arc::ptr_eq(known, target)).map(|(_, upstream)| upstream)
    }

    /// Counts a request that ended.
    pub(crate) fn count(&self, api: Option<u32>, operation: Option<u32>, status: u16, whole_us: u64, upstream_us: Option<u64>) {
        let Some(local) = api.and_then(|api| self.apis.get(api as usize)) else {
            return self.unrouted.count(status);
        };
        local.durations.whole.observe(whole_us);
        if let Some(upstream_us) = upstream_us {
            local.durations.upstream.observe(upstream_us);
        }
        match operation {
            Some(operation) => self.count_operation(operation, status),
            None => local.undocumented.count(status),
        }
    }

    fn count_operation(&self, number: u32, status: u16) {
        let mut operations = self.operations.borrow_mut();
        let Some(place) = operations.get_mut(number as usize) else { return };
        if place.is_none() {
            *place = self.plan.operation(number).and_then(|operation| {
                let api = self.plan.api(operation.api)?;
                Some(self.shard.requests(&api.name, &operation.id))
            });
        }
        if let Some(requests) = place {
            requests.count(status);
        }
    }
}
