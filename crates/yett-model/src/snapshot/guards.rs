//! Settings of the guards.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a guard does with what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Refuse.
    #[default]
    Enforce,
    /// Let pass, but record what would have been refused.
    Monitor,
    /// Do not look.
    Off,
}

/// Settings of every guard, one field a guard.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guards {
    /// The contract guard.
    #[serde(default)]
    pub contract: ContractGuard,
    /// The limits guard.
    #[serde(default)]
    pub limits: LimitsGuard,
}

/// Refuses what the contract does not describe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ContractGuard {
    /// What to do with requests that do not fit.
    pub mode: Mode,
    /// What to do with responses that do not fit.
    pub responses: Mode,
    /// Query parameters the contract does not name: refuse them (with `mode`), or let them pass.
    pub unknown_query: Unknown,
    /// Largest response body that is checked, in bytes; larger ones pass unchecked and are counted.
    pub max_response_bytes: u64,
    /// Deepest nesting of a JSON body.
    pub max_depth: u32,
}

impl Default for ContractGuard {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            responses: Mode::Monitor,
            unknown_query: Unknown::Refuse,
            max_response_bytes: 1 << 20,
            max_depth: 64,
        }
    }
}

/// What to do with something the contract does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// It does not fit the contract.
    Refuse,
    /// It passes.
    Allow,
}

/// Applies rate, quota and concurrency limits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsGuard {
    /// What to do with requests over a limit.
    pub mode: Mode,
}
