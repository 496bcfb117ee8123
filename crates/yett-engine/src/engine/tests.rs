use super::*;
use crate::decide;
use crate::fixture::{KEY, NOW, bytes, changed, credential, engine, pepper, snapshot};
use serde_json::{Value, json};
use yett_model::{Code, Request};

fn ask(engine: &Engine) -> Option<Code> {
    let request = json!({"method": "GET", "target": "/shop/books", "headers": [["x-api-key", KEY]]});
    let request: Request = serde_json::from_value(request).unwrap();
    decide(engine, &request, NOW, 1).unwrap().code
}

fn patch(engine: &Engine, sequence: u64, changes: Value) -> Result<u64, Vec<String>> {
    let patched = engine.patch(&bytes(&json!({"sequence": sequence, "changes": changes})));
    patched.map(|applied| applied.sequence).map_err(|found| found.into_iter().map(|mistake| mistake.code).collect())
}

fn put(id: &str, app: &str) -> Value {
    json!({"change": "put-credential", "credential": credential(id, app)})
}

fn drop_key(id: &str) -> Value {
    json!({"change": "drop-credential", "id": id})
}

#[test]
fn test_an_engine_when_new_then_has_no_plan_and_nothing_to_patch() {
    let engine = Engine::new(pepper());
    assert!(engine.plan().is_none());
    assert_eq!(patch(&engine, 1, json!([])), Err(vec!["not-configured".to_owned()]));
}

#[test]
fn test_a_bad_snapshot_when_applied_then_the_old_plan_keeps_serving() {
    let engine = engine(&snapshot());
    let before = engine.plan().unwrap();
    assert!(engine.apply(&bytes(&changed("/format", json!(99)))).is_err());
    assert!(engine.apply(b"not json").is_err());
    assert!(Arc::ptr_eq(&before, &engine.plan().unwrap()));
    assert_eq!(ask(&engine), None);
}

#[test]
fn test_a_credential_when_dropped_then_is_refused_at_once_and_accepted_when_put_again() {
    let engine = engine(&snapshot());
    assert_eq!(patch(&engine, 5, json!([drop_key("k1")])), Ok(5));
    assert_eq!(ask(&engine), Some(Code::CredentialInvalid));
    assert_eq!(patch(&engine, 6, json!([put("k2", "reader-app")])), Ok(6));
    assert_eq!(ask(&engine), None);
}

#[test]
fn test_a_credential_when_put_under_its_old_id_then_replaces_the_old_one() {
    let engine = engine(&snapshot());
    assert_eq!(patch(&engine, 5, json!([put("k1", "idle-app")])), Ok(5));
    assert_eq!(ask(&engine), Some(Code::AccessDenied));
}

#[test]
fn test_a_patch_when_out_of_order_then_is_refused() {
    let engine = engine(&snapshot());
    for sequence in [0, 4, 6, u64::MAX] {
        assert_eq!(patch(&engine, sequence, json!([drop_key("k1")])), Err(vec!["patch-out-of-order".to_owned()]));
    }
    assert_eq!(patch(&engine, 5, json!([])), Ok(5));
    assert_eq!(patch(&engine, 5, json!([])), Err(vec!["patch-out-of-order".to_owned()]));
    assert_eq!(ask(&engine), None);
}

#[test]
fn test_a_patch_after_the_last_number_when_sent_then_is_refused_without_a_panic() {
    let engine = engine(&changed("/sequence", json!(u64::MAX)));
    assert_eq!(patch(&engine, 0, json!([])), Err(vec!["patch-out-of-order".to_owned()]));
}

#[test]
fn test_a_patch_when_one_change_is_bad_then_none_is_made() {
    let engine = engine(&snapshot());
    let refused = patch(&engine, 5, json!([drop_key("k1"), put("k2", "nobody"), put("k3", "no-one")]));
    assert_eq!(refused, Err(vec!["app-unknown".to_owned(), "app-unknown".to_owned()]));
    assert_eq!(ask(&engine), None);
    assert_eq!(patch(&engine, 5, json!([drop_key("k1")])), Ok(5));
}

#[test]
fn test_a_patch_when_malformed_then_is_refused() {
    let engine = engine(&snapshot());
    assert_eq!(engine.patch(b"{").unwrap_err()[0].code, "patch-malformed");
    assert_eq!(patch(&engine, 5, json!([{"change": "paint"}])), Err(vec!["patch-malformed".to_owned()]));
}

#[test]
fn test_patches_when_a_new_snapshot_comes_then_survive_unless_it_contains_them() {
    let engine = engine(&snapshot());
    patch(&engine, 5, json!([drop_key("k1")])).unwrap();
    let applied = engine.apply(&bytes(&snapshot())).unwrap();
    assert_eq!((applied.sequence, ask(&engine)), (5, Some(Code::CredentialInvalid)));
    let applied = engine.apply(&bytes(&changed("/sequence", json!(5)))).unwrap();
    assert_eq!((applied.sequence, ask(&engine)), (5, None));
    assert_eq!(patch(&engine, 6, json!([drop_key("k1")])), Ok(6));
}

#[test]
fn test_a_patch_when_its_app_is_gone_from_the_new_snapshot_then_does_not_block_it() {
    let engine = engine(&snapshot());
    patch(&engine, 5, json!([drop_key("k1"), put("k2", "idle-app")])).unwrap();
    let without = json!([{"name": "reader-app", "team": "readers", "profiles": ["reader"]}]);
    assert!(engine.apply(&bytes(&changed("/apps", without))).is_ok());
    assert_eq!(ask(&engine), Some(Code::CredentialInvalid));
}

#[test]
fn test_a_snapshot_that_lacks_a_forgotten_revocation_when_applied_then_is_refused() {
    let engine = engine(&snapshot());
    assert_eq!(patch(&engine, 5, json!([drop_key("k1")])), Ok(5));
    let newer = engine.apply(&bytes(&changed("/sequence", json!(5))));
    assert!(newer.is_ok());
    assert_eq!(patch(&engine, 6, json!([drop_key("k1")])), Ok(6));
    let found = engine.apply(&bytes(&snapshot())).unwrap_err();
    assert_eq!(found.iter().map(|mistake| mistake.code.as_str()).collect::<Vec<_>>(), ["snapshot-stale"]);
}

fn revoke(jti: &str, expires_at: u64) -> Value {
    json!({"change": "revoke-token", "issuer": "https://issuer.example", "jti": jti, "expires_at": expires_at})
}

fn is_revoked(engine: &Engine, jti: &str) -> bool {
    engine.plan().unwrap().revoked.contains("https://issuer.example", jti)
}

#[test]
fn a_revoked_token_stays_revoked_whatever_snapshot_comes() {
    let engine = engine(&snapshot());
    assert_eq!(patch(&engine, 5, json!([revoke("t1", 100)])), Ok(5));
    assert!(is_revoked(&engine, "t1") && !is_revoked(&engine, "t2"));
    let applied = engine.apply(&bytes(&snapshot())).unwrap();
    assert_eq!((applied.sequence, is_revoked(&engine, "t1")), (5, true));
    engine.apply(&bytes(&changed("/sequence", json!(9)))).unwrap();
    assert!(is_revoked(&engine, "t1"));
    assert_eq!(patch(&engine, 10, json!([drop_key("k1")])), Ok(10));
}

#[test]
fn patches_that_only_revoke_tokens_are_not_kept_for_the_next_snapshot() {
    let engine = engine(&snapshot());
    for sequence in 5..50 {
        patch(&engine, sequence, json!([revoke(&format!("t{sequence}"), 100)])).unwrap();
    }
    patch(&engine, 50, json!([revoke("last", 100), drop_key("k1")])).unwrap();
    assert_eq!(engine.patches.lock().unwrap().newer.iter().map(|patch| patch.changes.len()).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_token_without_a_name_is_not_revoked_and_nothing_else_of_its_patch_is_done() {
    let engine = engine(&snapshot());
    let refused = patch(&engine, 5, json!([revoke("t1", 100), revoke("", 100)]));
    assert_eq!(refused, Err(vec!["token-unnamed".to_owned()]));
    assert!(!is_revoked(&engine, "t1"));
}

#[test]
fn a_patch_that_revokes_more_than_there_is_room_for_is_refused_until_tokens_have_lapsed() {
    let mut engine = Engine::new(pepper());
    engine.revoked = Arc::new(crate::identity::revoked::Revoked::holding(2));
    engine.apply(&bytes(&snapshot())).unwrap();
    assert_eq!(patch(&engine, 5, json!([revoke("t1", 100), revoke("t2", 100)])), Ok(5));
    assert_eq!(patch(&engine, 6, json!([revoke("t3", 100)])), Err(vec!["revocations-full".to_owned()]));
    assert_eq!(patch(&engine, 6, json!([drop_key("k1")])), Ok(6));
    engine.sweep(100_000);
    assert_eq!(patch(&engine, 7, json!([revoke("t3", 200_000)])), Ok(7));
    assert!(is_revoked(&engine, "t3") && !is_revoked(&engine, "t1"));
}
