//! Upstreams that are dead, slow, broken or leave half-way.

use crate::common::{Message, Origin, Stage, get, options, post, reply, snapshot};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;
use std::sync::mpsc::channel;
use yett_model::{Code, Event, Source};

fn before(origin: SocketAddr, settings: &Value) -> Stage {
    let mut upstream = json!({"targets": [{"url": format!("http://{origin}")}]});
    for (name, value) in settings.as_object().unwrap() {
        upstream[name] = value.clone();
    }
    Stage::start(options(), &snapshot(&upstream))
}

fn check(answer: &Message, events: &[Event], status: u16, code: Code) {
    assert_eq!((answer.status(), &answer.json()["code"]), (status, &json!(code.as_str())), "{answer:?}");
    let event = events.last().unwrap();
    assert_eq!((event.status, event.code, event.source), (status, Some(code), Some(Source::Upstream)), "{event:?}");
    assert!(event.target.is_some() && event.reason.is_some());
}

#[test]
fn a_dead_upstream_is_told_at_once() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let stage = before(nobody, &json!({"connect_timeout_ms": 60_000}));
    let answer = stage.ask(&get("/shop/books"));
    check(&answer, &stage.finish(), 502, Code::UpstreamUnreachable);
}

#[test]
fn an_upstream_without_an_address_is_unreachable() {
    let stage = Stage::start(options(), &snapshot(&json!({"targets": [{"url": "http://no-such-host.invalid"}]})));
    let answer = stage.ask(&get("/shop/books"));
    check(&answer, &stage.finish(), 502, Code::UpstreamUnreachable);
}

#[test]
fn a_slow_upstream_is_given_up() {
    let origin = Origin::raw(|_, mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let stage = before(origin, &json!({"response_timeout_ms": 100}));
    let answer = stage.ask(&get("/shop/books"));
    check(&answer, &stage.finish(), 504, Code::UpstreamTimeout);
}

#[test]
fn an_upstream_that_speaks_no_http_is_broken() {
    for garbage in [
        "SSH-2.0-x\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-le",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let origin = Origin::start(move |_, stream| {
            stream.write_all(garbage.as_bytes()).unwrap();
            false
        });
        let stage = before(origin.address, &json!({}));
        let answer = stage.ask(&get("/shop/books"));
        check(&answer, &stage.finish(), 502, Code::UpstreamBroken);
    }
}

#[test]
fn an_answer_that_ends_early_never_looks_whole() {
    for framing in ["content-length: 1000000\r\n\r\n", "transfer-encoding: chunked\r\n\r\nf4240\r\n"] {
        let origin = Origin::start(move |_, stream| {
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{framing}{}", "x".repeat(300_000)).as_bytes()).unwrap();
            false
        });
        let stage = before(origin.address, &json!({}));
        let mut caller = stage.caller();
        caller.send(get("/shop/books"));
        assert!(caller.read().is_err(), "{framing}");
        drop(caller);
        let events = stage.finish();
        assert_eq!((events[0].status, events[0].code), (200, Some(Code::UpstreamBroken)), "{events:?}");
        assert!(events[0].bytes_out > 0);
    }
}

#[test]
fn an_answer_that_stalls_is_cut_off() {
    let (go, gone) = channel::<()>();
    let gone = Mutex::new(gone);
    let origin = Origin::start(move |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").unwrap();
        let _ = gone.lock().unwrap().recv();
        false
    });
    let stage = before(origin.address, &json!({"idle_timeout_ms": 100}));
    let mut caller = stage.caller();
    caller.send(get("/shop/books"));
    assert!(caller.read().is_err());
    drop((caller, go));
    assert_eq!(stage.finish()[0].code, Some(Code::UpstreamTimeout));
}

/// An origin that answers the first request of its first connection, and closes that connection at the second.
fn fickle() -> Origin {
    let seen = Mutex::new(0);
    Origin::start(move |request, stream| {
        let mut seen = seen.lock().unwrap();
        *seen += 1;
        (request.connection > 0 || *seen == 1) && reply(stream, "200 OK", "", request.connection.to_string().as_bytes())
    })
}

#[test]
fn a_stale_connection_costs_a_get_nothing() {
    let origin = fickle();
    let stage = before(origin.address, &json!({}));
    assert_eq!(stage.ask(&get("/shop/books")).text(), "0");
    assert_eq!(stage.ask(&get("/shop/books")).text(), "1");
    let connections: Vec<usize> = (0..3).map(|_| origin.next().connection).collect();
    assert_eq!(connections, [0, 0, 1]);
}

#[test]
fn a_stale_connection_costs_a_put_with_a_body_nothing() {
    let origin = fickle();
    let stage = before(origin.address, &json!({}));
    assert_eq!(stage.ask(&get("/shop/books")).text(), "0");
    assert_eq!(stage.ask(&post("/shop/books/1", &"x".repeat(50_000)).replace("POST", "PUT")).text(), "1");
    let lengths: Vec<usize> = (0..3).map(|_| origin.next().body.len()).collect();
    assert_eq!(lengths, [0, 50_000, 50_000]);
}

#[test]
fn a_post_is_never_sent_twice() {
    let origin = fickle();
    let stage = before(origin.address, &json!({}));
    assert_eq!(stage.ask(&get("/shop/books")).text(), "0");
    let answer = stage.ask(&post("/shop/books", "once"));
    check(&answer, &stage.finish(), 502, Code::UpstreamBroken);
    assert_eq!(origin.requests.try_iter().count(), 2);
}

#[test]
fn a_fresh_connection_that_is_closed_is_not_tried_again() {
    let origin = Origin::start(|_, _| false);
    let stage = before(origin.address, &json!({}));
    let answer = stage.ask(&get("/shop/books"));
    check(&answer, &stage.finish(), 502, Code::UpstreamBroken);
    assert_eq!(origin.requests.try_iter().count(), 1);
}

#[test]
fn bytes_nobody_asked_for_are_no_answer_to_the_next_request() {
    let origin = Origin::start(|request, stream| {
        let poison = if request.connection == 0 { "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison" } else { "" };
        stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood{poison}").as_bytes()).is_ok()
    });
    let stage = before(origin.address, &json!({}));
    for _ in 0..3 {
        assert_eq!(stage.ask(&get("/shop/books")).text(), "good");
    }
}

#[test]
fn an_answer_may_come_before_the_body_is_sent() {
    let origin = Origin::raw(|_, mut stream| {
        let mut head = [0; 10];
        let _ = stream.read_exact(&mut head);
        let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno");
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let stage = before(origin, &json!({}));
    let mut caller = stage.caller();
    caller.send("POST /shop/books HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
    let answer = caller.read().unwrap();
    assert_eq!((answer.status(), answer.text()), (403, "no"));
}

#[test]
fn a_caller_that_leaves_is_recorded_and_its_upstream_let_go() {
    let (left, leaving) = channel();
    let left = Mutex::new(left);
    let origin = Origin::start(move |_, stream| {
        let ended = stream.read(&mut [0]).map(|read| read == 0).unwrap_or(true);
        left.lock().unwrap().send(ended).unwrap();
        false
    });
    let stage = before(origin.address, &json!({}));
    let mut caller = stage.caller();
    caller.send(get("/shop/books"));
    origin.next();
    drop(caller);
    assert!(leaving.recv_timeout(crate::common::PATIENCE).unwrap());
    let events = stage.finish();
    assert_eq!((events[0].status, events[0].code), (499, Some(Code::CallerGone)), "{events:?}");
}
