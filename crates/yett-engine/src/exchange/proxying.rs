//! What happens to paths, fields and errors between the caller and the upstream.

use super::*;
use proptest::prelude::*;

const PUBLIC: &str = "203.0.113.5";

/// The bookshop with some values replaced.
fn shop(changes: &[(&str, Value)]) -> Engine {
    engine(&changes.iter().fold(snapshot(), |snapshot, (pointer, value)| change(snapshot, pointer, value.clone())))
}

fn mistakes(changes: &[(&str, Value)]) -> Vec<String> {
    let snapshot = changes.iter().fold(snapshot(), |snapshot, (pointer, value)| change(snapshot, pointer, value.clone()));
    let refused = Engine::new(fixture::pepper()).apply(&bytes(&snapshot)).unwrap_err();
    refused.into_iter().map(|mistake| mistake.code).collect()
}

/// The head as the upstream would get it, or the gateway's answer.
fn sent(engine: &Engine, mut parts: Parts) -> Result<(Exchange, Parts), Box<Response<Bytes>>> {
    let mut exchange = exchange(engine, 1);
    match judge(&mut exchange, &parts, "") {
        Some(answer) => Err(answer),
        None => {
            exchange.upstream_request(&mut parts).unwrap();
            Ok((exchange, parts))
        }
    }
}

fn path_of(engine: &Engine, target: &str) -> String {
    sent(engine, head("GET", target, &[("x-api-key", KEY)])).ok().unwrap().1.uri.to_string()
}

/// The upstream's answer as the caller gets it.
fn answered(engine: &Engine, status: u16, fields: &[(&str, &str)], body: &str) -> Response<Bytes> {
    let (mut exchange, parts) = sent(engine, head("GET", "/shop/books", &[("x-api-key", KEY)])).ok().unwrap();
    let answer =
        fields.iter().fold(http::Response::builder().status(status), |answer, (name, value)| answer.header(*name, *value));
    let mut response = answer.body(()).unwrap().into_parts().0;
    let need = exchange.judge_response(&parts, &mut response);
    let collected = (need == BodyNeed::Collect).then(|| Bytes::from(body.to_owned()));
    match exchange.judge_response_body(&parts, &mut response, collected) {
        Ok(changed) => Response::from_parts(response, changed.unwrap_or_else(|| Bytes::from(body.to_owned()))),
        Err(replaced) => *replaced,
    }
}

#[test]
fn an_operation_has_its_own_path_at_the_upstream() {
    let engine = shop(&[("/apis/0/operations/1/upstream_path", json!("/internal/{id}/book"))]);
    assert_eq!(path_of(&engine, "/shop/books/a%20b").rsplit("/v1").next(), Some("/internal/a%20b/book"));
    let engine = shop(&[("/apis/0/proxy", json!({"strip_base_path": false}))]);
    assert!(path_of(&engine, "/shop/books/7").ends_with("/shop/books/7"));
}

#[test]
fn a_value_that_would_lead_out_of_the_upstreams_prefix_is_refused() {
    let engine = shop(&[
        ("/apis/0/operations/1/path", json!("/books/{id}.json")),
        ("/apis/0/operations/1/upstream_path", json!("/internal/{id}")),
    ]);
    let refused = verdict(&engine, &head("GET", "/shop/books/...json", &[("x-api-key", KEY)]), "");
    assert_eq!(refused, Some((Phase::Route, Code::TargetInvalid)));
}

#[test]
fn templates_that_cannot_be_filled_are_mistakes() {
    for path in ["/internal/{other}", "internal", "/a/../{id}", "/a//{id}", "/{id"] {
        assert_eq!(mistakes(&[("/apis/0/operations/1/upstream_path", json!(path))]), ["upstream-path-invalid"], "{path}");
    }
}

#[test]
fn an_old_path_is_redirected_before_anybody_is_asked_who_they_are() {
    let redirects =
        json!([{"from": "/old/{id}", "to": "/books/{id}", "status": 301}, {"from": "/put", "to": "/books", "status": 308}]);
    let engine = shop(&[("/apis/0/proxy", json!({"redirects": redirects}))]);
    let answer = |method: &str, target: &str| sent(&engine, head(method, target, &[])).err().unwrap();
    let moved = answer("GET", &format!("/shop/old/a%20b?x=1&key={KEY}"));
    assert_eq!(
        (moved.status().as_u16(), &moved.headers()["location"]),
        (301, &HeaderValue::from_static("/shop/books/a%20b?x=1"))
    );
    assert_eq!(answer("POST", "/shop/put").status(), 308);
    // 301 would turn a POST into a GET: it is not answered.
    assert_eq!(answer("POST", "/shop/old/7").status(), 404);
}

#[test]
fn a_redirect_leads_nowhere_else() {
    for (from, to, status) in [
        ("/old", "https://evil.example/", 301),
        ("/old", "//evil.example/", 301),
        ("/old", "http://shop.example/", 301),
        ("/old", "https://shop.example", 301),
        ("/old/{id}", "/{other}", 301),
        ("/old", "/new", 200),
        ("/books/{x}", "/new", 301),
        ("/old", "/a/../b", 301),
    ] {
        let redirects = json!({"redirects": [{"from": from, "to": to, "status": status}]});
        let changes = [("/apis/0/hosts", json!(["shop.example"])), ("/apis/0/proxy", redirects)];
        assert_eq!(mistakes(&changes), ["redirect-invalid"], "{to}");
    }
}

#[test]
fn a_caller_behind_a_trusted_proxy_is_known_by_its_own_address() {
    let few =
        json!([{"name": "few", "measure": {"kind": "rate", "amount": 1, "period_ms": 60_000, "burst": 1}, "by": "address"}]);
    let chain = |address: &str| {
        head("GET", "/shop/health", &[("x-forwarded-for", &format!("6.6.6.6, {address}")), ("x-forwarded-host", "Api.Example")])
    };
    let trusting = shop(&[("/limits", few.clone()), ("/trusted_proxies", json!(["192.0.2.0/24"]))]);
    let (exchange, parts) = sent(&trusting, chain(PUBLIC)).ok().unwrap();
    assert_eq!(
        (&parts.headers["x-forwarded-for"], &parts.headers["x-forwarded-host"]),
        (&HeaderValue::from_static(PUBLIC), &HeaderValue::from_static("api.example"))
    );
    assert_eq!(event(&exchange, 200).address, "203.0.113.0");
    assert_eq!(sent(&trusting, chain(PUBLIC)).err().unwrap().status(), 429);
    assert!(sent(&trusting, chain("203.0.113.6")).is_ok());
    // Who is not trusted cannot choose an address, and so not a fresh limit either.
    let wary = shop(&[("/limits", few)]);
    let (_, parts) = sent(&wary, chain(PUBLIC)).ok().unwrap();
    assert_eq!(parts.headers["x-forwarded-for"], "192.0.2.77");
    assert_eq!(sent(&wary, chain("203.0.113.6")).err().unwrap().status(), 429);
    assert_eq!(mistakes(&[("/trusted_proxies", json!(["10.0.0.0/99"]))]), ["network-invalid"]);
}

#[test]
fn a_trace_goes_on_from_a_trusted_proxy_only() {
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    let asked = || head("GET", "/shop/health", &[("traceparent", parent), ("tracestate", "a=1"), ("baggage", "user=1")]);
    let (exchange, parts) = sent(&shop(&[("/trusted_proxies", json!(["192.0.2.77"]))]), asked()).ok().unwrap();
    let event = event(&exchange, 200);
    assert_eq!(event.trace.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    let span = event.span.unwrap();
    assert_eq!(parts.headers["traceparent"], format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{span}-00"));
    assert!(parts.headers.contains_key("tracestate") && parts.headers.contains_key("baggage"));
    for (tracing, goes_on) in [(json!({}), false), (json!({"accept": "none"}), false), (json!({"accept": "any"}), true)] {
        let (_, parts) = sent(&shop(&[("/tracing", tracing)]), asked()).ok().unwrap();
        assert_eq!(parts.headers["traceparent"].to_str().unwrap().contains("4bf92f"), goes_on);
        assert_eq!(parts.headers.contains_key("baggage"), goes_on);
    }
}

#[test]
fn rules_for_fields_are_applied_both_ways() {
    let headers = json!({
        "request": {"remove": ["x-debug"], "set": {"x-tenant": "${app}/${operation}"}},
        "response": {"allow": ["x-total"], "set": {"x-request": "${decision}"}},
    });
    let engine = shop(&[("/apis/0/proxy", json!({"headers": headers}))]);
    let (exchange, parts) =
        sent(&engine, head("GET", "/shop/books", &[("x-api-key", KEY), ("x-debug", "1"), ("x-tenant", "forged")])).ok().unwrap();
    assert_eq!(parts.headers["x-tenant"], "reader-app/shop:list");
    assert!(!parts.headers.contains_key("x-debug"));
    let answer = answered(&engine, 200, &[("x-total", "3"), ("x-node", "a7"), ("content-type", "application/json")], "[]");
    assert_eq!(
        (&answer.headers()["x-request"], answer.headers().contains_key("x-node")),
        (&answer.headers()["yett-decision"], false)
    );
    assert_eq!(answer.headers()["x-total"], "3");
    drop(exchange);
    let forbidden = json!({"headers": {"request": {"set": {"content-length": "0"}, "remove": ["yett-app"]}}});
    assert_eq!(mistakes(&[("/apis/0/proxy", forbidden)]), ["header-rule-invalid", "header-rule-invalid"]);
}

#[test]
fn answers_protect_their_readers_unless_told_not_to() {
    let fields = [("content-type", "application/json"), ("content-security-policy", "default-src 'self'")];
    let answer = answered(&shop(&[]), 200, &fields, "[]");
    assert_eq!(
        (&answer.headers()["x-content-type-options"], &answer.headers()["content-security-policy"]),
        (&HeaderValue::from_static("nosniff"), &HeaderValue::from_static("default-src 'self'"))
    );
    let answer = answered(&shop(&[("/apis/0/proxy", json!({"security_headers": false}))]), 200, &[], "");
    assert!(!answer.headers().contains_key("x-content-type-options"));
}

#[test]
fn an_error_of_the_upstream_is_told_in_the_gateways_words() {
    let trace = "java.lang.NullPointerException at com.example.Secret.main(Secret.java:7)";
    let answer =
        answered(&shop(&[]), 500, &[("content-type", "text/plain"), ("x-exception", "Secret"), ("retry-after", "9")], trace);
    assert_eq!((answer.status().as_u16(), problem(&answer)["code"].as_str()), (500, Some("upstream-error")));
    assert!(!format!("{answer:?}").contains("Secret"), "{answer:?}");
    assert_eq!(answer.headers()["retry-after"], "9");
    // 4XX passes unless it is named.
    assert_eq!(answered(&shop(&[]), 404, &[], "no").body(), "no");
    let no_leaks = ("/apis/0/guards", json!({"leaks": {"mode": "off"}}));
    let all = shop(&[("/apis/0/proxy", json!({"errors": {"replace": ["4XX", "503"]}})), no_leaks]);
    assert_eq!(problem(&answered(&all, 404, &[], "no"))["status"], 404);
    assert_eq!(answered(&all, 500, &[], trace).body(), trace);
    for status in ["200", "6XX", "x"] {
        assert_eq!(mistakes(&[("/apis/0/proxy", json!({"errors": {"replace": [status]}}))]), ["status-invalid"]);
    }
}

#[test]
fn an_error_that_the_contract_describes_passes_if_it_fits() {
    let described = json!([{"status": "503", "media": [
        {"range": "application/json", "kind": "json", "schema": {"type": "object", "properties": {"why": {"type": "string"}}, "additionalProperties": false}},
    ]}]);
    let engine = shop(&[("/apis/0/operations/0/responses", described.clone())]);
    let json_type = [("content-type", "application/json")];
    assert_eq!(answered(&engine, 503, &json_type, r#"{"why":"tired"}"#).body(), r#"{"why":"tired"}"#);
    for (fields, body) in [
        (&json_type[..], r#"{"stack":"at main"}"#),
        (&json_type[..], "not json"),
        (&[("content-type", "text/plain")][..], "at main"),
    ] {
        assert_eq!(problem(&answered(&engine, 503, fields, body))["code"], "upstream-error", "{body}");
    }
}

#[test]
fn tokens_need_a_key_on_real_traffic_and_an_issuer_always() {
    let identity = ("/apis/0/proxy", json!({"upstream_identity": {"audience": "books"}}));
    let issuer = ("/identity", json!({"issuer": "https://gw.example", "jwks": "/.well-known/jwks.json"}));
    assert_eq!(mistakes(std::slice::from_ref(&identity)), ["upstream-identity-invalid"]);
    let snapshot =
        [&identity, &issuer].iter().fold(snapshot(), |snapshot, (pointer, value)| change(snapshot, pointer, value.clone()));
    let keyless = Engine::new(fixture::pepper()).signing(None);
    assert_eq!(keyless.apply(&bytes(&snapshot)).unwrap_err()[0].code, "identity-key-missing");
    let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let signer = crate::Signer::new(&[[&prefix[..], &[7; 32]].concat()]).unwrap();
    let engine = Engine::new(fixture::pepper()).signing(Some(signer));
    engine.apply(&bytes(&snapshot)).unwrap();
    let (_, parts) = sent(&engine, head("GET", "/shop/books", &[("x-api-key", KEY), ("yett-identity", "forged")])).ok().unwrap();
    assert_eq!(parts.headers["yett-identity"].to_str().unwrap().split('.').count(), 3);
    let (_, parts) = sent(&engine, head("GET", "/shop/health", &[("yett-identity", "forged")])).ok().unwrap();
    assert!(!parts.headers.contains_key("yett-identity"));
    let set = sent(&engine, head("GET", "/.well-known/jwks.json", &[])).err().unwrap();
    assert_eq!((set.status().as_u16(), problem(&set)["keys"][0]["kty"].as_str()), (200, Some("OKP")));
    assert!(!set.body().windows(2).any(|part| part == b"\"d"));
    // Whoever only looks at the configuration has no key, and sees that the path is answered.
    let looking = Engine::new(fixture::pepper());
    looking.apply(&bytes(&snapshot)).unwrap();
    let set = sent(&looking, head("GET", "/.well-known/jwks.json", &[])).err().unwrap();
    assert_eq!((set.status().as_u16(), problem(&set)["keys"].as_array().map(Vec::len)), (200, Some(0)));
}

proptest! {
    #[test]
    fn no_value_leads_a_rewritten_path_or_a_redirect_astray(id in "[!-~]{1,24}") {
        let engine = shop(&[
            ("/apis/0/operations/1/upstream_path", json!("/internal/{id}")),
            ("/apis/0/proxy", json!({"redirects": [{"from": "/old/{id}", "to": "/{id}", "status": 302}]})),
        ]);
        let Ok(uri) = format!("/shop/books/{id}").parse::<http::Uri>() else { return Ok(()) };
        let mut parts = head("GET", "/", &[("x-api-key", KEY)]);
        parts.uri = uri;
        if let Ok((_, sent)) = sent(&engine, parts) {
            let path = sent.uri.path();
            prop_assert!(path.starts_with("/v1/internal/") || path.starts_with("/internal/"), "{path}");
            prop_assert!(!path.contains("/../") && !path.ends_with("/..") && !path.contains("//"), "{path}");
        }
        let mut parts = head("GET", "/", &[]);
        parts.uri = format!("/shop/old/{id}").parse().unwrap();
        if let Err(answer) = super::proxying::sent(&engine, parts)
            && let Some(place) = answer.headers().get("location")
        {
            let place = place.to_str().unwrap();
            prop_assert!(place.starts_with("/shop/") && !place.starts_with("/shop//"), "{place}");
        }
    }
}

#[test]
fn a_cookie_for_the_public_host_that_a_proxy_told_keeps_its_domain() {
    let engine = shop(&[("/trusted_proxies", json!(["192.0.2.77"]))]);
    let told = [("x-forwarded-for", PUBLIC), ("x-forwarded-host", "api.shop.example:8443"), ("x-forwarded-proto", "http")];
    let (mut exchange, parts) = sent(&engine, head("GET", "/shop/health", &told)).ok().unwrap();
    let answer = http::Response::builder().header("set-cookie", "a=1; Domain=shop.example; Path=/");
    let mut response = answer.body(()).unwrap().into_parts().0;
    exchange.judge_response(&parts, &mut response);
    // The caller did not come over TLS: the proxy says so.
    assert_eq!(response.headers["set-cookie"], "a=1; Domain=shop.example; Path=/shop; HttpOnly; SameSite=Lax");
}
