//! What passes through, and how it looks on either side.

use crate::common::{Caller, Message, Origin, Stage, api_key, get, options, post, reply, snapshot};
use serde_json::json;
use std::io::Write;
use yett_model::Code;

#[test]
fn the_upstream_learns_host_and_port_that_were_asked_for() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    for (asked, told) in [("shop.example:8443", "shop.example:8443"), ("Shop.Example", "shop.example"), ("[::1]:80", "[::1]:80")]
    {
        assert_eq!(stage.ask(&format!("GET /shop/books HTTP/1.1\r\nhost: {asked}\r\n\r\n")).status(), 200);
        assert_eq!(origin.next().field("x-forwarded-host"), Some(told));
    }
}

#[test]
fn a_request_reaches_its_operation_and_the_answer_the_caller() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let answer = stage.ask(&get("/shop/books?page=2"));
    assert_eq!((answer.status(), answer.field("content-type")), (200, Some("application/json")));
    assert_eq!(answer.json()["target"], "/v1/books?page=2");
    let decision = answer.field("yett-decision").unwrap().to_owned();
    let request = origin.next();
    assert_eq!(request.field("host"), Some(&*origin.address.to_string()));
    assert_eq!(request.field("x-forwarded-host"), Some("shop.example"));
    assert_eq!(request.field("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(request.field("yett-decision"), Some(&*decision));
    let events = stage.finish();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].status, &events[0].decision, events[0].code), (200, &decision, None));
    assert_eq!((events[0].operation.as_deref(), events[0].bytes_out), (Some("shop:list"), answer.body.len() as u64));
    assert!(events[0].upstream_us.is_some());
}

#[test]
fn connections_on_both_sides_are_used_again() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let mut caller = stage.caller();
    for _ in 0..5 {
        caller.send(get("/shop/books"));
        assert_eq!(caller.read().unwrap().status(), 200);
        assert_eq!(origin.next().connection, 0);
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let mut caller = stage.caller();
    caller.send([get("/shop/books?n=1"), post("/shop/books?n=2", "hello"), get("/shop/books?n=3")].concat());
    let targets: Vec<String> = (0..3).map(|_| caller.read().unwrap().json()["target"].to_string()).collect();
    assert_eq!(targets, ["\"/v1/books?n=1\"", "\"/v1/books?n=2\"", "\"/v1/books?n=3\""]);
}

#[test]
fn a_body_is_passed_on_whole_whatever_its_size_and_framing() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let mut caller = stage.caller();
    for size in [0, 1, 20_000, 60_000, 500_000] {
        caller.send(post("/shop/books", &"x".repeat(size)));
        assert_eq!(caller.read().unwrap().json()["length"], size);
        let request = origin.next();
        assert_eq!(request.field("content-length"), Some(&*size.to_string()));
        caller.send("POST /shop/books HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n");
        let half = "y".repeat(size / 2 + 1);
        caller.send(format!("{:x}\r\n{half}\r\n{:x};a=b\r\n{half}\r\n0\r\n\r\n", half.len(), half.len()));
        assert_eq!(caller.read().unwrap().json()["length"], half.len() * 2);
        assert_eq!(origin.next().field("transfer-encoding"), Some("chunked"));
    }
}

#[test]
fn answers_keep_their_meaning_however_they_are_framed() {
    let origin = Origin::start(|request, stream| {
        let target = request.head.split(' ').nth(1).unwrap_or_default().to_owned();
        match target.as_str() {
            "/v1/books?chunked" => {
                let chunks = "5\r\nhello\r\n6\r\n world\r\n0\r\nx-trailer: 1\r\n\r\n";
                stream.write_all(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}").as_bytes()).is_ok()
            }
            "/v1/books?close" => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhello world").unwrap();
                false
            }
            "/v1/books?none" => stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").is_ok(),
            "/v1/books?hints" => {
                stream.write_all(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n").unwrap();
                reply(stream, "200 OK", "", b"hello world")
            }
            _ => reply(stream, "200 OK", "", &b"z".repeat(3_000_000)),
        }
    });
    let stage = Stage::before(origin.address);
    let mut caller = stage.caller();
    let mut ask = |query: &str| -> Message {
        caller.send(get(&format!("/shop/books?{query}")));
        caller.read().unwrap()
    };
    for query in ["chunked", "close", "hints"] {
        assert_eq!(ask(query).text(), "hello world", "{query}");
    }
    assert_eq!(ask("none").status(), 204);
    assert_eq!(ask("large").body.len(), 3_000_000);
}

#[test]
fn the_answer_to_head_tells_the_length_and_sends_nothing() {
    let origin = Origin::start(|_, stream| stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 77\r\n\r\n").is_ok());
    let stage = Stage::before(origin.address);
    let mut caller = stage.caller();
    for _ in 0..2 {
        caller.send("HEAD /shop/books HTTP/1.1\r\nhost: h\r\n\r\n");
        let answer = crate::common::read_message(&mut caller.stream, true).unwrap();
        assert_eq!((answer.status(), answer.field("content-length")), (200, Some("77")));
    }
    let events = stage.finish();
    assert!(events.iter().all(|event| event.code.is_none() && event.bytes_out == 0), "{events:?}");
}

#[test]
fn fields_of_one_hop_and_of_the_gateway_are_not_passed_on() {
    let origin = Origin::start(|_, stream| {
        let fields = "server: x/1\r\nconnection: keep-alive, x-hop\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\nx-kept: 1\r\n";
        reply(stream, "200 OK", fields, b"ok")
    });
    let stage = Stage::before(origin.address);
    let answer = stage.ask(
        "GET /shop/books HTTP/1.1\r\nhost: h\r\nconnection: te, keep-alive\r\nte: trailers\r\nkeep-alive: 5\r\n\
         proxy-authorization: x\r\nx-forwarded-for: 6.6.6.6\r\nforwarded: for=6.6.6.6\r\nyett-app: admin\r\nx-kept: 1\r\n\r\n",
    );
    for name in ["server", "x-hop", "keep-alive"] {
        assert_eq!(answer.field(name), None, "{name}");
    }
    assert_eq!(answer.field("x-kept"), Some("1"));
    let request = origin.next();
    for name in ["connection", "te", "keep-alive", "proxy-authorization", "forwarded", "yett-app"] {
        assert_eq!(request.field(name), None, "{name}");
    }
    assert_eq!((request.field("x-kept"), request.field("x-forwarded-for")), (Some("1"), Some("127.0.0.1")));
}

#[test]
fn a_credential_stays_at_the_gateway() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let key = api_key();
    let answer = stage.ask(&format!("GET /shop/secret HTTP/1.1\r\nhost: h\r\nx-api-key: {key}\r\n\r\n"));
    assert_eq!(answer.status(), 200);
    let request = origin.next();
    assert!(!request.head.contains(&key));
    assert_eq!(request.field("yett-app"), Some("reader"));
}

#[test]
fn an_expectation_is_met_only_when_the_body_is_wanted() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let mut caller = stage.caller();
    let head = |path: &str| format!("POST {path} HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n");
    caller.send(head("/shop/books"));
    assert_eq!(caller.read().unwrap().status(), 100);
    caller.send("hello");
    assert_eq!(caller.read().unwrap().json()["length"], 5);
    let strict = Stage::strictly_before(origin.address);
    let mut caller = strict.caller();
    caller.send(head("/shop/nothing"));
    assert_eq!(caller.read().unwrap().status(), 404);
}

#[test]
fn http_1_0_callers_are_served_and_closed() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let mut caller = stage.caller();
    caller.send("GET /shop/books HTTP/1.0\r\nhost: h\r\n\r\n");
    assert!(String::from_utf8(caller.read_to_end()).unwrap().starts_with("HTTP/1.0 200 OK"));
}

#[test]
fn weights_decide_where_requests_go() {
    let (one, two) = (Origin::echo(), Origin::echo());
    let target = |origin: &Origin, weight: u32| json!({"url": format!("http://{}", origin.address), "weight": weight});
    let stage = Stage::start(options(), &snapshot(&json!({"targets": [target(&one, 0), target(&two, 1)]})));
    for _ in 0..20 {
        assert_eq!(stage.ask(&get("/shop/books")).status(), 200);
    }
    assert_eq!((one.requests.try_iter().count(), two.requests.try_iter().count()), (0, 20));
}

#[test]
fn without_a_snapshot_every_request_is_told_so() {
    let gateway = yett_proxy::Gateway::new(options()).unwrap();
    let bound = gateway.start().unwrap();
    let mut caller = Caller::connect(bound.listen[0]);
    caller.send(get("/shop/books"));
    let answer = caller.read().unwrap();
    assert_eq!((answer.status(), &answer.json()["code"]), (503, &json!("not-configured")));
    gateway.stop(crate::common::PATIENCE);
    let event: yett_model::Event = serde_json::from_slice(&gateway.events(1)[0]).unwrap();
    assert_eq!(event.code, Some(Code::NotConfigured));
}
