//! What the gateway did with one request, phase by phase, and why.

use crate::catalogue::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The phases of a request, in order. Docs, code, metrics and events use these names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// TLS, connection and header limits, HTTP hygiene.
    Receive,
    /// Host, base path, method and path template to an operation.
    Route,
    /// Before identity: controls, network lists, size and address limits.
    Screen,
    /// Credentials to a principal.
    Identify,
    /// Profiles and policies.
    Authorize,
    /// Rate, quota and concurrency.
    Limit,
    /// Parameters, headers and body against the contract.
    Inspect,
    /// To the upstream.
    Forward,
    /// The upstream's answer on its way back.
    Respond,
    /// The event.
    Record,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Phase; 10] = [
        Phase::Receive,
        Phase::Route,
        Phase::Screen,
        Phase::Identify,
        Phase::Authorize,
        Phase::Limit,
        Phase::Inspect,
        Phase::Forward,
        Phase::Respond,
        Phase::Record,
    ];

    /// The kebab-case name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Receive => "receive",
            Phase::Route => "route",
            Phase::Screen => "screen",
            Phase::Identify => "identify",
            Phase::Authorize => "authorize",
            Phase::Limit => "limit",
            Phase::Inspect => "inspect",
            Phase::Forward => "forward",
            Phase::Respond => "respond",
            Phase::Record => "record",
        }
    }
}

/// How a phase ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The request goes on.
    Continue,
    /// A guard in `monitor` would have refused; the request goes on.
    WouldDeny,
    /// The request was refused.
    Deny,
    /// The phase was not reached or has nothing to do.
    Skipped,
}

/// One field of a request or response that does not fit the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Violation {
    /// Where: `path`, `query`, `header`, `cookie` or `body`.
    #[serde(rename = "in")]
    pub location: String,
    /// Name of the parameter, or JSON pointer (RFC 6901) into the body.
    pub field: String,
    /// Stable kebab-case reason: `missing`, `invalid`, `unknown`, `duplicate`, `malformed`, ...
    pub code: String,
    /// What is wrong, in one sentence; never the offending value of a secret.
    pub detail: String,
}

/// A request as plain data, for [`decide`](Decision).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// HTTP method.
    pub method: String,
    /// Request target in origin form: path and query.
    pub target: String,
    /// `Host`; empty means `localhost`.
    #[serde(default)]
    pub host: String,
    /// Header fields in order; names in any case.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// Body as UTF-8 text.
    #[serde(default)]
    pub body: String,
    /// Address of the caller; empty means 127.0.0.1.
    #[serde(default)]
    pub address: String,
    /// Act as this app without a credential (simulation only; sockets never set it).
    #[serde(default)]
    pub app: Option<String>,
    /// Let the app act for this user (simulation only): it must be an agent.
    #[serde(default)]
    pub user: Option<String>,
    /// Unix time in milliseconds at which to decide; absent means the caller of `decide` supplies its clock.
    #[serde(default)]
    pub at: Option<u64>,
    /// The upstream's answer, when responses are to be decided too.
    #[serde(default)]
    pub response: Option<Response>,
}

/// An upstream's answer as plain data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header fields in order.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// Body as UTF-8 text.
    #[serde(default)]
    pub body: String,
}

/// How one phase went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhaseReport {
    /// The phase.
    pub phase: Phase,
    /// How it ended.
    pub outcome: Outcome,
    /// Sentences a person can follow, most decisive first.
    pub reasons: Vec<String>,
}

/// What decided whether the caller may use the operation, in sentences, and what would change a refusal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessReport {
    /// Every profile in force that grants it.
    pub granted: Vec<String>,
    /// Every profile in force that denies it: one is enough.
    pub denied: Vec<String>,
    /// What would change a refusal: each deny must go; of the rest, any one is enough. Empty where it is allowed.
    pub change: Vec<String>,
}

/// What an access policy came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyOutcome {
    /// It matches, and refuses.
    Forbids,
    /// It matches, and lets pass.
    Permits,
    /// It could not be evaluated, and refuses.
    Fails,
    /// It does not match.
    Silent,
}

/// One statement of an access policy, held against a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyReport {
    /// Name of the policy, and the id of the statement behind it if it has one.
    pub policy: String,
    /// When it was judged.
    pub phase: Phase,
    /// What it came to.
    pub outcome: PolicyOutcome,
    /// Whether it only watches.
    #[serde(default)]
    pub monitored: bool,
}

/// What policies with conditions saw of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextReport {
    /// When they were judged.
    pub phase: Phase,
    /// The attributes of `context` that they read, in Cedar's JSON.
    pub values: serde_json::Value,
}

/// The whole decision about one request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Decision id: the caller, the log and the console share it.
    pub id: String,
    /// Whether the request would reach the upstream (and its answer the caller).
    pub allowed: bool,
    /// Status the caller sees when refused.
    pub status: Option<u16>,
    /// Code of the refusal.
    pub code: Option<Code>,
    /// Fields that do not fit the contract, of the refusal and of guards in `monitor`.
    pub violations: Vec<Violation>,
    /// The API, when routed.
    pub api: Option<String>,
    /// The operation, when routed.
    pub operation: Option<String>,
    /// The app, when identified.
    pub app: Option<String>,
    /// The user for whom the app acts, when it does.
    #[serde(default)]
    pub user: Option<String>,
    /// What decided about access; absent where none was needed.
    #[serde(default)]
    pub access: Option<AccessReport>,
    /// Access policies that were held against the request, at most fifty a moment.
    #[serde(default)]
    pub policies: Vec<PolicyReport>,
    /// What those with conditions saw.
    #[serde(default)]
    pub context: Vec<ContextReport>,
    /// What would change a refusal of access, of credentials or by policies. Empty where there is none.
    #[serde(default)]
    pub change: Vec<String>,
    /// What would be sent upstream: method, target and headers, secrets left out.
    pub upstream: Option<Upstream>,
    /// Headers the gateway adds to the answer, such as `RateLimit`.
    pub headers: Vec<(String, String)>,
    /// Phase by phase.
    pub phases: Vec<PhaseReport>,
    /// Digest of the snapshot that decided.
    pub digest: String,
}

/// The request as the upstream would see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// Base URL of the target.
    pub target: String,
    /// Path and query sent there.
    pub path: String,
}
