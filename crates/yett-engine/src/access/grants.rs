//! What a set of profiles gives, span by span.

use super::Operations;
use crate::exchange::Now;
use crate::guards::limits::LimitPlan;
use crate::policy::Rules;
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
    /// What policies without conditions say of whoever has the profiles.
    pub rules: Rules,
    /// Limits of the profiles in force.
    pub limits: Box<[Arc<LimitPlan>]>,
    /// Names of the profiles in force, as they were given: without those that they inherit.
    pub profiles: Arc<[Arc<str>]>,
}

impl Span {
    fn gives_as(&self, other: &Self) -> bool {
        let limits = |span: &Self| span.limits.iter().map(|limit| limit.identity()).collect::<Vec<_>>();
        self.operations == other.operations
            && self.rules == other.rules
            && self.profiles == other.profiles
            && limits(self) == limits(other)
    }
}

impl Span {
    fn both(&self, other: &Self, from: u64) -> Self {
        let mut operations = self.operations.clone();
        operations.intersect(&other.operations);
        let known = |limit: &&Arc<LimitPlan>| !self.limits.iter().any(|own| own.identity() == limit.identity());
        let limits = self.limits.iter().chain(other.limits.iter().filter(known)).cloned().collect();
        let profiles = self.profiles.iter().filter(|name| other.profiles.contains(name)).cloned().collect();
        let mut rules = self.rules.clone();
        rules.forbidden.merge(&other.rules.forbidden);
        rules.permitted.intersect(&other.rules.permitted);
        Self { from, operations, rules, limits, profiles }
    }
}

impl Grants {
    /// From spans in the order of time, the first of which begins at 0.
    pub(super) fn new(mut spans: Vec<Span>) -> Self {
        spans.dedup_by(|later, earlier| later.gives_as(earlier));
        Self { spans: spans.into() }
    }

    /// These operations of eight, for ever.
    #[cfg(test)]
    pub(crate) fn always(members: &[u32]) -> Self {
        let mut operations = Operations::none(8);
        members.iter().for_each(|member| operations.add(*member));
        Self::new(vec![Span { from: 0, operations, rules: Rules::default(), limits: [].into(), profiles: [].into() }])
    }

    /// Whether an operation may be used at a time.
    #[must_use]
    pub fn allows(&self, operation: u32, now: Now) -> bool {
        self.span(now).is_some_and(|span| span.operations.has(operation))
    }

    /// Whether a policy without conditions forbids an operation to whoever has the profiles.
    pub(crate) fn forbids(&self, operation: u32, now: Now) -> bool {
        self.span(now).is_some_and(|span| span.rules.forbidden.has(operation))
    }

    /// Whether a policy without conditions permits it to them.
    pub(crate) fn permits(&self, operation: u32, now: Now) -> bool {
        self.span(now).is_some_and(|span| span.rules.permitted.has(operation))
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

    /// What both of two give, and the limits of either.
    #[must_use]
    pub fn both(&self, other: &Self) -> Self {
        let mut starts: Vec<u64> = self.spans.iter().chain(&other.spans).map(|span| span.from).collect();
        starts.sort_unstable();
        starts.dedup();
        let spans = starts.into_iter().filter_map(|from| Some(self.at(from)?.both(other.at(from)?, from)));
        Self::new(spans.collect())
    }

    fn at(&self, second: u64) -> Option<&Span> {
        self.spans.get(self.spans.partition_point(|span| span.from <= second).checked_sub(1)?)
    }

    fn span(&self, now: Now) -> Option<&Span> {
        match &*self.spans {
            [only] => Some(only),
            _ => self.at(now.unix_ms / 1000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: u64, members: &[u32]) -> Span {
        let mut operations = Operations::none(8);
        members.iter().for_each(|member| operations.add(*member));
        Span { from, operations, rules: Rules::default(), limits: [].into(), profiles: [].into() }
    }

    #[test]
    fn two_give_together_what_both_give_at_that_time() {
        let one = Grants::new(vec![span(0, &[1]), span(10, &[1, 2])]);
        let other = Grants::new(vec![span(0, &[]), span(5, &[1, 2, 3])]);
        let both = one.both(&other);
        let at = |second: u64| {
            let now = Now { unix_ms: second * 1000, mono_us: 0 };
            (0..8).filter(|&operation| both.allows(operation, now)).collect::<Vec<u32>>()
        };
        assert_eq!([at(4), at(5), at(9), at(10)], [vec![], vec![1], vec![1], vec![1, 2]]);
    }
}
