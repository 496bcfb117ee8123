//! Settings of the guards.

use super::{CorsGuard, CsrfGuard, InjectionGuard, StructureGuard};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// The injection guard.
    #[serde(default)]
    pub injection: InjectionGuard,
    /// The limits guard.
    #[serde(default)]
    pub limits: LimitsGuard,
    /// The mask guard.
    #[serde(default)]
    pub mask: MaskGuard,
    /// The leaks guard.
    #[serde(default)]
    pub leaks: LeaksGuard,
    /// The guard of answers that pages of other origins may read.
    #[serde(default)]
    pub cors: CorsGuard,
    /// The guard against forged requests; absent means that only credentials which browsers send of themselves are watched.
    #[serde(default)]
    pub csrf: Option<CsrfGuard>,
    /// The guard of bodies that are too large or too deep.
    #[serde(default)]
    pub structure: StructureGuard,
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
    /// Properties of a request's body that no schema names.
    pub unknown_properties: UnknownProperties,
    /// Properties of a request's body that are `readOnly`.
    pub read_only: Unwanted,
    /// Properties of an answer's body that no schema names, or that are `writeOnly`.
    pub response_unknown: Surplus,
}

impl Default for ContractGuard {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            responses: Mode::Monitor,
            unknown_query: Unknown::Refuse,
            max_response_bytes: 1 << 20,
            max_depth: 64,
            unknown_properties: UnknownProperties::Contract,
            read_only: Unwanted::Refuse,
            response_unknown: Surplus::Keep,
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

/// What to do with properties of requests that no schema names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownProperties {
    /// As the schemas say: they pass unless `additionalProperties` or `unevaluatedProperties` forbids them.
    #[default]
    Contract,
    /// They do not fit the contract.
    Refuse,
    /// They are taken out, and the rest goes on.
    Strip,
}

/// What to do with properties that are not the sender's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unwanted {
    /// They do not fit the contract.
    #[default]
    Refuse,
    /// They are taken out, and the rest goes on.
    Strip,
}

/// What to do with properties of answers that the contract does not promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Surplus {
    /// They reach the caller.
    #[default]
    Keep,
    /// They reach the caller, and it is recorded that they would be dropped.
    Monitor,
    /// They are taken out.
    Drop,
}

/// Masks personal data and secrets in answers, and keeps them out of requests.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MaskGuard {
    /// What to do with classified data of answers that the caller may not see, and with data that requests must not hold.
    pub mode: Mode,
    /// What becomes of data, by class (`pii.email`; `pii` stands for all below it). The longest class counts; data of
    /// others is masked.
    pub rules: BTreeMap<String, MaskBy>,
    /// Classes that are looked for in the texts of answers, classified or not.
    pub detect: Vec<String>,
    /// What to do with what was found that way.
    pub detected: Mode,
    /// Classes that no request may hold.
    pub forbid: Vec<String>,
    /// Classes that are masked in the bodies of requests before they go upstream.
    pub redact: Vec<String>,
}

/// What becomes of a value that must not be seen. The strictest is first: where several count, it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MaskBy {
    /// It goes, with its name.
    Drop,
    /// Three asterisks, whatever it was; `null` for what is no text.
    Mask,
    /// A keyed digest: equal values stay equal, and nobody can go back.
    Hash,
    /// A keyed token that tells its class: as a digest, but shorter and recognisable.
    Tokenise,
    /// Other letters and digits in the places of its own, chosen by a key: as long, and of the same form. Nobody can go
    /// back.
    FormatPreserving,
}

/// Keeps what errors tell of the inside from leaving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LeaksGuard {
    /// What to do with error answers that tell of the inside: stack traces, SQL errors, internal addresses, versions.
    pub mode: Mode,
    /// What to do with other answers that hold a stack trace or an SQL error. In `monitor`, only those that are read for
    /// another reason are looked into.
    pub answers: Mode,
}

impl Default for LeaksGuard {
    fn default() -> Self {
        Self { mode: Mode::Enforce, answers: Mode::Monitor }
    }
}

/// Applies rate, quota and concurrency limits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsGuard {
    /// What to do with requests over a limit.
    pub mode: Mode,
}
