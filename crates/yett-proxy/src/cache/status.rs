//! What an answer says about its way through the cache: `Age` (RFC 9111) and `Cache-Status` (RFC 9211).

use http::header::AGE;
use http::{HeaderMap, HeaderName, HeaderValue};
use yett_model::CacheUse;

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// Tells of a kept answer that is given.
pub(super) fn tell_kept(headers: &mut HeaderMap, how: CacheUse, age_ms: u64, left_ms: i64) {
    headers.insert(AGE, HeaderValue::from(age_ms / 1000));
    let left = left_ms.div_euclid(1000);
    append(
        headers,
        match how {
            CacheUse::Revalidated => format!("yett; fwd=stale; fwd-status=304; ttl={left}"),
            _ => format!("yett; hit; ttl={left}"),
        },
    );
}

/// Tells of an answer that was fetched.
pub(super) fn tell_fetched(headers: &mut HeaderMap, why: &str, stored: bool) {
    append(headers, format!("yett; fwd={why}{}", if stored { "; stored" } else { "" }));
}

/// Caches nearer to the upstream come first.
fn append(headers: &mut HeaderMap, member: String) {
    if let Ok(value) = HeaderValue::from_str(&member) {
        headers.append(CACHE_STATUS, value);
    }
}
