//! How callers of an API prove themselves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How callers of an API prove themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identify {
    /// No credential is needed. A credential that is sent is still checked.
    #[serde(default)]
    pub public: bool,
    /// Accept API keys.
    #[serde(default)]
    pub api_key: Option<ApiKey>,
}

/// Where an API key may be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// Header that carries the key (lower case); absent means not in a header.
    #[serde(default)]
    pub header: Option<String>,
    /// Whether `Authorization: Bearer` may carry it.
    #[serde(default)]
    pub bearer: bool,
    /// Query parameter that carries it; off unless named.
    #[serde(default)]
    pub query: Option<String>,
}
