//! What only the body can prove: it is judged as it came, before any guard reads it.

use super::refuse;
use crate::Refusal;
use aws_lc_rs::{constant_time, digest, hmac};
use yett_model::Code;

/// What the body must be for a credential to hold.
#[derive(Debug)]
pub enum BodyProof {
    /// It must have all of these digests, whose field was signed; with none of them there must be no body.
    Digests(Vec<Digest>),
    /// Its keyed hash must be one of those that were sent. Until then nobody is proven.
    Mac(Mac),
}

/// A digest of RFC 9530.
#[derive(Debug)]
pub struct Digest {
    pub(super) algorithm: &'static digest::Algorithm,
    pub(super) value: Vec<u8>,
}

/// A keyed hash over what was written before the body, and the body.
pub struct Mac {
    /// Whose keys they are.
    pub(super) app: std::sync::Arc<str>,
    pub(super) keys: Vec<hmac::Key>,
    pub(super) before: Vec<u8>,
    pub(super) sent: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Mac {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Mac({} keys)", self.keys.len())
    }
}

impl BodyProof {
    /// Whether the caller is proven by nothing else: nothing may be counted against an app that somebody only names.
    pub(crate) fn is_provisional(&self) -> bool {
        matches!(self, Self::Mac(_))
    }

    /// Holds the body against the proof.
    ///
    /// # Errors
    /// 401 if it is another body.
    pub(crate) fn check(&self, body: &[u8]) -> Result<(), Box<Refusal>> {
        match self {
            Self::Digests(digests) if digests.is_empty() && !body.is_empty() => {
                Err(invalid("Signature realm=\"yett\"", "the signature does not cover content-digest, and there is a body"))
            }
            Self::Digests(digests) => match digests.iter().all(|digest| digest.fits(body)) {
                true => Ok(()),
                false => Err(invalid("Signature realm=\"yett\"", "the body has another digest than Content-Digest says")),
            },
            Self::Mac(mac) => match mac.fits(body) {
                true => Ok(()),
                false => {
                    let reason = "the hash is that of another body, or was made with another secret";
                    Err(invalid("Webhook realm=\"yett\"", reason).of_credential(Some(format!("webhook:{}", mac.app).into())))
                }
            },
        }
    }
}

fn invalid(challenge: &'static str, reason: &str) -> Box<Refusal> {
    refuse(challenge, Code::CredentialInvalid, reason)
}

impl Digest {
    fn fits(&self, body: &[u8]) -> bool {
        let found = digest::digest(self.algorithm, body);
        constant_time::verify_slices_are_equal(found.as_ref(), &self.value).is_ok()
    }
}

impl Mac {
    fn fits(&self, body: &[u8]) -> bool {
        self.keys.iter().any(|key| {
            let mut context = hmac::Context::with_key(key);
            context.update(&self.before);
            context.update(body);
            let tag = context.sign();
            self.sent.iter().any(|sent| constant_time::verify_slices_are_equal(tag.as_ref(), sent).is_ok())
        })
    }
}
