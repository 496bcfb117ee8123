//! The snapshot: everything a gateway needs to enforce, compiled, immutable, without secrets in the clear.
//!
//! The bytes are canonical JSON (sorted keys, no spaces); their SHA-256 is the digest that events carry. Unknown
//! fields are refused, so that a setting is never accepted and then ignored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

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
    /// The APIs.
    pub apis: Vec<Api>,
    /// Collections that carry limits or are granted.
    #[serde(default)]
    pub collections: Vec<Collection>,
    /// Access profiles.
    #[serde(default)]
    pub profiles: Vec<Profile>,
    /// Apps.
    #[serde(default)]
    pub apps: Vec<App>,
    /// Credentials of apps.
    #[serde(default)]
    pub credentials: Vec<Credential>,
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
    /// Where requests go.
    pub upstream: Upstream,
    /// How callers prove themselves.
    pub identify: Identify,
    /// Settings of the guards for this API.
    #[serde(default)]
    pub guards: Guards,
    /// Limits on the whole API.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// Shared schemas.
    #[serde(default)]
    pub schemas: Schemas,
    /// The operations of the contract.
    pub operations: Vec<Operation>,
}

/// Where an API's requests go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// At least one target.
    pub targets: Vec<Target>,
    /// Milliseconds to connect, TLS included.
    #[serde(default = "default_connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// Milliseconds from sending the request to the response head.
    #[serde(default = "default_response_timeout_ms")]
    pub response_timeout_ms: u64,
    /// Milliseconds without a byte of the response body before it is given up.
    #[serde(default = "default_idle_timeout_ms")]
    pub idle_timeout_ms: u64,
    /// Send the caller's `Host` upstream instead of the target's own.
    #[serde(default)]
    pub preserve_host: bool,
    /// PEM certificates to trust instead of the platform's roots.
    #[serde(default)]
    pub ca_pem: Option<String>,
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

/// One upstream target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// `http://host:port/prefix` or `https://...`; the prefix replaces the API's base path.
    pub url: String,
    /// Share of the traffic relative to the other targets.
    #[serde(default = "one")]
    pub weight: u32,
}

fn one() -> u32 {
    1
}

/// How callers of an API prove themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identify {
    /// No credential is needed. A credential that is sent is still checked.
    #[serde(default)]
    pub public: bool,
    /// Accept API keys.
    #[serde(default)]
    pub api_key: Option<ApiKey>,
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

/// What a guard does with what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Refuse.
    #[default]
    Enforce,
    /// Let pass, but record what would have been refused.
    Monitor,
    /// Do not look.
    Off,
}

/// Settings of every guard, one field a guard.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guards {
    /// The contract guard.
    #[serde(default)]
    pub contract: ContractGuard,
    /// The limits guard.
    #[serde(default)]
    pub limits: LimitsGuard,
}

/// Refuses what the contract does not describe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ContractGuard {
    /// What to do with requests that do not fit.
    pub mode: Mode,
    /// What to do with responses that do not fit.
    pub responses: Mode,
    /// Query parameters the contract does not name: refuse them (with `mode`), or let them pass.
    pub unknown_query: Unknown,
    /// Largest response body that is checked, in bytes; larger ones pass unchecked and are counted.
    pub max_response_bytes: u64,
    /// Deepest nesting of a JSON body.
    pub max_depth: u32,
}

impl Default for ContractGuard {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            responses: Mode::Monitor,
            unknown_query: Unknown::Refuse,
            max_response_bytes: 1 << 20,
            max_depth: 64,
        }
    }
}

/// What to do with something the contract does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// It does not fit the contract.
    Refuse,
    /// It passes.
    Allow,
}

/// Applies rate, quota and concurrency limits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsGuard {
    /// What to do with requests over a limit.
    pub mode: Mode,
}

/// Schemas shared by an API's operations, JSON Schema 2020-12, per direction.
///
/// The engine serves them as the documents `urn:yett:request` and `urn:yett:response`, each `{"$defs": ...}`, so that
/// an operation's schema refers to `urn:yett:request#/$defs/Name`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Schemas {
    /// For requests: `readOnly` properties are refused.
    pub request: BTreeMap<String, Value>,
    /// For responses: `writeOnly` properties are refused.
    pub response: BTreeMap<String, Value>,
}

/// One method and path template of a contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// `api:operationId`.
    pub id: String,
    /// Upper-case HTTP method.
    pub method: String,
    /// Path template of the contract, relative to the base path: `/books/{id}`.
    pub path: String,
    /// No credential is needed for this operation; absent means as the API says.
    #[serde(default)]
    pub public: Option<bool>,
    /// Units a request takes from rates and quotas.
    #[serde(default = "one")]
    pub cost: u32,
    /// Largest request body in bytes.
    #[serde(default = "default_max_body_bytes")]
    pub max_body_bytes: u64,
    /// Limits on this operation.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// Parameters, path-item ones merged in.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// Request body; absent means that none is allowed.
    #[serde(default)]
    pub body: Option<Body>,
    /// Documented responses.
    #[serde(default)]
    pub responses: Vec<Response>,
}

fn default_max_body_bytes() -> u64 {
    1 << 20
}

/// Where a parameter travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Location {
    /// In the path template.
    Path,
    /// In the query string.
    Query,
    /// The whole query string is the parameter (OpenAPI 3.2 `in: querystring`); its name is not used.
    Querystring,
    /// In a header field.
    Header,
    /// In a cookie.
    Cookie,
}

/// How a parameter is spelled (OpenAPI `style`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Style {
    /// `;id=5`
    Matrix,
    /// `.5`
    Label,
    /// `5,6`
    Simple,
    /// `id=5&id=6` or `id=5,6`
    Form,
    /// `id=5%206`
    SpaceDelimited,
    /// `id=5|6`
    PipeDelimited,
    /// `id[role]=admin`
    DeepObject,
    /// As `form`, for cookies, without percent-encoding (OpenAPI 3.2).
    Cookie,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Name as in the contract; header names in lower case.
    pub name: String,
    /// Where it travels.
    #[serde(rename = "in")]
    pub location: Location,
    /// Whether it must be there. Path parameters always must.
    #[serde(default)]
    pub required: bool,
    /// How it is spelled.
    pub style: Style,
    /// Whether arrays and objects are spread over several pairs.
    pub explode: bool,
    /// Whether `name=` without a value is allowed whatever the schema says.
    #[serde(default)]
    pub allow_empty: bool,
    /// The parameter is this media type in one string (OpenAPI `content`), such as `application/json`.
    #[serde(default)]
    pub media: Option<String>,
    /// How text becomes JSON.
    pub shape: Shape,
    /// What the value must fit; `true` for anything.
    pub schema: Value,
}

/// How the text of a parameter or form field becomes a JSON value, derived from its schema.
///
/// A scalar may have several candidate types (from `type` lists, `anyOf`, `oneOf`): they are tried in the order of
/// `types`, and the first reading that the schema accepts is taken.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Shape {
    /// Types the value may have, most specific first: `null`, `boolean`, `integer`, `number`, `string`, `array`,
    /// `object`. Empty means unknown: read as string.
    pub types: Vec<SimpleType>,
    /// Shape of array items.
    pub items: Option<Box<Shape>>,
    /// Shapes of an object's named properties.
    pub properties: BTreeMap<String, Shape>,
    /// Shape of an object's other properties; absent means that there are none by name (the schema still decides).
    pub additional: Option<Box<Shape>>,
}

/// A JSON type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SimpleType {
    /// null
    Null,
    /// true, false
    Boolean,
    /// a whole number
    Integer,
    /// any number
    Number,
    /// text
    String,
    /// list
    Array,
    /// mapping
    Object,
}

/// A request body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Whether it must be there.
    #[serde(default)]
    pub required: bool,
    /// What may be sent, most specific media range first.
    pub media: Vec<Media>,
}

/// How a media type is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MediaKind {
    /// JSON (RFC 8259) and `+json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data` and other multipart (RFC 7578, RFC 2046).
    Multipart,
    /// Text, given to the schema as one string.
    Text,
    /// Bytes that are not looked into; only their size is limited.
    Binary,
}

/// One media range of a body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// Lower-case media range: `application/json`, `text/*`, `*/*`.
    pub range: String,
    /// How it is read.
    pub kind: MediaKind,
    /// What it must fit; absent means anything.
    #[serde(default)]
    pub schema: Option<Value>,
    /// For forms and multipart: how fields become JSON.
    #[serde(default)]
    pub shape: Option<Shape>,
    /// For forms and multipart: fields with an encoding of their own.
    #[serde(default)]
    pub encoding: BTreeMap<String, Encoding>,
}

/// Encoding of one form field or part (OpenAPI Encoding Object).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Encoding {
    /// Media ranges the part may have, in lower case; empty means any.
    pub content_types: Vec<String>,
    /// How the field is spelled; absent means `form`.
    pub style: Option<Style>,
    /// Whether arrays and objects are spread; absent means as the style's default.
    pub explode: Option<bool>,
}

/// One documented response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// `200`, `2XX` or `default`.
    pub status: String,
    /// Response headers: parameters with `in: header`.
    #[serde(default)]
    pub headers: Vec<Parameter>,
    /// What the body may be; empty means that no body is described.
    #[serde(default)]
    pub media: Vec<Media>,
}

/// A named group of operations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// Kebab-case name.
    pub name: String,
    /// Operation ids.
    pub operations: Vec<String>,
    /// Limits on the group as a whole.
    #[serde(default)]
    pub limits: Vec<Limit>,
}

/// An access profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Kebab-case name.
    pub name: String,
    /// Granted collections.
    #[serde(default)]
    pub collections: Vec<String>,
    /// Granted operations.
    #[serde(default)]
    pub operations: Vec<String>,
    /// Limits on callers with this profile.
    #[serde(default)]
    pub limits: Vec<Limit>,
}

/// An app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Kebab-case name.
    pub name: String,
    /// Team it belongs to.
    pub team: String,
    /// Names of its profiles.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// Limits on this app alone.
    #[serde(default)]
    pub limits: Vec<Limit>,
}

/// An API key of an app, hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// Stable id, shown in logs; not secret.
    pub id: String,
    /// App it belongs to.
    pub app: String,
    /// Public part of the key it is looked up by: `yett_<env>_` and the first eight characters of the random part.
    pub prefix: String,
    /// HMAC-SHA-256 of the whole key under the pepper, lower-case hex.
    pub hash: String,
    /// Unix second from which it is refused.
    #[serde(default)]
    pub expires_at: Option<u64>,
    /// The subset of the app's profiles that the key carries; absent means all.
    #[serde(default)]
    pub profiles: Option<Vec<String>>,
}

/// A limit: how much, and per whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Unique name, shown in `RateLimit-Policy` and events: `profile-reader-0`.
    pub name: String,
    /// How much.
    pub measure: Measure,
    /// What each counter belongs to.
    pub by: Subject,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Measure {
    /// Units per period, refilled steadily (GCRA).
    Rate {
        /// Units per period.
        amount: u64,
        /// Period in milliseconds.
        period_ms: u64,
        /// Units that may be spent at once.
        burst: u64,
    },
    /// Units per calendar period in UTC.
    Quota {
        /// Units per period.
        amount: u64,
        /// The period.
        period: Period,
    },
    /// Requests at the same time.
    Concurrent {
        /// Requests.
        amount: u64,
    },
}

/// A calendar period in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Period {
    /// Starts on the hour.
    Hour,
    /// Starts at midnight.
    Day,
    /// Starts on Monday at midnight.
    Week,
    /// Starts on the first at midnight.
    Month,
}

/// What a counter belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// One counter for all callers.
    All,
    /// One counter for each app; callers without one count by address.
    App,
    /// One counter for each address (IPv6: each /64), checked before identity.
    Address,
}
