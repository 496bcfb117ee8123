//! Whether an answer may be kept, and for how long it may be given (RFC 9111 sections 3 and 4.2, RFC 5861).

use super::directives::Directives;
use http::header::{
    AGE, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, DATE, EXPIRES, HeaderName, SET_COOKIE, VARY, WWW_AUTHENTICATE,
};
use http::{HeaderMap, StatusCode};
use std::time::UNIX_EPOCH;

/// Fields that are meant for one caller: an answer with any of them is never kept.
const PERSONAL: [HeaderName; 5] = [
    SET_COOKIE,
    WWW_AUTHENTICATE,
    HeaderName::from_static("set-cookie2"),
    HeaderName::from_static("authentication-info"),
    HeaderName::from_static("clear-site-data"),
];

/// What the operation adds to what answers say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Defaults {
    /// Milliseconds that a silent answer stays fresh.
    pub ttl_ms: Option<u64>,
    /// Milliseconds of `stale-while-revalidate`.
    pub stale_while_revalidate_ms: Option<u64>,
    /// Milliseconds of `stale-if-error`.
    pub stale_if_error_ms: Option<u64>,
}

/// The times of a fetch, Unix milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Fetched {
    /// When the request was sent.
    pub sent_ms: u64,
    /// When the answer came.
    pub came_ms: u64,
}

/// How long a kept answer may be given. Times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    lifetime_ms: u64,
    /// Age when it came.
    initial_age_ms: u64,
    came_ms: u64,
    always_confirm: bool,
    while_revalidate_ms: u64,
    if_error_ms: u64,
    never_stale: bool,
}

/// What may be done with a kept answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usable {
    /// It may be given.
    Fresh,
    /// It may be given while it is fetched anew.
    WhileRevalidating,
    /// It may be given as it is, the caller said so.
    Stale,
    /// It must be confirmed.
    No,
}

/// Whether an answer may be kept: how long, if so.
///
/// `authorized`: whether the request that went upstream had `Authorization` (RFC 9111 section 3.5).
#[must_use]
pub fn storable(
    request: &Directives,
    authorized: bool,
    status: StatusCode,
    headers: &HeaderMap,
    defaults: Defaults,
    fetched: Fetched,
) -> Option<Freshness> {
    let answer = Directives::read(headers);
    let forbidden = request.no_store
        || request.broken
        || answer.broken
        || (answer.no_store && !answer.must_understand)
        || answer.private
        || (authorized && !(answer.public || answer.must_revalidate || answer.s_maxage.is_some()))
        || !is_understood(status)
        || !is_plain(headers)
        || PERSONAL.iter().any(|name| headers.contains_key(name));
    if forbidden {
        return None;
    }
    let lifetime_ms = lifetime_ms(&answer, status, headers, defaults)?;
    let can_be_confirmed = headers.contains_key(http::header::ETAG) || headers.contains_key(http::header::LAST_MODIFIED);
    if (lifetime_ms == 0 || answer.no_cache) && !can_be_confirmed {
        return None;
    }
    let or_default = |own: Option<u64>, default: Option<u64>| match (own, default) {
        // These beat every permission.
        _ if answer.must_revalidate || answer.no_cache => 0,
        (Some(seconds), _) => seconds * 1000,
        // `s-maxage` means `proxy-revalidate` too, unless the answer itself says otherwise.
        (None, Some(ms)) if answer.s_maxage.is_none() => ms,
        _ => 0,
    };
    Some(Freshness {
        lifetime_ms,
        initial_age_ms: initial_age_ms(headers, fetched),
        came_ms: fetched.came_ms,
        always_confirm: answer.no_cache,
        while_revalidate_ms: or_default(answer.stale_while_revalidate, defaults.stale_while_revalidate_ms),
        if_error_ms: or_default(answer.stale_if_error, defaults.stale_if_error_ms),
        never_stale: answer.must_revalidate || answer.no_cache || answer.s_maxage.is_some(),
    })
}

/// Statuses whose meaning for caches is known and that no odd request can bring about.
fn is_understood(status: StatusCode) -> bool {
    matches!(status.as_u16(), 200 | 203 | 204 | 300 | 301 | 302 | 307 | 308 | 404 | 405 | 410 | 414 | 501)
}

/// Whether the answer is the same for every request with the same key: whole, uncoded, and with a `Vary` that can be met.
fn is_plain(headers: &HeaderMap) -> bool {
    let varies = headers.get_all(VARY).iter().any(|value| value.as_bytes().contains(&b'*'));
    let events = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let coded = headers.get_all(CONTENT_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    !varies && !events && !coded && !headers.contains_key(CONTENT_RANGE)
}

/// RFC 9111 section 4.2.1. Nothing is guessed: without a word in the answer or the configuration there is no lifetime.
fn lifetime_ms(answer: &Directives, status: StatusCode, headers: &HeaderMap, defaults: Defaults) -> Option<u64> {
    if let Some(seconds) = answer.s_maxage.or(answer.max_age) {
        return Some(seconds * 1000);
    }
    let mut expires = headers.get_all(EXPIRES).iter();
    if let Some(first) = expires.next() {
        let date = date_ms(headers.get(DATE));
        let ends = date_ms(Some(first)).filter(|_| expires.next().is_none());
        return Some(ends.zip(date).map_or(0, |(ends, date)| ends.saturating_sub(date)));
    }
    match defaults.ttl_ms {
        Some(ttl) if status == StatusCode::OK => Some(ttl),
        _ if answer.no_cache => Some(0),
        _ => None,
    }
}

/// RFC 9111 section 4.2.3.
fn initial_age_ms(headers: &HeaderMap, fetched: Fetched) -> u64 {
    let apparent = date_ms(headers.get(DATE)).map_or(0, |date| fetched.came_ms.saturating_sub(date));
    // Dates have no fraction of a second.
    let apparent = if apparent < 1000 { 0 } else { apparent };
    let told = headers.get_all(AGE).iter().next().map_or(0, |age| {
        let text = age.to_str().unwrap_or("").split(',').next().unwrap_or("").trim().to_owned();
        match !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => text.parse::<u64>().unwrap_or(u64::MAX).min(1 << 31) * 1000,
            false => 0,
        }
    });
    apparent.max(told + fetched.came_ms.saturating_sub(fetched.sent_ms))
}

/// A date of HTTP as Unix milliseconds.
pub(super) fn date_ms(value: Option<&http::HeaderValue>) -> Option<u64> {
    let date = httpdate::parse_http_date(value?.to_str().ok()?).ok()?;
    Some(date.duration_since(UNIX_EPOCH).ok()?.as_millis() as u64)
}

impl Freshness {
    /// Age in milliseconds.
    #[must_use]
    pub fn age_ms(&self, now_ms: u64) -> u64 {
        self.initial_age_ms + now_ms.saturating_sub(self.came_ms)
    }

    /// Milliseconds that it stays fresh; negative since when it does not.
    #[must_use]
    pub fn left_ms(&self, now_ms: u64) -> i64 {
        let (lifetime, age) = (self.lifetime_ms as i64, self.age_ms(now_ms).min(i64::MAX as u64) as i64);
        lifetime.saturating_sub(age)
    }

    /// What may be done with the answer for a request.
    #[must_use]
    pub fn usable(&self, request: &Directives, now_ms: u64) -> Usable {
        let (age, left) = (self.age_ms(now_ms), self.left_ms(now_ms));
        let too_old = request.max_age.is_some_and(|most| age > most * 1000);
        let too_short = request.min_fresh.is_some_and(|least| left < (least * 1000) as i64);
        if request.no_cache || request.broken || self.always_confirm || too_old || too_short {
            return Usable::No;
        }
        let over = left.saturating_neg().max(0) as u64;
        match () {
            () if left > 0 => Usable::Fresh,
            () if over < self.while_revalidate_ms && request.max_age.is_none() => Usable::WhileRevalidating,
            () if !self.never_stale && request.max_stale.is_some_and(|most| over <= most * 1000) => Usable::Stale,
            () => Usable::No,
        }
    }

    /// Whether it may be given in the place of a failure.
    #[must_use]
    pub fn usable_on_error(&self, request: &Directives, now_ms: u64) -> bool {
        let over = self.left_ms(now_ms).saturating_neg().max(0) as u64;
        let most = request.stale_if_error.map_or(self.if_error_ms, |seconds| (seconds * 1000).min(self.if_error_ms));
        !request.no_cache && !request.broken && over < most
    }
}

#[cfg(test)]
#[path = "freshness_tests.rs"]
mod tests;
