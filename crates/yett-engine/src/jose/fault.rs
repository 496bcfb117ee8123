//! Why a token is not accepted.

use serde::Serialize;

/// What kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// It is no compact JWS, or its header or claims are not what they must be.
    Malformed,
    /// Its algorithm is not accepted, or not for this key.
    Algorithm,
    /// There is no such key.
    KeyUnknown,
    /// The signature is wrong.
    Signature,
    /// It is a token for another purpose.
    Type,
    /// Another issuer made it.
    Issuer,
    /// It is for somebody else.
    Audience,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYet,
    /// It lives longer than is accepted.
    Lifetime,
    /// A required claim is missing or another.
    Claim,
}

/// Why a token is not accepted; the sentence is for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of thing.
    pub kind: FaultKind,
    /// One sentence. It quotes no signature and no claim but those that name issuer, audience and key.
    pub detail: String,
}

impl Fault {
    pub(crate) fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(FaultKind::Malformed, detail)
    }
}

/// A text of the token's, as it may stand in a log: short, and without anything that could end a line.
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 64;
    let mut shown: String = text.chars().take(MOST).flat_map(char::escape_default).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push_str("...");
    }
    format!("'{shown}'")
}
