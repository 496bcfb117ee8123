//! What a callout is told of a request.

use super::CalloutPlan;
use crate::address::spelled;
use crate::forward::{carries_key, public_query};
use crate::identity::Principal;
use crate::routing::Parameters;
use bytes::Bytes;
use data_encoding::BASE64;
use http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// The request, as far as it was judged.
pub(crate) struct Subject<'a> {
    pub api: &'a str,
    pub operation: Option<&'a str>,
    pub method: &'a str,
    pub path: &'a str,
    pub parameters: &'a Parameters,
    pub query: &'a str,
    /// Query parameter that carries a credential.
    pub secret: Option<&'a str>,
    pub principal: Option<&'a Principal>,
    pub address: IpAddr,
    pub headers: &'a HeaderMap,
    /// Whether a field carries a credential.
    pub is_secret: &'a dyn Fn(&HeaderName) -> bool,
    pub context: &'a Map<String, Value>,
    pub body: Option<&'a Bytes>,
}

/// Everything he is told but the decision's id, so that the same request is told in the same words.
pub(crate) fn message(callout: &CalloutPlan, subject: &Subject<'_>) -> Value {
    let mut told = json!({
        "api": subject.api,
        "operation": subject.operation,
        "method": subject.method,
        "path": subject.path,
        "parameters": {"path": path_parameters(subject.parameters), "query": query_parameters(subject)},
        "principal": subject.principal.map(principal),
        "headers": headers(callout, subject),
        "context": subject.context,
    });
    if let (Value::Object(told), false) = (&mut told, callout.settings.send.without_address) {
        told.insert("address".to_owned(), spelled(subject.address).into());
    }
    if let (Value::Object(told), true) = (&mut told, callout.wants_body()) {
        told.insert("body".to_owned(), subject.body.map_or(Value::Null, body));
    }
    told
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn path_parameters(parameters: &Parameters) -> Map<String, Value> {
    parameters.iter().map(|(name, value)| (name.to_string(), decoded(value).into())).collect()
}

/// Every value of each name, in order: who judges must not see another one than the upstream takes.
fn query_parameters(subject: &Subject<'_>) -> Map<String, Value> {
    let mut found: Map<String, Value> = Map::new();
    let query = public_query(subject.query, subject.secret).unwrap_or_default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let spaced = |text: &str| decoded(&text.replace('+', " "));
        if let Value::Array(values) = found.entry(spaced(name)).or_insert_with(|| Value::Array(Vec::new())) {
            values.push(spaced(value).into());
        }
    }
    found
}

fn principal(principal: &Principal) -> Value {
    json!({
        "app": &*principal.app.name,
        "team": &*principal.app.team,
        "credential": principal.credential.as_deref(),
        "method": principal.method,
        "user": principal.user.as_deref(),
        "actors": principal.actors.iter().map(|actor| &**actor).collect::<Vec<_>>(),
        "issuer": principal.claims.as_ref().map(|claims| &*claims.issuer),
        "claims": principal.claims.as_ref().map(|claims| &claims.all),
    })
}

/// The fields that he is to see, each with its values joined (RFC 9110 section 5.3), without anything that proves a caller.
fn headers(callout: &CalloutPlan, subject: &Subject<'_>) -> Map<String, Value> {
    let mut found = Map::new();
    for name in callout.send.iter().filter(|name| !(subject.is_secret)(name)) {
        let values = subject.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let values: Vec<_> = values.filter(|value| !carries_key(value.as_bytes())).collect();
        if !values.is_empty() {
            found.insert(name.to_string(), values.join(", ").into());
        }
    }
    found
}

fn body(bytes: &Bytes) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!({"text": text}),
        Err(_) => json!({"base64": BASE64.encode(bytes)}),
    }
}
