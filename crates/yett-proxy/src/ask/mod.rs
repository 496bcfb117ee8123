//! Questions that a request must have answered by somebody outside before it may go on.
//!
//! Workers look among the answers that are kept; what is not there one thread asks for all of them (`desk.rs`), so that
//! what many requests wait for is asked once. One file for each kind of question.

mod callout;
mod contact;
mod desk;
mod figures;
mod introspection;
mod kept;
mod key_set;

pub(crate) use desk::run;
pub(crate) use figures::Figures;

use crate::serve::Refused;
use crate::trip::Trip;
use aws_lc_rs::{hmac, rand};
use bytes::Bytes;
use desk::{Errand, Job};
use http::request::Parts;
use kept::{Kept, Key};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use yett_engine::BodyNeed;
use yett_engine::exchange::Step;
use yett_engine::identity::question::{Answer, Question};
use yett_model::Code;

/// Nobody asks more often about one request.
const MOST: usize = 32;
/// How often a thread that is no worker's looks for its answer.
const POLL: Duration = Duration::from_millis(5);
/// Questions that may wait for the thread that asks.
const MOST_WAITING: usize = 10_000;

/// What workers and the thread that asks share.
pub(crate) struct Asker {
    errands: mpsc::Sender<Errand>,
    waiting: Mutex<Option<mpsc::Receiver<Errand>>>,
    kept: Kept,
    pub(crate) figures: Figures,
    /// Answers are found by what was asked, of which nobody who sees the memory learns a token.
    secret: hmac::Key,
}

impl Asker {
    pub(crate) fn new() -> Self {
        let (errands, waiting) = mpsc::channel(MOST_WAITING);
        let mut secret = [0; 32];
        // Fails only where the system has no randomness at all; the keys are then guessable, and the answers right.
        let _ = rand::fill(&mut secret);
        Self {
            errands,
            waiting: Mutex::new(Some(waiting)),
            kept: Kept::new(),
            figures: Figures::default(),
            secret: hmac::Key::new(hmac::HMAC_SHA256, &secret),
        }
    }

    /// The questions, for the one thread that asks them.
    fn take_errands(&self) -> Option<mpsc::Receiver<Errand>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Has the keys of an issuer looked for, and waits, for so long at most: for threads that are no worker's. Whether
    /// there are any then is seen where they are kept.
    pub(crate) fn look_for_keys(&self, issuer: Arc<str>, kid: Option<Arc<str>>, most: Duration) {
        let (reply, mut answer) = oneshot::channel();
        if self.errands.try_send(Errand { job: Job::KeySet { issuer, kid }, reply }).is_err() {
            return;
        }
        let began = Instant::now();
        while matches!(answer.try_recv(), Err(oneshot::error::TryRecvError::Empty)) && began.elapsed() < most {
            std::thread::sleep(POLL);
        }
    }

    /// What an answer is kept under: the question in all its parts, as a keyed hash.
    fn key(&self, parts: &[&[u8]]) -> Key {
        let mut context = hmac::Context::with_key(&self.secret);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut key = Key::default();
        key.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
        key
    }

    /// Hands an errand to the thread that asks, and waits.
    async fn send(&self, make: impl FnOnce(oneshot::Sender<Answer>) -> Errand) -> Answer {
        let (reply, answer) = oneshot::channel();
        if self.errands.try_send(make(reply)).is_err() {
            return Answer::Unavailable("too many questions wait".to_owned());
        }
        answer.await.unwrap_or_else(|_| Answer::Unavailable("the gateway asks nobody any more".to_owned()))
    }
}

/// Asks until the head is judged. What is asked is asked within the time that the request may take.
///
/// # Errors
/// The answer to send instead, if the request is refused.
pub(crate) async fn settle(trip: &mut Trip, parts: &Parts, mut step: Step) -> Result<BodyNeed, Refused> {
    for _ in 0..MOST {
        let question = match step {
            Step::Go(need) => return Ok(need),
            Step::Ask(question) => question,
        };
        let told = answer(trip, question).await;
        step = trip.exchange.resume(parts, told)?;
    }
    Err(trip.exchange.fail(Code::IdentityUnavailable, "too many questions about one request"))
}

/// Asks those who are told the body.
///
/// # Errors
/// The answer to send instead, if the request is refused.
pub(crate) async fn settle_body(trip: &mut Trip, parts: &Parts, body: Option<&Bytes>) -> Result<(), Refused> {
    let mut question = trip.exchange.consult_with(parts, body, None)?;
    for _ in 0..MOST {
        let Some(asked) = question else { return Ok(()) };
        let told = answer(trip, asked).await;
        question = trip.exchange.consult_with(parts, body, Some(told))?;
    }
    Err(trip.exchange.fail(Code::CalloutUnavailable, "too many questions about one request"))
}

async fn answer(trip: &Trip, question: Question) -> Answer {
    match question {
        Question::Callout { callout, message } => callout::ask(trip, callout, message).await,
        Question::Password { hash, password } => trip.worker.shared.passwords.check(&hash.0, &password.0).await,
        Question::Introspect { issuer, token } => introspection::ask(trip, issuer, token).await,
        Question::KeySet { issuer, kid } => {
            let asker = &trip.worker.shared.asker;
            asker.send(|reply| Errand { job: Job::KeySet { issuer, kid }, reply }).await
        }
    }
}
