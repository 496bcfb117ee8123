//! A small bookshop for the tests of the core: a snapshot to change, its engine, and requests to ask it.

use crate::{Caller, Engine, Exchange, Now, Pepper};
use http::request::Parts;
use serde_json::{Value, json};
use std::net::IpAddr;

/// Key of `reader-app`.
pub(crate) const KEY: &str = "yett_test_0000000000000000000000000000000000000000_2SiFRe";
/// 2023-11-14T22:13:20Z.
pub(crate) const NOW: Now = Now { unix_ms: 1_700_000_000_000, mono_us: 0 };

pub(crate) fn pepper() -> Pepper {
    Pepper::new(&[9; 32]).unwrap()
}

/// A credential with the one well-formed key.
pub(crate) fn credential(id: &str, app: &str) -> Value {
    let hash: String = pepper().hash(KEY).iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"id": id, "app": app, "prefix": "yett_test_00000000", "hash": hash})
}

/// Reads for `reader-app`, nothing for `idle-app`, `health` for all.
pub(crate) fn snapshot() -> Value {
    let id =
        json!({"name": "id", "in": "path", "required": true, "style": "simple", "explode": false, "shape": {}, "schema": true});
    let page = json!({
        "name": "page", "in": "query", "style": "form", "explode": true, "shape": {"types": ["integer"]},
        "schema": {"type": "integer", "minimum": 1},
    });
    let body = json!({"required": true, "media": [
        {"range": "application/json", "kind": "json", "schema": {"type": "object", "required": ["title"]}},
    ]});
    let answer = json!([{"status": "200", "media": [
        {"range": "application/json", "kind": "json", "schema": {"type": "array"}},
    ]}]);
    let operations = json!([
        {"id": "shop:list", "method": "GET", "path": "/books", "parameters": [page], "responses": answer},
        {"id": "shop:get", "method": "GET", "path": "/books/{id}", "parameters": [id]},
        {"id": "shop:create", "method": "POST", "path": "/books", "body": body, "max_body_bytes": 64},
        {"id": "shop:health", "method": "GET", "path": "/health", "public": true},
    ]);
    json!({
        "format": yett_model::SNAPSHOT_FORMAT,
        "sequence": 4,
        "pepper_id": pepper().id(),
        "apis": [{
            "name": "shop", "version": "1.0.0", "base_path": "/shop", "operations": operations,
            "upstream": {"targets": [
                {"url": "http://127.0.0.1:9001/v1", "weight": 3}, {"url": "http://127.0.0.1:9002", "weight": 1},
            ]},
            "identify": {"api_key": {"header": "x-api-key", "bearer": true, "query": "key"}},
        }],
        "profiles": [{"name": "reader", "operations": ["shop:list", "shop:get"]}],
        "apps": [{"name": "reader-app", "team": "readers", "profiles": ["reader"]}, {"name": "idle-app", "team": "idlers"}],
        "credentials": [credential("k1", "reader-app")],
    })
}

/// The bookshop with one value replaced; `pointer` names where (RFC 6901), its last part may be new.
pub(crate) fn changed(pointer: &str, value: Value) -> Value {
    change(snapshot(), pointer, value)
}

/// A snapshot with one value replaced.
pub(crate) fn change(mut snapshot: Value, pointer: &str, value: Value) -> Value {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    match snapshot.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[last.parse::<usize>().unwrap()] = value,
        parent => parent[last] = value,
    }
    snapshot
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

pub(crate) fn engine(snapshot: &Value) -> Engine {
    let engine = Engine::new(pepper());
    engine.apply(&bytes(snapshot)).unwrap();
    engine
}

pub(crate) fn exchange(engine: &Engine, random: u128) -> Exchange {
    let caller = Caller::new(IpAddr::from([192, 0, 2, 77]), true);
    Exchange::new(engine.plan().unwrap(), engine.counters().clone(), caller, NOW, random)
}

pub(crate) fn head(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
    let request = http::Request::builder().method(method).uri(target).header("host", "shop.example");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(()).unwrap().into_parts().0
}
