use crate::fixture::{NOW, bytes, change, engine, exchange, head, pepper, snapshot};
use crate::{Caller, Engine, Exchange, Now};
use serde_json::{Value, json};
use std::net::IpAddr;

fn shop(csrf: Value) -> Engine {
    let public = change(snapshot(), "/apis/0/operations/2/public", json!(true));
    engine(&change(public, "/apis/0/guards", json!({ "csrf": csrf })))
}

fn usual() -> Engine {
    shop(json!({"cookies": ["session"], "origins": ["https://app.example"]}))
}

/// The code of the refusal of a POST.
fn sent(engine: &Engine, fields: &[(&str, &str)]) -> Option<&'static str> {
    let mut exchange = exchange(engine, 1);
    let fields: Vec<_> = fields.iter().copied().chain([("content-type", "application/json")]).collect();
    let _answer = exchange.judge_head(&head("POST", "/shop/books", &fields));
    exchange.code().map(yett_model::Code::as_str)
}

const REFUSED: Option<&str> = Some("cross-site-request");
const SESSION: (&str, &str) = ("cookie", "theme=dark; session=s3");

#[test]
fn a_page_of_another_site_cannot_use_the_session() {
    let engine = usual();
    for page in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "nonsense"),
        ("origin", "https://evil.example"),
        ("origin", "https://shop.example.evil.example"),
        ("origin", "http://shop.example"),
        ("origin", "null"),
        ("referer", "https://evil.example/https://shop.example/"),
        ("referer", "https://shop.example@evil.example/"),
        ("referer", "about:blank"),
        ("x-nothing", "is said"),
    ] {
        assert_eq!(sent(&engine, &[SESSION, page]), REFUSED, "{page:?}");
    }
    let both = [SESSION, ("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    assert_eq!(sent(&engine, &both), REFUSED);
    assert_eq!(sent(&engine, &[SESSION, ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")]), REFUSED);
}

#[test]
fn the_apis_own_pages_and_those_it_names_can() {
    let engine = usual();
    for page in [
        &[("sec-fetch-site", "same-origin")][..],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://shop.example")],
        &[("origin", "https://SHOP.example:443")],
        &[("referer", "https://shop.example/cart?x=https://evil.example")],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://app.example")],
        &[("referer", "https://app.example")],
    ] {
        let fields: Vec<_> = [SESSION].iter().chain(page).copied().collect();
        assert_eq!(sent(&engine, &fields), None, "{page:?}");
    }
}

#[test]
fn without_a_session_only_a_foreign_page_is_refused() {
    let engine = usual();
    assert_eq!(sent(&engine, &[]), None);
    assert_eq!(sent(&engine, &[("cookie", "theme=dark")]), None);
    // Signing somebody in as somebody else needs no session.
    assert_eq!(sent(&engine, &[("origin", "https://evil.example")]), REFUSED);
    let any = shop(json!({}));
    assert_eq!(sent(&any, &[("cookie", "theme=dark")]), REFUSED);
}

#[test]
fn what_changes_nothing_is_free_and_monitor_refuses_nothing() {
    let mut reading = exchange(&usual(), 1);
    assert!(reading.judge_head(&head("GET", "/shop/health", &[SESSION, ("sec-fetch-site", "cross-site")])).is_ok());
    assert_eq!(sent(&shop(json!({"mode": "monitor"})), &[SESSION]), None);
    assert_eq!(sent(&shop(json!({"mode": "off"})), &[SESSION]), None);
}

#[test]
fn passwords_that_browsers_keep_are_watched_unasked() {
    let basic = change(snapshot(), "/apis/0/identify", json!({"basic": true}));
    let basic = engine(&basic);
    let password = ("authorization", "Basic YTpi");
    assert_eq!(sent(&basic, &[password, ("origin", "https://evil.example")]), REFUSED);
    assert_eq!(sent(&basic, &[password]), Some("identity-unavailable"));
    assert_eq!(sent(&basic, &[("origin", "https://evil.example")]), Some("credential-missing"));
}

/// The exchange of a request that comes so many seconds later.
fn later(engine: &Engine, seconds: u64) -> Exchange {
    let now = Now { unix_ms: NOW.unix_ms + seconds * 1000, ..NOW };
    let caller = Caller::new(IpAddr::from([192, 0, 2, 77]), true);
    Exchange::new(engine.plan().unwrap(), engine.counters().clone(), caller, now, 1)
}

/// `Set-Cookie` of the answer to a GET with these cookies.
fn given(engine: &Engine, cookies: &str, seconds: u64) -> Option<String> {
    let parts = head("GET", "/shop/health", &[("cookie", cookies)]);
    let mut exchange = later(engine, seconds);
    exchange.judge_head(&parts).unwrap();
    exchange.upstream_request(&mut parts.clone()).unwrap();
    let mut response = http::Response::builder().header("set-cookie", "own=1").body(()).unwrap().into_parts().0;
    exchange.judge_response(&parts, &mut response);
    let mut cookies = response.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned());
    assert!(cookies.next().unwrap().starts_with("own=1"));
    cookies.next()
}

fn posted(engine: &Engine, cookies: &str, token: &str, seconds: u64) -> Option<&'static str> {
    let fields = [("cookie", cookies), ("x-csrf-token", token), ("content-type", "application/json")];
    let mut exchange = later(engine, seconds);
    let _answer = exchange.judge_head(&head("POST", "/shop/books", &fields));
    exchange.code().map(yett_model::Code::as_str)
}

#[test]
fn a_token_is_given_to_a_session_and_proves_a_page_of_the_api_until_it_expires() {
    let engine = shop(json!({"cookies": ["session"], "token": {"lifetime_s": 600}}));
    assert_eq!(given(&engine, "theme=dark", 0), None);
    let cookie = given(&engine, "session=s3", 0).unwrap();
    assert!(cookie.ends_with("; Path=/; Max-Age=600; Secure; SameSite=Strict"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    let token = pair.strip_prefix("__Host-yett-csrf=").unwrap();
    let both = format!("session=s3; {pair}");
    assert_eq!(posted(&engine, &both, token, 1), None);
    assert_eq!(posted(&engine, "session=s3", token, 1), REFUSED);
    assert_eq!(posted(&engine, &both, "", 1), REFUSED);
    assert_eq!(posted(&engine, &format!("session=other; {pair}"), token, 1), REFUSED);
    assert_eq!(posted(&engine, &both, token, 600), REFUSED);
    let forged = format!("{}{}{}", &token[..20], if token.as_bytes()[20] == b'A' { 'B' } else { 'A' }, &token[21..]);
    assert_eq!(posted(&engine, &format!("session=s3; __Host-yett-csrf={forged}"), &forged, 1), REFUSED);
    assert_eq!(given(&engine, &both, 299), None);
    assert!(given(&engine, &both, 301).is_some());
    let elsewhere = shop(json!({"cookies": ["session"], "token": {"lifetime_s": 600}, "origins": ["https://a.example"]}));
    assert_eq!(posted(&elsewhere, &both, token, 1), None, "another gateway with the same pepper takes it");
}

#[test]
fn settings_that_protect_nothing_are_refused() {
    for (csrf, code) in [
        (json!({"origins": ["*"]}), "origin-invalid"),
        (json!({"origins": ["evil"]}), "origin-invalid"),
        (json!({"token": {}}), "csrf-token-invalid"),
        (json!({"cookies": ["s"], "token": {"cookie": "csrf"}}), "csrf-token-invalid"),
        (json!({"cookies": ["s"], "token": {"lifetime_s": 1}}), "csrf-token-invalid"),
        (json!({"cookies": ["s"], "token": {"header": "a b"}}), "csrf-token-invalid"),
    ] {
        let refused = Engine::new(pepper()).apply(&bytes(&change(snapshot(), "/apis/0/guards", json!({ "csrf": csrf }))));
        assert_eq!(refused.unwrap_err()[0].code, code);
    }
}
