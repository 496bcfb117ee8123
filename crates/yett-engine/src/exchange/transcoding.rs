//! The exchange of a caller that speaks another notation than JSON, or codes its body: from the guards to the upstream it
//! is JSON, and plain.

use super::{BodyNeed, Exchange};
use crate::compression::{add_vary, forbids_transforming, weaken};
use crate::transcode::{self, Fault, Notations, from_json, to_json};
use crate::{Refusal, decompression};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use serde_json::Value;
use yett_model::Code;
use yett_model::snapshot::Notation;

impl Exchange {
    fn offered(&self) -> &[Notation] {
        self.operation_plan().map_or(&[], |operation| &operation.transcode)
    }

    /// What must happen to the body of a request as it will be in JSON.
    pub(super) fn body_need_as_json(&mut self, parts: &Parts) -> Result<BodyNeed, Box<Refusal>> {
        let settings = self.operation_plan().and_then(|operation| operation.decompress_requests.as_ref());
        self.coding = settings.and_then(|settings| decompression::coding(settings, &parts.headers));
        if self.offered().is_empty() && self.coding.is_none() {
            return self.body_need(parts);
        }
        let mut spoken = parts.clone();
        if self.coding.is_some() {
            decompression::unlabel(&mut spoken.headers, None);
        }
        self.notations = Notations::take(self.offered(), &mut spoken);
        let need = self.body_need(&spoken)?;
        Ok(if self.notations.sent.is_some() || self.coding.is_some() { BodyNeed::Collect } else { need })
    }

    /// Whether the caller speaks another notation than JSON, or codes its body.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        self.notations != Notations::default() || self.coding.is_some()
    }

    /// Makes a request that of a caller that speaks JSON and codes nothing: its head, and its collected body.
    ///
    /// # Errors
    /// The answer to send instead, if the body is not what its coding says, has something that JSON cannot say, or
    /// becomes too large.
    pub fn speak_json(&mut self, parts: &mut Parts, body: Option<Bytes>) -> Result<Option<Bytes>, Box<Response<Bytes>>> {
        let body = self.decompress(parts, body)?;
        Notations::take(self.offered(), parts);
        let (Some(notation), Some(body)) = (self.notations.sent, &body) else { return Ok(body) };
        let depth = self.api_plan().map_or(0, |api| api.max_depth);
        let most = usize::try_from(self.max_body_bytes()).unwrap_or(usize::MAX);
        match to_json(notation, body, depth, most) {
            Ok(json) => Ok(Some(json.into())),
            Err(fault) => {
                let code = if fault == Fault::Long { Code::BodyTooLarge } else { Code::RequestInvalid };
                Err(self.refuse(Refusal::open(code, format!("the body {}", fault.detail()))))
            }
        }
    }

    fn decompress(&mut self, parts: &mut Parts, body: Option<Bytes>) -> Result<Option<Bytes>, Box<Response<Bytes>>> {
        let Some(coding) = self.coding else { return Ok(body) };
        let max_ratio = self.operation_plan().and_then(|operation| operation.decompress_requests.as_ref());
        let max_ratio = max_ratio.map_or(1, |settings| settings.max_ratio);
        let decoded = body.map(|body| decompression::decode(coding, &body, self.max_body_bytes(), max_ratio)).transpose();
        let decoded = decoded.map_err(|fault| {
            let code = if fault == decompression::Fault::Malformed { Code::RequestInvalid } else { Code::BodyTooLarge };
            self.refuse(Refusal::open(code, format!("the body {}", fault.detail())))
        })?;
        decompression::unlabel(&mut parts.headers, Some(decoded.as_ref().map_or(0, Vec::len)));
        Ok(decoded.map(Bytes::from))
    }

    /// Whether an answer must be collected because its caller wants it in another notation.
    pub(super) fn is_converted(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        self.notations.wanted.is_some() && is_json(status, headers) && !forbids_transforming(headers)
    }

    /// The body of an answer in the notation that the caller wants; `None` is that of an answer to HEAD. What cannot be
    /// converted stays as it is.
    pub fn answer_in_notation(&self, head: &mut http::response::Parts, body: Option<&Bytes>) -> Option<Bytes> {
        if self.offered().is_empty() || !is_json(head.status, &head.headers) {
            return None;
        }
        add_vary(&mut head.headers, "accept");
        let notation = self.notations.wanted.filter(|_| self.is_converted(head.status, &head.headers))?;
        let converted = match body {
            Some(body) => from_json(notation, &serde_json::from_slice::<Value>(body).ok()?).into(),
            None => Bytes::new(),
        };
        transcode::label(&mut head.headers, notation);
        weaken(&mut head.headers);
        head.headers.remove(CONTENT_LENGTH);
        Some(converted)
    }
}

fn is_json(status: StatusCode, headers: &HeaderMap) -> bool {
    let bodiless = status.is_informational() || matches!(status.as_u16(), 204 | 205 | 206 | 304);
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let essence = kind.split(';').next().unwrap_or("").trim();
    !bodiless && !headers.contains_key(CONTENT_ENCODING) && essence.eq_ignore_ascii_case("application/json")
}
