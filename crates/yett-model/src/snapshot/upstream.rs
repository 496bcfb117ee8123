//! Where an API's requests go.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where an API's requests go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// At least one target.
    pub targets: Vec<Target>,
    /// Milliseconds to connect, TLS included.
    #[serde(default = "default_connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// Milliseconds from sending the request to the response head.
    #[serde(default = "default_response_timeout_ms")]
    pub response_timeout_ms: u64,
    /// Milliseconds without a byte of the response body before it is given up.
    #[serde(default = "default_idle_timeout_ms")]
    pub idle_timeout_ms: u64,
    /// What the targets speak.
    #[serde(default)]
    pub protocol: Protocol,
    /// Send the caller's `Host` upstream instead of the target's own.
    #[serde(default)]
    pub preserve_host: bool,
    /// PEM certificates to trust instead of the platform's roots.
    #[serde(default)]
    pub ca_pem: Option<String>,
    /// How TLS is spoken with the targets, beyond whom to trust.
    #[serde(default)]
    pub tls: Option<super::UpstreamTls>,
}

fn default_connect_timeout_ms() -> u64 {
    2_000
}
fn default_response_timeout_ms() -> u64 {
    15_000
}
fn default_idle_timeout_ms() -> u64 {
    30_000
}

/// What an upstream speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2: agreed on by ALPN over TLS, with prior knowledge without.
    Http2,
}

/// One upstream target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// `http://host:port/prefix` or `https://...`; the prefix replaces the API's base path.
    pub url: String,
    /// Share of the traffic relative to the other targets.
    #[serde(default = "super::one")]
    pub weight: u32,
}
