//! Frames of HTTP/2 that ask for work and bring nothing, sent without end by a caller that speaks raw frames.

use crate::common::{Caller, Origin, PATIENCE, Stage, options, reply, snapshot};
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::time::Instant;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0pingpong";
const PRIORITY: &[u8] = b"\0\0\x05\x02\0\0\0\0\x07\0\0\0\0\x10";
const WINDOW_UPDATE: &[u8] = b"\0\0\x04\x08\0\0\0\0\0\0\0\0\x01";
const UNKNOWN: &[u8] = b"\0\0\0\xfe\0\0\0\0\0";

/// `GET http://shop.example/shop/books` on stream 1, spelled without a table (RFC 7541).
fn get() -> Vec<u8> {
    let mut block = vec![0x82, 0x86];
    for (name, value) in [(4u8, "/shop/books"), (1, "shop.example")] {
        block.extend([name, value.len() as u8]);
        block.extend(value.as_bytes());
    }
    let mut frame = vec![0, 0, block.len() as u8, 0x1, 0x5, 0, 0, 0, 1];
    frame.extend(block);
    frame
}

/// Sends a frame again and again, reading what is said, until the gateway ends the connection; `None` if it never does.
fn flood(caller: &mut Caller, frame: &[u8], most: usize) -> Option<usize> {
    let batch = frame.repeat(100);
    let began = Instant::now();
    let mut ear = caller.stream.try_clone().unwrap();
    let listening = std::thread::spawn(move || {
        let mut buffer = [0; 65536];
        while let Ok(1..) = ear.read(&mut buffer) {}
    });
    let mut sent = 0;
    while sent < most && began.elapsed() < PATIENCE {
        match caller.stream.write_all(&batch) {
            Ok(()) => sent += 100,
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                listening.join().unwrap();
                return Some(sent);
            }
            Err(error) => panic!("{error}"),
        }
    }
    let _ = caller.stream.shutdown(std::net::Shutdown::Both);
    listening.join().unwrap();
    None
}

fn cut(stage: &Stage) -> f64 {
    let page = stage.telemetry("/metrics");
    let sample =
        page.text().lines().find_map(|line| line.strip_prefix("yett_callers_cut_total{cause=\"chatter\"} ").map(str::to_owned));
    sample.unwrap().parse().unwrap()
}

/// An origin whose answer never ends, so that the connection always has a request.
fn endless() -> Stage {
    let origin = Origin::raw(|_, mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n");
        let _ = stream.read_to_end(&mut Vec::new());
    });
    Stage::start(options(), &snapshot(&json!({"targets": [{"url": format!("http://{origin}/v1")}], "idle_timeout_ms": 60_000})))
}

#[test]
fn a_flood_of_frames_that_bring_nothing_is_cut_beside_a_request_that_goes_on() {
    let stage = endless();
    for (number, frame) in [PING, SETTINGS, PRIORITY, WINDOW_UPDATE, UNKNOWN].into_iter().enumerate() {
        let mut caller = stage.caller();
        caller.send([PREFACE, SETTINGS, &get()].concat());
        assert!(flood(&mut caller, frame, 5_000_000).is_some(), "{frame:?} could be sent for ever");
        assert_eq!(cut(&stage), number as f64 + 1.0, "{frame:?}");
    }
}

#[test]
fn a_caller_that_gets_much_may_say_much() {
    let stage = {
        let origin = Origin::start(|_, stream| reply(stream, "200 OK", "", &[b'x'; 60_000]));
        Stage::before(origin.address)
    };
    crate::http2::run(async {
        let stream = tokio::net::TcpStream::connect(stage.address).await.unwrap();
        let (send, mut connection) = h2::client::handshake(stream).await.unwrap();
        let mut pings = connection.ping_pong().unwrap();
        tokio::spawn(connection);
        let mut send = send.ready().await.unwrap();
        // Far more than a thousand in ten seconds, but each with an answer of 60 kB.
        for _ in 0..200 {
            let request = http::Request::get("http://shop.example/shop/books").body(()).unwrap();
            let mut answer = send.send_request(request, true).unwrap().0.await.unwrap();
            assert_eq!(crate::http2::all(answer.body_mut()).await.unwrap().len(), 60_000);
            for _ in 0..10 {
                pings.ping(h2::Ping::opaque()).await.unwrap();
            }
        }
    });
    assert_eq!(cut(&stage), 0.0);
}
