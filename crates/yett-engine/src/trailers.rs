//! Fields after a body (RFC 9110 section 6.5): which of them may go on.
//!
//! Nobody looks at trailers when a message is judged, so nothing that decides about a message may come in them: no
//! framing, no routing, no credential, nothing that only the gateway may say.

use crate::forward::{self, is_owned, is_revealing};
use crate::plan::{ApiPlan, Plan};
use crate::receive::HOP_BY_HOP;
use http::header::{self, TE, TRAILER};
use http::{HeaderMap, HeaderName, HeaderValue};

/// RFC 9110 section 6.5.1: framing, routing, authentication, request modifiers, response control and content format.
const NEVER: [HeaderName; 27] = [
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_RANGE,
    header::CONTENT_LOCATION,
    header::HOST,
    header::AUTHORIZATION,
    header::COOKIE,
    header::SET_COOKIE,
    header::WWW_AUTHENTICATE,
    header::CACHE_CONTROL,
    header::PRAGMA,
    header::EXPIRES,
    header::AGE,
    header::DATE,
    header::VARY,
    header::LOCATION,
    header::RETRY_AFTER,
    header::EXPECT,
    header::MAX_FORWARDS,
    header::RANGE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
    header::IF_RANGE,
    header::STRICT_TRANSPORT_SECURITY,
];

fn may_trail(name: &HeaderName) -> bool {
    !(HOP_BY_HOP.contains(name) || NEVER.contains(name) || is_owned(name.as_str()) || is_revealing(name))
}

fn keep(trailers: &mut HeaderMap, wanted: impl Fn(&HeaderName, &HeaderValue) -> bool) {
    let unwanted: Vec<HeaderName> =
        trailers.iter().filter(|(name, value)| !wanted(name, value)).map(|(name, _)| name.clone()).collect();
    unwanted.iter().for_each(|name| {
        trailers.remove(name);
    });
}

/// Leaves of a caller's trailers what may go upstream: a field that the API's rules or its identity take off a head is no
/// trailer either.
///
/// What a callout says of a request is nothing that its caller could say behind it.
pub fn of_request(trailers: &mut HeaderMap, plan: &Plan, api: u32, operation: Option<u32>) {
    let Some(own) = plan.api(api) else { return trailers.clear() };
    let said = || plan.callouts_of(Some(api), operation).iter().flat_map(|callout| &callout.gives);
    keep(trailers, |name, _| may_trail(name) && !said().any(|given| given == name));
    forward::request_trailers(trailers, own);
}

/// Leaves of an upstream's trailers what may go to the caller.
pub(crate) fn of_response(trailers: &mut HeaderMap, api: &ApiPlan) {
    keep(trailers, |name, _| may_trail(name));
    forward::response_trailers(trailers, api);
}

/// Whether the sender takes trailers (RFC 9110 section 10.1.4).
pub(crate) fn are_taken(headers: &HeaderMap) -> bool {
    let tokens = headers.get_all(TE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    tokens.map(<[u8]>::trim_ascii).any(|token| token.eq_ignore_ascii_case(b"trailers"))
}

/// What of the upstream's announcement of trailers may go on.
pub(crate) fn announced(headers: &HeaderMap) -> Option<HeaderValue> {
    let names = headers.get_all(TRAILER).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let names = names.filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok()).filter(may_trail);
    let names: Vec<HeaderName> = names.collect();
    let listed = names.iter().map(HeaderName::as_str).collect::<Vec<_>>().join(", ");
    HeaderValue::from_str(&listed).ok().filter(|listed| !listed.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn fields(names: &[&'static str]) -> HeaderMap {
        names.iter().map(|name| (HeaderName::from_static(name), HeaderValue::from_static("1"))).collect()
    }

    #[test]
    fn nothing_that_decides_about_a_message_trails() {
        let plan = fixture::engine(&fixture::snapshot()).plan().unwrap();
        let api = plan.api(0).unwrap();
        for name in
            ["content-length", "transfer-encoding", "host", "authorization", "set-cookie", "yett-app", "connection", "via"]
        {
            let mut trailers = fields(&[name, "grpc-status"]);
            of_response(&mut trailers, api);
            assert_eq!(trailers, fields(&["grpc-status"]), "{name}");
            let mut trailers = fields(&[name, "x-checksum"]);
            of_request(&mut trailers, &plan, 0, None);
            assert_eq!(trailers, fields(&["x-checksum"]), "{name}");
        }
        let mut trailers = fields(&["x_app"]);
        of_request(&mut trailers, &plan, 0, None);
        assert!(trailers.is_empty());
    }

    #[test]
    fn what_an_api_takes_off_a_head_is_no_trailer_either() {
        let mut snapshot = fixture::snapshot();
        snapshot["apis"][0]["proxy"] = serde_json::json!({
            "upstream_identity": {"audience": "shop", "header": "x-identity"},
            "headers": {"request": {"remove": ["x-debug"]}, "response": {"remove": ["x-cost"]}},
        });
        snapshot["identity"] = serde_json::json!({"issuer": "https://shop.example"});
        let plan = fixture::engine(&snapshot).plan().unwrap();
        let api = plan.api(0).unwrap();
        let mut trailers = fields(&["x-identity", "x-api-key", "x-debug", "x-checksum"]);
        of_request(&mut trailers, &plan, 0, None);
        assert_eq!(trailers, fields(&["x-checksum"]));
        let mut trailers = fields(&["x-cost", "x-checksum"]);
        of_response(&mut trailers, api);
        assert_eq!(trailers, fields(&["x-checksum"]));
    }

    #[test]
    fn nobody_says_behind_a_body_what_a_callout_or_a_rule_says_of_it() {
        let mut snapshot = fixture::snapshot();
        snapshot["callouts"] =
            serde_json::json!([{"name": "judge", "remote": {"url": "https://judge.example/"}, "headers": ["x-tier"]}]);
        snapshot["apis"][0]["callouts"] = serde_json::json!(["judge"]);
        snapshot["apis"][0]["proxy"] = serde_json::json!({"headers": {
            "request": {"set": {"x-tenant": "shop"}}, "response": {"set": {"x-region": "north"}},
        }});
        let plan = fixture::engine(&snapshot).plan().unwrap();
        for operation in [None, Some(0)] {
            let mut trailers = fields(&["x-tier", "x_tier", "x-tenant", "x-checksum"]);
            of_request(&mut trailers, &plan, 0, operation);
            assert_eq!(trailers, fields(&["x-checksum"]), "{operation:?}");
        }
        let mut trailers = fields(&["x-region", "x-checksum"]);
        of_response(&mut trailers, plan.api(0).unwrap());
        assert_eq!(trailers, fields(&["x-checksum"]));
    }

    #[test]
    fn an_announcement_names_only_what_may_trail() {
        let mut headers = HeaderMap::new();
        headers.insert(TRAILER, HeaderValue::from_static("X-Checksum, Content-Length, bad name, Grpc-Status"));
        assert_eq!(announced(&headers).unwrap(), "x-checksum, grpc-status");
        headers.insert(TRAILER, HeaderValue::from_static("host"));
        assert_eq!(announced(&headers), None);
    }
}
