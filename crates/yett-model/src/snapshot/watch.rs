//! What is done about guessed and stolen credentials.

use super::Mode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Growing delays after credentials that were not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Failures {
    /// What to do with requests of those who are delayed.
    pub mode: Mode,
    /// How many failures a source (IPv4 address, or IPv6 /64) has within the window before it is delayed.
    pub per_source: u32,
    /// How many failures a credential has within the window, from whatever source, before those who have not proven it
    /// lately are delayed.
    pub per_credential: u32,
    /// Milliseconds in which so many failures are forgotten.
    pub window_ms: u64,
    /// The first delay in milliseconds; each further failure doubles it.
    pub delay_ms: u64,
    /// The longest delay in milliseconds.
    pub longest_ms: u64,
}

impl Default for Failures {
    fn default() -> Self {
        Self { mode: Mode::Enforce, per_source: 20, per_credential: 50, window_ms: 600_000, delay_ms: 1_000, longest_ms: 900_000 }
    }
}

/// How people stand in events. Whoever reads events should not learn from them who did what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogSubjects {
    /// As a keyed hash: the same person is the same hash, and nobody without the pepper can tell whose it is.
    #[default]
    Hashed,
    /// By name.
    Plain,
    /// Not at all.
    Off,
}

/// When a credential is used from implausibly many networks (/24 or /48).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Networks {
    /// More networks than this are a finding; 0 means never.
    pub most: u32,
    /// Minutes within which they are counted.
    pub window_minutes: u32,
}

impl Default for Networks {
    fn default() -> Self {
        Self { most: 20, window_minutes: 60 }
    }
}

/// Where leaked keys are handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Leaks {
    /// Public path, such as `/.well-known/yett/leaked-keys`.
    pub path: String,
    /// How many requests a source may send at once.
    pub per_source: u32,
    /// Milliseconds in which so many are allowed again.
    pub window_ms: u64,
}
