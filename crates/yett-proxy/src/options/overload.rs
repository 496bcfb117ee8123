//! When requests are refused so that others are answered soon.

use schemars::JsonSchema;
use serde::Deserialize;
use yett_engine::overload::Bounds;
use yett_model::snapshot::Mode;

/// When requests are refused so that others are answered soon.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Overload {
    /// What to do with requests that there is no room for.
    pub mode: Mode,
    /// An answer is late that took this many times what its operation usually takes ...
    pub tolerance: u32,
    /// ... and this many milliseconds more. While answers are not late, nothing is refused.
    pub slack_ms: u64,
    /// Requests to an API at the same time, on each worker, for which there is always room.
    pub floor: u32,
    /// Milliseconds that a worker may be behind its own clock before it refuses what has low priority; other requests at
    /// twice, critical ones at four times as much.
    pub lag_ms: u64,
}

impl Default for Overload {
    fn default() -> Self {
        Self { mode: Mode::Enforce, tolerance: 2, slack_ms: 200, floor: 8, lag_ms: 250 }
    }
}

impl Overload {
    /// What is wrong with it.
    pub(crate) fn mistake(&self) -> Option<&'static str> {
        match () {
            () if !(1..=100).contains(&self.tolerance) => Some("`overload.tolerance` must be between 1 and 100"),
            () if !(1..=3_600_000).contains(&self.slack_ms) => Some("`overload.slack_ms` must be between 1 and 3600000"),
            () if !(1..=1_000_000).contains(&self.floor) => Some("`overload.floor` must be between 1 and 1000000"),
            () if !(10..=3_600_000).contains(&self.lag_ms) => Some("`overload.lag_ms` must be between 10 and 3600000"),
            () => None,
        }
    }

    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { tolerance: f64::from(self.tolerance), slack_us: self.slack_ms * 1000, floor: self.floor }
    }
}
