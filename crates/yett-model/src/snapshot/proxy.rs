//! How an API is exposed: what is written anew on the way to the upstream, and on the way back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How an API is exposed. Every default is the safe one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Proxy {
    /// Whether the base path is taken off before the upstream's prefix is put on.
    pub strip_base_path: bool,
    /// Old paths that the gateway answers itself.
    pub redirects: Vec<Redirect>,
    /// Rules for header fields, both ways.
    pub headers: Headers,
    /// Attributes of the cookies that the upstream sets.
    pub cookies: Cookies,
    /// Which fields tell the upstream where a request came from.
    pub forwarded: ForwardedFields,
    /// Whether fields that protect the reader of an answer are added where they are absent.
    pub security_headers: bool,
    /// What these fields say.
    pub protection: Protection,
    /// Which error answers of the upstream are replaced.
    pub errors: Errors,
    /// Tells the upstream who calls, in a signed token; absent means not.
    pub upstream_identity: Option<UpstreamIdentity>,
}

impl Default for Proxy {
    fn default() -> Self {
        Self {
            strip_base_path: true,
            redirects: Vec::new(),
            headers: Headers::default(),
            cookies: Cookies::default(),
            forwarded: ForwardedFields::default(),
            security_headers: true,
            protection: Protection::default(),
            errors: Errors::default(),
            upstream_identity: None,
        }
    }
}

/// An old path that the gateway answers itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redirect {
    /// Path template below the base path.
    pub from: String,
    /// Path template below the base path, or `https://host/path` of a public host; with the parameters of `from`.
    pub to: String,
    /// 301, 302, 303, 307 or 308. The first three answer GET and HEAD only.
    pub status: u16,
    /// Whether the query goes along; credentials in it never do.
    #[serde(default = "yes")]
    pub keep_query: bool,
}

fn yes() -> bool {
    true
}

/// Rules for header fields, both ways.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Headers {
    /// Of requests, on their way to the upstream.
    pub request: HeaderRules,
    /// Of the upstream's answers.
    pub response: HeaderRules,
}

/// Rules for header fields in one direction, applied in this order: `allow`, `remove`, `set`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HeaderRules {
    /// Only these pass, besides a small core; absent means all.
    pub allow: Option<Vec<String>>,
    /// Fields that are taken off.
    pub remove: Vec<String>,
    /// Fields that are put in the place of whatever was there; values may hold `${app}` and its like.
    pub set: BTreeMap<String, String>,
}

/// Fields that protect the reader of an answer; those that are absent are not put on. `X-Content-Type-Options` always is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Protection {
    /// `Content-Security-Policy`.
    pub content_security_policy: Option<String>,
    /// `Referrer-Policy`.
    pub referrer_policy: Option<String>,
    /// `Cross-Origin-Resource-Policy`.
    pub cross_origin_resource_policy: Option<String>,
    /// `Permissions-Policy`.
    pub permissions_policy: Option<String>,
    /// `X-Frame-Options`, for browsers that do not know the content security policy.
    pub frame_options: Option<String>,
    /// Whether answers to known callers must not be kept, unless the upstream says how they may.
    pub no_store: bool,
    /// Whether these replace what the upstream says.
    pub replace: bool,
}

impl Default for Protection {
    fn default() -> Self {
        Self {
            content_security_policy: Some("default-src 'none'; frame-ancestors 'none'".to_owned()),
            referrer_policy: Some("no-referrer".to_owned()),
            cross_origin_resource_policy: Some("same-origin".to_owned()),
            permissions_policy: None,
            frame_options: None,
            no_store: true,
            replace: false,
        }
    }
}

/// Attributes of the cookies that the upstream sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cookies {
    /// When `Secure` is added.
    pub secure: SecureCookies,
    /// Whether `HttpOnly` is added.
    pub http_only: bool,
    /// `SameSite` of cookies that have none; absent means that none is added.
    pub same_site: Option<SameSite>,
    /// Names of cookies that get none of these.
    pub exceptions: Vec<String>,
}

impl Default for Cookies {
    fn default() -> Self {
        Self { secure: SecureCookies::Tls, http_only: true, same_site: Some(SameSite::Lax), exceptions: Vec::new() }
    }
}

/// When `Secure` is added to a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecureCookies {
    /// When the caller came over TLS.
    #[default]
    Tls,
    /// On every cookie.
    Always,
    /// Never: as the upstream says.
    Keep,
}

/// Value of a cookie's `SameSite`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SameSite {
    /// Not sent from other sites at all.
    Strict,
    /// Sent from other sites on top-level navigation only.
    Lax,
}

/// Which fields tell the upstream where a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedFields {
    /// `X-Forwarded-For`, `-Proto` and `-Host`.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Rfc7239,
    /// All of them.
    Both,
    /// None.
    None,
}

/// Which error answers of the upstream are replaced by a problem of the gateway's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Errors {
    /// Statuses from 400: `503`, or `5XX` for all of a hundred. One whose body fits a schema of the contract passes.
    pub replace: Vec<String>,
}

impl Default for Errors {
    fn default() -> Self {
        Self { replace: vec!["5XX".to_owned()] }
    }
}

/// A signed token that tells the upstream who calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpstreamIdentity {
    /// Claim `aud`.
    pub audience: String,
    /// Seconds until a token expires; it is used again for half of them.
    #[serde(default = "minute")]
    pub lifetime_s: u32,
    /// Header field that carries it.
    #[serde(default = "identity_header")]
    pub header: String,
}

fn minute() -> u32 {
    60
}

fn identity_header() -> String {
    "yett-identity".to_owned()
}

/// Who signs the tokens for upstreams, and where the public keys are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// Claim `iss`.
    pub issuer: String,
    /// Public path of the key set; absent means the telemetry listener only.
    #[serde(default)]
    pub jwks: Option<String>,
}

/// W3C trace context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tracing {
    /// Whose traces go on.
    pub accept: AcceptTraces,
    /// Of traces that begin here, how many in a hundred are marked as sampled.
    pub sample_percent: u8,
}

impl Default for Tracing {
    fn default() -> Self {
        Self { accept: AcceptTraces::default(), sample_percent: 100 }
    }
}

/// Whose traces go on; everybody else's begin anew, without baggage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AcceptTraces {
    /// Those that come through a trusted proxy.
    #[default]
    Trusted,
    /// Everybody's.
    Any,
    /// Nobody's.
    None,
}
