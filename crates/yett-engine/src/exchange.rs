//! One request and its answer, driven phase by phase: `receive -> route -> screen -> identify -> authorize -> limit ->
//! inspect -> forward -> respond -> record`.
//!
//! The shell calls [`Exchange::judge_head`], then [`Exchange::judge_body`], sends what [`Exchange::upstream_request`]
//! gives, then [`Exchange::judge_response`] and [`Exchange::judge_response_body`], and always [`Exchange::record`].

mod answering;
mod authorizing;
mod caching;
mod consulting;
mod controlling;
mod crossing;
mod forwarding;
mod guarding;
mod identifying;
mod lasting;
mod negotiating;
mod reporting;
pub(crate) mod reshaping;
mod routing;
mod transcoding;

use crate::body::Body;
use crate::callout::Consulting;
use crate::controls::Stage;
use crate::forward::forwarded;
use crate::forward::token::Bearer;
use crate::forward::trace::Trace;
use crate::forward::{self, Answering, Facts, Origin, Words};
use crate::guards::limits::Counters;
use crate::guards::{Effects, Guard, Notes, RequestView, ResponseView, Verdict};
use crate::identity::body_proof::BodyProof;
use crate::identity::certificate::ClientCertificate;
use crate::identity::chain::Progress;
use crate::identity::question::{Answer, Question};
use crate::identity::{Asked, Principal};
use crate::plan::{ApiPlan, OperationPlan, Plan, TargetPlan};
use crate::receive;
use crate::refusal::Refusal;
use crate::routing::placement::{self, Unplaced};
use crate::routing::{Found, Parameters};
use crate::transcode::Notations;
use crate::{grpc, trailers, upgrade};
use bytes::Bytes;
use http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HOST, PROXY_AUTHORIZATION, RETRY_AFTER, TE, TRAILER, UPGRADE,
    VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version};
use std::net::IpAddr;
use std::sync::Arc;
use yett_model::snapshot::{AcceptTraces, Mode, PlacedAt, Protocol, RequestCoding};
use yett_model::{Code, Phase, Source};

use guarding::weigh;
use reshaping::{Changes, Course};

/// Where no API says how long a stream may be idle.
const DEFAULT_IDLE_TIMEOUT_MS: u64 = 30_000;
/// What a simulation hears.
const NOBODY: &str = "a simulation asks nobody";
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// The time, as the shell's clocks tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Unix time in milliseconds: for calendars, expiry and the log.
    pub unix_ms: u64,
    /// Monotonic time in microseconds from an arbitrary start: for rates.
    pub mono_us: u64,
}

/// The peer of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Address.
    pub address: IpAddr,
    /// Whether it came over TLS.
    pub tls: bool,
    /// The certificate the caller proved to have, as `Client-Cert` spells it (RFC 9440 section 2.1); `None` if there is
    /// none or the upstream is not to learn of it.
    pub client_certificate: Option<HeaderValue>,
    /// Whether the address is that of a proxy which did not say whose connection it passes on: what the request itself
    /// says of its caller was written by anybody, and is not believed.
    pub nameless: bool,
    /// The same certificate as an identity, whether the upstream learns of it or not.
    pub certificate: Option<Arc<ClientCertificate>>,
    /// Country of the address, as ISO 3166-1 spells it with two capital letters; `None` where nobody knows.
    pub country: Option<Arc<str>>,
    /// Number of the autonomous system that the address belongs to (RFC 6793); `None` where nobody knows.
    pub asn: Option<u32>,
}

impl Caller {
    /// A caller without a certificate.
    #[must_use]
    pub fn new(address: IpAddr, tls: bool) -> Self {
        Self { address, tls, client_certificate: None, nameless: false, certificate: None, country: None, asn: None }
    }
}

/// What must happen to a body before the exchange can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BodyNeed {
    /// Nothing looks at it: it may be streamed.
    Pass,
    /// It must be collected whole and judged.
    Collect,
}

/// What comes after the head was judged so far.
#[derive(Debug)]
pub enum Step {
    /// The request may go on; with what must happen to its body.
    Go(BodyNeed),
    /// Somebody outside must be asked first; [`Exchange::resume`] takes the answer.
    Ask(Question),
}

/// How an exchange ended, measured by the shell.
#[derive(Debug, Clone, Copy, Default)]
pub struct End {
    /// Status that was sent to the caller.
    pub status: u16,
    /// Body bytes received from the caller.
    pub bytes_in: u64,
    /// Body bytes sent to the caller.
    pub bytes_out: u64,
    /// Microseconds from request head to the last byte of the answer.
    pub duration_us: u64,
    /// Microseconds from sending upstream to the upstream's response head.
    pub upstream_us: Option<u64>,
    /// How often the request was sent upstream.
    pub attempts: u32,
    /// Whether a copy went to the mirror.
    pub mirrored: bool,
    /// What the cache did.
    pub cache: Option<yett_model::CacheUse>,
}

/// What a guard in `monitor` would have done.
#[derive(Debug)]
pub(crate) struct WouldDeny {
    pub guard: &'static str,
    pub phase: Phase,
    pub refusal: Box<Refusal>,
}

/// One request and its answer.
pub struct Exchange {
    pub(crate) plan: Arc<Plan>,
    counters: Arc<Counters>,
    pub(crate) id: String,
    pub(crate) now: Now,
    pub(crate) caller: Caller,
    pub(crate) random: u64,
    pub(crate) method: Method,
    pub(crate) protocol: Version,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) base: usize,
    pub(crate) api: Option<u32>,
    pub(crate) operation: Option<u32>,
    pub(crate) parameters: Parameters,
    pub(crate) principal: Option<Principal>,
    /// How suspicious the request is, from 0 to 100, as far as the guards of `screen` said.
    risk: u8,
    identifying: Progress,
    /// Present once a callout was asked.
    consulting: Option<Box<Consulting>>,
    /// What the body must prove before anything reads it.
    awaiting: Vec<BodyProof>,
    /// Whether nothing but the body proves the caller.
    was_provisional: bool,
    /// Set by simulations only: act as this app without a credential.
    pub(crate) assumed: Option<Principal>,
    pub(crate) effects: Effects,
    pub(crate) would_deny: Vec<WouldDeny>,
    pub(crate) refusal: Option<(Phase, Box<Refusal>)>,
    pub(crate) target: Option<usize>,
    pub(crate) phase: Phase,
    /// Kept by simulations only.
    pub(crate) notes: Option<Notes>,
    grpc: bool,
    upgrades: bool,
    takes_trailers: bool,
    /// Host that the caller asked a trusted proxy for.
    told_host: Option<String>,
    pub(crate) trace: Option<Trace>,
    random_bits: u128,
    /// The operation's path at the upstream, where it is another.
    rewritten: Option<String>,
    /// What the gateway answers of its own accord: a redirect, or the key set.
    pub(crate) reply: Option<Box<Response<Bytes>>>,
    /// The head of such an answer, once it was given; told by simulations.
    pub(crate) own_answer: Option<Response<()>>,
    /// Whether the upstream's answer is an error that only the contract can let pass.
    replacing: bool,
    /// Whether the answer is judged as an object: whatever is none is told in the gateway's words.
    sealed: bool,
    notations: Notations,
    /// The content coding of the body, where it is to be decoded.
    coding: Option<RequestCoding>,
    /// Whether what goes upstream must all be in the key of a kept answer.
    asks_cache: bool,
    /// Whether leaked keys are handed in.
    reports: bool,
    pub(crate) changes: Changes,
}

/// Why a request does not go on to the upstream.
enum Stop {
    Refused(Box<Refusal>),
    Answered(Box<Response<Bytes>>),
}

impl From<Box<Refusal>> for Stop {
    fn from(refusal: Box<Refusal>) -> Self {
        Self::Refused(refusal)
    }
}

impl Exchange {
    /// Begins an exchange. `random` should be unpredictable; it makes the decision id and picks the target.
    #[must_use]
    pub fn new(plan: Arc<Plan>, counters: Arc<Counters>, caller: Caller, now: Now, random: u128) -> Self {
        Self {
            plan,
            counters,
            id: crate::record::decision_id(now, random),
            now,
            caller,
            random: random as u64,
            method: Method::GET,
            protocol: Version::HTTP_11,
            host: String::new(),
            path: String::new(),
            query: String::new(),
            base: 0,
            api: None,
            operation: None,
            parameters: Vec::new(),
            principal: None,
            risk: 0,
            identifying: Progress::default(),
            consulting: None,
            awaiting: Vec::new(),
            was_provisional: false,
            assumed: None,
            effects: Effects::default(),
            would_deny: Vec::new(),
            refusal: None,
            target: None,
            phase: Phase::Receive,
            notes: None,
            notations: Notations::default(),
            coding: None,
            asks_cache: false,
            reports: false,
            grpc: false,
            upgrades: false,
            takes_trailers: false,
            told_host: None,
            trace: None,
            random_bits: random,
            rewritten: None,
            reply: None,
            own_answer: None,
            replacing: false,
            changes: Changes::default(),
            sealed: false,
        }
    }

    /// The decision id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Number of the operation in the plan, when routed.
    #[must_use]
    pub fn operation(&self) -> Option<u32> {
        self.operation
    }

    /// Number of the API in the plan, when routed.
    #[must_use]
    pub fn api(&self) -> Option<u32> {
        self.api
    }

    /// Guards in `monitor` that would have refused, once for each refusal.
    pub fn would_deny(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.would_deny.iter().map(|would| would.guard)
    }

    /// The plan that decides.
    #[must_use]
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Code of the refusal or failure, if there was one.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        self.refusal.as_ref().map(|(_, refusal)| refusal.code)
    }

    /// Largest request body the operation takes, in bytes.
    #[must_use]
    pub fn max_body_bytes(&self) -> u64 {
        let of_operation = || self.operation_plan().map(|operation| operation.max_body_bytes);
        self.longest_report().or_else(of_operation).unwrap_or(crate::plan::DEFAULT_MAX_BODY_BYTES)
    }

    /// Milliseconds without a byte of the answer's body, or of a tunnel, before it is given up.
    #[must_use]
    pub fn idle_timeout_ms(&self) -> u64 {
        let of_api = || self.api_plan().map_or(DEFAULT_IDLE_TIMEOUT_MS, |api| api.upstream.idle_timeout_ms);
        self.own_idle_timeout_ms().unwrap_or_else(of_api)
    }

    /// The idle timeout that the operation sets for itself: it is meant for long streams, of either direction.
    #[must_use]
    pub fn own_idle_timeout_ms(&self) -> Option<u64> {
        self.operation_plan()?.idle_timeout_ms
    }

    /// Whether the caller asked for a WebSocket, and if the request was judged well, may have it.
    #[must_use]
    pub fn upgrades(&self) -> bool {
        self.upgrades
    }

    /// Largest response body that is judged, in bytes; larger ones pass.
    #[must_use]
    pub fn max_response_bytes(&self) -> u64 {
        self.api_plan().map_or(0, |api| api.max_response_bytes)
    }

    /// Whether the operation's answers may take as long as they like.
    #[must_use]
    pub fn is_long_lived(&self) -> bool {
        self.operation_plan().is_some_and(|operation| operation.long_lived)
    }

    pub(crate) fn operation_plan(&self) -> Option<&OperationPlan> {
        self.plan.operation(self.operation?)
    }

    pub(crate) fn api_plan(&self) -> Option<&ApiPlan> {
        self.plan.api(self.api?)
    }

    /// Phases `receive` to `inspect`, as far as the head goes, where nobody can be asked: a simulation.
    ///
    /// # Errors
    /// The answer to send instead, if the request is refused.
    pub fn judge_head(&mut self, parts: &Parts) -> Result<BodyNeed, Box<Response<Bytes>>> {
        let mut step = self.judge_head_unless(parts, |_, _| None)?;
        loop {
            match step {
                Step::Go(need) => return Ok(need),
                Step::Ask(_) => step = self.resume(parts, Answer::Unavailable(NOBODY.to_owned()))?,
            }
        }
    }

    /// The rest of phase `authorize` where nobody can be asked.
    ///
    /// # Errors
    /// The answer to send instead, if the request is refused.
    pub(crate) fn consult_nobody(&mut self, parts: &Parts, body: Option<&Bytes>) -> Result<(), Box<Response<Bytes>>> {
        let mut question = self.consult_with(parts, body, None)?;
        while question.is_some() {
            question = self.consult_with(parts, body, Some(Answer::Unavailable(NOBODY.to_owned())))?;
        }
        Ok(())
    }

    /// The same, where the shell may ask, and may find that there is no room for the request: it is asked as soon as the
    /// API and the operation are known, before a credential is looked at and anything is counted against the caller.
    ///
    /// # Errors
    /// The answer to send instead, if the request is refused.
    pub fn judge_head_unless(
        &mut self,
        parts: &Parts,
        crowded: impl FnOnce(u32, Option<u32>) -> Option<Mode>,
    ) -> Result<Step, Box<Response<Bytes>>> {
        let judged = self.try_head(parts, crowded).and_then(|()| self.go_on(parts, None));
        judged.map_err(|stop| self.stop(stop))
    }

    /// Goes on where [`Step::Ask`] left off.
    ///
    /// # Errors
    /// The answer to send instead, if the request is refused.
    pub fn resume(&mut self, parts: &Parts, answer: Answer) -> Result<Step, Box<Response<Bytes>>> {
        self.go_on(parts, Some(answer)).map_err(|stop| self.stop(stop))
    }

    fn stop(&mut self, stop: Stop) -> Box<Response<Bytes>> {
        match stop {
            Stop::Refused(refusal) => self.refuse(refusal),
            Stop::Answered(reply) => self.dress(reply),
        }
    }

    /// What is refused for want of room may be asked for again soon, but not by everybody at the same moment.
    fn check_room(&mut self, crowded: impl FnOnce(u32, Option<u32>) -> Option<Mode>) -> Result<(), Box<Refusal>> {
        let Some(mode) = self.api.and_then(|api| crowded(api, self.operation)) else { return Ok(()) };
        let refusal = Refusal::new(Code::OverloadShed, "there is no room for another request of this priority")
            .with_header(RETRY_AFTER, HeaderValue::from(1 + self.random % 3));
        weigh("overload", mode, Phase::Screen, Err(refusal), &mut self.would_deny)
    }

    fn try_head(&mut self, parts: &Parts, crowded: impl FnOnce(u32, Option<u32>) -> Option<Mode>) -> Result<(), Stop> {
        self.method = parts.method.clone();
        self.protocol = parts.version;
        self.grpc = grpc::is_call(parts);
        let received = receive::receive(parts).inspect_err(|_| self.path = parts.uri.path().to_owned())?;
        self.host = received.host;
        self.path = received.path;
        self.query = received.query;
        self.hear(&parts.headers)?;
        self.phase = Phase::Route;
        let routed = self.route(parts);
        self.hear_origin(parts);
        if let Err(refusal) = routed {
            return Err(self.stray(parts, refusal).into());
        }
        self.phase = Phase::Screen;
        self.control(parts, Stage::Head, None)?;
        self.screen_upgrade(parts)?;
        self.run_guards(parts, Phase::Screen, |guard, view, counters, effects| guard.screen(view, counters, effects))?;
        if let Some(reply) = self.reply.take() {
            return Err(Stop::Answered(reply));
        }
        if self.reports {
            self.check_report()?;
        }
        self.check_room(crowded)?;
        self.phase = Phase::Identify;
        Ok(())
    }

    /// Phases `identify` to `inspect`. `answer` is to the question that was asked last.
    fn go_on(&mut self, parts: &Parts, answer: Option<Answer>) -> Result<Step, Stop> {
        if self.reports {
            self.phase = Phase::Inspect;
            return Ok(Step::Go(BodyNeed::Collect));
        }
        let answer = if self.phase == Phase::Identify {
            if let Some(question) = self.identify(parts, answer)? {
                return Ok(Step::Ask(question));
            }
            self.phase = Phase::Authorize;
            self.control(parts, Stage::Caller, None)?;
            self.authorize()?;
            self.run_guards(parts, Phase::Authorize, |guard, view, _, _| guard.authorize(view))?;
            None
        } else {
            answer
        };
        if let Some(question) = self.consult(parts, None, answer)? {
            return Ok(Step::Ask(question));
        }
        if !self.is_provisional() {
            self.count(parts)?;
        }
        self.phase = Phase::Inspect;
        let need = self.body_need_as_json(parts)?;
        Ok(Step::Go(if self.awaits_body() || self.controls_body() { BodyNeed::Collect } else { need }))
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod version_tests;
