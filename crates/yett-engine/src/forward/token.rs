//! Tells the upstream who calls, in a signed short-lived token (RFC 7519, RFC 7515, EdDSA of RFC 8037).
//!
//! A token is used again for half of its lifetime by requests of one credential for one operation, so that a signature
//! is not made for each. Its `jti` is the decision that it was made for.

use crate::exchange::Now;
use crate::identity::{AppPlan, Principal};
use crate::jose::jwk::thumbprint;
use crate::plan::OperationPlan;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use http::{HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use yett_model::snapshot::{Api, Snapshot, UpstreamIdentity};

const SHARDS: usize = 32;
/// Tokens kept in a shard; then it begins anew. Bounds the memory, not the number of callers.
const MOST_KEPT: usize = 1024;
const LONGEST_LIFETIME_S: u32 = 3600;

/// Signs tokens. The private key never leaves it.
pub struct Signer {
    key: Ed25519KeyPair,
    head: String,
    jwks: Bytes,
}

impl Signer {
    /// A signer with the first of some Ed25519 private keys (PKCS #8, DER); the public halves of all are in the key set,
    /// so that tokens of a key that is being replaced stay good.
    ///
    /// # Errors
    /// A sentence, if there is no key or one cannot be used. It never shows a key.
    pub fn new(keys: &[Vec<u8>]) -> Result<Self, String> {
        let read = |der: &Vec<u8>| {
            Ed25519KeyPair::from_pkcs8(der)
                .or_else(|_| Ed25519KeyPair::from_pkcs8_maybe_unchecked(der))
                .map_err(|_| "an identity key must be an Ed25519 private key in PKCS #8".to_owned())
        };
        let mut pairs = keys.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let public: Vec<Map<String, Value>> = pairs.iter().map(jwk).collect();
        let jwks = Bytes::from(json!({"keys": public}).to_string());
        if pairs.is_empty() {
            return Err("there is no identity key".to_owned());
        }
        let key = pairs.swap_remove(0);
        let kid = jwk(&key).get("kid").cloned();
        let head = json!({"alg": "EdDSA", "kid": kid, "typ": "JWT"}).to_string();
        Ok(Self { key, head: BASE64URL_NOPAD.encode(head.as_bytes()), jwks })
    }

    /// The public keys as a JWK Set (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> Bytes {
        self.jwks.clone()
    }

    /// A token in compact form.
    fn sign(&self, claims: &Claims<'_>) -> Option<HeaderValue> {
        let claims = serde_json::to_vec(claims).ok()?;
        let mut token = format!("{}.{}", self.head, BASE64URL_NOPAD.encode(&claims));
        let signature = self.key.sign(token.as_bytes());
        token.push('.');
        token.push_str(&BASE64URL_NOPAD.encode(signature.as_ref()));
        let mut value = HeaderValue::from_str(&token).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// The public half, named by its thumbprint (RFC 7638).
fn jwk(key: &Ed25519KeyPair) -> Map<String, Value> {
    let x = BASE64URL_NOPAD.encode(key.public_key().as_ref());
    let members = [("kty", "OKP"), ("crv", "Ed25519"), ("x", &x), ("use", "sig"), ("alg", "EdDSA")];
    let mut jwk: Map<String, Value> = members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    jwk.insert("kid".to_owned(), thumbprint(&jwk).into());
    jwk
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    team: &'a str,
    profiles: Vec<&'a str>,
    api: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a str>,
    jti: &'a str,
    iat: u64,
    exp: u64,
}

/// The tokens of an API.
pub(crate) struct Tokens {
    issuer: String,
    audience: String,
    api: String,
    lifetime_s: u64,
    /// Field that carries them.
    pub(crate) header: HeaderName,
    shards: Vec<Mutex<HashMap<Key, Kept>>>,
    hasher: RandomState,
}

/// Credential, or app where there is none, and operation.
type Key = (Arc<str>, u32);

struct Kept {
    token: HeaderValue,
    until_s: u64,
    /// Of whom it tells: a patch may give a credential to another app, or narrow it, and a profile may be held for a time.
    app: Arc<AppPlan>,
    profiles: Arc<[Arc<str>]>,
}

impl Kept {
    fn is_of(&self, principal: &Principal, profiles: &Arc<[Arc<str>]>) -> bool {
        Arc::ptr_eq(&self.app, &principal.app) && self.profiles == *profiles
    }
}

/// For which request a token is.
pub(crate) struct Bearer<'a> {
    pub(crate) principal: &'a Principal,
    pub(crate) operation: Option<(u32, &'a OperationPlan)>,
    pub(crate) decision: &'a str,
    pub(crate) now: Now,
}

impl Tokens {
    /// Those of an API.
    ///
    /// # Errors
    /// A sentence, if they cannot be made.
    pub(super) fn new(identity: &UpstreamIdentity, api: &Api, snapshot: &Snapshot) -> Result<Self, String> {
        let issuer = snapshot.identity.as_ref().ok_or("tokens need an issuer: set `gateway.identity`")?;
        if identity.audience.is_empty() || issuer.issuer.is_empty() {
            return Err("issuer and audience are not empty".to_owned());
        }
        if !(2..=LONGEST_LIFETIME_S).contains(&identity.lifetime_s) {
            return Err(format!("a token lives for 2 to {LONGEST_LIFETIME_S} seconds"));
        }
        let header: HeaderName = identity.header.parse().map_err(|_| format!("'{}' is no header name", identity.header))?;
        let taken = ["yett-app", "yett-decision"].contains(&header.as_str());
        let free =
            header.as_str().starts_with("yett-") || header.as_str().starts_with("x-") || header == http::header::AUTHORIZATION;
        if taken || !free || header.as_str().starts_with("x-forwarded-") {
            return Err(format!("'{header}' cannot carry a token: use a name with `yett-` or `x-`, or `authorization`"));
        }
        Ok(Self {
            issuer: issuer.issuer.clone(),
            audience: identity.audience.clone(),
            api: api.name.clone(),
            lifetime_s: u64::from(identity.lifetime_s),
            header,
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        })
    }

    /// A token for a request: one that is young enough, or a new one.
    pub(crate) fn token(&self, signer: &Signer, bearer: &Bearer<'_>) -> Option<HeaderValue> {
        let principal = bearer.principal;
        let holder = principal.credential.as_ref().unwrap_or(&principal.app.name);
        let key = (holder.clone(), bearer.operation.map_or(u32::MAX, |(number, _)| number));
        let now_s = bearer.now.unix_ms / 1000;
        let profiles = principal.profiles(bearer.now);
        let shard = self.shards.get(self.hasher.hash_one(&key) as usize % SHARDS)?;
        let mut kept = shard.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back must not make tokens of the future.
        let usable = |kept: &&Kept| now_s < kept.until_s && kept.until_s <= now_s + self.lifetime_s / 2;
        if let Some(young) = kept.get(&key).filter(usable).filter(|kept| kept.is_of(principal, &profiles)) {
            return Some(young.token.clone());
        }
        let token = signer.sign(&Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: &principal.app.name,
            team: &principal.app.team,
            profiles: profiles.iter().map(|profile| &**profile).collect(),
            api: &self.api,
            operation: bearer.operation.map(|(_, operation)| &*operation.id),
            jti: bearer.decision,
            iat: now_s,
            exp: now_s + self.lifetime_s,
        })?;
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        let app = principal.app.clone();
        kept.insert(key, Kept { token: token.clone(), until_s: now_s + self.lifetime_s / 2, app, profiles });
        Some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    fn key(seed: u8) -> Vec<u8> {
        let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        [&prefix[..], &[seed; 32]].concat()
    }

    fn tokens(lifetime_s: u32) -> Tokens {
        let mut snapshot: Snapshot = serde_json::from_value(fixture::snapshot()).unwrap();
        snapshot.identity = Some(serde_json::from_value(json!({"issuer": "https://gw.example"})).unwrap());
        let identity = UpstreamIdentity { audience: "books".to_owned(), lifetime_s, header: "yett-identity".to_owned() };
        Tokens::new(&identity, &snapshot.apis[0], &snapshot).unwrap()
    }

    fn decoded(token: &HeaderValue, part: usize) -> serde_json::Value {
        let text = token.to_str().unwrap().split('.').nth(part).unwrap();
        serde_json::from_slice(&BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn a_token_says_who_calls_and_is_signed_by_the_first_key() {
        let signer = Signer::new(&[key(1), key(2)]).unwrap();
        let engine = fixture::engine(&fixture::snapshot());
        let principal = engine.plan().unwrap().assume("reader-app").unwrap();
        let bearer = Bearer { principal: &principal, operation: None, decision: "D1", now: fixture::NOW };
        let token = tokens(60).token(&signer, &bearer).unwrap();
        let claims = decoded(&token, 1);
        for (claim, value) in [
            ("iss", json!("https://gw.example")),
            ("aud", json!("books")),
            ("sub", json!("reader-app")),
            ("team", json!("readers")),
            ("profiles", json!(["reader"])),
            ("jti", json!("D1")),
            ("iat", json!(1_700_000_000)),
            ("exp", json!(1_700_000_060)),
        ] {
            assert_eq!(claims[claim], value, "{claim}");
        }
        let set: serde_json::Value = serde_json::from_slice(&signer.jwks()).unwrap();
        assert_eq!(set["keys"].as_array().unwrap().len(), 2);
        assert_eq!(set["keys"][0]["kid"], decoded(&token, 0)["kid"]);
        let x = BASE64URL_NOPAD.decode(set["keys"][0]["x"].as_str().unwrap().as_bytes()).unwrap();
        let (signed, signature) = token.to_str().unwrap().rsplit_once('.').unwrap();
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        UnparsedPublicKey::new(&ED25519, x).verify(signed.as_bytes(), &signature).unwrap();
    }

    #[test]
    fn a_token_is_used_again_for_half_of_its_lifetime_by_the_same_caller_only() {
        let signer = Signer::new(&[key(1)]).unwrap();
        let engine = fixture::engine(&fixture::snapshot());
        let plan = engine.plan().unwrap();
        let (reader, idler) = (plan.assume("reader-app").unwrap(), plan.assume("idle-app").unwrap());
        let tokens = tokens(60);
        let mut number = 0;
        let mut jti = |principal: &Principal, second: u64| {
            number += 1;
            let now = Now { unix_ms: second * 1000, mono_us: 0 };
            let decision = format!("D{number}");
            decoded(&tokens.token(&signer, &Bearer { principal, operation: None, decision: &decision, now }).unwrap(), 1)["jti"]
                .clone()
        };
        assert_eq!(jti(&reader, 1000), "D1");
        assert_eq!(jti(&reader, 1029), "D1");
        assert_eq!(jti(&idler, 1029), "D3");
        assert_eq!(jti(&reader, 1030), "D4");
        // The clock was set back: a token of the future is not given out.
        assert_eq!(jti(&reader, 500), "D5");
    }

    #[test]
    fn a_credential_that_was_replaced_gets_no_token_of_what_it_was() {
        let signer = Signer::new(&[key(1)]).unwrap();
        let engine = fixture::engine(&fixture::snapshot());
        let plan = engine.plan().unwrap();
        let credential: Option<Arc<str>> = Some("key-1".into());
        let wide = Principal { credential: credential.clone(), ..plan.assume("reader-app").unwrap() };
        let narrow = Principal { grants: plan.profiles.grants_of([]), ..wide.clone() };
        let other = Principal { credential, ..plan.assume("idle-app").unwrap() };
        let tokens = tokens(60);
        let claims = |principal: &Principal| {
            let bearer = Bearer { principal, operation: None, decision: "D", now: fixture::NOW };
            let claims = decoded(&tokens.token(&signer, &bearer).unwrap(), 1);
            (claims["sub"].clone(), claims["profiles"].clone())
        };
        assert_eq!(claims(&wide), (json!("reader-app"), json!(["reader"])));
        assert_eq!(claims(&narrow), (json!("reader-app"), json!([])));
        assert_eq!(claims(&other).0, "idle-app");
        assert_eq!(claims(&wide), (json!("reader-app"), json!(["reader"])));
    }

    #[test]
    fn keys_that_cannot_sign_are_refused_without_being_shown() {
        assert!(Signer::new(&[]).is_err());
        assert!(Signer::new(&[b"secret".to_vec()]).err().is_some_and(|message| !message.contains("secret")));
    }
}
