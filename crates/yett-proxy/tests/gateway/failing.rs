//! Upstreams that are killed, stall, reset or close half of a connection: what the caller and the event are told.

use crate::common::{Message, Origin, get, post, reply};
use crate::resilience::{before, target};
use serde_json::json;
use std::io::{Read, Write};
use yett_model::{Code, Event};

/// A name, what the upstream does, and the status and code that follow.
type Case = (&'static str, fn(&mut std::net::TcpStream), u16, Code);

/// How an upstream may fail, and what the caller must be told. What it does with a connection after the request came.
fn failures() -> Vec<Case> {
    fn reset(stream: &std::net::TcpStream) {
        let _ = socket2::SockRef::from(stream).set_linger(Some(std::time::Duration::ZERO));
    }
    vec![
        ("killed before the head", |_| {}, 502, Code::UpstreamBroken),
        ("reset before the head", |stream| reset(stream), 502, Code::UpstreamBroken),
        (
            "half-closed before the head",
            |stream| {
                let _ = stream.shutdown(std::net::Shutdown::Write);
                let _ = stream.read_to_end(&mut Vec::new());
            },
            502,
            Code::UpstreamBroken,
        ),
        ("stalled before the head", |stream| drop(stream.read_to_end(&mut Vec::new())), 504, Code::UpstreamTimeout),
        ("killed within the head", |stream| drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-le")), 502, Code::UpstreamBroken),
        (
            "reset within the head",
            |stream| {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-le");
                reset(stream);
            },
            502,
            Code::UpstreamBroken,
        ),
        (
            "half-closed within the head",
            |stream| {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
                let _ = stream.shutdown(std::net::Shutdown::Write);
                let _ = stream.read_to_end(&mut Vec::new());
            },
            502,
            Code::UpstreamBroken,
        ),
        (
            "stalled within the head",
            |stream| {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
                let _ = stream.read_to_end(&mut Vec::new());
            },
            504,
            Code::UpstreamTimeout,
        ),
    ]
}

fn check(name: &str, answer: &Message, events: &[Event], status: u16, code: Code) {
    assert_eq!((answer.status(), &answer.json()["code"]), (status, &json!(code.as_str())), "{name}: {answer:?}");
    assert_eq!(events.last().map(|event| (event.status, event.code)), Some((status, Some(code))), "{name}");
}

#[test]
fn an_upstream_that_fails_before_or_within_the_head_has_the_right_status() {
    for (name, fail, status, code) in failures() {
        let origin = Origin::start(move |_, stream| {
            fail(stream);
            false
        });
        let stage = before(&[target(origin.address)], &json!({"response_timeout_ms": 150}));
        let answer = stage.ask(&get("/shop/books"));
        check(name, &answer, &stage.finish(), status, code);
    }
}

#[test]
fn an_upstream_that_fails_during_the_upload_has_the_right_status() {
    for (name, fail, status, code) in failures() {
        let origin = Origin::raw(move |_, mut stream| {
            let _ = stream.read_exact(&mut [0; 300]);
            fail(&mut stream);
        });
        let stage = before(&[target(origin)], &json!({"response_timeout_ms": 150}));
        let answer = stage.ask(&post("/shop/books", &"x".repeat(60_000)));
        check(name, &answer, &stage.finish(), status, code);
    }
}

#[test]
fn an_upstream_that_fails_on_an_idle_connection_fails_no_get() {
    for (name, fail, ..) in failures() {
        let origin = Origin::start(move |request, stream| match request.connection {
            0 => {
                let answered = reply(stream, "200 OK", "", b"first");
                if !name.starts_with("stalled") && !name.contains("within") {
                    fail(stream);
                    return false;
                }
                answered
            }
            _ => reply(stream, "200 OK", "", b"again"),
        });
        let stage = before(&[target(origin.address)], &json!({}));
        for _ in 0..3 {
            assert_eq!(stage.ask(&get("/shop/books")).status(), 200, "{name}");
        }
    }
}

#[test]
fn an_upstream_that_fails_within_the_body_ends_the_callers_connection() {
    for (name, fail, _, code) in failures().into_iter().filter(|(name, ..)| name.contains("before")) {
        let origin = Origin::start(move |_, stream| {
            let _ =
                stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n{}", "x".repeat(100_000)).as_bytes());
            fail(stream);
            false
        });
        let stage = before(&[target(origin.address)], &json!({"idle_timeout_ms": 150}));
        let mut caller = stage.caller();
        caller.send(get("/shop/books"));
        assert!(caller.read().map_or(true, |answer| answer.status() != 200), "{name}");
        let events = stage.finish();
        assert_eq!(events[0].code, Some(code), "{name} {events:?}");
    }
}
