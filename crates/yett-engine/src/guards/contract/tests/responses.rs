use super::*;

const JSON: (&str, &str) = ("content-type", "application/json");

fn engine_with(guard: Value) -> Engine {
    let schema = json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}});
    let total = json!({"name": "x-total", "in": "header", "required": true, "style": "simple", "explode": false,
        "shape": {"types": ["integer"]}, "schema": {"type": "integer"}});
    let responses = json!([
        {"status": "200", "media": [{"range": "application/json", "kind": "json", "schema": schema}]},
        {"status": "2XX", "headers": [total]},
        {"status": "4XX", "media": [{"range": "text/event-stream", "kind": "text", "schema": {"type": "string"}}]},
    ]);
    apply(&snapshot(json!({"responses": responses}), guard, json!({}))).unwrap()
}

fn enforcing() -> Engine {
    engine_with(json!({"responses": "enforce", "max_response_bytes": 100}))
}

#[test]
fn test_answers_when_they_fit_then_they_pass() {
    assert!(answer(&enforcing(), 200, &[JSON], r#"{"id": 1}"#).allowed);
    assert!(answer(&enforcing(), 201, &[("x-total", "4")], "").allowed);
    assert!(answer(&enforcing(), 404, &[("content-type", "text/event-stream")], "data: x").allowed);
}

#[test]
fn test_answers_when_they_do_not_fit_then_they_are_refused_as_the_upstreams_fault() {
    for (status, headers, body, violation) in [
        (200, &[JSON][..], r#"{"id": "x"}"#, "body /id invalid"),
        (200, &[JSON], "{", "body  malformed"),
        (200, &[("content-type", "text/html")], "<p>", "header content-type unknown"),
        (201, &[], "", "header x-total missing"),
        (201, &[("x-total", "4"), JSON], "{}", "header content-type unknown"),
        (200, &[("content-length", "2")], "{}", "header content-type missing"),
        (302, &[], "", "status 302 unknown"),
    ] {
        let decision = answer(&enforcing(), status, headers, body);
        assert_eq!((decision.code, told(&decision)), (Some(Code::ResponseInvalid), vec![violation.to_owned()]));
    }
}

#[test]
fn test_answers_when_only_monitored_then_they_pass_and_all_is_told() {
    let decision = answer(&engine_with(json!({})), 200, &[JSON], "{}");
    assert!(decision.allowed);
    assert_eq!(told(&decision), ["body /id missing"]);
    assert!(told(&answer(&engine_with(json!({"responses": "off"})), 200, &[JSON], "{}")).is_empty());
}

#[test]
fn test_answers_when_too_long_then_they_pass_unchecked() {
    let long = format!("{{\"x\": \"{}\"}}", "y".repeat(100));
    assert!(answer(&enforcing(), 200, &[JSON], &long).allowed);
    assert!(answer(&enforcing(), 200, &[JSON, ("content-length", "101")], "{}").allowed);
}

#[test]
fn test_answers_when_they_cannot_be_read_then_they_do_not_pass_as_if_they_fitted() {
    let gzip = [JSON, ("content-encoding", "gzip")];
    let latin = [("content-type", "application/json; charset=utf-16")];
    for (headers, violation) in [(&gzip[..], "header content-encoding unknown"), (&latin[..], "header content-type invalid")] {
        let refused = answer(&enforcing(), 200, headers, "{}");
        assert_eq!((refused.code, told(&refused)), (Some(Code::ResponseInvalid), vec![violation.to_owned()]));
        let monitored = answer(&engine_with(json!({})), 200, headers, "{}");
        assert_eq!((monitored.allowed, told(&monitored)), (true, vec![violation.to_owned()]));
    }
    // Nothing would be checked in these: no schema, no body.
    assert!(answer(&enforcing(), 404, &[("content-type", "text/event-stream"), ("content-encoding", "gzip")], "x").allowed);
    assert!(answer(&enforcing(), 200, &[JSON, ("content-encoding", "gzip"), ("content-length", "0")], "").allowed);
}

#[test]
fn test_answers_when_they_can_have_no_body_then_none_is_asked_for() {
    let responses =
        json!([{"status": "default", "media": [{"range": "application/json", "kind": "json", "schema": {"type": "object"}}]}]);
    let engine = apply(&snapshot(json!({"responses": responses}), json!({"responses": "enforce"}), json!({}))).unwrap();
    assert!([204, 304].iter().all(|&status| answer(&engine, status, &[JSON], "").allowed));
    assert!(answer(&engine, 200, &[JSON, ("content-length", "0")], "").allowed);
}

#[test]
fn test_refusals_of_answers_when_sent_to_the_caller_then_they_do_not_show_the_answer() {
    let refusal = crate::Refusal::new(Code::ResponseInvalid, "reason").with_violations(vec![Violation {
        location: "body".to_owned(),
        field: "/secret".to_owned(),
        code: "invalid".to_owned(),
        detail: String::new(),
    }]);
    assert!(!String::from_utf8_lossy(refusal.response("d").body()).contains("secret"));
}
