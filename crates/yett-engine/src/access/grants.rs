//! What a set of profiles gives, span by span.

use super::Operations;
use crate::exchange::Now;
use crate::guards::limits::LimitPlan;
use std::sync::Arc;

/// What a set of profiles gives. Where nothing is time-boxed there is but one span, and no clock is looked at.
#[derive(Debug, Default)]
pub struct Grants {
    spans: Box<[Span]>,
}

/// A time in which the same is given.
#[derive(Debug)]
pub(super) struct Span {
    /// First second; the span ends where the next one begins.
    pub from: u64,
    /// Granted and not denied.
    pub operations: Operations,
    /// Limits of the profiles in force.
    pub limits: Box<[Arc<LimitPlan>]>,
    /// Names of the profiles in force, as they were given: without those that they inherit.
    pub profiles: Arc<[Arc<str>]>,
}

impl Span {
    fn gives_as(&self, other: &Self) -> bool {
        let limits = |span: &Self| span.limits.iter().map(|limit| limit.identity()).collect::<Vec<_>>();
        self.operations == other.operations && self.profiles == other.profiles && limits(self) == limits(other)
    }
}

impl Grants {
    /// From spans in the order of time, the first of which begins at 0.
    pub(super) fn new(mut spans: Vec<Span>) -> Self {
        spans.dedup_by(|later, earlier| later.gives_as(earlier));
        Self { spans: spans.into() }
    }

    /// Whether an operation may be used at a time.
    #[must_use]
    pub fn allows(&self, operation: u32, now: Now) -> bool {
        self.span(now).is_some_and(|span| span.operations.has(operation))
    }

    /// Limits of the profiles in force at a time.
    #[must_use]
    pub fn limits(&self, now: Now) -> &[Arc<LimitPlan>] {
        self.span(now).map_or(&[], |span| &span.limits)
    }

    /// Names of the profiles in force at a time.
    #[must_use]
    pub fn profiles(&self, now: Now) -> Arc<[Arc<str>]> {
        self.span(now).map(|span| span.profiles.clone()).unwrap_or_default()
    }

    /// Whether what is given depends on the time.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        self.spans.len() > 1
    }

    fn span(&self, now: Now) -> Option<&Span> {
        match &*self.spans {
            [only] => Some(only),
            spans => {
                let second = now.unix_ms / 1000;
                spans.get(spans.partition_point(|span| span.from <= second).checked_sub(1)?)
            }
        }
    }
}
