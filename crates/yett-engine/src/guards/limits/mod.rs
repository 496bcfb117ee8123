//! The limits guard.
use super::Guard;
use crate::plan::Scope;
use std::sync::Arc;
use yett_model::snapshot::Limit;

/// A compiled limit.
#[derive(Debug)]
pub struct LimitPlan {}

impl LimitPlan {
    /// Compiles a limit.
    #[must_use]
    pub fn new(_limit: &Limit) -> Arc<Self> {
        Arc::new(Self {})
    }
}

/// The state of all limits; outlives plans.
#[derive(Default)]
pub struct Counters {}

/// A place in a concurrency limit, given back when dropped.
pub struct Permit {}

/// Builds the guard of one operation.
pub fn build(_scope: &Scope<'_>) -> Option<Arc<dyn Guard>> {
    None
}
