//! Phases `forward` and `respond`, the pure part: the head that goes upstream, and the head that comes back.
//!
//! Lengths and transfer codings are never copied: the HTTP library writes its own framing from the body it is given.
//! Nothing here opens a socket or reads a body.

mod places;
mod request;
mod response;

pub(crate) use places::Origin;
pub(crate) use request::{Facts, carries_key, is_ambiguous, is_owned, request_headers, request_target};
pub(crate) use response::{is_revealing, response_headers};

use http::{HeaderMap, HeaderName, HeaderValue};

/// Header with the decision id, on what goes upstream and on every answer.
pub(crate) const DECISION: HeaderName = HeaderName::from_static("yett-decision");

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
