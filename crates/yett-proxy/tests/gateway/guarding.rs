//! Bodies that a guard must see whole: collected within limits, on the way up and on the way back.

use crate::common::{Message, Origin, Stage, get, options, reply, snapshot};
use serde_json::{Value, json};
use std::io::Write;
use std::net::SocketAddr;
use yett_model::Code;

/// The test's API where `{"id": integer}` is all that must be sent and answered, in at most 2000 bytes.
fn guarded(origin: SocketAddr) -> Stage {
    guarded_to(origin, 2000)
}

fn guarded_to(origin: SocketAddr, max_response_bytes: u64) -> Stage {
    let mut guarded = snapshot(&json!({"targets": [{"url": format!("http://{origin}")}]}));
    let schema = json!({"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]});
    let media = json!([{"range": "application/json", "kind": "json", "schema": schema}]);
    let api = &mut guarded["apis"][0];
    api["guards"]["contract"] = json!({"mode": "enforce", "responses": "enforce", "max_response_bytes": max_response_bytes});
    api["operations"][0]["responses"] = json!([{"status": "200", "media": media}]);
    api["operations"][2]["responses"] = json!([{"status": "default", "media": [{"range": "*/*", "kind": "binary"}]}]);
    api["operations"][2]["body"] = json!({"required": true, "media": media});
    Stage::start(options(), &guarded)
}

fn post(body: &str, framing: &str) -> String {
    format!("POST /shop/books HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n{framing}\r\n\r\n{body}")
}

fn code(answer: &Message) -> (u16, Value) {
    (answer.status(), answer.json()["code"].clone())
}

#[test]
fn a_judged_body_is_forwarded_whole_with_its_length() {
    let origin = Origin::echo();
    let stage = guarded(origin.address);
    let body = r#"{"id": 7}"#;
    for request in [
        post(body, &format!("content-length: {}", body.len())),
        post(&format!("4\r\n{}\r\n5\r\n{}\r\n0\r\n\r\n", &body[..4], &body[4..]), "transfer-encoding: chunked"),
    ] {
        assert_eq!(stage.ask(&request).status(), 200);
        let seen = origin.next();
        assert_eq!((&*seen.body, seen.field("content-length")), (body.as_bytes(), Some("9")));
    }
    let refused = stage.ask(&post(r#"{"id": "x"}"#, "content-length: 11"));
    assert_eq!(code(&refused), (400, json!("request-invalid")));
    assert_eq!(origin.requests.try_iter().count(), 0);
}

#[test]
fn an_answer_that_does_not_fit_is_withheld() {
    let origin = Origin::start(|request, stream| {
        let body = if request.connection == 0 { r#"{"id": 1}"# } else { r#"{"secret": 1}"# };
        reply(stream, "200 OK", "content-type: application/json\r\n", body.as_bytes()) && request.connection > 0
    });
    let stage = guarded(origin.address);
    assert_eq!(stage.ask(&get("/shop/books")).text(), r#"{"id": 1}"#);
    let answer = stage.ask(&get("/shop/books"));
    assert_eq!(code(&answer), (502, json!("response-invalid")));
    assert!(!answer.text().contains("secret"));
    assert_eq!(stage.finish()[1].code, Some(Code::ResponseInvalid));
}

#[test]
fn an_answer_is_judged_with_the_length_it_tells_of() {
    let origin = Origin::start(|request, stream| {
        let (fields, body) = match request.connection {
            0 => ("content-type: application/json\r\n", &b""[..]),
            _ => ("", &br#"{"id": 1}"#[..]),
        };
        reply(stream, "200 OK", fields, body) && request.connection > 0
    });
    let stage = guarded(origin.address);
    let empty = stage.ask(&get("/shop/books"));
    assert_eq!((empty.status(), empty.field("content-length")), (200, Some("0")));
    assert_eq!(code(&stage.ask(&get("/shop/books"))), (502, json!("response-invalid")));
}

#[test]
fn a_judged_answer_of_many_pieces_arrives_whole() {
    let body = format!(r#"{{"id": 1, "text": "{}"}}"#, "x".repeat(300_000));
    let sent = body.clone();
    let origin = Origin::start(move |_, stream| reply(stream, "200 OK", "content-type: application/json\r\n", sent.as_bytes()));
    let stage = guarded_to(origin.address, 1_000_000);
    let answer = stage.ask(&get("/shop/books"));
    assert_eq!((answer.status(), answer.text()), (200, &*body));
    assert_eq!(stage.finish()[0].bytes_out, body.len() as u64);
}

#[test]
fn an_answer_too_large_to_be_judged_passes_whole_and_is_counted() {
    let long = format!(r#"{{"id": "{}"}}"#, "x".repeat(200_000));
    let sent = long.clone();
    let origin = Origin::start(move |request, stream| {
        let fields = "content-type: application/json\r\n";
        match request.connection {
            0 => {
                reply(stream, "200 OK", fields, sent.as_bytes());
                false
            }
            _ => {
                let head = format!("HTTP/1.1 200 OK\r\n{fields}transfer-encoding: chunked\r\n\r\n{:x}\r\n", sent.len());
                stream.write_all(format!("{head}{sent}\r\n0\r\n\r\n").as_bytes()).is_ok()
            }
        }
    });
    let stage = guarded(origin.address);
    for _ in 0..2 {
        let answer = stage.ask(&get("/shop/books"));
        assert_eq!((answer.status(), answer.body.len()), (200, long.len()));
    }
    let metrics = stage.telemetry("/metrics");
    assert!(metrics.text().contains("\nyett_responses_unchecked_total 2\n"), "{}", metrics.text());
}
