//! What many policies cost: a request meets those of its slice.

use super::*;

/// Policies for other operations and other callers do not come near a request.
#[test]
fn a_request_meets_the_policies_of_its_operation_and_caller_only() {
    let mut policies: Vec<Value> = (0..10)
        .map(|number| {
            json!({"name": format!("near-{number}"),
                "cedar": format!(r#"forbid(principal, action == Action::"orders:get", resource) when {{ context.parameters.id == "n{number}" }};"#)})
        })
        .collect();
    policies.extend((0..500).map(|number| {
        json!({"name": format!("far-{number}"),
            "cedar": format!(r#"forbid(principal, action == Action::"orders:drop", resource) when {{ context.parameters.id == "f{number}" }};"#)})
    }));
    policies.extend((0..490).map(|number| {
        json!({"name": format!("other-{number}"),
            "cedar": format!(r#"forbid(principal == App::"alice", action == Action::"orders:get", resource) when {{ context.parameters.id == "o{number}" }};"#)})
    }));
    let engine = engine(&snapshot(json!(policies)));
    for (app, target, code) in [
        ("bob", "/orders/n3", DENIED),
        ("bob", "/orders/o3", None),
        ("alice", "/orders/o3", DENIED),
        ("alice", "/orders/o489", DENIED),
        ("bob", "/orders/f3", None),
    ] {
        assert_eq!(asked(&engine, app, "GET", target), code, "{app} {target}");
    }
}

fn near(count: usize) -> impl Iterator<Item = Value> {
    (0..count).map(|number| {
        json!({"name": format!("near-{number}"),
            "cedar": format!(r#"forbid(principal, action == Action::"orders:get", resource) when {{ context.time.hour == 25 && context.parameters.id == "n{number}" }};"#)})
    })
}

#[test]
fn a_thousand_policies_are_evaluated_no_more_than_the_ten_that_apply() {
    let others = (0..495).map(|number| {
        json!({"name": format!("other-{number}"),
            "cedar": format!(r#"forbid(principal == App::"alice", action == Action::"orders:get", resource) when {{ context.parameters.id == "o{number}" }};"#)})
    });
    let far = (0..495).map(|number| {
        json!({"name": format!("far-{number}"),
            "cedar": format!(r#"forbid(principal, action == Action::"orders:drop", resource) when {{ context.parameters.id == "f{number}" }};"#)})
    });
    let request = json!({"method": "GET", "target": "/orders/7", "app": "bob"});
    let ten = engine(&snapshot(json!(near(10).collect::<Vec<_>>())));
    let thousand = engine(&snapshot(json!(near(10).chain(others).chain(far).collect::<Vec<_>>())));
    assert_eq!((evaluated(&ten, &request), evaluated(&thousand, &request)), (10, 10));
    let alice = json!({"method": "GET", "target": "/orders/7", "app": "alice"});
    assert_eq!(evaluated(&thousand, &alice), 505);
}

#[test]
fn policies_without_conditions_are_bits_and_evaluate_nothing() {
    let plain: Vec<Value> = (0..1_000)
        .map(|number| match number % 2 {
            0 => json!({"name": format!("forbid-{number}"), "cedar": r#"forbid(principal in Team::"shop", action == Action::"orders:get", resource);"#}),
            _ => json!({"name": format!("permit-{number}"), "cedar": r#"permit(principal in Profile::"reader", action, resource);"#}),
        })
        .collect();
    let engine = engine(&snapshot(json!(plain)));
    for (app, code) in [("bob", None), ("alice", DENIED)] {
        assert_eq!(evaluated(&engine, &json!({"method": "GET", "target": "/orders/7", "app": app})), 0);
        assert_eq!(asked(&engine, app, "GET", "/orders/7"), code, "{app}");
    }
}

/// Prints nanoseconds a request; `cargo test --release -p yett-engine policy_cost -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn policy_cost() {
    use crate::fixture::{exchange, head};
    let measure = |what: &str, policies: Vec<Value>| {
        let engine = engine(&snapshot(json!(policies)));
        let parts = head("GET", "/orders/7", &[]);
        let bob = engine.plan().unwrap().assume("bob");
        let mut best = f64::MAX;
        for _ in 0..20 {
            let start = std::time::Instant::now();
            for _ in 0..2_000 {
                let mut exchange = exchange(&engine, 1);
                exchange.assumed.clone_from(&bob);
                assert!(exchange.judge_head(&parts).is_ok());
            }
            best = best.min(start.elapsed().as_secs_f64() / 2_000.0 * 1e9);
        }
        println!("{what:<40} {best:>9.0} ns a request");
    };
    let far = |count: usize| {
        (0..count).map(|number| {
            json!({"name": format!("far-{number}"),
                "cedar": format!(r#"forbid(principal, action == Action::"orders:drop", resource) when {{ context.time.hour == 25 && context.parameters.id == "f{number}" }};"#)})
        })
    };
    let others = |count: usize| {
        (0..count).map(|number| {
            json!({"name": format!("other-{number}"),
                "cedar": format!(r#"forbid(principal == App::"alice", action == Action::"orders:get", resource) when {{ context.time.hour == 25 && context.parameters.id == "o{number}" }};"#)})
        })
    };
    let role =
        json!({"name": "role", "cedar": r#"forbid(principal in Team::"shop", action == Action::"orders:get", resource);"#});
    measure("none", vec![]);
    measure("one by role", vec![role]);
    measure("one", near(1).collect());
    measure("ten", near(10).collect());
    measure("ten, and 990 for another operation", near(10).chain(far(990)).collect());
    measure("ten, and 990 for another app", near(10).chain(others(990)).collect());
}
