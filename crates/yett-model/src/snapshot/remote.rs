//! Whom the gateway itself asks.

use super::UpstreamTls;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A URL that the gateway fetches of its own accord: over HTTPS, without following redirects, and only where it points at
/// an address that such a URL may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    /// The URL, without user name and fragment.
    pub url: String,
    /// Whether it may be at a private address (RFC 1918, RFC 4193, RFC 6598) or on the gateway's own machine.
    #[serde(default)]
    pub private: bool,
    /// Whether it is asked over plain HTTP; it must be on the gateway's own machine then.
    #[serde(default)]
    pub plain: bool,
    /// PEM certificates to trust instead of the platform's roots.
    #[serde(default)]
    pub ca_pem: Option<String>,
    /// How TLS is spoken.
    #[serde(default)]
    pub tls: Option<UpstreamTls>,
    /// Milliseconds from the question to the last byte of the answer.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u64,
}

fn timeout_ms() -> u64 {
    5_000
}
