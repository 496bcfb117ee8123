//! The body of a request: whether there may and must be one, its media type, and what it holds.

use super::media::{self, Media, Sent};
use super::payload;
use super::schema::Schemas;
use super::violation::{Place, Violations};
use crate::Refusal;
use crate::body::Body;
use crate::exchange::BodyNeed;
use crate::grpc;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use yett_model::Code;
use yett_model::snapshot::{self, MediaKind};

/// RFC 5789 section 3.1.
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// What the contract says about an operation's body.
pub(super) struct RequestBody {
    required: bool,
    media: Vec<Media>,
    accept: HeaderValue,
}

/// What the head says about the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// `Content-Length: 0`.
    Absent,
    /// A length, chunks, or a gRPC call: it has messages, and never tells their length.
    Present,
    /// Neither: nothing in HTTP/1.1, anything in HTTP/2.
    Unknown,
}

fn presence(headers: &HeaderMap) -> Presence {
    match headers.get(CONTENT_LENGTH) {
        Some(length) if length.as_bytes().iter().all(|&byte| byte == b'0') => Presence::Absent,
        Some(_) => Presence::Present,
        None if headers.contains_key(TRANSFER_ENCODING) || grpc::is_media(headers) => Presence::Present,
        None => Presence::Unknown,
    }
}

/// Whether a body that may be there must be collected where none is allowed: only then is it known to be empty.
pub(super) fn need_without_body(headers: &HeaderMap) -> BodyNeed {
    if presence(headers) == Presence::Unknown { BodyNeed::Collect } else { BodyNeed::Pass }
}

/// Adds a body where none is allowed.
pub(super) fn inspect_without_body(headers: &HeaderMap, body: Option<&Body>, found: &mut Violations) {
    let collected = body.is_some_and(|body| !body.bytes().is_empty());
    if collected || (body.is_none() && presence(headers) == Presence::Present) {
        found.push(Place::Body, "", "unknown", "this operation takes no body");
    }
}

impl RequestBody {
    pub(super) fn new(body: &snapshot::Body, schemas: &Schemas) -> Self {
        let compile = |media: &snapshot::Media| Media::new(media, media.schema.as_ref().map(|schema| schemas.request(schema)));
        let media: Vec<Media> = body.media.iter().map(compile).collect();
        let ranges = media.iter().map(|media| &*media.range.text).collect::<Vec<_>>().join(", ");
        let accept = HeaderValue::from_str(&ranges).unwrap_or(HeaderValue::from_static("*/*"));
        Self { required: body.required, media, accept }
    }

    /// Whether the body must be collected.
    pub(super) fn need(&self, method: &Method, headers: &HeaderMap) -> Result<BodyNeed, Box<Refusal>> {
        let presence = presence(headers);
        match presence {
            Presence::Absent => Ok(BodyNeed::Pass),
            _ => Ok(self.need_of(self.media(method, headers, presence)?, headers)),
        }
    }

    fn need_of(&self, media: Option<&Media>, headers: &HeaderMap) -> BodyNeed {
        let Some(media) = media else { return BodyNeed::Collect };
        let unseen = !payload::looks_into(media);
        // Only a length shows before the end that there is something: chunks may be none.
        let settled = headers.contains_key(CONTENT_LENGTH) || !self.required || grpc::is_media(headers);
        if unseen && settled { BodyNeed::Pass } else { BodyNeed::Collect }
    }

    /// The media of the contract that the body has; `None` when it names no type and may not be there at all.
    fn media(&self, method: &Method, headers: &HeaderMap, presence: Presence) -> Result<Option<&Media>, Box<Refusal>> {
        let unsupported = |reason: &str| self.unsupported(method, reason);
        let sent = match media::sent(headers) {
            Sent::Unreadable => return Err(unsupported("the Content-Type is malformed or there twice")),
            Sent::Nothing if presence == Presence::Unknown => return Ok(None),
            Sent::Nothing => None,
            Sent::Type(sent) => Some(sent),
        };
        // RFC 9110 section 8.3: a body without a type is only bytes.
        let essence = sent.as_ref().map_or("application/octet-stream", |sent| &*sent.value);
        let media = media::find(&self.media, essence).ok_or_else(|| match sent {
            None => unsupported("the body has no Content-Type"),
            Some(_) => unsupported("the contract does not describe this media type"),
        })?;
        if payload::looks_into(media) && !media::is_plain(headers) {
            let refusal = Refusal::open(Code::MediaTypeUnsupported, "the body must not have a content coding");
            return Err(refusal.with_header(ACCEPT_ENCODING, HeaderValue::from_static("identity")));
        }
        if media.kind != MediaKind::Binary && !sent.as_ref().is_none_or(media::is_utf8) {
            return Err(unsupported("the body's charset is not UTF-8"));
        }
        Ok(Some(media))
    }

    fn unsupported(&self, method: &Method, reason: &str) -> Box<Refusal> {
        let refusal = Refusal::open(Code::MediaTypeUnsupported, reason).with_header(ACCEPT, self.accept.clone());
        match *method == Method::PATCH {
            true => refusal.with_header(ACCEPT_PATCH, self.accept.clone()),
            false => refusal,
        }
    }

    /// Adds what does not fit in the body.
    ///
    /// # Errors
    /// The refusal of a body whose type only shows to be missing once there is a body.
    pub(super) fn inspect(
        &self,
        method: &Method,
        headers: &HeaderMap,
        body: Option<&Body>,
        max_depth: u32,
        found: &mut Violations,
    ) -> Result<(), Box<Refusal>> {
        let told = presence(headers);
        let (mut presence, mut media, mut need) = (told, None, BodyNeed::Pass);
        if told != Presence::Absent {
            // In `monitor`, what the head alone showed is already noted.
            let Ok(of_head) = self.media(method, headers, told) else { return Ok(()) };
            (media, need) = (of_head, self.need_of(of_head, headers));
        }
        if need == BodyNeed::Collect || body.is_some() {
            let filled = body.is_some_and(|body| !body.bytes().is_empty());
            presence = if filled { Presence::Present } else { Presence::Absent };
        }
        if presence != Presence::Present {
            if self.required {
                found.push(Place::Body, "", "missing", "a body is required");
            }
            return Ok(());
        }
        if told != Presence::Present {
            media = self.media(method, headers, presence)?;
        }
        let (Some(media), Some(body)) = (media, body) else { return Ok(()) };
        if payload::looks_into(media)
            && let Some(value) = payload::inspect(media, headers, body.bytes(), max_depth, found)
        {
            body.keep(value);
        }
        Ok(())
    }
}
