//! What a gRPC client understands of a refusal: gRPC takes the outcome of a call from `grpc-status`, not from the status
//! of HTTP.

use crate::Refusal;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, Version};
use std::fmt::Write;

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const CODE: HeaderName = HeaderName::from_static("yett-code");
const MEDIA: &str = "application/grpc";

/// Whether a request is a gRPC call: HTTP/2 and `application/grpc` or one of its kinds.
pub(crate) fn is_call(parts: &Parts) -> bool {
    parts.version == Version::HTTP_2 && is_media(&parts.headers)
}

/// Whether a body holds messages of gRPC.
pub(crate) fn is_media(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let rest = media.and_then(|media| media.get(MEDIA.len()..).filter(|_| media.to_ascii_lowercase().starts_with(MEDIA)));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', ';', ' ']))
}

/// The status of gRPC that stands for one of HTTP, as the mapping that gRPC publishes for its clients has it.
fn status_of(http: u16) -> u16 {
    match http {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    }
}

/// The answer to a refused call: a head alone (Trailers-Only), with the code and what the caller may know of the reason.
pub(crate) fn answer(refusal: &Refusal) -> Response<Bytes> {
    let entry = refusal.code.entry();
    let mut response = Response::new(Bytes::new());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(STATUS, HeaderValue::from(status_of(entry.status)));
    headers.insert(CODE, HeaderValue::from_static(entry.code));
    let message = match refusal.detail.as_str() {
        "" => entry.title.to_owned(),
        detail => format!("{}: {detail}", entry.title),
    };
    if let Ok(message) = HeaderValue::from_str(&encode(&message)) {
        headers.insert(MESSAGE, message);
    }
    for (name, value) in refusal.headers.iter().filter(|(name, _)| [RETRY_AFTER, WWW_AUTHENTICATE].contains(name)) {
        headers.insert(name.clone(), value.clone());
    }
    response
}

/// Percent-encodes everything but visible ASCII and space, and `%`.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use yett_model::Code;

    fn is(media: &str, version: Version) -> bool {
        let mut parts = http::Request::post("/a.B/C").header("content-type", media).body(()).unwrap().into_parts().0;
        parts.version = version;
        is_call(&parts)
    }

    #[test]
    fn a_call_is_told_by_its_media_type_on_http_2() {
        for media in ["application/grpc", "application/grpc+proto", "Application/gRPC;x=y"] {
            assert!(is(media, Version::HTTP_2), "{media}");
            assert!(!is(media, Version::HTTP_11), "{media}");
        }
        assert!(!is("application/grpc-web", Version::HTTP_2));
        assert!(!is("application/json", Version::HTTP_2));
    }

    #[test]
    fn a_refusal_says_status_code_and_reason_in_grpc_words() {
        for (code, status) in [
            (Code::CredentialMissing, "16"),
            (Code::AccessDenied, "7"),
            (Code::OperationUnknown, "12"),
            (Code::RateExceeded, "14"),
            (Code::UpstreamTimeout, "14"),
            (Code::RequestInvalid, "13"),
            (Code::GatewayError, "2"),
        ] {
            let answer = answer(&Refusal::open(code, "100 % é"));
            assert_eq!((answer.status().as_u16(), answer.headers()["grpc-status"].to_str().unwrap()), (200, status), "{code:?}");
            assert!(answer.headers()["grpc-message"].to_str().unwrap().ends_with(": 100 %25 %C3%A9"));
            assert_eq!(answer.headers()["yett-code"], code.as_str());
        }
    }
}
