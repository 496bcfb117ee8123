//! Outliers: targets that fail while others do not, found in the requests themselves.

use yett_model::snapshot::Outlier;

/// The requests of one target in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) requests: u32,
    pub(super) failed: u32,
}

/// Whether `own` failed so much more than the `others` that the target must be at fault. When all fail, none is.
pub(super) fn stands_out(own: Tally, others: Tally, settings: &Outlier) -> bool {
    let share = |tally: Tally| u64::from(tally.failed) * 100 / u64::from(tally.requests.max(1));
    settings.failure_share > 0
        && own.requests >= settings.min_requests.max(1)
        && others.requests > 0
        && share(own) >= u64::from(settings.failure_share)
        && share(others) * 2 <= share(own)
}

/// How long the `times`-th ejection in a row lasts, in microseconds.
pub(super) fn ejection_us(times: u32, settings: &Outlier) -> u64 {
    let grown = settings.ejection_ms.saturating_mul(u64::from(times.max(1)));
    grown.min(settings.max_ejection_ms.max(settings.ejection_ms)).saturating_mul(1000)
}

/// Whether one more target may be ejected. One always may, if another stays.
pub(super) fn may_eject(ejected: usize, targets: usize, settings: &Outlier) -> bool {
    let most = (targets * settings.max_ejected.min(100) as usize / 100).max(1);
    ejected < most && ejected + 1 < targets
}

/// Whether so few targets are well that all are used.
pub(super) fn is_panic(well: usize, targets: usize, settings: &Outlier) -> bool {
    well == 0 || well * 100 < targets * settings.panic.min(100) as usize
}
