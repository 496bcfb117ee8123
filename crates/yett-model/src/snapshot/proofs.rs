//! Proofs of identity other than keys and tokens: certificates, signatures, webhooks and passwords.
//!
//! What is secret travels beside the snapshot, among the options of the process; here it has a name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Accept HTTP Message Signatures (RFC 9421).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageSignature {
    /// Components that a signature must cover; absent means the method, and the target as a whole or in parts.
    /// `content-digest` is required besides wherever there is a body.
    #[serde(default)]
    pub covers: Option<Vec<String>>,
    /// Seconds after `created` from which a signature is refused.
    pub max_age_s: u64,
    /// Whether each signature needs a `nonce` of its own and is accepted once.
    #[serde(default)]
    pub once: bool,
}

/// Accept requests whose body has a keyed hash in a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The app that sends them.
    pub app: String,
    /// Header with the hash (lower case).
    pub header: String,
    /// How the header is written.
    pub format: WebhookFormat,
    /// What stands before the hash.
    #[serde(default)]
    pub prefix: String,
    /// Seconds that a timestamp may differ from now, before or after.
    pub tolerance_s: u64,
    /// Whether the upstream sees the header.
    #[serde(default)]
    pub keep: bool,
}

/// How a hash over a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WebhookFormat {
    /// Hex digits of HMAC-SHA-256 over the body.
    Hex,
    /// Base64 of HMAC-SHA-256 over the body.
    Base64,
    /// `t=<Unix second>,v1=<hex>`, over the second, `.` and the body; `v1` may be there several times.
    Timestamped,
}

/// A client certificate of an app: named by exactly one of `thumbprint`, `subject` and `san`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppCertificate {
    /// SHA-256 of the certificate, lower-case hex.
    #[serde(default)]
    pub thumbprint: Option<String>,
    /// The whole subject, as RFC 4514 writes it.
    #[serde(default)]
    pub subject: Option<String>,
    /// One of its other names: `dns:`, `uri:` or `email:` and the name.
    #[serde(default)]
    pub san: Option<String>,
    /// SHA-256 of the authorities that it may come from, lower-case hex; empty means those of the host.
    #[serde(default)]
    pub authorities: Vec<String>,
}

/// A key that an app signs requests with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SigningKey {
    /// `keyid` of its signatures.
    pub id: String,
    /// The one algorithm that it is used with.
    pub algorithm: SigningAlgorithm,
    /// Public key (SubjectPublicKeyInfo in DER, base64); absent for `hmac-sha256`.
    #[serde(default)]
    pub public_key: Option<String>,
    /// Name of the secret; for `hmac-sha256` only.
    #[serde(default)]
    pub secret: Option<String>,
}

/// An algorithm of RFC 9421 section 3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SigningAlgorithm {
    /// Edwards curve 25519.
    Ed25519,
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256Sha256,
    /// RSASSA-PSS with SHA-512.
    RsaPssSha512,
    /// HMAC with SHA-256.
    HmacSha256,
}

impl SigningAlgorithm {
    /// As `alg` spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::RsaPssSha512 => "rsa-pss-sha512",
            Self::HmacSha256 => "hmac-sha256",
        }
    }
}

/// A user name and the hash of its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Password {
    /// User name.
    pub user: String,
    /// Name of the secret that holds the argon2id hash in PHC form.
    pub hash: String,
}
