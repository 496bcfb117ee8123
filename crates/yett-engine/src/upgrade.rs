//! WebSocket handshakes (RFC 6455 section 4). What goes through the tunnel afterwards is not looked at.
//!
//! Only an operation that says so can be upgraded, only by a handshake that can be read in one way, and only if the page
//! that opens it (a browser names its origin) belongs to the API or to an origin the operation names: browsers send
//! cookies and open WebSockets across sites without asking.

use crate::{Refusal, origins};
use aws_lc_rs::digest;
use data_encoding::BASE64;
use http::header::{
    CONNECTION, CONTENT_LENGTH, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
    TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use yett_model::Code;
use yett_model::snapshot::WebSocket;

/// RFC 6455 section 1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const VERSION: HeaderValue = HeaderValue::from_static("13");

/// Marks a handshake that came as an extended CONNECT of HTTP/2 (RFC 8441) and was spelled anew as that of HTTP/1.1.
#[derive(Debug, Clone, Copy)]
pub struct OverHttp2;

/// Whether the caller wants a WebSocket, well said or not.
#[must_use]
pub fn is_asked(headers: &HeaderMap) -> bool {
    headers.get_all(UPGRADE).iter().any(|value| value.as_bytes().to_ascii_lowercase().windows(9).any(|part| part == b"websocket"))
}

/// Whether a list of tokens has one, in any case.
fn names(value: &HeaderValue, token: &[u8]) -> bool {
    value.as_bytes().split(|byte| *byte == b',').any(|one| one.trim_ascii().eq_ignore_ascii_case(token))
}

/// The one value of a field.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Whether the operation can be upgraded by this request; `tls`: whether its caller came over TLS.
///
/// # Errors
/// `upgrade-refused`, or `origin-refused` for a page of another site.
pub(crate) fn check(offered: Option<&WebSocket>, parts: &Parts, tls: bool) -> Result<(), Box<Refusal>> {
    let refused = |reason: &str| Refusal::open(Code::UpgradeRefused, reason);
    let offered = offered.ok_or_else(|| refused("WebSocket is not offered here"))?;
    let headers = &parts.headers;
    let over_http2 = parts.version == Version::HTTP_2 && parts.extensions.get::<OverHttp2>().is_some();
    if parts.method != Method::GET || (parts.version != Version::HTTP_11 && !over_http2) {
        return Err(refused("a WebSocket is opened by GET of HTTP/1.1 or by an extended CONNECT of HTTP/2"));
    }
    if !only(headers, &UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket")) {
        return Err(refused("Upgrade must name websocket and nothing else"));
    }
    if !headers.get_all(CONNECTION).iter().any(|value| names(value, b"upgrade")) {
        return Err(refused("Connection does not name Upgrade"));
    }
    if headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0") {
        return Err(refused("a handshake has no body"));
    }
    if only(headers, &SEC_WEBSOCKET_VERSION) != Some(&VERSION) {
        return Err(refused("only version 13 of WebSocket is spoken").with_header(SEC_WEBSOCKET_VERSION, VERSION));
    }
    let key = only(headers, &SEC_WEBSOCKET_KEY).and_then(|key| BASE64.decode(key.as_bytes()).ok());
    if key.is_none_or(|key| key.len() != 16) {
        return Err(refused("Sec-WebSocket-Key must be 16 bytes in base 64"));
    }
    check_origin(&offered.origins, parts, tls)
}

/// No `Origin` means that no browser asks.
fn check_origin(allowed: &[String], parts: &Parts, tls: bool) -> Result<(), Box<Refusal>> {
    if !parts.headers.contains_key(ORIGIN) {
        return Ok(());
    }
    let origin = only(&parts.headers, &ORIGIN).and_then(|origin| origin.to_str().ok());
    let is_named = |origin: &str| allowed.iter().any(|one| one.eq_ignore_ascii_case(origin));
    let known = origin.is_some_and(|origin| is_named(origin) || origins::is_own(origin, origins::asked_of(parts), tls));
    match known {
        true => Ok(()),
        false => Err(Refusal::open(Code::OriginRefused, "the page's origin is neither the API's own nor one it names")),
    }
}

/// Whether the upstream agreed: RFC 6455 section 4.1, the answer's part.
///
/// # Errors
/// A sentence for the log.
pub fn check_answer(request: &Parts, answer: &HeaderMap) -> Result<(), &'static str> {
    if !only(answer, &UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
        || !answer.get_all(CONNECTION).iter().any(|value| names(value, b"upgrade"))
    {
        return Err("the upstream switched to another protocol than the one asked for");
    }
    let key = request.headers.get(SEC_WEBSOCKET_KEY).map_or(&b""[..], HeaderValue::as_bytes);
    if only(answer, &SEC_WEBSOCKET_ACCEPT).is_none_or(|accept| accept.as_bytes() != accept_of(key).as_bytes()) {
        return Err("the upstream's Sec-WebSocket-Accept is wrong");
    }
    let offered = |chosen: &HeaderValue| {
        request
            .headers
            .get_all(SEC_WEBSOCKET_PROTOCOL)
            .iter()
            .any(|value| value.as_bytes().split(|byte| *byte == b',').any(|one| one.trim_ascii() == chosen.as_bytes()))
    };
    match answer.get_all(SEC_WEBSOCKET_PROTOCOL).iter().all(offered) {
        true => Ok(()),
        false => Err("the upstream chose a subprotocol that was not offered"),
    }
}

fn accept_of(key: &[u8]) -> String {
    BASE64.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &[key, GUID].concat()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const GOOD: [(&str, &str); 5] = [
        ("host", "shop.example"),
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", KEY),
    ];

    fn parts(fields: &[(&str, &str)]) -> Parts {
        let request = fields.iter().fold(http::Request::get("/chat"), |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    fn code(parts: &Parts) -> Option<Code> {
        let offered = WebSocket { origins: vec!["https://app.example".to_owned()] };
        check(Some(&offered), parts, false).err().map(|refusal| refusal.code)
    }

    #[test]
    fn a_handshake_is_taken_only_where_it_is_offered() {
        assert_eq!(code(&parts(&GOOD)), None);
        assert_eq!(check(None, &parts(&GOOD), false).unwrap_err().code, Code::UpgradeRefused);
    }

    #[test]
    fn a_handshake_with_anything_odd_is_refused() {
        for (name, value) in [
            ("upgrade", "websocket, h2c"),
            ("upgrade", "xwebsocket"),
            ("connection", "keep-alive"),
            ("sec-websocket-version", "8"),
            ("sec-websocket-key", "c2hvcnQ="),
            ("sec-websocket-key", "not base 64 at all!!!!!!"),
            ("content-length", "5"),
            ("transfer-encoding", "chunked"),
        ] {
            let mut parts = parts(&GOOD);
            parts.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            assert_eq!(code(&parts), Some(Code::UpgradeRefused), "{name}: {value}");
        }
        for name in ["upgrade", "sec-websocket-version", "sec-websocket-key"] {
            let mut twice = parts(&GOOD);
            let value = twice.headers[name].clone();
            twice.headers.append(HeaderName::from_static(name), value);
            assert_eq!(code(&twice), Some(Code::UpgradeRefused), "{name} twice");
        }
        let mut post = parts(&GOOD);
        post.method = Method::POST;
        assert_eq!(code(&post), Some(Code::UpgradeRefused));
        let mut old = parts(&GOOD);
        old.version = Version::HTTP_10;
        assert_eq!(code(&old), Some(Code::UpgradeRefused));
    }

    #[test]
    fn a_handshake_over_http2_is_taken_only_if_it_was_an_extended_connect() {
        let mut spelled = parts(&GOOD);
        spelled.version = Version::HTTP_2;
        assert_eq!(code(&spelled), Some(Code::UpgradeRefused));
        spelled.extensions.insert(OverHttp2);
        assert_eq!(code(&spelled), None);
    }

    #[test]
    fn pages_of_other_sites_open_nothing() {
        let of = |origin: &'static str| {
            let mut parts = parts(&GOOD);
            parts.headers.append(ORIGIN, HeaderValue::from_static(origin));
            parts
        };
        for origin in ["http://shop.example", "https://SHOP.example:443", "https://app.example", "http://shop.example:80"] {
            assert_eq!(code(&of(origin)), None, "{origin}");
        }
        for origin in [
            "https://evil.example",
            "https://shop.example.evil",
            "https://evil.example/shop.example",
            "null",
            "",
            "file://shop.example",
            "https://shop.example:8443",
            "https://app.example.evil",
        ] {
            assert_eq!(code(&of(origin)), Some(Code::OriginRefused), "{origin}");
        }
        let mut two = of("http://shop.example");
        two.headers.append(ORIGIN, HeaderValue::from_static("http://shop.example"));
        assert_eq!(code(&two), Some(Code::OriginRefused));
    }

    #[test]
    fn a_page_that_came_in_the_clear_opens_nothing_over_tls() {
        let offered = WebSocket { origins: Vec::new() };
        let of = |origin: &'static str, tls: bool| {
            let mut parts = parts(&GOOD);
            parts.headers.append(ORIGIN, HeaderValue::from_static(origin));
            check(Some(&offered), &parts, tls).is_ok()
        };
        assert!(of("https://shop.example", true) && of("http://shop.example", false));
        // Who comes in the clear may have had TLS up to a proxy that says nothing of it.
        assert!(of("https://shop.example", false) && !of("http://shop.example", true));
    }

    #[test]
    fn an_upstream_must_prove_that_it_read_the_handshake() {
        let mut asked = parts(&GOOD);
        asked.headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("chat, superchat"));
        let answer = |fields: &[(&str, &str)]| {
            let good =
                [("upgrade", "websocket"), ("connection", "Upgrade"), ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")];
            let mut headers = HeaderMap::new();
            for (name, value) in good.iter().chain(fields) {
                headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
            }
            headers
        };
        assert_eq!(check_answer(&asked, &answer(&[])), Ok(()));
        assert_eq!(check_answer(&asked, &answer(&[("sec-websocket-protocol", "superchat")])), Ok(()));
        for field in [
            ("upgrade", "h2c"),
            ("connection", "close"),
            ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOoo"),
            ("sec-websocket-protocol", "other"),
        ] {
            assert!(check_answer(&asked, &answer(&[field])).is_err(), "{field:?}");
        }
    }
}
