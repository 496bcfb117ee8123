//! Policies as a snapshot has them, held against requests as `decide` takes them.

mod cost;
mod mistakes;
mod objects;
mod requests;

use crate::fixture::{NOW, bytes, engine, pepper};
use crate::{Engine, decide};
use serde_json::{Value, json};
use yett_model::{Code, Decision, Diagnostic, Phase};

/// Orders: read by `reader`, written too by `writer`, which inherits it. `health` is for all.
fn snapshot(policies: Value) -> Value {
    let id = json!({"name": "id", "in": "path", "required": true, "style": "simple", "explode": false,
        "shape": {"types": ["string"]}, "schema": {"type": "string"}});
    let query = |name: &str, kind: &str| {
        json!({"name": name, "in": "query", "style": "form", "explode": true,
            "shape": {"types": [kind]}, "schema": {"type": kind}})
    };
    let tenant = json!({"name": "x-tenant", "in": "header", "style": "simple", "explode": false,
        "shape": {"types": ["string"]}, "schema": {"type": "string"}});
    let order = |direction: &str| {
        json!({"type": "object", "required": ["ownerId", "total"], "properties": {
            "ownerId": {"type": "string"}, "total": {"type": "number"}, "note": {"type": ["string", "null"]},
            "quantity": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "string"}},
            "customer": {"$ref": format!("urn:yett:{direction}#/$defs/Customer")},
            "lines": {"type": "array", "items": {"type": "object"}},
        }})
    };
    let customer = json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}});
    let json_of = |schema: &Value| json!([{"range": "application/json", "kind": "json", "schema": schema}]);
    let answer = json!([{"status": "200", "media": json_of(&order("response"))}]);
    let operations = json!([
        {"id": "orders:list", "method": "GET", "path": "/orders", "responses": answer,
            "parameters": [query("ownerId", "string"), query("limit", "integer"), tenant]},
        {"id": "orders:get", "method": "GET", "path": "/orders/{id}", "parameters": [id], "responses": answer},
        {"id": "orders:create", "method": "POST", "path": "/orders",
            "body": {"required": true, "media": json_of(&order("request"))}, "responses": [{"status": "201"}]},
        {"id": "orders:drop", "method": "DELETE", "path": "/orders/{id}", "parameters": [id], "responses": [{"status": "204"}]},
        {"id": "orders:health", "method": "GET", "path": "/health", "public": true},
    ]);
    json!({
        "format": yett_model::SNAPSHOT_FORMAT, "pepper_id": pepper().id(),
        "apis": [{
            "name": "orders", "version": "1.0.0", "base_path": "/", "operations": operations,
            "schemas": {"request": {"Customer": customer}, "response": {"Customer": customer}},
            "upstream": {"targets": [{"url": "http://127.0.0.1:9001"}]}, "identify": {"api_key": {"header": "x-api-key"}},
        }],
        "collections": [{"name": "reading", "operations": ["orders:list", "orders:get"]}],
        "profiles": [
            {"name": "reader", "collections": ["reading"]},
            {"name": "writer", "inherits": ["reader"], "operations": ["orders:create", "orders:drop"]},
        ],
        "apps": [
            {"name": "alice", "team": "shop", "profiles": ["writer"]},
            {"name": "bob", "team": "partners", "profiles": ["reader"]},
        ],
        "policies": policies,
    })
}

fn policy(cedar: &str) -> Value {
    json!({"name": "rule", "cedar": cedar})
}

fn shop(cedar: &str) -> Engine {
    engine(&snapshot(json!([policy(cedar)])))
}

fn ask(engine: &Engine, request: &Value) -> Decision {
    decide(engine, &serde_json::from_value(request.clone()).unwrap(), NOW, 1).unwrap()
}

/// The code that an app is refused with.
fn asked(engine: &Engine, app: &str, method: &str, target: &str) -> Option<Code> {
    ask(engine, &json!({"method": method, "target": target, "app": app})).code
}

fn reasons(decision: &Decision, phase: Phase) -> String {
    decision.phases.iter().find(|report| report.phase == phase).unwrap().reasons.join("; ")
}

/// What is wrong with a snapshot.
fn mistakes(snapshot: &Value) -> Vec<Diagnostic> {
    Engine::new(pepper()).apply(&bytes(snapshot)).err().unwrap_or_default()
}

const DENIED: Option<Code> = Some(Code::PolicyDenied);

thread_local! {
    static EVALUATED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts statements that Cedar is asked about.
pub(super) fn note_evaluated(statements: usize) {
    EVALUATED.set(EVALUATED.get() + statements);
}

/// How many statements Cedar evaluates for a request.
fn evaluated(engine: &Engine, request: &Value) -> usize {
    EVALUATED.set(0);
    ask(engine, request);
    EVALUATED.get()
}
