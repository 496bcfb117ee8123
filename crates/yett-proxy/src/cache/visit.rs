//! One request at the cache: given what is kept, or made to wait for another's fetch, or sent to fetch.

use super::fetch::{Failed, Outcome, Rules, fetch, refresh};
use super::flight::{Lead, Seat};
use super::status::{tell_fetched, tell_kept};
use super::store::Object;
use crate::answer::Rest;
use crate::clock::within;
use crate::serve::{Refused, Source, respond};
use crate::trip::Trip;
use crate::upstream::Content;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::spawn_local;
use yett_engine::cache::conditional::strip_for_not_modified;
use yett_engine::cache::{Ask, Directives, Usable};
use yett_model::{CacheUse, Code};

type Given = Result<(http::response::Parts, Rest), Refused>;

/// Whether a request has business with the cache; its fields that are not in the key stay behind then.
pub(crate) fn ask(trip: &mut Trip, parts: &mut Parts, content: &Content) -> Option<Ask> {
    trip.exchange.cache()?;
    let ask = trip.exchange.ask_cache(parts, !matches!(content, Content::None));
    if ask.is_none() {
        trip.end.cache = Some(CacheUse::Bypass);
    }
    ask
}

/// A request that changed a resource makes its kept answers invalid (RFC 9111 section 4.4).
pub(crate) fn note_change(trip: &Trip, status: StatusCode) {
    if let Some(place) = trip.exchange.cache_place().filter(|_| status.is_success() || status.is_redirection()) {
        trip.worker.shared.cache.invalidate(&place);
    }
}

/// What the look at the store came to.
enum Found {
    Kept(Arc<Object>, CacheUse),
    Fetch(Option<Lead>, Option<Arc<Object>>),
}

/// Answers a request from the cache, or by a fetch.
///
/// # Errors
/// The answer to send instead.
pub(crate) async fn visit(trip: &mut Trip, parts: &mut Parts, ask: Ask) -> Given {
    let rules = trip.exchange.cache_key(parts).zip(trip.exchange.cache()).map(|(key, plan)| Rules {
        key,
        defaults: plan.defaults,
        max_object: plan.max_object,
        directives: ask.directives.clone(),
        authorized: ask.authorized,
    });
    let Some(rules) = rules else {
        return Err(trip.exchange.fail(Code::GatewayError, "the operation's cache is gone"));
    };
    let (lead, kept) = match look(trip, parts, &rules).await {
        Found::Kept(object, how) => return give(trip, parts, &ask, &object, how).await,
        Found::Fetch(..) if rules.directives.only_if_cached => {
            trip.end.cache = Some(CacheUse::Miss);
            return Err(trip.exchange.fail(Code::NotCached, "nothing that may be given is kept"));
        }
        Found::Fetch(lead, kept) => (lead, kept),
    };
    let why = if kept.is_some() { "stale" } else { "uri-miss" };
    match fetch(trip, parts, &rules, lead, kept.as_ref()).await {
        Outcome::Confirmed(object) => give(trip, parts, &ask, &object, CacheUse::Revalidated).await,
        Outcome::New { mut head, source, stored } => {
            tell_fetched(&mut head.headers, why, stored);
            pass(trip, parts, &ask, head, *source).await
        }
        Outcome::Failed(failed) => {
            let now = trip.now().unix_ms;
            match (kept.filter(|kept| kept.freshness.usable_on_error(&rules.directives, now)), failed) {
                (Some(object), _) => {
                    trip.exchange.recover();
                    give(trip, parts, &ask, &object, CacheUse::Stale).await
                }
                (None, Failed::Refused(refused)) => {
                    trip.end.cache = Some(CacheUse::Miss);
                    Err(refused)
                }
                (None, Failed::Answered(mut head, source)) => {
                    tell_fetched(&mut head.headers, why, false);
                    pass(trip, parts, &ask, head, *source).await
                }
            }
        }
    }
}

/// Looks for a kept answer; waits once for a fetch that is under way.
async fn look(trip: &mut Trip, parts: &Parts, rules: &Rules) -> Found {
    let store = trip.worker.shared.cache.clone();
    let mut may_wait = !rules.directives.no_cache && !rules.directives.only_if_cached;
    loop {
        let kept = store.get(&rules.key);
        let now = trip.now().unix_ms;
        let usable = kept.as_ref().map_or(Usable::No, |kept| kept.freshness.usable(&rules.directives, now));
        match (kept, usable) {
            (Some(object), Usable::Fresh) => return Found::Kept(object, CacheUse::Hit),
            (Some(object), Usable::Stale) => return Found::Kept(object, CacheUse::Stale),
            (Some(object), Usable::WhileRevalidating) => {
                renew_behind(trip, parts, rules, &object);
                return Found::Kept(object, CacheUse::Stale);
            }
            // What HEAD fetches is no whole answer.
            (kept, _) if parts.method == Method::HEAD || rules.directives.only_if_cached => return Found::Fetch(None, kept),
            (kept, Usable::No) | (kept @ None, _) => match store.seat(&rules.key) {
                Seat::Lead(lead) => return Found::Fetch(Some(lead), kept),
                Seat::Wait(landed) if may_wait => {
                    may_wait = false;
                    wait(trip, landed).await;
                }
                Seat::Wait(_) | Seat::Full => return Found::Fetch(None, kept),
            },
        }
    }
}

/// As long as the upstream may take: the one that fetches is no faster.
async fn wait(trip: &Trip, mut landed: watch::Receiver<bool>) {
    let ms = trip.exchange.api().and_then(|api| trip.local.plan().api(api)).map_or(0, |api| api.upstream.response_timeout_ms);
    let _over = within(&trip.worker.clock, Duration::from_millis(ms), landed.wait_for(|landed| *landed)).await;
}

/// Fetches anew beside the answer, unless somebody does.
fn renew_behind(trip: &Trip, parts: &Parts, rules: &Rules, kept: &Arc<Object>) {
    let Seat::Lead(lead) = trip.worker.shared.cache.seat(&rules.key) else { return };
    let mut parts = parts.clone();
    parts.method = Method::GET;
    let rules = Rules { directives: Directives::default(), ..rules.clone() };
    spawn_local(refresh(trip.aside(), parts, rules, lead, kept.clone()));
}

/// Gives a kept answer, as if the upstream had just given it.
async fn give(trip: &mut Trip, parts: &Parts, ask: &Ask, object: &Object, how: CacheUse) -> Given {
    let mut head = Response::new(()).into_parts().0;
    head.status = object.status;
    head.headers = object.headers.clone();
    let now = trip.now().unix_ms;
    tell_kept(&mut head.headers, how, object.freshness.age_ms(now), object.freshness.left_ms(now));
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(object.body.len()));
    trip.end.cache = Some(how);
    conclude(trip, parts, ask, head, Source::whole(object.body.clone())).await
}

async fn pass(trip: &mut Trip, parts: &Parts, ask: &Ask, head: http::response::Parts, source: Source) -> Given {
    trip.end.cache = Some(CacheUse::Miss);
    conclude(trip, parts, ask, head, source).await
}

/// Judges the answer, then leaves its body away if the caller has it.
async fn conclude(trip: &mut Trip, parts: &Parts, ask: &Ask, head: http::response::Parts, source: Source) -> Given {
    let (mut head, rest) = respond(trip, parts, head, source).await?;
    if head.status == StatusCode::OK && ask.conditions.met(&head.headers) {
        head.status = StatusCode::NOT_MODIFIED;
        strip_for_not_modified(&mut head.headers);
        return Ok((head, Rest::Nothing));
    }
    Ok((head, rest))
}
