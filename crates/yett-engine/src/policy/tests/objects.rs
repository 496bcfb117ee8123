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
    // Errors and redirects hold no object.
    assert_eq!(answer(&engine, 404, "application/json", r#"{"error": 1}"#), None);
    assert_eq!(answer(&engine, 304, "application/json", ""), None);
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
