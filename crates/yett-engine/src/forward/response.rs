//! The head that the caller gets: what tells of the upstream or belongs to its hop goes.

use super::places::{Origin, translate_locations};
use super::{DECISION, insert};
use crate::receive::HOP_BY_HOP;
use http::header::SERVER;
use http::{HeaderMap, HeaderName};

/// What tells an attacker about the upstream and nobody else anything.
const REVEALING: [HeaderName; 6] = [
    SERVER,
    HeaderName::from_static("x-powered-by"),
    HeaderName::from_static("x-aspnet-version"),
    HeaderName::from_static("x-aspnetmvc-version"),
    http::header::VIA,
    // It would lead callers around the gateway.
    http::header::ALT_SVC,
];

/// Whether a field tells of the upstream.
pub(crate) fn is_revealing(name: &HeaderName) -> bool {
    REVEALING.contains(name)
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
    // Few fields are there and fewer go: looking at those that are there costs less than removing all that could be.
    let unwanted = headers.keys().filter(|name| HOP_BY_HOP.contains(name) || REVEALING.contains(name)).cloned();
    let unwanted: Vec<HeaderName> = unwanted.chain(nominated).collect();
    unwanted.iter().for_each(|name| {
        headers.remove(name);
    });
    insert(headers, DECISION, decision);
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
}
