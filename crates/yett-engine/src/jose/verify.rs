//! The one place where a signature is checked.

use super::claims::Expectations;
use super::compact::Compact;
use super::fault::{Fault, FaultKind, quoted};
use super::jwk::{self, Key};
use super::key_set::KeySet;
use serde_json::{Map, Value};

/// Verifies a token against the keys of the one who issues it: its claims, if it is all that is expected.
///
/// # Errors
/// The first thing that is wrong. Nothing of the claims is looked at before the signature is proven.
pub fn verify_jwt(token: &str, keys: &KeySet, expected: &Expectations, now_s: u64) -> Result<Map<String, Value>, Fault> {
    verify_read(&Compact::read(token)?, keys, expected, now_s)
}

/// The same, where the token has been taken apart already.
pub(crate) fn verify_read(
    token: &Compact<'_>,
    keys: &KeySet,
    expected: &Expectations,
    now_s: u64,
) -> Result<Map<String, Value>, Fault> {
    expected.check_algorithm(token.header.algorithm)?;
    check_signature(token, keys, !expected.algorithms.is_empty())?;
    expected.check_type(token.header.typ.as_deref())?;
    let claims = token.claims()?;
    expected.check(&claims, now_s)?;
    Ok(claims)
}

/// Verifies a JWS whose payload need not be claims: the payload.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify_jws(token: &str, keys: &KeySet) -> Result<Vec<u8>, Fault> {
    let token = Compact::read(token)?;
    check_signature(&token, keys, true)?;
    token.payload()
}

/// Checks the signature of a proof of possession with the key that it brings itself (RFC 9449 section 4.3): the key's
/// thumbprint. It proves that somebody has the key, and nothing more.
pub(crate) fn check_own_key(proof: &Compact<'_>) -> Result<String, Fault> {
    let members = proof.header.jwk.as_ref().ok_or_else(|| Fault::malformed("the proof brings no key"))?;
    if jwk::is_private(members) || jwk::is_secret(members) {
        return Err(Fault::malformed("the proof brings a private key, or a secret"));
    }
    let key = Key::read(members).map_err(|reason| Fault::malformed(format!("the key of the proof cannot be used: {reason}")))?;
    let verifier = key.verifier(proof.header.algorithm);
    let verifier = verifier.ok_or_else(|| Fault::new(FaultKind::Algorithm, "the key of the proof is not for its algorithm"))?;
    if !verifier.verifies(proof.signed.as_bytes(), &proof.signature) {
        return Err(Fault::new(FaultKind::Signature, "the signature of the proof is wrong"));
    }
    jwk::thumbprint(members).ok_or_else(|| Fault::malformed("the key of the proof is incomplete"))
}

fn check_signature(token: &Compact<'_>, keys: &KeySet, listed: bool) -> Result<(), Fault> {
    let kid = token.header.kid.as_deref();
    if !keys.may_know(kid) {
        return Err(Fault::new(FaultKind::KeyUnknown, format!("there is no key {}", quoted(kid.unwrap_or("")))));
    }
    let mut fitting = keys.verifiers(kid, token.header.algorithm, listed).peekable();
    if fitting.peek().is_none() {
        let detail = format!("the key {} is not for {:?}", quoted(kid.unwrap_or("")), token.header.algorithm);
        return Err(Fault::new(FaultKind::Algorithm, detail));
    }
    match fitting.any(|key| key.verifies(token.signed.as_bytes(), &token.signature)) {
        true => Ok(()),
        false => Err(Fault::new(FaultKind::Signature, "the signature is wrong")),
    }
}
