//! What is told when a snapshot is compiled.

use super::*;
use crate::fixture::change;
use yett_model::Spot;

/// Code, message, hint and place of the one mistake.
fn mistake(cedar: &str) -> (String, String, String, Option<(u32, u32)>) {
    let found = mistakes(&snapshot(json!([policy(cedar)])));
    assert_eq!(found.len(), 1, "{cedar}: {found:?}");
    let one = found.into_iter().next().unwrap();
    assert_eq!(one.path, "/policies/0/cedar");
    (one.code, one.message, one.hint, one.spot.map(|Spot { line, column }| (line, column)))
}

#[test]
fn an_unknown_name_is_refused_with_its_place_and_the_nearest_one() {
    for (cedar, code, hint, spot) in [
        (
            "forbid(\n  principal,\n  action == Action::\"orders:gett\",\n  resource);",
            "policy-unknown-operation",
            "Did you mean 'orders:get'?",
            (3, 13),
        ),
        ("forbid(principal == App::\"alise\", action, resource);", "policy-unknown-entity", "Did you mean 'alice'?", (1, 21)),
        (
            "forbid(principal in Profile::\"raeder\", action, resource);",
            "policy-unknown-entity",
            "Did you mean 'reader'?",
            (1, 21),
        ),
        ("forbid(principal in Team::\"shops\", action, resource);", "policy-unknown-entity", "Did you mean 'shop'?", (1, 21)),
        (
            "forbid(principal, action, resource in Collection::\"readin\");",
            "policy-unknown-entity",
            "Did you mean 'reading'?",
            (1, 39),
        ),
        (
            "forbid(principal, action, resource) when { principal in [App::\"alise\"] };",
            "policy-unknown-entity",
            "Did you mean 'alice'?",
            (1, 58),
        ),
        ("forbid(principal == Ap::\"alice\", action, resource);", "policy-unknown-entity", "Did you mean 'Api'?", (1, 21)),
        (
            "forbid(principal, action == Action::\"orders:list\", resource)\n  when { context.parameters.ownerid == \"x\" };",
            "policy-unknown-attribute",
            "Did you mean 'ownerId'?",
            (2, 10),
        ),
        (
            "forbid(principal, action, resource) when { context.tiem.hour > 3 };",
            "policy-unknown-attribute",
            "Did you mean 'time'?",
            (1, 44),
        ),
        (
            "forbid(principal, action, resource) when { context.time.hours > 3 };",
            "policy-unknown-attribute",
            "Did you mean 'hour'?",
            (1, 44),
        ),
        (
            "forbid(principal, action == Action::\"orders:create\", resource) when { context.body.owner == \"x\" };",
            "policy-unknown-attribute",
            "Did you mean 'ownerId'?",
            (1, 71),
        ),
        (
            "forbid(principal, action == Action::\"orders:get\", resource) when { context.response.customer.ids == \"x\" };",
            "policy-unknown-attribute",
            "Did you mean 'id'?",
            (1, 68),
        ),
    ] {
        let found = mistake(cedar);
        assert_eq!((found.0.as_str(), found.2.as_str(), found.3), (code, hint, Some(spot)), "{cedar}: {}", found.1);
    }
}

#[test]
fn an_unknown_claim_is_refused() {
    let cedar =
        r#"forbid(principal, action, resource) unless { context.claims has departmnet && context.claims.departmnet == "x" };"#;
    let claims = json!({"claims": {"department": "string", "level": "integer"}});
    let found = mistakes(&change(snapshot(json!([policy(cedar)])), "/policy_context", claims.clone()));
    assert_eq!((found[0].code.as_str(), found[0].hint.as_str()), ("policy-unknown-attribute", "Did you mean 'department'?"));
    let right = cedar.replace("departmnet", "department");
    assert_eq!(mistakes(&change(snapshot(json!([policy(&right)])), "/policy_context", claims)), []);
}

#[test]
fn types_are_those_of_the_contract_and_checked_strictly() {
    for (cedar, told, spot) in [
        (
            r#"forbid(principal, action == Action::"orders:list", resource) when { context.parameters has limit && context.parameters.limit == "x" };"#,
            "Long",
            102,
        ),
        (r#"forbid(principal, action == Action::"orders:list", resource) when { context.parameters.limit > 3 };"#, "limit", 69),
        (r#"forbid(principal, action == Action::"orders:create", resource) when { context.body.total > 3 };"#, "decimal", 71),
        (r#"forbid(principal, action, resource) when { context.tls == 1 };"#, "Bool", 44),
        (r#"forbid(principal, action, resource) when { principal.name == "x" };"#, "name", 44),
    ] {
        let (code, message, _, at) = mistake(cedar);
        assert_eq!(code, "policy-type", "{cedar}: {message}");
        assert!(message.contains(told), "{message}");
        assert_eq!(at.map(|(line, _)| line), Some(1), "{message}");
        assert!(at.is_some_and(|(_, column)| column.abs_diff(spot) < 3), "{at:?} {message}");
    }
}

#[test]
fn a_name_that_only_some_operations_have_is_told_with_those_that_lack_it() {
    let (code, message, _, _) =
        mistake(r#"forbid(principal, action, resource in Collection::"reading") when { context.parameters.id == "x" };"#);
    assert_eq!(code, "policy-type");
    assert!(message.contains("orders:list") && !message.contains("orders:get"), "{message}");
    let asked = r#"forbid(principal, action, resource) when { context.parameters has id && context.parameters.id == "x" };"#;
    assert_eq!(mistakes(&snapshot(json!([policy(asked)]))), []);
}

#[test]
fn syntax_is_told_with_its_place() {
    let (code, _, _, at) = mistake("forbid(principal, action, resource)\n  when { context.tls = true };");
    assert_eq!((code.as_str(), at.map(|(line, _)| line)), ("policy-syntax", Some(2)));
    assert_eq!(mistake("// nothing").0, "policy-syntax");
    assert_eq!(mistake("permit(principal == ?principal, action, resource);").0, "policy-syntax");
}

#[test]
fn an_expression_that_ends_its_own_statement_is_refused() {
    let mut short =
        policy("forbid(principal, action, resource) when {\nfalse }; permit(principal, action, resource) when { true\n};");
    short["statements"] = json!(1);
    let found = mistakes(&snapshot(json!([short])));
    assert_eq!((found.len(), found[0].code.as_str()), (1, "policy-syntax"));
}

#[test]
fn what_has_no_type_is_refused() {
    for cedar in [
        r#"forbid(principal, action == Action::"orders:create", resource) when { context.body has lines && context.body.lines.isEmpty() };"#,
        r#"forbid(principal, action == Action::"orders:get", resource) when { context.body.ownerId == "x" };"#,
        r#"forbid(principal, action == Action::"orders:drop", resource) when { context.response.ownerId == "x" };"#,
        r#"forbid(principal, action == Action::"orders:create", resource) when { context.body == {} };"#,
    ] {
        let found = mistakes(&snapshot(json!([policy(cedar)])));
        assert!(!found.is_empty() && found.iter().all(|one| one.code == "policy-attribute-untyped"), "{cedar}: {found:?}");
    }
}

#[test]
fn what_could_not_be_enforced_is_refused() {
    let body = policy(
        r#"forbid(principal, action == Action::"orders:create", resource) unless { context.body.ownerId == principal.id };"#,
    );
    let seen = policy(
        r#"forbid(principal, action == Action::"orders:get", resource) unless { context.response.ownerId == principal.id };"#,
    );
    let off = json!({"contract": {"mode": "off"}});
    for (pointer, value, policy) in [
        ("/apis/0/guards", off, &body),
        ("/apis/0/operations/1/cache", json!({"default_ttl_ms": 60_000}), &seen),
        ("/apis/0/operations/1/websocket", json!({}), &seen),
    ] {
        let snapshot = change(snapshot(json!([policy])), pointer, value);
        let found = mistakes(&snapshot);
        assert_eq!(found.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["policy-unenforceable"], "{pointer}");
    }
    let both = policy(
        r#"forbid(principal, action == Action::"orders:create", resource) when { context has body && context.body.ownerId == "x" && context.response.ownerId == "y" };"#,
    );
    assert!(mistakes(&snapshot(json!([both]))).iter().any(|one| one.code == "policy-stages"));
}

#[test]
fn a_policy_that_never_matches_is_warned_of_and_refuses_nothing() {
    for cedar in [
        r#"forbid(principal, action == Action::"orders:drop", resource in Collection::"reading");"#,
        r#"forbid(principal == Team::"shop", action, resource);"#,
        r#"forbid(principal, action, resource) when { context.tls && !context.tls && false };"#,
        r#"forbid(principal, action == Action::"orders:get", resource) when { resource is Api };"#,
    ] {
        let engine = shop(cedar);
        let plan = engine.plan().unwrap();
        let told: Vec<_> = plan.warnings().iter().map(|one| (one.code.as_str(), one.warning)).collect();
        assert_eq!(told, [("policy-never-matches", true)], "{cedar}");
        assert_eq!(asked(&engine, "alice", "GET", "/orders/1"), None, "{cedar}");
    }
}

#[test]
fn a_statement_that_nests_without_end_is_refused_before_anything_walks_through_it() {
    let with = |condition: &str| format!("forbid(principal, action, resource) when {{ {condition} }};");
    for (piece, last) in
        [("context.tls && ", "true"), ("!!", "true"), ("(", "true"), ("if context.tls then true else ", "true"), ("[", "1")]
    {
        assert_eq!(mistake(&with(&(piece.repeat(50_000) + last))).0, "policy-too-long", "{piece}");
    }
    assert_eq!(mistake(&with(&format!("context{}", ".a".repeat(50_000)))).0, "policy-too-long");
    // As deep as may be.
    for sound in ["context.tls && ".repeat(60) + "true", "if context.tls then true else ".repeat(90) + "true"] {
        assert_eq!(mistakes(&snapshot(json!([policy(&with(&sound))]))), []);
    }
    for odd in [format!("context{}", ".a".repeat(190)), "(".repeat(190) + "true" + &")".repeat(190)] {
        let _told = mistakes(&snapshot(json!([policy(&with(&odd))])));
    }
    // A long list is not deep, and texts and comments are not looked into.
    let list = format!("{}\"x&&\" // (((((\n", "\"a.b-c(\\\"\", ".repeat(2_000));
    assert_eq!(
        mistakes(&snapshot(json!([policy(&with(&format!("[{list}].contains(context.method) && context has method")))]))).len(),
        1
    );
}

#[test]
fn every_mistake_is_told_at_once() {
    let snapshot = snapshot(json!([
        {"name": "a", "cedar": r#"forbid(principal == App::"x", action == Action::"y", resource);"#},
        {"name": "a", "cedar": "forbid("},
        {"name": "c", "cedar": r#"forbid(principal, action, resource) when { context.a == context.b };"#},
    ]));
    let snapshot = change(snapshot, "/policy_context", json!({"time_zone": "Mars/Base"}));
    let codes: Vec<String> = mistakes(&snapshot).into_iter().map(|one| one.code).collect();
    for code in [
        "time-zone-unknown",
        "policy-duplicate",
        "policy-syntax",
        "policy-unknown-entity",
        "policy-unknown-operation",
        "policy-unknown-attribute",
    ] {
        assert!(codes.iter().any(|one| one == code), "{code} in {codes:?}");
    }
    assert_eq!(codes.len(), 7, "{codes:?}");
}

#[test]
fn a_fact_that_nobody_tells_the_gateway_is_refused() {
    for (fact, said) in
        [("country == \"SE\"", "no database tells the gateway the country"), ("asn == 1", "the asn of an address")]
    {
        let name = fact.split(' ').next().unwrap();
        let cedar =
            format!("forbid(principal, action, resource) unless {{ context.network has {name} && context.network.{fact} }};");
        let found = mistakes(&snapshot(json!([policy(&cedar)])));
        assert!(found.iter().all(|one| one.code == "policy-attribute-untyped" && one.message.contains(said)), "{found:?}");
        assert!(!found.is_empty());
        let told = json!({"network": ["country", "asn"]});
        assert_eq!(mistakes(&change(snapshot(json!([policy(&cedar)])), "/policy_context", told)), []);
    }
}

#[test]
fn a_plan_that_no_app_is_on_is_warned_of() {
    let cedar = r#"forbid(principal, action, resource) when { context has plan && context.plan == "free" };"#;
    let warned = |snapshot: &Value| {
        let engine = crate::fixture::engine(snapshot);
        engine.plan().unwrap().warnings.iter().map(|one| one.code.clone()).collect::<Vec<_>>()
    };
    let without = snapshot(json!([policy(cedar)]));
    assert_eq!(warned(&without), ["policy-never-matches"]);
    assert!(warned(&change(without, "/apps/0/plan", json!("free"))).is_empty());
}
