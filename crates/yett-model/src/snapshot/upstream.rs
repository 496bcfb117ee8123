//! Where an API's requests go, and what is done when it does not answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where an API's requests go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// At least one target, unless there are `versions`.
    #[serde(default)]
    pub targets: Vec<Target>,
    /// Versions that share the traffic, each with targets of its own.
    #[serde(default)]
    pub versions: Vec<UpstreamVersion>,
    /// How one of several targets is chosen.
    #[serde(default)]
    pub balance: Balance,
    /// Keeps a caller on one target by a signed cookie.
    #[serde(default)]
    pub affinity: Option<Affinity>,
    /// Asks every target whether it is well.
    #[serde(default)]
    pub health: Option<Health>,
    /// Takes targets out that fail requests.
    #[serde(default)]
    pub outlier: Outlier,
    /// Milliseconds in which a target that is new or back reaches its full share; 0 gives it at once.
    #[serde(default = "default_slow_start_ms")]
    pub slow_start_ms: u64,
    /// What is sent again when it failed. Absent: once, where there is another target.
    #[serde(default)]
    pub retries: Option<Retries>,
    /// Milliseconds from forwarding a request to the head of its answer, over all attempts.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// When a target gets no more requests.
    #[serde(default)]
    pub circuit: Option<Circuit>,
    /// Copies of requests for a target whose answers nobody sees.
    #[serde(default)]
    pub mirror: Option<Mirror>,
    /// Milliseconds the addresses of a name are believed before it is looked up again.
    #[serde(default = "default_dns_refresh_ms")]
    pub dns_refresh_ms: u64,
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

impl Upstream {
    /// Whether there is nothing to choose and nothing to watch: one target, and no setting that needs its state.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.versions.is_empty()
            && self.targets.len() == 1
            && self.affinity.is_none()
            && self.health.is_none()
            && self.retries.is_none()
            && self.timeout_ms.is_none()
            && self.circuit.is_none()
            && self.mirror.is_none()
    }
}

fn default_slow_start_ms() -> u64 {
    10_000
}
fn default_dns_refresh_ms() -> u64 {
    10_000
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

/// A version of an API that runs beside others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpstreamVersion {
    /// Name, as events tell it.
    pub name: String,
    /// Share of the callers relative to the other versions; 0 leaves it to `header`.
    #[serde(default = "super::one")]
    pub weight: u32,
    /// Header fields that lead here whatever the share: every one must have its value.
    #[serde(default)]
    pub header: Vec<HeaderMatch>,
    /// At least one target.
    pub targets: Vec<Target>,
}

/// A header field with a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderMatch {
    /// Name in lower case.
    pub name: String,
    /// The whole value.
    pub value: String,
}

/// How one of several targets is chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Balance {
    /// In turn, by weight.
    #[default]
    RoundRobin,
    /// The less busy one of two, by weight.
    LeastLoaded,
    /// The same target for the same key, as long as it has room.
    Hash(HashKey),
}

/// What requests must have in common to go to the same target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HashKey {
    /// The caller's address.
    Address,
    /// The app; without one, the address.
    App,
    /// A header field; without it, the address.
    Header(String),
    /// A cookie; without it, the address.
    Cookie(String),
    /// A path parameter; without it, the address.
    Path(String),
}

/// Keeps a caller on one target by a signed cookie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Affinity {
    /// Name of the cookie.
    pub cookie: String,
    /// Seconds the cookie lasts; absent: until the browser is closed.
    #[serde(default)]
    pub lifetime_s: Option<u64>,
}

/// Asks every target whether it is well.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// Path that is asked for with GET, as it stands: the target's prefix is not put before it.
    pub path: String,
    /// Milliseconds between two checks of a target, give or take a tenth.
    #[serde(default = "default_health_interval_ms")]
    pub interval_ms: u64,
    /// Milliseconds for connecting, and again for the head of the answer.
    #[serde(default = "default_health_timeout_ms")]
    pub timeout_ms: u64,
    /// Checks in a row that must succeed before a target that was taken out is used again.
    #[serde(default = "default_healthy_after")]
    pub healthy_after: u32,
    /// Checks in a row that must fail before a target is taken out.
    #[serde(default = "default_unhealthy_after")]
    pub unhealthy_after: u32,
    /// Statuses of success; none means 200 to 299.
    #[serde(default)]
    pub expect_status: Vec<u16>,
    /// `Host` of the check; absent: the target's.
    #[serde(default)]
    pub host: Option<String>,
}

fn default_health_interval_ms() -> u64 {
    5_000
}
fn default_health_timeout_ms() -> u64 {
    2_000
}
fn default_healthy_after() -> u32 {
    2
}
fn default_unhealthy_after() -> u32 {
    3
}

/// Takes targets out for a while that fail requests, where there are others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Outlier {
    /// Failures in a row (no connection, no answer, 502, 503 or 504) that take a target out; 0 never does.
    pub consecutive: u32,
    /// Percent of failed requests (every 5xx is one) in a window that takes a target out if the others do much better;
    /// 0 never does.
    pub failure_share: u32,
    /// Requests a target must have had in the window to be judged by its share.
    pub min_requests: u32,
    /// Milliseconds of the window.
    pub window_ms: u64,
    /// Milliseconds the first ejection lasts; each further one lasts that much longer.
    pub ejection_ms: u64,
    /// Milliseconds an ejection lasts at most.
    pub max_ejection_ms: u64,
    /// Percent of the targets that may be out at once; one always may.
    pub max_ejected: u32,
    /// When fewer percent of the targets are well, all are used: some answers are better than a flood for the few.
    pub panic: u32,
}

impl Default for Outlier {
    fn default() -> Self {
        Self {
            consecutive: 5,
            failure_share: 50,
            min_requests: 20,
            window_ms: 10_000,
            ejection_ms: 10_000,
            max_ejection_ms: 300_000,
            max_ejected: 50,
            panic: 30,
        }
    }
}

/// A failure after which a request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RetryOn {
    /// No connection came about: nothing was sent, so any request may be sent elsewhere.
    ConnectFailure,
    /// The connection ended before the head of an answer was there.
    Reset,
    /// The head of the answer did not come in time.
    Timeout,
    /// The upstream answered 502.
    #[serde(rename = "502")]
    BadGateway,
    /// The upstream answered 503.
    #[serde(rename = "503")]
    Unavailable,
    /// The upstream answered 504.
    #[serde(rename = "504")]
    GatewayTimeout,
}

/// What is sent again when it failed. But for failed connections only methods that are idempotent, and bodies that are
/// here whole, are sent again; and nothing is once a byte of an answer has gone to the caller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retries {
    /// How often a request is sent at most, the first time included.
    pub attempts: u32,
    /// Milliseconds one attempt may take to the head of its answer; absent: `response_timeout_ms`.
    pub per_try_timeout_ms: Option<u64>,
    /// Which failures are worth another attempt.
    pub on: Vec<RetryOn>,
    /// How many attempts there may be over all requests.
    pub budget: RetryBudget,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            attempts: 2,
            per_try_timeout_ms: None,
            on: vec![RetryOn::ConnectFailure, RetryOn::Reset, RetryOn::Unavailable],
            budget: RetryBudget::default(),
        }
    }
}

/// Bounds what repeating adds to the load of an upstream that is in trouble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryBudget {
    /// Repeats per hundred requests.
    pub share: u32,
    /// Repeats per second that are allowed besides.
    pub minimum: u32,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self { share: 20, minimum: 10 }
    }
}

/// When a target gets no more requests. Counts are over all workers of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Circuit {
    /// Requests of the API that are with a target at the same time.
    #[serde(default)]
    pub max_in_flight: Option<u32>,
    /// Requests that wait for a connection to a target at the same time.
    #[serde(default)]
    pub max_pending: Option<u32>,
    /// Failures in a row that open the circuit: the target gets nothing for `open_ms`, then a single request.
    #[serde(default)]
    pub failures: Option<u32>,
    /// Milliseconds an open circuit stays open.
    #[serde(default = "default_open_ms")]
    pub open_ms: u64,
}

fn default_open_ms() -> u64 {
    10_000
}

/// Copies of requests, without credentials, for a target whose answers nobody sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mirror {
    /// Where the copies go.
    pub url: String,
    /// Copies per hundred requests.
    #[serde(default = "default_mirror_share")]
    pub share: u32,
    /// Copies under way at the same time, per worker; further requests are not copied.
    #[serde(default = "default_mirror_in_flight")]
    pub max_in_flight: u32,
}

fn default_mirror_share() -> u32 {
    100
}
fn default_mirror_in_flight() -> u32 {
    16
}
