//! What only the body of a request, or the upstream's answer, decides.

use super::*;
use crate::BodyNeed;
use crate::fixture::{change, exchange, head};
use bytes::Bytes;

const OWN: &str =
    r#"forbid(principal, action == Action::"orders:create", resource) unless { context.body.ownerId == principal.id };"#;
const SEEN: &str =
    r#"forbid(principal, action == Action::"orders:get", resource) unless { context.response.ownerId == principal.id };"#;

fn create(engine: &Engine, body: &str) -> Decision {
    let headers = json!([["content-type", "application/json"]]);
    ask(engine, &json!({"method": "POST", "target": "/orders", "app": "alice", "headers": headers, "body": body}))
}

fn answer(engine: &Engine, status: u16, kind: &str, body: &str) -> Option<Code> {
    let answer = json!({"status": status, "headers": [["content-type", kind]], "body": body});
    ask(engine, &json!({"method": "GET", "target": "/orders/1", "app": "alice", "response": answer})).code
}

#[test]
fn a_field_of_the_body_is_held_against_the_caller() {
    let engine = shop(OWN);
    assert_eq!(create(&engine, r#"{"ownerId": "alice", "total": 1}"#).code, None);
    let refused = create(&engine, r#"{"ownerId": "bob", "total": 1}"#);
    assert_eq!(refused.code, DENIED);
    assert!(reasons(&refused, Phase::Inspect).starts_with("policy-denied: forbidden by policy rule"));
    // What does not fit the contract is told as such.
    assert_eq!(create(&engine, r#"{"total": 1}"#).code, Some(Code::RequestInvalid));
    assert_eq!(create(&engine, r#"{"ownerId": "alice", "ownerId": "bob", "total": 1}"#).code, Some(Code::RequestInvalid));
}

#[test]
fn a_body_that_does_not_fit_is_refused_also_where_the_contract_only_watches() {
    let watched = engine(&change(snapshot(json!([policy(OWN)])), "/apis/0/guards", json!({"contract": {"mode": "monitor"}})));
    for body in ["", "{", "[]", r#"{"total": 1}"#, r#"{"ownerId": 7}"#, r#"{"ownerId": "alice", "ownerId": "bob"}"#, "null"] {
        assert_eq!(create(&watched, body).code, DENIED, "{body}");
    }
    assert_eq!(create(&watched, r#"{"ownerId": "alice"}"#).code, None);
    let text =
        json!({"method": "POST", "target": "/orders", "app": "alice", "body": "x", "headers": [["content-type", "text/plain"]]});
    assert_eq!(ask(&watched, &text).code, DENIED);
}

#[test]
fn only_named_fields_are_looked_at_and_each_has_its_type() {
    let engine = shop(
        r#"forbid(principal, action == Action::"orders:create", resource)
             when { context.body.total.greaterThan(decimal("100.50")) }
             unless { context.body has quantity && context.body.quantity == 3 && context.body has tags && context.body.tags.contains("gift")
                      && context.body has customer.id && context.body.customer.id like "c-*" && context.body has note };"#,
    );
    assert_eq!(create(&engine, r#"{"ownerId": "x", "total": 100.5}"#).code, None);
    assert_eq!(create(&engine, r#"{"ownerId": "x", "total": 100.51}"#).code, DENIED);
    let full = r#"{"ownerId": "x", "total": 101, "quantity": 3, "tags": ["a", "gift"], "customer": {"id": "c-1"}, "note": "n"}"#;
    assert_eq!(create(&engine, full).code, None);
    assert_eq!(create(&engine, &full.replace("\"n\"", "null")).code, DENIED);
    assert_eq!(create(&engine, &full.replace("c-1", "d-1")).code, DENIED);
    // More digits than Cedar's decimals have.
    assert_eq!(create(&engine, r#"{"ownerId": "x", "total": 0.00001}"#).code, DENIED);
}

#[test]
fn a_permit_of_the_head_is_enough_where_another_waits_for_the_body() {
    let engine = shop(
        r#"permit(principal in Team::"partners", action == Action::"orders:create", resource);
           permit(principal, action == Action::"orders:create", resource) when { context.tls && context.body.total.lessThan(decimal("10.0")) };"#,
    );
    assert_eq!(create(&engine, r#"{"ownerId": "x", "total": 9}"#).code, None);
    assert_eq!(create(&engine, r#"{"ownerId": "x", "total": 10}"#).code, DENIED);
    let by_team = shop(
        r#"permit(principal in Team::"shop", action == Action::"orders:create", resource);
           permit(principal, action == Action::"orders:create", resource) when { context.body.total.lessThan(decimal("10.0")) };"#,
    );
    assert_eq!(create(&by_team, r#"{"ownerId": "x", "total": 10}"#).code, None);
}

#[test]
fn an_answer_reaches_its_owner_only() {
    let engine = shop(SEEN);
    assert_eq!(answer(&engine, 200, "application/json", r#"{"ownerId": "alice", "total": 1}"#), None);
    assert_eq!(answer(&engine, 200, "application/json; charset=utf-8", r#"{"ownerId": "bob", "total": 1}"#), DENIED);
}

const FOREIGN: &str = r#"{"ownerId": "bob", "total": 1}"#;

#[test]
fn another_status_does_not_carry_the_object_past_its_policy() {
    let open = engine(&snapshot(json!([])));
    let engine = shop(SEEN);
    for status in [300, 301, 302, 303, 304, 307, 308, 399] {
        assert_eq!(answer(&open, status, "application/json", FOREIGN), None, "{status}: without the policy");
        assert_eq!(answer(&engine, status, "application/json", FOREIGN), DENIED, "{status}");
    }
    for status in [400, 402, 404, 409, 410, 418] {
        for body in [FOREIGN, r#"{"ownerId": "alice", "total": 1}"#, r#"{"order": {"owner": "bob"}}"#, "x"] {
            assert_eq!(answer(&open, status, "application/json", body), None, "{status}: without the policy");
            assert_eq!(answer(&engine, status, "application/json", body), Some(Code::UpstreamError), "{status} {body}");
        }
    }
}

#[test]
fn an_error_is_told_by_its_status_in_the_gateways_words() {
    let engine = shop(SEEN);
    let (status, body) = answered(&engine, "alice", &[], 409, FOREIGN).unwrap_err();
    assert_eq!(status, 409);
    assert!(body.contains("upstream-error") && !body.contains("bob"), "{body}");
}

#[test]
fn a_described_error_may_be_the_object_and_is_told_in_the_gateways_words_too() {
    let mut described = snapshot(json!([policy(SEEN)]));
    let responses = described["apis"][0]["operations"][1]["responses"].as_array_mut().unwrap();
    let schema = json!({"range": "application/json", "kind": "json", "schema": {"type": "object"}});
    responses.push(json!({"status": "404", "media": [schema]}));
    let engine = engine(&described);
    assert_eq!(answer(&engine, 404, "application/json", FOREIGN), Some(Code::UpstreamError));
}

#[test]
fn whom_no_policy_is_for_gets_every_answer_as_it_is() {
    let engine = shop(
        r#"forbid(principal in Team::"partners", action == Action::"orders:get", resource) unless { context.response.ownerId == principal.id };"#,
    );
    let conditions = [("if-none-match", "\"1\"")];
    for (status, body) in [(304, ""), (404, FOREIGN), (302, "")] {
        assert_eq!(answered(&engine, "alice", &conditions, status, body).map(|sent| sent.len()), Ok(1), "{status}");
        assert!(answered(&engine, "bob", &conditions, status, body).is_err(), "{status}");
    }
}

#[test]
fn conditions_and_ranges_do_not_reach_the_upstream_of_a_judged_answer() {
    let sent = [
        ("if-none-match", "\"1\""),
        ("if-match", "\"1\""),
        ("if-modified-since", "Tue, 24 Nov 2026 00:00:00 GMT"),
        ("if-unmodified-since", "Tue, 24 Nov 2026 00:00:00 GMT"),
        ("if-range", "\"1\""),
        ("range", "bytes=0-1"),
    ];
    let own = r#"{"ownerId": "alice", "total": 1}"#;
    assert_eq!(answered(&engine(&snapshot(json!([]))), "alice", &sent, 200, own).unwrap().len(), sent.len());
    assert_eq!(answered(&shop(SEEN), "alice", &sent, 200, own), Ok(Vec::new()));
}

#[test]
fn a_policy_that_only_watches_leaves_conditions_and_errors_alone() {
    let mut watched = policy(SEEN);
    watched["mode"] = json!("monitor");
    let engine = engine(&snapshot(json!([watched])));
    let conditions = [("if-none-match", "\"1\"")];
    for (status, body) in [(304, ""), (404, FOREIGN), (302, "")] {
        assert_eq!(answered(&engine, "alice", &conditions, status, body).map(|sent| sent.len()), Ok(1), "{status}");
    }
}

#[test]
fn what_trails_a_judged_answer_stays_behind() {
    let kept = |engine: &Engine| {
        let mut exchange = exchange(engine, 1);
        exchange.assumed = engine.plan().unwrap().assume("alice");
        let mut parts = head("GET", "/orders/1", &[]);
        exchange.judge_head(&parts).unwrap();
        exchange.upstream_request(&mut parts).unwrap();
        let mut trailers = http::HeaderMap::new();
        trailers.insert("x-order", http::HeaderValue::from_static("bob"));
        exchange.keep_trailers(&mut trailers);
        trailers.len()
    };
    assert_eq!((kept(&engine(&snapshot(json!([])))), kept(&shop(SEEN))), (1, 0));
}

/// The conditions that reach the upstream, where its answer reaches the caller; else the status and the body instead.
fn answered(engine: &Engine, app: &str, fields: &[(&str, &str)], status: u16, body: &str) -> Result<Vec<String>, (u16, String)> {
    let mut exchange = exchange(engine, 1);
    exchange.assumed = engine.plan().unwrap().assume(app);
    let asked = head("GET", "/orders/1", fields);
    exchange.judge_head(&asked).unwrap();
    exchange.judge_body(&asked, None).unwrap();
    let mut sent = asked.clone();
    exchange.upstream_request(&mut sent).unwrap();
    let names = sent.headers.keys().map(|name| name.as_str()).filter(|name| name.starts_with("if-") || *name == "range");
    let names = names.map(str::to_owned).collect();
    let (mut answer, ()) =
        http::Response::builder().status(status).header("content-type", "application/json").body(()).unwrap().into_parts();
    let need = exchange.judge_response(&asked, &mut answer);
    let collected = (need == BodyNeed::Collect).then(|| Bytes::from(body.to_owned()));
    let refused = exchange.judge_response_body(&asked, &mut answer, collected);
    refused.map(|_changed| names).map_err(|answer| (answer.status().as_u16(), String::from_utf8(answer.body().to_vec()).unwrap()))
}

#[test]
fn an_answer_that_cannot_be_judged_does_not_leak() {
    let engine = shop(SEEN);
    for (kind, body) in [
        ("application/json", ""),
        ("application/json", "{"),
        ("application/json", "[]"),
        ("application/json", r#"{"total": 1}"#),
        ("application/json", r#"{"ownerId": null, "total": 1}"#),
        ("application/json", r#"{"ownerId": 7, "total": 1}"#),
        ("application/json", r#"{"ownerId": "alice", "ownerId": "bob"}"#),
        ("application/json", "{\"ownerId\": \"alice\"}\n{\"ownerId\": \"bob\"}"),
        ("application/x-ndjson", r#"{"ownerId": "alice"}"#),
        ("text/event-stream", "data: 1"),
        ("text/html", r#"{"ownerId": "alice", "total": 1}"#),
        ("application/json; charset=utf-16", r#"{"ownerId": "alice", "total": 1}"#),
    ] {
        for status in [200, 201, 203, 206] {
            assert_eq!(answer(&engine, status, kind, body), DENIED, "{status} {kind} {body}");
        }
    }
    // A part that is itself an object with the caller's name in it.
    assert_eq!(answer(&engine, 206, "application/json", r#"{"ownerId": "alice", "total": 1}"#), DENIED);
}

#[test]
fn an_answer_in_a_coding_is_neither_asked_for_nor_passed_on() {
    let engine = shop(SEEN);
    let headers = json!([["content-type", "application/json"], ["content-encoding", "gzip"]]);
    let answer = json!({"status": 200, "headers": headers, "body": r#"{"ownerId": "alice", "total": 1}"#});
    assert_eq!(ask(&engine, &json!({"method": "GET", "target": "/orders/1", "app": "alice", "response": answer})).code, DENIED);
    assert!(engine.plan().unwrap().operations()[1].reads_answers);
}

#[test]
fn an_answer_that_is_too_large_or_has_no_body_does_not_leak() {
    let engine = shop(SEEN);
    let judged = |method: &str, body: Option<&str>| {
        let mut exchange = exchange(&engine, 1);
        exchange.assumed = engine.plan().unwrap().assume("alice");
        let mut parts = head(method, "/orders/1", &[]);
        exchange.judge_head(&parts).unwrap();
        exchange.judge_body(&parts, None).unwrap();
        let asked = parts.clone();
        exchange.upstream_request(&mut parts).unwrap();
        let (mut answer, ()) =
            http::Response::builder().status(200).header("content-type", "application/json").body(()).unwrap().into_parts();
        assert_eq!(exchange.judge_response(&asked, &mut answer), BodyNeed::Collect);
        let refused = exchange.judge_response_body(&asked, &mut answer, body.map(|body| Bytes::from(body.to_owned())));
        refused.err().map(|answer| (answer.status().as_u16(), String::from_utf8(answer.body().to_vec()).unwrap()))
    };
    let own = r#"{"ownerId": "alice", "total": 1}"#;
    assert_eq!(judged("GET", Some(own)), None);
    let (status, problem) = judged("GET", None).unwrap();
    assert_eq!(status, 403);
    assert!(problem.contains("policy-denied") && !problem.contains("ownerId"));
    assert_eq!(judged("HEAD", None).unwrap().0, 403);
    assert_eq!(judged("GET", Some(&own.replace("alice", "bob"))).unwrap().0, 403);
}

#[test]
fn answers_are_judged_also_where_the_contract_does_not_look_at_them() {
    let off = json!({"contract": {"responses": "off"}});
    let engine = engine(&change(snapshot(json!([policy(SEEN)])), "/apis/0/guards", off));
    assert_eq!(answer(&engine, 200, "application/json", r#"{"ownerId": "alice", "total": 1}"#), None);
    assert_eq!(answer(&engine, 200, "application/json", r#"{"ownerId": "bob", "total": 1}"#), DENIED);
    assert_eq!(answer(&engine, 200, "application/json", r#"{"ownerId": "alice", "OwnerId": "bob"}"#), DENIED);
}

#[test]
fn a_policy_on_answers_in_monitor_lets_them_pass_and_is_told() {
    let mut watched = policy(SEEN);
    watched["mode"] = json!("monitor");
    let engine = engine(&snapshot(json!([watched])));
    let answer =
        json!({"status": 200, "headers": [["content-type", "application/json"]], "body": r#"{"ownerId": "bob", "total": 1}"#});
    let decision = ask(&engine, &json!({"method": "GET", "target": "/orders/1", "app": "alice", "response": answer}));
    assert!(decision.allowed);
    assert!(reasons(&decision, Phase::Respond).contains("would refuse (policy-denied): forbidden by policy rule"));
}
