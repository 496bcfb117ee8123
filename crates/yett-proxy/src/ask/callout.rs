//! Asking a callout (`Question::Callout`).

use super::Asker;
use super::contact::Contact;
use super::desk::{Errand, Job};
use super::figures::Kind;
use super::kept::Key;
use crate::clock::Clock;
use crate::fetch::{Inquiry, Site};
use crate::trip::Trip;
use bytes::Bytes;
use serde_json::Value;
use std::rc::Rc;
use std::sync::Arc;
use yett_engine::callout::CalloutPlan;
use yett_engine::identity::question::Answer;

/// Longest answer of a callout.
const MOST_BYTES: u64 = 64 * 1024;

/// What is to be asked, and what the answer is kept under.
pub(super) struct CalloutJob {
    pub(super) callout: Arc<str>,
    body: Bytes,
    key: Option<Key>,
}

impl CalloutJob {
    /// What makes two questions one.
    pub(super) fn key(&self) -> Option<Key> {
        self.key
    }
}

/// Asks a callout, or finds what it said of the same request before.
pub(super) async fn ask(trip: &Trip, callout: Arc<str>, mut message: Value) -> Answer {
    let asker = &trip.worker.shared.asker;
    let key = match key(asker, trip, &callout, &message) {
        Ok(key) => key,
        Err(reason) => return Answer::Unavailable(reason),
    };
    if let Some(answer) = key.and_then(|key| asker.kept.get(&key, trip.now().mono_us)) {
        asker.figures.of(Kind::Callout, &callout).count_kept();
        return answer;
    }
    // Not in the key: it is another one for each request.
    if let Value::Object(message) = &mut message {
        message.insert("decision".to_owned(), trip.exchange.id().into());
    }
    let body = Bytes::from(message.to_string());
    asker.send(|reply| Errand { job: Job::Callout(CalloutJob { callout, body, key }), reply }).await
}

/// With other settings an answer is another one.
fn key(asker: &Asker, trip: &Trip, callout: &Arc<str>, message: &Value) -> Result<Option<Key>, String> {
    let plan = trip.exchange.plan().callouts.get(callout).ok_or("the callout is not in the plan")?;
    if plan.settings.cache_ms.is_none() {
        return Ok(None);
    }
    let settings = serde_json::to_vec(&plan.settings).map_err(|error| error.to_string())?;
    Ok(Some(asker.key(&[b"callout", &settings, message.to_string().as_bytes()])))
}

/// A callout as the thread that asks knows it.
pub(super) struct CalloutSite {
    pub(super) plan: Arc<CalloutPlan>,
    pub(super) contact: Contact,
}

impl CalloutSite {
    /// `None` for a URL that was refused with the snapshot.
    pub(super) fn new(plan: &Arc<CalloutPlan>, asker: &Asker) -> Option<Rc<Self>> {
        let site = Site::new(&plan.settings.remote).ok()?;
        let contact = Contact::new(site, asker.figures.of(Kind::Callout, &plan.name));
        Some(Rc::new(Self { plan: plan.clone(), contact }))
    }

    pub(super) async fn ask(&self, job: &CalloutJob, asker: &Asker, clock: &Rc<Clock>) -> Answer {
        let inquiry = Inquiry::post("application/json", job.body.clone(), MOST_BYTES);
        let read = |told: &crate::fetch::Told| {
            let said = serde_json::from_slice::<Value>(&told.body).map_err(|_| "what it says is no JSON".to_owned())?;
            self.plan.check(&said).map_err(str::to_owned)?;
            Ok((said, told.body.len()))
        };
        match self.contact.ask(clock, &inquiry, read).await {
            Err(reason) => Answer::Unavailable(reason),
            Ok((said, bytes)) => {
                let answer = Answer::Callout(said);
                if let Some((key, cache_ms)) = job.key.zip(self.plan.settings.cache_ms) {
                    let until_us = clock.now().mono_us + cache_ms * 1000;
                    // Parsed it takes more room than as text.
                    asker.kept.put(key, answer.clone(), bytes * 4, until_us);
                }
                answer
            }
        }
    }
}
