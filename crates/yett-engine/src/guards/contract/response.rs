//! Responses: the documented status, header fields, media type and JSON body.
//!
//! A body passes unchecked when it is longer than `max_response_bytes` or is not JSON with a schema: streams must keep
//! streaming. One that has a schema but a content coding or charset that is not read does not fit: the caller could
//! ask for one, and thereby switch the check off.

use super::media::{self, Media, Sent};
use super::parameter::{Header, inspect_headers, response_headers};
use super::payload;
use super::schema::{Schema, Schemas};
use super::violation::{Place, Violations};
use crate::body::Body;
use crate::exchange::BodyNeed;
use crate::guards::ResponseView;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method};
use yett_model::snapshot::{self, MediaKind};

/// The documented responses of an operation.
pub(super) struct Responses {
    all: Vec<Documented>,
    max_bytes: u64,
    max_depth: u32,
}

struct Documented {
    status: Status,
    headers: Vec<Header>,
    media: Vec<Media>,
}

/// Which statuses a description is for.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::guards) enum Status {
    Exactly(u16),
    /// `2XX`: the hundreds.
    Class(u16),
    Default,
}

impl Status {
    /// `None` for what is no status: such a description is for nothing.
    pub(in crate::guards) fn parse(text: &str) -> Option<Self> {
        match text.as_bytes() {
            b"default" => Some(Self::Default),
            [class @ b'1'..=b'5', b'X' | b'x', b'X' | b'x'] => Some(Self::Class(u16::from(class - b'0'))),
            _ => text.parse().ok().filter(|status| (100..1000).contains(status)).map(Self::Exactly),
        }
    }

    pub(in crate::guards) fn rank(&self, status: u16) -> Option<u8> {
        match self {
            Self::Exactly(exactly) => (*exactly == status).then_some(3),
            Self::Class(class) => (*class == status / 100).then_some(2),
            Self::Default => Some(1),
        }
    }
}

impl Responses {
    pub(super) fn new(responses: &[snapshot::Response], schemas: &Schemas, guard: &snapshot::ContractGuard) -> Self {
        let all = responses.iter().filter_map(|response| {
            let media = |media: &snapshot::Media| Media::new(media, media.schema.as_ref().map(|one| schemas.response(one)));
            Some(Documented {
                status: Status::parse(&response.status)?,
                headers: response_headers(&response.headers, schemas),
                media: response.media.iter().map(media).collect(),
            })
        });
        Self { all: all.collect(), max_bytes: guard.max_response_bytes, max_depth: guard.max_depth }
    }

    fn find(&self, status: u16) -> Option<&Documented> {
        let ranked = self.all.iter().filter_map(|one| Some((one.status.rank(status)?, one)));
        ranked.max_by_key(|(rank, _)| *rank).map(|(_, one)| one)
    }

    /// Whether the status and media type have a schema that the body can be held against.
    pub(super) fn describes(&self, response: &ResponseView<'_>) -> bool {
        self.find(response.status)
            .is_some_and(|documented| documented.schema(&media::sent(response.headers), response.headers).is_some())
    }

    /// Whether the body must be collected: JSON with a schema, not known to be too long.
    pub(super) fn need(&self, method: &Method, response: &ResponseView<'_>) -> BodyNeed {
        let schema =
            self.find(response.status).and_then(|documented| documented.schema(&media::sent(response.headers), response.headers));
        let length = content_length(response.headers);
        let fits = length.is_none_or(|length| (1..=self.max_bytes).contains(&length));
        match schema.is_some() && fits && may_have_body(method, response.status) {
            true => BodyNeed::Collect,
            false => BodyNeed::Pass,
        }
    }

    /// Adds what does not fit.
    pub(super) fn inspect(&self, method: &Method, response: &ResponseView<'_>, body: Option<&Body>, found: &mut Violations) {
        let Some(documented) = self.find(response.status) else {
            // No response at all is an oversight, not a promise that there is none.
            if !self.all.is_empty() {
                found.push(Place::Status, response.status.to_string(), "unknown", "is not a documented status");
            }
            return;
        };
        inspect_headers(&documented.headers, response.headers, self.max_depth, found);
        if !may_have_body(method, response.status) || content_length(response.headers) == Some(0) {
            return;
        }
        let sent = media::sent(response.headers);
        documented.inspect_type(&sent, response.headers, found);
        let bytes = body.map(Body::bytes).filter(|bytes| bytes.len() as u64 <= self.max_bytes);
        if let (Some(schema), Some(bytes)) = (documented.schema(&sent, response.headers), bytes)
            && let Some(value) = payload::inspect_json(schema, bytes, self.max_depth, found)
            && let Some(body) = body
        {
            body.keep(value);
        }
    }
}

impl Documented {
    /// The schema of a JSON body that can be read.
    fn schema(&self, sent: &Sent<'_>, headers: &HeaderMap) -> Option<&Schema> {
        let Sent::Type(sent) = sent else { return None };
        let media = media::find(&self.media, &sent.value)?;
        checked_schema(media).filter(|_| media::is_plain(headers) && media::is_utf8(sent))
    }

    fn inspect_type(&self, sent: &Sent<'_>, headers: &HeaderMap, found: &mut Violations) {
        let mut refuse = |code: &str, detail: &str| found.push(Place::Header, "content-type", code, detail);
        match sent {
            Sent::Unreadable => refuse("malformed", "is malformed or there twice"),
            Sent::Nothing if content_length(headers).is_some() && !self.media.is_empty() => {
                refuse("missing", "the body has no media type");
            }
            Sent::Nothing => {}
            Sent::Type(_) if self.media.is_empty() => refuse("unknown", "the contract describes no body"),
            Sent::Type(sent) => match media::find(&self.media, &sent.value) {
                None => refuse("unknown", "the contract does not describe this media type"),
                Some(media) if checked_schema(media).is_none() => {}
                Some(_) if !media::is_utf8(sent) => refuse("invalid", "the body's charset is not UTF-8"),
                Some(_) if !media::is_plain(headers) => {
                    found.push(Place::Header, "content-encoding", "unknown", "a body with a content coding cannot be checked");
                }
                Some(_) => {}
            },
        }
    }
}

/// The schema of a media range whose bodies are checked.
fn checked_schema(media: &Media) -> Option<&Schema> {
    media.schema.as_ref().filter(|_| media.kind == MediaKind::Json)
}

pub(in crate::guards) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// RFC 9110 section 6.4.1.
pub(in crate::guards) fn may_have_body(method: &Method, status: u16) -> bool {
    *method != Method::HEAD && !matches!(status, 100..=199 | 204 | 205 | 304)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_statuses_when_read_then_exact_beats_class_beats_default() {
        let read = ["404", "4XX", "default"].map(|text| Status::parse(text).unwrap());
        assert_eq!(read, [Status::Exactly(404), Status::Class(4), Status::Default]);
        assert_eq!(read.each_ref().map(|status| status.rank(404)), [Some(3), Some(2), Some(1)]);
        assert_eq!(read.each_ref().map(|status| status.rank(500)), [None, None, Some(1)]);
        for text in ["", "40", "6XX", "4X", "4XXX", "+404", "ok", "99999"] {
            assert_eq!(Status::parse(text).filter(|status| *status != Status::Exactly(404)), None, "{text}");
        }
    }
}
