use super::*;
use crate::engine::Engine;
use crate::fixture::{self, KEY, bytes, change, changed, engine, exchange, head, snapshot};
use serde_json::{Value, json};

/// Judges head and body; the code of the refusal and the phase that gave it.
fn verdict(engine: &Engine, parts: &Parts, body: &str) -> Option<(Phase, Code)> {
    let mut exchange = exchange(engine, 1);
    judge(&mut exchange, parts, body);
    exchange.refusal.as_ref().map(|(phase, refusal)| (*phase, refusal.code))
}

fn judge(exchange: &mut Exchange, parts: &Parts, body: &str) -> Option<Box<Response<Bytes>>> {
    let need = match exchange.judge_head(parts) {
        Ok(need) => need,
        Err(answer) => return Some(answer),
    };
    let body = (need == BodyNeed::Collect).then(|| Bytes::from(body.to_owned()));
    exchange.judge_body(parts, body).err()
}

fn problem(answer: &Response<Bytes>) -> Value {
    serde_json::from_slice(answer.body()).unwrap()
}

fn event(exchange: &Exchange, status: u16) -> yett_model::Event {
    let mut line = Vec::new();
    exchange.record(&End { status, bytes_in: 3, ..End::default() }, &mut line);
    assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
    serde_json::from_slice(&line).unwrap()
}

#[test]
fn a_mocked_operation_is_answered_here_once_the_request_was_judged_well() {
    let answers = json!([{"status": 200, "content_type": "application/json", "body": "{}"}, {"status": 404}]);
    let engine = engine(&changed("/apis/0/operations/0/mock", answers));
    let mut exchange = exchange(&engine, 1);
    let parts = head("GET", "/shop/books", &[("x-api-key", KEY)]);
    assert!(judge(&mut exchange, &parts, "").is_none());
    let answer = exchange.answer_here(&parts).unwrap_err();
    assert_eq!((answer.status().as_u16(), &answer.body()[..]), (200, &b"{}"[..]));
    assert!(answer.headers().contains_key("yett-decision"));
    assert_eq!(exchange.code(), None);
    assert_eq!(verdict(&engine, &head("GET", "/shop/books", &[]), ""), Some((Phase::Identify, Code::CredentialMissing)));
}

#[test]
fn test_a_request_when_every_phase_agrees_then_passes() {
    let engine = engine(&snapshot());
    assert_eq!(verdict(&engine, &head("GET", "/shop/books/7", &[("x-api-key", KEY)]), ""), None);
    assert_eq!(verdict(&engine, &head("GET", "/shop/books?page=2", &[("authorization", &format!("Bearer {KEY}"))]), ""), None);
    assert_eq!(verdict(&engine, &head("GET", "/shop/health", &[]), ""), None);
}

#[test]
fn test_a_request_when_a_phase_refuses_then_that_phase_and_its_code_are_told() {
    let few = json!([{"name": "few", "measure": {"kind": "rate", "amount": 1, "period_ms": 60_000, "burst": 1}, "by": "all"}]);
    let engine = engine(&changed("/apis/0/operations/3/limits", few));
    let health = head("GET", "/shop/health", &[]);
    assert_eq!(verdict(&engine, &health, ""), None);
    let key = [("x-api-key", KEY)];
    for (parts, phase, code) in [
        (head("TRACE", "/shop/books", &key), Phase::Receive, Code::MethodRefused),
        (head("GET", "/shop/../books", &key), Phase::Receive, Code::TargetInvalid),
        (head("GET", "/other", &key), Phase::Route, Code::ApiUnknown),
        (head("GET", "/shop/magazines", &key), Phase::Route, Code::OperationUnknown),
        (head("DELETE", "/shop/books", &key), Phase::Route, Code::MethodNotAllowed),
        (head("GET", "/shop/books", &[]), Phase::Identify, Code::CredentialMissing),
        (head("GET", "/shop/books", &[("x-api-key", "yett_test_x_1")]), Phase::Identify, Code::CredentialInvalid),
        (head("GET", &format!("/shop/books?key={KEY}"), &key), Phase::Identify, Code::CredentialAmbiguous),
        (head("POST", "/shop/books", &key), Phase::Authorize, Code::AccessDenied),
        (health, Phase::Limit, Code::RateExceeded),
        (head("GET", "/shop/books?page=0", &key), Phase::Inspect, Code::RequestInvalid),
    ] {
        assert_eq!(verdict(&engine, &parts, ""), Some((phase, code)), "{} {}", parts.method, parts.uri);
    }
}

#[test]
fn test_a_limit_by_address_when_reached_then_refuses_before_identity() {
    let few =
        json!([{"name": "few", "measure": {"kind": "rate", "amount": 1, "period_ms": 60_000, "burst": 1}, "by": "address"}]);
    let engine = engine(&changed("/limits", few));
    let guess = head("GET", "/shop/books", &[("x-api-key", "guess")]);
    assert_eq!(verdict(&engine, &guess, ""), Some((Phase::Identify, Code::CredentialInvalid)));
    assert_eq!(verdict(&engine, &guess, ""), Some((Phase::Screen, Code::RateExceeded)));
}

#[test]
fn test_a_credential_when_expired_then_is_refused() {
    let engine = engine(&changed("/credentials/0/expires_at", json!(1_700_000_000)));
    let refused = verdict(&engine, &head("GET", "/shop/books", &[("x-api-key", KEY)]), "");
    assert_eq!(refused, Some((Phase::Identify, Code::CredentialExpired)));
}

#[test]
fn test_a_credential_when_it_carries_no_profile_then_opens_nothing() {
    let engine = engine(&changed("/credentials/0/profiles", json!([])));
    let refused = verdict(&engine, &head("GET", "/shop/books", &[("x-api-key", KEY)]), "");
    assert_eq!(refused, Some((Phase::Authorize, Code::AccessDenied)));
}

#[test]
fn test_a_refusal_when_answered_then_is_a_problem_document_with_the_decision() {
    let engine = engine(&snapshot());
    let mut exchange = exchange(&engine, 1);
    let answer = judge(&mut exchange, &head("DELETE", "/shop/books", &[("x-api-key", KEY)]), "").unwrap();
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    assert_eq!(answer.headers()["allow"], "GET, POST");
    assert_eq!(answer.headers()["yett-decision"], exchange.id());
    let problem = problem(&answer);
    assert_eq!(
        (problem["code"].as_str(), problem["status"].as_u64(), problem["decision"].as_str()),
        (Some("method-not-allowed"), Some(405), Some(exchange.id()))
    );
    assert_eq!(problem["type"], "urn:yett:error:method-not-allowed");
    assert!(problem["title"].is_string() && problem.get("detail").is_none());
}

#[test]
fn test_a_401_when_answered_then_says_how_to_authenticate() {
    let engine = engine(&snapshot());
    let answer = judge(&mut exchange(&engine, 1), &head("GET", "/shop/books", &[]), "").unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers().contains_key("www-authenticate")), (401, true));
}

#[test]
fn test_a_guard_in_monitor_when_it_would_refuse_then_lets_pass_and_records_it() {
    let few = json!([{"name": "few", "measure": {"kind": "concurrent", "amount": 0}, "by": "all"}]);
    let watched = change(
        changed("/limits", few),
        "/apis/0/guards",
        json!({"limits": {"mode": "monitor"}, "contract": {"mode": "monitor"}}),
    );
    let engine = engine(&watched);
    let mut exchange = exchange(&engine, 1);
    assert!(judge(&mut exchange, &head("GET", "/shop/books?page=0", &[("x-api-key", KEY)]), "").is_none());
    let event = event(&exchange, 200);
    assert!(event.would_deny.iter().any(|line| line.starts_with("limits: concurrency-exceeded")), "{:?}", event.would_deny);
    assert!(event.would_deny.iter().any(|line| line.starts_with("contract: request-invalid")), "{:?}", event.would_deny);
    assert_eq!((event.code, event.status), (None, 200));
}

/// The bookshop with a contract guard that only watches, and a reader who may use these operations.
fn watched(operations: Value) -> Engine {
    let watched = changed("/apis/0/guards", json!({"contract": {"mode": "monitor"}}));
    engine(&change(watched, "/profiles/0/operations", operations))
}

#[test]
fn test_an_undocumented_request_when_only_monitored_then_needs_a_grant_of_the_whole_api() {
    let whole = watched(json!(["shop:list", "shop:get", "shop:create"]));
    let part = watched(json!(["shop:list", "shop:get"]));
    for (method, target) in [("GET", "/shop/magazines"), ("POST", "/shop/books/"), ("BREW", "/shop/books")] {
        let stray = |headers: &[(&str, &str)]| head(method, target, headers);
        assert_eq!(verdict(&whole, &stray(&[("x-api-key", KEY)]), ""), None, "{method} {target}");
        assert_eq!(
            verdict(&part, &stray(&[("x-api-key", KEY)]), ""),
            Some((Phase::Authorize, Code::AccessDenied)),
            "{method} {target}"
        );
        assert_eq!(verdict(&whole, &stray(&[]), ""), Some((Phase::Identify, Code::CredentialMissing)));
    }
}

#[test]
fn test_an_undocumented_request_of_a_public_api_when_one_operation_is_not_public_then_needs_a_credential() {
    let open =
        change(changed("/apis/0/guards", json!({"contract": {"mode": "monitor"}})), "/apis/0/identify/public", json!(true));
    assert_eq!(verdict(&engine(&open), &head("GET", "/shop/magazines", &[]), ""), None);
    let partly = change(open, "/apis/0/operations/2/public", json!(false));
    let found = verdict(&engine(&partly), &head("GET", "/shop/magazines", &[]), "");
    assert_eq!(found, Some((Phase::Identify, Code::CredentialMissing)));
}

#[test]
fn test_a_path_when_guessed_then_counts_against_limits_by_address() {
    let few =
        json!([{"name": "few", "measure": {"kind": "rate", "amount": 2, "period_ms": 60_000, "burst": 2}, "by": "address"}]);
    let engine = engine(&changed("/limits", few));
    let codes: Vec<Option<Code>> = ["/nowhere", "/shop/nothing", "/elsewhere"]
        .map(|target| verdict(&engine, &head("GET", target, &[]), "").map(|(_, code)| code))
        .into();
    assert_eq!(codes, [Some(Code::ApiUnknown), Some(Code::OperationUnknown), Some(Code::RateExceeded)]);
}

#[test]
fn test_a_semicolon_when_the_contract_has_none_then_is_refused() {
    let engine = engine(&snapshot());
    let found = verdict(&engine, &head("GET", "/shop/books/export;x=1", &[("x-api-key", KEY)]), "");
    assert_eq!(found, Some((Phase::Route, Code::TargetInvalid)));
    let matrix =
        json!({"name": "id", "in": "path", "required": true, "style": "matrix", "explode": false, "shape": {}, "schema": true});
    let described = self::engine(&changed("/apis/0/operations/1/parameters", json!([matrix])));
    assert_eq!(verdict(&described, &head("GET", "/shop/books/;id=7", &[("x-api-key", KEY)]), ""), None);
}

#[test]
fn test_fields_that_forge_or_override_when_sent_then_stay_behind() {
    let engine = engine(&snapshot());
    let mut exchange = exchange(&engine, 0);
    let stray = format!("token {KEY}");
    let forged = [
        ("Yett_App", "admin"),
        ("X_Forwarded_For", "6.6.6.6"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-Original-URL", "/admin"),
        ("x-forwarded-prefix", "/a"),
        ("authorization", "Basic YTpi"),
        ("x-other", &stray),
        ("x-api-key", KEY),
    ];
    let mut parts = head("GET", "/shop/books/7", &forged);
    assert!(judge(&mut exchange, &parts, "").is_none());
    exchange.upstream_request(&mut parts).unwrap();
    let mut names: Vec<&str> = parts.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["host", "traceparent", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "yett-app", "yett-decision"]
    );
}

#[test]
fn test_a_header_with_an_underscore_when_the_contract_names_it_then_goes_upstream() {
    let mode = json!({"name": "x_mode", "in": "header", "style": "simple", "explode": false, "shape": {}, "schema": true});
    let engine = engine(&changed("/apis/0/operations/3/parameters", json!([mode])));
    let mut exchange = exchange(&engine, 0);
    let mut parts = head("GET", "/shop/health", &[("x_mode", "safe"), ("x_other", "1")]);
    assert!(judge(&mut exchange, &parts, "").is_none());
    exchange.upstream_request(&mut parts).unwrap();
    assert!(parts.headers.contains_key("x_mode") && !parts.headers.contains_key("x_other"));
}

#[test]
fn a_described_header_that_imitates_one_of_the_gateways_never_goes_upstream() {
    let named = |name| json!({"name": name, "in": "header", "style": "simple", "explode": false, "shape": {}, "schema": true});
    let names = ["yett_app", "x_forwarded_for", "x_api_key"];
    let engine = engine(&changed("/apis/0/operations/3/parameters", names.map(named).into()));
    let mut exchange = exchange(&engine, 0);
    let mut parts = head("GET", "/shop/health", &names.map(|name| (name, "forged")));
    assert!(judge(&mut exchange, &parts, "").is_none());
    exchange.upstream_request(&mut parts).unwrap();
    assert!(names.iter().all(|name| !parts.headers.contains_key(*name)), "{:?}", parts.headers);
}

#[test]
fn test_an_answer_that_is_checked_when_asked_for_then_comes_without_a_content_coding() {
    let unchecked = changed("/apis/0/guards", json!({"contract": {"responses": "off"}}));
    for (snapshot, target, coding) in
        [(snapshot(), "/shop/books", "identity"), (snapshot(), "/shop/books/7", "gzip"), (unchecked, "/shop/books", "gzip")]
    {
        let engine = engine(&snapshot);
        let mut exchange = exchange(&engine, 0);
        let mut parts = head("GET", target, &[("x-api-key", KEY), ("accept-encoding", "gzip")]);
        assert!(judge(&mut exchange, &parts, "").is_none());
        exchange.upstream_request(&mut parts).unwrap();
        assert_eq!(parts.headers["accept-encoding"], coding, "{target}");
    }
}

#[test]
fn test_the_host_when_preserved_then_is_the_one_that_was_spoken_in_every_form() {
    let engine = engine(&changed("/apis/0/upstream/preserve_host", json!(true)));
    for (target, host) in [("/shop/health", Some("pub.example:8443")), ("https://pub.example:8443/shop/health", None)] {
        let mut exchange = exchange(&engine, 0);
        let mut parts = head("GET", target, &[]);
        parts.headers.remove("host");
        parts.version = http::Version::HTTP_2;
        if let Some(host) = host {
            parts.headers.insert("host", host.parse().unwrap());
        }
        assert!(judge(&mut exchange, &parts, "").is_none());
        exchange.upstream_request(&mut parts).unwrap();
        assert_eq!(parts.headers["host"], "pub.example:8443", "{target}");
    }
}

#[test]
fn test_a_target_that_is_refused_when_recorded_then_is_seen_in_the_log() {
    let engine = engine(&snapshot());
    let mut exchange = exchange(&engine, 0);
    assert!(judge(&mut exchange, &head("GET", "/shop/../admin?x=1", &[]), "").is_some());
    assert_eq!(event(&exchange, 400).path, "/shop/../admin");
}

#[test]
fn test_a_request_when_forwarded_then_carries_facts_and_no_credential() {
    let engine = engine(&snapshot());
    let mut exchange = exchange(&engine, 0);
    let mut parts = head("GET", "/shop/books/7", &[("x-api-key", KEY), ("yett-app", "forged"), ("x-forwarded-for", "10.0.0.1")]);
    assert!(judge(&mut exchange, &parts, "").is_none());
    let target = exchange.upstream_request(&mut parts).unwrap();
    assert_eq!((target.url.as_str(), parts.uri.to_string()), ("http://127.0.0.1:9001/v1", "/v1/books/7".to_owned()));
    assert!(parts.headers.iter().all(|(_, value)| !value.to_str().unwrap().contains(KEY)));
    for (name, value) in [
        ("yett-app", "reader-app"),
        ("x-forwarded-for", "192.0.2.77"),
        ("x-forwarded-proto", "https"),
        ("host", "127.0.0.1:9001"),
    ] {
        assert_eq!(parts.headers.get_all(name).iter().collect::<Vec<_>>(), [value], "{name}");
    }
    assert_eq!(parts.headers["yett-decision"], exchange.id());
}

#[test]
fn test_a_key_when_sent_in_any_place_then_never_goes_upstream() {
    let engine = engine(&snapshot());
    let bearer = format!("Bearer {KEY}");
    for (target, headers) in [
        ("/shop/books/7".to_owned(), vec![("authorization", bearer.as_str())]),
        (format!("/shop/books/7?key={KEY}"), vec![]),
        (format!("/shop/books?k%65y={KEY}&page=1"), vec![]),
    ] {
        let mut exchange = exchange(&engine, 0);
        let mut parts = head("GET", &target, &headers);
        assert!(judge(&mut exchange, &parts, "").is_none(), "{target}");
        exchange.upstream_request(&mut parts).unwrap();
        assert!(!format!("{parts:?}").contains(KEY), "{parts:?}");
    }
}

#[test]
fn test_targets_when_weighted_then_get_their_share() {
    let engine = engine(&snapshot());
    let pick = |random| {
        let mut exchange = exchange(&engine, random);
        let mut parts = head("GET", "/shop/health", &[]);
        assert!(judge(&mut exchange, &parts, "").is_none());
        exchange.upstream_request(&mut parts).unwrap().port
    };
    let ports: Vec<u16> = (0..8).map(pick).collect();
    assert_eq!(ports, [9001, 9001, 9001, 9002, 9001, 9001, 9001, 9002]);
}

#[test]
fn test_a_limited_request_when_answered_then_every_answer_has_the_rate_fields() {
    let many =
        json!([{"name": "many", "measure": {"kind": "rate", "amount": 60, "period_ms": 60_000, "burst": 60}, "by": "all"}]);
    let strict = change(changed("/limits", many), "/apis/0/guards", json!({"contract": {"responses": "enforce"}}));
    let engine = engine(&strict);
    let mut exchange = exchange(&engine, 1);
    let parts = head("GET", "/shop/books", &[("x-api-key", KEY)]);
    assert!(judge(&mut exchange, &parts, "").is_none());
    let answer = http::Response::builder().header("content-type", "application/json").header("ratelimit", "\"theirs\";r=1");
    let (mut answer, ()) = answer.body(()).unwrap().into_parts();
    assert_eq!(exchange.judge_response(&parts, &mut answer), BodyNeed::Collect);
    assert_eq!(answer.headers["ratelimit"], "\"many\";r=59;t=1");
    let refused = exchange.judge_response_body(&parts, &mut answer, Some(Bytes::from_static(b"{}"))).unwrap_err();
    assert_eq!((refused.status().as_u16(), &refused.headers()["ratelimit"]), (502, &answer.headers["ratelimit"]));
}

#[test]
fn test_an_event_when_written_then_has_the_models_shape_and_no_secret() {
    let engine = engine(&snapshot());
    let mut exchange = exchange(&engine, 1);
    let parts = head("GET", &format!("/shop/books?page=zero&key={KEY}"), &[]);
    assert_eq!(judge(&mut exchange, &parts, "").unwrap().status(), 400);
    let event = event(&exchange, 400);
    assert_eq!((event.time.as_str(), event.address.as_str(), event.query.len()), ("2023-11-14T22:13:20.000Z", "192.0.2.0", 2));
    assert_eq!((event.api.as_deref(), event.operation.as_deref()), (Some("shop"), Some("shop:list")));
    assert_eq!(
        (event.app.as_deref(), event.team.as_deref(), event.credential.as_deref()),
        (Some("reader-app"), Some("readers"), Some("k1"))
    );
    assert_eq!(
        (event.code, event.source, event.decision.as_str()),
        (Some(Code::RequestInvalid), Some(Source::Caller), exchange.id())
    );
    assert!(!serde_json::to_string(&event).unwrap().contains(KEY));
}

#[test]
fn test_an_exchange_when_begun_before_a_new_snapshot_then_keeps_its_plan() {
    let engine = engine(&snapshot());
    let mut running = exchange(&engine, 1);
    engine.apply(&bytes(&changed("/apis/0/base_path", json!("/store")))).unwrap();
    let parts = head("GET", "/shop/health", &[]);
    assert!(judge(&mut running, &parts, "").is_none());
    assert_eq!(verdict(&engine, &parts, ""), Some((Phase::Route, Code::ApiUnknown)));
}

#[path = "proxying.rs"]
mod proxying;
