//! Operations: what the contract describes, as JSON Schema and ways of spelling.

use super::{Cache, Compression, DecompressRequests, GraphQl, Limit, MaskGuard, Notation, Retirement};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

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
    /// Path template for the upstream, with the parameters of `path`; absent means `path`.
    #[serde(default)]
    pub upstream_path: Option<String>,
    /// No credential is needed for this operation; absent means as the API says.
    #[serde(default)]
    pub public: Option<bool>,
    /// Units a request takes from rates and quotas.
    #[serde(default = "super::one")]
    pub cost: u32,
    /// Largest request body in bytes.
    #[serde(default = "default_max_body_bytes")]
    pub max_body_bytes: u64,
    /// Milliseconds without a byte of the answer's body, of a request body that is streamed, or of a tunnel, before it is
    /// given up; absent means as the upstream says.
    #[serde(default)]
    pub idle_timeout_ms: Option<u64>,
    /// The operation may become a WebSocket (RFC 6455); absent means that the upgrade is refused.
    #[serde(default)]
    pub websocket: Option<WebSocket>,
    /// The operation takes GraphQL; absent means that queries are not looked into.
    #[serde(default)]
    pub graphql: Option<GraphQl>,
    /// Limits on this operation.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// Names of the callouts that are asked besides those of the API.
    #[serde(default)]
    pub callouts: Vec<String>,
    /// Which requests are shed first, and which last, while the API is overloaded.
    #[serde(default)]
    pub priority: Priority,
    /// Answers may take as long as they like: the gateway's limit on whole requests is not for them.
    #[serde(default)]
    pub long_lived: bool,
    /// Parameters, path-item ones merged in.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// Request body; absent means that none is allowed.
    #[serde(default)]
    pub body: Option<Body>,
    /// Documented responses.
    #[serde(default)]
    pub responses: Vec<Response>,
    /// Keeps answers; absent means that none is.
    #[serde(default)]
    pub cache: Option<Cache>,
    /// Compresses answers; absent means that none is.
    #[serde(default)]
    pub compression: Option<Compression>,
    /// Decodes the bodies of requests; absent means that a body with a content coding is not looked into, and refused
    /// where it must be.
    #[serde(default)]
    pub decompress_requests: Option<DecompressRequests>,
    /// Notations that callers may use in the place of JSON.
    #[serde(default)]
    pub transcode: Vec<Notation>,
    /// Settings of the mask guard in the place of the API's.
    #[serde(default)]
    pub mask: Option<MaskGuard>,
    /// The gateway answers itself, with the first of these unless the caller prefers another; empty means that the
    /// upstream answers.
    #[serde(default)]
    pub mock: Vec<MockAnswer>,
    /// How it goes; absent means that it stays.
    #[serde(default)]
    pub retirement: Option<Retirement>,
}

/// An answer that the gateway gives in the place of an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MockAnswer {
    /// Status, from 200.
    pub status: u16,
    /// Media type; absent means that there is no body.
    #[serde(default)]
    pub content_type: Option<String>,
    /// Body.
    #[serde(default)]
    pub body: String,
}

/// How much an operation matters while its API is overloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// Shed first.
    Low,
    /// Shed before what is critical.
    #[default]
    Normal,
    /// Shed last: a part of what the API can take is kept for it.
    Critical,
}

fn default_max_body_bytes() -> u64 {
    1 << 20
}

/// Who may open the WebSocket of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebSocket {
    /// Origins (RFC 6454, `https://app.example`) whose pages may open it besides the host's own.
    pub origins: Vec<String>,
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
