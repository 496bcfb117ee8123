//! The record of one request: one line of the access log, one element of `events`.

use crate::catalogue::{Code, Source};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happened to one request. Absent facts are left out. Never holds a secret, a query value or a body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When the request head had arrived, RFC 3339 in UTC with milliseconds.
    pub time: String,
    /// Decision id.
    pub decision: String,
    /// Digest of the snapshot that decided, first 16 hex digits.
    pub digest: String,
    /// HTTP method.
    pub method: String,
    /// Path without query, at most 512 characters, keys masked.
    pub path: String,
    /// Names of the query parameters that were sent, values left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<String>,
    /// Host asked for.
    pub host: String,
    /// Protocol of the caller: `HTTP/1.0`, `HTTP/1.1`, `HTTP/2`.
    pub protocol: String,
    /// Caller's network: the address with everything after its first 24 (IPv4) or 48 (IPv6) bits zero.
    pub address: String,
    /// API that was routed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// Operation that was routed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// App that was identified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Team of the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Id of the credential that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// How the caller proved themselves, as configuration spells it: `api-key`; several where several proofs were sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identified_by: Vec<String>,
    /// Person the app acts for: `hash:` and 32 hex digits, or a name where `log_subjects` is `plain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Who acts for that person, the nearest first: ids of clients, others as `user` is spelled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actors: Vec<String>,
    /// Status sent to the caller.
    pub status: u16,
    /// Code of the refusal or failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Who was at fault, when something was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Why, for the operator; may say more than the caller was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The access policy that decided, where one refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Id of the control that refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<String>,
    /// What guards in `monitor` would have refused: `code: reason`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub would_deny: Vec<String>,
    /// What a signature found, refused or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched: Option<Matched>,
    /// What guards changed in the bodies: `guard: what`, never a value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// What guards in `monitor` would have changed in the bodies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub would_change: Vec<String>,
    /// Base URL of the upstream target that was tried last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Version of the upstream, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How often the request was sent upstream, when more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Whether a copy went to the mirror.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mirrored: bool,
    /// Id of the W3C trace: 32 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// Id of this hop in the trace, the upstream's parent: 16 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<String>,
    /// What the cache did, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheUse>,
    /// Body bytes received from the caller.
    pub bytes_in: u64,
    /// Body bytes sent to the caller.
    pub bytes_out: u64,
    /// Microseconds from request head to the last byte of the answer.
    pub duration_us: u64,
    /// Microseconds from sending upstream to the upstream's response head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_us: Option<u64>,
}

/// What the cache did for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CacheUse {
    /// A kept answer was given.
    Hit,
    /// There was none, or none that could be used.
    Miss,
    /// A kept answer was given although it was no longer fresh.
    Stale,
    /// A kept answer was given after the upstream had confirmed it.
    Revalidated,
    /// The request is not one that a kept answer may be given to.
    Bypass,
}

impl CacheUse {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Hit, Self::Miss, Self::Stale, Self::Revalidated, Self::Bypass];

    /// Name as in events and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Stale => "stale",
            Self::Revalidated => "revalidated",
            Self::Bypass => "bypass",
        }
    }
}

/// A signature and where what it found stands; never the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Matched {
    /// Guard that looked.
    pub guard: String,
    /// Id of the signature.
    pub signature: String,
    /// Family of the signature.
    pub family: String,
    /// `path`, `query`, `header`, `cookie` or `body`.
    #[serde(rename = "in")]
    pub place: String,
    /// Name of the parameter, or JSON pointer in the body with `*` for each number of an array; at most 256 bytes.
    pub name: String,
}
