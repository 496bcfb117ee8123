use super::*;
use crate::exchange::{BodyNeed, Caller, Exchange, Now};
use crate::fixture::{KEY, NOW, bytes, engine, head, pepper, snapshot};
use crate::{End, Engine};
use aws_lc_rs::digest;
use bytes::Bytes;
use http::Response;
use http::request::Parts;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::net::IpAddr;
use yett_model::{Code, Phase};

const MADE: u64 = NOW.unix_ms / 1000;

fn control(action: Value, scope: Value) -> Value {
    json!({
        "id": "control-1", "action": action, "scope": scope, "author": "ops", "reason": "a test", "made_at": MADE,
        "expires_at": MADE + 60,
    })
}

fn send(engine: &Engine, controls: &[Value]) -> Result<(), Vec<String>> {
    let sequence = engine.plan().unwrap().sequence;
    let last = (sequence..).find(|last| {
        let empty = json!({"sequence": last + 1, "changes": []});
        engine.patch(&bytes(&empty)).is_ok()
    });
    let changes: Vec<Value> = controls.iter().map(|control| json!({"change": "put-control", "control": control})).collect();
    let patch = json!({"sequence": last.unwrap() + 2, "changes": changes});
    engine.patch(&bytes(&patch)).map(drop).map_err(|found| found.into_iter().map(|mistake| mistake.code).collect())
}

fn controlled(action: Value, scope: Value) -> Engine {
    let engine = engine(&snapshot());
    send(&engine, &[control(action, scope)]).unwrap();
    engine
}

fn ask_at(engine: &Engine, address: &str, parts: &Parts, body: &str, now: Now) -> (Exchange, Option<Box<Response<Bytes>>>) {
    let caller = Caller::new(address.parse::<IpAddr>().unwrap(), true);
    let mut exchange = Exchange::new(engine.plan().unwrap(), engine.counters().clone(), caller, now, 7);
    let answer = match exchange.judge_head(parts) {
        Err(answer) => Some(answer),
        Ok(need) => {
            let body = (need == BodyNeed::Collect).then(|| Bytes::from(body.to_owned()));
            exchange.judge_body(parts, body).err()
        }
    };
    (exchange, answer)
}

fn verdict(engine: &Engine, parts: &Parts) -> Option<(Phase, Code)> {
    let (exchange, _) = ask_at(engine, "192.0.2.77", parts, "", NOW);
    exchange.refusal.as_ref().map(|(phase, refusal)| (*phase, refusal.code))
}

fn list() -> Parts {
    head("GET", "/shop/books", &[("x-api-key", KEY)])
}

fn get(target: &str) -> Parts {
    head("GET", target, &[("x-api-key", KEY)])
}

#[test]
fn an_operation_that_is_closed_is_closed_for_everybody_before_anything_is_proven() {
    let engine = controlled(json!({"do": "block"}), json!({"operations": ["shop:list"]}));
    assert_eq!(verdict(&engine, &head("GET", "/shop/books", &[])), Some((Phase::Screen, Code::OperationClosed)));
    assert_eq!(verdict(&engine, &get("/shop/books/7")), None);
    let (exchange, answer) = ask_at(&engine, "192.0.2.1", &list(), "", NOW);
    let answer = answer.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (503, &http::HeaderValue::from_static("60")));
    assert!(!String::from_utf8_lossy(answer.body()).contains("a test"), "why is for the log");
    let mut line = Vec::new();
    exchange.record(&End { status: 503, ..End::default() }, &mut line);
    let event: yett_model::Event = serde_json::from_slice(&line).unwrap();
    assert_eq!(event.control.as_deref(), Some("control-1"));
    assert!(event.reason.unwrap().contains("block by ops: a test"));
}

#[test]
fn a_control_ends_by_the_clock_and_at_once_when_it_is_ended() {
    let engine = controlled(json!({"do": "block"}), json!({"everything": true}));
    let later = Now { unix_ms: NOW.unix_ms + 60_000, ..NOW };
    assert!(ask_at(&engine, "192.0.2.1", &list(), "", NOW).1.is_some());
    assert!(ask_at(&engine, "192.0.2.1", &list(), "", later).1.is_none());
    engine.apply(&bytes(&crate::fixture::changed("/sequence", json!(7)))).unwrap();
    assert!(ask_at(&engine, "192.0.2.1", &list(), "", NOW).1.is_some(), "outlives snapshots");
    let end = json!({"sequence": 8, "changes": [{"change": "end-control", "id": "control-1"}]});
    engine.patch(&bytes(&end)).unwrap();
    assert!(ask_at(&engine, "192.0.2.1", &list(), "", NOW).1.is_none());
    let plan = engine.plan().unwrap();
    assert!(plan.controls.is_empty());
}

#[test]
fn an_expired_control_is_swept() {
    let engine = controlled(json!({"do": "block"}), json!({"everything": true}));
    engine.sweep(MADE + 59);
    assert_eq!(engine.plan().unwrap().controls.len(), 1);
    engine.sweep(MADE + 60);
    assert!(engine.plan().unwrap().controls.is_empty());
}

#[test]
fn a_scope_is_every_list_that_it_has() {
    for (scope, refused) in [
        (json!({"apps": ["reader-app"]}), Some((Phase::Authorize, Code::Blocked))),
        (json!({"apps": ["idle-app"]}), None),
        (json!({"credentials": ["k1"]}), Some((Phase::Authorize, Code::Blocked))),
        (json!({"users": ["ann"]}), None),
        (json!({"networks": ["192.0.2.0/24"]}), Some((Phase::Screen, Code::Blocked))),
        (json!({"networks": ["198.51.100.0/24", "2001:db8::/32"]}), None),
        (json!({"apis": ["shop"], "networks": ["192.0.2.77"]}), Some((Phase::Screen, Code::Blocked))),
        (json!({"apis": ["other"]}), None),
        (json!({"apps": ["reader-app"], "operations": ["shop:get"]}), None),
    ] {
        let engine = controlled(json!({"do": "block"}), scope.clone());
        assert_eq!(verdict(&engine, &list()), refused, "{scope}");
    }
}

#[test]
fn what_the_contract_does_not_describe_cannot_slip_by_a_closed_operation() {
    let engine = engine(&crate::fixture::changed("/apis/0/guards", json!({"contract": {"mode": "monitor"}})));
    send(&engine, &[control(json!({"do": "block"}), json!({"operations": ["shop:list"]}))]).unwrap();
    assert_eq!(verdict(&engine, &get("/shop/BOOKS")), Some((Phase::Screen, Code::OperationClosed)));
}

#[test]
fn a_control_that_monitors_only_records() {
    let mut watching = control(json!({"do": "block"}), json!({"everything": true}));
    watching["mode"] = json!("monitor");
    let engine = engine(&snapshot());
    send(&engine, &[watching]).unwrap();
    let (exchange, answer) = ask_at(&engine, "192.0.2.1", &list(), "", NOW);
    assert!(answer.is_none());
    assert_eq!(exchange.would_deny().collect::<Vec<_>>(), ["control"]);
}

#[test]
fn a_throttle_lets_so_many_pass_for_each_address() {
    let throttle = json!({"do": "throttle", "requests": 2, "period_ms": 60_000, "by": "address"});
    let engine = controlled(throttle, json!({"operations": ["shop:list"]}));
    let asked = |address| ask_at(&engine, address, &list(), "", NOW).0.code();
    assert_eq!([asked("192.0.2.1"), asked("192.0.2.1")], [None, None]);
    assert_eq!(asked("192.0.2.1"), Some(Code::Throttled));
    assert_eq!(asked("192.0.2.2"), None);
    let (_, answer) = ask_at(&engine, "192.0.2.1", &list(), "", NOW);
    assert!(answer.unwrap().headers().contains_key("retry-after"));
}

#[test]
fn a_virtual_patch_refuses_what_meets_all_of_its_conditions_however_it_is_spelled() {
    let patch = |when: Value| controlled(json!({"do": "patch", "when": when}), json!({"apis": ["shop"]}));
    let one = |place: &str, name: &str, test: Value| json!([{"in": place, "name": name, "test": test}]);
    let contains = |value: &str| json!({"is": "contains", "value": value});
    let refused = Some((Phase::Screen, Code::VirtualPatch));
    for (when, target, expected) in [
        (one("path", "id", contains("..")), "/shop/books/a..b", refused),
        (one("path", "id", contains("union")), "/shop/books/un%69on", refused),
        (one("path", "id", contains("..")), "/shop/books/a.b", None),
        (one("query", "page", json!({"is": "above", "number": 100})), "/shop/books?page=101", refused),
        (one("query", "page", json!({"is": "above", "number": 100})), "/shop/books?p%61ge=101", refused),
        (one("query", "page", json!({"is": "above", "number": 100})), "/shop/books?page=100", None),
        (one("query", "page", json!({"is": "longer", "bytes": 3})), "/shop/books?page=10000", refused),
        (one("query", "page", json!({"is": "absent"})), "/shop/books", refused),
        (one("query", "page", json!({"is": "absent"})), "/shop/books?page=1", None),
        (one("query", "page", json!({"is": "present"})), "/shop/books?page=1", refused),
        (one("path", "id", json!({"is": "starts-with", "value": "ADMIN"})), "/shop/books/admin-1", refused),
        (one("path", "id", json!({"is": "equals", "value": "7"})), "/shop/books/77", None),
        (one("path", "id", json!({"is": "matches", "pattern": "^[0-9]+x$"})), "/shop/books/123X", refused),
        (one("header", "X-Api-Key", json!({"is": "longer", "bytes": 20})), "/shop/books/1", refused),
        (json!([{"in": "query", "test": contains("union")}]), "/shop/books?page=un%2569on", refused),
    ] {
        assert_eq!(verdict(&patch(when.clone()), &get(target)), expected, "{when} {target}");
    }
}

#[test]
fn a_virtual_patch_looks_into_the_body() {
    let mut granted = snapshot();
    granted["profiles"][0]["operations"] = json!(["shop:list", "shop:get", "shop:create"]);
    let engine = engine(&granted);
    let when = json!([{"in": "body", "name": "/items/*/id", "test": {"is": "contains", "value": "x"}}]);
    send(&engine, &[control(json!({"do": "patch", "when": when}), json!({"operations": ["shop:create"]}))]).unwrap();
    let parts = head("POST", "/shop/books", &[("x-api-key", KEY), ("content-type", "application/json")]);
    let asked = |body: &str| ask_at(&engine, "192.0.2.1", &parts, body, NOW).0.code();
    assert_eq!(asked(r#"{"title":"t","items":[{"id":"a"},{"id":"bX"}]}"#), Some(Code::VirtualPatch));
    assert_eq!(asked(r#"{"title":"x","items":[{"id":"a"}]}"#), None);
    assert_eq!(asked(r#"{"title":"t"}"#), None);
}

#[test]
fn a_step_up_asks_for_a_token_that_says_more() {
    let wanted = Wanted::compile(&["phr".to_owned()], Some(300)).unwrap();
    let claims = |all: Value| crate::identity::Claims { issuer: "i".into(), all: all.as_object().unwrap().clone() };
    for (all, fits) in [
        (json!({"acr": "phr", "auth_time": 1_000}), true),
        (json!({"acr": "pwd", "auth_time": 1_000}), false),
        (json!({"acr": "phr", "auth_time": 700}), true),
        (json!({"acr": "phr", "auth_time": 699}), false),
        (json!({"acr": "phr"}), false),
        (json!({"acr": "phr", "auth_time": "1000"}), false),
    ] {
        assert_eq!(wanted.refuse(Some(&claims(all.clone())), 1_000).is_ok(), fits, "{all}");
    }
    let engine = controlled(json!({"do": "step-up", "acr_values": ["phr"], "max_age_s": 300}), json!({"apis": ["shop"]}));
    let (_, answer) = ask_at(&engine, "192.0.2.1", &list(), "", NOW);
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(
        answer.headers()["www-authenticate"],
        "Bearer error=\"insufficient_user_authentication\", acr_values=\"phr\", max_age=\"300\""
    );
}

fn solve(token: &str, difficulty: u32) -> String {
    let is_good = |number: &u64| {
        let hash = digest::digest(&digest::SHA256, format!("{token}:{number}").as_bytes());
        u32::from_be_bytes(hash.as_ref()[..4].try_into().unwrap()).leading_zeros() >= difficulty
    };
    format!("{token}.{}", (0..).find(is_good).unwrap())
}

fn challenged() -> (Engine, String, String) {
    let engine = controlled(json!({"do": "challenge", "difficulty": 8, "valid_s": 30}), json!({"operations": ["shop:list"]}));
    let (_, answer) = ask_at(&engine, "192.0.2.1", &list(), "", NOW);
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 403);
    let problem: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!((&problem["code"], &problem["challenge"]["difficulty"]), (&json!("challenge-required"), &json!(8)));
    let text = |name: &str| problem["challenge"][name].as_str().unwrap().to_owned();
    (engine, text("token"), text("cookie"))
}

#[test]
fn the_answer_to_a_challenge_lets_its_finder_in_and_nobody_else_and_not_for_ever() {
    let (engine, token, cookie) = challenged();
    let answer = solve(&token, 8);
    let asked = |address, answer: &str, seconds: u64| {
        let parts = head("GET", "/shop/books", &[("x-api-key", KEY), ("yett-challenge-answer", answer)]);
        let now = Now { unix_ms: NOW.unix_ms + seconds * 1000, ..NOW };
        ask_at(&engine, address, &parts, "", now).0.code()
    };
    let refused = Some(Code::ChallengeRequired);
    assert_eq!(asked("192.0.2.1", &answer, 0), None);
    assert_eq!(asked("192.0.2.1", &answer, 29), None);
    assert_eq!(asked("192.0.2.1", &answer, 30), refused, "expired");
    assert_eq!(asked("192.0.2.2", &answer, 0), refused, "another address");
    assert_eq!(asked("192.0.2.1", &format!("{token}.0"), 0), if answer.ends_with(".0") { None } else { refused });
    let mut forged = data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
    forged[8] = 0;
    let forged = data_encoding::BASE64URL_NOPAD.encode(&forged);
    assert_eq!(asked("192.0.2.1", &format!("{forged}.0"), 0), refused, "an easier one of one's own");
    let parts = head("GET", "/shop/books", &[("x-api-key", KEY), ("cookie", &format!("a=1; {cookie}={answer}"))]);
    let (mut exchange, refusal) = ask_at(&engine, "192.0.2.1", &parts, "", NOW);
    assert!(refusal.is_none());
    let mut sent = parts.clone();
    exchange.upstream_request(&mut sent).unwrap();
    assert_eq!(sent.headers["cookie"], "a=1", "the upstream does not see it");
}

#[test]
fn a_browser_gets_a_page_that_may_run_its_own_script_alone() {
    let (engine, ..) = challenged();
    let parts = head("GET", "/shop/books", &[("accept", "text/html,*/*"), ("x-api-key", KEY)]);
    let (_, answer) = ask_at(&engine, "192.0.2.1", &parts, "", NOW);
    let answer = answer.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (403, &http::HeaderValue::from_static("text/html; charset=utf-8"))
    );
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    let page = String::from_utf8(answer.body().to_vec()).unwrap();
    let script = page.split_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
    let hash = data_encoding::BASE64.encode(digest::digest(&digest::SHA256, script.as_bytes()).as_ref());
    assert!(policy.starts_with("default-src 'none'") && policy.contains(&format!("'sha256-{hash}'")));
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="));
}

#[test]
fn a_control_is_refused_with_all_that_is_wrong_with_it() {
    let engine = engine(&snapshot());
    let mut bad = control(json!({"do": "challenge", "difficulty": 60, "valid_s": 1}), json!({"networks": ["10.0.0.1/8"]}));
    bad["id"] = json!("Not An Id");
    bad["reason"] = json!(" ");
    bad["expires_at"] = json!(MADE + LONGEST_S + 1);
    let codes = ["control-id-invalid", "control-unexplained", "control-expiry-far", "network-invalid", "challenge-invalid"];
    assert_eq!(send(&engine, &[bad]).unwrap_err(), codes);
    for (action, scope, code) in [
        (json!({"do": "block"}), json!({}), "control-scope-invalid"),
        (json!({"do": "block"}), json!({"everything": true, "apps": ["a"]}), "control-scope-invalid"),
        (json!({"do": "throttle", "requests": 0, "period_ms": 1, "by": "all"}), json!({"everything": true}), "throttle-invalid"),
        (json!({"do": "step-up"}), json!({"everything": true}), "step-up-invalid"),
        (json!({"do": "patch", "when": []}), json!({"everything": true}), "patch-conditions-invalid"),
        (
            json!({"do": "patch", "when": [{"in": "query", "test": {"is": "matches", "pattern": "(a)\\1"}}]}),
            json!({"everything": true}),
            "patch-condition-invalid",
        ),
        (
            json!({"do": "patch", "when": [{"in": "body", "name": "items", "test": {"is": "present"}}]}),
            json!({"everything": true}),
            "patch-condition-invalid",
        ),
    ] {
        assert_eq!(send(&engine, &[control(action.clone(), scope)]).unwrap_err(), [code], "{action}");
    }
    assert!(engine.plan().unwrap().controls.is_empty());
}

#[test]
fn there_is_room_for_so_many_controls_and_one_may_always_be_replaced() {
    let engine = engine(&snapshot());
    let many = |count: usize| -> Vec<Value> {
        (0..count)
            .map(|number| {
                let mut one = control(json!({"do": "block"}), json!({"apps": [format!("app-{number}")]}));
                one["id"] = json!(format!("control-{number}"));
                one
            })
            .collect()
    };
    assert_eq!(send(&engine, &many(MOST_CONTROLS + 1)).unwrap_err(), ["controls-full"]);
    send(&engine, &many(MOST_CONTROLS)).unwrap();
    send(&engine, &many(1)).unwrap();
    assert_eq!(engine.plan().unwrap().controls.len(), MOST_CONTROLS);
}

proptest! {
    #[test]
    fn no_answer_to_a_challenge_is_believed_that_was_not_found(answer in "[A-Za-z0-9_.,-]{0,140}") {
        let (engine, ..) = challenged();
        let parts = head("GET", "/shop/books", &[("x-api-key", KEY), ("yett-challenge-answer", &answer)]);
        prop_assert_eq!(ask_at(&engine, "192.0.2.1", &parts, "", NOW).0.code(), Some(Code::ChallengeRequired));
    }

    #[test]
    fn conditions_never_panic(query in "\\PC{0,60}", pattern in "[a-z().*+?\\[\\]|{}0-9]{1,12}") {
        let when = vec![yett_model::Condition { place: Place::Query, name: None, test: yett_model::control::Test::Matches { pattern } }];
        let mut mistakes = 0;
        if let Some(conditions) = Conditions::compile(&when, &mut |_: &str, _: &str, _: String| mistakes += 1) {
            let parts = head("GET", "/", &[]);
            let view = crate::guards::RequestView {
                method: &parts.method, path_parameters: &[], query: &query, credential_query: None,
                version_query: None, headers: &parts.headers,
                uri: &http::Uri::from_static("/"),
                told_host: None,
                certified: false,
                address: IpAddr::from([192, 0, 2, 1]), tls: true, principal: None, cost: 1, now: NOW, notes: None,
                country: None,
                asn: None,
                risk: 0,
            };
            let _ = conditions.are_met(&view, None);
        }
    }
}

#[test]
fn a_pepper_of_its_own_makes_other_challenges() {
    assert_ne!(pepper().hash("yett-challenge:x"), crate::Pepper::new(&[8; 32]).unwrap().hash("yett-challenge:x"));
}
