//! Passwords are checked away from the workers: a check takes memory and time on purpose, and a worker has other callers.
//!
//! Few threads, a short queue, and a refusal when that is full: whoever guesses passwords must not take all memory. What
//! was right is remembered for a short while under a key that this process alone has, so that a caller pays once.

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::{constant_time, hmac, rand};
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use yett_engine::identity::basic::phc::Phc;
use yett_engine::identity::question::Answer;

/// Checks that wait at the same time over all workers.
const QUEUE: usize = 32;
const THREADS: usize = 2;
/// For how long a right password is remembered after its last use.
const REMEMBERED: Duration = Duration::from_secs(60);
/// How many are remembered at most.
const MOST: usize = 4096;

struct Check {
    hash: String,
    password: String,
    tell: oneshot::Sender<bool>,
}

/// Checks passwords.
pub(crate) struct Passwords {
    /// Started by the first check: a gateway without passwords has no such threads.
    queue: OnceLock<SyncSender<Check>>,
    key: hmac::Key,
    known: Mutex<HashMap<[u8; 32], Instant>>,
}

impl Passwords {
    /// Nothing is started yet. `None` if the system has no randomness to give.
    pub(crate) fn new() -> Option<Self> {
        let mut key = [0; 32];
        rand::fill(&mut key).ok()?;
        Some(Self { queue: OnceLock::new(), key: hmac::Key::new(hmac::HMAC_SHA256, &key), known: Mutex::default() })
    }

    /// Whether a password has a hash. A wrong one is never remembered: it always costs its time.
    pub(crate) async fn check(&self, hash: &str, password: &str) -> Answer {
        let Some(proof) = self.proof(hash, password) else { return unavailable("a password cannot be named") };
        let now = Instant::now();
        let is_known = self.known().get(&proof).is_some_and(|until| *until > now);
        if is_known {
            // Whoever comes again and again need not queue behind those who guess.
            self.remember(proof, now + REMEMBERED);
            return Answer::Password(true);
        }
        let (tell, told) = oneshot::channel();
        let check = Check { hash: hash.to_owned(), password: password.to_owned(), tell };
        if self.queue.get_or_init(start).try_send(check).is_err() {
            return unavailable("too many passwords wait to be checked");
        }
        match told.await {
            Ok(true) => {
                self.remember(proof, now + REMEMBERED);
                Answer::Password(true)
            }
            Ok(false) => Answer::Password(false),
            Err(_) => unavailable("a password could not be checked"),
        }
    }

    fn proof(&self, hash: &str, password: &str) -> Option<[u8; 32]> {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&(hash.len() as u64).to_be_bytes());
        context.update(hash.as_bytes());
        context.update(password.as_bytes());
        context.sign().as_ref().try_into().ok()
    }

    fn remember(&self, proof: [u8; 32], until: Instant) {
        let mut known = self.known();
        if known.len() >= MOST {
            let now = Instant::now();
            known.retain(|_, until| *until > now);
        }
        if known.len() < MOST || known.contains_key(&proof) {
            known.insert(proof, until);
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], Instant>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unavailable(reason: &str) -> Answer {
    Answer::Unavailable(reason.to_owned())
}

/// The threads end when the queue is dropped. One that cannot be started is done without; with none every check fails.
fn start() -> SyncSender<Check> {
    let (sender, receiver) = sync_channel(QUEUE);
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..THREADS {
        let receiver = receiver.clone();
        let _ = std::thread::Builder::new().name("yett-passwords".to_owned()).spawn(move || work(&receiver));
    }
    sender
}

fn work(receiver: &Mutex<Receiver<Check>>) {
    loop {
        let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(check) = next else { return };
        // Whoever has left needs no answer.
        if !check.tell.is_closed() {
            let _ = check.tell.send(is_right(&check.hash, &check.password));
        }
    }
}

/// Whether a password has an argon2id hash.
fn is_right(hash: &str, password: &str) -> bool {
    let Some(phc) = Phc::parse(hash) else { return false };
    let mut found = vec![0; phc.hash.len()];
    let Ok(params) = Params::new(phc.memory, phc.passes, phc.lanes, Some(found.len())) else { return false };
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(password.as_bytes(), &phc.salt, &mut found).is_ok()
        && constant_time::verify_slices_are_equal(&found, &phc.hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `pässword`, made with another implementation (OpenSSL).
    const HASH: &str = "$argon2id$v=19$m=64,t=1,p=1$cHJvb2ZzIG9mIGEgdGVzdA$v7uW4x4o3Fd/tMPw6JIrGMwZ6KPgyb3t5EDXUHie4AE";

    fn check(passwords: &Passwords, hash: &str, password: &str) -> Answer {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(passwords.check(hash, password))
    }

    #[test]
    fn the_right_password_is_accepted_and_remembered() {
        let passwords = Passwords::new().unwrap();
        assert_eq!(check(&passwords, HASH, "pässword"), Answer::Password(true));
        assert_eq!(passwords.known().len(), 1);
        assert_eq!(check(&passwords, HASH, "pässword"), Answer::Password(true));
        assert_eq!(passwords.known().len(), 1);
    }

    #[test]
    fn a_wrong_password_is_refused_and_not_remembered() {
        let passwords = Passwords::new().unwrap();
        for wrong in ["password", "", "pässword ", "PÄSSWORD"] {
            assert_eq!(check(&passwords, HASH, wrong), Answer::Password(false), "{wrong}");
        }
        assert_eq!(check(&passwords, "$argon2id$", "pässword"), Answer::Password(false));
        assert!(passwords.known().is_empty());
    }

    #[test]
    fn a_proof_is_forgotten_in_time_and_holds_for_its_own_hash_only() {
        let passwords = Passwords::new().unwrap();
        let proof = passwords.proof(HASH, "pässword").unwrap();
        passwords.remember(proof, Instant::now());
        assert_ne!(passwords.proof("", "pässword").unwrap(), proof);
        assert!(passwords.known().get(&proof).is_none_or(|until| *until <= Instant::now()));
    }

    #[test]
    fn a_password_that_is_in_use_never_queues_behind_guesses() {
        let passwords = Passwords::new().unwrap();
        let (full, _held) = sync_channel(0);
        assert!(passwords.queue.set(full).is_ok());
        let proof = passwords.proof(HASH, "pässword").unwrap();
        let soon = Instant::now() + Duration::from_secs(30);
        passwords.remember(proof, soon);
        assert_eq!(check(&passwords, HASH, "pässword"), Answer::Password(true));
        assert!(*passwords.known().get(&proof).unwrap() > soon);
        assert!(matches!(check(&passwords, HASH, "guess"), Answer::Unavailable(_)));
    }

    #[test]
    fn a_full_queue_refuses_and_a_full_memory_forgets_nobody() {
        let passwords = Passwords::new().unwrap();
        let (sender, _held) = sync_channel(1);
        assert!(passwords.queue.set(sender).is_ok());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut first = std::pin::pin!(passwords.check(HASH, "a"));
        let waits =
            runtime.block_on(std::future::poll_fn(|context| std::task::Poll::Ready(first.as_mut().poll(context).is_pending())));
        assert!(waits);
        assert!(matches!(check(&passwords, HASH, "b"), Answer::Unavailable(_)));
        let later = Instant::now() + REMEMBERED;
        (0..=MOST as u64).for_each(|number| {
            let mut proof = [0; 32];
            proof[..8].copy_from_slice(&number.to_be_bytes());
            passwords.remember(proof, later);
        });
        assert_eq!(passwords.known().len(), MOST);
    }
}
