//! One request and its answer, driven phase by phase: `receive -> route -> screen -> identify -> authorize -> limit ->
//! inspect -> forward -> respond -> record`.
//!
//! The shell calls [`Exchange::judge_head`], then [`Exchange::judge_body`], sends what [`Exchange::upstream_request`]
//! gives, then [`Exchange::judge_response`] and [`Exchange::judge_response_body`], and always [`Exchange::record`].

mod caching;
mod negotiating;
mod transcoding;

use crate::body::Body;
use crate::forward::forwarded;
use crate::forward::token::Bearer;
use crate::forward::trace::Trace;
use crate::forward::{self, Answering, Facts, Origin, Words};
use crate::guards::limits::Counters;
use crate::guards::{Effects, Guard, RequestView, ResponseView, Verdict};
use crate::identity::{self, Principal};
use crate::plan::{ApiPlan, OperationPlan, Plan, TargetPlan};
use crate::receive;
use crate::refusal::Refusal;
use crate::routing::{Found, Parameters};
use crate::transcode::Notations;
use crate::{grpc, trailers, upgrade};
use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HOST, RETRY_AFTER, TE, TRAILER, UPGRADE, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version};
use std::net::IpAddr;
use std::sync::Arc;
use yett_model::snapshot::{AcceptTraces, Mode, Protocol};
use yett_model::{Code, Phase, Source};

/// Where no API says how long a stream may be idle.
const DEFAULT_IDLE_TIMEOUT_MS: u64 = 30_000;
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
}

impl Caller {
    /// A caller without a certificate.
    #[must_use]
    pub fn new(address: IpAddr, tls: bool) -> Self {
        Self { address, tls, client_certificate: None }
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
    /// Set by simulations only: act as this app without a credential.
    pub(crate) assumed: Option<Principal>,
    pub(crate) effects: Effects,
    pub(crate) would_deny: Vec<WouldDeny>,
    pub(crate) refusal: Option<(Phase, Box<Refusal>)>,
    pub(crate) target: Option<usize>,
    pub(crate) phase: Phase,
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
    notations: Notations,
    /// Whether what goes upstream must all be in the key of a kept answer.
    asks_cache: bool,
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
            assumed: None,
            effects: Effects::default(),
            would_deny: Vec::new(),
            refusal: None,
            target: None,
            phase: Phase::Receive,
            notations: Notations::default(),
            asks_cache: false,
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
        self.operation_plan().map_or(crate::plan::DEFAULT_MAX_BODY_BYTES, |operation| operation.max_body_bytes)
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

    /// Phases `receive` to `inspect`, as far as the head goes.
    ///
    /// # Errors
    /// The answer to send instead, if the request is refused.
    pub fn judge_head(&mut self, parts: &Parts) -> Result<BodyNeed, Box<Response<Bytes>>> {
        self.judge_head_unless(parts, |_, _| None)
    }

    /// The same, where the shell may find that there is no room for the request: it is asked as soon as the API and the
    /// operation are known, before a credential is looked at and anything is counted against the caller.
    ///
    /// # Errors
    /// The answer to send instead, if the request is refused.
    pub fn judge_head_unless(
        &mut self,
        parts: &Parts,
        crowded: impl FnOnce(u32, Option<u32>) -> Option<Mode>,
    ) -> Result<BodyNeed, Box<Response<Bytes>>> {
        self.try_head(parts, crowded).map_err(|stop| match stop {
            Stop::Refused(refusal) => self.refuse(refusal),
            Stop::Answered(reply) => self.dress(reply),
        })
    }

    /// What is refused for want of room may be asked for again soon, but not by everybody at the same moment.
    fn check_room(&mut self, crowded: impl FnOnce(u32, Option<u32>) -> Option<Mode>) -> Result<(), Box<Refusal>> {
        let Some(mode) = self.api.and_then(|api| crowded(api, self.operation)) else { return Ok(()) };
        let refusal = Refusal::new(Code::OverloadShed, "there is no room for another request of this priority")
            .with_header(RETRY_AFTER, HeaderValue::from(1 + self.random % 3));
        weigh("overload", mode, Phase::Screen, Err(refusal), &mut self.would_deny)
    }

    fn try_head(&mut self, parts: &Parts, crowded: impl FnOnce(u32, Option<u32>) -> Option<Mode>) -> Result<BodyNeed, Stop> {
        self.method = parts.method.clone();
        self.protocol = parts.version;
        self.grpc = grpc::is_call(parts);
        let received = receive::receive(parts).inspect_err(|_| self.path = parts.uri.path().to_owned())?;
        self.host = received.host;
        self.path = received.path;
        self.query = received.query;
        self.hear(&parts.headers)?;
        self.phase = Phase::Route;
        if let Err(refusal) = self.route() {
            return Err(self.stray(parts, refusal).into());
        }
        self.phase = Phase::Screen;
        self.screen_upgrade(parts)?;
        self.run_guards(parts, Phase::Screen, |guard, view, counters, effects| guard.screen(view, counters, effects))?;
        if let Some(reply) = self.reply.take() {
            return Err(Stop::Answered(reply));
        }
        self.check_room(crowded)?;
        self.phase = Phase::Identify;
        self.identify(parts)?;
        self.phase = Phase::Authorize;
        self.authorize()?;
        self.phase = Phase::Limit;
        self.run_guards(parts, Phase::Limit, |guard, view, counters, effects| guard.limit(view, counters, effects))?;
        self.phase = Phase::Inspect;
        Ok(self.body_need_as_json(parts)?)
    }

    /// Who calls, and in which trace: what a trusted proxy says of it, or the connection.
    fn hear(&mut self, headers: &HeaderMap) -> Result<(), Box<Refusal>> {
        let trusted = !self.plan.trusted_proxies.is_empty() && self.plan.trusted_proxies.contains(self.caller.address);
        if trusted && let Some(told) = forwarded::told(&self.caller, headers, &self.plan.trusted_proxies)? {
            self.caller = told.caller;
            self.told_host = told.host;
        }
        let accept = match self.plan.tracing.accept {
            AcceptTraces::Trusted => trusted,
            AcceptTraces::Any => true,
            AcceptTraces::None => false,
        };
        self.trace = Some(Trace::begin(headers, accept, self.plan.tracing.sample_percent, self.random_bits));
        Ok(())
    }

    /// A request that leads nowhere is screened too: who guesses paths is limited like everybody.
    fn stray(&mut self, parts: &Parts, refusal: Box<Refusal>) -> Box<Refusal> {
        self.phase = Phase::Screen;
        let screened =
            self.run_guards(parts, Phase::Screen, |guard, view, counters, effects| guard.screen(view, counters, effects));
        match screened {
            Err(limited) => limited,
            Ok(()) => {
                self.phase = Phase::Route;
                refusal
            }
        }
    }

    /// Only an operation that offers it is upgraded: whoever asks elsewhere is refused, not served without.
    fn screen_upgrade(&mut self, parts: &Parts) -> Result<(), Box<Refusal>> {
        if !upgrade::is_asked(&parts.headers) {
            return Ok(());
        }
        self.upgrades = true;
        upgrade::check(self.operation_plan().and_then(|operation| operation.websocket.as_ref()), parts, self.caller.tls)
    }

    fn route(&mut self) -> Result<(), Box<Refusal>> {
        if self.plan.jwks_path.as_deref() == Some(&*self.path)
            && let Some(reply) = self.key_set()
        {
            self.reply = Some(reply);
            return Ok(());
        }
        match self.plan.routes.find(&self.host, &self.method, &self.path) {
            Found::Operation { operation, base, parameters } => {
                self.api = self.plan.operation(operation).map(|plan| plan.api);
                self.operation = Some(operation);
                self.base = base;
                self.parameters = parameters;
                self.rewrite()?;
                self.check_semicolon()
            }
            Found::NoApi => Err(Refusal::new(Code::ApiUnknown, "no API has this host and base path")),
            Found::NoPath { api, base } => {
                self.undocumented(api, base, Refusal::new(Code::OperationUnknown, "the contract has no such path"))
            }
            Found::OtherMethods { api, base, methods } => {
                let names = methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
                let allow = HeaderValue::from_str(&names).unwrap_or(HeaderValue::from_static(""));
                let refusal = Refusal::new(Code::MethodNotAllowed, format!("the contract has this path for {names} only"));
                self.undocumented(api, base, refusal.with_header(ALLOW, allow))
            }
        }
    }

    /// Some servers cut off `;x` from a segment: `/books/export;x` must not pass as `/books/{id}` and run as another path.
    fn check_semicolon(&self) -> Result<(), Box<Refusal>> {
        let described = self.operation_plan().is_some_and(|operation| operation.semicolons);
        match self.path.contains(';') && !described {
            true => Err(Refusal::open(Code::TargetInvalid, "the path has a ';' that the contract does not describe")),
            false => Ok(()),
        }
    }

    /// Values of the caller's must not lead the upstream's path astray.
    fn rewrite(&mut self) -> Result<(), Box<Refusal>> {
        let Some(template) = self.operation_plan().and_then(|operation| operation.upstream_path.as_ref()) else { return Ok(()) };
        let path = template.fill(&self.parameters);
        let astray = || Refusal::open(Code::TargetInvalid, "a part of the path would lead somewhere else at the API");
        self.rewritten = Some(path.ok_or_else(astray)?);
        Ok(())
    }

    fn redirect(&self) -> Option<Box<Response<Bytes>>> {
        let api = self.api_plan()?;
        let redirects = api.proxy.redirects.as_ref()?;
        let (base, rest) = self.path.split_at_checked(self.base)?;
        let rest = if rest.is_empty() { "/" } else { rest };
        let credential = api.api_key.as_ref().and_then(|places| places.query.as_deref());
        redirects.answer(&self.method, base, rest, &self.query, credential).map(Box::new)
    }

    /// The public keys that tokens for upstreams are proven with.
    fn key_set(&self) -> Option<Box<Response<Bytes>>> {
        let asks = self.method == Method::GET || self.method == Method::HEAD;
        let signer = self.plan.signer.as_ref().filter(|_| asks)?;
        let mut response = Response::new(signer.jwks());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Some(Box::new(response))
    }

    /// What the contract does not describe is refused, or recorded where the contract guard only monitors.
    fn undocumented(&mut self, api: u32, base: usize, refusal: Box<Refusal>) -> Result<(), Box<Refusal>> {
        self.api = Some(api);
        self.base = base;
        self.reply = self.redirect();
        if self.reply.is_some() {
            return Ok(());
        }
        match self.api_plan().map_or(Mode::Enforce, |api| api.undocumented) {
            Mode::Enforce => Err(refusal),
            Mode::Monitor => {
                self.would_deny.push(WouldDeny { guard: "contract", phase: Phase::Route, refusal });
                Ok(())
            }
            Mode::Off => Ok(()),
        }
    }

    fn identify(&mut self, parts: &Parts) -> Result<(), Box<Refusal>> {
        if let Some(assumed) = self.assumed.take() {
            self.principal = Some(assumed);
            return Ok(());
        }
        let Some(api) = self.plan.api(self.api.unwrap_or(u32::MAX)) else {
            return Err(Refusal::new(Code::GatewayError, "the API of a routed request is gone"));
        };
        if let Some(places) = &api.api_key {
            let pepper = &self.plan.pepper;
            self.principal = identity::identify(places, &parts.headers, &self.query, &self.plan.credentials, pepper, self.now)?;
        }
        let public = self.operation_plan().map_or(api.all_public, |operation| operation.public);
        match self.principal.is_some() || public {
            true => Ok(()),
            false => Err(identity::missing(api.api_key.as_ref())),
        }
    }

    fn authorize(&self) -> Result<(), Box<Refusal>> {
        let (Some(api), operation) = (self.api_plan(), self.operation_plan()) else {
            return Err(Refusal::new(Code::GatewayError, "the API of a routed request is gone"));
        };
        if operation.map_or(api.all_public, |operation| operation.public) {
            return Ok(());
        }
        let granted = self.principal.as_ref().is_some_and(|principal| match self.operation {
            Some(operation) => principal.grants.allows(operation, self.now),
            // Only reached where the contract guard does not enforce. The upstream may read the request as any of its
            // operations (another case, a trailing slash), so it is open only to who may call them all.
            None => api.operations.clone().all(|number| self.plan.is_public(number) || principal.grants.allows(number, self.now)),
        });
        match granted {
            true => Ok(()),
            false => Err(Refusal::new(Code::AccessDenied, "no profile of the caller grants this operation")),
        }
    }

    fn view<'a>(&'a self, parts: &'a Parts) -> RequestView<'a> {
        RequestView {
            method: &self.method,
            path_parameters: &self.parameters,
            query: &self.query,
            credential_query: self.api_plan().and_then(|api| api.api_key.as_ref()?.query.as_deref()),
            headers: &parts.headers,
            address: self.caller.address,
            principal: self.principal.as_ref(),
            cost: self.operation_plan().map_or(1, |operation| operation.cost),
            now: self.now,
        }
    }

    fn run_guards(
        &mut self,
        parts: &Parts,
        phase: Phase,
        run: impl Fn(&dyn Guard, &RequestView<'_>, &Counters, &mut Effects) -> Verdict,
    ) -> Result<(), Box<Refusal>> {
        let mut effects = std::mem::take(&mut self.effects);
        let mut would_deny = Vec::new();
        let verdict = {
            let view = self.view(parts);
            self.guards().iter().filter(|guard| guard.mode() != Mode::Off).try_for_each(|guard| {
                weigh(guard.name(), guard.mode(), phase, run(&**guard, &view, &self.counters, &mut effects), &mut would_deny)
            })
        };
        self.effects = effects;
        self.would_deny.append(&mut would_deny);
        verdict
    }

    /// The operation's guards; undocumented requests (in `monitor`) still meet the limits of the API.
    pub(crate) fn guards(&self) -> &[Arc<dyn Guard>] {
        match self.operation_plan() {
            Some(operation) => &operation.guards,
            None => self.api_plan().map_or(&self.plan.guards, |api| &api.guards),
        }
    }

    fn body_need(&mut self, parts: &Parts) -> Result<BodyNeed, Box<Refusal>> {
        let mut need = BodyNeed::Pass;
        let mut would_deny = Vec::new();
        let view = self.view(parts);
        let verdict = self.guards().iter().filter(|guard| guard.mode() != Mode::Off).try_for_each(|guard| {
            let verdict = guard.body_need(&view).map(|more| need = need.max(more));
            weigh(guard.name(), guard.mode(), Phase::Inspect, verdict, &mut would_deny)
        });
        self.would_deny.append(&mut would_deny);
        verdict.map(|()| need)
    }

    /// Phase `inspect` with the body: `None` when it was not collected or there is none.
    ///
    /// # Errors
    /// The answer to send instead, if the request is refused.
    pub fn judge_body(&mut self, parts: &Parts, body: Option<Bytes>) -> Result<(), Box<Response<Bytes>>> {
        let body = body.map(Body::new);
        let verdict = self.run_guards(parts, Phase::Inspect, |guard, view, _, _| guard.inspect(view, body.as_ref()));
        verdict.map_err(|refusal| self.refuse(refusal))
    }

    /// Phase `forward` where there is nothing to watch: picks a target by what the request says and its weight, and turns
    /// the caller's head into the upstream's. See [`Exchange::forward_to`].
    pub fn upstream_request(&mut self, parts: &mut Parts) -> Option<Arc<TargetPlan>> {
        let index = self.pick(parts)?;
        self.forward_to(parts, index)
    }

    /// Phase `forward` to a target: turns the caller's head into the upstream's. The method, path and fields are final;
    /// the shell adds framing only.
    pub fn forward_to(&mut self, parts: &mut Parts, index: usize) -> Option<Arc<TargetPlan>> {
        self.phase = Phase::Forward;
        self.takes_trailers = trailers::are_taken(&parts.headers);
        let plan = self.plan.clone();
        let api = plan.api(self.api?)?;
        let target = api.targets.get(index)?;
        self.target = Some(index);
        let path = self.upstream_path(api, target);
        let operation = self.operation_plan();
        let facts = Facts {
            caller: &self.caller,
            words: self.words(),
            trace: self.trace.as_ref(),
            token: self.token(api)?,
            plain: operation.is_some_and(|operation| operation.reads_answers),
            declared: operation.map_or(&[][..], |operation| &operation.declared_headers),
        };
        forward::request_headers(parts, api, &target.host, &facts);
        if self.takes_trailers && api.upstream.protocol == Protocol::Http2 {
            parts.headers.insert(TE, HeaderValue::from_static("trailers"));
        }
        if self.upgrades {
            parts.headers.insert(UPGRADE, WEBSOCKET);
        }
        if self.asks_cache {
            self.leave_unkeyed(&mut parts.headers);
        }
        parts.uri = path.parse().ok()?;
        Some(target.clone())
    }

    /// Aims a head that was made for one target at another.
    pub fn redirect_to(&mut self, parts: &mut Parts, index: usize) -> Option<Arc<TargetPlan>> {
        let plan = self.plan.clone();
        let api = plan.api(self.api?)?;
        let target = api.targets.get(index)?;
        self.target = Some(index);
        if !api.preserve_host {
            parts.headers.insert(HOST, target.host.clone());
        }
        parts.uri = self.upstream_path(api, target).parse().ok()?;
        Some(target.clone())
    }

    /// The template of the path at the upstream, where it is another than the contract's.
    pub(crate) fn upstream_template(&self) -> Option<String> {
        self.operation_plan()?.upstream_path.as_ref().map(|template| template.to_string())
    }

    /// The path and query at a target.
    pub(crate) fn upstream_path(&self, api: &ApiPlan, target: &TargetPlan) -> String {
        let credential = api.api_key.as_ref().and_then(|places| places.query.as_deref());
        let (base, rest) = self.path.split_at_checked(self.base).unwrap_or(("", "/"));
        let rest = self.rewritten.as_deref().unwrap_or(rest);
        match api.proxy.strip_base_path {
            true => forward::request_target(&target.prefix, rest, &self.query, credential),
            false => forward::request_target(&format!("{}{base}", target.prefix), rest, &self.query, credential),
        }
    }

    /// The token that tells the upstream who calls: `Some(None)` where nobody is known or nothing is to be told, `None`
    /// if it cannot be made.
    fn token(&self, api: &ApiPlan) -> Option<Option<HeaderValue>> {
        let (Some(tokens), Some(principal), Some(signer)) = (&api.proxy.tokens, &self.principal, &self.plan.signer) else {
            return Some(None);
        };
        let operation = self.operation.zip(self.operation_plan());
        tokens.token(signer, &Bearer { principal, operation, decision: &self.id, now: self.now }).map(Some)
    }

    /// What rules for header fields may say of this request.
    fn words(&self) -> Words<'_> {
        let app = self.principal.as_ref().map(|principal| &principal.app);
        Words {
            api: self.api_plan().map(|api| &*api.name),
            operation: self.operation_plan().map(|operation| &*operation.id),
            app: app.map(|app| &*app.name),
            team: app.map(|app| &*app.team),
            decision: &self.id,
            address: Some(self.caller.address),
            host: self.told_host.as_deref().unwrap_or(&self.host),
        }
    }

    /// Writes the answer's fields for the caller.
    fn answer_headers(&self, headers: &mut HeaderMap) {
        let answering = self.api_plan().zip(self.target).and_then(|(api, target)| Some((api, api.targets.get(target)?)));
        let is_path = |path: &str| self.plan.routes.has_path(&self.host, path);
        let answering = answering.map(|(api, target)| Answering {
            proxy: &api.proxy,
            origin: Origin {
                targets: &api.targets,
                target,
                spoken: api.preserve_host.then_some(&*self.host),
                base: self.path.get(..self.base).unwrap_or(""),
                keeps_base: !api.proxy.strip_base_path,
                rewritten: &api.proxy.rewritten,
                is_path: &is_path,
            },
            words: self.words(),
            tls: self.caller.tls,
        });
        forward::response_headers(headers, &self.id, answering.as_ref());
    }

    /// Phase `respond`, the head: hop and revealing fields go, the gateway's come.
    pub fn judge_response(&mut self, request: &Parts, response: &mut http::response::Parts) -> BodyNeed {
        self.phase = Phase::Respond;
        let announced =
            trailers::announced(&response.headers).filter(|_| self.takes_trailers && self.protocol == Version::HTTP_11);
        self.answer_headers(&mut response.headers);
        if let Some(announced) = announced {
            response.headers.insert(TRAILER, announced);
        }
        if self.upgrades && response.status == StatusCode::SWITCHING_PROTOCOLS {
            response.headers.insert(UPGRADE, WEBSOCKET);
            response.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            return BodyNeed::Pass;
        }
        self.replacing = self.api_plan().is_some_and(|api| api.proxy.replaces(response.status.as_u16()));
        let need = {
            let view = self.view(request);
            let answer = ResponseView { status: response.status.as_u16(), headers: &response.headers };
            let watching = self.guards().iter().filter(|guard| guard.response_mode() != Mode::Off);
            watching.map(|guard| guard.response_need(&view, &answer)).max().unwrap_or(BodyNeed::Pass)
        };
        let need = if self.is_converted(response.status, &response.headers) { BodyNeed::Collect } else { need };
        for (name, value) in &self.effects.headers {
            response.headers.insert(name.clone(), value.clone());
        }
        need
    }

    /// Phase `respond`, the body: `None` when it was not collected.
    ///
    /// # Errors
    /// The answer to send instead, if the upstream's is refused.
    pub fn judge_response_body(
        &mut self,
        request: &Parts,
        response: &http::response::Parts,
        body: Option<Bytes>,
    ) -> Result<(), Box<Response<Bytes>>> {
        let body = body.map(Body::new);
        let mut would_deny = Vec::new();
        let verdict = {
            let view = self.view(request);
            let answer = ResponseView { status: response.status.as_u16(), headers: &response.headers };
            if self.replacing && !self.is_described(&view, &answer, body.as_ref()) {
                return Err(self.refuse(forward::replacement(answer.status, answer.headers)));
            }
            self.guards().iter().filter(|guard| guard.response_mode() != Mode::Off).try_for_each(|guard| {
                let verdict = guard.respond(&view, &answer, body.as_ref());
                weigh(guard.name(), guard.response_mode(), Phase::Respond, verdict, &mut would_deny)
            })
        };
        self.would_deny.append(&mut would_deny);
        verdict.map_err(|refusal| self.refuse(refusal))
    }

    /// The same as [`Exchange::fail`], with the seconds after which the caller may try again.
    pub fn fail_for(&mut self, code: Code, reason: impl Into<String>, retry_after_s: u64) -> Box<Response<Bytes>> {
        self.refuse(Refusal::new(code, reason).with_header(RETRY_AFTER, HeaderValue::from(retry_after_s)))
    }

    /// Whether the contract describes an error's body and it was seen to fit.
    fn is_described(&self, view: &RequestView<'_>, answer: &ResponseView<'_>, body: Option<&Body>) -> bool {
        body.is_some()
            && self
                .guards()
                .iter()
                .filter(|guard| guard.response_mode() != Mode::Off)
                .any(|guard| guard.describes(answer) && guard.respond(view, answer, body).is_ok())
    }

    /// The answer to a failure that the shell met: an unreachable upstream, a body that ended early.
    pub fn fail(&mut self, code: Code, reason: impl Into<String>) -> Box<Response<Bytes>> {
        self.refuse(Refusal::new(code, reason))
    }

    /// The failure is made good: another answer takes its place.
    pub fn recover(&mut self) {
        self.refusal = None;
    }

    fn refuse(&mut self, refusal: Box<Refusal>) -> Box<Response<Bytes>> {
        let response = if self.grpc { grpc::answer(&refusal) } else { refusal.response(&self.id) };
        let response = self.dress(Box::new(response));
        self.refusal = Some((self.phase, refusal));
        response
    }

    /// Puts the decision's id and the guards' fields on an answer of the gateway's own.
    fn dress(&self, mut response: Box<Response<Bytes>>) -> Box<Response<Bytes>> {
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            response.headers_mut().insert(forward::DECISION, id);
        }
        for (name, value) in &self.effects.headers {
            response.headers_mut().entry(name.clone()).or_insert_with(|| value.clone());
        }
        response
    }

    /// Who was at fault, when something was.
    pub(crate) fn source(&self) -> Option<Source> {
        self.code().map(|code| code.entry().source)
    }
}

/// Turns a guard's verdict into what its mode makes of it.
fn weigh(
    guard: &'static str,
    mode: Mode,
    phase: Phase,
    verdict: Verdict,
    would_deny: &mut Vec<WouldDeny>,
) -> Result<(), Box<Refusal>> {
    match (verdict, mode) {
        (Err(refusal), Mode::Enforce) => Err(refusal),
        (Err(refusal), Mode::Monitor) => {
            would_deny.push(WouldDeny { guard, phase, refusal });
            Ok(())
        }
        (Ok(()), _) | (Err(_), Mode::Off) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
