use super::*;
use crate::fixture::{KEY, NOW, change, changed, engine, snapshot};
use serde_json::{Value, json};

fn ask(engine: &Engine, request: Value) -> Result<Decision, String> {
    decide(engine, &serde_json::from_value(request).unwrap(), NOW, 1)
}

fn outcomes(decision: &Decision) -> Vec<Outcome> {
    decision.phases.iter().map(|report| report.outcome).collect()
}

fn reasons(decision: &Decision, phase: Phase) -> String {
    decision.phases.iter().find(|report| report.phase == phase).unwrap().reasons.join("; ")
}

#[test]
fn test_a_decision_when_allowed_then_tells_every_phase_and_the_upstream() {
    let decision = ask(&engine(&snapshot()), json!({"method": "GET", "target": "/shop/books/7", "app": "reader-app"})).unwrap();
    assert!(decision.allowed && decision.status.is_none() && decision.code.is_none());
    let phases: Vec<Phase> = decision.phases.iter().map(|report| report.phase).collect();
    assert_eq!(phases, Phase::ALL);
    assert_eq!((decision.api.as_deref(), decision.operation.as_deref()), (Some("shop"), Some("shop:get")));
    assert_eq!(decision.upstream.as_ref().map(|upstream| upstream.path.as_str()), Some("/v1/books/7"));
    assert_eq!(reasons(&decision, Phase::Identify), "app reader-app of team readers");
    assert_eq!(reasons(&decision, Phase::Authorize), "granted by profile reader");
    assert_eq!(reasons(&decision, Phase::Inspect), "the request fits the contract");
    assert!(reasons(&decision, Phase::Forward).starts_with("to http"));
}

#[test]
fn test_a_decision_when_refused_then_later_phases_are_skipped_and_the_event_is_written() {
    let decision = ask(&engine(&snapshot()), json!({"method": "GET", "target": "/shop/books"})).unwrap();
    assert_eq!((decision.allowed, decision.status, decision.code), (false, Some(401), Some(Code::CredentialMissing)));
    use Outcome::{Continue, Deny, Skipped};
    let expected = [Continue, Continue, Continue, Deny, Skipped, Skipped, Skipped, Skipped, Skipped, Continue];
    assert_eq!(outcomes(&decision), expected);
    assert!(decision.upstream.is_none());
    assert!(decision.headers.iter().any(|(name, _)| name == "www-authenticate"));
}

#[test]
fn test_a_guard_in_monitor_when_it_would_refuse_then_the_phase_says_so() {
    let whole = changed("/profiles/0/operations", json!(["shop:list", "shop:get", "shop:create"]));
    let watched = engine(&change(whole, "/apis/0/guards", json!({"contract": {"mode": "monitor"}})));
    let decision = ask(&watched, json!({"method": "GET", "target": "/shop/books?page=0", "app": "reader-app"})).unwrap();
    assert!(decision.allowed && !decision.violations.is_empty());
    assert_eq!(outcomes(&decision)[6], Outcome::WouldDeny);
    let unknown = ask(&watched, json!({"method": "GET", "target": "/shop/magazines", "app": "reader-app"})).unwrap();
    assert_eq!((unknown.allowed, outcomes(&unknown)[1]), (true, Outcome::WouldDeny));
}

#[test]
fn test_a_decision_when_limited_then_shows_the_rate_fields_whatever_the_end() {
    let few = json!([{"name": "few", "measure": {"kind": "rate", "amount": 2, "period_ms": 60_000, "burst": 2}, "by": "all"}]);
    let engine = engine(&changed("/limits", few));
    let request = json!({"method": "GET", "target": "/shop/health"});
    let answered = json!({"method": "GET", "target": "/shop/health", "response": {"status": 200}});
    for (request, status, state) in
        [(&request, None, "\"few\";r=1;t=30"), (&answered, None, "\"few\";r=0;t=60"), (&request, Some(429), "\"few\";r=0;t=60")]
    {
        let decision = ask(&engine, request.clone()).unwrap();
        assert_eq!(decision.status, status);
        assert!(decision.headers.contains(&("ratelimit".to_owned(), state.to_owned())), "{:?}", decision.headers);
    }
    let later = json!({"method": "GET", "target": "/shop/health", "at": NOW.unix_ms + 3_600_000});
    assert!(ask(&engine, later).unwrap().allowed);
}

#[test]
fn test_an_answer_when_it_breaks_the_contract_then_the_respond_phase_refuses() {
    let strict = engine(&changed("/apis/0/guards", json!({"contract": {"responses": "enforce"}})));
    let answer = json!({"status": 200, "headers": [["content-type", "application/json"]], "body": "{}"});
    let request = json!({"method": "GET", "target": "/shop/books", "app": "reader-app", "response": answer});
    let decision = ask(&strict, request).unwrap();
    assert_eq!((decision.status, decision.code), (Some(502), Some(Code::ResponseInvalid)));
    assert_eq!(outcomes(&decision)[8], Outcome::Deny);
}

#[test]
fn test_a_body_when_larger_than_the_operation_allows_then_is_refused() {
    let granted = engine(&changed("/profiles/0/operations", json!(["shop:create"])));
    let send = |body: String| {
        let headers = [["content-type", "application/json"], ["x-api-key", KEY]];
        ask(&granted, json!({"method": "POST", "target": "/shop/books", "headers": headers, "body": body})).unwrap().code
    };
    assert_eq!(send(r#"{"title": "Emma"}"#.to_owned()), None);
    assert_eq!(send(r#"{"name": "Emma"}"#.to_owned()), Some(Code::RequestInvalid));
    assert_eq!(send(format!(r#"{{"title": "{}"}}"#, "x".repeat(64))), Some(Code::BodyTooLarge));
}

#[test]
fn test_a_request_when_it_is_no_http_or_names_nobody_then_an_error_says_so() {
    let shop = engine(&snapshot());
    assert!(ask(&shop, json!({"method": "G T", "target": "/shop/books"})).is_err());
    assert!(ask(&shop, json!({"method": "GET", "target": "/shop/books", "headers": [["a b", "c"]]})).is_err());
    assert!(ask(&shop, json!({"method": "GET", "target": "/shop/books", "address": "here"})).is_err());
    assert_eq!(ask(&shop, json!({"method": "GET", "target": "/", "app": "x"})).unwrap_err(), "there is no app 'x'");
    assert!(ask(&Engine::new(crate::fixture::pepper()), json!({"method": "GET", "target": "/"})).is_err());
}
