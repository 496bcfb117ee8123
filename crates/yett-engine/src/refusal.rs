//! A refusal, and its answer as RFC 9457 `application/problem+json`.

use crate::controls::challenge::{self, Challenge};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use std::sync::Arc;
use yett_model::{Code, Matched, Source, Violation};

/// Why a request (or an answer) was refused.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Stable code; gives status and title.
    pub code: Code,
    /// Status in the place of the code's own.
    pub status: Option<u16>,
    /// Why, for the log: may say what would help an attacker.
    pub reason: String,
    /// Why, for the caller: empty when the title says enough.
    pub detail: String,
    /// The access policy that decided.
    pub policy: Option<Arc<str>>,
    /// Id of the control that decided.
    pub control: Option<Arc<str>>,
    /// The work that would let the caller in.
    pub challenge: Option<Box<Challenge>>,
    /// Fields that do not fit the contract.
    pub violations: Vec<Violation>,
    /// What a signature found.
    pub matched: Option<Box<Matched>>,
    /// Id of the credential that a wrong proof was meant for, where that is known.
    pub claimed: Option<std::sync::Arc<str>>,
    /// Headers of the answer, such as `Retry-After`, `Allow` or `WWW-Authenticate`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    code: &'static str,
    decision: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Violation],
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<&'a Challenge>,
}

impl Refusal {
    /// A refusal whose reason is for the log only.
    pub fn new(code: Code, reason: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            code,
            status: None,
            reason: reason.into(),
            detail: String::new(),
            policy: None,
            control: None,
            challenge: None,
            violations: Vec::new(),
            matched: None,
            claimed: None,
            headers: Vec::new(),
        })
    }

    /// A refusal whose reason the caller may read too.
    pub fn open(code: Code, reason: impl Into<String>) -> Box<Self> {
        let mut refusal = Self::new(code, reason);
        refusal.detail.clone_from(&refusal.reason);
        refusal
    }

    /// The same refusal with a header on its answer.
    #[must_use]
    pub fn with_header(mut self: Box<Self>, name: HeaderName, value: HeaderValue) -> Box<Self> {
        self.headers.push((name, value));
        self
    }

    /// The same refusal of a wrong proof of the credential with this id.
    #[must_use]
    pub fn of_credential(mut self: Box<Self>, id: Option<std::sync::Arc<str>>) -> Box<Self> {
        self.claimed = id;
        self
    }

    /// The same refusal with the fields at fault.
    #[must_use]
    pub fn with_violations(mut self: Box<Self>, violations: Vec<Violation>) -> Box<Self> {
        self.violations = violations;
        self
    }

    /// The same refusal of what a signature found.
    #[must_use]
    pub fn of_match(mut self: Box<Self>, matched: Matched) -> Box<Self> {
        self.matched = Some(Box::new(matched));
        self
    }

    /// Status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status.unwrap_or_else(|| self.code.status())
    }

    /// The answer: `application/problem+json` (RFC 9457) with `code` and `decision`.
    #[must_use]
    pub fn response(&self, decision: &str) -> Response<Bytes> {
        let entry = self.code.entry();
        let problem = Problem {
            r#type: format!("urn:yett:error:{}", entry.code),
            title: entry.title,
            status: self.status(),
            detail: &self.detail,
            code: entry.code,
            decision,
            // What is wrong with an upstream's answer is its owner's business.
            errors: if entry.source == Source::Caller { &self.violations } else { &[] },
            challenge: self.challenge.as_deref(),
        };
        // Serialising strings and numbers cannot fail; an empty body would still be a refusal.
        let page = self.challenge.as_ref().filter(|challenge| challenge.page).map(|challenge| challenge.html());
        let body = page.clone().unwrap_or_else(|| serde_json::to_vec(&problem).unwrap_or_default().into());
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if page.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            headers.insert(header::CONTENT_SECURITY_POLICY, challenge::POLICY.clone());
        }
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        response
    }
}
