//! A plan as one worker uses it: its counters and its upstreams, looked up once and found by number from then on.

use crate::metrics::{Durations, Requests, Shard};
use crate::upstream::{Upstream, Upstreams};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use yett_engine::Plan;
use yett_engine::plan::TargetPlan;

struct LocalApi {
    durations: Arc<Durations>,
    undocumented: Arc<Requests>,
    targets: Vec<(Arc<TargetPlan>, Rc<Upstream>)>,
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
    pub(crate) fn new(plan: Arc<Plan>, shard: Arc<Shard>, upstreams: &Upstreams) -> Self {
        let nothing: Arc<str> = "".into();
        let apis = plan.apis().iter().map(|api| LocalApi {
            durations: shard.durations(&api.name),
            undocumented: shard.requests(&api.name, &nothing),
            targets: api.targets.iter().map(|target| (target.clone(), upstreams.get(api, target))).collect(),
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
