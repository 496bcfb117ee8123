//! What a route may do with content besides passing it on: keep answers, compress them, speak other notations than JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Keeps answers and gives them again, as RFC 9111 allows. Answers belong to the app that asked, unless shared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cache {
    /// Milliseconds that an answer of status 200 stays fresh when it says nothing about it; absent means not at all.
    pub default_ttl_ms: Option<u64>,
    /// Largest body that is kept, in bytes.
    pub max_object: u64,
    /// Milliseconds for which a stale answer is given while it is fetched anew, unless the answer says otherwise.
    pub stale_while_revalidate_ms: Option<u64>,
    /// Milliseconds for which a stale answer is given when the upstream fails, unless the answer says otherwise.
    pub stale_if_error_ms: Option<u64>,
    /// Give answers that one app caused to others as well.
    pub shared_between_callers: bool,
    /// Request header fields, in lower case, that go upstream and tell answers apart besides `accept`,
    /// `accept-language`, `authorization` and those of the contract. All others of the caller stay behind.
    pub headers: Vec<String>,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            default_ttl_ms: None,
            max_object: 1 << 20,
            stale_while_revalidate_ms: None,
            stale_if_error_ms: None,
            shared_between_callers: false,
            headers: Vec::new(),
        }
    }
}

/// A content coding (RFC 9110 section 8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Coding {
    /// RFC 8878.
    Zstd,
    /// RFC 7932.
    Br,
    /// RFC 1952.
    Gzip,
}

/// Compresses answers for callers that ask for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compression {
    /// Codings on offer, the preferred one first.
    pub algorithms: Vec<Coding>,
    /// Smallest body that is compressed, in bytes.
    pub min_size: u64,
    /// Media types that are compressed, in lower case: `application/json`, `text/*`, `*/*+json`.
    pub types: Vec<String>,
    /// Also for callers that were identified. Never where a browser adds credentials by itself.
    #[serde(default)]
    pub identified: bool,
}

/// A content coding of requests that can be decoded (RFC 9110 section 8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RequestCoding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950.
    Deflate,
    /// RFC 7932.
    Br,
    /// RFC 8878.
    Zstd,
}

/// Decodes the bodies of requests before anything looks at them, so that they go upstream without a content coding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecompressRequests {
    /// Codings that are decoded.
    pub algorithms: Vec<RequestCoding>,
    /// How many times larger a body of more than 64 KiB may become.
    pub max_ratio: u32,
}

/// A notation that stands for JSON on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Notation {
    /// `application/msgpack`.
    Msgpack,
    /// `application/cbor` (RFC 8949).
    Cbor,
}
