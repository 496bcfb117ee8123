//! Requests that two readers could understand differently: refused, or forwarded as exactly one well-formed request.

use crate::common::{Origin, Stage};
use yett_model::Code;

/// What the gateway did with raw bytes: the statuses it sent until it closed, and the requests the origin got.
fn outcome(bytes: &[u8]) -> (Vec<u16>, Vec<String>) {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let mut caller = stage.caller();
    caller.send(bytes);
    caller.stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answers = &caller.read_to_end()[..];
    let mut statuses = Vec::new();
    while let Ok(answer) = crate::common::read_message(&mut answers, false) {
        statuses.push(answer.status());
    }
    stage.finish();
    let requests = origin.requests.try_iter().map(|request| request.head.lines().next().unwrap_or_default().to_owned());
    (statuses, requests.collect())
}

fn refused(bytes: &str) {
    let (statuses, requests) = outcome(bytes.as_bytes());
    assert!(statuses.iter().all(|status| (400..500).contains(status)), "{bytes:?}: {statuses:?}");
    assert_eq!(requests, Vec::<String>::new(), "{bytes:?}");
}

const SMUGGLED: &str = "GET /shop/books?smuggled HTTP/1.1\r\nhost: h\r\n\r\n";

#[test]
fn malformed_heads_are_refused() {
    for fields in [
        "transfer-encoding: chunked, identity",
        "transfer-encoding: gzip",
        "transfer-encoding: xchunked",
        "transfer-encoding : chunked",
        "content-length: 5\r\ncontent-length: 6",
        "content-length: 5, 6",
        "content-length: +5",
        "content-length: -5",
        "content-length: 0x5",
        "content-length: 99999999999999999999",
        "content-length : 5",
        "x: a\r\n folded",
        "x: a\rb",
        "x: a\0b",
        "x y: a",
        ": a",
        "no-colon",
        "host: other",
        "connection: host",
    ] {
        refused(&format!("POST /shop/books HTTP/1.1\r\nhost: h\r\n{fields}\r\n\r\nhello"));
    }
}

#[test]
fn malformed_request_lines_are_refused() {
    for line in [
        "GET  /shop/books HTTP/1.1",
        "GET /shop/books",
        "GET /shop/books HTTP/9.9",
        "GET /shop/books HTTP/1.1 x",
        "GET shop/books HTTP/1.1",
        "GET http://other/shop/books HTTP/1.1",
        "GET /shop/books#part HTTP/1.1",
        "GET /shop\\books HTTP/1.1",
        "GET /shop/%2e%2e/books HTTP/1.1",
        "G\u{e9}T /shop/books HTTP/1.1",
        "CONNECT h:443 HTTP/1.1",
    ] {
        refused(&format!("{line}\r\nhost: h\r\n\r\n"));
    }
}

#[test]
fn malformed_chunks_end_the_connection_and_nothing_is_forwarded() {
    for chunks in [
        "x\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\n",
        "5;\n\nhello\r\n0\r\n\r\n",
    ] {
        let request = format!("POST /shop/books HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n{chunks}{SMUGGLED}");
        refused(&request);
    }
}

/// The statuses of so many answers to bytes on a connection that stays open, and how many requests the origin got.
fn answers(bytes: &str, count: usize) -> (Vec<u16>, usize) {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let mut caller = stage.caller();
    caller.send(bytes);
    let statuses = (0..count).map(|_| caller.read().unwrap().status()).collect();
    (statuses, origin.requests.try_iter().count())
}

const TWO_FRAMINGS: [&str; 7] = [
    "content-length: 4\r\ntransfer-encoding: chunked",
    "transfer-encoding: chunked\r\ncontent-length: 4",
    "transfer-encoding: chunked\r\nx: y\r\nCONTENT-LENGTH: 4",
    "transfer-encoding: chunked\ncontent-length: nonsense",
    "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
    "transfer-encoding: chunked, chunked",
    "transfer-encoding: gzip, chunked",
];

#[test]
fn two_framings_are_refused_and_recorded() {
    for fields in TWO_FRAMINGS {
        let origin = Origin::echo();
        let stage = Stage::before(origin.address);
        let mut caller = stage.caller();
        caller.send(format!("POST /shop/books HTTP/1.1\r\nhost: h\r\n{fields}\r\n\r\n2f\r\n{SMUGGLED}\r\n0\r\n\r\n{SMUGGLED}"));
        let answer = caller.read().unwrap();
        assert_eq!((answer.status(), answer.field("connection")), (400, Some("close")), "{fields}");
        assert_eq!(answer.json()["code"], "request-malformed", "{fields}");
        assert_eq!(caller.read_to_end(), b"", "{fields}");
        drop(caller);
        let events = stage.finish();
        assert_eq!((events.len(), events[0].code), (1, Some(Code::RequestMalformed)), "{fields}");
        assert_eq!(origin.requests.try_iter().count(), 0, "{fields}");
    }
}

#[test]
fn two_framings_are_refused_wherever_their_head_begins() {
    let chunked = "POST /shop/books HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\na: b\r\n\r\n";
    for good in [crate::common::get("/shop/books"), crate::common::post("/shop/books", "content-length: 1\n"), chunked.to_owned()]
    {
        let bad = "POST /shop/books HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
        assert_eq!(answers(&format!("{good}{good}\r\n{bad}"), 3), (vec![200, 200, 400], 2), "{good}");
    }
}

#[test]
fn one_framing_passes_whatever_its_body_reads_like() {
    let body = "\r\n\r\ncontent-length: 4\r\n\r\n0\r\n\r\n";
    let head = "POST /shop/books HTTP/1.1\r\nhost: h\r\ntransfer-encoding: Chunked\r\n\r\n";
    let request = format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    assert_eq!(answers(&request.repeat(3), 3), (vec![200; 3], 3));
}

#[test]
fn http_1_0_has_no_chunks() {
    refused("POST /shop/books HTTP/1.0\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n");
}

#[test]
fn what_the_parser_refuses_is_recorded() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let answer = stage.ask("GET /shop/books HTTP/1.1\r\nhost: h\r\nno-colon\r\n\r\n");
    assert_eq!((answer.status(), &*answer.json()["code"].to_string()), (400, "\"request-malformed\""));
    assert_eq!(answer.field("content-type"), Some("application/problem+json"));
    let events = stage.finish();
    assert_eq!((events.len(), events[0].status, events[0].code), (1, 400, Some(Code::RequestMalformed)));
    assert_eq!(answer.field("yett-decision"), Some(&*events[0].decision));
}

#[test]
fn a_malformed_head_after_a_good_request_spoils_only_itself() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let mut caller = stage.caller();
    caller.send(crate::common::get("/shop/books"));
    assert_eq!(caller.read().unwrap().status(), 200);
    caller.send("GET /shop/books HTTP/1.1\r\nno-colon\r\n\r\n");
    let answer = caller.read().unwrap();
    assert_eq!((answer.status(), answer.field("content-type")), (400, Some("application/problem+json")));
    let mut caller = stage.caller();
    caller.send([crate::common::get("/shop/books"), "GET /shop/books HTTP/1.1\r\nno-colon\r\n\r\n".to_owned()].concat());
    assert_eq!((caller.read().unwrap().status(), caller.read().unwrap().status()), (200, 400));
    assert_eq!(caller.read_to_end(), b"");
    drop(caller);
    assert_eq!(stage.finish().iter().filter(|event| event.status == 400).count(), 2);
}

#[test]
fn bytes_that_are_no_http_close_the_connection() {
    let noise: Vec<u8> = (0..2000u32).map(|number| (number * 7919 % 251) as u8).collect();
    for bytes in [&noise[..], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"PRI * HTTP/1.1\r\n\r\n", b"PRI", b"\r\n\r\n\r\n"] {
        let (statuses, requests) = outcome(bytes);
        assert!(statuses.iter().all(|status| *status >= 400) && requests.is_empty(), "{bytes:?}: {statuses:?}");
    }
}
