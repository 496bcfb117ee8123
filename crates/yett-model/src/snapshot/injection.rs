//! Settings of the injection guard.

use super::Mode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Refuses values that look like attacks on what reads them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InjectionGuard {
    /// What to do with requests that have such a value.
    pub mode: Mode,
    /// How much is taken for an attack.
    pub level: Level,
    /// What is no attack after all, where it stands.
    pub exceptions: Vec<InjectionException>,
}

/// How much is taken for an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Only what hardly anybody writes but attackers.
    Relaxed,
    /// What attackers write and others rarely do.
    #[default]
    Standard,
    /// Also what others write now and then.
    Strict,
}

/// Signatures that do not count for some values.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InjectionException {
    /// `api:operationId`; absent means every operation of the API.
    pub operation: Option<String>,
    /// Where the value travels; absent means anywhere.
    #[serde(rename = "in")]
    pub place: Option<ValuePlace>,
    /// Name of the parameter, or JSON pointer in a body with `*` for each number of an array; absent means any.
    pub name: Option<String>,
    /// Families that do not count.
    pub families: Vec<String>,
    /// Signatures that do not count, by id.
    pub signatures: Vec<String>,
}

/// Where a value travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ValuePlace {
    /// In the path.
    Path,
    /// In the query string.
    Query,
    /// In a header field.
    Header,
    /// In a cookie.
    Cookie,
    /// In the body.
    Body,
}
