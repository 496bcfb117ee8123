use super::*;
use http::HeaderValue;
use proptest::prelude::*;

/// Sun, 06 Nov 1994 08:49:37 GMT
const CAME: u64 = 784_111_777_000;
const NOW_DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn head(fields: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn wish(text: &str) -> Directives {
    match text.is_empty() {
        true => Directives::default(),
        false => Directives::read(&head(&[("cache-control", text)])),
    }
}

fn kept_with(fields: &[(&str, &str)], status: u16, defaults: Defaults, request: &str, authorized: bool) -> Option<Freshness> {
    let fetched = Fetched { sent_ms: CAME, came_ms: CAME };
    storable(&wish(request), authorized, StatusCode::from_u16(status).unwrap(), &head(fields), defaults, fetched)
}

fn kept(fields: &[(&str, &str)]) -> Option<Freshness> {
    kept_with(fields, 200, Defaults::default(), "", false)
}

fn usable(fields: &[(&str, &str)], request: &str, after_s: u64) -> Usable {
    kept(fields).map_or(Usable::No, |freshness| freshness.usable(&wish(request), CAME + after_s * 1000))
}

#[test]
fn an_answer_lasts_as_long_as_it_says_and_no_longer() {
    let cc = |value: &'static str| [("cache-control", value), ("etag", "\"e\"")];
    for (fields, seconds) in [
        (&cc("max-age=60")[..], 60),
        (&cc("s-maxage=30, max-age=60"), 30),
        (&cc("s-maxage=90, max-age=60"), 90),
        (&cc("MAX-AGE=60"), 60),
        (&cc("max-age=60, max-age=30"), 30),
        (&cc("max-age=\"60\""), 60),
        (&[("cache-control", "max-age=60"), ("expires", "0")], 60),
        (&[("cache-control", "max-age=60"), ("age", "20")], 40),
        (&[("cache-control", "max-age=60"), ("age", "20, 50")], 40),
        (&[("cache-control", "max-age=60"), ("age", "nonsense")], 60),
        (&[("cache-control", "max-age=60"), ("date", "Sun, 06 Nov 1994 08:49:07 GMT")], 30),
        (&[("cache-control", "max-age=60"), ("date", "Sun, 06 Nov 1994 08:49:07 GMT"), ("age", "40")], 20),
        (&[("cache-control", "max-age=60"), ("date", "Sun, 06 Nov 2094 08:49:07 GMT")], 60),
        (&[("expires", "Sun, 06 Nov 1994 08:50:37 GMT"), ("date", NOW_DATE)], 60),
        (&[("expires", "Sunday, 06-Nov-94 08:50:37 GMT"), ("date", NOW_DATE)], 60),
        (&[("expires", "Sun Nov  6 08:50:37 1994"), ("date", NOW_DATE)], 60),
    ] {
        assert_eq!(usable(fields, "", seconds - 1), Usable::Fresh, "{fields:?} before {seconds}");
        assert_eq!(usable(fields, "", seconds), Usable::No, "{fields:?} at {seconds}");
    }
}

#[test]
fn an_answer_that_may_not_be_kept_is_not() {
    let fresh = ("cache-control", "max-age=60");
    for fields in [
        &[("x", "1")][..],
        &[("last-modified", "Sun, 06 Nov 1994 08:00:00 GMT"), ("date", NOW_DATE)],
        &[("cache-control", "no-store, max-age=60")],
        &[("cache-control", "No-Store"), fresh],
        &[("cache-control", "private, max-age=60")],
        &[("cache-control", "private=\"x\", max-age=60")],
        &[("cache-control", "max-age=60, x=\"never ends")],
        &[("cache-control", "max-age=0")],
        &[("cache-control", "no-cache, max-age=60")],
        &[("expires", "0")],
        &[("expires", "Sun, 06 Nov 1994 08:50:37 GMT")],
        &[("expires", "Sun, 06 Nov 1994 08:50:37 GMT"), ("expires", NOW_DATE), ("date", NOW_DATE)],
        &[fresh, ("set-cookie", "a=b")],
        &[fresh, ("www-authenticate", "Basic")],
        &[fresh, ("authentication-info", "x")],
        &[fresh, ("clear-site-data", "\"cache\"")],
        &[fresh, ("vary", "*")],
        &[fresh, ("vary", "accept, *")],
        &[fresh, ("content-range", "bytes 0-1/2")],
        &[fresh, ("content-encoding", "gzip")],
        &[fresh, ("content-type", "text/event-stream")],
    ] {
        assert_eq!(kept(fields), None, "{fields:?}");
    }
    for status in [201, 202, 206, 303, 304, 400, 401, 403, 413, 429, 431, 500, 502, 503, 504] {
        assert_eq!(kept_with(&[fresh], status, Defaults::default(), "", false), None, "{status}");
    }
    for status in [200, 203, 204, 301, 308, 404, 410] {
        assert!(kept_with(&[fresh], status, Defaults::default(), "", false).is_some(), "{status}");
    }
    assert_eq!(kept_with(&[fresh], 200, Defaults::default(), "no-store", false), None);
    assert!(kept(&[("cache-control", "no-store, must-understand, max-age=60")]).is_some());
}

#[test]
fn an_answer_to_authorization_is_kept_only_if_it_says_that_it_may() {
    for (value, may) in [
        ("max-age=60", false),
        ("public, max-age=60", true),
        ("s-maxage=60", true),
        ("must-revalidate, max-age=60", true),
        ("private, s-maxage=60", false),
    ] {
        let kept = kept_with(&[("cache-control", value)], 200, Defaults::default(), "", true);
        assert_eq!(kept.is_some(), may, "{value}");
    }
}

#[test]
fn a_silent_answer_lasts_as_long_as_the_operation_says() {
    let defaults = Defaults { ttl_ms: Some(5_000), ..Defaults::default() };
    assert_eq!(kept_with(&[], 200, defaults, "", false).unwrap().left_ms(CAME), 5_000);
    assert_eq!(kept_with(&[("cache-control", "max-age=1")], 200, defaults, "", false).unwrap().left_ms(CAME), 1_000);
    assert_eq!(kept_with(&[], 404, defaults, "", false), None);
    assert_eq!(kept_with(&[("cache-control", "no-store")], 200, defaults, "", false), None);
}

#[test]
fn the_caller_may_ask_for_fresher_answers_and_for_staler_ones_where_the_answer_allows() {
    let fields = &[("cache-control", "max-age=60"), ("etag", "\"e\"")][..];
    for (request, after, expected) in [
        ("no-cache", 1, Usable::No),
        ("max-age=10", 9, Usable::Fresh),
        ("max-age=10", 11, Usable::No),
        ("max-age=0", 1, Usable::No),
        ("min-fresh=30", 29, Usable::Fresh),
        ("min-fresh=30", 31, Usable::No),
        ("min-fresh=x", 1, Usable::No),
        ("max-stale=10", 65, Usable::Stale),
        ("max-stale=10", 71, Usable::No),
        ("max-stale", 100_000, Usable::Stale),
        ("x=\"never ends", 1, Usable::No),
    ] {
        assert_eq!(usable(fields, request, after), expected, "{request} after {after}");
    }
    for strict in ["max-age=60, must-revalidate", "max-age=60, proxy-revalidate", "s-maxage=60"] {
        assert_eq!(usable(&[("cache-control", strict)], "max-stale", 61), Usable::No, "{strict}");
    }
    assert_eq!(usable(&[("cache-control", "no-cache, max-age=60"), ("etag", "\"e\"")], "", 1), Usable::No);
}

#[test]
fn a_stale_answer_is_given_while_it_is_renewed_for_as_long_as_it_says() {
    let cc = |value: &'static str| [("cache-control", value)];
    for (value, after, expected) in [
        ("max-age=60, stale-while-revalidate=30", 61, Usable::WhileRevalidating),
        ("max-age=60, stale-while-revalidate=30", 90, Usable::No),
        ("s-maxage=60, stale-while-revalidate=30", 61, Usable::WhileRevalidating),
        ("max-age=60, stale-while-revalidate=30, must-revalidate", 61, Usable::No),
        ("max-age=60, stale-while-revalidate=x", 61, Usable::No),
    ] {
        assert_eq!(usable(&cc(value), "", after), expected, "{value} after {after}");
    }
    assert_eq!(usable(&cc("max-age=60, stale-while-revalidate=30"), "max-age=100", 61), Usable::No);
    let defaults = Defaults { stale_while_revalidate_ms: Some(30_000), ..Defaults::default() };
    let by_default = |value| kept_with(&cc(value), 200, defaults, "", false).unwrap().usable(&wish(""), CAME + 61_000);
    assert_eq!(by_default("max-age=60"), Usable::WhileRevalidating);
    for strict in ["max-age=60, must-revalidate", "s-maxage=60", "max-age=60, stale-while-revalidate=0"] {
        assert_eq!(by_default(strict), Usable::No, "{strict}");
    }
}

#[test]
fn a_stale_answer_takes_the_place_of_a_failure_for_as_long_as_it_says() {
    let on_error = |value, request: &str, after: u64| {
        kept(&[("cache-control", value)]).unwrap().usable_on_error(&wish(request), CAME + after * 1000)
    };
    assert!(on_error("max-age=60, stale-if-error=30", "", 89));
    assert!(!on_error("max-age=60, stale-if-error=30", "", 90));
    assert!(!on_error("max-age=60", "", 61));
    assert!(!on_error("max-age=60, stale-if-error=30", "no-cache", 61));
    assert!(!on_error("max-age=60, stale-if-error=30", "stale-if-error=5", 66));
    assert!(!on_error("max-age=60, stale-if-error=30, must-revalidate", "", 61));
}

proptest! {
    #[test]
    fn no_head_makes_an_answer_last_for_ever_or_panics(value in "[ -~]{0,40}", age in "[ -~]{0,24}", after in any::<u32>()) {
        if let Some(freshness) = kept(&[("cache-control", &value), ("age", &age)]) {
            let _usable = freshness.usable(&wish(&value), CAME + u64::from(after));
            prop_assert!(freshness.left_ms(CAME + (3 << 31) * 1000) <= 0);
        }
    }
}
