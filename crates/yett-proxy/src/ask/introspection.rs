//! Asking an issuer what a token is worth (`Question::Introspect`, RFC 7662).

use super::Asker;
use super::contact::Contact;
use super::desk::{Errand, Job};
use super::figures::Kind;
use super::kept::Key;
use crate::clock::Clock;
use crate::fetch::{Inquiry, Site, Told};
use crate::trip::Trip;
use bytes::Bytes;
use data_encoding::BASE64;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use serde_json::{Map, Value};
use std::fmt::Write;
use std::rc::Rc;
use std::sync::Arc;
use yett_engine::Secrets;
use yett_engine::identity::question::{Answer, Hidden};
use yett_model::snapshot::{ClientAuth, Introspection};

/// Longest answer.
const MOST_BYTES: u64 = 64 * 1024;
/// How long it is remembered at most that a token is not active: it may only just not have reached every server.
const INACTIVE_MS: u64 = 10_000;

/// What is to be asked, and what the answer is kept under.
pub(super) struct IntrospectionJob {
    pub(super) issuer: Arc<str>,
    token: Hidden,
    key: Key,
    /// What it is kept under for the time when the issuer says nothing.
    stale: Key,
}

impl IntrospectionJob {
    /// What makes two questions one.
    pub(super) fn key(&self) -> Key {
        self.key
    }
}

/// Asks about a token, or finds what was said of it before.
pub(super) async fn ask(trip: &Trip, issuer: Arc<str>, token: Hidden) -> Answer {
    let asker = &trip.worker.shared.asker;
    let known = trip.exchange.plan().issuers.get(&issuer).and_then(|issuer| issuer.introspection.as_ref());
    let Some(settings) = known else {
        return Answer::Unavailable("the issuer is not asked about tokens".to_owned());
    };
    let settings = format!("{settings:?}");
    let key_of = |what: &str| asker.key(&[what.as_bytes(), issuer.as_bytes(), settings.as_bytes(), token.0.as_bytes()]);
    let (key, stale) = (key_of("introspection"), key_of("stale introspection"));
    if let Some(answer) = asker.kept.get(&key, trip.now().mono_us) {
        asker.figures.of(Kind::Introspection, &issuer).count_kept();
        return answer;
    }
    asker.send(|reply| Errand { job: Job::Introspection(IntrospectionJob { issuer, token, key, stale }), reply }).await
}

/// An issuer as the thread that asks knows it.
pub(super) struct Introspector {
    pub(super) settings: Introspection,
    contact: Contact,
}

impl Introspector {
    /// `None` for a URL that was refused with the snapshot.
    pub(super) fn new(name: &Arc<str>, settings: &Introspection, asker: &Asker) -> Option<Rc<Self>> {
        let site = Site::new(&settings.remote).ok()?;
        let contact = Contact::new(site, asker.figures.of(Kind::Introspection, name));
        Some(Rc::new(Self { settings: settings.clone(), contact }))
    }

    pub(super) async fn ask(&self, job: &IntrospectionJob, asker: &Asker, secrets: &Secrets, clock: &Rc<Clock>) -> Answer {
        let inquiry = match self.inquiry(&job.token, secrets) {
            Ok(inquiry) => inquiry,
            Err(reason) => return Answer::Unavailable(reason),
        };
        match self.contact.ask(clock, &inquiry, read).await {
            Ok((said, bytes)) => {
                let answer = Answer::Introspected(Arc::new(said));
                self.keep(job, &answer, bytes, asker, clock);
                answer
            }
            Err(reason) => match asker.kept.get(&job.stale, clock.now().mono_us) {
                Some(answer) => answer,
                None => Answer::Unavailable(reason),
            },
        }
    }

    /// Keeps what was said for the time that is set, and no longer than the token is good: that is checked again each time.
    fn keep(&self, job: &IntrospectionJob, answer: &Answer, bytes: usize, asker: &Asker, clock: &Clock) {
        let Answer::Introspected(said) = answer else { return };
        let active = said.get("active") == Some(&Value::Bool(true));
        let hold_ms = if active { self.settings.cache_ms } else { self.settings.cache_ms.min(INACTIVE_MS) };
        let now_us = clock.now().mono_us;
        // Parsed it takes more room than as text.
        if hold_ms > 0 {
            asker.kept.put(job.key, answer.clone(), bytes * 4, now_us + hold_ms * 1000);
        }
        if self.settings.stale_ms > 0 {
            // Also of one that is not active any more: it must not come to life again.
            asker.kept.put(job.stale, answer.clone(), bytes * 4, now_us + (hold_ms + self.settings.stale_ms) * 1000);
        }
    }

    fn inquiry(&self, token: &Hidden, secrets: &Secrets) -> Result<Inquiry, String> {
        let secret = secrets.get(&self.settings.client_secret).ok_or("the secret of the gateway is not among its options")?;
        let (id, secret) = (form_encoded(&self.settings.client_id), form_encoded(secret));
        let mut body = format!("token={}&token_type_hint=access_token", form_encoded(&token.0));
        if self.settings.client_auth == ClientAuth::Post {
            let _ = write!(body, "&client_id={id}&client_secret={secret}");
        }
        let mut inquiry = Inquiry::post("application/x-www-form-urlencoded", Bytes::from(body), MOST_BYTES);
        if self.settings.client_auth == ClientAuth::Basic {
            let value = format!("Basic {}", BASE64.encode(format!("{id}:{secret}").as_bytes()));
            let mut value = HeaderValue::from_str(&value).map_err(|_| "the credentials of the gateway are odd")?;
            value.set_sensitive(true);
            inquiry.headers.push((AUTHORIZATION, value));
        }
        Ok(inquiry)
    }

    /// Closes connections that are of no more use.
    pub(super) fn sweep(&self, clock: &Clock) {
        self.contact.sweep(clock);
    }
}

/// The members of an answer, of which `active` must be there (RFC 7662 section 2.2).
fn read(told: &Told) -> Result<(Map<String, Value>, usize), String> {
    let said: Value = serde_json::from_slice(&told.body).map_err(|_| "the answer is no JSON".to_owned())?;
    match said {
        Value::Object(members) if members.get("active").is_some_and(Value::is_boolean) => Ok((members, told.body.len())),
        _ => Err("the answer does not say whether the token is active".to_owned()),
    }
}

/// As forms spell it (RFC 6749 appendix B).
fn form_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => encoded.push(char::from(byte)),
            b' ' => encoded.push('+'),
            byte => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_cannot_add_to_the_form() {
        assert_eq!(form_encoded("a&token=b c%é"), "a%26token%3Db+c%25%C3%A9");
    }
}
