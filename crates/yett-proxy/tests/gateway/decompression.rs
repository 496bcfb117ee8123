//! Requests with a content coding, where they are decoded.

use crate::common::*;
use serde_json::{Value, json};
use std::io::Write;

fn stage(origin: &Origin, settings: Option<&Value>, max_body_bytes: u64) -> Stage {
    let mut snapshot = snapshot(&json!({"targets": [{"url": format!("http://{}/v1", origin.address)}]}));
    let api = &mut snapshot["apis"][0];
    api["guards"]["contract"]["mode"] = json!("enforce");
    api["operations"][2]["body"] = json!({"required": true, "media": [{
        "range": "application/json", "kind": "json",
        "schema": {"type": "object", "required": ["title"], "properties": {"title": {"type": "string", "maxLength": 9}}},
    }]});
    api["operations"][2]["max_body_bytes"] = json!(max_body_bytes);
    api["operations"][2]["transcode"] = json!(["cbor"]);
    if let Some(settings) = settings {
        api["operations"][2]["decompress_requests"] = settings.clone();
    }
    Stage::start(options(), &snapshot)
}

fn all() -> Value {
    json!({"algorithms": ["gzip", "deflate", "br", "zstd"], "max_ratio": 100})
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    coder.write_all(plain).unwrap();
    coder.finish().unwrap()
}

fn code(coding: &str, plain: &[u8]) -> Vec<u8> {
    match coding {
        "gzip" => gzip(plain),
        "deflate" => {
            let mut coder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
            coder.write_all(plain).unwrap();
            coder.finish().unwrap()
        }
        "br" => {
            let mut coded = Vec::new();
            brotli::BrotliCompress(&mut &plain[..], &mut coded, &brotli::enc::BrotliEncoderParams::default()).unwrap();
            coded
        }
        _ => zstd::stream::encode_all(plain, 19).unwrap(),
    }
}

fn send(stage: &Stage, fields: &str, body: &[u8]) -> Message {
    let head = format!("POST /shop/books HTTP/1.1\r\nhost: shop.example\r\n{fields}content-length: {}\r\n\r\n", body.len());
    let mut caller = stage.caller();
    caller.send([head.as_bytes(), body].concat());
    caller.read().unwrap()
}

fn coded(coding: &str) -> String {
    format!("content-type: application/json\r\ncontent-encoding: {coding}\r\n")
}

#[test]
fn a_coded_body_is_looked_into_and_goes_on_without_its_coding() {
    let origin = Origin::echo();
    let stage = stage(&origin, Some(&all()), 1000);
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let fields = coded(coding) + "content-digest: sha-256=:AAAA:\r\nx-kept: 1\r\n";
        assert_eq!(send(&stage, &fields, &code(coding, br#"{"title": "x"}"#)).status(), 200, "{coding}");
        let heard = origin.next();
        assert_eq!((heard.text(), heard.field("content-length")), (r#"{"title": "x"}"#, Some("14")), "{coding}");
        assert_eq!(
            (heard.field("content-encoding"), heard.field("content-digest"), heard.field("x-kept")),
            (None, None, Some("1"))
        );
        let bad = send(&stage, &coded(coding), &code(coding, br#"{"title": "far too long"}"#));
        assert_eq!((bad.status(), bad.json()["errors"][0]["field"].as_str()), (400, Some("/title")), "{coding}");
    }
    let cbor = code("gzip", b"\xa1\x65title\x61x");
    assert_eq!(send(&stage, "content-type: application/cbor\r\ncontent-encoding: gzip\r\n", &cbor).status(), 200);
    assert_eq!(origin.next().text(), r#"{"title":"x"}"#);
    let mut caller = stage.caller();
    let body = gzip(br#"{"title": "y"}"#);
    let head = format!(
        "POST /shop/books HTTP/1.1\r\nhost: h\r\n{}transfer-encoding: chunked\r\n\r\n{:x}\r\n",
        coded("gzip"),
        body.len()
    );
    caller.send([head.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat());
    assert_eq!(caller.read().unwrap().status(), 200);
    assert_eq!(origin.next().text(), r#"{"title": "y"}"#);
}

#[test]
fn where_it_is_not_set_a_coded_body_is_refused() {
    let origin = Origin::echo();
    let (unset, only_br) =
        (stage(&origin, None, 1000), stage(&origin, Some(&json!({"algorithms": ["br"], "max_ratio": 9})), 1000));
    for (stage, coding) in [(&unset, "gzip"), (&only_br, "gzip"), (&only_br, "br, gzip"), (&only_br, "unknown")] {
        let answer = send(stage, &coded(coding), &gzip(br#"{"title": "x"}"#));
        assert_eq!((answer.status(), answer.json()["code"].as_str()), (415, Some("media-type-unsupported")), "{coding}");
    }
    assert!(origin.requests.try_recv().is_err());
}

#[test]
fn a_bomb_goes_off_nowhere() {
    let origin = Origin::echo();
    let zeros = [br#"{"title": ""#.as_slice(), &vec![b' '; 16 << 20], br#""}"#].concat();
    let (short, narrow) = (stage(&origin, Some(&all()), 1 << 20), stage(&origin, Some(&all()), 1 << 30));
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let bomb = code(coding, &zeros);
        for stage in [&short, &narrow] {
            let answer = send(stage, &coded(coding), &bomb);
            assert_eq!((answer.status(), answer.json()["code"].as_str()), (413, Some("body-too-large")), "{coding}");
        }
    }
    assert!(origin.requests.try_recv().is_err());
}

#[test]
fn what_is_not_what_its_coding_says_is_refused_before_anything_goes_on() {
    let origin = Origin::echo();
    let stage = stage(&origin, Some(&all()), 1000);
    let whole = gzip(br#"{"title": "x"}"#);
    let twice = [&whole[..], &whole].concat();
    for body in [&b"{\"title\": \"x\"}"[..], &whole[..whole.len() - 1], &twice, &[]] {
        let answer = send(&stage, &coded("gzip"), body);
        assert_eq!((answer.status(), answer.json()["code"].as_str()), (400, Some("request-invalid")), "{body:?}");
    }
    assert!(origin.requests.try_recv().is_err());
}
