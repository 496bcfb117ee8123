//! What a token is worth.

use super::*;

fn told(changes: &Value, extra: &Value) -> Told {
    let key = Private::ec();
    let engine = fixture::engine(&snapshot(&key, changes));
    ask(&engine, &[("authorization", &bearer(&key.token("k", &with(extra))))])
}

#[test]
fn the_app_is_the_one_that_a_claim_is_mapped_to() {
    let by_claim = json!({"app": {"from": {"claim": "client_id", "map": {"c1": "reader-app", "c2": "idle-app"}}}});
    let app = |extra: &Value| {
        let told = told(&by_claim, extra);
        told.exchange.principal.as_ref().map(|principal| principal.app.name.to_string()).ok_or(told.code)
    };
    assert_eq!(app(&json!({})), Ok("reader-app".to_owned()));
    assert_eq!(app(&json!({"client_id": "c2"})), Ok("idle-app".to_owned()));
    // The name of an app is not what an issuer calls it.
    for stranger in [json!("reader-app"), json!("c3"), json!(1), json!(["c1"]), Value::Null] {
        assert_eq!(app(&json!({"client_id": stranger})), Err(Some(Code::CredentialInvalid)), "{stranger}");
    }
}

#[test]
fn a_token_carries_the_profiles_that_are_mapped_and_no_more_than_the_app_has() {
    let scoped = |trusted: bool, app: &str| {
        json!({
            "app": {"named": app}, "trusted_to_grant": trusted,
            "profiles": {"claim": "scope", "map": {"books.read": ["reader"], "other": []}},
        })
    };
    let code = |settings: &Value, scope: Value| told(settings, &json!({ "scope": scope })).code;
    assert_eq!(code(&scoped(false, "reader-app"), json!("openid books.read")), None);
    assert_eq!(code(&scoped(false, "reader-app"), json!(["books.read"])), None);
    for nothing in [json!("openid"), json!(""), json!("other reader"), json!([]), Value::Null] {
        assert_eq!(code(&scoped(false, "reader-app"), nothing.clone()), Some(Code::AccessDenied), "{nothing}");
    }
    assert_eq!(code(&scoped(false, "reader-app"), json!({"books.read": true})), Some(Code::CredentialInvalid));
    assert_eq!(code(&scoped(false, "idle-app"), json!("books.read")), Some(Code::AccessDenied));
    assert_eq!(code(&scoped(true, "idle-app"), json!("books.read")), None);
}

#[test]
fn who_acts_for_the_user_is_told_the_nearest_first() {
    let chain = json!({"act": {"sub": "agent-2", "act": {"sub": "agent-1"}}});
    let told = told(&json!({}), &chain);
    let actors: Vec<String> = told.exchange.principal.as_ref().unwrap().actors.iter().map(ToString::to_string).collect();
    assert_eq!(actors, ["agent-2", "agent-1"]);
}

#[test]
fn a_chain_of_actors_without_end_or_sense_is_refused() {
    let long = (0..9).fold(json!({"sub": "a"}), |act, _| json!({"sub": "a", "act": act}));
    for act in
        [long, json!("agent"), json!({}), json!({"sub": 1}), json!({"sub": "a", "act": []}), json!({"sub": "x".repeat(300)})]
    {
        assert_eq!(told(&json!({}), &json!({ "act": act })).code, Some(Code::CredentialInvalid), "{act}");
    }
}

#[test]
fn the_name_of_a_user_is_bounded_and_printable() {
    for user in [json!("x".repeat(300)), json!("a\nb"), json!(7)] {
        assert_eq!(told(&json!({}), &json!({ "sub": user })).code, Some(Code::CredentialInvalid), "{user}");
    }
    let nobody = told(&json!({"user_from": null}), &json!({}));
    assert_eq!(nobody.exchange.principal.as_ref().unwrap().user, None);
}
