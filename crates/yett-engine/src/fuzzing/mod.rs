//! What is run on arbitrary bytes: by `fuzz/` under coverage, and by a test on the seeds of `fuzz/` and changes of them.
//!
//! Each function holds what must be true of any input. It panics when that is not so, which is how a fuzzer is told.

#[cfg(test)]
mod replay;
mod requests;
#[cfg(test)]
mod tests;

pub use crate::guards::contract::fuzzing::{fields, header, json, multipart};
pub use crate::guards::injection::fuzzing::injection;
pub use requests::{decide, request};

use crate::identity::key;
use crate::jose::{self, KeySet};
use crate::plan::Plan;
use crate::routing::target;
use percent_encoding::percent_decode_str;
use std::sync::Arc;

/// A request target: what is taken has one spelling and climbs nowhere, however often it is decoded.
pub fn target(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(once) = target::normalise(text) else { return };
    let path = once.path.into_owned();
    let again = target::normalise(&path).map(|twice| twice.path.into_owned());
    assert_eq!(again.as_deref(), Ok(&*path), "a path in its one spelling is spelled otherwise");
    let mut decoded = path;
    for _ in 0..3 {
        let parts = decoded.split(['/', '\\']).map(|part| part.split(';').next().unwrap_or(""));
        assert!(parts.clone().all(|part| part != ".." && part != "."), "{decoded} climbs");
        assert!(!decoded.contains(['\\', '\0', '\r', '\n']), "{decoded:?} has what is never passed");
        decoded = percent_decode_str(&decoded).decode_utf8_lossy().into_owned();
    }
}

/// An XML document: what is taken is balanced, and every piece of it a part of the text.
pub fn xml(bytes: &[u8]) {
    crate::xml::hold(bytes);
}

/// A GraphQL document: what is taken is within the limits.
pub fn graphql(bytes: &[u8]) {
    crate::guards::graphql::hold_text(bytes);
}

/// An API key: what is taken for one is found in a text around it, and its public part is its beginning.
pub fn key(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let found = key::is_in(text);
    if let Some(prefix) = key::prefix(text) {
        assert!(text.starts_with(prefix) && prefix.len() + 32 < text.len(), "{prefix} is not the public part");
        assert!(found && key::is_in(&format!("x={text}&y")), "a key is not seen in a text");
    }
}

/// A token, or a key set: nothing is verified by a key whose private half nobody has.
pub fn jose(bytes: &[u8]) {
    const KEYS: &[u8] =
        br#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"k"}]}"#;
    if let Ok(keys) = KeySet::public(bytes) {
        assert!(!keys.is_empty(), "a set without a key is taken");
    }
    let Ok(token) = std::str::from_utf8(bytes) else { return };
    let Ok(keys) = KeySet::public(KEYS) else { return };
    assert!(jose::verify_jws(token, &keys).is_err(), "a forged token is taken");
    if jose::unverified_issuer(token).is_some() {
        assert!(jose::is_compact(token), "what is no token names its issuer");
    }
}

/// A snapshot: built or refused with reasons, never half.
pub fn snapshot(bytes: &[u8]) {
    let Some(pepper) = requests::pepper() else { return };
    if let Err(reasons) = Plan::build(bytes, Arc::new(pepper)) {
        assert!(!reasons.is_empty(), "a snapshot is refused without a reason");
    }
}
