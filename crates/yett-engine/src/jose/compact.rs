//! A JWS in compact form (RFC 7515 section 7.1), taken apart strictly. The JSON forms are not read at all.

use super::algorithm;
use super::fault::{Fault, FaultKind, quoted};
use crate::guards::contract::strict_json;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};
use yett_model::snapshot::Algorithm;

/// Longest token, in bytes.
pub(crate) const LONGEST: usize = 16 * 1024;
const LONGEST_HEADER: usize = 8 * 1024;
const LONGEST_NAME: usize = 256;
const DEEPEST: u32 = 16;

/// A token's parts. Nothing of it is proven yet.
#[derive(Debug)]
pub(crate) struct Compact<'t> {
    /// What the signature is over.
    pub(super) signed: &'t str,
    payload: &'t str,
    pub(super) signature: Vec<u8>,
    pub(crate) header: Header,
}

/// What of a header is looked at.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<String>,
    pub(crate) typ: Option<String>,
    /// The key that a proof of possession brings. No token's signature is ever checked with it.
    pub(crate) jwk: Option<Map<String, Value>>,
}

impl<'t> Compact<'t> {
    pub(crate) fn read(token: &'t str) -> Result<Self, Fault> {
        if token.len() > LONGEST {
            return Err(Fault::malformed(format!("a token has at most {LONGEST} bytes")));
        }
        let parts = || Fault::malformed("a token has three parts, of base64url, with a dot between them");
        let (signed, signature) = token.rsplit_once('.').ok_or_else(parts)?;
        let (header, payload) = signed.split_once('.').ok_or_else(parts)?;
        if payload.contains('.') || header.len() > LONGEST_HEADER {
            return Err(parts());
        }
        let signature = decode(signature)?;
        let header = Header::read(&decode(header)?)?;
        Ok(Self { signed, payload, signature, header })
    }

    pub(super) fn payload(&self) -> Result<Vec<u8>, Fault> {
        decode(self.payload)
    }

    /// The claims. Whether they are true is another question.
    pub(crate) fn claims(&self) -> Result<Map<String, Value>, Fault> {
        object(&self.payload()?, "claims")
    }
}

impl Header {
    fn read(json: &[u8]) -> Result<Self, Fault> {
        let mut members = object(json, "header")?;
        // We understand no extension (RFC 7515 section 4.1.11), and no payload that is not encoded (RFC 7797).
        if members.contains_key("crit") || members.get("b64").is_some_and(|encoded| *encoded != Value::Bool(true)) {
            return Err(Fault::malformed("the header asks for an extension that is not supported"));
        }
        let alg = name(&mut members, "alg")?.ok_or_else(|| Fault::malformed("the header has no `alg`"))?;
        let algorithm = algorithm::named(&alg)
            .ok_or_else(|| Fault::new(FaultKind::Algorithm, format!("the algorithm {} is not accepted", quoted(&alg))))?;
        let (kid, typ) = (name(&mut members, "kid")?, name(&mut members, "typ")?);
        let jwk = match members.remove("jwk") {
            None => None,
            Some(Value::Object(jwk)) => Some(jwk),
            Some(_) => return Err(Fault::malformed("the header's `jwk` is not an object")),
        };
        Ok(Self { algorithm, kid, typ, jwk })
    }
}

fn name(members: &mut Map<String, Value>, member: &str) -> Result<Option<String>, Fault> {
    match members.remove(member) {
        None => Ok(None),
        Some(Value::String(text)) if text.len() <= LONGEST_NAME => Ok(Some(text)),
        Some(_) => Err(Fault::malformed(format!("the header's `{member}` is not a text of at most {LONGEST_NAME} bytes"))),
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Fault> {
    BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| Fault::malformed("a part of the token is not in base64url"))
}

fn object(json: &[u8], what: &str) -> Result<Map<String, Value>, Fault> {
    match strict_json(json, DEEPEST) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Fault::malformed(format!("the {what} are not an object"))),
        Err(detail) => Err(Fault::malformed(format!("the {what}: {detail}"))),
    }
}

/// Whether a text has the form of a token: three parts with a dot between them.
pub(crate) fn is_compact(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// Who a token says it is from, to choose the keys it is then verified with. Nothing of it is proven.
#[must_use]
pub fn unverified_issuer(token: &str) -> Option<String> {
    match Compact::read(token).ok()?.claims().ok()?.remove("iss")? {
        Value::String(issuer) => Some(issuer),
        _ => None,
    }
}
