//! The life of a request: the engine's phases, with the reading and sending between them.

use crate::answer::{Answer, Rest};
use crate::ask;
use crate::attempt::{Sent, send};
use crate::body::{Upload, collect, drain};
use crate::cache;
use crate::clock::Alarm;
use crate::compress;
use crate::line::Line;
use crate::patience::Patience;
use crate::shed::{self, Passing};
use crate::tls::{Misdirected, Proof};
use crate::trip::{OVERDUE, Trip};
use crate::upgrade::{Extended, Opened, Tunnel};
use crate::upstream::{Answered, Call, Content, Failure, Socket};
use crate::worker::Worker;
use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, SET_COOKIE, STRICT_TRANSPORT_SECURITY, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version};
use http_body::Body;
use hyper::body::Incoming;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use yett_engine::exchange::Step;
use yett_engine::{BodyNeed, Exchange, upgrade};
use yett_model::Code;

/// Bodies of known length up to this size are read whole before anything goes upstream, even if nothing looks at them:
/// a caller that leaves half-way then costs the upstream nothing, and the request can be sent again.
const BUFFERED: u64 = 64 * 1024;
/// Parts of an answer that are here with its head, up to this size, go out in one write with it.
const AT_HAND: usize = 64 * 1024;

/// The answer to send instead of the upstream's.
pub(crate) type Refused = Box<Response<Bytes>>;

/// What follows the head of an answer.
enum Outcome {
    /// A body.
    Body(Rest),
    /// Another protocol: the upstream's connection, and what came on it already.
    Switched(Socket, BytesMut),
}

/// Answers a request.
pub(crate) async fn serve(worker: Rc<Worker>, line: Rc<Line>, opened: Opened, request: Request<Incoming>) -> Response<Answer> {
    let (mut parts, body) = request.into_parts();
    let upgrades = upgrade::is_asked(&parts.headers);
    let extended = Extended::take(&mut parts, worker.random());
    let mut trip = Trip::begin(&worker, &line, &parts);
    let mut body = Some(body);
    let answered = match admit(&mut trip, &mut parts) {
        Ok(step) => in_time(&mut trip, &mut parts, step, &mut body).await,
        Err(refused) => Err(refused),
    };
    let (head, rest) = match answered {
        Ok((head, Outcome::Switched(socket, ahead))) => return switch(trip, head, socket, ahead, &opened, extended),
        // Success alone would tell such a caller that there is a tunnel.
        Ok((head, Outcome::Body(_))) if extended.is_some() && head.status.is_success() => unswitched(&mut trip),
        Ok((head, Outcome::Body(rest))) => (head, rest),
        Err(refused) => {
            let (head, whole) = refused.into_parts();
            (head, Rest::whole(whole))
        }
    };
    let mut response = Response::from_parts(head, ());
    if upgrades {
        // What the caller sent ahead is for a tunnel that is not there: nobody may take it for another request.
        line.leave_unread();
    }
    if let Some(body) = body {
        leave(&trip, &parts, body).await;
    }
    if line.is_unread() && parts.version != Version::HTTP_2 {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(value) = line.proof().and_then(Proof::hsts) {
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, value);
    }
    trip.end.status = response.status().as_u16();
    trip.expect_end();
    response.map(|()| Answer::new(trip, rest))
}

/// The upstream has switched protocols: so does the gateway, and the request goes on as a tunnel.
fn switch(
    mut trip: Box<Trip>,
    mut head: http::response::Parts,
    socket: Socket,
    ahead: BytesMut,
    opened: &Opened,
    extended: Option<Extended>,
) -> Response<Answer> {
    trip.end.status = head.status.as_u16();
    let idle = idle_timeout(&trip);
    let tunnel = Tunnel::new(trip, socket, ahead, idle);
    match extended {
        Some(extended) => extended.open(tunnel, &mut head),
        None => drop(opened.replace(Some(tunnel))),
    }
    Response::from_parts(head, Answer::nothing())
}

/// The answer to a handshake over HTTP/2 that the upstream took for any other request.
fn unswitched(trip: &mut Trip) -> (http::response::Parts, Rest) {
    let reason = "the upstream answered the handshake of a WebSocket without switching to it";
    let (head, whole) = trip.exchange.fail(Code::UpstreamBroken, reason).into_parts();
    (head, Rest::whole(whole))
}

/// Leaves a body that was not wanted: a small one is read so that the connection can be used again, otherwise it ends.
async fn leave(trip: &Trip, parts: &Parts, mut body: Incoming) {
    let waits = parts.headers.contains_key(EXPECT);
    let most = if waits { 0 } else { BUFFERED };
    if parts.version != Version::HTTP_2 && !drain(&mut body, most, &trip.worker.clock).await {
        trip.line.leave_unread();
    }
}

/// What is decided by the head alone, before anything is waited for.
fn admit(trip: &mut Trip, parts: &mut Parts) -> Result<Step, Refused> {
    check_size(trip, parts)?;
    if parts.version == Version::HTTP_2 {
        join_cookies(&mut parts.headers);
    }
    check_host(trip, parts)?;
    check_coding(trip, &parts.headers)?;
    let step = judge_head(trip, parts)?;
    if trip.exchange.is_long_lived() {
        trip.due_us = None;
    }
    Ok(step)
}

/// Forwards, unless that takes longer than a request may take in all.
async fn in_time(
    trip: &mut Trip,
    parts: &mut Parts,
    step: Step,
    body: &mut Option<Incoming>,
) -> Result<(http::response::Parts, Outcome), Refused> {
    let mut alarm = trip.due_us.map(|due_us| Alarm::at(&trip.worker.clock, due_us));
    let answered = {
        let mut forwarding = pin!(forward(trip, parts, step, body));
        let finish = |context: &mut Context<'_>| match forwarding.as_mut().poll(context) {
            Poll::Ready(answered) => Poll::Ready(Some(answered)),
            Poll::Pending => alarm.as_mut().map_or(Poll::Pending, |alarm| alarm.poll(context).map(|()| None)),
        };
        poll_fn(finish).await
    };
    answered.unwrap_or_else(|| {
        trip.line.leave_unread();
        Err(trip.exchange.fail(Code::RequestOverdue, OVERDUE))
    })
}

async fn forward(
    trip: &mut Trip,
    parts: &mut Parts,
    step: Step,
    body: &mut Option<Incoming>,
) -> Result<(http::response::Parts, Outcome), Refused> {
    let need = match step {
        Step::Go(need) => need,
        // Kept apart: what is rare must not make every request's future larger.
        asking => Box::pin(ask::settle(trip, parts, asking)).await?,
    };
    let content = take_body(trip, need, body).await?;
    match &content {
        Content::Whole(bytes) => trip.exchange.prove_body(parts, Some(bytes))?,
        _ => trip.exchange.prove_body(parts, None)?,
    }
    let content = speak_json(trip, parts, content)?;
    let whole = match &content {
        Content::Whole(bytes) if need == BodyNeed::Collect => Some(bytes.clone()),
        _ => None,
    };
    let changed = trip.exchange.judge_body(parts, whole.clone())?;
    let (content, whole) = match changed {
        Some(changed) => (Content::Whole(changed.clone()), Some(changed)),
        None => (content, whole),
    };
    if trip.exchange.tells_body() {
        Box::pin(ask::settle_body(trip, parts, whole.as_ref())).await?;
    }
    trip.exchange.answer_here(parts)?;
    trip.coding = trip.exchange.wants_coding(parts);
    if let Some(ask) = cache::ask(trip, parts, &content) {
        let (head, rest) = Box::pin(cache::visit(trip, parts, ask)).await?;
        return Ok((head, Outcome::Body(rest)));
    }
    // A body that is still arriving takes as long as its caller likes.
    let passing = (!matches!(content, Content::Stream(..))).then(|| Passing::begin(trip)).flatten();
    let sent = send(trip, parts, content).await;
    passing.into_iter().for_each(|passing| passing.end(trip.exchange.code()));
    let Sent { call, answered } = sent?;
    if answered.status == StatusCode::SWITCHING_PROTOCOLS {
        return agree(trip, parts, call, answered);
    }
    cache::note_change(trip, answered.status);
    let (head, rest) = respond(trip, parts, head(answered), Source::from(call)).await?;
    Ok((head, Outcome::Body(rest)))
}

/// Of HTTP/1 the library counts the bytes. Of HTTP/2 it refuses what is twice as large, and tells nobody: what is larger
/// than the limit is refused here, so that there is an event.
fn check_size(trip: &mut Trip, parts: &Parts) -> Result<(), Refused> {
    let limits = &trip.worker.shared.limits;
    let is_large = parts.version == Version::HTTP_2 && list_size(parts) > limits.max_head_bytes;
    let reason = match () {
        () if parts.headers.len() > limits.max_headers => format!("the head has more than {} fields", limits.max_headers),
        () if is_large => format!("the head is larger than {} bytes", limits.max_head_bytes),
        () => return Ok(()),
    };
    Err(trip.exchange.fail_openly(Code::HeadersTooLarge, reason))
}

/// As RFC 9113 section 6.5.2 counts, but for the pseudo-header fields of few bytes.
fn list_size(parts: &Parts) -> usize {
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum::<usize>() + target
}

/// HTTP/2 may split `Cookie` into several fields; HTTP/1.1 has one (RFC 9113 section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    if headers.get_all(COOKIE).iter().nth(1).is_none() {
        return;
    }
    let crumbs: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if let Ok(joined) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..])) {
        headers.insert(COOKIE, joined);
    }
}

/// A host may ask other proof of its callers than the name this connection was opened for: it must not be reached on it
/// (RFC 9110 section 7.4).
fn check_host(trip: &mut Trip, parts: &Parts) -> Result<(), Refused> {
    let Some(security) = &trip.worker.shared.security else { return Ok(()) };
    let admitted = security.admits(trip.line.proof(), spoken_host(parts));
    let reason = match admitted {
        Ok(()) => return Ok(()),
        Err(Misdirected::OtherProof) => "the host asks other proof of its callers than the name of the handshake",
        Err(Misdirected::NoLongerAccepted) => "the certificate of the caller is not accepted any more",
    };
    trip.line.leave_unread();
    Err(trip.exchange.fail(Code::Misdirected, reason))
}

/// The host without its port, as the engine will take it; what the engine refuses may be anything.
fn spoken_host(parts: &Parts) -> &str {
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    let field = || parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let spoken = authority.or_else(field).unwrap_or("");
    let name = spoken.rsplit_once(':').filter(|_| !spoken.ends_with(']')).map_or(spoken, |(name, _)| name);
    name.rsplit_once('@').map_or(name, |(_, name)| name)
}

/// A request has one framing and one reading, or it is refused and its connection ends: what follows cannot be told from
/// its body (RFC 9112 sections 6.1 and 6.3). What hyper has mended only the [`Line`] still knows.
fn check_coding(trip: &mut Trip, headers: &HeaderMap) -> Result<(), Refused> {
    if let Some(fault) = trip.line.fault() {
        trip.line.leave_unread();
        return Err(trip.exchange.fail(Code::RequestMalformed, fault));
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let reason = match (codings.next(), codings.next()) {
        (None, _) => return Ok(()),
        (Some(coding), None) if !coding.as_bytes().eq_ignore_ascii_case(b"chunked") => "a Transfer-Encoding other than chunked",
        (Some(_), Some(_)) => "more than one Transfer-Encoding",
        (Some(_), None) if trip.line.has_two_framings() => "both Transfer-Encoding and Content-Length",
        (Some(_), None) => return Ok(()),
    };
    trip.line.leave_unread();
    Err(trip.exchange.fail(Code::RequestMalformed, format!("the request has {reason}")))
}

fn judge_head(trip: &mut Trip, parts: &Parts) -> Result<Step, Refused> {
    let Trip { exchange, local, worker, .. } = &mut *trip;
    let judged = exchange.judge_head_unless(parts, |api, operation| shed::judge(worker, local, api, operation));
    let unconfigured = Arc::ptr_eq(trip.local.plan(), &trip.worker.shared.nothing);
    match unconfigured && trip.exchange.code() == Some(Code::ApiUnknown) {
        true => Err(trip.exchange.fail(Code::NotConfigured, "no snapshot has been applied")),
        false => judged,
    }
}

/// Names a failure of the upstream or of the caller's body.
pub(crate) fn fail(trip: &mut Trip, failure: Failure) -> Refused {
    let (code, reason) = failure.explain();
    trip.exchange.fail(code, reason)
}

async fn take_body(trip: &mut Trip, need: BodyNeed, body: &mut Option<Incoming>) -> Result<Content, Refused> {
    let Some(incoming) = body.as_mut().filter(|body| !body.is_end_stream()) else { return Ok(Content::None) };
    let most = trip.exchange.max_body_bytes();
    let length = incoming.size_hint().exact();
    if length.is_some_and(|length| length > most) {
        return Err(fail(trip, Failure::BodyTooLarge));
    }
    let limits = trip.worker.shared.limits;
    let limit = limits.body_timeout;
    if need == BodyNeed::Collect || length.is_some_and(|length| length <= BUFFERED) {
        let collected = collect(incoming, most, &trip.worker.clock, limit).await;
        let bytes = collected.map_err(|failure| fail(trip, failure))?;
        trip.end.bytes_in = bytes.len() as u64;
        *body = None;
        return Ok(if bytes.is_empty() { Content::None } else { Content::Whole(bytes) });
    }
    let Some(incoming) = body.take() else { return Ok(Content::None) };
    let Some(api) = trip.exchange.api() else { return Err(trip.exchange.fail(Code::GatewayError, "a body is for no API")) };
    let of = (trip.exchange.plan().clone(), api, trip.exchange.operation());
    let patience = Patience::new(limit, limits.min_upload_rate);
    let upload = Upload::new(incoming, most, &trip.worker.clock, patience, of);
    let upload = match trip.exchange.own_idle_timeout_ms() {
        Some(idle_ms) => upload.unhurried(Duration::from_millis(idle_ms)),
        None => upload,
    };
    trip.uploaded = Some(upload.counted());
    Ok(Content::Stream(Box::new(upload), length))
}

/// A caller that speaks another notation than JSON is taken for one that speaks JSON from here on.
fn speak_json(trip: &mut Trip, parts: &mut Parts, content: Content) -> Result<Content, Refused> {
    if !trip.exchange.is_foreign() {
        return Ok(content);
    }
    match content {
        Content::Whole(bytes) => {
            let spoken = trip.exchange.speak_json(parts, Some(bytes))?;
            Ok(spoken.map_or(Content::None, Content::Whole))
        }
        content => trip.exchange.speak_json(parts, None).map(|_| content),
    }
}

/// Holds the upstream's agreement against what the caller asked for.
fn agree(trip: &mut Trip, parts: &Parts, call: Call, answered: Answered) -> Result<(http::response::Parts, Outcome), Refused> {
    let mut head = head(answered);
    let agreed = upgrade::check_answer(parts, &head.headers);
    agreed.map_err(|reason| trip.exchange.fail(Code::UpstreamBroken, reason))?;
    let wire = call.into_wire();
    let (socket, ahead) = wire.ok_or_else(|| trip.exchange.fail(Code::UpstreamBroken, "the upstream's connection is gone"))?;
    trip.exchange.judge_response(parts, &mut head);
    head.headers.extend(trip.cookie.take().map(|cookie| (SET_COOKIE, cookie)));
    unframe(trip, &mut head);
    Ok((head, Outcome::Switched(socket, ahead)))
}

/// The body of an answer: what is here of it, and the call that brings the rest.
pub(crate) struct Source {
    ahead: Bytes,
    call: Option<Call>,
}

impl From<Call> for Source {
    fn from(call: Call) -> Self {
        Self { ahead: Bytes::new(), call: Some(call) }
    }
}

impl Source {
    /// A body that is here.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self { ahead: bytes, call: None }
    }

    /// Whether all of it is here.
    pub(crate) fn is_finished(&self) -> bool {
        self.call.as_ref().is_none_or(Call::is_finished)
    }

    /// Whether nothing more can come, trailers neither.
    pub(crate) fn is_over(&self) -> bool {
        self.call.as_ref().is_none_or(Call::is_over)
    }

    /// What is here.
    pub(crate) fn ahead(&self) -> &Bytes {
        &self.ahead
    }

    /// Bytes of the whole body that nobody took yet, if known.
    pub(crate) fn remaining(&self) -> Option<u64> {
        let to_come = self.call.as_ref().map_or(Some(0), Call::remaining)?;
        Some(to_come + self.ahead.len() as u64)
    }

    /// Waits until all of it is here, or more than `most` bytes.
    pub(crate) async fn collect(&mut self, trip: &mut Trip, most: u64, idle: Duration) -> Result<(), Refused> {
        let Some(call) = &mut self.call else { return Ok(()) };
        let Some(more) = most.checked_sub(self.ahead.len() as u64) else { return Ok(()) };
        let gathered = call.collect(more, idle).await;
        self.add(gathered.map_err(|failure| broken_off(trip, failure))?.join());
        Ok(())
    }

    /// Takes what is at hand.
    async fn at_hand(&mut self, trip: &mut Trip) -> Result<(), Refused> {
        let Some(call) = self.call.as_mut().filter(|_| self.ahead.len() < AT_HAND) else { return Ok(()) };
        let gathered = call.at_hand(AT_HAND - self.ahead.len()).await;
        self.add(gathered.map_err(|failure| broken_off(trip, failure))?.join());
        Ok(())
    }

    fn add(&mut self, more: Bytes) {
        self.ahead = match self.ahead.is_empty() {
            true => more,
            false if more.is_empty() => return,
            false => [&self.ahead[..], &more].concat().into(),
        };
    }
}

/// The upstream broke off within its answer.
fn broken_off(trip: &mut Trip, failure: Failure) -> Refused {
    trip.upstream_failed();
    fail(trip, failure)
}

/// Judges an answer and makes it the caller's.
///
/// # Errors
/// The answer to send instead.
pub(crate) async fn respond(
    trip: &mut Trip,
    parts: &Parts,
    mut head: http::response::Parts,
    mut source: Source,
) -> Result<(http::response::Parts, Rest), Refused> {
    let idle = idle_timeout(trip);
    // Whether the body fits is seen here, and counted when it does not; asked with the length, the engine would not say.
    let length = head.headers.remove(CONTENT_LENGTH);
    let need = trip.exchange.judge_response(parts, &mut head);
    if let Some(cookie) = trip.cookie.take() {
        head.headers.append(SET_COOKIE, cookie);
    }
    // The length that an answer to HEAD tells of is that of a body that guards have not changed.
    if let Some(length) = length.filter(|_| !(trip.head_only && trip.exchange.changes_answers())) {
        head.headers.insert(CONTENT_LENGTH, length);
    }
    let most = trip.exchange.max_response_bytes();
    let fits = source.remaining().is_none_or(|remaining| remaining <= most);
    match need {
        BodyNeed::Collect if fits => source.collect(trip, most, idle).await?,
        _ => source.at_hand(trip).await?,
    }
    let whole = (need == BodyNeed::Collect && source.is_finished()).then(|| source.ahead.clone());
    if need == BodyNeed::Collect && whole.is_none() {
        trip.worker.shard.unchecked.add(1);
    }
    let whole = whole.filter(|_| !trip.head_only);
    if let Some(changed) = trip.exchange.judge_response_body(parts, &mut head, whole)? {
        source.ahead = changed;
    }
    let body = (!trip.head_only).then_some(&source.ahead);
    if (trip.head_only || source.is_over())
        && let Some(converted) = trip.exchange.answer_in_notation(&mut head, body)
    {
        source.ahead = converted;
    }
    unframe(trip, &mut head);
    let rest = match (source.is_over(), source.call) {
        (false, Some(call)) => Rest::stream(source.ahead, call, Alarm::new(&trip.worker.clock, idle), idle),
        _ if trip.head_only => Rest::Nothing,
        _ => Rest::whole(source.ahead),
    };
    let rest = compress::answer(trip, &mut head, rest)?;
    Ok((head, rest))
}

/// How long the upstream may be silent within an answer.
pub(crate) fn idle_timeout(trip: &Trip) -> Duration {
    Duration::from_millis(trip.exchange.idle_timeout_ms())
}

/// The upstream's head as the engine judges it.
pub(crate) fn head(answered: Answered) -> http::response::Parts {
    let mut head = Response::new(()).into_parts().0;
    head.status = answered.status;
    head.headers = answered.headers;
    head
}

/// Leaves the framing to hyper; only the answer to HEAD keeps the length it tells of.
fn unframe(trip: &Trip, head: &mut http::response::Parts) {
    head.headers.remove(TRANSFER_ENCODING);
    if !trip.head_only || head.status == StatusCode::NO_CONTENT || head.status == StatusCode::NOT_MODIFIED {
        head.headers.remove(CONTENT_LENGTH);
    }
}

/// Refuses a head that the library has found too large, which does not say in which way.
pub(crate) fn refuse_large(worker: &Rc<Worker>, line: &Rc<Line>) -> Vec<u8> {
    let limits = &worker.shared.limits;
    let reason =
        format!("the head is larger than {} bytes or has more than {} fields", limits.max_head_bytes, limits.max_headers);
    refuse_raw(worker, line, |exchange| exchange.fail_openly(Code::HeadersTooLarge, reason))
}

/// Refuses and records what did not become a request; gives the answer as the bytes of HTTP/1.1.
pub(crate) fn refuse_raw(worker: &Rc<Worker>, line: &Rc<Line>, refuse: impl FnOnce(&mut Exchange) -> Refused) -> Vec<u8> {
    let mut trip = Trip::open(worker, line);
    let refused = refuse(&mut trip.exchange);
    trip.end.status = refused.status().as_u16();
    trip.end.bytes_out = refused.body().len() as u64;
    trip.complete();
    let mut answer =
        format!("HTTP/1.1 {}\r\nconnection: close\r\ncontent-length: {}\r\n", refused.status(), refused.body().len());
    for (name, value) in refused.headers() {
        answer.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or("")));
    }
    if let Some(value) = line.proof().and_then(Proof::hsts) {
        answer.push_str(&format!("strict-transport-security: {}\r\n", value.to_str().unwrap_or("")));
    }
    answer.push_str("\r\n");
    [answer.as_bytes(), refused.body()].concat()
}
