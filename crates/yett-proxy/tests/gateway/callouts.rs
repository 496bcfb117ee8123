//! Somebody outside has a say: asked over real sockets, and failing in every way he can.

use crate::common::{Message, Origin, PATIENCE, Stage, api_key, get, options, post, reply, snapshot};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const JSON: &str = "content-type: application/json\r\n";

/// A judge who says the same of everything.
fn judge(said: Value) -> Origin {
    Origin::start(move |_, stream| reply(stream, "200 OK", JSON, said.to_string().as_bytes()))
}

fn callout(judge: SocketAddr, settings: Value) -> Value {
    let remote = json!({"url": format!("http://{judge}/judge"), "plain": true, "timeout_ms": 500});
    let mut callout = json!({"name": "judge", "remote": remote});
    for (name, value) in settings.as_object().unwrap() {
        callout[name] = value.clone();
    }
    callout
}

/// The test's API before an origin, with a judge of all of it.
fn judged(origin: SocketAddr, callout: Value) -> Stage {
    let mut judged = snapshot(&json!({"targets": [{"url": format!("http://{origin}/v1")}]}));
    judged["callouts"] = json!([callout]);
    judged["apis"][0]["callouts"] = json!(["judge"]);
    Stage::start(options(), &judged)
}

fn status(message: &Message) -> u16 {
    message.head.split(' ').nth(1).unwrap().parse().unwrap()
}

fn code(message: &Message) -> String {
    let problem: Value = serde_json::from_slice(&message.body).unwrap();
    problem["code"].as_str().unwrap().to_owned()
}

fn told(judge: &Origin) -> Value {
    serde_json::from_slice(&judge.next().body).unwrap()
}

#[test]
fn a_judge_is_told_who_calls_what_and_lets_it_pass() {
    let (origin, judge) = (Origin::echo(), judge(json!({"allow": true})));
    let stage = judged(origin.address, callout(judge.address, json!({"send": {"headers": ["x-tenant", "x-api-key"]}})));
    let key = api_key();
    let request =
        format!("GET /shop/secret?a=1&a=b+c HTTP/1.1\r\nhost: shop.example\r\nx-api-key: {key}\r\nx-tenant: acme\r\n\r\n");
    let answer = stage.ask(&request);
    assert_eq!(status(&answer), 200);
    let told = told(&judge);
    assert_eq!(told["operation"], "shop:secret");
    assert_eq!(told["principal"]["app"], "reader");
    assert_eq!(told["parameters"]["query"], json!({"a": ["1", "b c"]}));
    assert_eq!(told["headers"], json!({"x-tenant": "acme"}));
    assert_eq!(told["address"], "127.0.0.1");
    assert!(answer.head.contains(told["decision"].as_str().unwrap()));
    assert!(!told.to_string().contains(&key));
}

#[test]
fn what_a_judge_denies_does_not_reach_the_upstream_and_the_caller_does_not_learn_why() {
    let (origin, judge) = (Origin::echo(), judge(json!({"allow": false, "reason": "owes money"})));
    let stage = judged(origin.address, callout(judge.address, json!({})));
    let answer = stage.ask(&get("/shop/books"));
    assert_eq!((status(&answer), code(&answer).as_str()), (403, "callout-denied"));
    assert!(!String::from_utf8_lossy(&answer.body).contains("owes"));
    assert!(origin.requests.try_recv().is_err());
    let events = stage.finish();
    assert!(events[0].reason.as_deref().unwrap_or_default().contains("owes money"));
}

#[test]
fn a_judge_who_fails_in_any_way_lets_nothing_pass_unless_told_to() {
    let lies: [(&str, &str, &[u8]); 7] = [
        ("200 OK", JSON, b"{\"allow\": \"yes\"}"),
        ("200 OK", JSON, b"{\"allow\": true, \"allow\": true} x"),
        ("200 OK", "content-type: text/html\r\n", b"{\"allow\": true}"),
        ("201 Created", JSON, b"{\"allow\": true}"),
        ("302 Found", "content-type: application/json\r\nlocation: http://127.0.0.1:1/\r\n", b"{\"allow\": true}"),
        ("500 Internal Server Error", JSON, b"{\"allow\": true}"),
        ("200 OK", JSON, &[b' '; 70_000]),
    ];
    for (line, fields, body) in lies {
        let judge = Origin::start(move |_, stream| reply(stream, line, fields, body));
        let origin = Origin::echo();
        let stage = judged(origin.address, callout(judge.address, json!({})));
        let answer = stage.ask(&get("/shop/books"));
        assert_eq!((status(&answer), code(&answer).as_str()), (503, "callout-unavailable"), "{line} {fields}");
        assert!(origin.requests.try_recv().is_err());
        let lenient = judged(origin.address, callout(judge.address, json!({"on_failure": "allow"})));
        assert_eq!(status(&lenient.ask(&get("/shop/books"))), 200);
    }
}

#[test]
fn a_judge_who_is_not_there_or_says_nothing_is_not_waited_for() {
    let silent = Origin::raw(|_, stream| {
        std::thread::sleep(PATIENCE);
        drop(stream);
    });
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for address in [silent, closed] {
        let stage = judged(Origin::echo().address, callout(address, json!({})));
        for _ in 0..7 {
            assert_eq!(status(&stage.ask(&get("/shop/books"))), 503);
        }
        let metrics = String::from_utf8(stage.telemetry("/metrics").body).unwrap();
        assert!(metrics.contains("yett_asks_total{kind=\"callout\",name=\"judge\",outcome=\"failed\"} 7"), "{metrics}");
        let events = stage.finish();
        // After five failures he is given a rest: nobody waits for him then.
        assert!(events[6].reason.as_deref().unwrap_or_default().contains("rest"));
    }
}

#[test]
fn what_was_said_holds_for_the_same_question_only() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let judge = Origin::start(move |_, stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        reply(stream, "200 OK", JSON, br#"{"allow": true}"#)
    });
    let stage = judged(Origin::echo().address, callout(judge.address, json!({"cache_ms": 60_000})));
    for path in ["/shop/books", "/shop/books", "/shop/books?a=1", "/shop/books?a=1"] {
        assert_eq!(status(&stage.ask(&get(path))), 200);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    let metrics = String::from_utf8(stage.telemetry("/metrics").body).unwrap();
    assert!(metrics.contains("yett_asks_total{kind=\"callout\",name=\"judge\",outcome=\"kept\"} 2"), "{metrics}");
}

#[test]
fn a_judge_sets_only_fields_that_were_given_to_him_and_the_caller_sets_none_of_them() {
    let origin = Origin::echo();
    let judge = judge(json!({"allow": true, "headers": {"x-tenant": "acme", "yett-app": "root", "x-other": "1"}}));
    let stage = judged(origin.address, callout(judge.address, json!({"headers": ["x-tenant", "x-plan"]})));
    let request = "GET /shop/books HTTP/1.1\r\nhost: shop.example\r\nx-tenant: forged\r\nx-plan: forged\r\n\r\n";
    assert_eq!(status(&stage.ask(request)), 200);
    let head = origin.next().head.to_lowercase();
    assert!(head.contains("x-tenant: acme\r\n"));
    assert!(!head.contains("forged") && !head.contains("root") && !head.contains("x-other"), "{head}");
}

#[test]
fn a_judge_of_bodies_is_told_them_whole_or_the_request_is_refused() {
    let (origin, judge) = (Origin::echo(), judge(json!({"allow": true})));
    let stage = judged(origin.address, callout(judge.address, json!({"send": {"body": 8}})));
    assert_eq!(status(&stage.ask(&post("/shop/books", "12345678"))), 200);
    assert_eq!(told(&judge)["body"], json!({"text": "12345678"}));
    let answer = stage.ask(&post("/shop/books", "123456789"));
    assert_eq!((status(&answer), code(&answer).as_str()), (413, "body-too-large"));
    assert!(judge.requests.try_recv().is_err());
    assert_eq!(status(&stage.ask(&get("/shop/books"))), 200);
    assert_eq!(told(&judge)["body"], Value::Null);
}

#[test]
fn a_callout_that_must_not_be_asked_refuses_the_snapshot() {
    let stage = Stage::before(Origin::echo().address);
    for (remote, path) in [
        (json!({"url": "http://judge.example/"}), "/callouts/0/remote/url"),
        (json!({"url": "https://a:b@judge.example/"}), "/callouts/0/remote/url"),
        (json!({"url": "https://judge.example/", "ca_pem": "x"}), "/callouts/0/remote/ca_pem"),
    ] {
        let mut wrong = snapshot(&json!({"targets": [{"url": "http://127.0.0.1:1"}]}));
        wrong["callouts"] = json!([{"name": "judge", "remote": remote}]);
        let mistakes = stage.gateway.apply(wrong.to_string().as_bytes()).unwrap_err();
        assert_eq!(mistakes[0].path, path);
    }
    let mut wrong = snapshot(&json!({"targets": [{"url": "http://127.0.0.1:1"}]}));
    wrong["apis"][0]["callouts"] = json!(["nobody"]);
    let mistakes = stage.gateway.apply(wrong.to_string().as_bytes()).unwrap_err();
    assert_eq!(mistakes[0].code, "callout-unknown");
}
