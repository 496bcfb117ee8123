//! Versions of an API beside one another: how a request says which it is for, and how old ones are retired.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which of several APIs with the same host and base path a request is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// What requests for this API say.
    pub version: String,
    /// Where they say it.
    pub at: PlacedAt,
    /// Whether requests that say nothing are for this API.
    #[serde(default)]
    pub default: bool,
    /// Whether requests for a version that there is not are for this API as well; only for the default.
    #[serde(default)]
    pub fallback: bool,
}

/// Where a request says which version it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum PlacedAt {
    /// In the header field of this name.
    Header(String),
    /// In the query parameter of this name.
    Query(String),
    /// In this parameter of the media types in `Accept` or `Content-Type`.
    MediaType(String),
}

/// How an operation goes: callers are told, then warned by brownouts, then refused. Times are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retirement {
    /// Since when, or from when, it should not be used any more (RFC 9745).
    pub deprecated_at: Option<u64>,
    /// From when it is refused with 410 (RFC 8594).
    pub sunset_at: Option<u64>,
    /// Where callers read what to do.
    pub guide: Option<String>,
    /// When it is refused for a while, so that whoever still calls it notices.
    pub brownouts: Vec<Brownout>,
}

/// From `from` until before `until`, in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Brownout {
    /// First second.
    pub from: u64,
    /// First second after it.
    pub until: u64,
}
