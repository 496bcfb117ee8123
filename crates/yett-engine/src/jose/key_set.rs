//! A JSON Web Key Set (RFC 7517 section 5): the keys of one issuer, read whole or refused.

use super::algorithm;
use super::claims::Expectations;
use super::jwk::{self, Key, Verifier};
use crate::guards::contract::strict_json;
use serde_json::Value;
use yett_model::snapshot::Algorithm;

const LARGEST: usize = 256 * 1024;
const MOST_KEYS: usize = 100;
const DEEPEST: u32 = 8;
/// Keys that are tried where a token names none.
const MOST_TRIED: usize = 4;

/// The keys of an issuer.
#[derive(Debug, Default)]
pub struct KeySet {
    keys: Vec<Key>,
}

impl KeySet {
    /// Public keys as an issuer publishes them. Keys that are for something else, or of a kind not known here, are left
    /// out (RFC 7517 section 5).
    ///
    /// # Errors
    /// A sentence, if the set is malformed, has a private or secret key or two keys of one name in it, or no key of any
    /// use: whoever made such a set has lost hold of it.
    pub fn public(json: &[u8]) -> Result<Self, String> {
        Self::read(json, false)
    }

    /// Secrets that were agreed on with the issuer: keys of `kty` `oct`, or public ones, never both.
    ///
    /// # Errors
    /// As for [`Self::public`].
    pub fn with_secrets(json: &[u8]) -> Result<Self, String> {
        Self::read(json, true)
    }

    /// One secret that was agreed on, for one algorithm.
    ///
    /// # Errors
    /// A sentence, if it is shorter than the algorithm's hash (RFC 7518 section 3.2), or no secret at all.
    pub fn of_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, String> {
        Ok(Self { keys: vec![Key::secret(algorithm, secret)?] })
    }

    /// The keys for what is expected: secrets only where an algorithm for them is listed.
    ///
    /// # Errors
    /// As for [`Self::public`].
    pub fn for_expectations(json: &[u8], expected: &Expectations) -> Result<Self, String> {
        Self::read(json, expected.algorithms.iter().any(|algorithm| algorithm::is_symmetric(*algorithm)))
    }

    fn read(json: &[u8], secrets: bool) -> Result<Self, String> {
        if json.len() > LARGEST {
            return Err(format!("a key set has at most {LARGEST} bytes"));
        }
        let set = strict_json(json, DEEPEST).map_err(|detail| format!("the key set {detail}"))?;
        let members = set.get("keys").and_then(Value::as_array).ok_or("a key set has a list `keys`")?;
        if members.len() > MOST_KEYS {
            return Err(format!("a key set has at most {MOST_KEYS} keys"));
        }
        let members: Option<Vec<&jwk::Members>> = members.iter().map(Value::as_object).collect();
        let members = members.ok_or("a key is an object")?;
        let secret = members.iter().filter(|key| jwk::is_secret(key)).count();
        if members.iter().any(|key| jwk::is_private(key)) {
            return Err("the key set has a private key in it: it is known to everybody".to_owned());
        }
        if secret > 0 && !(secrets && secret == members.len()) {
            return Err("the key set has a secret in it, where public keys belong".to_owned());
        }
        let (keys, refused): (Vec<_>, Vec<_>) = members.iter().map(|key| Key::read(key)).partition(Result::is_ok);
        let keys: Vec<Key> = keys.into_iter().filter_map(Result::ok).collect();
        match refused.into_iter().find_map(Result::err) {
            Some(reason) if keys.is_empty() => return Err(format!("no key of the set can be used: {reason}")),
            None if keys.is_empty() => return Err("the key set is empty".to_owned()),
            _ => {}
        }
        // Of those that could not be read too: which of the two is meant?
        let signing = members.iter().filter(|key| jwk::check_purpose(key).is_ok());
        let kids: Vec<&str> = signing.filter_map(|key| key.get("kid").and_then(Value::as_str)).collect();
        match kids.iter().enumerate().any(|(index, kid)| kids.iter().skip(index + 1).any(|other| other == kid)) {
            true => Err("the key set has two keys of one name".to_owned()),
            false => Ok(Self { keys }),
        }
    }

    /// How many keys it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether a token with this `kid` could be checked: there is a key of that name, or of none.
    #[must_use]
    pub fn may_know(&self, kid: Option<&str>) -> bool {
        self.named(kid).next().is_some()
    }

    /// Keys of a name; where there is none, keys without a name. A token without a name may be of any key.
    fn named<'s>(&'s self, kid: Option<&'s str>) -> impl Iterator<Item = &'s Key> {
        let known = kid.is_some_and(|kid| self.keys.iter().any(|key| key.kid.as_deref() == Some(kid)));
        self.keys.iter().filter(move |key| match kid {
            None => true,
            Some(_) if known => key.kid.as_deref() == kid,
            Some(_) => key.kid.is_none(),
        })
    }

    /// What may check a signature of this algorithm; `listed` tells that the algorithm was chosen by configuration. A key
    /// that does not say its algorithm is taken for the one that is in general use, unless configuration lists others.
    pub(super) fn verifiers<'s>(
        &'s self,
        kid: Option<&'s str>,
        algorithm: Algorithm,
        listed: bool,
    ) -> impl Iterator<Item = &'s Verifier> {
        let bound = move |key: &&Key| key.bound || listed || algorithm == Algorithm::Rs256;
        self.named(kid).filter(bound).filter_map(move |key| key.verifier(algorithm)).take(MOST_TRIED)
    }
}
