//! Callers that speak MessagePack or CBOR to an API that speaks JSON.

use crate::common::*;
use serde_json::{Value, json};

/// `{"title": "x"}`
const MSGPACK: &[u8] = b"\x81\xa5title\xa1x";
const CBOR: &[u8] = b"\xa1\x65title\x61x";

fn speaking(origin: &Origin, notations: &Value, mode: &str) -> Stage {
    let mut snapshot = snapshot(&json!({"targets": [{"url": format!("http://{}/v1", origin.address)}]}));
    let api = &mut snapshot["apis"][0];
    api["guards"]["contract"]["mode"] = json!(mode);
    api["operations"][2]["body"] = json!({"required": true, "media": [{
        "range": "application/json", "kind": "json",
        "schema": {"type": "object", "required": ["title"], "properties": {"title": {"type": "string", "maxLength": 5}}},
    }]});
    api["operations"][2]["max_body_bytes"] = json!(200);
    for number in [0, 1, 2] {
        api["operations"][number]["transcode"] = notations.clone();
    }
    Stage::start(options(), &snapshot)
}

fn json_origin() -> Origin {
    Origin::start(|_, stream| reply(stream, "200 OK", "content-type: application/json\r\netag: \"e\"\r\n", b"{\"title\": \"x\"}"))
}

fn send(stage: &Stage, kind: &str, accept: &str, body: &[u8]) -> Message {
    let head = format!(
        "POST /shop/books HTTP/1.1\r\nhost: shop.example\r\ncontent-type: {kind}\r\naccept: {accept}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut caller = stage.caller();
    caller.send([head.as_bytes(), body].concat());
    caller.read().unwrap()
}

#[test]
fn the_upstream_hears_json_and_the_caller_its_own_notation() {
    let origin = json_origin();
    let stage = speaking(&origin, &json!(["msgpack", "cbor"]), "enforce");
    for (kind, body) in [("application/msgpack", MSGPACK), ("application/cbor", CBOR)] {
        let answer = send(&stage, kind, kind, body);
        assert_eq!((answer.status(), answer.field("content-type"), &answer.body[..]), (200, Some(kind), body));
        assert_eq!((answer.field("vary"), answer.field("etag")), (Some("accept"), Some("W/\"e\"")));
        let heard = origin.next();
        assert_eq!((heard.text(), heard.field("content-type")), ("{\"title\":\"x\"}", Some("application/json")));
        assert_eq!(heard.field("accept"), Some("application/json"));
    }
    let mixed = send(&stage, "application/msgpack", "application/json", MSGPACK);
    assert_eq!((mixed.field("content-type"), mixed.json()), (Some("application/json"), json!({"title": "x"})));
    let mixed = send(&stage, "application/json", "application/cbor", b"{\"title\": \"x\"}");
    assert_eq!((mixed.field("content-type"), &mixed.body[..]), (Some("application/cbor"), CBOR));
}

#[test]
fn what_the_contract_refuses_as_json_it_refuses_in_any_notation() {
    let origin = json_origin();
    let stage = speaking(&origin, &json!(["msgpack", "cbor"]), "enforce");
    for (kind, body) in [
        ("application/msgpack", &b"\x80"[..]),
        ("application/msgpack", b"\x81\xa5title\x01"),
        ("application/msgpack", b"\x81\xa5title\xa6xxxxxx"),
        ("application/msgpack", b"\x82\xa5title\xa1x\xa5title\xa1y"),
        ("application/msgpack", b"\x81\xa5title\xc4\x01x"),
        ("application/msgpack", b"\x81\xa5title"),
        ("application/msgpack", b"\xdf\xff\xff\xff\xff"),
        ("application/msgpack", b"\x81\xa5title\xa1xx"),
        ("application/cbor", b"\xa1\x65title\xc0\x61x"),
        ("application/cbor", b"\xbf\x65title"),
        ("application/cbor", b"{\"title\": \"x\"}"),
        ("application/json", MSGPACK),
    ] {
        let answer = send(&stage, kind, "*/*", body);
        assert_eq!((answer.status(), &answer.json()["code"]), (400, &json!("request-invalid")), "{kind} {body:?}");
    }
    let deep = [vec![0x91; 100], vec![0xc0]].concat();
    assert_eq!(send(&stage, "application/msgpack", "*/*", &deep).status(), 400);
    // 150 bytes that are 900 as JSON.
    let long = [&b"\x81\xa5title\xd9\x96"[..], &[1; 150]].concat();
    assert_eq!(send(&stage, "application/msgpack", "*/*", &long).json()["code"], "body-too-large");
    assert!(origin.requests.try_iter().next().is_none());
}

#[test]
fn nothing_unreadable_passes_where_the_contract_does_not_enforce() {
    let origin = json_origin();
    let stage = speaking(&origin, &json!(["msgpack"]), "off");
    assert_eq!(send(&stage, "application/msgpack", "*/*", b"\xc1").status(), 400);
    assert_eq!(send(&stage, "application/msgpack", "*/*", MSGPACK).status(), 200);
    assert_eq!(origin.next().text(), "{\"title\":\"x\"}");
}

#[test]
fn a_notation_that_is_not_on_offer_is_refused_or_passed_over() {
    let origin = json_origin();
    let stage = speaking(&origin, &json!(["cbor"]), "enforce");
    assert_eq!(send(&stage, "application/msgpack", "*/*", MSGPACK).status(), 415);
    assert_eq!(send(&stage, "application/cbor; x=1", "*/*", CBOR).status(), 415);
    let answer = send(&stage, "application/json", "application/msgpack", b"{\"title\": \"x\"}");
    assert_eq!(answer.field("content-type"), Some("application/json"));
    let none = speaking(&origin, &json!([]), "enforce");
    assert_eq!(send(&none, "application/cbor", "*/*", CBOR).status(), 415);
    let answer = send(&none, "application/json", "application/cbor", b"{\"title\": \"x\"}");
    assert_eq!((answer.field("content-type"), answer.field("vary")), (Some("application/json"), None));
}

#[test]
fn an_answer_that_cannot_be_converted_stays_json() {
    let long = format!("[{}0]", "0,".repeat(1 << 20));
    for (fields, body) in [
        ("content-type: application/json\r\n", "{broken"),
        ("content-type: application/json\r\ncache-control: no-transform\r\n", "{}"),
        ("content-type: text/plain\r\n", "{}"),
        ("content-type: application/json\r\n", &*long),
    ] {
        let (body, kept) = (body.to_owned(), body.to_owned());
        let origin = Origin::start(move |_, stream| reply(stream, "200 OK", fields, body.as_bytes()));
        let stage = speaking(&origin, &json!(["cbor"]), "off");
        let answer = stage.ask("GET /shop/books HTTP/1.1\r\nhost: shop.example\r\naccept: application/cbor\r\n\r\n");
        assert!(answer.field("content-type").is_some_and(|kind| kind != "application/cbor"), "{fields}");
        assert_eq!(answer.text(), kept);
    }
}

#[test]
fn one_kept_answer_serves_every_notation() {
    let origin = Origin::start(|_, stream| {
        reply(stream, "200 OK", "content-type: application/json\r\ncache-control: max-age=60\r\n", b"{\"title\": \"x\"}")
    });
    let mut snapshot = snapshot(&json!({"targets": [{"url": format!("http://{}/v1", origin.address)}]}));
    snapshot["apis"][0]["operations"][0]["transcode"] = json!(["msgpack", "cbor"]);
    snapshot["apis"][0]["operations"][0]["cache"] = json!({});
    let stage = Stage::start(options(), &snapshot);
    let ask =
        |accept: &str| stage.ask(&format!("GET /shop/books HTTP/1.1\r\nhost: shop.example\r\naccept: {accept}\r\n\r\n")).body;
    assert_eq!(ask("application/json"), b"{\"title\": \"x\"}");
    assert_eq!((&ask("application/cbor")[..], &ask("application/msgpack")[..]), (CBOR, MSGPACK));
    assert_eq!(origin.requests.try_iter().count(), 1);
}
