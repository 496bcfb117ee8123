//! The queries of a request: in a JSON object, in a list of them, as the body itself, or in the query string.

use crate::body::Body;
use crate::guards::{RequestView, contract};
use crate::xml::Fault;
use aws_lc_rs::digest;
use data_encoding::HEXLOWER_PERMISSIVE;
use http::header::CONTENT_TYPE;
use percent_encoding::percent_decode_str;
use serde_json::Value;

const MALFORMED: Fault = Fault::Refused("is not in a request of GraphQL");

/// One query with its variables.
#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) text: Option<String>,
    pub(super) variables: Option<Value>,
    /// SHA-256 of a query that the upstream keeps.
    hash: Option<String>,
}

impl Query {
    /// Whether the query is named by its hash, which it may be where that is allowed; a text that is there too must be
    /// the one that is named, as the upstream will keep it for others.
    pub(super) fn is_named(&self, allowed: bool) -> Result<bool, Fault> {
        let Some(hash) = &self.hash else { return Ok(false) };
        let wanted = HEXLOWER_PERMISSIVE.decode(hash.as_bytes()).ok().filter(|hash| hash.len() == 32);
        let wanted = wanted.filter(|_| allowed).ok_or(Fault::Refused("is named by a hash"))?;
        match &self.text {
            Some(text) if digest::digest(&digest::SHA256, text.as_bytes()).as_ref() != wanted => {
                Err(Fault::Refused("is not the one that its hash names"))
            }
            _ => Ok(true),
        }
    }

    fn of_object(value: &Value) -> Result<Self, Fault> {
        let object = value.as_object().ok_or(MALFORMED)?;
        let text = match object.get("query") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => return Err(MALFORMED),
        };
        let variables = object.get("variables").filter(|variables| !variables.is_null());
        if variables.is_some_and(|variables| !variables.is_object()) {
            return Err(MALFORMED);
        }
        Ok(Self { text, variables: variables.cloned(), hash: object.get("extensions").and_then(hash) })
    }
}

fn hash(extensions: &Value) -> Option<String> {
    // Anything under this name is taken for one, and refused if it is none.
    let named = extensions.get("persistedQuery")?;
    Some(named.get("sha256Hash").and_then(Value::as_str).unwrap_or("").to_owned())
}

/// The queries of a body.
pub(super) fn of_body(request: &RequestView<'_>, body: Option<&Body>, max_depth: u32, most: u32) -> Result<Vec<Query>, Fault> {
    let body = body.filter(|body| !body.bytes().is_empty()).ok_or(Fault::Refused("is missing"))?;
    let media = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = media.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if essence == "application/graphql" {
        let text = std::str::from_utf8(body.bytes()).map_err(|_| MALFORMED)?;
        // A parameter of the target would be another query, of which the upstream chooses one.
        let other = of_query(request.query, max_depth)?;
        return match other.text.is_some() || other.hash.is_some() {
            true => Err(MALFORMED),
            false => Ok(vec![Query { text: Some(text.to_owned()), variables: other.variables, hash: None }]),
        };
    }
    if essence != "application/json" && !essence.ends_with("+json") {
        return Err(MALFORMED);
    }
    match body.value() {
        Some(value) => of_value(value, most),
        None => of_value(&contract::strict_json(body.bytes(), max_depth).map_err(|_| MALFORMED)?, most),
    }
}

fn of_value(value: &Value, most: u32) -> Result<Vec<Query>, Fault> {
    match value {
        Value::Array(batch) if batch.is_empty() => Err(Fault::Refused("is missing")),
        Value::Array(batch) if batch.len() > most as usize => Err(Fault::Exceeds("is one of too many in a request")),
        Value::Array(batch) => batch.iter().map(Query::of_object).collect(),
        value => Ok(vec![Query::of_object(value)?]),
    }
}

/// The query in a query string.
pub(super) fn of_query(query: &str, max_depth: u32) -> Result<Query, Fault> {
    let json = |text: String| contract::strict_json(text.as_bytes(), max_depth).map_err(|_| MALFORMED);
    let text = only(query, "query")?.filter(|text| !text.is_empty());
    let variables = only(query, "variables")?.filter(|text| !text.is_empty()).map(json).transpose()?;
    let extensions = only(query, "extensions")?.filter(|text| !text.is_empty()).map(json).transpose()?;
    Ok(Query { text, variables: variables.filter(Value::is_object), hash: extensions.as_ref().and_then(hash) })
}

/// The one value of a parameter.
fn only(query: &str, name: &str) -> Result<Option<String>, Fault> {
    let decoded = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8().map(|text| text.into_owned()).map_err(|_| MALFORMED)
    };
    let mut found = None;
    for pair in query.split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if decoded(key)? == name && found.replace(decoded(value)?).is_some() {
            return Err(MALFORMED);
        }
    }
    Ok(found)
}
