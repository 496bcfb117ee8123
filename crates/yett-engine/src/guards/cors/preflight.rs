//! Preflights: a browser asks whether a page may send a request, and the contract knows.

use super::{CorsPlan, TRUE};
use crate::Refusal;
use crate::origins::{Sent, sent};
use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, CONTENT_LENGTH, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use std::collections::BTreeSet;
use yett_model::snapshot::{Api, Location, Operation};
use yett_model::{Code, Diagnostic};

/// Private Network Access: a page of the public network asks for the private one.
const REQUEST_PRIVATE: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE: HeaderName = HeaderName::from_static("access-control-allow-private-network");
/// A cache on the way must not give one page's answer to another.
const BY_QUESTION: HeaderValue =
    HeaderValue::from_static("origin, access-control-request-method, access-control-request-headers");
/// Fields that browsers send without asking, as long as their values are ordinary: those with others are asked for.
const ORDINARY: [&str; 4] = ["accept", "accept-language", "content-language", "range"];

/// The fields that pages may send to an operation.
pub(super) struct Preflight {
    names: BTreeSet<String>,
    listed: HeaderValue,
}

/// Of each operation of the API, in its order.
pub(super) fn of_api(api: &Api, at: &str, found: &mut Vec<Diagnostic>) -> Vec<Preflight> {
    super::list(&api.guards.cors.headers, &format!("{at}/headers"), found);
    let common = common(api);
    api.operations.iter().map(|operation| Preflight::new(operation, &common)).collect()
}

/// What callers prove themselves with, and what the configuration adds.
fn common(api: &Api) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = api.guards.cors.headers.iter().map(|name| name.to_ascii_lowercase()).collect();
    let identify = &api.identify;
    let key = identify.api_key.as_ref();
    names.extend(key.and_then(|key| key.header.clone()));
    let authorizes = identify.jwt.is_some() || identify.introspection.is_some() || identify.basic;
    if authorizes || key.is_some_and(|key| key.bearer) {
        names.insert("authorization".to_owned());
    }
    if identify.jwt.is_some() {
        names.insert("dpop".to_owned());
    }
    if identify.signature.is_some() {
        names.extend(["signature", "signature-input", "content-digest"].map(str::to_owned));
    }
    let token = api.guards.csrf.as_ref().and_then(|csrf| csrf.token.as_ref());
    names.extend(token.map(|token| token.header.to_ascii_lowercase()));
    names
}

impl Preflight {
    fn new(operation: &Operation, common: &BTreeSet<String>) -> Self {
        let mut names = common.clone();
        let of_contract = operation.parameters.iter().filter(|one| one.location == Location::Header);
        names.extend(of_contract.map(|parameter| parameter.name.to_ascii_lowercase()));
        names.extend(operation.body.as_ref().map(|_| "content-type".to_owned()));
        let listed = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        Self { listed: HeaderValue::from_str(&listed).unwrap_or(HeaderValue::from_static("")), names }
    }

    /// The first field that a page may not send.
    fn foreign<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let values = headers.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter();
        let names = values.flat_map(|value| value.to_str().unwrap_or("?").split(',')).map(str::trim);
        let known = |name: &str| {
            let name = name.to_ascii_lowercase();
            ORDINARY.contains(&&*name) || self.names.contains(&name)
        };
        names.filter(|name| !name.is_empty()).find(|name| !known(name))
    }
}

impl CorsPlan {
    /// The method that a preflight asks for; `None` if the request is none.
    pub(crate) fn asks(&self, method: &Method, headers: &HeaderMap) -> Option<Method> {
        let wanted = headers.get(ACCESS_CONTROL_REQUEST_METHOD).filter(|_| method == Method::OPTIONS)?;
        (sent(headers) != Sent::Nothing).then(|| Method::from_bytes(wanted.as_bytes()).ok())?
    }

    /// The answer to a preflight for an operation, which is `None` where the path has no such method.
    ///
    /// # Errors
    /// The refusal, which browsers take for a no.
    pub(crate) fn answer(
        &self,
        headers: &HeaderMap,
        own: impl Fn(&str) -> bool,
        operation: Option<u32>,
        methods: &[Method],
    ) -> Result<Response<Bytes>, Box<Refusal>> {
        let refused = |reason: &str| Err(Refusal::open(Code::OriginRefused, reason));
        match sent(headers) {
            Sent::Origin(origin) if own(origin) || self.origins.allow(origin) => {}
            _ => return refused("the page's origin is neither the API's own nor one it names"),
        }
        let Some(operation) = operation.and_then(|number| self.operations.get(number as usize)) else {
            return refused("the path has no such method");
        };
        if operation.foreign(headers).is_some() {
            return refused("the contract does not describe a header field that the page wants to send");
        }
        if headers.contains_key(REQUEST_PRIVATE) && !self.private_network {
            return refused("pages of the public network may not call this gateway");
        }
        Ok(self.allow(headers, operation, methods))
    }

    fn allow(&self, headers: &HeaderMap, operation: &Preflight, methods: &[Method]) -> Response<Bytes> {
        let names = methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        let told = answer.headers_mut();
        told.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_str(&names).unwrap_or(HeaderValue::from_static("GET")));
        if !operation.names.is_empty() {
            told.insert(ACCESS_CONTROL_ALLOW_HEADERS, operation.listed.clone());
        }
        told.insert(ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
        told.insert(VARY, BY_QUESTION);
        told.remove(CONTENT_LENGTH);
        if headers.contains_key(REQUEST_PRIVATE) {
            told.insert(ALLOW_PRIVATE, TRUE);
        }
        answer
    }
}
