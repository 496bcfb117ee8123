//! How callers of an API prove themselves.

use super::{Introspect, Jwt, MessageSignature, Webhook};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How callers of an API prove themselves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identify {
    /// No credential is needed. A credential that is sent is still checked.
    #[serde(default)]
    pub public: bool,
    /// Accept API keys.
    #[serde(default)]
    pub api_key: Option<ApiKey>,
    /// Accept client certificates.
    #[serde(default)]
    pub certificate: bool,
    /// Accept HTTP Message Signatures.
    #[serde(default)]
    pub signature: Option<MessageSignature>,
    /// Accept webhooks.
    #[serde(default)]
    pub webhook: Option<Webhook>,
    /// Accept user names and passwords (RFC 7617).
    #[serde(default)]
    pub basic: bool,
    /// Profiles of callers without a credential; absent means that there are none such.
    #[serde(default)]
    pub anonymous: Option<Vec<String>>,
    /// Accept tokens of issuers.
    #[serde(default)]
    pub jwt: Option<Jwt>,
    /// Accept opaque tokens of an issuer.
    #[serde(default)]
    pub introspection: Option<Introspect>,
    /// The methods in the order in which they are asked; empty means the order of this page.
    #[serde(default)]
    pub order: Vec<MethodName>,
    /// What happens when several methods find a credential.
    #[serde(default)]
    pub combine: Combine,
    /// Whether a stream or WebSocket may go on when the token that it was opened with expires. It ends in any case when
    /// the credential is taken back, or its caller may no longer call the operation.
    #[serde(default)]
    pub streams_outlive_tokens: bool,
}

/// A way to prove oneself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MethodName {
    /// An API key.
    ApiKey,
    /// A client certificate.
    Certificate,
    /// A signature over the request.
    Signature,
    /// A keyed hash over the body.
    Webhook,
    /// A user name and a password.
    Basic,
    /// A token of an issuer.
    Jwt,
    /// An opaque token, of which its issuer says what it is worth.
    Introspection,
}

/// What happens when several methods of an API find a credential.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Combine {
    /// A request has one credential; two are refused.
    #[default]
    One,
    /// The first method in order that finds a credential decides, the others are not looked at.
    First,
    /// Whatever is sent must be right and prove the same caller, who may do what each of them allows.
    Agree,
    /// As `agree`, and none of the methods may be missing.
    All,
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
