//! Phases `forward` and `respond`, the pure part: the head that goes upstream, and the head that comes back.
//!
//! Lengths and transfer codings are never copied: the HTTP library writes its own framing from the body it is given.
//! Nothing here opens a socket or reads a body.

mod cookies;
pub(crate) mod forwarded;
mod links;
mod places;
mod plan;
mod protection;
mod redirect;
mod request;
mod response;
mod rules;
pub(crate) mod token;
pub(crate) mod trace;

pub(crate) use places::Origin;
pub(crate) use plan::{ProxyPlan, upstream_path};
pub(crate) use protection::Protecting;
pub(crate) use request::{
    Facts, carries_key, is_ambiguous, is_owned, public_query, request_headers, request_target, request_trailers,
};
pub(crate) use response::{Answering, is_revealing, replacement, response_headers, response_trailers};
pub(crate) use rules::Words;

use http::{HeaderMap, HeaderName, HeaderValue};

/// Header with the decision id, on what goes upstream and on every answer.
pub(crate) const DECISION: HeaderName = HeaderName::from_static("yett-decision");

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
