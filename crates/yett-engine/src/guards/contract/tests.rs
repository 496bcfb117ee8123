//! The guard as a whole, through the engine: what a caller sees.

use crate::{Engine, Now, Pepper};
use serde_json::{Value, json};
use yett_model::decision::{Decision, Request, Response, Violation};
use yett_model::{Code, Diagnostic};

mod bodies;
mod cases;
mod parameters;
mod responses;
mod schemas;

/// A snapshot with one public operation, `POST` or `GET /x` as `operation` says, and settings of the guard.
fn snapshot(operation: Value, guard: Value, schemas: Value) -> Vec<u8> {
    let mut whole = json!({"id": "a:x", "method": "GET", "path": "/x"});
    if let (Value::Object(whole), Value::Object(given)) = (&mut whole, operation) {
        whole.extend(given);
    }
    let snapshot = json!({
        "format": 1,
        "apis": [{
            "name": "a", "version": "1.0.0", "base_path": "/",
            "upstream": {"targets": [{"url": "http://127.0.0.1:9"}]},
            "identify": {"public": true},
            "guards": {"contract": guard},
            "schemas": schemas,
            "operations": [whole],
        }],
    });
    serde_json::to_vec(&snapshot).unwrap()
}

fn apply(snapshot: &[u8]) -> Result<Engine, Vec<Diagnostic>> {
    let engine = Engine::new(Pepper::new(&[7; 32]).unwrap());
    engine.apply(snapshot).map(|_| engine)
}

fn engine(operation: Value) -> Engine {
    apply(&snapshot(operation, json!({}), json!({}))).unwrap()
}

fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Request {
    Request {
        method: method.to_owned(),
        target: target.to_owned(),
        host: String::new(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: body.to_owned(),
        address: String::new(),
        app: None,
        user: None,
        at: Some(0),
        response: None,
    }
}

fn decide(engine: &Engine, request: &Request) -> Decision {
    crate::decide(engine, request, Now { unix_ms: 0, mono_us: 0 }, 0).unwrap()
}

fn ask(engine: &Engine, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Decision {
    decide(engine, &request(method, target, headers, body))
}

fn answer(engine: &Engine, status: u16, headers: &[(&str, &str)], body: &str) -> Decision {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let response = Some(Response { status, headers, body: body.to_owned() });
    decide(engine, &Request { response, ..request("GET", "/x", &[], "") })
}

/// `in field code` of each violation.
fn told(decision: &Decision) -> Vec<String> {
    let line = |one: &Violation| format!("{} {} {}", one.location, one.field, one.code);
    decision.violations.iter().map(line).collect()
}

fn assert_refused(decision: &Decision, violations: &[&str]) {
    assert_eq!(decision.code, Some(Code::RequestInvalid), "{decision:?}");
    assert_eq!(told(decision), violations, "{decision:?}");
}
