//! The snapshot: everything a gateway needs to enforce, compiled, immutable, without secrets in the clear.
//!
//! The bytes are canonical JSON (sorted keys, no spaces); their SHA-256 is the digest that events carry. Unknown
//! fields are refused, so that a setting is never accepted and then ignored.

mod access;
mod callout;
mod content;
mod cross_site;
mod guards;
mod identify;
mod injection;
mod inquiry;
mod issuer;
mod limit;
mod operation;
mod placement;
mod policy;
mod proofs;
mod proxy;
mod remote;
mod structure;
mod tls;
mod upstream;
mod watch;

pub use access::{App, Collection, Credential, Profile, Team, TimedGrant, TimedProfile, User, UserIdentity};
pub use callout::{Callout, CalloutSend, OnFailure};
pub use content::{Cache, Coding, Compression, DecompressRequests, Notation, RequestCoding};
pub use cross_site::{CorsGuard, CsrfGuard, CsrfToken, Foreign};
pub use guards::{
    ContractGuard, Guards, LeaksGuard, LimitsGuard, MaskBy, MaskGuard, Mode, Surplus, Unknown, UnknownProperties, Unwanted,
};
pub use identify::{ApiKey, Combine, Identify, MethodName};
pub use injection::{InjectionException, InjectionGuard, Level, ValuePlace};
pub use inquiry::{ClientAuth, Introspect, Introspection, KeyFetch};
pub use issuer::{Algorithm, Bound, IssuerSecret, Jwt, TokenApp, TokenIssuer, TokenProfiles, UsersOf};
pub use limit::{Limit, Measure, Period, Subject};
pub use operation::{
    Body, Encoding, Location, Media, MediaKind, MockAnswer, Operation, Parameter, Priority, Response, Schemas, Shape, SimpleType,
    Style, WebSocket,
};
pub use placement::{Brownout, PlacedAt, Placement, Retirement};
pub use policy::{ClaimType, NetworkFact, Policy, PolicyContext};
pub use proofs::{AppCertificate, MessageSignature, Password, SigningAlgorithm, SigningKey, Webhook, WebhookFormat};
pub use proxy::{
    AcceptTraces, Cookies, Errors, ForwardedFields, HeaderRules, Headers, Issuer, Protection, Proxy, Redirect, SameSite,
    SecureCookies, Tracing, UpstreamIdentity,
};
pub use remote::Remote;
pub use structure::{GraphQl, StructureGuard};
pub use tls::{TlsVersion, UpstreamCertificate, UpstreamTls};
pub use upstream::{
    Affinity, Balance, Circuit, HashKey, HeaderMatch, Health, Mirror, Outlier, Protocol, Retries, RetryBudget, RetryOn, Target,
    Upstream, UpstreamVersion,
};
pub use watch::{Failures, Leaks, LogSubjects, Networks};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The whole document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// Format version; must equal [`SNAPSHOT_FORMAT`](crate::SNAPSHOT_FORMAT).
    pub format: u32,
    /// Rises with every compile of changed content; `0` for plain files.
    #[serde(default)]
    pub generation: u64,
    /// Number of the last patch whose changes are already contained.
    #[serde(default)]
    pub sequence: u64,
    /// First 16 hex digits of SHA-256 over `yett-pepper-id:` and the pepper that credential hashes were made with.
    #[serde(default)]
    pub pepper_id: Option<String>,
    /// Limits on all traffic, whatever the API.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// Networks (CIDR) of the proxies in front, whose word about the caller's address is taken.
    #[serde(default)]
    pub trusted_proxies: Vec<String>,
    /// W3C trace context.
    #[serde(default)]
    pub tracing: Tracing,
    /// Who signs the tokens for upstreams.
    #[serde(default)]
    pub identity: Option<Issuer>,
    /// Delays for whoever guesses credentials.
    #[serde(default)]
    pub failures: Failures,
    /// When a credential is used from too many networks.
    #[serde(default)]
    pub networks: Networks,
    /// Where leaked keys are handed in; absent means nowhere.
    #[serde(default)]
    pub leaks: Option<Leaks>,
    /// How people stand in events.
    #[serde(default)]
    pub log_subjects: LogSubjects,
    /// The APIs.
    pub apis: Vec<Api>,
    /// Collections that carry limits or are granted.
    #[serde(default)]
    pub collections: Vec<Collection>,
    /// Access profiles.
    #[serde(default)]
    pub profiles: Vec<Profile>,
    /// Teams that have profiles.
    #[serde(default)]
    pub teams: Vec<Team>,
    /// Users.
    #[serde(default)]
    pub users: Vec<User>,
    /// Apps.
    #[serde(default)]
    pub apps: Vec<App>,
    /// Credentials of apps.
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// Access policies.
    #[serde(default)]
    pub policies: Vec<Policy>,
    /// What policies may speak of.
    #[serde(default)]
    pub policy_context: PolicyContext,
    /// Who is asked whether requests may pass.
    #[serde(default)]
    pub callouts: Vec<Callout>,
    /// Issuers whose tokens are accepted.
    #[serde(default)]
    pub issuers: Vec<TokenIssuer>,
}

/// One API as it is exposed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Kebab-case name; prefix of its operation ids.
    pub name: String,
    /// `info.version` of the contract.
    pub version: String,
    /// Public hosts (lower case, no port); empty means any host.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Public base path, `/` or `/a/b` without a trailing slash.
    pub base_path: String,
    /// Which requests are for this one of several versions at the same host and base path; absent means that it has
    /// them for itself.
    #[serde(default)]
    pub placement: Option<Placement>,
    /// Where requests go.
    pub upstream: Upstream,
    /// What is written anew on the way to the upstream and back.
    #[serde(default)]
    pub proxy: Proxy,
    /// How callers prove themselves.
    pub identify: Identify,
    /// Settings of the guards for this API.
    #[serde(default)]
    pub guards: Guards,
    /// Limits on the whole API.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// Names of the callouts that are asked about every request, in order.
    #[serde(default)]
    pub callouts: Vec<String>,
    /// Shared schemas.
    #[serde(default)]
    pub schemas: Schemas,
    /// The operations of the contract.
    pub operations: Vec<Operation>,
}

fn one() -> u32 {
    1
}
