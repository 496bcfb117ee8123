//! Phase `forward`, the pure part: the head that goes upstream, and the head that comes back.
//!
//! Lengths and transfer codings are never copied: the HTTP library writes its own framing from the body it is given.

use crate::exchange::Caller;
use crate::identity::{key, pair_name};
use crate::plan::{ApiPlan, TargetPlan};
use crate::receive::HOP_BY_HOP;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LOCATION, HOST, LOCATION, SERVER};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use std::fmt::Write;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Header with the decision id, on what goes upstream and on every answer.
pub(crate) const DECISION: HeaderName = HeaderName::from_static("yett-decision");
const APP: HeaderName = HeaderName::from_static("yett-app");

/// What tells an attacker about the upstream and nobody else anything.
const REVEALING: [HeaderName; 5] = [
    SERVER,
    HeaderName::from_static("x-powered-by"),
    HeaderName::from_static("x-aspnet-version"),
    HeaderName::from_static("x-aspnetmvc-version"),
    http::header::VIA,
];

/// Facts of the exchange that go upstream.
pub(crate) struct Facts<'a> {
    pub caller: &'a Caller,
    pub host: &'a str,
    pub decision: &'a str,
    pub app: Option<&'a str>,
    /// Whether the answer must be readable.
    pub plain: bool,
    /// Header fields that the contract names although they are usually taken off.
    pub declared: &'a [HeaderName],
}

/// Turns the caller's fields into those the upstream gets: what is not the caller's to say goes, facts come.
pub(crate) fn request_headers(parts: &mut Parts, api: &ApiPlan, target_host: &HeaderValue, facts: &Facts<'_>) {
    let authority = parts.uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    let headers = &mut parts.headers;
    let spoken_host = headers.remove(HOST).or(authority);
    let unwanted: Vec<HeaderName> = headers
        .iter()
        .filter(|(name, value)| is_unwanted(name, api, facts.declared) || carries_key(value.as_bytes()))
        .map(|(name, _)| name.clone())
        .collect();
    unwanted.iter().for_each(|name| {
        headers.remove(name);
    });
    let host = spoken_host.filter(|_| api.preserve_host).unwrap_or_else(|| target_host.clone());
    headers.insert(HOST, host);
    if facts.plain && headers.contains_key(ACCEPT_ENCODING) {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    insert(headers, FORWARDED_FOR, &facts.caller.address.to_string());
    insert(headers, FORWARDED_PROTO, if facts.caller.tls { "https" } else { "http" });
    insert(headers, FORWARDED_HOST, facts.host);
    insert(headers, DECISION, facts.decision);
    if let Some(app) = facts.app {
        insert(headers, APP, app);
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Whether a caller's field stays behind: it belongs to the hop, is the gateway's to say, holds a credential, or would
/// make the upstream run another request than the one that was judged.
fn is_unwanted(name: &HeaderName, api: &ApiPlan, declared: &[HeaderName]) -> bool {
    HOP_BY_HOP.contains(name)
        || is_owned(name.as_str())
        || is_credential(name, api)
        || (is_ambiguous(name.as_str()) && !declared.contains(name))
}

/// What only the gateway may say about a caller, and what it has dealt with itself.
fn is_owned(name: &str) -> bool {
    let own = ["expect", "http2-settings", "forwarded", "x-real-ip", "true-client-ip", "x-client-ip", "x-cluster-client-ip"];
    name.starts_with("yett-") || name.starts_with("x-forwarded-") || own.contains(&name)
}

fn is_credential(name: &HeaderName, api: &ApiPlan) -> bool {
    let Some(places) = &api.api_key else { return false };
    (places.bearer && name == AUTHORIZATION) || places.header.as_deref() == Some(name.as_str())
}

/// Fields that name another method or path than the one that was judged; and names with `_`, which many upstreams (CGI,
/// WSGI, Rack) cannot tell from the same name with `-`: they would forge fields that are taken off or checked.
pub(crate) fn is_ambiguous(name: &str) -> bool {
    let overriding = [
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
        "x-original-url",
        "x-original-uri",
        "x-rewrite-url",
        "x-override-url",
    ];
    name.contains('_') || overriding.contains(&name)
}

/// Whether a field's value has an API key in it, wherever it was meant to go: no upstream may collect keys.
fn carries_key(value: &[u8]) -> bool {
    value.len() >= key::SHORTEST && std::str::from_utf8(value).is_ok_and(key::is_in)
}

/// Path and query for the upstream: the target's prefix instead of the base path, pairs with credentials left out.
pub(crate) fn request_target(prefix: &str, rest: &str, query: &str, credential: Option<&str>) -> String {
    let mut target = String::with_capacity(prefix.len() + rest.len() + query.len() + 2);
    target.push_str(prefix);
    target.push_str(rest);
    if target.is_empty() {
        target.push('/');
    }
    if query.is_empty() {
        return target;
    }
    if credential.is_none() && query.len() < key::SHORTEST {
        let _ = write!(target, "?{query}");
        return target;
    }
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_secret(pair, credential)).collect();
    if !kept.is_empty() {
        let _ = write!(target, "?{}", kept.join("&"));
    }
    target
}

fn is_secret(pair: &str, credential: Option<&str>) -> bool {
    let named = credential.is_some_and(|name| percent_decode_str(pair_name(pair)).decode_utf8_lossy() == name);
    named || (pair.len() >= key::SHORTEST && key::is_in(&percent_decode_str(pair).decode_utf8_lossy()))
}

/// Where an answer comes from and under which base path the caller knows it.
pub(crate) struct Origin<'a> {
    pub target: &'a TargetPlan,
    pub base: &'a str,
    /// Whether a public path is one of the contract's.
    pub is_path: &'a dyn Fn(&str) -> bool,
}

/// Writes `Location` and `Content-Location` as the caller must spell them: the upstream's own address means nothing to
/// it, and is not its business. Other hosts' addresses stay as they are.
fn translate_locations(headers: &mut HeaderMap, origin: &Origin<'_>) {
    for name in [LOCATION, CONTENT_LOCATION] {
        let translated = headers.get(&name).and_then(|value| value.to_str().ok()).and_then(|place| translate(place, origin));
        if let Some(value) = translated.and_then(|place| HeaderValue::from_str(&place).ok()) {
            headers.insert(name, value);
        }
    }
}

/// The place below the base path; `None` if it is relative already or somebody else's.
fn translate(place: &str, origin: &Origin<'_>) -> Option<String> {
    let scheme = if origin.target.tls { "https://" } else { "http://" };
    let host = origin.target.host.to_str().ok()?;
    let path = match place.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme)) {
        Some(_) => {
            let rest = place.get(scheme.len()..)?;
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            rest.get(..end).filter(|authority| authority.eq_ignore_ascii_case(host))?;
            rest.get(end..)?
        }
        None if place.starts_with('/') && !place.starts_with("//") => place,
        None => return None,
    };
    let below = below(path, &origin.target.prefix)?;
    let public = format!("{}{below}", origin.base);
    let public = if public.starts_with('/') { public } else { format!("/{public}") };
    // An upstream that knows its base path spells it already; only the contract can tell.
    let may_be_public = !origin.base.is_empty() && self::below(path, origin.base).is_some();
    let bare = public.split(['?', '#']).next().unwrap_or("");
    (!may_be_public || (origin.is_path)(bare)).then_some(public)
}

/// What follows a prefix of whole segments.
fn below<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

/// Turns the upstream's fields into those the caller gets.
pub(crate) fn response_headers(headers: &mut HeaderMap, decision: &str, origin: Option<&Origin<'_>>) {
    if let Some(origin) = origin {
        translate_locations(headers, origin);
    }
    let nominated: Vec<HeaderName> = headers
        .get_all(http::header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').filter_map(|name| name.trim().parse().ok()))
        .collect();
    HOP_BY_HOP.iter().chain(&REVEALING).chain(&nominated).for_each(|name| {
        headers.remove(name);
    });
    insert(headers, DECISION, decision);
}

#[cfg(test)]
mod tests {
    use super::*;
    use yett_model::snapshot::Target;

    #[test]
    fn the_base_path_gives_way_to_the_targets_prefix() {
        assert_eq!(request_target("/v1", "/books/7", "a=1", None), "/v1/books/7?a=1");
        assert_eq!(request_target("", "", "", None), "/");
    }

    #[test]
    fn the_credentials_pair_never_goes_upstream() {
        assert_eq!(request_target("", "/b", "a=1&k%65y=secret&b=2", Some("key")), "/b?a=1&b=2");
        assert_eq!(request_target("", "/b", "key=secret", Some("key")), "/b");
        assert_eq!(request_target("", "/b", "", Some("key")), "/b");
    }

    #[test]
    fn a_pair_with_a_key_in_it_never_goes_upstream_whatever_its_name() {
        let key = "yett_test_0000000000000000000000000000000000000000_2SiFRe";
        assert_eq!(request_target("", "/b", &format!("a=1&x={key}"), None), "/b?a=1");
        assert_eq!(request_target("", "/b", &format!("x={}&a=1", key.replace('_', "%5f")), None), "/b?a=1");
    }

    #[test]
    fn fields_that_look_like_others_or_override_the_request_are_ambiguous() {
        for name in ["yett_app", "x_forwarded_for", "x-http-method-override", "x-original-url"] {
            assert!(is_ambiguous(name), "{name}");
        }
        assert!(!is_ambiguous("x-request-id"));
    }

    #[test]
    fn what_the_upstream_says_of_itself_and_its_hop_is_dropped() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, x-hop"),
            ("x-hop", "1"),
            ("server", "a/1"),
            ("x-powered-by", "b"),
            ("keep-alive", "5"),
            ("etag", "\"e\""),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        response_headers(&mut headers, "D", None);
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["etag", "yett-decision"]);
    }

    #[test]
    fn places_of_the_upstream_are_told_as_the_caller_must_spell_them() {
        let target = |url: &str| crate::plan::target::parse_target(&Target { url: url.to_owned(), weight: 1 }, 0).unwrap();
        let told = |url: &str, base: &str, place: &str| {
            translate(place, &Origin { target: &target(url), base, is_path: &|path| path == "/shop/shop/of-the-contract" })
        };
        for (url, base, place, expected) in [
            ("http://10.0.0.1:9000", "/shop", "/orders/1", Some("/shop/orders/1")),
            ("http://10.0.0.1:9000", "/shop", "http://10.0.0.1:9000/orders/1?a#b", Some("/shop/orders/1?a#b")),
            ("http://10.0.0.1:9000", "/shop", "HTTP://10.0.0.1:9000", Some("/shop")),
            ("http://10.0.0.1:9000", "/shop", "/shop/orders/1", None),
            ("http://10.0.0.1:9000", "/shop", "/shop/of-the-contract?a", Some("/shop/shop/of-the-contract?a")),
            ("http://10.0.0.1:9000/v1", "", "/v1/orders", Some("/orders")),
            ("http://10.0.0.1:9000/v1", "", "/v1", Some("/")),
            ("http://10.0.0.1:9000/v1", "/shop", "/v10/orders", None),
            ("http://10.0.0.1:9000", "/shop", "https://elsewhere.example/x", None),
            ("http://10.0.0.1:9000", "/shop", "//elsewhere.example/x", None),
            ("http://10.0.0.1:9000", "/shop", "orders/1", None),
        ] {
            assert_eq!(told(url, base, place).as_deref(), expected, "{url} {base} {place}");
        }
    }
}
