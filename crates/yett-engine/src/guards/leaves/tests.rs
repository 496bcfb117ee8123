//! What is looked at, and under which name.

use super::{Part, Watch};
use crate::body::Body;
use crate::exchange::Now;
use crate::guards::RequestView;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::ops::ControlFlow;
use std::sync::Arc;
use yett_model::snapshot::Api;

fn watch(operation: Value, schemas: Value, mode: &str) -> Watch {
    let mut whole = json!({"id": "a:x", "method": "POST", "path": "/x"});
    whole.as_object_mut().unwrap().extend(operation.as_object().unwrap().clone());
    let api: Api = serde_json::from_value(json!({
        "name": "a", "version": "1", "base_path": "/", "upstream": {"targets": []}, "identify": {"public": true},
        "guards": {"contract": {"mode": mode}}, "schemas": {"request": schemas}, "operations": [whole],
    }))
    .unwrap();
    Watch::of(&api, api.operations.first())
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

fn line(leaf: &super::Leaf<'_>) -> String {
    let mark = match leaf.part {
        Part::Value => "",
        Part::Name => "name ",
        Part::Document => "document ",
    };
    format!("{mark}{} {}={}", leaf.place.as_str(), leaf.name(), leaf.text)
}

fn head(watch: &Watch, path: &[(&str, &str)], query: &str, fields: &[(&'static str, &'static str)]) -> Vec<String> {
    let headers = headers(fields);
    let path: Vec<(Arc<str>, String)> = path.iter().map(|(name, raw)| ((*name).into(), (*raw).to_owned())).collect();
    let view = RequestView {
        method: &Method::GET,
        path_parameters: &path,
        query,
        credential_query: Some("key"),
        headers: &headers,
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        tls: true,
        principal: None,
        asn: None,
        country: None,
        risk: 0,
        version_query: None,
        uri: &http::Uri::from_static("/"),
        told_host: None,
        certified: false,
        cost: 1,
        now: Now { unix_ms: 0, mono_us: 0 },
        notes: None,
    };
    let mut seen = Vec::new();
    let _all = watch.head(&view, &mut |leaf| {
        seen.push(line(leaf));
        ControlFlow::Continue(())
    });
    seen
}

fn body(watch: &Watch, media: &'static str, bytes: &[u8]) -> Vec<String> {
    let mut seen = Vec::new();
    let _all = watch.body(&headers(&[("content-type", media)]), &Body::new(Bytes::copy_from_slice(bytes)), &mut |leaf| {
        seen.push(line(leaf));
        ControlFlow::Continue(())
    });
    seen
}

fn parameter(name: &str, place: &str, schema: Value) -> Value {
    json!({"name": name, "in": place, "style": "form", "explode": true, "shape": {}, "schema": schema})
}

fn json_body(schema: Value) -> Value {
    json!({"body": {"media": [{"range": "application/json", "kind": "json", "schema": schema}]}})
}

#[test]
fn the_head_shows_every_parameter_without_its_escapes() {
    let all = Watch::everything(64);
    assert_eq!(
        head(
            &all,
            &[("id", "a%27b")],
            "q=a+b%2B&key=secret&=x",
            &[("x-a", "1"), ("authorization", "no"), ("cookie", "a=1; b=%3C")]
        ),
        [
            "path id=a'b",
            "name query q=q",
            "query q=a b+",
            "name query =",
            "query =x",
            "header x-a=1",
            "name cookie a=a",
            "cookie a=1",
            "name cookie b=b",
            "cookie b=<",
        ]
    );
}

#[test]
fn broken_and_overlong_encodings_are_read_as_somebody_would() {
    let all = Watch::everything(64);
    assert_eq!(head(&all, &[("p", "%c0%ae%e0%80%af%f0%80%80%ae%ff%zz%4")], "", &[]), ["path p=./.\u{ff}%zz%4"]);
}

#[test]
fn parameters_that_the_contract_leaves_no_room_in_are_left_out() {
    let parameters = json!([
        parameter("page", "query", json!({"type": "integer"})),
        parameter("q", "query", json!({"type": "string"})),
        parameter("since", "query", json!({"type": ["string", "null"], "format": "date"})),
        parameter("sort", "query", json!({"enum": ["id"]})),
        parameter("x-trace", "header", json!({"type": "string", "format": "uuid"})),
        parameter("sku", "path", json!({"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"})),
    ]);
    let narrowed = watch(json!({"parameters": parameters}), json!({}), "enforce");
    let query = "page=1&q=x&since=2020-01-01&sort=id";
    assert_eq!(head(&narrowed, &[("sku", "AB-1")], query, &[("x-trace", "t")]), ["query q=x"]);
    let open = watch(json!({"parameters": parameters}), json!({}), "monitor");
    assert_eq!(head(&open, &[("sku", "AB-1")], query, &[("x-trace", "t")]).len(), 10);
}

#[test]
fn json_shows_its_strings_and_the_names_that_the_contract_does_not_have() {
    let schema = json!({"type": "object", "properties": {
        "title": {"type": "string"}, "stock": {"type": "integer"}, "kind": {"enum": ["a"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "author": {"type": "object", "additionalProperties": false, "properties": {"id": {"type": "string", "format": "uuid"}}},
    }});
    let text = br#"{"title": "a\"b", "stock": 1, "kind": "a", "tags": ["t", "u"], "author": {"id": "x"}, "more": {"k": ["v"]}}"#;
    let expected = [
        "body /title=a\"b",
        "body /tags/*=t",
        "body /tags/*=u",
        "name body /more=more",
        "name body /more/k=k",
        "body /more/k/*=v",
    ];
    assert_eq!(body(&watch(json_body(schema.clone()), json!({}), "enforce"), "application/json", text), expected);
    assert_eq!(body(&watch(json_body(schema), json!({}), "off"), "application/json", text).len(), 14);
}

#[test]
fn json_that_no_two_readers_read_alike_is_shown_whole() {
    assert_eq!(body(&Watch::everything(64), "application/json", br#"{"a": "x""#), [r#"body ={"a": "x""#]);
    assert_eq!(
        body(&Watch::everything(64), "application/json", b"{\"a\": [\"\\ud83d\\ude00\"]}"),
        ["name body /a=a", "body /a/*=\u{1f600}"]
    );
}

#[test]
fn schemas_that_refer_to_themselves_end() {
    let shared = json!({
        "Tree": {"type": "object", "additionalProperties": false, "properties": {
            "n": {"type": "integer"}, "children": {"type": "array", "items": {"$ref": "urn:yett:request#/$defs/Tree"}}}},
        "Note": {"allOf": [{"$ref": "urn:yett:request#/$defs/Tree"}], "anyOf": [{"type": "object"}, {"type": "string"}]},
    });
    let closed = watch(json_body(json!({"$ref": "urn:yett:request#/$defs/Tree"})), shared.clone(), "enforce");
    assert_eq!(body(&closed, "application/json", br#"{"n":1,"children":[{"x":"y"}]}"#), [""; 0]);
    assert!(!closed.has_leaves(&headers(&[("content-type", "application/json")])));
    let both = watch(json_body(json!({"$ref": "urn:yett:request#/$defs/Note"})), shared, "enforce");
    assert_eq!(body(&both, "application/json", br#"{"n":"x"}"#), [""; 0]);
}

#[test]
fn alternatives_are_as_open_as_the_most_open_of_them() {
    let schema = json!({"oneOf": [
        {"type": "object", "properties": {"v": {"type": "integer"}}}, {"type": "object", "properties": {"v": {"type": "string"}}},
    ]});
    assert_eq!(body(&watch(json_body(schema), json!({}), "enforce"), "application/json", br#"{"v":"x"}"#), ["body /v=x"]);
}

#[test]
fn forms_show_their_fields() {
    let all = Watch::everything(64);
    assert_eq!(
        body(&all, "application/x-www-form-urlencoded", b"a=%3Cb%3E&c[d]=e+f"),
        ["name body a=a", "body a=<b>", "name body c[d]=c[d]", "body c[d]=e f",]
    );
}

#[test]
fn multipart_shows_fields_and_names_of_files_but_no_files() {
    let bytes = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../e\"\r\n\r\n<data>\r\n--b--\r\n";
    assert_eq!(
        body(&Watch::everything(64), "multipart/form-data; boundary=b", bytes),
        ["name body a=a", "body a=x", "body f=../e"]
    );
}

#[test]
fn xml_shows_texts_attributes_and_itself() {
    let bytes = b"<?xml version=\"1.0\"?><a xmlns:x=\"urn:x\" b='1>0'>t<![CDATA[<i>]]></a>";
    let seen = body(&Watch::everything(64), "application/xml", bytes);
    assert!(seen[0].starts_with("document body =<?xml"));
    assert_eq!(seen[1..], ["body =1.0", "body =1>0", "body =t", "body =<i>"]);
}

#[test]
fn text_is_shown_whole_and_bytes_are_not() {
    assert_eq!(body(&Watch::everything(64), "text/plain", b"a <b>"), ["body =a <b>"]);
    assert_eq!(body(&Watch::everything(64), "image/png", b"a <b>"), [""; 0]);
}
