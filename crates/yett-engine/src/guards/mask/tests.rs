//! The guard in an exchange: who sees what, what passes, and that nothing else changes.

use crate::BodyNeed;
use crate::engine::Engine;
use crate::fixture::{KEY, engine, exchange, head, snapshot};
use bytes::Bytes;
use http::{HeaderMap, Response};
use proptest::prelude::*;
use serde_json::{Value, json};

fn person() -> Value {
    json!({"type": "object", "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "email": {"$ref": "urn:yett:response#/$defs/Email"},
        "card": {"type": "string", "x-yett-data": {"class": "pii.card"}},
        "address": {"type": "object", "x-yett-data": {"class": "pii.address"}},
        "balance": {"type": "number", "x-yett-data": {"class": "pii.account"}},
    }})
}

/// The bookshop whose second operation answers with a person.
fn shop(mask: &Value, sees: &[&str]) -> Engine {
    let mut snapshot = snapshot();
    snapshot["apis"][0]["schemas"] =
        json!({"response": {"Email": {"type": "string", "x-yett-data": {"class": "pii.email"}}, "Person": person()}});
    let media = json!([{"range": "application/json", "kind": "json", "schema": {"anyOf": [
        {"$ref": "urn:yett:response#/$defs/Person"}, {"type": "array", "items": {"$ref": "urn:yett:response#/$defs/Person"}},
    ]}}]);
    snapshot["apis"][0]["operations"][1]["responses"] = json!([{"status": "200", "media": media}]);
    snapshot["apis"][0]["guards"] = json!({"mask": mask});
    snapshot["profiles"][0]["sees"] = json!(sees);
    engine(&snapshot)
}

struct Given {
    status: u16,
    headers: HeaderMap,
    body: String,
    event: Value,
}

fn given(engine: &Engine, method: &str, answer: &[(&str, &str)], status: u16, body: &str) -> Given {
    let mut exchange = exchange(engine, 1);
    let parts = head(method, "/shop/books/7", &[("x-api-key", KEY), ("range", "bytes=0-5"), ("accept-encoding", "gzip")]);
    exchange.judge_head(&parts).unwrap();
    exchange.judge_body(&parts, None).unwrap();
    let mut sent = parts.clone();
    exchange.upstream_request(&mut sent).unwrap();
    let built = answer.iter().fold(Response::builder().status(status), |built, (name, value)| built.header(*name, *value));
    let mut built = built.body(()).unwrap().into_parts().0;
    let need = exchange.judge_response(&parts, &mut built);
    let collected = (need == BodyNeed::Collect && method != "HEAD").then(|| Bytes::from(body.to_owned()));
    let (status, headers, body) = match exchange.judge_response_body(&parts, &mut built, collected) {
        Ok(changed) => (built.status.as_u16(), built.headers, changed.unwrap_or_else(|| Bytes::from(body.to_owned()))),
        Err(refused) => {
            let (head, body) = refused.into_parts();
            (head.status.as_u16(), head.headers, body)
        }
    };
    let mut line = Vec::new();
    exchange.record(&crate::End::default(), &mut line);
    let event = serde_json::from_slice(&line).unwrap();
    Given { status, headers, body: String::from_utf8(body.to_vec()).unwrap(), event }
}

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
const READER: &str = r#"{ "id":7, "name" : "A. Reader","email":"a@example.com", "card": "4539148803436467" ,
  "address": {"street":"Main 1","nr":[7,null,true]}, "balance":12.50, "extra": "x" }"#;

#[test]
fn what_the_contract_classifies_is_masked_and_all_else_stays_byte_for_byte() {
    let masked = given(&shop(&json!({}), &[]), "GET", &JSON, 200, READER);
    let expected = r#"{ "id":7, "name" : "A. Reader","email":"***", "card": "***" ,
  "address": {"street":"***","nr":[null,null,null]}, "balance":null, "extra": "x" }"#;
    assert_eq!(masked.body, expected);
    assert_eq!(
        masked.event["changed"],
        json!(["mask: pii.account x1", "mask: pii.address x3", "mask: pii.card x1", "mask: pii.email x1"])
    );
    assert!(!masked.event.to_string().contains("example.com"));
}

#[test]
fn a_profile_sees_its_classes_and_those_below_them() {
    let some = given(&shop(&json!({}), &["pii.email", "pii.address"]), "GET", &JSON, 200, READER);
    assert!(some.body.contains("a@example.com") && some.body.contains("Main 1") && !some.body.contains("4539"));
    let all = given(&shop(&json!({}), &["pii"]), "GET", &JSON, 200, READER);
    assert_eq!((all.body.as_str(), &all.event["changed"]), (READER, &Value::Null));
    assert!(!given(&shop(&json!({}), &["pii.e"]), "GET", &JSON, 200, READER).body.contains("a@example.com"));
}

#[test]
fn each_class_has_its_rule() {
    let rules =
        json!({"rules": {"pii": "hash", "pii.card": "format-preserving", "pii.email": "tokenise", "pii.address": "drop"}});
    let masked: Value = serde_json::from_str(&given(&shop(&rules, &[]), "GET", &JSON, 200, READER).body).unwrap();
    assert_eq!(masked.get("address"), None);
    assert!(masked["email"].as_str().unwrap().starts_with("tok_pii_email_"), "{masked}");
    assert_eq!(masked["card"].as_str().map(str::len), Some(16));
    assert_ne!(masked["card"], "4539148803436467");
    assert_eq!(masked["balance"].as_str().map(str::len), Some(32));
}

#[test]
fn in_monitor_nothing_changes_and_it_is_told() {
    let watched = given(&shop(&json!({"mode": "monitor"}), &[]), "GET", &JSON, 200, READER);
    assert_eq!(watched.body, READER);
    assert_eq!(watched.event["would_change"].as_array().map(Vec::len), Some(4));
    assert_eq!(given(&shop(&json!({"mode": "off"}), &[]), "GET", &JSON, 200, READER).event.get("would_change"), None);
}

#[test]
fn what_cannot_be_masked_does_not_pass() {
    let shop = shop(&json!({}), &[]);
    let coded = [("content-type", "application/json"), ("content-encoding", "gzip")];
    for (answer, status, body) in [
        (&coded[..], 200, "x"),
        (&JSON[..], 206, "\"a@exam"),
        (&JSON[..], 200, "{\"email\":\"a@example.com\""),
        (&[("content-type", "text/csv")][..], 200, "a@example.com"),
        (&[][..], 200, READER),
        (&[("content-type", "application/json"), ("content-length", "9000000")][..], 200, "not read"),
    ] {
        let answered = given(&shop, "GET", answer, status, body);
        let refused = answered.status == 502 && answered.body.contains("response-unmasked");
        let unread = answer.len() == 2 && answered.body == "not read";
        assert!(refused || unread, "{answer:?}: {}", answered.body);
    }
    // Whoever sees all of it gets it as it is.
    assert_eq!(given(&self::shop(&json!({}), &["pii"]), "GET", &coded, 200, "x").status, 200);
}

#[test]
fn an_answer_that_the_contract_does_not_describe_is_masked_by_all_it_describes() {
    for status in [201, 404, 422] {
        let masked = given(&shop(&json!({}), &[]), "GET", &JSON, status, r#"{"email":"a@example.com"}"#);
        assert_eq!(masked.body, r#"{"email":"***"}"#, "{status}");
    }
}

#[test]
fn nothing_tells_of_the_bytes_that_were() {
    let told = [
        ("content-type", "application/json"),
        ("content-length", "200"),
        ("etag", "\"1\""),
        ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("content-digest", "sha-256=:x:"),
        ("accept-ranges", "bytes"),
        ("cache-control", "public, max-age=60"),
    ];
    for method in ["GET", "HEAD"] {
        let headers = given(&shop(&json!({}), &[]), method, &told, 200, READER).headers;
        for name in ["content-length", "etag", "last-modified", "content-digest", "accept-ranges"] {
            assert!(!headers.contains_key(name), "{method} {name}");
        }
        assert_eq!(headers["cache-control"], "private, max-age=60", "{method}");
    }
}

#[test]
fn what_may_be_masked_is_asked_for_whole_and_plain() {
    let engine = shop(&json!({}), &[]);
    let mut exchange = exchange(&engine, 1);
    let mut parts = head(
        "GET",
        "/shop/books/7",
        &[("x-api-key", KEY), ("range", "bytes=0-5"), ("accept-encoding", "gzip"), ("if-none-match", "*")],
    );
    exchange.judge_head(&parts).unwrap();
    exchange.upstream_request(&mut parts).unwrap();
    assert_eq!(parts.headers["accept-encoding"], "identity");
    assert!(!parts.headers.contains_key("range") && !parts.headers.contains_key("if-none-match"));
}

#[test]
fn what_no_contract_classifies_is_found_where_it_is_looked_for() {
    let detecting = json!({"detect": ["pii.card", "secret"]});
    let body = r#"{"id":7,"name":"card 4539 1488 0343 6467, thanks","extra":{"apiKey":"q8Zr-77Kp2!"},"n":4539148803436467,"mail":"a@b.de"}"#;
    let masked = given(&shop(&detecting, &["pii.card"]), "GET", &JSON, 200, body).body;
    assert!(masked.contains("4539 1488") && masked.contains(r#""apiKey":"***""#), "{masked}");
    let masked = given(&shop(&detecting, &[]), "GET", &JSON, 200, body).body;
    assert_eq!(masked, r#"{"id":7,"name":"card ***, thanks","extra":{"apiKey":"***"},"n":null,"mail":"a@b.de"}"#);
    let watching = json!({"detect": ["pii.card"], "detected": "monitor"});
    let watched = given(&shop(&watching, &[]), "GET", &JSON, 200, r#"{"name":"4539148803436467","email":"a@b.de"}"#);
    assert_eq!(watched.body, r#"{"name":"4539148803436467","email":"***"}"#);
    assert_eq!(watched.event["would_change"], json!(["mask: pii.card x1"]));
}

fn asked(mask: &Value, target: &str, kind: &str, body: &str) -> Result<Option<String>, String> {
    let mut snapshot = snapshot();
    snapshot["apis"][0]["guards"] = json!({"mask": mask, "contract": {"unknown_query": "allow"}});
    snapshot["profiles"][0]["operations"] = json!(["shop:create", "shop:list"]);
    snapshot["apis"][0]["operations"][2]["max_body_bytes"] = json!(4096);
    let media = |range: &str, kind: &str| json!({"range": range, "kind": kind});
    snapshot["apis"][0]["operations"][2]["body"]["media"] = json!([
        media("application/json", "json"),
        media("text/plain", "text"),
        media("application/x-www-form-urlencoded", "form")
    ]);
    let engine = engine(&snapshot);
    let mut exchange = exchange(&engine, 1);
    let method = if body.is_empty() { "GET" } else { "POST" };
    let parts = head(method, target, &[("x-api-key", KEY), ("content-type", kind), ("content-length", &body.len().to_string())]);
    let parts = if body.is_empty() { head(method, target, &[("x-api-key", KEY)]) } else { parts };
    let refused = |answer: Box<Response<Bytes>>| String::from_utf8(answer.body().to_vec()).unwrap();
    let need = exchange.judge_head(&parts).map_err(refused)?;
    let body = (need == BodyNeed::Collect && !body.is_empty()).then(|| Bytes::from(body.to_owned()));
    let changed = exchange.judge_body(&parts, body).map_err(refused)?;
    Ok(changed.map(|changed| String::from_utf8(changed.to_vec()).unwrap()))
}

#[test]
fn requests_hold_no_class_that_is_forbidden() {
    let forbid = json!({"forbid": ["pii.card"]});
    let card = "4539148803436467";
    for (target, kind, body) in [
        ("/shop/books", "application/json", format!(r#"{{"title":"x","note":"my card {card}"}}"#)),
        ("/shop/books", "application/json", format!(r#"{{"title":"x","{card}":1}}"#)),
        ("/shop/books", "text/plain", format!("my card is {card}")),
        ("/shop/books", "application/x-www-form-urlencoded", format!("a=1&b=%34{}", &card[1..])),
        ("/shop/books?q=4539+1488+0343+6467", "", String::new()),
    ] {
        let refused = asked(&forbid, target, kind, &body).unwrap_err();
        assert!(refused.contains("data-forbidden") && !refused.contains("6467"), "{body}: {refused}");
    }
    assert_eq!(asked(&forbid, "/shop/books", "application/json", r#"{"title":"4539148803436468"}"#), Ok(None));
}

#[test]
fn requests_are_masked_before_they_go_upstream() {
    let redact = json!({"redact": ["secret", "pii.email"]});
    let changed =
        asked(&redact, "/shop/books", "application/json", r#"{ "title":"x", "note":"mail a@b.de", "password":"k3Y-f00-baR" }"#);
    assert_eq!(changed, Ok(Some(r#"{ "title":"x", "note":"mail ***", "password":"***" }"#.to_owned())));
    let changed = asked(&redact, "/shop/books", "text/plain", "write to a@b.de!");
    assert_eq!(changed, Ok(Some("write to ***!".to_owned())));
    assert!(asked(&redact, "/shop/books?q=a@b.de", "", "").unwrap_err().contains("data-forbidden"));
}

#[test]
fn a_classified_path_parameter_shows_in_no_log() {
    let mut snapshot = snapshot();
    snapshot["apis"][0]["operations"][1]["parameters"][0]["schema"] =
        json!({"type": "string", "x-yett-data": {"class": "pii.email"}});
    let engine = engine(&snapshot);
    let mut exchange = exchange(&engine, 1);
    exchange.judge_head(&head("GET", "/shop/books/a@example.com", &[("x-api-key", KEY)])).unwrap();
    let mut line = Vec::new();
    exchange.record(&crate::End::default(), &mut line);
    let event: Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(event["path"], "/shop/books/***");
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        "(\\PC|4539148803436467|a@b\\.de|\\\\|\"){0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from);
        let names = prop_oneof![Just("email"), Just("card"), Just("address"), Just("balance"), Just("id"), Just("secretKey")];
        let object = prop::collection::btree_map(names, inner, 0..5);
        let object =
            object.prop_map(|object| Value::Object(object.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()));
        prop_oneof![list, object]
    })
}

/// All that the contract does not classify, in its order.
fn unclassified(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| unclassified(item, into)),
        Value::Object(members) => {
            for (name, value) in members {
                into.push(name.clone());
                if !["email", "card", "address", "balance"].contains(&name.as_str()) {
                    unclassified(value, into);
                }
            }
        }
        other => into.push(other.to_string()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn masking_never_corrupts_a_document(value in values(), by in prop_oneof![Just("mask"), Just("hash"), Just("tokenise"), Just("format-preserving")], pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        let given = given(&shop(&json!({"rules": {"pii": by}}), &[]), "GET", &JSON, 200, &text);
        let masked: Value = serde_json::from_str(&given.body).unwrap();
        let (mut before, mut after) = (Vec::new(), Vec::new());
        // Only a person, or a list of them, is described: what is deeper is nobody's.
        if value.is_object() {
            unclassified(&value, &mut before);
            unclassified(&masked, &mut after);
            prop_assert_eq!(before, after);
        }
    }
}
