//! What the gateway asks issuers of tokens.

use super::{Remote, UpstreamTls};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an issuer's keys are fetched: again and again, and when a token names a key that is not among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeyFetch {
    /// Where the issuer's metadata are; absent means where OpenID Connect Discovery has them.
    pub metadata_url: Option<String>,
    /// Whether they may be at a private address or on the gateway's own machine.
    pub private: bool,
    /// PEM certificates to trust instead of the platform's roots.
    pub ca_pem: Option<String>,
    /// How TLS is spoken.
    pub tls: Option<UpstreamTls>,
    /// Milliseconds from the question to the last byte of the answer.
    pub timeout_ms: u64,
    /// Milliseconds between two fetches at least, whatever tokens name.
    pub min_refresh_ms: u64,
    /// Milliseconds between two fetches at most, whatever the answer says of its lifetime.
    pub max_refresh_ms: u64,
    /// Milliseconds for which keys are used when no newer ones can be fetched.
    pub max_stale_ms: u64,
}

impl Default for KeyFetch {
    fn default() -> Self {
        Self {
            metadata_url: None,
            private: false,
            ca_pem: None,
            tls: None,
            timeout_ms: 5_000,
            min_refresh_ms: 30_000,
            max_refresh_ms: 3_600_000,
            max_stale_ms: 86_400_000,
        }
    }
}

/// Where an issuer says what a token is worth (RFC 7662).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Introspection {
    /// The endpoint.
    pub remote: Remote,
    /// Who the gateway is to the issuer.
    pub client_id: String,
    /// Name of the secret it proves that with; the secret itself is an option of the process.
    pub client_secret: String,
    /// How it proves that.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// Milliseconds for which what was said of a token holds, at most until it expires; 0 means not at all.
    #[serde(default = "cache_ms")]
    pub cache_ms: u64,
    /// Milliseconds for which it holds beyond that if the issuer says nothing; 0 means not at all.
    #[serde(default)]
    pub stale_ms: u64,
}

/// How a client proves itself to a token server (RFC 6749 section 2.3.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuth {
    /// By HTTP Basic.
    #[default]
    Basic,
    /// In the body.
    Post,
}

/// The issuer whom an API shows opaque tokens to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Introspect {
    /// Name of the issuer.
    pub issuer: String,
}

fn cache_ms() -> u64 {
    30_000
}
