//! HTTP Message Signatures (RFC 9421): the caller signs what its request says with a key of its own.
//!
//! A signature that leaves out what decides is worth nothing, so the method and the whole target must be covered, and the
//! body by its digest (RFC 9530). The algorithm belongs to the key: what the caller says of it is only held against it.

mod base;
pub mod fields;

use super::body_proof::{BodyProof, Digest};
use super::proofs::{Signer, SigningKey};
use super::replays::{Owner, Used};
use super::{Asked, Found, Method, Principal, Sent, refuse};
use crate::Refusal;
use aws_lc_rs::digest;
use base::{base, covers, integer, text};
use fields::{Bare, Item, Member, Parameters, dictionary};
use http::{HeaderName, HeaderValue};
use yett_model::Code;
use yett_model::snapshot::MessageSignature;

const CHALLENGE: &str = "Signature realm=\"yett\"";
const SIGNATURE: HeaderName = HeaderName::from_static("signature");
const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
/// Seconds by which the caller's clock may be ahead.
const AHEAD_S: u64 = 30;
/// Longest nonce, and longest `keyid`.
const LONGEST: usize = 256;
/// Most components that a signature may cover, and most signatures that are looked at.
const MOST: usize = 64;

/// The method `signature`.
#[derive(Debug)]
pub(super) struct BySignature {
    pub(super) settings: MessageSignature,
}

/// A signature of a key that is known.
struct Candidate<'a> {
    key: &'a SigningKey,
    components: Vec<Item>,
    parameters: Parameters,
    signature: Vec<u8>,
}

impl Method for BySignature {
    fn name(&self) -> &'static str {
        "signature"
    }

    fn sent(&self, asked: &Asked<'_>) -> Sent {
        match asked.headers.contains_key(SIGNATURE) || asked.headers.contains_key(SIGNATURE_INPUT) {
            true => Sent::Elsewhere,
            false => Sent::Nothing,
        }
    }

    fn look(&self, asked: &Asked<'_>) -> Result<Found, Box<Refusal>> {
        let candidate = candidate(asked)?;
        let id = candidate.key.id.clone();
        // Whoever guesses signatures of a key is counted against the key too.
        self.prove(asked, candidate).map_err(|refusal| refusal.of_credential(Some(id)))
    }

    fn challenge(&self) -> &'static str {
        CHALLENGE
    }

    fn hint(&self) -> Option<String> {
        Some("Sign the request as RFC 9421 says, in Signature and Signature-Input.".to_owned())
    }

    fn takes(&self, name: &HeaderName) -> bool {
        *name == SIGNATURE || *name == SIGNATURE_INPUT
    }
}

impl BySignature {
    fn prove(&self, asked: &Asked<'_>, candidate: Candidate<'_>) -> Result<Found, Box<Refusal>> {
        let key = candidate.key;
        self.check_time(asked, &candidate.parameters)?;
        self.check_cover(asked, &candidate.components)?;
        let alg = text(&candidate.parameters, "alg").map_err(invalid)?;
        if alg.is_some_and(|alg| alg != key.algorithm.name()) {
            return Err(invalid(format!("the key {} is not for the algorithm that the signature names", key.id)));
        }
        let base = base(asked, &candidate.components, &candidate.parameters).map_err(invalid)?;
        match &key.signer {
            None => return Err(Refusal::new(Code::IdentityUnavailable, format!("the secret of {} is not here", key.id))),
            Some(signer) if signer.verifies(base.as_bytes(), &candidate.signature) => {}
            Some(_) => return Err(invalid(format!("the signature is not one of {} over this request", key.id))),
        }
        let digests = digests(asked, &candidate.components)?;
        self.check_nonce(asked, key, &candidate.parameters)?;
        let mut principal = Principal::of(key.app.clone());
        principal.credential = Some(key.id.clone());
        principal.method = "signature";
        Ok(Found::Bound(principal, BodyProof::Digests(digests)))
    }

    fn check_time(&self, asked: &Asked<'_>, parameters: &Parameters) -> Result<(), Box<Refusal>> {
        let now = (asked.now.unix_ms / 1000) as i64;
        let created = integer(parameters, "created").map_err(invalid)?;
        let Some(created) = created else { return Err(invalid("the signature does not say when it was created")) };
        let expires = integer(parameters, "expires").map_err(invalid)?;
        match () {
            () if created > now + AHEAD_S as i64 => Err(invalid("the signature was created in the future")),
            () if created + (self.settings.max_age_s as i64) < now => Err(expired("the signature is too old")),
            () if expires.is_some_and(|expires| expires < now) => Err(expired("the signature has expired")),
            () => Ok(()),
        }
    }

    /// Whether what decides is covered. Without a query nothing can be said of it, with one it must be covered.
    fn check_cover(&self, asked: &Asked<'_>, components: &[Item]) -> Result<(), Box<Refusal>> {
        let missing = match &self.settings.covers {
            Some(names) => names.iter().map(String::as_str).find(|name| !covers(components, name)),
            None => missing(asked, components),
        };
        match missing {
            Some(name) => Err(short(format!("the signature does not cover {name}"))),
            None => Ok(()),
        }
    }

    fn check_nonce(&self, asked: &Asked<'_>, key: &SigningKey, parameters: &Parameters) -> Result<(), Box<Refusal>> {
        if !self.settings.once {
            return Ok(());
        }
        let nonce = text(parameters, "nonce").map_err(invalid)?.filter(|nonce| (1..=LONGEST).contains(&nonce.len()));
        let Some(nonce) = nonce else { return Err(short("the signature has no nonce")) };
        let now = asked.now.unix_ms / 1000;
        let created =
            integer(parameters, "created").ok().flatten().and_then(|created| u64::try_from(created).ok()).unwrap_or(now);
        let owner = Owner { app: &key.app.name, key: &key.id };
        match asked.replays.note(owner, nonce, now, created.saturating_add(self.settings.max_age_s)) {
            Used::First => Ok(()),
            Used::Again => {
                let watch = &asked.credentials.watch;
                watch.replayed(&key.id, "a signature whose nonce was used before", asked.caller.address, asked.now);
                Err(invalid(format!("a nonce of {} was used before", key.id)))
            }
            Used::Full => Err(Refusal::new(Code::IdentityUnavailable, "there is no room to remember another nonce")),
        }
    }
}

/// What a signature must cover unless something else is configured.
fn missing(asked: &Asked<'_>, components: &[Item]) -> Option<&'static str> {
    if !covers(components, "@method") {
        return Some("@method");
    }
    if covers(components, "@target-uri") {
        return None;
    }
    let mut parts = vec!["@authority"];
    if !covers(components, "@request-target") {
        parts.push("@path");
        parts.extend(asked.uri.query().map(|_| "@query"));
    }
    parts.into_iter().find(|name| !covers(components, name))
}

/// The one signature whose key is known.
fn candidate<'a>(asked: &Asked<'a>) -> Result<Candidate<'a>, Box<Refusal>> {
    let unreadable = |name: &str| Refusal::open(Code::CredentialInvalid, format!("{name} cannot be read"));
    let inputs = read(asked, &SIGNATURE_INPUT).ok_or_else(|| unreadable("Signature-Input"))?;
    let mut signatures = read(asked, &SIGNATURE).ok_or_else(|| unreadable("Signature"))?;
    let mut found = None;
    for (label, input) in inputs {
        let Member::List(components, parameters) = input else { return Err(unreadable("Signature-Input")) };
        let id = text(&parameters, "keyid").map_err(invalid)?.filter(|id| id.len() <= LONGEST);
        let Some(key) = id.and_then(|id| asked.proofs.signing_key(id)) else { continue };
        let place = signatures.iter().position(|(other, _)| *other == label);
        let signature = place.map(|place| signatures.swap_remove(place).1);
        let Some(Member::Item((Bare::Bytes(signature), _))) = signature else {
            return Err(invalid("there is no signature of the label that Signature-Input has"));
        };
        if components.len() > MOST {
            return Err(invalid("the signature covers too many components"));
        }
        if found.replace(Candidate { key, components, parameters, signature }).is_some() {
            return Err(Refusal::open(Code::CredentialAmbiguous, "the request carries more than one signature"));
        }
    }
    found.ok_or_else(|| invalid("no signature has a keyid that is known"))
}

/// A field that may come in several lines, as one dictionary.
fn read(asked: &Asked<'_>, name: &HeaderName) -> Option<Vec<(String, Member)>> {
    let lines: Option<Vec<&str>> = asked.headers.get_all(name).iter().map(|value| value.to_str().ok()).collect();
    let members = dictionary(&lines?.join(", "))?;
    (members.len() <= MOST).then_some(members)
}

/// The digests that the body must have; none where they are not signed, and then there must be no body.
fn digests(asked: &Asked<'_>, components: &[Item]) -> Result<Vec<Digest>, Box<Refusal>> {
    if !covers(components, CONTENT_DIGEST.as_str()) {
        return match has_body(asked) {
            true => Err(short("the signature does not cover content-digest, and there is a body")),
            false => Ok(Vec::new()),
        };
    }
    let members = read(asked, &CONTENT_DIGEST).ok_or_else(|| invalid("Content-Digest cannot be read"))?;
    let mut digests = Vec::new();
    for (name, member) in members {
        let algorithm = match name.as_str() {
            "sha-256" => &digest::SHA256,
            "sha-512" => &digest::SHA512,
            _ => continue,
        };
        let Member::Item((Bare::Bytes(value), _)) = member else { return Err(invalid("Content-Digest cannot be read")) };
        digests.push(Digest { algorithm, value });
    }
    if digests.is_empty() { Err(invalid("Content-Digest has neither sha-256 nor sha-512")) } else { Ok(digests) }
}

/// Whether the head says that a body follows; what it does not say, the body itself does.
fn has_body(asked: &Asked<'_>) -> bool {
    let length = asked.headers.get(http::header::CONTENT_LENGTH).map(HeaderValue::as_bytes);
    length.is_some_and(|length| length != b"0") || asked.headers.contains_key(http::header::TRANSFER_ENCODING)
}

fn invalid(reason: impl Into<String>) -> Box<Refusal> {
    refuse(CHALLENGE, Code::CredentialInvalid, reason)
}

fn expired(reason: &str) -> Box<Refusal> {
    refuse(CHALLENGE, Code::CredentialExpired, reason)
}

/// A refusal that helps whoever signs, and nobody else.
fn short(reason: impl Into<String>) -> Box<Refusal> {
    let mut refusal = invalid(reason);
    refusal.detail.clone_from(&refusal.reason);
    refusal
}

impl Signer {
    /// Whether a signature is one over `message`; keyed hashes are compared in constant time.
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Public(key) => key.verify(message, signature).is_ok(),
            Self::Secret(key) => aws_lc_rs::hmac::verify(key, message, signature).is_ok(),
        }
    }
}

#[cfg(test)]
mod tests;
