//! The key a token is bound to (`cnf`, RFC 7800): whoever has the token alone has nothing.

use crate::identity::Asked;
use crate::jose::Fault;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};
use yett_model::snapshot::Bound;

/// What of a token's `cnf` must be proven.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Confirmation {
    /// SHA-256 of the client certificate (RFC 8705 section 3.1).
    certificate: Option<Vec<u8>>,
    /// Thumbprint of the key that signs proofs (RFC 9449 section 6.1).
    pub(super) key: Option<Box<str>>,
}

impl Confirmation {
    /// Reads `cnf`. A way to be bound that is not known here cannot be proven, and is refused.
    pub(super) fn read(claims: &Map<String, Value>) -> Result<Self, Fault> {
        let malformed = || Fault::malformed("the claim `cnf` is not one that can be proven here");
        let Some(cnf) = claims.get("cnf") else { return Ok(Self::default()) };
        let members = cnf.as_object().filter(|members| !members.is_empty()).ok_or_else(malformed)?;
        let mut found = Self::default();
        for (name, value) in members {
            let text = value.as_str().ok_or_else(malformed)?;
            let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok().filter(|bytes| bytes.len() == 32);
            let bytes = bytes.ok_or_else(malformed)?;
            match name.as_str() {
                "x5t#S256" => found.certificate = Some(bytes),
                "jkt" => found.key = Some(text.into()),
                _ => return Err(malformed()),
            }
        }
        Ok(found)
    }

    /// What is missing of what the issuer's tokens must be bound to.
    pub(super) fn lacks(&self, bound: Bound) -> Option<&'static str> {
        match bound {
            Bound::Certificate if self.certificate.is_none() => Some("the token is not bound to a client certificate"),
            Bound::Dpop if self.key.is_none() => Some("the token is not bound to a key that signs proofs"),
            Bound::Any if *self == Self::default() => Some("the token is not bound to any key"),
            _ => None,
        }
    }

    /// Whether the caller's certificate is the one, where the token is bound to one.
    pub(super) fn fits_certificate(&self, asked: &Asked<'_>) -> bool {
        self.certificate.as_ref().is_none_or(|wanted| {
            let certificate = asked.caller.certificate.as_ref();
            certificate.is_some_and(|certificate| verify_slices_are_equal(&certificate.thumbprint, wanted).is_ok())
        })
    }
}
