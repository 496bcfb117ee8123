//! Tokens that were verified a moment ago, so that a signature is checked once and not with every request.
//!
//! They are found by their SHA-256: nobody who sees the memory learns a token. Only what was proven is kept, so that no
//! stranger can fill it. It belongs to one plan and goes with it.

use crate::identity::Principal;
use crate::identity::credentials::Marks;
use aws_lc_rs::digest;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

const SHARDS: usize = 64;
/// Tokens kept in a shard.
const MOST_KEPT: usize = 256;

/// SHA-256 of a token.
pub(super) type Fingerprint = [u8; 32];

pub(super) fn fingerprint(token: &str) -> Fingerprint {
    let mut fingerprint = [0; 32];
    let digest = digest::digest(&digest::SHA256, token.as_bytes());
    fingerprint.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    fingerprint
}

/// What a token proved.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) principal: Principal,
    /// Number of the issuer in its method.
    pub(super) issuer: usize,
    /// Generation of the keys that it was verified with.
    pub(super) generation: u64,
    /// Unix second from which it is no longer accepted.
    pub(super) until_s: u64,
    /// Unix second before which it is not accepted.
    pub(super) from_s: u64,
    pub(super) jti: Option<Box<str>>,
    pub(super) confirmation: super::confirmation::Confirmation,
    /// From about how many networks it was sent.
    pub(super) marks: Marks,
}

impl Verified {
    /// What it is called in logs.
    pub(super) fn id(&self) -> &str {
        self.principal.credential.as_deref().unwrap_or_default()
    }
}

/// The verified tokens of a method.
#[derive(Debug)]
pub(super) struct VerifiedTokens {
    shards: Vec<Mutex<HashMap<Fingerprint, Arc<Verified>>>>,
}

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }
}

impl VerifiedTokens {
    pub(super) fn get(&self, fingerprint: &Fingerprint) -> Option<Arc<Verified>> {
        self.shard(fingerprint)?.lock().unwrap_or_else(PoisonError::into_inner).get(fingerprint).cloned()
    }

    pub(super) fn put(&self, fingerprint: Fingerprint, verified: Arc<Verified>, now_s: u64) {
        let Some(shard) = self.shard(&fingerprint) else { return };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= MOST_KEPT {
            shard.retain(|_, known| known.until_s > now_s);
        }
        if shard.len() >= MOST_KEPT {
            // Any one: the names are random, and so is the choice.
            let victim = shard.keys().next().copied();
            victim.and_then(|victim| shard.remove(&victim));
        }
        shard.insert(fingerprint, verified);
    }

    pub(super) fn remove(&self, fingerprint: &Fingerprint) {
        if let Some(shard) = self.shard(fingerprint) {
            shard.lock().unwrap_or_else(PoisonError::into_inner).remove(fingerprint);
        }
    }

    fn shard(&self, fingerprint: &Fingerprint) -> Option<&Mutex<HashMap<Fingerprint, Arc<Verified>>>> {
        self.shards.get(fingerprint.first().map_or(0, |byte| usize::from(*byte)) % SHARDS)
    }
}
