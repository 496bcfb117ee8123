//! The contract guard: a request goes on only if the API's contract describes it, a response is held against it too.
//!
//! Everything that does not fit is told at once, field by field. What the head shows about the body's type is refused
//! before the body is read; parameters and body are judged together when it is there. See `GUARD.md`.

mod coerce;
mod effort;
mod explain;
mod fields;
mod form;
mod formats;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub(super) mod header;
mod instance;
mod json;
pub(super) mod media;
mod multipart;
mod names;
mod parameter;
mod payload;
mod properties;
mod quick;
pub(crate) mod reading;
mod request;
pub(super) mod response;
mod schema;
mod style;
#[cfg(test)]
mod tests;
mod tree;
mod violation;

pub(crate) use parameter::ParameterReader;
pub use schema::Schemas;

use super::{Guard, RequestView, Reshaped, Reshapes, ResponseView, Verdict};
use crate::Refusal;
use crate::body::Body;
use crate::exchange::BodyNeed;
use crate::plan::Scope;
use http::HeaderMap;
use parameter::Parameters;
use properties::Properties;
use request::RequestBody;
use response::Responses;
use serde_json::Value;
use std::sync::Arc;
use violation::Violations;
use yett_model::Code;
use yett_model::snapshot::Mode;

/// JSON in the one strict reading of the contract guard, for whoever must not be told two things by one text.
///
/// # Errors
/// What is wrong, as the rest of a sentence.
pub(crate) fn strict_json(bytes: &[u8], max_depth: u32) -> Result<serde_json::Value, String> {
    json::parse(bytes, max_depth, &names::Twins::default()).map_err(|fault| format!("{} {}", fault.pointer, fault.detail))
}

/// The guard of one operation.
struct ContractGuard {
    mode: Mode,
    responses_mode: Mode,
    max_depth: u32,
    parameters: Parameters,
    body: Option<RequestBody>,
    responses: Responses,
    properties: Option<Properties>,
}

/// Builds the guard of one operation. What the contract does not describe has none: routing refuses it.
///
/// Mistakes in schemas are told by [`Schemas::build`], which compiles them all.
pub fn build(scope: &Scope<'_>) -> Option<Arc<dyn Guard>> {
    let guard = &scope.api.guards.contract;
    let operation = scope.operation.filter(|_| guard.mode != Mode::Off || guard.responses != Mode::Off)?;
    let schemas = scope.schemas;
    Some(Arc::new(ContractGuard {
        mode: guard.mode,
        responses_mode: guard.responses,
        max_depth: guard.max_depth,
        parameters: Parameters::new(&operation.parameters, schemas, guard),
        body: operation.body.as_ref().map(|body| RequestBody::new(body, schemas)),
        responses: Responses::new(&operation.responses, schemas, guard),
        properties: Properties::new(operation, guard, scope.outlines),
    }))
}

impl Guard for ContractGuard {
    fn name(&self) -> &'static str {
        "contract"
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn response_mode(&self) -> Mode {
        self.responses_mode
    }

    fn body_need(&self, request: &RequestView<'_>) -> Result<BodyNeed, Box<Refusal>> {
        match &self.body {
            Some(body) => body.need(request.method, request.headers),
            None => Ok(request::need_without_body(request.headers)),
        }
    }

    fn reshape_request(&self, request: &RequestView<'_>, body: &Body) -> Result<Option<Reshaped>, Box<Refusal>> {
        self.properties.as_ref().map_or(Ok(None), |properties| properties.of_request(request, body.bytes()))
    }

    fn inspect(&self, request: &RequestView<'_>, body: Option<&Body>) -> Verdict {
        let mut found = Violations::default();
        self.parameters.inspect(request, &mut found);
        match &self.body {
            Some(expected) => expected.inspect(request.method, request.headers, body, self.max_depth, &mut found)?,
            None => request::inspect_without_body(request.headers, body, &mut found),
        }
        if let (Some(properties), Some(body)) = (&self.properties, body) {
            properties.inspect_fields(request, body, &mut found);
        }
        verdict(Code::RequestInvalid, found)
    }

    fn describes(&self, response: &ResponseView<'_>) -> bool {
        self.responses.describes(response)
    }

    fn response_need(&self, request: &RequestView<'_>, response: &ResponseView<'_>) -> BodyNeed {
        self.responses.need(request.method, response)
    }

    fn reshapes_answers(&self) -> Reshapes {
        self.properties.as_ref().map_or(Reshapes::Nothing, Properties::reshapes_answers)
    }

    fn reshape_response(
        &self,
        _request: &RequestView<'_>,
        response: &ResponseView<'_>,
        body: &Body,
    ) -> Result<Option<Reshaped>, Box<Refusal>> {
        Ok(self.properties.as_ref().and_then(|properties| properties.of_answer(response, body.bytes())))
    }

    fn respond(&self, request: &RequestView<'_>, response: &ResponseView<'_>, body: Option<&Body>) -> Verdict {
        let mut found = Violations::default();
        self.responses.inspect(request.method, response, body, &mut found);
        verdict(Code::ResponseInvalid, found)
    }
}

/// A JSON body in the one strict reading; `None` if it is none, or is in a coding or charset that is not read.
pub(crate) fn read_json(headers: &HeaderMap, bytes: &[u8], max_depth: u32) -> Option<Value> {
    let media::Sent::Type(sent) = media::sent(headers) else { return None };
    let readable = media::is_json(&sent.value) && media::is_utf8(&sent) && media::is_plain(headers);
    readable.then(|| json::parse(bytes, max_depth, &names::NO_TWINS).ok()).flatten()
}

/// The log gets places and codes; the sentences go with the violations.
fn verdict(code: Code, found: Violations) -> Verdict {
    match found.is_empty() {
        true => Ok(()),
        false => Err(Refusal::new(code, found.summary()).with_violations(found.into_vec())),
    }
}
