//! Who may call: collections, profiles, apps and their credentials.

use super::Limit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A named group of operations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// Kebab-case name.
    pub name: String,
    /// Operation ids.
    pub operations: Vec<String>,
    /// Limits on the group as a whole.
    #[serde(default)]
    pub limits: Vec<Limit>,
}

/// An access profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Kebab-case name.
    pub name: String,
    /// Granted collections.
    #[serde(default)]
    pub collections: Vec<String>,
    /// Granted operations.
    #[serde(default)]
    pub operations: Vec<String>,
    /// Limits on callers with this profile.
    #[serde(default)]
    pub limits: Vec<Limit>,
}

/// An app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Kebab-case name.
    pub name: String,
    /// Team it belongs to.
    pub team: String,
    /// Names of its profiles.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// Limits on this app alone.
    #[serde(default)]
    pub limits: Vec<Limit>,
}

/// An API key of an app, hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// Stable id, shown in logs; not secret.
    pub id: String,
    /// App it belongs to.
    pub app: String,
    /// Public part of the key it is looked up by: `yett_<env>_` and the first eight characters of the random part.
    pub prefix: String,
    /// HMAC-SHA-256 of the whole key under the pepper, lower-case hex.
    pub hash: String,
    /// Unix second from which it is refused.
    #[serde(default)]
    pub expires_at: Option<u64>,
    /// The subset of the app's profiles that the key carries; absent means all.
    #[serde(default)]
    pub profiles: Option<Vec<String>>,
}
