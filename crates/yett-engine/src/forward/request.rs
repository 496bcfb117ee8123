//! The head that goes upstream: what is not the caller's to say goes, facts come.

use super::plan::ProxyPlan;
use super::rules::{Way, Words};
use super::trace::Trace;
use super::{DECISION, forwarded, insert};
use crate::controls::challenge;
use crate::exchange::Caller;
use crate::identity::{key, pair_name};
use crate::plan::ApiPlan;
use crate::receive::HOP_BY_HOP;
use http::header::{ACCEPT_ENCODING, COOKIE, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::fmt::Write;

const APP: HeaderName = HeaderName::from_static("yett-app");
const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");

/// Facts of the exchange that go upstream.
pub(crate) struct Facts<'a> {
    pub caller: &'a Caller,
    pub words: Words<'a>,
    /// Host, and port if there is one, that the caller asked a trusted proxy for.
    pub told_host: Option<&'a str>,
    pub trace: Option<&'a Trace>,
    /// Who calls, signed.
    pub token: Option<HeaderValue>,
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
    take_answers(headers);
    let asked_host = asked_host(spoken_host.as_ref(), facts);
    let host = spoken_host.filter(|_| api.preserve_host).unwrap_or_else(|| target_host.clone());
    headers.insert(HOST, host);
    if facts.plain && headers.contains_key(ACCEPT_ENCODING) {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    if let Some(rules) = &api.proxy.request {
        rules.strip(headers, Way::Upstream);
        rules.put(headers, &facts.words);
    }
    tell(headers, &api.proxy, facts, asked_host);
}

/// Answers to the gateway's challenges are nobody else's business.
fn take_answers(headers: &mut HeaderMap) {
    let has_answer = |value: &HeaderValue| memchr::memmem::find(value.as_bytes(), challenge::COOKIE_START.as_bytes()).is_some();
    if !headers.get_all(COOKIE).iter().any(has_answer) {
        return;
    }
    let kept = headers.get_all(COOKIE).iter().filter_map(|value| match value.to_str() {
        Ok(text) => challenge::without_answers(text).and_then(|text| HeaderValue::try_from(text).ok()),
        Err(_) => Some(value.clone()),
    });
    let kept: Vec<HeaderValue> = kept.collect();
    headers.remove(COOKIE);
    for value in kept {
        headers.append(COOKIE, value);
    }
}

/// Host and port that the caller asked for, in lower case: an upstream that writes links needs both.
fn asked_host(spoken: Option<&HeaderValue>, facts: &Facts<'_>) -> HeaderValue {
    let is_lower = |host: &&HeaderValue| !host.as_bytes().iter().any(u8::is_ascii_uppercase);
    let same = spoken.filter(|_| facts.told_host.is_none()).filter(is_lower).cloned();
    same.unwrap_or_else(|| {
        let spoken = spoken.and_then(|host| host.to_str().ok()).unwrap_or(facts.words.host);
        let text = facts.told_host.unwrap_or(spoken).to_ascii_lowercase();
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    })
}

/// What the gateway says, after all rules.
fn tell(headers: &mut HeaderMap, proxy: &ProxyPlan, facts: &Facts<'_>, asked_host: HeaderValue) {
    forwarded::tell(headers, proxy.forwarded, facts.caller, asked_host);
    insert(headers, DECISION, facts.words.decision);
    if let Some(app) = facts.words.app {
        insert(headers, APP, app);
    }
    if let Some(certificate) = &facts.caller.client_certificate {
        headers.insert(CLIENT_CERT, certificate.clone());
    }
    if let Some(trace) = facts.trace {
        trace.tell(headers);
    }
    if let Some(tokens) = &proxy.tokens {
        headers.remove(&tokens.header);
        if let Some(token) = &facts.token {
            headers.insert(tokens.header.clone(), token.clone());
        }
    }
}

/// Takes off a caller's trailers what would be taken off a head.
pub(crate) fn request_trailers(trailers: &mut HeaderMap, api: &ApiPlan) {
    let token = api.proxy.tokens.as_ref().map(|tokens| &tokens.header);
    let is_unwanted = |name: &HeaderName, value: &HeaderValue| {
        is_unwanted(name, api, &[]) || Some(name) == token || carries_key(value.as_bytes())
    };
    let unwanted: Vec<HeaderName> =
        trailers.iter().filter(|(name, value)| is_unwanted(name, value)).map(|(name, _)| name.clone()).collect();
    unwanted.iter().for_each(|name| drop(trailers.remove(name)));
    if let Some(rules) = &api.proxy.request {
        rules.strip(trailers, Way::Upstream);
        rules.forget(trailers);
    }
}

/// Whether a caller's field stays behind: it belongs to the hop, is the gateway's to say, holds a credential, or would
/// make the upstream run another request than the one that was judged.
fn is_unwanted(name: &HeaderName, api: &ApiPlan, declared: &[HeaderName]) -> bool {
    HOP_BY_HOP.contains(name)
        || is_owned(name.as_str())
        || api.identity.takes(name)
        || (is_ambiguous(name.as_str()) && (!declared.contains(name) || imitates(name.as_str(), api)))
}

/// Whether many upstreams would take a name with `_`, even one that the contract describes, for a field that only the
/// gateway may set or that was taken off.
fn imitates(name: &str, api: &ApiPlan) -> bool {
    let Ok(meant) = HeaderName::try_from(name.replace('_', "-")) else { return false };
    name.contains('_')
        && (HOP_BY_HOP.contains(&meant)
            || is_owned(meant.as_str())
            || api.identity.takes(&meant)
            || api.proxy.tokens.as_ref().is_some_and(|tokens| tokens.header == meant))
}

/// What only the gateway may say about a caller, and what it has dealt with itself.
pub(crate) fn is_owned(name: &str) -> bool {
    let own = [
        "expect",
        "http2-settings",
        "forwarded",
        "x-forwarded",
        "x-real-ip",
        "true-client-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-original-forwarded-for",
        "x-original-host",
        "cf-connecting-ip",
        "fastly-client-ip",
        "x-envoy-external-address",
    ];
    name.starts_with("yett-") || name.starts_with("x-forwarded-") || own.contains(&name) || is_certificate(name)
}

/// The field of RFC 9440 and the names other proxies use: an upstream that believes one must have it from the gateway.
fn is_certificate(name: &str) -> bool {
    ["client-cert", "ssl-client-", "x-client-cert", "x-ssl-c", "x-tls-client"].iter().any(|start| name.starts_with(start))
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
pub(crate) fn carries_key(value: &[u8]) -> bool {
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
    if let Some(query) = public_query(query, credential) {
        let _ = write!(target, "?{query}");
    }
    target
}

/// The query without pairs that hold credentials; `None` if nothing is left.
pub(crate) fn public_query<'q>(query: &'q str, credential: Option<&str>) -> Option<Cow<'q, str>> {
    if credential.is_none() && query.len() < key::SHORTEST {
        return (!query.is_empty()).then_some(Cow::Borrowed(query));
    }
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_secret(pair, credential)).collect();
    let kept = kept.join("&");
    (!kept.is_empty()).then_some(Cow::Owned(kept))
}

fn is_secret(pair: &str, credential: Option<&str>) -> bool {
    let named = credential.is_some_and(|name| percent_decode_str(pair_name(pair)).decode_utf8_lossy() == name);
    named || (pair.len() >= key::SHORTEST && key::is_in(&percent_decode_str(pair).decode_utf8_lossy()))
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
    fn a_pair_with_a_key_in_it_never_goes_upstream_whatever_its_name() {
        let key = "yett_test_0000000000000000000000000000000000000000_2SiFRe";
        assert_eq!(request_target("", "/b", &format!("a=1&x={key}"), None), "/b?a=1");
        assert_eq!(request_target("", "/b", &format!("x={}&a=1", key.replace('_', "%5f")), None), "/b?a=1");
    }

    #[test]
    fn a_certificate_is_never_the_callers_to_tell() {
        for name in ["client-cert", "client-cert-chain", "x-client-cert", "x-ssl-client-verify", "x-ssl-cert", "ssl-client-s-dn"]
        {
            assert!(is_owned(name), "{name}");
        }
        assert!(!is_owned("client-id"));
    }

    #[test]
    fn fields_that_look_like_others_or_override_the_request_are_ambiguous() {
        for name in ["yett_app", "x_forwarded_for", "x-http-method-override", "x-original-url"] {
            assert!(is_ambiguous(name), "{name}");
        }
        assert!(!is_ambiguous("x-request-id"));
    }
}
