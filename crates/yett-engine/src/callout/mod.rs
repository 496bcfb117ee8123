//! Callouts: somebody outside has a say whether a request may pass.
//!
//! Here is what he is told and what his word means; asking him is the shell's.

mod message;
mod verdict;

pub(crate) use message::{Subject, message};
pub(crate) use verdict::Verdict;

use crate::forward::is_owned;
use crate::receive::HOP_BY_HOP;
use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;
use yett_model::Diagnostic;
use yett_model::snapshot::{Api, Callout, OnFailure, Operation, Snapshot};

/// Largest body that may be told.
const MOST_BODY: u64 = 10 << 20;
/// Most callouts of an operation.
const MOST: usize = 16;
/// Longest that an answer may hold.
const LONGEST_CACHE_MS: u64 = 3_600_000;

/// A callout of the plan.
#[derive(Debug)]
pub struct CalloutPlan {
    /// Name.
    pub name: Arc<str>,
    /// As in the snapshot.
    pub settings: Callout,
    pub(crate) send: Vec<HeaderName>,
    pub(crate) gives: Vec<HeaderName>,
}

impl CalloutPlan {
    /// Whether he is told the body, so that he is asked only when it is here.
    pub(crate) fn wants_body(&self) -> bool {
        self.settings.send.body.is_some()
    }

    /// Whether what he says can be understood.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, said: &Value) -> Result<(), &'static str> {
        Verdict::read(self, said.clone()).map(drop)
    }

    /// Whether a request goes on that he said nothing about.
    pub(crate) fn allows_on_failure(&self) -> bool {
        self.settings.on_failure == OnFailure::Allow
    }
}

/// How far a request has come with its callouts.
#[derive(Debug, Default)]
pub(crate) struct Consulting {
    pub(crate) next: usize,
    /// Fields for the upstream.
    pub(crate) added: Vec<(HeaderName, HeaderValue)>,
    /// What each said besides, by name: those after it are told.
    pub(crate) context: Map<String, Value>,
}

/// The callouts of a plan by name.
pub(crate) type Known = HashMap<Arc<str>, Arc<CalloutPlan>>;

/// Compiles the callouts of a snapshot.
pub(crate) fn build(snapshot: &Snapshot, found: &mut Vec<Diagnostic>) -> Known {
    let mut known = Known::new();
    for (number, settings) in snapshot.callouts.iter().enumerate() {
        let path = format!("/callouts/{number}");
        check(settings, &path, found);
        let send = names(&settings.send.headers, &format!("{path}/send/headers"), found);
        let gives = names(&settings.headers, &format!("{path}/headers"), found);
        let name: Arc<str> = settings.name.as_str().into();
        let plan = CalloutPlan { name: name.clone(), settings: settings.clone(), send, gives };
        if known.insert(name, Arc::new(plan)).is_some() {
            found.push(Diagnostic::new(format!("{path}/name"), "callout-duplicate", "a callout of this name is there already"));
        }
    }
    known
}

fn check(settings: &Callout, path: &str, found: &mut Vec<Diagnostic>) {
    if settings.cache_ms.is_some_and(|cache| !(1..=LONGEST_CACHE_MS).contains(&cache)) {
        found.push(Diagnostic::new(format!("{path}/cache_ms"), "cache-invalid", "an answer holds for 1 ms to 1 h"));
    }
    if settings.send.body.is_some_and(|most| most > MOST_BODY) {
        found.push(Diagnostic::new(format!("{path}/send/body"), "body-invalid", "at most 10 MiB of a body are told"));
    }
    for (number, name) in settings.headers.iter().enumerate() {
        if !may_give(name) {
            let message = format!("'{name}' is not a callout's to set");
            found.push(Diagnostic::new(format!("{path}/headers/{number}"), "header-invalid", message));
        }
    }
}

/// What frames a message, belongs to a hop, or is only the gateway's to say.
fn may_give(name: &str) -> bool {
    let framing = ["host", "content-length", "content-type", "content-encoding", "trailer", "accept-encoding", "cookie", "range"];
    let hop = name.parse().is_ok_and(|name: HeaderName| HOP_BY_HOP.contains(&name));
    !framing.contains(&name) && !hop && !is_owned(name)
}

fn names(texts: &[String], path: &str, found: &mut Vec<Diagnostic>) -> Vec<HeaderName> {
    let mut names = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        match text.parse() {
            Ok(name) => names.push(name),
            Err(_) => found.push(Diagnostic::new(format!("{path}/{number}"), "header-invalid", "this is no header name")),
        }
    }
    names
}

/// The callouts of an operation, or of what an API does not describe, in order.
pub(crate) fn of(
    known: &Known,
    api: &Api,
    operation: Option<&Operation>,
    path: &str,
    found: &mut Vec<Diagnostic>,
) -> Vec<Arc<CalloutPlan>> {
    let own = operation.map_or(&[][..], |operation| operation.callouts.as_slice());
    let mut plans: Vec<Arc<CalloutPlan>> = Vec::new();
    for name in api.callouts.iter().chain(own) {
        match known.get(name.as_str()) {
            Some(plan) if plans.iter().any(|other| other.name == plan.name) => {}
            Some(plan) => plans.push(plan.clone()),
            None => found.push(Diagnostic::new(format!("{path}/callouts"), "callout-unknown", format!("there is no '{name}'"))),
        }
    }
    if plans.len() > MOST {
        let message = format!("at most {MOST} callouts are asked about a request");
        found.push(Diagnostic::new(format!("{path}/callouts"), "callouts-too-many", message));
    }
    let cached = operation.is_some_and(|operation| operation.cache.is_some());
    if cached && plans.iter().any(|plan| !plan.gives.is_empty()) {
        let message = "a callout sets fields of requests whose answers are kept for others";
        found.push(Diagnostic::new(format!("{path}/cache"), "callout-cached", message));
    }
    plans
}

#[cfg(test)]
mod tests;
