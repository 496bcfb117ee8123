//! Keeping the keys of an issuer (`Question::KeySet`): fetched before they are needed, again when they age, and when a
//! token names one that is not among them, but never more often than agreed.
//!
//! What cannot be fetched or read changes nothing: the last good keys are used until they are too old.

use super::Asker;
use super::contact::Contact;
use super::figures::Kind;
use crate::clock::Clock;
use crate::fetch::{Inquiry, Site, Told};
use crate::random::Random;
use bytes::Bytes;
use http::HeaderMap;
use http::header::CACHE_CONTROL;
use serde::Deserialize;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::{AbortHandle, spawn_local};
use yett_engine::identity::jwt::issuers::{IssuerPlan, KeySource};
use yett_engine::identity::jwt::key_sets::KeySets;
use yett_engine::identity::question::Answer;

/// Longest key set, and longest metadata.
const MOST_BYTES: u64 = 256 * 1024;
/// How long a set is used that says nothing of its lifetime.
const DEFAULT_MS: u64 = 600_000;
/// How long metadata are used.
const METADATA_US: u64 = 3_600_000_000;
/// Names of keys that are known not to be there; more are not noted.
const MOST_UNKNOWN: usize = 1_000;
/// How long that is believed, in times of the least time between two fetches: a new key may be used before it is shown.
const BELIEVED: u64 = 2;

/// An issuer's keys as the thread that asks keeps them.
pub(super) struct Keeper {
    name: Arc<str>,
    /// As tokens and metadata spell it.
    issuer: String,
    source: KeySource,
    /// Under which the keys are put.
    slot: Arc<str>,
    key_sets: Arc<KeySets>,
    /// The set that was put last.
    last: RefCell<Bytes>,
    clock: Rc<Clock>,
    /// The key set, or the metadata that name it.
    first: Contact,
    /// The key set that metadata named, and until when they do.
    named: RefCell<Option<(Named, u64)>>,
    asker: Arc<Asker>,
    turn: Mutex<()>,
    tried_us: Cell<Option<u64>>,
    good_us: Cell<Option<u64>>,
    failed: RefCell<Option<String>>,
    /// Names of keys that were not there when they were last looked for, and until when that is believed.
    unknown: RefCell<HashMap<Arc<str>, u64>>,
    task: RefCell<Option<AbortHandle>>,
}

struct Named {
    uri: String,
    contact: Rc<Contact>,
}

/// What is read of metadata (RFC 8414 section 2); the rest is none of the gateway's affair.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(task) = self.task.borrow_mut().take() {
            task.abort();
        }
    }
}

impl Keeper {
    /// A keeper that fetches at once; `None` for a URL that was refused with the snapshot.
    pub(super) fn start(
        issuer: &IssuerPlan,
        source: &KeySource,
        key_sets: &Arc<KeySets>,
        asker: &Arc<Asker>,
        clock: &Rc<Clock>,
    ) -> Option<Rc<Self>> {
        let kind = if source.discovery { Kind::Metadata } else { Kind::KeySet };
        let first = Contact::new(Site::new(&source.remote).ok()?, asker.figures.of(kind, &issuer.name));
        let keeper = Rc::new(Self {
            name: issuer.name.clone(),
            issuer: issuer.issuer.to_string(),
            source: source.clone(),
            slot: issuer.source.clone(),
            key_sets: key_sets.clone(),
            last: RefCell::default(),
            clock: clock.clone(),
            first,
            named: RefCell::default(),
            asker: asker.clone(),
            turn: Mutex::default(),
            tried_us: Cell::new(None),
            good_us: Cell::new(None),
            failed: RefCell::default(),
            unknown: RefCell::default(),
            task: RefCell::default(),
        });
        let weak = Rc::downgrade(&keeper);
        let task = spawn_local(async move {
            let mut random = Random::new();
            while let Some(keeper) = weak.upgrade() {
                let wait = keeper.renew().await;
                drop(keeper);
                // Gateways that were started together must not ask together for ever.
                let early = random.next() as u64 % (wait.as_millis() as u64 / 10).max(1);
                tokio::time::sleep(wait.saturating_sub(Duration::from_millis(early))).await;
            }
        });
        *keeper.task.borrow_mut() = Some(task.abort_handle());
        Some(keeper)
    }

    /// Whether it was made for the same.
    pub(super) fn is_for(&self, slot: &str) -> bool {
        *self.slot == *slot
    }

    /// Fetches as it is time to; how long until the next time.
    async fn renew(&self) -> Duration {
        let _turn = self.turn.lock().await;
        self.fetch().await
    }

    /// A token names a key that is not there, or there are no keys yet.
    pub(super) async fn find(&self, kid: Option<&Arc<str>>) -> Answer {
        let asked_us = self.clock.now().mono_us;
        let _turn = self.turn.lock().await;
        let now_us = self.clock.now().mono_us;
        let tried_us = self.tried_us.get();
        let too_soon = tried_us.is_some_and(|tried| now_us < tried + self.source.min_refresh_ms * 1000);
        let is_unknown = kid.is_some_and(|kid| self.unknown.borrow().get(kid).is_some_and(|until_us| *until_us > now_us));
        let mut fetched = tried_us.is_some_and(|tried| tried >= asked_us);
        if !fetched && !too_soon && !is_unknown {
            self.fetch().await;
            fetched = true;
        }
        if let Some(reason) = self.failed.borrow().as_ref() {
            return Answer::Unavailable(reason.clone());
        }
        if let Some(kid) = kid.filter(|kid| fetched && !self.key_sets.may_know(&self.slot, Some(kid))) {
            self.note_unknown(kid, now_us);
        }
        Answer::KeySet
    }

    fn note_unknown(&self, kid: &Arc<str>, now_us: u64) {
        let mut unknown = self.unknown.borrow_mut();
        if unknown.len() >= MOST_UNKNOWN {
            unknown.retain(|_, until_us| *until_us > now_us);
        }
        if unknown.len() < MOST_UNKNOWN {
            unknown.insert(kid.clone(), now_us + BELIEVED * self.source.min_refresh_ms * 1000);
        }
    }

    /// Fetches, and notes what came of it. Only who has the turn does.
    async fn fetch(&self) -> Duration {
        self.tried_us.set(Some(self.clock.now().mono_us));
        let fetched = self.fetch_keys().await;
        let now_us = self.clock.now().mono_us;
        match fetched {
            Ok((changed, lifetime_ms)) => {
                if changed {
                    self.unknown.borrow_mut().clear();
                }
                self.good_us.set(Some(now_us));
                self.failed.replace(None);
                Duration::from_millis(lifetime_ms)
            }
            Err(reason) => {
                let age_us = now_us.saturating_sub(self.good_us.get().unwrap_or(now_us));
                if age_us > self.source.max_stale_ms * 1000 {
                    self.key_sets.remove(&self.slot);
                    self.good_us.set(None);
                }
                self.failed.replace(Some(reason));
                self.named.replace(None);
                Duration::from_millis(self.source.min_refresh_ms)
            }
        }
    }

    async fn fetch_keys(&self) -> Result<(bool, u64), String> {
        let take = |told: &Told| {
            self.key_sets.put(&self.slot, &told.body)?;
            let changed = self.last.replace(told.body.clone()) != told.body;
            Ok((changed, self.lifetime_ms(&told.headers)))
        };
        if !self.source.discovery {
            return self.first.ask(&self.clock, &Inquiry::get(MOST_BYTES), take).await;
        }
        let contact = self.discover().await?;
        contact.ask(&self.clock, &Inquiry::get(MOST_BYTES), take).await
    }

    /// The key set that the metadata name: theirs must be the very issuer that is trusted (RFC 8414 section 3.3).
    async fn discover(&self) -> Result<Rc<Contact>, String> {
        let now_us = self.clock.now().mono_us;
        if let Some((named, until_us)) = &*self.named.borrow()
            && *until_us > now_us
        {
            return Ok(named.contact.clone());
        }
        let read = |told: &Told| {
            let metadata: Metadata = serde_json::from_slice(&told.body).map_err(|_| "the metadata cannot be read".to_owned())?;
            match metadata.issuer == self.issuer {
                true => Ok(metadata.jwks_uri),
                false => Err("the metadata are those of another issuer".to_owned()),
            }
        };
        let uri = self.first.ask(&self.clock, &Inquiry::get(MOST_BYTES), read).await?;
        let known = self.named.borrow().as_ref().filter(|(named, _)| named.uri == uri).map(|(named, _)| named.contact.clone());
        let contact = match known {
            Some(contact) => contact,
            None => {
                let site = Site::named(&self.source.remote, &uri).map_err(|reason| format!("`jwks_uri`: {reason}"))?;
                Rc::new(Contact::new(site, self.asker.figures.of(Kind::KeySet, &self.name)))
            }
        };
        let named = Named { uri, contact: contact.clone() };
        self.named.replace(Some((named, now_us + METADATA_US)));
        Ok(contact)
    }

    /// How long a set may be used without a look, by what its answer says (RFC 9111) within the bounds that are set.
    fn lifetime_ms(&self, headers: &HeaderMap) -> u64 {
        let said = max_age_s(headers).map_or(DEFAULT_MS, |seconds| seconds.saturating_mul(1000));
        said.clamp(self.source.min_refresh_ms, self.source.max_refresh_ms.max(self.source.min_refresh_ms))
    }

    /// Closes connections that are of no more use.
    pub(super) fn sweep(&self) {
        self.first.sweep(&self.clock);
        if let Some((named, _)) = &*self.named.borrow() {
            named.contact.sweep(&self.clock);
        }
    }
}

/// `max-age` of an answer; what must not be kept has none.
fn max_age_s(headers: &HeaderMap) -> Option<u64> {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directives: Vec<String> = values.flat_map(|value| value.split(',')).map(|one| one.trim().to_ascii_lowercase()).collect();
    if directives.iter().any(|one| one == "no-store" || one == "no-cache") {
        return Some(0);
    }
    directives.iter().find_map(|one| one.strip_prefix("max-age=")?.trim_matches('"').parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lifetime_of_an_answer_is_what_it_says() {
        let age = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.append(CACHE_CONTROL, http::HeaderValue::from_static(text));
            max_age_s(&headers)
        };
        assert_eq!(age("public, max-age=60"), Some(60));
        assert_eq!(age("Max-Age=\"60\""), Some(60));
        assert_eq!(age("no-store, max-age=60"), Some(0));
        assert_eq!(age("max-age=-1"), None);
        assert_eq!(max_age_s(&HeaderMap::new()), None);
    }
}
