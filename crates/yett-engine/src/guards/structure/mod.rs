//! The structure guard: how large and how deep a body may be, whatever it means.
//!
//! One pass over the bytes in linear time, without a tree and without regular expressions. It looks at what the contract
//! guard does not read too (XML above all), and holds where that guard only monitors. See `GUARD.md`.

mod form;
mod json;
mod multipart;
#[cfg(test)]
mod tests;

use super::{Guard, RequestView, Verdict};
use crate::Refusal;
use crate::body::Body;
use crate::exchange::BodyNeed;
use crate::plan::Scope;
use crate::xml::{self, Fault};
use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method};
use std::sync::Arc;
use yett_model::Code;
use yett_model::snapshot::{Mode, StructureGuard};

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use json::hold as hold_json;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use multipart::hold as hold_multipart;

/// The guard; the same for all operations of an API.
struct Structure {
    limits: StructureGuard,
}

/// How a body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Xml,
    Form,
    Multipart,
}

/// Builds the guard of one operation; `None` where it takes no body.
pub fn build(scope: &Scope<'_>) -> Option<Arc<dyn Guard>> {
    let limits = &scope.api.guards.structure;
    let takes_body = scope.operation.is_none_or(|operation| operation.body.is_some());
    (limits.mode != Mode::Off && takes_body).then(|| Arc::new(Structure { limits: limits.clone() }) as Arc<dyn Guard>)
}

/// The media type, in lower case, without its parameters.
fn essence(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(text.split(';').next()?.trim().to_ascii_lowercase())
}

fn kind(headers: &HeaderMap) -> Option<Kind> {
    let essence = essence(headers)?;
    match &*essence {
        "application/json" | "text/json" => Some(Kind::Json),
        "application/xml" | "text/xml" => Some(Kind::Xml),
        "application/x-www-form-urlencoded" => Some(Kind::Form),
        _ if essence.ends_with("+json") => Some(Kind::Json),
        _ if essence.ends_with("+xml") => Some(Kind::Xml),
        _ if essence.starts_with("multipart/") => Some(Kind::Multipart),
        _ => None,
    }
}

fn is_coded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

impl Guard for Structure {
    fn name(&self) -> &'static str {
        "structure"
    }

    fn mode(&self) -> Mode {
        self.limits.mode
    }

    fn response_mode(&self) -> Mode {
        Mode::Off
    }

    fn body_need(&self, request: &RequestView<'_>) -> Result<BodyNeed, Box<Refusal>> {
        let reads = matches!(*request.method, Method::GET | Method::HEAD) && !request.headers.contains_key(CONTENT_LENGTH);
        if reads || kind(request.headers).is_none() {
            return Ok(BodyNeed::Pass);
        }
        if is_coded(request.headers) {
            let refusal = Refusal::open(Code::MediaTypeUnsupported, "the body must not have a content coding");
            return Err(refusal.with_header(ACCEPT_ENCODING, HeaderValue::from_static("identity")));
        }
        Ok(BodyNeed::Collect)
    }

    fn inspect(&self, request: &RequestView<'_>, body: Option<&Body>) -> Verdict {
        let (Some(kind), Some(body)) = (kind(request.headers), body) else { return Ok(()) };
        let bytes = body.bytes();
        // In `monitor`, a coded body was noted before.
        if bytes.is_empty() || is_coded(request.headers) {
            return Ok(());
        }
        let held = match kind {
            Kind::Json => json::hold(bytes, &self.limits),
            Kind::Xml => xml::read(bytes, &xml_limits(&self.limits), |_| {}),
            Kind::Form => form::hold(bytes, &self.limits),
            Kind::Multipart => multipart::hold(bytes, request.headers, &self.limits),
        };
        held.map_err(refuse)
    }
}

fn xml_limits(limits: &StructureGuard) -> xml::Limits {
    xml::Limits {
        depth: limits.max_depth as usize,
        elements: limits.max_values as usize,
        attributes: limits.max_keys.min(256) as usize,
        name: limits.max_key_bytes as usize,
        text: usize::try_from(limits.max_string_bytes).unwrap_or(usize::MAX),
    }
}

/// The refusal of a body with a fault.
pub(super) fn refuse(fault: Fault) -> Box<Refusal> {
    match fault {
        Fault::Exceeds(reason) => Refusal::open(Code::StructureExceeded, format!("the body {reason}")),
        Fault::Refused(reason) => Refusal::open(Code::StructureRefused, format!("the body {reason}")),
    }
}
