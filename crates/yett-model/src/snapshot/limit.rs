//! Limits: how much, and per whom.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A limit: how much, and per whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Unique name, shown in `RateLimit-Policy` and events: `profile-reader-0`.
    pub name: String,
    /// How much.
    pub measure: Measure,
    /// What each counter belongs to.
    pub by: Subject,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Measure {
    /// Units per period, refilled steadily (GCRA).
    Rate {
        /// Units per period.
        amount: u64,
        /// Period in milliseconds.
        period_ms: u64,
        /// Units that may be spent at once.
        burst: u64,
    },
    /// Units per calendar period in UTC.
    Quota {
        /// Units per period.
        amount: u64,
        /// The period.
        period: Period,
    },
    /// Requests at the same time.
    Concurrent {
        /// Requests.
        amount: u64,
    },
}

/// A calendar period in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Period {
    /// Starts on the hour.
    Hour,
    /// Starts at midnight.
    Day,
    /// Starts on Monday at midnight.
    Week,
    /// Starts on the first at midnight.
    Month,
}

/// What a counter belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// One counter for all callers.
    All,
    /// One counter for each app; callers without one count by address.
    App,
    /// One counter for each address (IPv6: each /64), checked before identity.
    Address,
}
