//! How TLS is spoken with upstreams, beyond whom to trust.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A version of TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246) or later.
    #[default]
    #[serde(rename = "1.2")]
    V1_2,
    /// TLS 1.3 (RFC 8446) or later.
    #[serde(rename = "1.3")]
    V1_3,
}

/// How TLS is spoken with an upstream. There is no way to leave out the verification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpstreamTls {
    /// What the gateway proves itself with.
    #[serde(default)]
    pub client_certificate: Option<UpstreamCertificate>,
    /// The name that the targets prove and are asked for, instead of the host of their URL.
    #[serde(default)]
    pub server_name: Option<String>,
    /// The oldest version that is spoken.
    #[serde(default)]
    pub min_version: TlsVersion,
}

/// A certificate of the gateway. The key stays in its file: a snapshot holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpstreamCertificate {
    /// PEM chain, the leaf first.
    pub certificate_pem: String,
    /// Path of the PEM private key on the machine of the gateway.
    pub key_file: String,
}
