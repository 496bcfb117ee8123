//! Phase `receive`: HTTP hygiene on the head, beyond what the HTTP library already refuses.
//!
//! RFC 9110, RFC 9112, RFC 9113. One rule: a request that two readers could understand differently is refused, never
//! repaired.

use crate::Refusal;
use crate::routing::target;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Version};
use yett_model::Code;

/// The head in its one reading.
#[derive(Debug)]
pub(crate) struct Received {
    /// Host without port, lower case; empty only for HTTP/1.0 without Host.
    pub(crate) host: String,
    /// Normalised path.
    pub(crate) path: String,
    /// Raw query without `?`; empty when absent.
    pub(crate) query: String,
}

/// Fields that belong to one connection (RFC 9110 section 7.6.1) and are never passed on.
pub(crate) const HOP_BY_HOP: [HeaderName; 9] = [
    http::header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    http::header::PROXY_AUTHENTICATE,
    http::header::PROXY_AUTHORIZATION,
    http::header::TE,
    http::header::TRAILER,
    http::header::TRANSFER_ENCODING,
    http::header::UPGRADE,
];

/// Reads the head.
///
/// # Errors
/// The refusal of a head that has no safe single reading.
pub(crate) fn receive(parts: &Parts) -> Result<Received, Box<Refusal>> {
    check_method(&parts.method)?;
    check_framing(&parts.headers)?;
    check_connection(&parts.headers)?;
    check_expectation(&parts.headers)?;
    let host = host(parts)?;
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let target = target::normalise(target).map_err(|reason| Refusal::open(Code::TargetInvalid, reason))?;
    Ok(Received { host, path: target.path.into_owned(), query: target.query.unwrap_or("").to_owned() })
}

/// Methods have case (RFC 9110 section 9.1), but some upstreams forget it: `trace` must not become TRACE there.
fn check_method(method: &Method) -> Result<(), Box<Refusal>> {
    const KNOWN: [Method; 9] = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::HEAD,
        Method::OPTIONS,
        Method::CONNECT,
        Method::TRACE,
    ];
    let reason = match KNOWN.iter().find(|known| known.as_str().eq_ignore_ascii_case(method.as_str())) {
        Some(&Method::CONNECT | &Method::TRACE) => "CONNECT and TRACE are never forwarded",
        Some(known) if known != method => "the method is a known one in other letters",
        _ => return Ok(()),
    };
    Err(Refusal::open(Code::MethodRefused, reason))
}

/// RFC 9112 section 6.3: two framings in one message are the root of request smuggling.
fn check_framing(headers: &HeaderMap) -> Result<(), Box<Refusal>> {
    if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
        return Err(Refusal::open(Code::RequestMalformed, "the request has both Transfer-Encoding and Content-Length"));
    }
    if headers.get_all(CONTENT_LENGTH).iter().count() > 1 {
        return Err(Refusal::open(Code::RequestMalformed, "the request has more than one Content-Length"));
    }
    Ok(())
}

/// RFC 9110 section 7.6.1: `Connection` may name only fields of this connection. Naming an end-to-end field would
/// remove it between the gateway's check and the upstream.
fn check_connection(headers: &HeaderMap) -> Result<(), Box<Refusal>> {
    for value in headers.get_all(CONNECTION) {
        let value = value.to_str().map_err(|_| Refusal::open(Code::RequestMalformed, "Connection is not visible ASCII"))?;
        for option in value.split(',').map(str::trim).filter(|option| !option.is_empty()) {
            let name: HeaderName = option
                .parse()
                .map_err(|_| Refusal::open(Code::RequestMalformed, "Connection names something that is no token"))?;
            let of_this_hop = HOP_BY_HOP.contains(&name) || name == "http2-settings";
            if !of_this_hop && headers.contains_key(&name) {
                return Err(Refusal::open(Code::RequestMalformed, format!("Connection may not name the field {name}")));
            }
        }
    }
    Ok(())
}

fn check_expectation(headers: &HeaderMap) -> Result<(), Box<Refusal>> {
    match headers.get_all(EXPECT).iter().all(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        true => Ok(()),
        false => Err(Refusal::open(Code::ExpectationFailed, "only 100-continue can be expected")),
    }
}

/// RFC 9112 section 3.2, RFC 9113 section 8.3.1: Host and the authority of the target must agree.
fn host(parts: &Parts) -> Result<String, Box<Refusal>> {
    let invalid = |reason: &'static str| Refusal::open(Code::HostInvalid, reason);
    let mut fields = parts.headers.get_all(HOST).iter();
    let field = fields.next().map(|value| value.to_str().map_err(|_| invalid("Host is not visible ASCII"))).transpose()?;
    if fields.next().is_some() {
        return Err(invalid("there is more than one Host"));
    }
    if parts.uri.scheme_str().is_some_and(|scheme| scheme != "http" && scheme != "https") {
        return Err(invalid("the target is of another scheme than http and https"));
    }
    if field.is_none() && parts.version == Version::HTTP_11 {
        return Err(invalid("Host is missing"));
    }
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    let spoken = match (authority, field) {
        (Some(authority), Some(field)) if !authority.eq_ignore_ascii_case(field) => {
            return Err(invalid("Host and the authority of the target differ"));
        }
        (Some(authority), _) => authority,
        (None, Some(field)) => field,
        (None, None) if parts.version == Version::HTTP_10 => return Ok(String::new()),
        (None, None) => return Err(invalid("Host is missing")),
    };
    host_name(spoken).ok_or_else(|| invalid("Host is not a host name or address with an optional port"))
}

/// Host without port, lower case. Userinfo, empty names and odd characters have no place here.
pub(crate) fn host_name(spoken: &str) -> Option<String> {
    let (name, port) = match spoken.rfind(':') {
        Some(colon) if !spoken.ends_with(']') => (spoken.get(..colon)?, spoken.get(colon + 1..)?),
        _ => (spoken, ""),
    };
    let literal = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let good_name = match literal {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.len() <= 253 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)),
    };
    let good_port = port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    (good_name && good_port).then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(target: &str, headers: &[(&'static str, &str)]) -> Parts {
        let mut request = http::Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn code(target: &str, headers: &[(&'static str, &str)]) -> Option<Code> {
        receive(&parts(target, headers)).err().map(|refusal| refusal.code)
    }

    #[test]
    fn a_plain_request_is_read() {
        let received = receive(&parts("/a/%7eb?x=1", &[("host", "Shop.Example:8080")])).unwrap();
        assert_eq!((&*received.host, &*received.path, &*received.query), ("shop.example", "/a/~b", "x=1"));
    }

    #[test]
    fn hosts_that_two_readers_could_take_differently_are_refused() {
        for host in ["", "a b", "a@b", "a:b", "a,b", "[::1", "[zz]", "a:123456", "a/b", "é"] {
            assert_eq!(code("/", &[("host", host)]), Some(Code::HostInvalid), "{host}");
        }
        assert_eq!(code("/", &[]), Some(Code::HostInvalid));
        assert_eq!(code("/", &[("host", "a"), ("host", "a")]), Some(Code::HostInvalid));
        assert_eq!(code("http://a/", &[("host", "b")]), Some(Code::HostInvalid));
    }

    #[test]
    fn an_absolute_target_that_agrees_with_host_is_read() {
        assert_eq!(receive(&parts("http://a:80/x", &[("host", "A:80")])).unwrap().host, "a");
        assert_eq!(receive(&parts("http://[::1]:80/x", &[("host", "[::1]:80")])).unwrap().host, "[::1]");
        assert_eq!(code("http://a/x", &[]), Some(Code::HostInvalid));
        assert_eq!(code("ftp://a/x", &[("host", "a")]), Some(Code::HostInvalid));
        let mut of_http2 = parts("https://a/x", &[]);
        of_http2.version = Version::HTTP_2;
        assert_eq!(receive(&of_http2).unwrap().host, "a");
    }

    #[test]
    fn connection_may_not_name_an_end_to_end_field() {
        assert_eq!(
            code("/", &[("host", "a"), ("connection", "close, x-api-key"), ("x-api-key", "k")]),
            Some(Code::RequestMalformed)
        );
        assert_eq!(code("/", &[("host", "a"), ("connection", "host")]), Some(Code::RequestMalformed));
        assert_eq!(code("/", &[("host", "a"), ("connection", "keep-alive, te, x-absent")]), None);
    }

    #[test]
    fn two_framings_are_refused() {
        let both = [("host", "a"), ("transfer-encoding", "chunked"), ("content-length", "3")];
        assert_eq!(code("/", &both), Some(Code::RequestMalformed));
        assert_eq!(code("/", &[("host", "a"), ("content-length", "3"), ("content-length", "3")]), Some(Code::RequestMalformed));
    }

    #[test]
    fn expectations_and_tunnels_are_refused() {
        assert_eq!(code("/", &[("host", "a"), ("expect", "miracles")]), Some(Code::ExpectationFailed));
        let refused = |method: &[u8]| {
            let mut request = parts("/", &[("host", "a")]);
            request.method = Method::from_bytes(method).unwrap();
            receive(&request).err().map(|refusal| refusal.code)
        };
        for method in [&b"TRACE"[..], b"CONNECT", b"trace", b"Connect", b"get"] {
            assert_eq!(refused(method), Some(Code::MethodRefused), "{method:?}");
        }
        assert_eq!((refused(b"BREW"), refused(b"brew"), refused(b"PATCH")), (None, None, None));
    }

    #[test]
    fn the_asterisk_form_is_refused() {
        assert_eq!(code("*", &[("host", "a")]), Some(Code::TargetInvalid));
    }
}
