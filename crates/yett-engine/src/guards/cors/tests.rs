use crate::Engine;
use crate::fixture::{KEY, bytes, change, engine, exchange, head, pepper, snapshot};
use bytes::Bytes;
use http::{HeaderMap, Response};
use serde_json::{Value, json};

fn shop(cors: Value) -> Engine {
    engine(&change(snapshot(), "/apis/0/guards", json!({ "cors": cors })))
}

fn usual() -> Engine {
    shop(json!({"origins": ["https://app.example", "https://*.team.example"], "headers": ["x-tag"], "expose": ["etag"]}))
}

/// The gateway's own answer, or `None` where the request goes on.
fn asked(engine: &Engine, method: &str, target: &str, fields: &[(&str, &str)]) -> Option<Response<Bytes>> {
    exchange(engine, 1).judge_head(&head(method, target, fields)).err().map(|answer| *answer)
}

fn preflight(engine: &Engine, origin: &str, method: &str, names: &str) -> Response<Bytes> {
    let fields = [("origin", origin), ("access-control-request-method", method), ("access-control-request-headers", names)];
    asked(engine, "OPTIONS", "/shop/books", &fields).unwrap()
}

/// The head of an upstream's answer as the page gets it.
fn answered(engine: &Engine, fields: &[(&str, &str)], of_upstream: &[(&str, &str)]) -> HeaderMap {
    let parts = head("GET", "/shop/books/7", fields);
    let mut exchange = exchange(engine, 1);
    let _need = exchange.judge_head(&parts).unwrap();
    exchange.upstream_request(&mut parts.clone()).unwrap();
    let answer = of_upstream.iter().fold(Response::builder(), |answer, (name, value)| answer.header(*name, *value));
    let mut response = answer.body(()).unwrap().into_parts().0;
    exchange.judge_response(&parts, &mut response);
    response.headers
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

fn varies(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all("vary").iter().flat_map(|value| value.to_str().unwrap().split(','));
    values.map(|name| name.trim().to_ascii_lowercase()).collect()
}

#[test]
fn a_preflight_is_answered_out_of_the_contract_and_before_identity() {
    let answer = preflight(&usual(), "https://app.example", "POST", "Content-Type, X-Api-Key,authorization, x-tag");
    assert_eq!(answer.status(), 204);
    let headers = answer.headers();
    assert_eq!(text(headers, "access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(text(headers, "access-control-allow-methods"), Some("GET, POST"));
    assert_eq!(text(headers, "access-control-allow-headers"), Some("authorization, content-type, x-api-key, x-tag"));
    assert_eq!(text(headers, "access-control-max-age"), Some("600"));
    assert_eq!(text(headers, "access-control-allow-credentials"), None);
    assert_eq!(varies(headers), ["origin", "access-control-request-method", "access-control-request-headers"]);
}

#[test]
fn a_preflight_that_asks_for_more_than_the_contract_has_is_refused() {
    let engine = usual();
    for (origin, method, names) in [
        ("https://evil.example", "GET", ""),
        ("null", "GET", ""),
        ("https://a.b.team.example", "GET", ""),
        ("http://app.example", "GET", ""),
        ("https://app.example", "DELETE", ""),
        ("https://app.example", "get", ""),
        ("https://app.example", "GET", "x-forwarded-for"),
        ("https://app.example", "GET", "content-type"),
    ] {
        let answer = preflight(&engine, origin, method, names);
        assert_eq!(answer.status(), 403, "{origin} {method} {names}");
        assert!(!answer.headers().contains_key("access-control-allow-methods"));
        assert!(String::from_utf8_lossy(answer.body()).contains("origin-refused"));
        assert!(varies(answer.headers()).contains(&"origin".to_owned()));
    }
}

#[test]
fn without_origins_nothing_is_said_and_what_the_upstream_says_goes() {
    let engine = engine(&snapshot());
    let fields = [("x-api-key", KEY), ("origin", "https://evil.example")];
    let of_upstream = [("access-control-allow-origin", "*"), ("access-control-allow-credentials", "true"), ("etag", "\"e\"")];
    let headers = answered(&engine, &fields, &of_upstream);
    assert!(headers.keys().all(|name| !name.as_str().starts_with("access-control-")), "{headers:?}");
    assert!(headers.contains_key("etag"));
    assert_eq!(preflight(&engine, "https://app.example", "GET", "").status(), 405);
    let left = shop(json!({"mode": "off", "origins": ["https://app.example"]}));
    assert_eq!(text(&answered(&left, &fields, &of_upstream), "access-control-allow-origin"), Some("*"));
}

#[test]
fn an_answer_says_which_page_may_read_it_and_that_it_depends_on_it() {
    let engine = usual();
    let told = [("access-control-allow-origin", "*"), ("vary", "accept-encoding")];
    let of = |origin: &str| answered(&engine, &[("x-api-key", KEY), ("origin", origin)], &told);
    let headers = of("https://a.team.example");
    assert_eq!(text(&headers, "access-control-allow-origin"), Some("https://a.team.example"));
    assert_eq!(text(&headers, "access-control-expose-headers"), Some("etag"));
    assert_eq!(varies(&headers), ["accept-encoding", "origin"]);
    for origin in ["https://evil.example", "null", "https://shop.example"] {
        let headers = of(origin);
        assert_eq!((text(&headers, "access-control-allow-origin"), varies(&headers).len()), (None, 2), "{origin}");
    }
    assert_eq!(varies(&answered(&engine, &[("x-api-key", KEY)], &[("vary", "Origin")])), ["origin"]);
}

#[test]
fn a_refusal_can_be_read_by_the_pages_that_may_read_answers() {
    let answer = asked(&usual(), "GET", "/shop/books", &[("origin", "https://app.example")]).unwrap();
    assert_eq!(
        (answer.status().as_u16(), text(answer.headers(), "access-control-allow-origin")),
        (401, Some("https://app.example"))
    );
    let answer = asked(&usual(), "GET", "/shop/nowhere", &[("origin", "https://app.example")]).unwrap();
    assert_eq!(
        (answer.status().as_u16(), text(answer.headers(), "access-control-allow-origin")),
        (404, Some("https://app.example"))
    );
}

#[test]
fn requests_of_other_origins_go_on_only_as_configured() {
    let request = |engine: &Engine, origin: &str, fields: &[(&str, &str)]| {
        let fields: Vec<_> = [("origin", origin), ("x-api-key", KEY)].into_iter().chain(fields.iter().copied()).collect();
        asked(engine, "GET", "/shop/books/7", &fields).map_or(200, |answer| answer.status().as_u16())
    };
    let cookie = [("cookie", "a=1")];
    let engine = usual();
    assert_eq!(request(&engine, "https://evil.example", &[]), 200);
    assert_eq!(request(&engine, "https://evil.example", &cookie), 403);
    assert_eq!(request(&engine, "null", &cookie), 403);
    for origin in ["https://app.example", "https://shop.example", "https://shop.example:443"] {
        assert_eq!(request(&engine, origin, &cookie), 200, "{origin}");
    }
    let engine = shop(json!({"origins": ["https://app.example"], "foreign": "refuse"}));
    assert_eq!(request(&engine, "https://evil.example", &[]), 403);
    let engine = shop(json!({"origins": ["https://app.example"], "foreign": "pass"}));
    assert_eq!(request(&engine, "https://evil.example", &cookie), 200);
    let engine = shop(json!({"origins": ["https://app.example"], "foreign": "refuse", "mode": "monitor"}));
    assert_eq!(request(&engine, "https://evil.example", &cookie), 200);
}

#[test]
fn a_private_network_is_opened_only_where_it_is_said() {
    let ask = |engine: &Engine| {
        let fields = [
            ("origin", "https://app.example"),
            ("access-control-request-method", "GET"),
            ("access-control-request-private-network", "true"),
        ];
        asked(engine, "OPTIONS", "/shop/books", &fields).unwrap()
    };
    assert_eq!(ask(&usual()).status(), 403);
    let answer = ask(&shop(json!({"origins": ["https://app.example"], "private_network": true})));
    assert_eq!((answer.status().as_u16(), text(answer.headers(), "access-control-allow-private-network")), (204, Some("true")));
}

#[test]
fn every_origin_may_be_allowed_without_credentials_only() {
    let engine = shop(json!({"origins": ["*"]}));
    let headers = answered(&engine, &[("x-api-key", KEY), ("origin", "https://any.example")], &[]);
    assert_eq!(text(&headers, "access-control-allow-origin"), Some("*"));
    assert!(!headers.contains_key("access-control-allow-credentials") && varies(&headers).is_empty());
    for (cors, code) in [
        (json!({"origins": ["*"], "credentials": true}), "cors-credentials-for-all"),
        (json!({"origins": ["null"]}), "origin-invalid"),
        (json!({"origins": ["*", "https://a.example"]}), "origin-invalid"),
        (json!({"origins": ["https://a.example"], "expose": ["a b"]}), "header-invalid"),
    ] {
        let refused = Engine::new(pepper()).apply(&bytes(&change(snapshot(), "/apis/0/guards", json!({ "cors": cors }))));
        assert_eq!(refused.unwrap_err()[0].code, code);
    }
    let engine = shop(json!({"origins": ["https://app.example"], "credentials": true}));
    let headers = answered(&engine, &[("x-api-key", KEY), ("origin", "https://app.example")], &[]);
    assert_eq!(text(&headers, "access-control-allow-credentials"), Some("true"));
}
