//! Phase `forward`, the pure part: the head that goes upstream, and the head that comes back.
//!
//! Lengths and transfer codings are never copied: the HTTP library writes its own framing from the body it is given.

use crate::exchange::Caller;
use crate::identity::pair_name;
use crate::plan::ApiPlan;
use crate::receive::HOP_BY_HOP;
use http::header::{AUTHORIZATION, EXPECT, HOST, SERVER};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use std::fmt::Write;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Header with the decision id, on what goes upstream and on every answer.
pub(crate) const DECISION: HeaderName = HeaderName::from_static("yett-decision");
const APP: HeaderName = HeaderName::from_static("yett-app");

/// What only the gateway may say about a caller.
const OWNED: [HeaderName; 8] = [
    http::header::FORWARDED,
    FORWARDED_FOR,
    FORWARDED_HOST,
    FORWARDED_PROTO,
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-real-ip"),
    DECISION,
    APP,
];

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
}

/// Turns the caller's fields into those the upstream gets: hop and owned fields and credentials go, facts come.
pub(crate) fn request_headers(headers: &mut HeaderMap, api: &ApiPlan, target_host: &HeaderValue, facts: &Facts<'_>) {
    let spoken_host = headers.remove(HOST);
    HOP_BY_HOP.iter().chain(&OWNED).for_each(|name| {
        headers.remove(name);
    });
    headers.remove(EXPECT);
    headers.remove("http2-settings");
    strip_credentials(headers, api);
    let host = spoken_host.filter(|_| api.preserve_host).unwrap_or_else(|| target_host.clone());
    headers.insert(HOST, host);
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

fn strip_credentials(headers: &mut HeaderMap, api: &ApiPlan) {
    let Some(places) = &api.api_key else { return };
    if let Some(name) = &places.header {
        headers.remove(name);
    }
    let ours = |value: &HeaderValue| value.as_bytes().windows(5).any(|part| part == b"yett_");
    if places.bearer || headers.get(AUTHORIZATION).is_some_and(ours) {
        headers.remove(AUTHORIZATION);
    }
}

/// Path and query for the upstream: the target's prefix instead of the base path, the credential's pair left out.
pub(crate) fn request_target(prefix: &str, rest: &str, query: &str, credential: Option<&str>) -> String {
    let mut target = String::with_capacity(prefix.len() + rest.len() + query.len() + 2);
    target.push_str(prefix);
    target.push_str(rest);
    if target.is_empty() {
        target.push('/');
    }
    let ours = |pair: &&str| credential.is_some_and(|name| percent_decode_str(pair_name(pair)).decode_utf8_lossy() == name);
    match credential {
        None if query.is_empty() => {}
        None => {
            let _ = write!(target, "?{query}");
        }
        Some(_) => {
            let kept: Vec<&str> = query.split('&').filter(|pair| !ours(pair)).collect();
            if !kept.is_empty() && !query.is_empty() {
                let _ = write!(target, "?{}", kept.join("&"));
            }
        }
    }
    target
}

/// Turns the upstream's fields into those the caller gets.
pub(crate) fn response_headers(headers: &mut HeaderMap, decision: &str) {
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
        response_headers(&mut headers, "D");
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["etag", "yett-decision"]);
    }
}
