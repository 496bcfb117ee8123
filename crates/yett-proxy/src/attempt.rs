//! One request on its way upstream: a target is picked, a connection found or made, the request sent, and what came of it
//! decides whether it is sent again.
//!
//! An upstream that is a single address without settings takes the short way: nothing is picked, watched or counted.

mod mirror;
mod tries;

use crate::local::LocalPlan;
use crate::serve::{Refused, fail};
use crate::trip::Trip;
use crate::upstream::{Answered, Call, Content, Failure, Upstream};
use http::Method;
use http::request::Parts;
use std::rc::Rc;
use std::time::Duration;
use yett_model::Code;

/// An answer that has begun.
pub(crate) struct Sent {
    /// The request under way.
    pub(crate) call: Call,
    /// The head of its answer.
    pub(crate) answered: Answered,
}

/// Methods that may be sent twice with the effect of once (RFC 9110 section 9.2.2).
fn is_idempotent(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE)
}

/// Sends a request upstream and waits for the head of the answer.
///
/// # Errors
/// The answer to send instead.
pub(crate) async fn send(trip: &mut Trip, parts: &mut Parts, content: Content) -> Result<Sent, Refused> {
    let local = trip.local.clone();
    let began_us = trip.now().mono_us;
    let sent = match trip.exchange.api().and_then(|api| local.pool(api)) {
        // Every request carries room for the ways it may go: the long one has a box of its own.
        Some(pool) => Box::pin(tries::send(trip, &local, pool, parts, content)).await,
        None => send_plain(trip, &local, parts, content).await,
    };
    trip.end.upstream_us = Some(trip.now().mono_us.saturating_sub(began_us));
    sent
}

async fn send_plain(trip: &mut Trip, local: &LocalPlan, parts: &mut Parts, content: Content) -> Result<Sent, Refused> {
    let Some(target) = trip.exchange.upstream_request(parts) else {
        return Err(trip.exchange.fail(Code::GatewayError, "the API has no target"));
    };
    let Some((upstream, api)) = local.upstream(&target).zip(local.plan().api(target.api)) else {
        return Err(trip.exchange.fail(Code::GatewayError, "the target is not in the plan"));
    };
    let limit = Duration::from_millis(api.upstream.response_timeout_ms);
    match call(trip, parts, upstream, content, limit).await {
        Ok((call, answered)) => Ok(Sent { call, answered }),
        Err(failure) => Err(give_up(trip, failure)),
    }
}

/// The answer to a failure that nothing was made of.
fn give_up(trip: &mut Trip, failure: Failure) -> Refused {
    if failure.is_callers() {
        trip.line.leave_unread();
    }
    fail(trip, failure)
}

/// Sends on an idle connection, or a new one. An idle one may have been closed meanwhile: then what is safe to send twice
/// is sent again on a new one. What the upstream says it has not begun is always safe.
async fn call(
    trip: &Trip,
    parts: &Parts,
    upstream: &Rc<Upstream>,
    content: Content,
    limit: Duration,
) -> Result<(Call, Answered), Failure> {
    let clock = &trip.worker.clock;
    if let Some(connection) = upstream.idle(clock) {
        let again = content.can_repeat().then(|| content.repeat());
        let mut call = Call::new(upstream.clone(), clock.clone(), connection, parts, content);
        match (call.head(limit).await, again) {
            (Ok(answered), _) => return Ok((call, answered)),
            (Err(Failure::Closed), Some(content)) if is_idempotent(&parts.method) => {
                return Box::pin(call_anew(trip, parts, upstream, content, limit)).await;
            }
            (Err(Failure::Unprocessed), Some(content)) => {
                return Box::pin(call_anew(trip, parts, upstream, content, limit)).await;
            }
            (Err(failure), _) => return Err(failure),
        }
    }
    Box::pin(call_anew(trip, parts, upstream, content, limit)).await
}

/// Connecting takes room that a request on a kept connection does not need: callers put this into a box.
async fn call_anew(
    trip: &Trip,
    parts: &Parts,
    upstream: &Rc<Upstream>,
    content: Content,
    limit: Duration,
) -> Result<(Call, Answered), Failure> {
    let clock = &trip.worker.clock;
    let connection = upstream.connect(clock).await?;
    let mut call = Call::new(upstream.clone(), clock.clone(), connection, parts, content);
    let answered = call.head(limit).await?;
    Ok((call, answered))
}
