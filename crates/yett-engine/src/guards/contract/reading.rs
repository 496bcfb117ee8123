//! What bodies hold, for guards that look into values but hold nothing against a schema.

use super::{json, media, multipart, names};
use crate::body::Reading;
use http::HeaderMap;

/// How the bytes of a body are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    Form,
    /// With its boundary.
    Multipart(String),
    Xml,
    Text,
    /// Bytes that nobody reads as text.
    Bytes,
    /// No type is told, or none that can be read.
    Untold,
}

/// What Content-Type says about a body, and the media type itself.
pub(crate) fn kind(headers: &HeaderMap) -> (Kind, String) {
    let media::Sent::Type(sent) = media::sent(headers) else { return (Kind::Untold, String::new()) };
    let essence = &*sent.value;
    let kind = match essence.split_once('/') {
        _ if media::is_json(essence) => Kind::Json,
        _ if essence == "application/x-www-form-urlencoded" => Kind::Form,
        Some(("multipart", _)) => Kind::Multipart(sent.parameter("boundary").unwrap_or_default().to_owned()),
        Some((_, subtype)) if subtype == "xml" || subtype.ends_with("+xml") => Kind::Xml,
        Some(("text", _)) | Some(("application", "graphql" | "javascript" | "yaml" | "x-yaml")) => Kind::Text,
        _ => Kind::Bytes,
    };
    (kind, sent.value.into_owned())
}

/// Whether the body is sent as it is, without a content coding.
pub(crate) fn is_plain(headers: &HeaderMap) -> bool {
    media::is_plain(headers)
}

/// JSON in the one strict reading; `None` if it is none.
pub(crate) fn json(bytes: &[u8], max_depth: u32) -> Option<Reading> {
    match json::read(bytes, max_depth, &names::NO_TWINS).ok()? {
        json::Read::Tape(_, tape) => Some(Reading::Tape(tape)),
        json::Read::Value(value) => Some(Reading::Value(value)),
    }
}

/// A part of a multipart body.
pub(crate) struct Part<'b> {
    pub(crate) name: Option<String>,
    /// Present in files.
    pub(crate) filename: Option<String>,
    pub(crate) bytes: &'b [u8],
}

/// The parts of a multipart body in the one strict reading.
pub(crate) fn parts<'b>(bytes: &'b [u8], boundary: &str) -> Option<Vec<Part<'b>>> {
    let parts = multipart::parse(bytes, boundary).ok()?;
    let part = |part: multipart::Part<'b>| Part { name: part.name, filename: part.filename, bytes: part.bytes };
    Some(parts.into_iter().map(part).collect())
}

/// A media range of the contract.
#[derive(Debug)]
pub(crate) struct Range(media::Range);

impl Range {
    pub(crate) fn new(text: &str) -> Self {
        Self(media::Range::new(text))
    }

    /// How specific the range is for a media type; `None` if it does not have it.
    pub(crate) fn rank(&self, essence: &str) -> Option<u8> {
        self.0.rank(essence)
    }
}
