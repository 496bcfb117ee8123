//! The same exchange without sockets: one engine for tests, `yett explain`, simulators and replay.

use crate::access;
use crate::engine::Engine;
use crate::exchange::{BodyNeed, Caller, Exchange, Now};
use crate::guards::Notes;
use crate::identity::Principal;
use crate::plan::Plan;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use yett_model::decision::{PolicyOutcome, PolicyReport, Upstream, Violation};
use yett_model::snapshot::Mode;
use yett_model::{AccessReport, Code, Decision, Outcome, Phase, PhaseReport, Request};

/// Decides one request as the gateway would. Counters of the engine are used, so that limits can be replayed.
///
/// # Errors
/// A sentence, if the request cannot be put into HTTP at all or names an app that does not exist.
pub fn decide(engine: &Engine, request: &Request, now: Now, random: u128) -> Result<Decision, String> {
    let plan = engine.plan().ok_or("there is no configuration to decide with")?;
    let now = request.at.map_or(now, |unix_ms| Now { unix_ms, mono_us: unix_ms.saturating_mul(1000) });
    let address = match request.address.as_str() {
        "" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        address => address.parse().map_err(|_| format!("'{address}' is no IP address"))?,
    };
    let mut exchange = Exchange::new(plan.clone(), engine.counters().clone(), Caller::new(address, true), now, random);
    exchange.notes = Some(Notes::default());
    exchange.assumed = assumed(&plan, request)?;
    let parts = head(request)?;
    let upstream = run(&mut exchange, &parts, request)?;
    Ok(report(exchange, upstream))
}

/// Whom a simulation acts as.
fn assumed(plan: &Plan, request: &Request) -> Result<Option<Principal>, String> {
    let Some(app) = &request.app else {
        return request.user.as_ref().map_or(Ok(None), |_| Err("a user acts through an app: name one".to_owned()));
    };
    let mut principal = plan.assume(app).ok_or_else(|| format!("there is no app '{app}'"))?;
    if let Some(user) = &request.user {
        if !principal.app.agent {
            return Err(format!("app '{app}' is no agent, so it acts for nobody"));
        }
        let known = plan.users.named(user).ok_or_else(|| format!("there is no user '{user}'"))?;
        principal.user = Some(known.name.clone());
    }
    Ok(Some(principal))
}

fn head(request: &Request) -> Result<Parts, String> {
    let host = if request.host.is_empty() { "localhost" } else { &request.host };
    let mut builder = http::Request::builder().method(request.method.as_str()).uri(request.target.as_str());
    if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        builder = builder.header(http::header::HOST, host);
    }
    for (name, value) in &request.headers {
        builder = builder.header(name.as_str(), value.as_str());
    }
    builder.body(()).map(|request| request.into_parts().0).map_err(|error| format!("the request is not HTTP: {error}"))
}

/// Runs the phases as the proxy does; the upstream's view of the request, if it gets that far.
fn run(exchange: &mut Exchange, parts: &Parts, request: &Request) -> Result<Option<Upstream>, String> {
    let need = match exchange.judge_head(parts) {
        Ok(need) => need,
        Err(answer) => {
            exchange.own_answer = exchange.code().is_none().then(|| answer.map(|_| ()));
            return Ok(None);
        }
    };
    let too_large = request.body.len() as u64 > exchange.max_body_bytes();
    if too_large {
        exchange.fail(Code::BodyTooLarge, "the body is larger than the operation allows");
        return Ok(None);
    }
    let body = (need == BodyNeed::Collect).then(|| Bytes::from(request.body.clone()));
    if exchange.prove_body(parts, body.as_ref()).is_err() {
        return Ok(None);
    }
    let mut spoken = parts.clone();
    let parts = &mut spoken;
    let Ok(body) = (if exchange.is_foreign() { exchange.speak_json(parts, body) } else { Ok(body) }) else { return Ok(None) };
    let judged = exchange.judge_body(parts, body.clone());
    if judged.and_then(|changed| exchange.consult_nobody(parts, changed.or(body).as_ref())).is_err() {
        return Ok(None);
    }
    if let Err(answer) = exchange.answer_here(parts) {
        exchange.own_answer = Some(answer.map(|_| ()));
        return Ok(None);
    }
    let mut upstream_parts = parts.clone();
    let target = exchange.upstream_request(&mut upstream_parts).ok_or("the API has no usable target")?;
    let upstream = Upstream { target: target.url.clone(), path: upstream_parts.uri.to_string() };
    if let Some(answer) = &request.response {
        judge_answer(exchange, parts, answer)?;
    }
    Ok(Some(upstream))
}

fn judge_answer(exchange: &mut Exchange, parts: &Parts, answer: &yett_model::decision::Response) -> Result<(), String> {
    let mut builder = http::Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        builder = builder.header(name.as_str(), value.as_str());
    }
    let (mut head, ()) = builder.body(()).map_err(|error| format!("the answer is not HTTP: {error}"))?.into_parts();
    let need = exchange.judge_response(parts, &mut head);
    let body = (need == BodyNeed::Collect).then(|| Bytes::from(answer.body.clone()));
    let _refused = exchange.judge_response_body(parts, &mut head, body);
    Ok(())
}

fn report(mut exchange: Exchange, upstream: Option<Upstream>) -> Decision {
    let phases = phases(&exchange);
    let noted = exchange.notes.as_ref().map(Notes::all).unwrap_or_default();
    let access = access_report(&exchange);
    let refusals =
        exchange.would_deny.iter().map(|would| &would.refusal).chain(exchange.refusal.iter().map(|(_, refusal)| refusal));
    let violations: Vec<Violation> = refusals.flat_map(|refusal| refusal.violations.clone()).collect();
    let code = exchange.code();
    let own = exchange.own_answer.as_ref().map(|answer| answer.status().as_u16());
    let plan = exchange.plan.clone();
    Decision {
        id: exchange.id.clone(),
        allowed: code.is_none(),
        status: own.or_else(|| exchange.refusal.as_ref().map(|(_, refusal)| refusal.status())),
        code,
        violations,
        api: exchange.api.and_then(|api| plan.api(api)).map(|api| api.name.to_string()),
        operation: exchange.operation.and_then(|operation| plan.operation(operation)).map(|operation| operation.id.to_string()),
        app: exchange.principal.as_ref().map(|principal| principal.app.name.to_string()),
        user: exchange.principal.as_ref().and_then(|principal| principal.user.as_deref().map(str::to_owned)),
        change: change(&exchange, access.as_ref(), &noted.policies),
        access,
        policies: noted.policies,
        context: noted.contexts,
        upstream,
        headers: answer_headers(&mut exchange),
        phases,
        digest: plan.digest().to_owned(),
    }
}

fn answer_headers(exchange: &mut Exchange) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let of_answer =
        exchange.own_answer.iter().flat_map(|answer| answer.headers()).map(|(name, value)| (name.clone(), value.clone()));
    let of_refusal = exchange.refusal.iter().flat_map(|(_, refusal)| refusal.headers.iter());
    let all: HeaderMap = exchange.effects.headers.iter().chain(of_refusal).cloned().chain(of_answer).collect();
    let sorted: BTreeMap<&str, String> = all.iter().map(|(name, value): (&HeaderName, _)| (name.as_str(), text(value))).collect();
    sorted.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn phases(exchange: &Exchange) -> Vec<PhaseReport> {
    let refused = exchange.refusal.as_ref().map(|(phase, _)| *phase);
    Phase::ALL.iter().map(|&phase| phase_report(exchange, phase, refused)).collect()
}

fn phase_report(exchange: &Exchange, phase: Phase, refused: Option<Phase>) -> PhaseReport {
    let reached = phase <= exchange.phase || phase == Phase::Record;
    let would: Vec<String> = exchange
        .would_deny
        .iter()
        .filter(|would| would.phase == phase)
        .map(|would| format!("{} would refuse ({}): {}", would.guard, would.refusal.code.as_str(), would.refusal.reason))
        .collect();
    if refused == Some(phase) {
        let mut reasons: Vec<String> =
            exchange.refusal.iter().map(|(_, refusal)| format!("{}: {}", refusal.code.as_str(), refusal.reason)).collect();
        reasons.extend(would);
        if phase == Phase::Authorize {
            reasons.extend(access_report(exchange).map(|access| access.denied).unwrap_or_default());
        }
        reasons.extend(notes(exchange, phase));
        return PhaseReport { phase, outcome: Outcome::Deny, reasons };
    }
    match (reached, would.is_empty()) {
        (false, _) => PhaseReport { phase, outcome: Outcome::Skipped, reasons: Vec::new() },
        (true, false) => {
            let reasons = would.into_iter().chain(notes(exchange, phase)).collect();
            PhaseReport { phase, outcome: Outcome::WouldDeny, reasons }
        }
        (true, true) => {
            let reasons = explain(exchange, phase).into_iter().chain(notes(exchange, phase)).collect();
            PhaseReport { phase, outcome: Outcome::Continue, reasons }
        }
    }
}

/// How the access policies of a phase came out.
fn notes(exchange: &Exchange, phase: Phase) -> Vec<String> {
    exchange.notes.as_ref().map(|notes| notes.of(phase)).unwrap_or_default()
}

/// Why a phase let the request pass.
fn explain(exchange: &Exchange, phase: Phase) -> Vec<String> {
    match phase {
        Phase::Receive => vec![format!("{} {} on host {}", exchange.method, exchange.path, exchange.host)],
        Phase::Route => explain_route(exchange),
        Phase::Identify => vec![match &exchange.principal {
            Some(principal) => format!("app {} of team {}", principal.app.name, principal.app.team),
            None => "anonymous: the operation is public".to_owned(),
        }],
        Phase::Authorize => explain_access(exchange),
        Phase::Record => vec![format!("decision {}", exchange.id)],
        Phase::Screen => vec![explain_guard(exchange, "limits", "no limit by address is exceeded")],
        Phase::Limit => vec![explain_guard(exchange, "limits", "no limit is exceeded")],
        Phase::Inspect => vec![explain_guard(exchange, "contract", "the request fits the contract")],
        Phase::Forward => explain_target(exchange),
        Phase::Respond => vec![explain_guard(exchange, "contract", "the answer fits the contract")],
    }
}

fn explain_guard(exchange: &Exchange, name: &str, passed: &str) -> String {
    let guard = exchange.guards().iter().find(|guard| guard.name() == name);
    match guard.map(|guard| guard.mode()) {
        None => format!("the guard {name} has nothing to check here"),
        Some(Mode::Off) => format!("the guard {name} is off"),
        Some(Mode::Enforce | Mode::Monitor) => passed.to_owned(),
    }
}

fn explain_target(exchange: &Exchange) -> Vec<String> {
    if let Some(answer) = &exchange.own_answer {
        return vec![format!("answered here: {}, from the contract's examples", answer.status().as_u16())];
    }
    let api = exchange.api.and_then(|api| exchange.plan.api(api));
    let target = exchange.target.and_then(|target| api?.targets.get(target));
    let mut reasons: Vec<String> = target.map(|target| format!("to {}", target.url)).into_iter().collect();
    reasons.extend(api.and_then(|api| exchange.explain_choice(api)));
    reasons.extend(exchange.upstream_template().map(|template| format!("the path is written anew by {template}")));
    reasons
}

fn explain_route(exchange: &Exchange) -> Vec<String> {
    let operation = exchange.operation.and_then(|operation| exchange.plan.operation(operation));
    if operation.is_none()
        && let Some(answer) = &exchange.own_answer
    {
        let place = answer.headers().get(http::header::LOCATION).and_then(|place| place.to_str().ok());
        return vec![match place {
            Some(place) => format!("answered here: {} to {place}", answer.status().as_u16()),
            None => "answered here with the public keys".to_owned(),
        }];
    }
    operation.map(|operation| format!("{} by template {}", operation.id, operation.template)).into_iter().collect()
}

/// The profiles that grant the operation, or that it needs none.
fn explain_access(exchange: &Exchange) -> Vec<String> {
    let granting = access_report(exchange).map(|access| access.granted).unwrap_or_default();
    if granting.is_empty() { vec!["no access profile is needed".to_owned()] } else { granting }
}

/// What decided about access; nothing where nobody had to be asked.
fn access_report(exchange: &Exchange) -> Option<AccessReport> {
    let plan = &exchange.plan;
    let (principal, operation) = (exchange.principal.as_ref()?, exchange.operation_plan());
    if exchange.phase < Phase::Authorize || operation.map_or(exchange.api_plan()?.all_public, |operation| operation.public) {
        return None;
    }
    let Some((number, operation)) = exchange.operation.zip(operation) else {
        return Some(of_undocumented(exchange));
    };
    let name = principal.user.as_ref().filter(|_| principal.app.agent);
    // What is granted to an agent for a user is what both have; here each is asked alone.
    let own = if name.is_some() { &principal.app.grants } else { &principal.grants };
    let app = access::Subject {
        name: match principal.is_anonymous() {
            true => format!("callers of {} without a credential", exchange.api_plan()?.name),
            false => format!("app {}", principal.app.name),
        },
        anonymous: principal.is_anonymous(),
        granting: own.profiles(exchange.now),
        held: &principal.app.held,
    };
    let user = name.map(|name| {
        let known = plan.users.named(name);
        access::Subject {
            name: format!("user {name}"),
            anonymous: false,
            granting: known.map(|user| user.grants.profiles(exchange.now)).unwrap_or_default(),
            held: known.map_or(&[][..], |user| &user.held),
        }
    });
    let subjects: Vec<access::Subject<'_>> = [app].into_iter().chain(user).collect();
    Some(access::report(&plan.profiles, &subjects, number, &operation.id, exchange.now))
}

/// What would change a refusal of access, of credentials or by policies.
fn change(exchange: &Exchange, access: Option<&AccessReport>, policies: &[PolicyReport]) -> Vec<String> {
    match exchange.code() {
        Some(Code::CredentialMissing) => {
            let id = exchange.operation_plan().map_or("the operation", |operation| &*operation.id);
            vec![format!("send a credential: nobody calls `{id}` without one; `--app` tries an app without its key")]
        }
        Some(Code::PolicyDenied) => change_of_policies(exchange, policies),
        _ => access.map(|access| access.change.clone()).unwrap_or_default(),
    }
}

/// Every policy that forbids must go; where none permits, one is enough.
fn change_of_policies(exchange: &Exchange, policies: &[PolicyReport]) -> Vec<String> {
    let decided = exchange.refusal.as_ref().map(|(phase, _)| *phase);
    let in_force: Vec<&PolicyReport> = policies.iter().filter(|one| !one.monitored && Some(one.phase) == decided).collect();
    let changes = in_force.iter().filter_map(|one| match one.outcome {
        PolicyOutcome::Forbids => {
            Some(format!("policy `{}` must not match: send another request, or change the policy", one.policy))
        }
        PolicyOutcome::Fails => Some(format!("policy `{}` must be able to judge: send all that it reads", one.policy)),
        PolicyOutcome::Permits | PolicyOutcome::Silent => None,
    });
    let changes: Vec<String> = changes.collect();
    if !changes.is_empty() {
        return changes;
    }
    match exchange.refusal.as_ref().and_then(|(_, refusal)| refusal.policy.as_deref()) {
        Some(policy) if in_force.is_empty() => {
            vec![format!("policy `{policy}` must be able to judge: what it reads cannot be read")]
        }
        _ => vec!["meet the conditions of one of the permits, or write one for the caller".to_owned()],
    }
}

/// What the contract does not describe is open only to who may call all that it describes.
fn of_undocumented(exchange: &Exchange) -> AccessReport {
    let refused = exchange.refusal.as_ref().is_some_and(|(phase, _)| *phase == Phase::Authorize);
    let change = "describe the request in the contract, or grant the caller every operation of the API".to_owned();
    AccessReport { change: refused.then_some(change).into_iter().collect(), ..AccessReport::default() }
}

#[cfg(test)]
mod tests;
