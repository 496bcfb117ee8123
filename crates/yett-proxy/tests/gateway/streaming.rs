//! Streams: each part reaches the other side when it is there, for as long as the stream goes on.

use crate::common::{Caller, Origin, PATIENCE, Stage, options, snapshot};
use bytes::Bytes;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};
use yett_model::Code;

/// An origin that answers with a head and one part at once, and the next each time it is told to.
fn parts(media: &'static str, all: &'static [&'static str]) -> (SocketAddr, Sender<()>) {
    let (go, going) = channel::<()>();
    let going = Mutex::new(going);
    let origin = Origin::start(move |_, stream| {
        let going = going.lock().unwrap();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {media}\r\ntransfer-encoding: chunked\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        for (number, part) in all.iter().enumerate() {
            if number > 0 && going.recv_timeout(PATIENCE).is_err() {
                return false;
            }
            stream.write_all(format!("{:x}\r\n{part}\r\n", part.len()).as_bytes()).unwrap();
        }
        stream.write_all(b"0\r\n\r\n").is_ok()
    });
    (origin.address, go)
}

/// An API with one stream, whose answers are held against the contract.
fn enforcing(origin: SocketAddr, media: &Value) -> Value {
    let mut snapshot = snapshot(&json!({"targets": [{"url": format!("http://{origin}/v1")}]}));
    snapshot["apis"][0]["guards"]["contract"] = json!({"mode": "enforce", "responses": "enforce"});
    snapshot["apis"][0]["operations"] = json!([{
        "id": "shop:stream", "method": "GET", "path": "/stream", "public": true, "responses": [{"status": "200", "media": media}],
    }]);
    snapshot["profiles"][0]["operations"] = json!([]);
    snapshot
}

const STREAM: &str = "GET /shop/stream HTTP/1.1\r\nhost: h\r\naccept-encoding: gzip\r\n\r\n";

fn until(caller: &mut Caller, end: &str) -> String {
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains(end) {
        let mut buffer = [0; 1024];
        let read = caller.stream.read(&mut buffer).expect("the part does not come");
        assert!(read > 0, "the answer ended before {end:?}");
        text.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn each_event_reaches_the_caller_while_the_upstream_holds_the_next() {
    for media in ["text/event-stream", "application/x-ndjson", "application/json-seq", "application/octet-stream"] {
        let (origin, go) = parts(media, &["data: one\n\n", "data: two\n\n", "data: three\n\n"]);
        let kind = if media.starts_with("text/") { "text" } else { "binary" };
        let schema = if kind == "text" { json!({"type": "string"}) } else { Value::Null };
        let stage = Stage::start(options(), &enforcing(origin, &json!([{"range": media, "kind": kind, "schema": schema}])));
        let mut caller = stage.caller();
        caller.send(STREAM);
        let first = until(&mut caller, "data: one\n\n");
        assert!(!first.contains("two"));
        go.send(()).unwrap();
        assert!(!until(&mut caller, "data: two\n\n").contains("three"));
        go.send(()).unwrap();
        assert!(until(&mut caller, "0\r\n\r\n").contains("data: three\n\n"));
        drop(caller);
        let events = stage.finish();
        assert_eq!((events[0].status, events[0].code, events[0].would_deny.len()), (200, None, 0), "{media}");
    }
}

#[test]
fn the_same_over_http_2() {
    let (origin, go) = parts("text/event-stream", &["data: one\n\n", "data: two\n\n"]);
    let stage = Stage::start(options(), &enforcing(origin, &json!([{"range": "text/event-stream", "kind": "text"}])));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(stage.address).await.unwrap();
        let (send, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let mut send: h2::client::SendRequest<Bytes> = send.ready().await.unwrap();
        let request = http::Request::get("http://h/shop/stream").version(http::Version::HTTP_2).body(()).unwrap();
        let mut body = send.send_request(request, true).unwrap().0.await.unwrap().into_body();
        for event in ["data: one\n\n", "data: two\n\n"] {
            let part = tokio::time::timeout(PATIENCE, body.data()).await.expect("the event does not come");
            assert_eq!(part.unwrap().unwrap(), event);
            let _ = go.send(());
        }
    });
}

#[test]
fn an_answer_that_must_fit_a_schema_is_judged_before_it_goes_on() {
    let (origin, go) = parts("application/json", &["{\"a\":", "1}"]);
    let media = json!([{"range": "application/json", "kind": "json", "schema": {"type": "array"}}]);
    let stage = Stage::start(options(), &enforcing(origin, &media));
    go.send(()).unwrap();
    let answer = stage.ask(STREAM);
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (502, Some("response-invalid")));
}

/// An API whose stream has an idle timeout of its own beside the upstream's.
fn idle(origin: SocketAddr, upstream_ms: u64, own_ms: Option<u64>) -> Stage {
    let mut snapshot = enforcing(origin, &json!([{"range": "*/*", "kind": "binary"}]));
    snapshot["apis"][0]["upstream"]["idle_timeout_ms"] = json!(upstream_ms);
    snapshot["apis"][0]["operations"][0]["idle_timeout_ms"] = json!(own_ms);
    Stage::start(options(), &snapshot)
}

#[test]
fn a_stream_may_pause_as_long_as_its_operation_says() {
    for (upstream_ms, own_ms, survives) in [(150, None, false), (150, Some(60_000), true), (60_000, Some(150), false)] {
        let (origin, go) = parts("text/event-stream", &["one", "two"]);
        let stage = idle(origin, upstream_ms, own_ms);
        let mut caller = stage.caller();
        caller.send(STREAM);
        until(&mut caller, "one");
        if survives {
            thread::sleep(Duration::from_millis(500));
            go.send(()).unwrap();
            assert!(until(&mut caller, "0\r\n\r\n").contains("two"));
        } else {
            let rest = String::from_utf8(caller.read_to_end()).unwrap();
            assert!(!rest.contains("two") && !rest.ends_with("0\r\n\r\n"), "{rest}");
        }
        drop(caller);
        assert_eq!(stage.finish()[0].code, (!survives).then_some(Code::UpstreamTimeout), "{upstream_ms} {own_ms:?}");
    }
}

/// An origin that says when its connection ends, and sends `first` before.
fn watching(first: &'static [u8]) -> (SocketAddr, Receiver<()>, Receiver<Instant>) {
    let (asked, asking) = channel();
    let (sender, ended) = channel();
    let origin = Origin::raw(move |_, mut stream| {
        let _ = crate::common::read_message(&mut stream, false);
        stream.write_all(first).unwrap();
        let _ = asked.send(());
        let mut byte = [0];
        while let Ok(1) = stream.read(&mut byte) {}
        let _ = sender.send(Instant::now());
    });
    (origin, asking, ended)
}

#[test]
fn a_caller_that_leaves_ends_the_upstreams_request_at_once() {
    for first in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: one\n\n"] {
        let (origin, asking, ended) = watching(first);
        let stage = idle(origin, 60_000, None);
        let mut caller = stage.caller();
        caller.send(STREAM);
        asking.recv_timeout(PATIENCE).unwrap();
        if !first.is_empty() {
            until(&mut caller, "data: one\n\n");
        }
        let left = Instant::now();
        drop(caller);
        let took = ended.recv_timeout(PATIENCE).unwrap().duration_since(left);
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert_eq!(stage.finish()[0].code, Some(Code::CallerGone));
    }
}

#[test]
fn a_caller_may_pause_its_own_stream_as_long_as_the_operation_says() {
    for (own_ms, status) in [(Some(60_000), 200), (None, 408)] {
        let origin = Origin::echo();
        let mut snapshot = snapshot(&json!({"targets": [{"url": format!("http://{}/v1", origin.address)}]}));
        let operations = snapshot["apis"][0]["operations"].as_array_mut().unwrap();
        operations.iter_mut().find(|one| one["id"] == "shop:add").unwrap()["idle_timeout_ms"] = json!(own_ms);
        let mut options = options();
        options.body_timeout_ms = 300;
        let stage = Stage::start(options, &snapshot);
        let mut caller = stage.caller();
        caller.send("POST /shop/books HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n");
        let mut caller_side = caller.stream.try_clone().unwrap();
        thread::spawn(move || {
            for _ in 0..6 {
                if caller_side.write_all(b"1\r\nx\r\n").is_err() {
                    return;
                }
                thread::sleep(Duration::from_millis(150));
            }
            let _ = caller_side.write_all(b"0\r\n\r\n");
        });
        assert_eq!(caller.read().unwrap().status(), status, "{own_ms:?}");
    }
}

#[test]
fn trailers_of_an_upstream_reach_a_caller_that_takes_them() {
    let origin = Origin::start(|_, stream| {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-checksum, set-cookie\r\n\r\n";
        stream.write_all(format!("{head}5\r\nhello\r\n0\r\nX-Checksum: 7\r\nSet-Cookie: a=b\r\n\r\n").as_bytes()).is_ok()
    });
    let stage = Stage::before(origin.address);
    let ask = |fields: &str| {
        let mut caller = stage.caller();
        caller.send(format!("GET /shop/books HTTP/1.1\r\nhost: h\r\nconnection: close, te\r\n{fields}\r\n"));
        String::from_utf8(caller.read_to_end()).unwrap()
    };
    let with = ask("te: trailers\r\n");
    assert!(with.contains("\r\ntrailer: x-checksum\r\n") && with.ends_with("hello\r\n0\r\nx-checksum: 7\r\n\r\n"), "{with}");
    let without = ask("");
    assert!(without.contains("hello") && !without.contains("checksum"), "{without}");
    assert_eq!(origin.requests.try_iter().filter(|request| request.field("te").is_some()).count(), 0);
}

#[test]
fn a_malformed_trailer_breaks_the_answer() {
    for trailer in ["no colon", "bad name: x", "x: \u{1}", ": empty"] {
        let origin = Origin::start(move |_, stream| {
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            stream.write_all(format!("{head}5\r\nhello\r\n0\r\n{trailer}\r\n\r\n").as_bytes()).is_ok()
        });
        let stage = Stage::before(origin.address);
        let answer = stage.ask("GET /shop/books HTTP/1.1\r\nhost: h\r\nte: trailers\r\n\r\n");
        assert_eq!(answer.status(), 502, "{trailer:?}");
        assert_eq!(stage.finish()[0].code, Some(Code::UpstreamBroken), "{trailer:?}");
    }
}
