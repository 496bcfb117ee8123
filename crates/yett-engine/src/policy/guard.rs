//! The guards of an operation's policies: in `authorize` what the head tells, in `inspect` what needs the body, in
//! `respond` what needs the answer.

use super::context::Known;
use super::evaluate::{Bundle, Objection};
use super::schema::{Facts, Kind};
use super::slice::{Cut, Cuts};
use super::{Policies, Shared};
use crate::Refusal;
use crate::body::Body;
use crate::exchange::BodyNeed;
use crate::guards::contract::{self, ParameterReader};
use crate::guards::{Guard, RequestView, ResponseView, Verdict};
use crate::plan::Scope;
use http::Method;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;
use yett_model::snapshot::Mode;
use yett_model::{Code, Phase};

const NAME: &str = "policy";

/// The policies of one operation that have one mode.
struct PolicyGuard {
    shared: Arc<Shared>,
    mode: Mode,
    max_depth: u32,
    head: Option<Bundle>,
    body: Option<Bundle>,
    response: Option<Bundle>,
}

/// Builds the guards of an operation; of what no operation describes, one that refuses if the API has policies.
pub(super) fn build(scope: &Scope<'_>, policies: &Policies) -> Vec<Arc<dyn Guard>> {
    let Some(operation) = scope.operation else {
        let refuses = policies.slices.refuse_in(&scope.api.operations);
        return if refuses { vec![Arc::new(Undescribed)] } else { Vec::new() };
    };
    let Some(slice) = policies.slices.of(&operation.id) else { return Vec::new() };
    let modes = [(Mode::Enforce, &slice.enforced), (Mode::Monitor, &slice.monitored)];
    let some = modes.into_iter().filter(|(_, cuts)| **cuts != Cuts::default());
    some.map(|(mode, cuts)| guard(scope, policies, operation, mode, cuts)).collect()
}

fn guard(
    scope: &Scope<'_>,
    policies: &Policies,
    operation: &yett_model::snapshot::Operation,
    mode: Mode,
    cuts: &Cuts,
) -> Arc<dyn Guard> {
    let facts = Facts { operation, api: scope.api, context: &scope.snapshot.policy_context };
    let bundle = |phase: Phase, cut: &Cut| {
        let reader = match cut.context.get("parameters").map(|field| &field.kind) {
            Some(Kind::Record(names)) => {
                let contract = &scope.api.guards.contract;
                Some(ParameterReader::new(&operation.parameters, facts.parameters(names), scope.schemas, contract))
            }
            _ => None,
        };
        let number = policies.numbers.get(&operation.id).copied().filter(|_| mode == Mode::Enforce);
        Bundle::new(&policies.shared, (&operation.id, number), phase, cut.clone(), reader)
    };
    Arc::new(PolicyGuard {
        shared: policies.shared.clone(),
        mode,
        max_depth: scope.api.guards.contract.max_depth,
        head: bundle(Phase::Authorize, &cuts.head),
        body: bundle(Phase::Inspect, &cuts.body),
        response: bundle(Phase::Respond, &cuts.response),
    })
}

impl PolicyGuard {
    fn judge(&self, bundle: Option<&Bundle>, request: &RequestView<'_>, known: Known<'_>) -> Verdict {
        let Some(bundle) = bundle else { return Ok(()) };
        bundle.judge(&self.shared, request, known).map_err(|objection| self.refuse(objection))
    }

    /// The statements of a moment, if any of them is for the caller.
    fn concerning<'b>(&self, bundle: &'b Option<Bundle>, request: &RequestView<'_>) -> Option<&'b Bundle> {
        bundle.as_ref().filter(|bundle| bundle.concerns(&self.shared, request))
    }

    fn refuse(&self, objection: Objection) -> Box<Refusal> {
        let mut decisive = objection.statements.iter().filter_map(|number| self.shared.statements.get(*number));
        let mut refusal = Refusal::new(Code::PolicyDenied, objection.reason);
        refusal.policy = decisive.clone().next().map(|statement| statement.label.clone());
        refusal.detail = decisive.find_map(|statement| statement.reason.as_deref()).unwrap_or("").to_owned();
        refusal
    }

    /// The refusal of an answer that cannot be judged.
    fn unseen(&self, bundle: &Bundle, why: &str) -> Box<Refusal> {
        self.refuse(bundle.unjudged(&self.shared, why))
    }

    /// The answer as JSON.
    fn answer<'b>(&self, response: &ResponseView<'_>, body: &'b Body) -> Option<Cow<'b, Value>> {
        match body.value() {
            Some(value) => Some(Cow::Borrowed(value)),
            None => contract::read_json(response.headers, body.bytes(), self.max_depth).map(Cow::Owned),
        }
    }
}

impl Guard for PolicyGuard {
    fn name(&self) -> &'static str {
        NAME
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn authorize(&self, request: &RequestView<'_>) -> Verdict {
        self.judge(self.head.as_ref(), request, Known::default())
    }

    fn body_need(&self, request: &RequestView<'_>) -> Result<BodyNeed, Box<Refusal>> {
        Ok(if self.concerning(&self.body, request).is_some() { BodyNeed::Collect } else { BodyNeed::Pass })
    }

    fn inspect(&self, request: &RequestView<'_>, body: Option<&Body>) -> Verdict {
        let Some(bundle) = self.concerning(&self.body, request) else { return Ok(()) };
        let sent = body.filter(|body| !body.bytes().is_empty());
        if sent.is_some_and(|body| body.value().is_none()) {
            return Err(self.unseen(bundle, "the body could not be read"));
        }
        self.judge(Some(bundle), request, Known { body: sent.and_then(Body::value), response: None })
    }

    fn judges_answer(&self, request: &RequestView<'_>) -> bool {
        self.concerning(&self.response, request).is_some()
    }

    fn response_need(&self, request: &RequestView<'_>, response: &ResponseView<'_>) -> BodyNeed {
        match is_object(response.status) && self.judges_answer(request) {
            true => BodyNeed::Collect,
            false => BodyNeed::Pass,
        }
    }

    /// Whatever cannot be judged as a whole does not reach the caller. Errors do, in the gateway's words.
    fn respond(&self, request: &RequestView<'_>, response: &ResponseView<'_>, body: Option<&Body>) -> Verdict {
        let Some(bundle) = self.concerning(&self.response, request) else { return Ok(()) };
        let unseen = |why: &str| Err(self.unseen(bundle, why));
        match (response.status, body) {
            (400.., _) => Ok(()),
            // Where the policy only watches, the caller's conditions went upstream.
            (304, _) if self.mode == Mode::Monitor => Ok(()),
            // That the caller has the object already is no less a word about it, and a redirect may lead to it.
            (status, _) if !is_object(status) => unseen("an answer that leads elsewhere cannot be judged"),
            // A part of a text may be another text.
            (206, _) => unseen("a part of an answer cannot be judged"),
            _ if *request.method == Method::HEAD => unseen("an answer without its body cannot be judged"),
            (204 | 205, Some(body)) if body.bytes().is_empty() => Ok(()),
            (_, None) => unseen("the answer is too large or endless"),
            (_, Some(body)) => match self.answer(response, body) {
                Some(answer) => self.judge(Some(bundle), request, Known { body: None, response: Some(&answer) }),
                None => unseen("the answer is no JSON that can be read"),
            },
        }
    }
}

/// Whether an answer may be what was asked for.
fn is_object(status: u16) -> bool {
    (200..300).contains(&status)
}

/// What the contract does not describe may be any operation to the upstream: no policy can be held against it.
struct Undescribed;

impl Guard for Undescribed {
    fn name(&self) -> &'static str {
        NAME
    }

    fn mode(&self) -> Mode {
        Mode::Enforce
    }

    fn authorize(&self, _request: &RequestView<'_>) -> Verdict {
        let reason = "the contract does not describe the request, so that the API's policies cannot be held against it";
        Err(Refusal::new(Code::PolicyDenied, reason))
    }
}
