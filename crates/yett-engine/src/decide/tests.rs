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

/// The access report of a request for `GET /shop/books/7` by an app.
fn access_of(shop: &Value, request: Value) -> AccessReport {
    let mut whole = json!({"method": "GET", "target": "/shop/books/7"});
    whole.as_object_mut().unwrap().extend(request.as_object().unwrap().clone());
    ask(&engine(shop), whole).unwrap().access.unwrap()
}

/// Profiles with one that grants by inheritance, one that denies, and one that grants for a time.
fn graded() -> Value {
    let profiles = json!([
        {"name": "reader", "operations": ["shop:list", "shop:get"]},
        {"name": "editor", "inherits": ["reader"], "operations": ["shop:create"]},
        {"name": "frozen", "denied_operations": ["shop:get"]},
        {"name": "trial", "timed": [{"operations": ["shop:get"], "until": NOW.unix_ms / 1000}]},
        {"name": "later", "timed": [{"operations": ["shop:get"], "from": NOW.unix_ms / 1000 + 60}]},
    ]);
    changed("/profiles", profiles)
}

#[test]
fn an_allowed_request_tells_every_profile_that_grants_it_and_nothing_to_change() {
    let shop = change(graded(), "/apps/0/profiles", json!(["editor", "reader"]));
    let report = access_of(&shop, json!({"app": "reader-app"}));
    assert_eq!(report.granted, ["granted by profile reader, inherited by editor", "granted by profile reader"]);
    assert_eq!((report.denied, report.change), (vec![], vec![]));
}

#[test]
fn a_refusal_for_want_of_a_grant_names_the_profiles_that_would_do() {
    let report = access_of(&graded(), json!({"app": "idle-app"}));
    let expected = [
        "app idle-app has no profile in force: give it one that grants `shop:get`",
        "give app idle-app one of the profiles that grant it: `reader`, `editor`",
    ];
    assert_eq!(report.change, expected);
    let held = change(graded(), "/apps/1/profiles", json!(["frozen"]));
    assert!(
        access_of(&change(held, "/profiles/2/denied_operations", json!([])), json!({"app": "idle-app"})).change[0]
            .starts_with("grant `shop:get` to a profile of app idle-app: `frozen`")
    );
}

#[test]
fn a_refusal_by_a_deny_names_the_profile_and_how_to_lift_it() {
    let shop = change(graded(), "/apps/0/profiles", json!(["reader", "frozen"]));
    let report = access_of(&shop, json!({"app": "reader-app"}));
    assert_eq!((report.granted.len(), &*report.denied), (1, &["denied by profile frozen".to_owned()][..]));
    assert_eq!(report.change, ["take the deny of `shop:get` out of profile `frozen`, or that profile from app reader-app"]);
    let decision = ask(&engine(&shop), json!({"method": "GET", "target": "/shop/books/7", "app": "reader-app"})).unwrap();
    assert!(reasons(&decision, Phase::Authorize).ends_with("; denied by profile frozen"));
}

#[test]
fn a_refusal_for_want_of_time_says_when_it_was_or_will_be_granted() {
    let shop = change(graded(), "/apps/1/profiles", json!(["trial", "later"]));
    let change_of = access_of(&shop, json!({"app": "idle-app"})).change;
    assert_eq!(change_of[0], "renew what app idle-app had through profile `trial` until 2023-11-14T22:13:20Z");
    assert_eq!(change_of[1], "wait until 2023-11-14T22:14:20Z, when profile `later` grants it");
    let later = json!({"app": "idle-app", "at": NOW.unix_ms + 60_000});
    assert_eq!(access_of(&shop, later).granted, ["granted by profile later"]);
}

#[test]
fn an_agent_may_do_for_a_user_what_both_may() {
    let shop = change(graded(), "/apps/0/agent", json!(true));
    let users = json!([{"name": "mira", "teams": ["readers"]}, {"name": "otto", "profiles": ["editor"]}]);
    let shop = engine(&change(shop, "/users", users));
    let ask = |target: &str, method: &str, user: &str| {
        ask(&shop, json!({"method": method, "target": target, "app": "reader-app", "user": user})).unwrap()
    };
    let together = ask("/shop/books/7", "GET", "otto");
    assert!(together.allowed);
    assert_eq!((together.app.as_deref(), together.user.as_deref()), (Some("reader-app"), Some("otto")));
    let missing = ask("/shop/books/7", "GET", "mira");
    assert_eq!(missing.code, Some(Code::AccessDenied));
    let change = missing.access.unwrap().change;
    assert!(change.iter().all(|one| one.contains("user mira")), "{change:?}");
    // Otto may create, but the agent may not: an agent lends nobody more than it has.
    assert_eq!(ask("/shop/books", "POST", "otto").code, Some(Code::AccessDenied));
}

#[test]
fn only_an_agent_acts_for_users_and_only_for_known_ones() {
    let shop = change(changed("/users", json!([{"name": "mira"}])), "/apps/0/agent", json!(true));
    let shop = engine(&shop);
    let told = |app: Value, user: &str| {
        ask(&shop, json!({"method": "GET", "target": "/shop/books/7", "app": app, "user": user})).unwrap_err()
    };
    assert_eq!(told(json!("idle-app"), "mira"), "app 'idle-app' is no agent, so it acts for nobody");
    assert_eq!(told(json!("reader-app"), "ghost"), "there is no user 'ghost'");
    assert_eq!(told(Value::Null, "mira"), "a user acts through an app: name one");
}

#[test]
fn a_public_operation_needs_no_access_and_reports_none() {
    let decision = ask(&engine(&snapshot()), json!({"method": "GET", "target": "/shop/health", "app": "idle-app"})).unwrap();
    assert!(decision.allowed && decision.access.is_none());
}
