use super::hold_json;
use crate::fixture::{KEY, change, engine, exchange, head, snapshot};
use crate::xml::Fault;
use crate::{BodyNeed, Engine};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};
use yett_model::snapshot::StructureGuard;

/// A shop whose POST takes any of these kinds, and whose contract guard looks at nothing.
fn shop(structure: Value) -> Engine {
    let media = |range: &str, kind: &str| json!({"range": range, "kind": kind});
    let body = json!({"required": true, "media": [
        media("application/json", "json"), media("application/xml", "binary"), media("text/plain", "binary"),
        media("application/x-www-form-urlencoded", "form"), media("multipart/form-data", "multipart"),
    ]});
    let shop = [
        ("/apis/0/operations/2/body", body),
        ("/apis/0/operations/2/max_body_bytes", json!(100_000)),
        ("/apis/0/operations/2/public", json!(true)),
        (
            "/apis/0/guards",
            json!({"contract": {"mode": "off", "responses": "off"}, "injection": {"mode": "off"}, "structure": structure}),
        ),
    ];
    engine(&shop.into_iter().fold(snapshot(), |snapshot, (pointer, value)| change(snapshot, pointer, value)))
}

/// The code of the refusal, if the body is refused.
fn sent(engine: &Engine, media: &str, body: &[u8]) -> Option<&'static str> {
    let length = body.len().to_string();
    let parts = head("POST", "/shop/books", &[("content-type", media), ("content-length", &length), ("x-api-key", KEY)]);
    let mut exchange = exchange(engine, 1);
    if let Ok(need) = exchange.judge_head(&parts) {
        let body = (need == BodyNeed::Collect).then(|| Bytes::copy_from_slice(body));
        let _answer = exchange.judge_body(&parts, body);
    }
    exchange.code().map(yett_model::Code::as_str)
}

const EXCEEDED: Option<&str> = Some("structure-exceeded");
const REFUSED: Option<&str> = Some("structure-refused");

fn small() -> Engine {
    shop(json!({
        "max_depth": 3, "max_values": 12, "max_keys": 3, "max_items": 4, "max_string_bytes": 8, "max_key_bytes": 5,
        "max_number_chars": 6, "max_fields": 3, "max_parts": 2, "max_part_head_bytes": 80,
    }))
}

#[test]
fn json_that_holds_more_than_it_may_is_refused() {
    let engine = small();
    for text in [
        r#"{"a": [1, {"b": 2}], "c": "12345678", "d": 1.25e3}"#,
        r#"["1", "\"234567", [], {}]"#,
        "[[[]], [[]]]",
        r#"{"a": {"b": 1}, "b": {"c": 1}}"#,
        "[{\"a\":[]},{\"a\":[]},3]",
        "123456",
    ] {
        assert_eq!(sent(&engine, "application/json", text.as_bytes()), None, "{text}");
    }
    for text in [
        "[[[[]]]]",
        "[[1,2,3],[1,2,3],[1,2,3]]",
        r#"{"a":1,"b":2,"c":3,"d":4}"#,
        "[1,2,3,4,5]",
        "[[],[],[],[],[]]",
        r#""123456789""#,
        r#"{"abcdef": 1}"#,
        r#"{"a": {"\u0061b": 1}}"#,
        "1234567",
        "[-1e99999]",
        r#"["unfinished"#,
    ] {
        assert_eq!(
            sent(&engine, "application/merge-patch+json", text.as_bytes()).or(sent(&engine, "application/json", text.as_bytes())),
            EXCEEDED,
            "{text}"
        );
    }
    assert_eq!(sent(&engine, "application/json", b"\0[\0]"), REFUSED);
}

#[test]
fn xml_is_read_though_the_contract_does_not_describe_it() {
    let engine = small();
    assert_eq!(sent(&engine, "application/xml", b"<a><b c='1'>x</b></a>"), None);
    assert_eq!(sent(&engine, "application/xml; charset=utf-8", b"<a><a><a><a/></a></a></a>"), EXCEEDED);
    assert_eq!(sent(&engine, "application/xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), REFUSED);
    assert_eq!(sent(&engine, "text/plain", b"<!DOCTYPE a><a/>"), None);
}

#[test]
fn forms_and_parts_are_counted() {
    let engine = small();
    let form = |text: &str| sent(&engine, "application/x-www-form-urlencoded", text.as_bytes());
    assert_eq!(
        (form("a=1&b=2&c=12345678"), form("a&b&c&d"), form("abcdef=1"), form("a=123456789")),
        (None, EXCEEDED, EXCEEDED, EXCEEDED)
    );
    let parts = |text: &str| sent(&engine, "multipart/form-data; boundary=\"b\"", text.replace('\n', "\r\n").as_bytes());
    let part = "--b\nContent-Disposition: form-data; name=a\n\n--bx\n";
    assert_eq!(parts(&format!("{part}{part}--b--")), None);
    assert_eq!(parts(&format!("{part}{part}{part}--b--")), EXCEEDED);
    assert_eq!(parts(&format!("--b\nX: {}\n\nx\n--b--", "x".repeat(90))), EXCEEDED);
    let file = |name: &str| parts(&format!("--b\nContent-Disposition: form-data; {name}\n\nx\n--b--"));
    for good in ["filename=a.txt", "filename=\"a b.txt\"", "filename*=utf-8''%e2%82%ac.txt"] {
        assert_eq!(file(good), None, "{good}");
    }
    for bad in [
        "filename=\"../a\"",
        "FileName = \"a\\b\"",
        "filename=%2e%2e%2fa",
        "filename*=utf-8''..%2fa",
        "filename=\"..\"",
        "filename=\"a\tb\"",
    ] {
        assert_eq!(file(bad), REFUSED, "{bad}");
    }
    assert_eq!(sent(&engine, "multipart/form-data", b"x"), REFUSED);
}

#[test]
fn a_body_in_a_coding_is_not_taken_unread() {
    let engine = small();
    let fields = [("content-type", "application/xml"), ("content-length", "5"), ("content-encoding", "gzip"), ("x-api-key", KEY)];
    let mut exchange = exchange(&engine, 1);
    assert!(exchange.judge_head(&head("POST", "/shop/books", &fields)).is_err());
    assert_eq!(exchange.code(), Some(yett_model::Code::MediaTypeUnsupported));
}

#[test]
fn monitor_and_off_refuse_nothing() {
    assert_eq!(sent(&shop(json!({"mode": "monitor", "max_depth": 1})), "application/json", b"[[]]"), None);
    assert_eq!(sent(&shop(json!({"mode": "off", "max_depth": 1})), "application/json", b"[[]]"), None);
    assert_eq!(sent(&shop(json!({"max_depth": 1})), "application/json", b"[[]]"), EXCEEDED);
}

/// What a tree says of depth, values, and the most names and values of anything.
fn measure(value: &Value) -> (u64, u64, u64, u64) {
    let inner: Vec<_> = match value {
        Value::Array(items) => items.iter().map(measure).collect(),
        Value::Object(entries) => entries.values().map(measure).collect(),
        _ => return (0, 1, 0, 0),
    };
    let (names, items) = if value.is_object() { (inner.len() as u64, 0) } else { (0, inner.len() as u64) };
    let (depth, values) = (inner.iter().map(|one| one.0).max().unwrap_or(0), inner.iter().map(|one| one.1).sum::<u64>());
    let most = |start: u64, pick: fn(&(u64, u64, u64, u64)) -> u64| inner.iter().map(pick).fold(start, u64::max);
    (depth + 1, values + 1, most(names, |one| one.2), most(items, |one| one.3))
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(Value::Null), any::<i32>().prop_map(Value::from), "[ -~]{0,6}".prop_map(Value::from)];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z\"\\\\]{0,3}", inner, 0..5)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_counted_is_what_a_tree_has(value in any_json(), pretty: bool) {
        let (depth, values, names, items) = measure(&value);
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let limits = |less: [u64; 4]| StructureGuard {
            max_depth: (depth - less[0]) as u32, max_values: (values - less[1]) as u32, max_keys: (names - less[2]) as u32,
            max_items: (items - less[3]) as u32, ..StructureGuard::default()
        };
        prop_assert_eq!(hold_json(text.as_bytes(), &limits([0; 4])), Ok(()));
        for (which, count) in [depth, values, names, items].into_iter().enumerate() {
            let mut less = [0; 4];
            less[which] = 1;
            if count > 0 {
                prop_assert!(matches!(hold_json(text.as_bytes(), &limits(less)), Err(Fault::Exceeds(_))), "{which}");
            }
        }
    }

    #[test]
    fn any_bytes_are_counted_and_no_more(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _held = hold_json(&bytes, &StructureGuard::default());
        let _held = super::form::hold(&bytes, &StructureGuard::default());
        let headers = std::iter::once((http::header::CONTENT_TYPE, "multipart/mixed; boundary=a".parse().unwrap())).collect();
        let _held = super::hold_multipart(&bytes, &headers, &StructureGuard::default());
    }
}
