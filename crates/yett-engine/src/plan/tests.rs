use super::*;
use crate::fixture::{NOW, bytes, change, changed, credential, engine, pepper, snapshot};
use serde_json::{Value, json};

fn mistakes(snapshot: &Value) -> Vec<(String, String)> {
    let found = Plan::build(&bytes(snapshot), Arc::new(pepper())).err().unwrap_or_default();
    found.into_iter().map(|mistake| (mistake.path, mistake.code)).collect()
}

fn assert_mistake(pointer: &str, value: Value, path: &str, code: &str) {
    assert_eq!(mistakes(&changed(pointer, value)), [(path.to_owned(), code.to_owned())], "{pointer}");
}

#[test]
fn test_a_sound_snapshot_when_built_then_has_its_apis_operations_and_digest() {
    let plan = Plan::build(&bytes(&snapshot()), Arc::new(pepper())).unwrap_or_else(|found| panic!("{found:?}"));
    let ids: Vec<&str> = plan.operations().iter().map(|operation| &*operation.id).collect();
    assert_eq!(ids, ["shop:list", "shop:get", "shop:create", "shop:health"]);
    assert_eq!((plan.apis().len(), plan.digest().len(), plan.short_digest().len()), (1, 64, 16));
    assert_eq!(plan.digest(), engine(&snapshot()).plan().unwrap().digest());
}

#[test]
fn test_a_mistake_when_built_then_is_told_with_its_path() {
    let target = |url: &str| json!({"url": url});
    assert_mistake("/format", json!(99), "/format", "format-unknown");
    assert_mistake("/pepper_id", json!("0000000000000000"), "/pepper_id", "pepper-mismatch");
    assert_mistake("/pepper_id", Value::Null, "/pepper_id", "pepper-missing");
    assert_mistake("/apis/0/operations/3/id", json!("shop:list"), "/apis/0/operations/3/id", "operation-duplicate");
    assert_mistake("/apis/0/operations/0/method", json!("G T"), "/apis/0/operations/0/method", "method-invalid");
    assert_mistake("/apis/0/operations/0/path", json!("/a/{"), "/apis/0/operations/0/path", "path-invalid");
    let impossible = "/apis/0/operations/2/websocket";
    assert_mistake(impossible, json!({}), impossible, "websocket-impossible");
    assert_mistake("/apis/0/upstream/targets", json!([]), "/apis/0/upstream/targets", "target-missing");
    for url in ["ftp://a", "a b", "http://", "http://user@a/", "http://a/?q=1", "/path"] {
        assert_mistake("/apis/0/upstream/targets/0", target(url), "/apis/0/upstream/targets/0/url", "target-invalid");
    }
    assert_mistake("/profiles/0/operations", json!(["shop:x"]), "/profiles/0/operations", "operation-unknown");
    assert_mistake("/profiles/0/collections", json!(["x"]), "/profiles/0/collections", "collection-unknown");
    assert_mistake("/apps/1/profiles", json!(["x"]), "/apps/1/profiles", "profile-unknown");
    assert_mistake("/apps/1/name", json!("reader-app"), "/apps/1/name", "app-duplicate");
    assert_mistake("/credentials/0/app", json!("x"), "/credentials/0/app", "app-unknown");
    assert_mistake("/credentials/0/profiles", json!(["x"]), "/credentials/0/profiles", "profile-not-of-app");
    assert_mistake("/credentials/0/hash", json!("00"), "/credentials/0/hash", "hash-malformed");
    assert_mistake("/credentials/0/hash", json!("é".repeat(32)), "/credentials/0/hash", "hash-malformed");
}

#[test]
fn test_many_mistakes_when_built_then_are_told_at_once() {
    let bad = change(changed("/apps/1/profiles", json!(["x"])), "/credentials/0/hash", json!("xyz"));
    let bad = change(bad, "/apis/0/upstream/targets/1/url", json!("gopher://a"));
    let bad = change(bad, "/format", json!(0));
    let mut codes: Vec<String> = mistakes(&bad).into_iter().map(|(_, code)| code).collect();
    codes.sort();
    assert_eq!(codes, ["format-unknown", "hash-malformed", "profile-unknown", "target-invalid"]);
}

#[test]
fn test_two_apis_when_they_claim_one_base_path_then_the_second_is_refused() {
    let mut twice = snapshot();
    let mut second = twice["apis"][0].clone();
    second["name"] = json!("store");
    for operation in second["operations"].as_array_mut().unwrap() {
        operation["id"] = json!(operation["id"].as_str().unwrap().replace("shop:", "store:"));
    }
    twice["apis"].as_array_mut().unwrap().push(second);
    assert!(mistakes(&twice).contains(&("/apis/1/base_path".to_owned(), "base-path-taken".to_owned())));
    assert_eq!(mistakes(&change(twice, "/apis/1/hosts", json!(["store.example"]))), []);
}

#[test]
fn test_an_unknown_field_when_read_then_the_snapshot_is_refused() {
    assert_mistake("/apis/0/colour", json!("red"), "", "snapshot-malformed");
    assert_eq!(Plan::build(b"{", Arc::new(pepper())).err().unwrap()[0].code, "snapshot-malformed");
}

#[test]
fn test_profiles_when_they_grant_collections_then_reach_their_operations_and_no_other() {
    let granted = change(
        changed("/collections", json!([{"name": "all-reads", "operations": ["shop:get"]}])),
        "/profiles/0",
        json!({"name": "reader", "collections": ["all-reads"]}),
    );
    let engine = engine(&granted);
    let plan = engine.plan().unwrap();
    let grants = plan.assume("reader-app").unwrap().grants;
    let allowed: Vec<u32> = (0..4).filter(|operation| grants.allows(*operation, NOW)).collect();
    assert_eq!(allowed, [1]);
    assert!(plan.assume("nobody").is_none());
}

#[test]
fn test_limits_of_profiles_and_app_when_built_then_all_belong_to_the_app() {
    let limit = |name: &str| json!([{"name": name, "measure": {"kind": "concurrent", "amount": 1}, "by": "app"}]);
    let limited = change(changed("/profiles/0/limits", limit("p")), "/apps/0/limits", limit("a"));
    let engine = engine(&limited);
    let plan = engine.plan().unwrap();
    let limits = |app: &str| {
        let principal = plan.assume(app).unwrap();
        principal.app.limits.len() + principal.grants.limits(NOW).len()
    };
    assert_eq!((limits("reader-app"), limits("idle-app")), (2, 0));
}

#[test]
fn test_credentials_when_none_then_no_pepper_is_needed() {
    let without = change(changed("/credentials", json!([])), "/pepper_id", Value::Null);
    assert_eq!(mistakes(&without), []);
    let with = change(without, "/credentials", json!([credential("k1", "reader-app")]));
    assert_eq!(mistakes(&with), [("/pepper_id".to_owned(), "pepper-missing".to_owned())]);
}

#[test]
fn test_a_name_when_numbered_then_has_the_same_number_in_every_plan() {
    assert_eq!(stable_number("reader-app"), stable_number("reader-app"));
    assert_ne!(stable_number("reader-app"), stable_number("idle-app"));
}
