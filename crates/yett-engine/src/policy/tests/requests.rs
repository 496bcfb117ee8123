//! What the head of a request decides.

use super::*;
use crate::fixture::change;
use yett_model::decision::PolicyOutcome;

#[test]
fn without_a_policy_the_grant_decides() {
    let engine = engine(&snapshot(json!([])));
    assert_eq!(asked(&engine, "alice", "DELETE", "/orders/1"), None);
    assert_eq!(asked(&engine, "bob", "DELETE", "/orders/1"), Some(Code::AccessDenied));
}

#[test]
fn a_forbid_takes_from_a_grant_and_a_permit_adds_nothing_to_it() {
    let engine = shop(r#"forbid(principal, action == Action::"orders:drop", resource);"#);
    assert_eq!(asked(&engine, "alice", "DELETE", "/orders/1"), DENIED);
    assert_eq!(asked(&engine, "alice", "GET", "/orders/1"), None);
    let engine = shop(r#"permit(principal, action == Action::"orders:drop", resource);"#);
    assert_eq!(asked(&engine, "alice", "DELETE", "/orders/1"), None);
    assert_eq!(asked(&engine, "bob", "DELETE", "/orders/1"), Some(Code::AccessDenied));
}

#[test]
fn where_a_permit_is_written_one_must_match_besides_the_grant() {
    let engine = shop(
        r#"permit(principal in Team::"shop", action, resource in Collection::"reading");
           permit(principal, action == Action::"orders:get", resource) when { context.parameters.id == "7" };"#,
    );
    assert_eq!(asked(&engine, "alice", "GET", "/orders/1"), None);
    assert_eq!(asked(&engine, "bob", "GET", "/orders/1"), DENIED);
    assert_eq!(asked(&engine, "bob", "GET", "/orders/7"), None);
    assert_eq!(asked(&engine, "bob", "GET", "/orders"), DENIED);
    assert_eq!(asked(&engine, "alice", "DELETE", "/orders/1"), None);
}

#[test]
fn a_forbid_beats_every_permit() {
    let engine = shop(
        r#"permit(principal, action, resource);
           forbid(principal in Profile::"reader", action == Action::"orders:get", resource) when { context.tls };"#,
    );
    assert_eq!(asked(&engine, "bob", "GET", "/orders/1"), DENIED);
    assert_eq!(asked(&engine, "bob", "GET", "/orders"), None);
}

#[test]
fn a_profile_that_inherits_another_is_in_it() {
    for condition in ["", "when { context.tls }", "when { principal in Profile::\"reader\" }"] {
        let engine =
            shop(&format!(r#"forbid(principal in Profile::"reader", action == Action::"orders:get", resource) {condition};"#));
        assert_eq!(asked(&engine, "alice", "GET", "/orders/1"), DENIED, "{condition}");
        assert_eq!(asked(&engine, "alice", "DELETE", "/orders/1"), None, "{condition}");
    }
}

#[test]
fn time_is_that_of_the_configured_zone() {
    let office = r#"forbid(principal, action, resource) unless { context.time.hour >= 8 && context.time.hour < 18 && context.time.weekday <= 5 };"#;
    let at = |zone: Option<&str>, at: u64| {
        let engine = engine(&change(snapshot(json!([policy(office)])), "/policy_context", json!({"time_zone": zone})));
        ask(&engine, &json!({"method": "GET", "target": "/orders", "app": "bob", "at": at})).code
    };
    // Tuesday, 2023-11-14 07:30 UTC: half past eight in Stockholm. In July it is an hour more.
    assert_eq!(at(None, 1_699_947_000_000), DENIED);
    assert_eq!(at(Some("Europe/Stockholm"), 1_699_947_000_000), None);
    assert_eq!(at(Some("Europe/Stockholm"), 1_689_143_400_000), None);
    // Saturday noon.
    assert_eq!(at(None, 1_700_308_800_000), DENIED);
}

#[test]
fn addresses_are_matched_as_networks() {
    let engine = shop(r#"forbid(principal, action, resource) unless { context.address.isInRange(ip("10.0.0.0/8")) };"#);
    let from =
        |address: &str| ask(&engine, &json!({"method": "GET", "target": "/orders", "app": "bob", "address": address})).code;
    assert_eq!(from("10.1.2.3"), None);
    assert_eq!(from("::ffff:10.1.2.3"), None);
    assert_eq!(from("11.1.2.3"), DENIED);
    assert_eq!(from("2001:db8::1"), DENIED);
}

#[test]
fn parameters_have_the_types_of_the_contract() {
    let engine = shop(
        r#"forbid(principal, action == Action::"orders:list", resource)
             when { context.parameters has limit && context.parameters.limit > 100 };
           forbid(principal, action == Action::"orders:list", resource)
             when { context.parameters has "x-tenant" && context.parameters["x-tenant"] != principal.team };
           forbid(principal, action == Action::"orders:list", resource)
             unless { context.parameters has ownerId && context.parameters.ownerId == principal.id };"#,
    );
    assert_eq!(asked(&engine, "bob", "GET", "/orders?ownerId=bob"), None);
    assert_eq!(asked(&engine, "bob", "GET", "/orders?ownerId=b%6fb&limit=100"), None);
    assert_eq!(asked(&engine, "bob", "GET", "/orders?ownerId=bob&limit=101"), DENIED);
    assert_eq!(asked(&engine, "bob", "GET", "/orders?ownerId=alice"), DENIED);
    assert_eq!(asked(&engine, "bob", "GET", "/orders"), DENIED);
    let tenant =
        |name: &str| json!({"method": "GET", "target": "/orders?ownerId=bob", "app": "bob", "headers": [["X-Tenant", name]]});
    assert_eq!(ask(&engine, &tenant("partners")).code, None);
    assert_eq!(ask(&engine, &tenant("shop")).code, DENIED);
}

#[test]
fn a_parameter_that_could_be_read_in_two_ways_refuses() {
    let engine = shop(
        r#"forbid(principal, action == Action::"orders:list", resource)
             unless { context.parameters has ownerId && context.parameters.ownerId == principal.id };"#,
    );
    for query in [
        "ownerId=bob&ownerId=alice",
        "ownerId=bob&ownerid=alice",
        "ownerId=bob&ownerId[]=alice",
        "ownerId=bob&ownerId=bob",
        "ownerId=bob;ownerId=alice",
    ] {
        assert_eq!(asked(&engine, "bob", "GET", &format!("/orders?{query}")), DENIED, "{query}");
    }
    let limited = shop(
        r#"forbid(principal, action == Action::"orders:list", resource)
             when { context.parameters has limit && context.parameters.limit > 100 };"#,
    );
    assert_eq!(asked(&limited, "bob", "GET", "/orders?limit=many"), DENIED);
    assert_eq!(asked(&limited, "bob", "GET", "/orders?limit=99999999999999999999"), DENIED);
}

#[test]
fn whoever_is_anonymous_has_no_attributes_and_is_in_nothing() {
    let anonymous = json!({"method": "GET", "target": "/health"});
    for (cedar, code) in [
        (r#"forbid(principal, action, resource) when { context.anonymous };"#, DENIED),
        (r#"forbid(principal, action, resource) unless { context.tls };"#, None),
        (r#"forbid(principal, action, resource) when { principal.id == "x" };"#, DENIED),
        (r#"forbid(principal in Team::"shop", action, resource);"#, None),
        (r#"permit(principal in Team::"shop", action, resource);"#, DENIED),
        (r#"permit(principal is App, action, resource);"#, None),
    ] {
        assert_eq!(ask(&shop(cedar), &anonymous).code, code, "{cedar}");
    }
}

#[test]
fn what_cannot_be_evaluated_refuses() {
    let engine = shop(
        r#"forbid(principal, action == Action::"orders:list", resource)
             when { context.parameters has limit && context.parameters.limit * 9223372036854775807 > 0 };"#,
    );
    assert_eq!(asked(&engine, "bob", "GET", "/orders?limit=1"), None.or(DENIED));
    let refused = ask(&engine, &json!({"method": "GET", "target": "/orders?limit=2", "app": "bob"}));
    assert_eq!(refused.code, DENIED);
    assert!(reasons(&refused, Phase::Authorize).contains("cannot be evaluated: policy rule"), "{refused:?}");
    assert_eq!(asked(&engine, "bob", "GET", "/orders"), None);
}

#[test]
fn a_policy_in_monitor_lets_pass_and_is_told() {
    let mut watched = policy(r#"forbid(principal, action == Action::"orders:get", resource);"#);
    watched["mode"] = json!("monitor");
    let engine = engine(&snapshot(json!([watched])));
    let decision = ask(&engine, &json!({"method": "GET", "target": "/orders/1", "app": "bob"}));
    assert!(decision.allowed);
    assert!(reasons(&decision, Phase::Authorize).starts_with("policy would refuse (policy-denied): forbidden by policy rule"));
}

#[test]
fn a_permit_in_monitor_asks_whether_any_permit_matches() {
    let enforced = policy(r#"permit(principal in Team::"shop", action == Action::"orders:get", resource);"#);
    let watched = json!({"name": "watched", "mode": "monitor",
        "cedar": r#"permit(principal, action in [Action::"orders:get", Action::"orders:list"], resource) when { !context.tls };"#});
    let engine = engine(&snapshot(json!([enforced, watched])));
    let told = |app: &str, target: &str| {
        let decision = ask(&engine, &json!({"method": "GET", "target": target, "app": app}));
        (decision.code, reasons(&decision, Phase::Authorize).contains("would refuse"))
    };
    assert_eq!(told("alice", "/orders/1"), (None, false));
    assert_eq!(told("bob", "/orders/1").0, DENIED);
    assert_eq!(told("bob", "/orders"), (None, true));
}

#[test]
fn a_refusal_names_the_policy_to_the_operator_and_only_its_reason_to_the_caller() {
    let mut told = policy(
        r#"@id("late") forbid(principal, action == Action::"orders:get", resource) when { context.parameters.id == "secret" };"#,
    );
    told["reason"] = json!("Orders are closed.");
    let engine = engine(&snapshot(json!([told])));
    let decision = ask(&engine, &json!({"method": "GET", "target": "/orders/secret", "app": "bob"}));
    assert_eq!((decision.status, decision.code), (Some(403), DENIED));
    let explained = reasons(&decision, Phase::Authorize);
    assert!(explained.starts_with("policy-denied: forbidden by policy rule/late"), "{explained}");
    assert!(explained.contains(r#"context: {"parameters":{"id":"secret"}}"#), "{explained}");
    assert!(explained.contains("policy rule/late forbids"), "{explained}");

    let mut exchange = crate::fixture::exchange(&engine, 1);
    exchange.assumed = engine.plan().unwrap().assume("bob");
    let refused = exchange.judge_head(&crate::fixture::head("GET", "/orders/secret", &[])).unwrap_err();
    let problem: Value = serde_json::from_slice(refused.body()).unwrap();
    assert_eq!((&problem["code"], &problem["detail"]), (&json!("policy-denied"), &json!("Orders are closed.")));
    assert!(!problem.to_string().contains("rule"));
    let mut line = Vec::new();
    exchange.record(&crate::End { status: 403, ..crate::End::default() }, &mut line);
    let event: yett_model::Event = serde_json::from_slice(&line).unwrap();
    assert_eq!(event.policy.as_deref(), Some("rule/late"));
    assert_eq!(event.reason.as_deref(), Some("forbidden by policy rule/late"));
}

#[test]
fn a_narrower_key_escapes_no_forbid_and_gains_no_permit() {
    let narrowed = |cedar: &str| {
        let both = json!([
            {"name": "reader", "collections": ["reading"]},
            {"name": "trusted", "operations": ["orders:get", "orders:drop"]},
        ]);
        let snapshot = change(snapshot(json!([policy(cedar)])), "/profiles", both);
        let snapshot = change(snapshot, "/apps/1/profiles", json!(["reader", "trusted"]));
        let snapshot = change(snapshot, "/apps/0/profiles", json!(["reader"]));
        let mut key = crate::fixture::credential("k", "bob");
        key["profiles"] = json!(["trusted"]);
        let engine = engine(&change(snapshot, "/credentials", json!([key])));
        ask(&engine, &json!({"method": "GET", "target": "/orders/1", "headers": [["x-api-key", crate::fixture::KEY]]})).code
    };
    for condition in ["", "when { context.tls }"] {
        let get = r#"action == Action::"orders:get", resource)"#;
        assert_eq!(narrowed(&format!(r#"forbid(principal in Profile::"reader", {get} {condition};"#)), DENIED, "{condition}");
        assert_eq!(narrowed(&format!(r#"permit(principal in Profile::"reader", {get} {condition};"#)), DENIED, "{condition}");
        assert_eq!(narrowed(&format!(r#"permit(principal in Profile::"trusted", {get} {condition};"#)), None, "{condition}");
        assert_eq!(narrowed(&format!(r#"forbid(principal in Profile::"trusted", {get} {condition};"#)), DENIED, "{condition}");
    }
}

#[test]
fn a_profile_that_only_the_token_grants_escapes_no_forbid() {
    for condition in ["", "when { context.tls }"] {
        let cedar = format!(r#"forbid(principal in Profile::"writer", action == Action::"orders:get", resource) {condition};"#);
        let engine = shop(&cedar);
        let code = |carried: &[&str]| {
            let mut exchange = crate::fixture::exchange(&engine, 1);
            let plan = engine.plan().unwrap();
            let principal = plan.assume("bob").unwrap();
            let grants = plan.profiles.grants_of(carried.iter().copied());
            exchange.assumed = Some(crate::identity::Principal { grants, ..principal });
            let _judged = exchange.judge_head(&crate::fixture::head("GET", "/orders/1", &[]));
            exchange.code()
        };
        assert_eq!(code(&["reader"]), None, "{condition}");
        assert_eq!(code(&["writer"]), DENIED, "{condition}");
    }
}

#[test]
fn whoever_has_the_profiles_of_anonymous_callers_is_anonymous_to_policies() {
    let code = |cedar: &str| {
        let snapshot = change(snapshot(json!([policy(cedar)])), "/apis/0/identify/anonymous", json!(["reader"]));
        ask(&engine(&snapshot), &json!({"method": "GET", "target": "/orders/1"})).code
    };
    for (cedar, expected) in [
        (r#"forbid(principal, action, resource) when { context.anonymous };"#, DENIED),
        (r#"forbid(principal, action, resource) unless { context.tls };"#, None),
        (r#"forbid(principal in Profile::"reader", action, resource);"#, DENIED),
        (r#"forbid(principal in Profile::"reader", action, resource) when { context.tls };"#, DENIED),
        (r#"permit(principal in Profile::"reader", action, resource) when { context.tls };"#, None),
        (r#"permit(principal in Team::"shop", action, resource) when { context.tls };"#, DENIED),
    ] {
        assert_eq!(code(cedar), expected, "{cedar}");
    }
}

#[test]
fn claims_are_those_that_are_declared_and_of_their_types() {
    let cedar = r#"permit(principal, action == Action::"orders:get", resource)
        when { context.claims has department && context.claims.department == "sales" && context has user && context.user == "mira" };
        permit(principal, action == Action::"orders:get", resource)
        when { context.claims has groups && context.claims.groups.contains("admins") && context.actors.contains("robot") };"#;
    let declared = json!({"claims": {"department": "string", "groups": "strings", "level": "integer"}});
    let engine = engine(&change(snapshot(json!([policy(cedar)])), "/policy_context", declared));
    let refused = |claims: Value, user: Option<&str>, actors: &[&str]| {
        let mut exchange = crate::fixture::exchange(&engine, 1);
        let mut principal = engine.plan().unwrap().assume("bob").unwrap();
        let all = claims.as_object().unwrap().clone();
        principal.claims = Some(std::sync::Arc::new(crate::identity::Claims { issuer: "door".into(), all }));
        principal.user = user.map(Into::into);
        principal.actors = actors.iter().map(|actor| (*actor).into()).collect();
        exchange.assumed = Some(principal);
        exchange.judge_head(&crate::fixture::head("GET", "/orders/1", &[])).is_err()
    };
    assert!(!refused(json!({"department": "sales", "other": [1]}), Some("mira"), &[]));
    assert!(refused(json!({"department": "sales"}), None, &[]));
    assert!(refused(json!({"department": ["sales"]}), Some("mira"), &[]));
    assert!(refused(json!({}), Some("mira"), &[]));
    assert!(!refused(json!({"groups": ["admins"]}), None, &["robot", "other"]));
    assert!(!refused(json!({"groups": "admins"}), None, &["robot"]));
    assert!(refused(json!({"groups": ["admins", 7]}), None, &["robot"]));
    assert!(refused(json!({"groups": ["admins"]}), None, &[]));
}

#[test]
fn what_the_contract_does_not_describe_is_refused_where_there_are_policies() {
    let watched = |policies: Value| {
        let guards = json!({"contract": {"mode": "monitor"}});
        let snapshot = change(snapshot(policies), "/apis/0/guards", guards);
        let all = json!(["orders:list", "orders:get", "orders:create", "orders:drop"]);
        let engine = engine(&change(snapshot, "/profiles/1/operations", all));
        asked(&engine, "alice", "GET", "/Orders/1")
    };
    assert_eq!(watched(json!([])), None);
    assert_eq!(
        watched(json!([policy(r#"forbid(principal, action == Action::"orders:get", resource) when { !context.tls };"#)])),
        DENIED
    );
}

#[test]
fn the_plan_of_an_app_is_a_fact_and_absent_where_it_has_none() {
    let cedar =
        r#"permit(principal, action == Action::"orders:get", resource) when { context has plan && context.plan == "gold" };"#;
    let on_plan = |plan: Value| {
        let engine = engine(&change(snapshot(json!([policy(cedar)])), "/apps/1/plan", plan));
        asked(&engine, "bob", "GET", "/orders/1")
    };
    assert_eq!((on_plan(json!("gold")), on_plan(json!("free")), on_plan(Value::Null)), (None, DENIED, DENIED));
}

#[test]
fn country_and_network_are_what_the_database_says_and_absent_where_it_says_nothing() {
    let cedar = r#"forbid(principal, action == Action::"orders:get", resource)
        unless { context.network has country && ["SE", "NO"].contains(context.network.country) };
        forbid(principal, action == Action::"orders:get", resource)
        when { context.network has asn && context.network.asn == 64496 };"#;
    let known = json!({"network": ["country", "asn"]});
    let engine = engine(&change(snapshot(json!([policy(cedar)])), "/policy_context", known));
    let from = |country: Option<&str>, asn: Option<u32>| {
        let mut exchange = crate::fixture::exchange(&engine, 1);
        exchange.assumed = engine.plan().unwrap().assume("bob");
        (exchange.caller.country, exchange.caller.asn) = (country.map(Into::into), asn);
        exchange.judge_head(&crate::fixture::head("GET", "/orders/1", &[])).is_ok()
    };
    assert!(from(Some("SE"), None) && from(Some("NO"), Some(64_497)));
    assert!(!from(Some("DK"), None) && !from(None, None) && !from(Some("SE"), Some(64_496)));
}

#[test]
fn the_risk_is_nothing_until_a_guard_says_otherwise() {
    let engine = shop(r#"forbid(principal, action == Action::"orders:get", resource) when { context.risk >= 50 };"#);
    let view_of = |risk: u8| {
        let mut exchange = crate::fixture::exchange(&engine, 1);
        exchange.assumed = engine.plan().unwrap().assume("bob");
        exchange.effects.risk = risk;
        exchange.judge_head(&crate::fixture::head("GET", "/orders/1", &[])).is_ok()
    };
    assert!(view_of(0) && view_of(49));
    assert!(!view_of(50) && !view_of(255));
}

#[test]
fn what_is_forbidden_to_a_user_is_forbidden_to_the_agent_that_acts_for_them() {
    let code = |cedar: &str, user: &str| {
        let snapshot = change(snapshot(json!([policy(cedar)])), "/apps/1/agent", json!(true));
        let trainee = json!({"name": "trainee", "inherits": ["reader"]});
        let profiles = snapshot["profiles"].as_array().unwrap().iter().cloned().chain([trainee]).collect::<Vec<_>>();
        let snapshot = change(snapshot, "/profiles", json!(profiles));
        let users = json!([{"name": "otto", "profiles": ["trainee"]}, {"name": "mira", "profiles": ["reader"]}]);
        let engine = engine(&change(snapshot, "/users", users));
        ask(&engine, &json!({"method": "GET", "target": "/orders/1", "app": "bob", "user": user})).code
    };
    for condition in ["", "when { context.tls }"] {
        let cedar = format!(r#"forbid(principal in Profile::"trainee", action == Action::"orders:get", resource) {condition};"#);
        assert_eq!((code(&cedar, "mira"), code(&cedar, "otto")), (None, DENIED), "{condition}");
    }
    for condition in ["", "when { context.tls }"] {
        let cedar = format!(r#"permit(principal in Profile::"trainee", action == Action::"orders:get", resource) {condition};"#);
        assert_eq!(code(&cedar, "otto"), DENIED, "{condition}: the agent is no trainee");
    }
}

#[test]
fn an_explanation_has_the_policies_what_they_saw_and_what_would_change_it() {
    let cedar = r#"@id("late") forbid(principal, action == Action::"orders:get", resource) when { context.parameters.id == "7" };
        @id("odd") forbid(principal, action == Action::"orders:get", resource) when { context.parameters.id == "9" };"#;
    let engine = shop(cedar);
    let refused = ask(&engine, &json!({"method": "GET", "target": "/orders/7", "app": "bob"}));
    let outcomes: Vec<_> = refused.policies.iter().map(|one| (one.policy.as_str(), one.outcome)).collect();
    assert_eq!(outcomes, [("rule/late", PolicyOutcome::Forbids), ("rule/odd", PolicyOutcome::Silent)]);
    assert_eq!(refused.context.iter().map(|one| &one.values).collect::<Vec<_>>(), [&json!({"parameters": {"id": "7"}})]);
    assert_eq!(refused.change, ["policy `rule/late` must not match: send another request, or change the policy"]);
    let passed = ask(&engine, &json!({"method": "GET", "target": "/orders/1", "app": "bob"}));
    assert_eq!((passed.policies.len(), passed.context.len(), passed.change.len()), (2, 1, 0));
    let permits = shop(r#"permit(principal in Team::"shop", action == Action::"orders:get", resource);"#);
    let refused = ask(&permits, &json!({"method": "GET", "target": "/orders/7", "app": "bob"}));
    assert_eq!(refused.change, ["meet the conditions of one of the permits, or write one for the caller"]);
}

#[test]
fn whoever_sent_no_credential_is_told_to_send_one_or_which_profiles_grant_it() {
    let without = engine(&snapshot(json!([])));
    let drop = json!({"method": "DELETE", "target": "/orders/1"});
    assert!(ask(&without, &drop).change[0].starts_with("send a credential: nobody calls `orders:drop` without one"));
    let open = engine(&change(snapshot(json!([])), "/apis/0/identify/anonymous", json!(["reader"])));
    let refused = ask(&open, &drop);
    assert_eq!(
        refused.change,
        [
            "send a credential of an app that has one of `writer`: none was sent",
            "grant `orders:drop` to a profile of callers of orders without a credential: `reader`",
        ]
    );
}

#[test]
fn statements_are_told_with_whom_and_what_they_are_for() {
    let policies = json!([
        policy(r#"forbid(principal in Team::"shop", action, resource in Collection::"reading");"#),
        {"name": "own", "mode": "monitor",
            "cedar": r#"permit(principal, action == Action::"orders:create", resource) when { context.body.ownerId == principal.id };"#},
    ]);
    let told = crate::policy_statements(&crate::fixture::bytes(&snapshot(policies))).unwrap();
    assert_eq!(
        serde_json::to_value(&told).unwrap(),
        json!([
            {"label": "rule", "permits": false, "monitored": false, "conditional": false, "stage": "head",
                "caller": {"kind": "team", "name": "shop"}, "operations": ["orders:list", "orders:get"]},
            {"label": "own", "permits": true, "monitored": true, "conditional": true, "stage": "body",
                "caller": null, "operations": ["orders:create"]},
        ])
    );
    let wrong = crate::policy_statements(&crate::fixture::bytes(&snapshot(json!([policy("forbid(")]))));
    assert!(wrong.is_err());
}
