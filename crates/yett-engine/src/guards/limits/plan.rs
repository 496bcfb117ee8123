//! A limit compiled: who counts, what is counted, and every text that does not change from request to request.

use super::concurrency::Room;
use super::counters::{Cell, Owner};
use super::gcra::Rate;
use super::headers;
use super::quota::Quota;
use crate::guards::RequestView;
use crate::identity::anonymous;
use crate::plan::stable_number;
use std::sync::Arc;
use yett_model::Code;
use yett_model::snapshot::{Limit, Measure, Period, Subject};

/// A compiled limit.
#[derive(Debug)]
pub struct LimitPlan {
    identity: u64,
    name: String,
    by: Subject,
    fresh: Fresh,
    /// `"name"` as a structured-field string.
    label: String,
    /// The item of `RateLimit-Policy`; absent for concurrency, whose places are neither refilled nor reset.
    policy: Option<String>,
    /// `100 requests per minute for each app`.
    phrase: String,
}

/// How a cell of the limit begins.
#[derive(Debug, Clone, Copy)]
enum Fresh {
    Rate(Rate),
    Quota(Quota),
    Places(u64),
}

impl LimitPlan {
    /// Compiles a limit.
    #[must_use]
    pub fn new(limit: &Limit) -> Arc<Self> {
        let fresh = match limit.measure {
            Measure::Rate { amount, period_ms, burst } => Fresh::Rate(Rate::new(amount, period_ms, burst)),
            Measure::Quota { amount, period } => Fresh::Quota(Quota::new(amount, period)),
            Measure::Concurrent { amount } => Fresh::Places(amount),
        };
        let label = headers::string(&limit.name);
        let policy = match fresh {
            Fresh::Rate(rate) => Some(rate.policy()),
            Fresh::Quota(quota) => Some((quota.amount(), quota.seconds())),
            Fresh::Places(_) => None,
        };
        Arc::new(Self {
            identity: stable_number(&format!("{:?} {:?} {}", limit.measure, limit.by, limit.name)),
            name: limit.name.clone(),
            by: limit.by,
            fresh,
            policy: policy.map(|(units, seconds)| headers::policy(&label, units, seconds)),
            label,
            phrase: format!("{}{}", amount(&limit.measure), whose(limit.by)),
        })
    }

    /// Number that stands for name, measure and subject: the same in every plan that has the limit unchanged.
    pub(crate) fn identity(&self) -> u64 {
        self.identity
    }

    /// Name as configured.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Name as a structured-field string.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// Item of `RateLimit-Policy`.
    pub(super) fn policy(&self) -> Option<&str> {
        self.policy.as_deref()
    }

    /// What the limit allows, in words.
    pub(super) fn phrase(&self) -> &str {
        &self.phrase
    }

    /// Whether it is counted before identity.
    pub(super) fn by_address(&self) -> bool {
        self.by == Subject::Address
    }

    /// Code of its refusals.
    pub(super) fn code(&self) -> Code {
        match self.fresh {
            Fresh::Rate(_) => Code::RateExceeded,
            Fresh::Quota(_) => Code::QuotaExceeded,
            Fresh::Places(_) => Code::ConcurrencyExceeded,
        }
    }

    /// Most that one request may cost.
    pub(super) fn most_at_once(&self) -> u64 {
        match self.fresh {
            Fresh::Rate(rate) => rate.burst(),
            Fresh::Quota(quota) => quota.amount(),
            Fresh::Places(places) => places,
        }
    }

    /// The cell of an owner who has spent nothing.
    pub(super) fn fresh(&self) -> Cell {
        match self.fresh {
            Fresh::Rate(rate) => Cell::Rate(rate.bucket()),
            Fresh::Quota(quota) => Cell::Quota(quota.account()),
            Fresh::Places(places) => Cell::Places(Room::new(places)),
        }
    }

    /// Whose cell a request counts in. Callers without an app count by address.
    pub(super) fn owner(&self, request: &RequestView<'_>) -> Owner {
        match (self.by, request.principal) {
            (Subject::All, _) => Owner::All,
            (Subject::App, Some(principal)) if principal.method != anonymous::NAME => Owner::App(principal.app.subject),
            (Subject::App, _) | (Subject::Address, _) => Owner::of_address(request.address),
        }
    }
}

fn amount(measure: &Measure) -> String {
    match *measure {
        Measure::Rate { amount, period_ms, .. } => format!("{} per {}", requests(amount), span(period_ms)),
        Measure::Quota { amount, period } => format!("{} per calendar {} (UTC)", requests(amount), calendar(period)),
        Measure::Concurrent { amount } => format!("{} at the same time", requests(amount)),
    }
}

fn whose(by: Subject) -> &'static str {
    match by {
        Subject::All => "",
        Subject::App => " for each app",
        Subject::Address => " for each address",
    }
}

fn requests(amount: u64) -> String {
    let noun = if amount == 1 { "request" } else { "requests" };
    format!("{amount} {noun}")
}

fn calendar(period: Period) -> &'static str {
    match period {
        Period::Hour => "hour",
        Period::Day => "day",
        Period::Week => "week",
        Period::Month => "month",
    }
}

fn span(period_ms: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second")];
    let unit = UNITS.iter().find(|(length, _)| period_ms >= *length && period_ms.is_multiple_of(*length));
    match unit.map(|(length, name)| (period_ms / length, name)) {
        Some((1, name)) => (*name).to_owned(),
        Some((count, name)) => format!("{count} {name}s"),
        None => format!("{period_ms} milliseconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(amount: u64, period_ms: u64) -> Limit {
        Limit { name: "a".into(), measure: Measure::Rate { amount, period_ms, burst: amount }, by: Subject::All }
    }

    #[test]
    fn test_a_phrase_when_read_then_says_what_is_allowed() {
        for (amount, period_ms, phrase) in [
            (100, 60_000, "100 requests per minute"),
            (1, 1_000, "1 request per second"),
            (5, 10_000, "5 requests per 10 seconds"),
            (2, 250, "2 requests per 250 milliseconds"),
            (9, 172_800_000, "9 requests per 2 days"),
        ] {
            assert_eq!(LimitPlan::new(&rate(amount, period_ms)).phrase(), phrase);
        }
        let quota = Measure::Quota { amount: 7, period: Period::Month };
        let of_app = LimitPlan::new(&Limit { name: "b".into(), measure: quota, by: Subject::App });
        assert_eq!(of_app.phrase(), "7 requests per calendar month (UTC) for each app");
    }

    #[test]
    fn test_a_limit_when_its_name_measure_or_subject_changes_then_is_another() {
        let limit = rate(100, 60_000);
        let same = LimitPlan::new(&limit).identity();
        assert_eq!(LimitPlan::new(&limit.clone()).identity(), same);
        let others = [
            rate(101, 60_000),
            rate(100, 60_001),
            Limit { name: "b".into(), ..limit.clone() },
            Limit { by: Subject::App, ..limit.clone() },
            Limit { measure: Measure::Concurrent { amount: 100 }, ..limit },
        ];
        assert!(others.iter().all(|other| LimitPlan::new(other).identity() != same));
    }
}
