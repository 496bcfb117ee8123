use super::*;
use serde_json::json;

fn plan(settings: Value) -> (CalloutPlan, Vec<String>) {
    let mut snapshot =
        json!({"format": 1, "apis": [], "callouts": [{"name": "judge", "remote": {"url": "https://judge.example"}}]});
    for (name, value) in settings.as_object().unwrap() {
        snapshot["callouts"][0][name] = value.clone();
    }
    let snapshot = serde_json::from_value(snapshot).unwrap();
    let mut found = Vec::new();
    let known = build(&snapshot, &mut found);
    let plan = Arc::into_inner(known.into_values().next().unwrap()).unwrap();
    (plan, found.into_iter().map(|mistake| mistake.path).collect())
}

#[test]
fn an_answer_has_one_form_and_anything_else_is_none() {
    let (plan, _) = plan(json!({}));
    assert!(matches!(Verdict::read(&plan, json!({"allow": true})), Ok(Verdict::Allow(..))));
    assert!(matches!(Verdict::read(&plan, json!({"allow": false, "reason": "no"})), Ok(Verdict::Deny(reason)) if reason == "no"));
    for lie in [
        json!(true),
        json!(null),
        json!([]),
        json!({}),
        json!({"allow": "true"}),
        json!({"allow": 1}),
        json!({"Allow": true}),
        json!({"allow": true, "deny": false}),
        json!({"allow": true, "headers": {"x": 1}}),
        json!({"allow": true, "context": {"a": "x".repeat(5000)}}),
    ] {
        assert!(Verdict::read(&plan, lie.clone()).is_err(), "{lie}");
    }
}

#[test]
fn only_the_fields_that_were_given_to_it_are_taken() {
    let (plan, found) = plan(json!({"headers": ["x-tenant"]}));
    assert!(found.is_empty());
    let said = json!({"allow": true, "headers": {"X-Tenant": "acme", "authorization": "x", "yett-app": "root"}});
    let Ok(Verdict::Allow(fields, _)) = Verdict::read(&plan, said) else { panic!("it was not understood") };
    assert_eq!(fields, [(HeaderName::from_static("x-tenant"), HeaderValue::from_static("acme"))]);
    for value in ["a\r\nb: c".to_owned(), "x".repeat(5000)] {
        assert!(Verdict::read(&plan, json!({"allow": true, "headers": {"x-tenant": value}})).is_err());
    }
}

#[test]
fn a_reason_is_cut_and_cannot_forge_a_line_of_the_log() {
    let (plan, _) = plan(json!({}));
    let said = json!({"allow": false, "reason": format!("a\nb{}", "x".repeat(1000))});
    let Ok(Verdict::Deny(reason)) = Verdict::read(&plan, said) else { panic!("it was not understood") };
    assert!(reason.starts_with("abx") && reason.len() == 200);
}

#[test]
fn settings_that_would_give_too_much_away_are_mistakes() {
    for (settings, path) in [
        (json!({"headers": ["yett-app"]}), "/callouts/0/headers/0"),
        (json!({"headers": ["x-a", "host"]}), "/callouts/0/headers/1"),
        (json!({"headers": ["connection"]}), "/callouts/0/headers/0"),
        (json!({"cache_ms": 0}), "/callouts/0/cache_ms"),
        (json!({"send": {"body": 1u64 << 40}}), "/callouts/0/send/body"),
        (json!({"send": {"headers": ["a b"]}}), "/callouts/0/send/headers/0"),
    ] {
        assert_eq!(plan(settings.clone()).1, [path], "{settings}");
    }
}
