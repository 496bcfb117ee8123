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

#[test]
fn a_blocked_credential_is_refused_whichever_method_proved_it_and_in_any_order() {
    let key = Private::ec();
    for order in [["jwt", "api-key"], ["api-key", "jwt"]] {
        for blocked in ["k1", "corp:t1"] {
            let mut snapshot = snapshot(&key, &json!({}));
            let methods =
                json!({"jwt": {"issuers": ["corp"]}, "api_key": {"header": "x-api-key"}, "order": order, "combine": "all"});
            snapshot["apis"][0]["identify"] = methods;
            let engine = fixture::engine(&snapshot);
            let token = bearer(&key.token("k", &claims()));
            let code = || ask(&engine, &[("authorization", &token), ("x-api-key", fixture::KEY)]).code;
            assert_eq!(code(), None);
            let patch = json!({"sequence": 5, "changes": [{"change": "block-credential", "id": blocked, "because": "leaked"}]});
            engine.patch(&fixture::bytes(&patch)).unwrap();
            assert_eq!(code(), Some(Code::CredentialInvalid), "{order:?} {blocked}");
        }
    }
}

#[test]
fn two_users_of_one_app_share_no_kept_answer() {
    let key = Private::ec();
    let mut snapshot = snapshot(&key, &json!({}));
    snapshot["apis"][0]["operations"][0]["cache"] = json!({"default_ttl_ms": 1000});
    let engine = fixture::engine(&snapshot);
    let kept_under = |extra: &Value| {
        let token = bearer(&key.token("k", &with(extra)));
        let mut exchange = at(&engine, NOW_S, caller());
        let mut parts = fixture::head("GET", "/shop/books", &[("authorization", &token)]);
        exchange.judge_head(&parts).unwrap();
        exchange.ask_cache(&mut parts, false).unwrap();
        exchange.cache_key(&parts).unwrap()
    };
    let mira = kept_under(&json!({"jti": null, "sub": "mira"}));
    assert!(mira == kept_under(&json!({"jti": null, "sub": "mira"})));
    assert!(mira != kept_under(&json!({"jti": null, "sub": "juan"})));
    assert!(mira != kept_under(&json!({"jti": null, "sub": "mira", "tenant": "other"})));
    assert!(mira != kept_under(&json!({"jti": null, "sub": "mira", "act": {"sub": "agent"}})));
}
