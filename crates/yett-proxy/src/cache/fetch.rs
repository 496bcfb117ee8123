//! One fetch for the cache: sent with the validators of what is kept, and kept if it may be.

use super::flight::Lead;
use super::store::Object;
use crate::attempt::send;
use crate::serve::{Refused, Source, head, idle_timeout};
use crate::shed::Passing;
use crate::trip::Trip;
use crate::upstream::{Answered, Call, Content};
use bytes::Bytes;
use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::request::Parts;
use http::{Method, StatusCode};
use std::sync::Arc;
use yett_engine::cache::conditional::{confirm, renew};
use yett_engine::cache::{Defaults, Directives, Fetched, Freshness, Key, storable};

/// What is the same for every fetch of a request.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) key: Key,
    pub(super) defaults: Defaults,
    pub(super) max_object: u64,
    pub(super) directives: Directives,
    pub(super) authorized: bool,
}

/// What came of a fetch.
pub(super) enum Outcome {
    /// The kept answer is still the one.
    Confirmed(Arc<Object>),
    /// Another answer.
    New { head: http::response::Parts, source: Box<Source>, stored: bool },
    /// The upstream failed.
    Failed(Failed),
}

/// A failure: of the way, or told by the upstream.
pub(super) enum Failed {
    Refused(Refused),
    Answered(http::response::Parts, Box<Source>),
}

/// Fetches, with the right to keep the answer if `lead` is there.
pub(super) async fn fetch(
    trip: &mut Trip,
    parts: &mut Parts,
    rules: &Rules,
    lead: Option<Lead>,
    kept: Option<&Arc<Object>>,
) -> Outcome {
    let kept = kept.filter(|_| parts.method == Method::GET);
    kept.iter().for_each(|kept| confirm(&mut parts.headers, &kept.headers));
    let (sent_ms, answered) = match attempt(trip, parts).await {
        Ok(answered) => answered,
        Err(refused) => return Outcome::Failed(Failed::Refused(refused)),
    };
    let (sent_ms, (call, answered)) = match kept {
        Some(kept) if answered.1.status == StatusCode::NOT_MODIFIED => {
            let (call, answered) = answered;
            drop(call);
            let fetched = Fetched { sent_ms, came_ms: trip.now().unix_ms };
            if let Some(object) = confirmed(trip, rules, kept, &answered, fetched, lead) {
                return Outcome::Confirmed(object);
            }
            [IF_NONE_MATCH, IF_MODIFIED_SINCE].iter().for_each(|name| {
                parts.headers.remove(name);
            });
            match attempt(trip, parts).await {
                // What this one says is passed on, the next may keep it.
                Ok((_, (call, answered))) => {
                    return Outcome::New { head: head(answered), source: Box::new(Source::from(call)), stored: false };
                }
                Err(refused) => return Outcome::Failed(Failed::Refused(refused)),
            }
        }
        _ => (sent_ms, answered),
    };
    let fetched = Fetched { sent_ms, came_ms: trip.now().unix_ms };
    keep(trip, parts, rules, lead, call, answered, fetched).await
}

async fn attempt(trip: &mut Trip, parts: &Parts) -> Result<(u64, (Call, Answered)), Refused> {
    let sent_ms = trip.now().unix_ms;
    // What is sent is made of a copy: the request itself is as the caller and the cache want it.
    let passing = Passing::begin(trip);
    let sent = send(trip, &mut parts.clone(), Content::None).await;
    passing.into_iter().for_each(|passing| passing.end(trip.exchange.code()));
    let sent = sent?;
    Ok((sent_ms, (sent.call, sent.answered)))
}

/// The kept answer with what a 304 said of it; `None` if that spoke of another.
fn confirmed(
    trip: &Trip,
    rules: &Rules,
    kept: &Arc<Object>,
    told: &Answered,
    fetched: Fetched,
    lead: Option<Lead>,
) -> Option<Arc<Object>> {
    let mut headers = kept.headers.clone();
    if !renew(&mut headers, &told.headers) {
        trip.worker.shared.cache.remove(&rules.key);
        return None;
    }
    let object = |freshness| Object { status: kept.status, headers: headers.clone(), body: kept.body.clone(), freshness };
    match storable(&rules.directives, rules.authorized, kept.status, &headers, rules.defaults, fetched) {
        Some(freshness) => {
            lead.into_iter().for_each(|lead| lead.keep(object(freshness)));
            Some(Arc::new(object(freshness)))
        }
        // It must not be kept any longer, but it is the answer.
        None => {
            trip.worker.shared.cache.remove(&rules.key);
            Some(Arc::new(object(kept.freshness)))
        }
    }
}

/// Keeps an answer that may be kept; gives it either way.
async fn keep(
    trip: &mut Trip,
    parts: &Parts,
    rules: &Rules,
    lead: Option<Lead>,
    call: Call,
    answered: Answered,
    fetched: Fetched,
) -> Outcome {
    let (head, mut source) = (head(answered), Box::new(Source::from(call)));
    if matches!(head.status.as_u16(), 500 | 502 | 503 | 504) {
        return Outcome::Failed(Failed::Answered(head, source));
    }
    let freshness = storable(&rules.directives, rules.authorized, head.status, &head.headers, rules.defaults, fetched);
    let Some((freshness, lead)) = freshness.filter(|_| parts.method == Method::GET).zip(lead) else {
        if parts.method == Method::GET && !rules.directives.no_store {
            // What was kept is no longer the answer.
            trip.worker.shared.cache.remove(&rules.key);
        }
        return Outcome::New { head, source, stored: false };
    };
    if source.remaining().is_some_and(|length| length > rules.max_object) {
        return Outcome::New { head, source, stored: false };
    }
    if let Err(refused) = source.collect(trip, rules.max_object, idle_timeout(trip)).await {
        return Outcome::Failed(Failed::Refused(refused));
    }
    let whole = source.is_over() && source.ahead().len() as u64 <= rules.max_object;
    if whole {
        lead.keep(object(&head, source.ahead(), freshness));
    }
    Outcome::New { head, source, stored: whole }
}

/// The answer as it is kept. Its body is copied: a part of a larger buffer would keep all of that.
fn object(head: &http::response::Parts, body: &Bytes, freshness: Freshness) -> Object {
    Object { status: head.status, headers: head.headers.clone(), body: Bytes::copy_from_slice(body), freshness }
}

/// Fetches anew what was just given stale.
pub(super) async fn refresh(mut trip: Box<Trip>, mut parts: Parts, rules: Rules, lead: Lead, kept: Arc<Object>) {
    let _outcome = fetch(&mut trip, &mut parts, &rules, Some(lead), Some(&kept)).await;
}
