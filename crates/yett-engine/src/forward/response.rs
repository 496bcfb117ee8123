//! The head that the caller gets: what tells of the upstream or belongs to its hop goes, places are told anew, and what
//! protects the reader of the answer comes.

use super::cookies::translate_cookies;
use super::places::{Origin, translate_places};
use super::plan::ProxyPlan;
use super::rules::{Way, Words};
use super::{DECISION, insert};
use crate::plan::ApiPlan;
use crate::receive::HOP_BY_HOP;
use crate::refusal::Refusal;
use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName};
use yett_model::Code;

/// What tells an attacker about the upstream and nobody else anything; `Alt-Svc` would lead callers around the gateway.
pub(crate) fn is_revealing(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "server"
            | "via"
            | "alt-svc"
            | "x-powered-by"
            | "x-aspnet-version"
            | "x-aspnetmvc-version"
            | "x-generator"
            | "x-runtime"
            | "x-version"
            | "x-backend-server"
            | "x-served-by"
            | "x-server"
            | "x-host"
            | "x-envoy-upstream-service-time"
            | "x-envoy-decorator-operation"
            | "x-debug-token"
            | "x-sourcefiles"
    )
}

/// What the answer's head is written by.
pub(crate) struct Answering<'a> {
    pub(crate) proxy: &'a ProxyPlan,
    pub(crate) origin: Origin<'a>,
    pub(crate) words: Words<'a>,
    pub(crate) tls: bool,
    /// Whether the answer is for one caller alone.
    pub(crate) known: bool,
}

/// Turns the upstream's fields into those the caller gets.
pub(crate) fn response_headers(headers: &mut HeaderMap, decision: &str, answering: Option<&Answering<'_>>) {
    strip(headers, answering.is_some_and(|answering| answering.proxy.speaks_cors));
    if let Some(answering) = answering {
        translate(headers, answering);
    }
    insert(headers, DECISION, decision);
}

fn translate(headers: &mut HeaderMap, answering: &Answering<'_>) {
    let proxy = answering.proxy;
    translate_places(headers, &answering.origin);
    if headers.contains_key(http::header::SET_COOKIE) {
        translate_cookies(headers, &answering.origin, proxy.shelf(answering.tls, answering.words.host));
    }
    if let Some(rules) = &proxy.response {
        rules.strip(headers, Way::Caller);
        rules.put(headers, &answering.words);
    }
    proxy.protection.put(headers, answering.known);
}

/// Takes off an upstream's trailers what the API's rules take off its heads.
pub(crate) fn response_trailers(trailers: &mut HeaderMap, api: &ApiPlan) {
    if let Some(rules) = &api.proxy.response {
        rules.strip(trailers, Way::Caller);
        rules.forget(trailers);
    }
}

/// Whether a field tells browsers which pages may read an answer: the gateway says that, unless it is to leave it alone.
fn is_cors(name: &HeaderName) -> bool {
    name.as_str().starts_with("access-control-")
}

fn strip(headers: &mut HeaderMap, speaks_cors: bool) {
    let is_unwanted = |name: &HeaderName| HOP_BY_HOP.contains(name) || is_revealing(name) || (speaks_cors && is_cors(name));
    let mut unwanted: Vec<HeaderName> = headers.keys().filter(|name| is_unwanted(name)).cloned().collect();
    for value in headers.get_all(http::header::CONNECTION) {
        let names = value.to_str().unwrap_or("").split(',');
        unwanted.extend(names.filter_map(|name| name.trim().parse::<HeaderName>().ok()));
    }
    unwanted.iter().for_each(|name| drop(headers.remove(name)));
}

/// The answer in the place of an upstream's error: its status, and of its fields only what tells the caller what to do.
pub(crate) fn replacement(status: u16, headers: &HeaderMap) -> Box<Refusal> {
    let mut refusal = Refusal::new(Code::UpstreamError, format!("the upstream answered {status}"));
    refusal.status = Some(status);
    for name in [RETRY_AFTER, WWW_AUTHENTICATE, ALLOW] {
        refusal.headers.extend(headers.get_all(&name).iter().map(|value| (name.clone(), value.clone())));
    }
    refusal
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn what_the_upstream_says_of_itself_and_its_hop_is_dropped() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, x-hop"),
            ("x-hop", "1"),
            ("server", "a/1"),
            ("alt-svc", "h3=\":443\""),
            ("x-powered-by", "b"),
            ("x-runtime", "0.1"),
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
    fn a_replacement_keeps_the_status_and_what_the_caller_must_know() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
        headers.insert("x-trace-dump", HeaderValue::from_static("secret"));
        let answer = replacement(503, &headers).response("D");
        assert_eq!((answer.status().as_u16(), &answer.headers()[RETRY_AFTER]), (503, &HeaderValue::from_static("5")));
        assert!(!answer.headers().contains_key("x-trace-dump"));
        let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!((&body["status"], &body["code"]), (&503.into(), &"upstream-error".into()));
    }
}
