//! Phase `identify`: credentials to a principal.
//!
//! Exactly one credential is looked at; two are refused rather than ranked. What is sent is checked even where none is
//! needed, so that a wrong key never passes as "anonymous".

pub mod credentials;
pub mod key;
pub mod revoked;

use crate::Refusal;
use crate::access::{Grants, Held};
use crate::exchange::Now;
use crate::guards::limits::LimitPlan;
use credentials::Credentials;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue};
use key::Pepper;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::sync::Arc;
use yett_model::Code;
use yett_model::snapshot::ApiKey;

/// An app as the plan knows it.
#[derive(Debug)]
pub struct AppPlan {
    /// Name.
    pub name: Arc<str>,
    /// Team it belongs to.
    pub team: Arc<str>,
    /// Stable number of the app for counters: survives a change of plan.
    pub subject: u64,
    /// Its profiles and those of its team, each with when it is held.
    pub held: Box<[Held]>,
    /// Limits on the app alone.
    pub limits: Vec<Arc<LimitPlan>>,
    /// What its profiles give.
    pub grants: Arc<Grants>,
}

/// Who calls.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The app.
    pub app: Arc<AppPlan>,
    /// Id of the credential; absent in simulations.
    pub credential: Option<Arc<str>>,
    /// What the credential may use: what the app may, or less.
    pub grants: Arc<Grants>,
}

impl Principal {
    /// Names of the profiles in force, those of the app's team among them.
    #[must_use]
    pub fn profiles(&self, now: Now) -> Arc<[Arc<str>]> {
        self.grants.profiles(now)
    }
}

/// Finds the credential of a request and checks it. `Ok(None)`: none was sent.
///
/// # Errors
/// 400 for several credentials, 401 for one that is not accepted.
pub fn identify(
    places: &ApiKey,
    headers: &HeaderMap,
    query: &str,
    credentials: &Credentials,
    pepper: &Pepper,
    now: Now,
) -> Result<Option<Principal>, Box<Refusal>> {
    let mut sent = sent_keys(places, headers, query)?;
    let Some(key) = sent.pop() else { return Ok(None) };
    if !sent.is_empty() {
        return Err(Refusal::open(Code::CredentialAmbiguous, "the request carries more than one credential"));
    }
    check(&key, credentials, pepper, now).map(Some)
}

fn check(key: &str, credentials: &Credentials, pepper: &Pepper, now: Now) -> Result<Principal, Box<Refusal>> {
    let Some(prefix) = key::prefix(key) else {
        return Err(refuse(places_hint(), Code::CredentialInvalid, "the key is malformed or its checksum is wrong"));
    };
    match credentials.find(prefix, |hash| pepper.verify(key, hash)) {
        None => Err(refuse(places_hint(), Code::CredentialInvalid, "no credential has this key")),
        Some(found) if found.expires_at.is_some_and(|at| at <= now.unix_ms / 1000) => {
            Err(refuse(places_hint(), Code::CredentialExpired, format!("credential {} has expired", found.id)))
        }
        Some(found) => Ok(Principal { app: found.app, credential: Some(found.id), grants: found.grants }),
    }
}

fn places_hint() -> &'static str {
    "Bearer realm=\"yett\", error=\"invalid_token\""
}

/// A 401 always says how to authenticate (RFC 9110 section 11.6.1).
fn refuse(challenge: &'static str, code: Code, reason: impl Into<String>) -> Box<Refusal> {
    Refusal::new(code, reason).with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

/// The refusal of a request without a credential.
#[must_use]
pub fn missing(places: Option<&ApiKey>) -> Box<Refusal> {
    let mut refusal = refuse("Bearer realm=\"yett\"", Code::CredentialMissing, "no credential was sent");
    refusal.detail = match places {
        Some(ApiKey { header: Some(header), .. }) => format!("Send an API key in the header {header}."),
        Some(ApiKey { bearer: true, .. }) => "Send an API key as Authorization: Bearer.".to_owned(),
        Some(ApiKey { query: Some(query), .. }) => format!("Send an API key in the query parameter {query}."),
        _ => "This API accepts no credential yet.".to_owned(),
    };
    refusal
}

fn sent_keys<'a>(places: &'a ApiKey, headers: &'a HeaderMap, query: &'a str) -> Result<Vec<Cow<'a, str>>, Box<Refusal>> {
    let malformed = || refuse(places_hint(), Code::CredentialInvalid, "the credential is not visible ASCII");
    let mut sent = Vec::new();
    if let Some(name) = &places.header {
        for value in headers.get_all(name) {
            sent.push(Cow::Borrowed(value.to_str().map_err(|_| malformed())?.trim()));
        }
    }
    if places.bearer {
        for value in headers.get_all(AUTHORIZATION) {
            let value = value.to_str().map_err(|_| malformed())?;
            sent.extend(bearer(value).map(Cow::Borrowed));
        }
    }
    if let Some(name) = &places.query {
        sent.extend(query_values(query, name));
    }
    Ok(sent)
}

/// The token of an `Authorization` value with the Bearer scheme (RFC 6750); other schemes are not ours.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn query_values<'a>(query: &'a str, name: &'a str) -> impl Iterator<Item = Cow<'a, str>> {
    let named = move |pair: &&str| percent_decode_str(pair_name(pair)).decode_utf8_lossy() == name;
    query.split('&').filter(named).map(|pair| {
        let value = pair.split_once('=').map_or("", |(_, value)| value);
        percent_decode_str(value).decode_utf8_lossy()
    })
}

/// The name of a `name=value` pair, percent-encoded.
pub(crate) fn pair_name(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(name, _)| name)
}

#[cfg(test)]
mod tests;
