//! Phase `identify`: credentials to a principal.
//!
//! A [`Method`] is one way to prove oneself: one file here, and one line in [`chain::build`]. The [`chain::Chain`] of an
//! API asks its methods in order and says what happens when several find something. What is sent is checked even where
//! none is needed, so that a wrong credential never passes as "anonymous".

pub mod anonymous;
mod api_key;
pub mod basic;
pub mod body_proof;
pub mod certificate;
pub mod chain;
pub mod credentials;
pub mod jwt;
pub mod key;
pub mod proofs;
pub mod question;
pub mod replays;
pub mod revoked;
pub mod secrets;
pub mod signature;
#[cfg(test)]
mod staged;
pub(crate) mod users;
pub mod watch;
mod webhook;

use crate::Refusal;
use crate::access::{Grants, Held, Profiles};
use crate::exchange::{Caller, Now};
use crate::guards::limits::LimitPlan;
use crate::policy::Rules;
use body_proof::BodyProof;
use credentials::Credentials;
use http::header::{AUTHORIZATION, HOST, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue};
use jwt::key_sets::KeySets;
use key::Pepper;
use proofs::Proofs;
use question::{Answer, Question};
use replays::Replays;
use revoked::Revoked;
use serde_json::{Map, Value};
use std::fmt::Debug;
use std::sync::Arc;
use yett_model::Code;

/// An app as the plan knows it.
#[derive(Debug)]
pub struct AppPlan {
    /// Name.
    pub name: Arc<str>,
    /// Team it belongs to.
    pub team: Arc<str>,
    /// Whether it acts for users.
    pub agent: bool,
    /// Name of the plan it is on, if it is on one.
    pub plan: Option<Arc<str>>,
    /// Stable number of the app for counters: survives a change of plan.
    pub subject: u64,
    /// Its profiles and those of its team, each with when it is held.
    pub held: Box<[Held]>,
    /// What policies without conditions say of the app and of its team.
    pub(crate) rules: Rules,
    /// Limits on the app alone.
    pub limits: Vec<Arc<LimitPlan>>,
    /// What its profiles give.
    pub grants: Arc<Grants>,
}

/// A user as the plan knows them.
#[derive(Debug)]
pub struct UserPlan {
    /// Name in the configuration.
    pub name: Arc<str>,
    /// Own profiles and those of the teams, each with when it is held.
    pub held: Box<[Held]>,
    /// What they give.
    pub grants: Arc<Grants>,
}

/// A person as an issuer of tokens knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// `iss` of the issuer whose user it is.
    pub issuer: Arc<str>,
    /// What that issuer calls the person.
    pub subject: Arc<str>,
}

/// What a token says, once it is proven.
#[derive(Debug, PartialEq)]
pub struct Claims {
    /// Name of the issuer in the configuration.
    pub issuer: Arc<str>,
    /// Every claim.
    pub all: Map<String, Value>,
}

/// A method that proved a caller, and the id of the credential.
#[derive(Debug, Clone)]
pub struct Proof {
    /// As in configuration: `api-key`.
    pub method: &'static str,
    /// Absent where the method has none, as a webhook.
    pub credential: Option<Arc<str>>,
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
    /// The method that proved it; empty in simulations.
    pub method: &'static str,
    /// Other proofs of the same caller.
    pub also: Vec<Proof>,
    /// What the user has for whom an agent acts: what is forbidden there, is forbidden.
    pub(crate) of_user: Option<Arc<Grants>>,
    /// Name of the person the app acts for: that in the configuration, or as their issuer calls them.
    pub user: Option<Arc<str>>,
    /// The same person as an issuer knows them; absent in simulations.
    pub person: Option<Arc<Person>>,
    /// Who acts for that person, the nearest first (`act` of RFC 8693 section 4.1).
    pub actors: Vec<Arc<str>>,
    /// What the token says.
    pub claims: Option<Arc<Claims>>,
}

impl Principal {
    /// An app, with all it has.
    #[must_use]
    pub fn of(app: Arc<AppPlan>) -> Self {
        let grants = app.grants.clone();
        Self {
            app,
            credential: None,
            grants,
            method: "",
            also: Vec::new(),
            of_user: None,
            user: None,
            person: None,
            actors: Vec::new(),
            claims: None,
        }
    }

    /// Narrows it to what another proof of the same caller allows too, and takes over what that tells besides.
    pub(crate) fn join(&mut self, other: Principal) {
        if !Arc::ptr_eq(&self.grants, &other.grants) {
            self.grants = Arc::new(self.grants.both(&other.grants));
        }
        self.also.push(Proof { method: other.method, credential: other.credential });
        self.also.extend(other.also);
        if self.user.is_none() {
            (self.user, self.person, self.actors) = (other.user, other.person, other.actors);
        }
        self.claims = self.claims.take().or(other.claims);
    }

    /// Ids of the credentials that proved it.
    pub fn credentials(&self) -> impl Iterator<Item = &str> {
        self.proofs().filter_map(|(_, credential)| credential)
    }

    /// The methods that proved it, each with the id of the credential where there is one.
    pub fn proofs(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        let first = (self.method, self.credential.as_deref());
        std::iter::once(first).chain(self.also.iter().map(|proof| (proof.method, proof.credential.as_deref())))
    }

    /// Whether nobody said who calls, and the profiles of such callers are what it has.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.method == anonymous::NAME
    }

    /// Names of the profiles in force, those of the app's team among them.
    #[must_use]
    pub fn profiles(&self, now: Now) -> Arc<[Arc<str>]> {
        self.grants.profiles(now)
    }
}

/// What a method may look at: the request's head, the connection, and what the plan knows of credentials.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Method of the request.
    pub method: &'a http::Method,
    /// Host it is for, without a default port.
    pub host: &'a str,
    /// Path, in the form that was routed by.
    pub path: &'a str,
    /// Query as it came, without `?`.
    pub query: &'a str,
    /// Target as it came.
    pub uri: &'a http::Uri,
    /// Whether it came over HTTP/2, where every target has an authority.
    pub is_http2: bool,
    /// Host that the caller asked a trusted proxy for.
    pub told_host: Option<&'a str>,
    /// Fields.
    pub headers: &'a HeaderMap,
    /// The connection.
    pub caller: &'a Caller,
    /// The time.
    pub now: Now,
    /// Certificates, signing keys, secrets and passwords.
    pub proofs: &'a Proofs,
    /// Profiles of the plan.
    pub profiles: &'a Profiles,
    /// Keys of issuers.
    pub key_sets: &'a KeySets,
    /// Tokens that are refused though they have not expired.
    pub revoked: &'a Revoked,
    /// What was used and must not be used again.
    pub replays: &'a Replays,
    /// API keys.
    pub credentials: &'a Credentials,
    /// What they are hashed with.
    pub pepper: &'a Pepper,
}

impl<'a> Asked<'a> {
    /// Host and port that the caller asked for, as it spelled them; what a trusted proxy was asked for comes first.
    pub(crate) fn authority(&self) -> Option<&'a str> {
        let of_target = || self.uri.authority().map(http::uri::Authority::as_str);
        let of_field = || self.headers.get(HOST)?.to_str().ok();
        self.told_host.or_else(of_target).or_else(of_field)
    }
}

/// Where a request has a credential of a method's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It has none.
    Nothing,
    /// In `Authorization`, which has room for one: the first method in order that recognises it has it.
    Authorization,
    /// Anywhere else.
    Elsewhere,
}

/// What a method found.
#[derive(Debug)]
pub enum Found {
    /// No credential of its kind.
    Nothing,
    /// A proven caller.
    Caller(Principal),
    /// A caller who is proven if the body is what the proof says.
    Bound(Principal, BodyProof),
    /// A credential that only somebody outside can judge; [`Method::answered`] goes on with what they say.
    Asks(Question),
}

/// One way to prove oneself.
pub trait Method: Send + Sync + Debug {
    /// As in configuration: `api-key`.
    fn name(&self) -> &'static str;

    /// Whether a credential of its kind was sent, told without proving anything.
    fn sent(&self, asked: &Asked<'_>) -> Sent;

    /// Checks the credential.
    ///
    /// # Errors
    /// 401 for one that is not accepted, 400 for one that cannot be read.
    fn look(&self, asked: &Asked<'_>) -> Result<Found, Box<Refusal>>;

    /// Goes on with the answer to the question that [`Method::look`] asked.
    ///
    /// # Errors
    /// As for [`Method::look`]; 503 if there is no answer.
    fn answered(&self, _asked: &Asked<'_>, answer: Answer) -> Result<Found, Box<Refusal>> {
        Err(Refusal::new(Code::IdentityUnavailable, format!("{} asked nothing, and was told {answer:?}", self.name())))
    }

    /// What `WWW-Authenticate` says to a caller without a credential (RFC 9110 section 11.6.1).
    fn challenge(&self) -> &'static str;

    /// A sentence for such a caller.
    fn hint(&self) -> Option<String>;

    /// Whether a field is where its credential stands: no upstream sees it.
    fn takes(&self, name: &HeaderName) -> bool;

    /// The query parameter that carries the credential, if one may.
    fn query(&self) -> Option<&str> {
        None
    }
}

/// A 401 always says how to authenticate (RFC 9110 section 11.6.1).
pub(crate) fn refuse(challenge: &'static str, code: Code, reason: impl Into<String>) -> Box<Refusal> {
    Refusal::new(code, reason).with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

/// The tokens of `Authorization: Bearer` (RFC 6750); `None` for one that is not visible ASCII.
pub(crate) fn bearer_tokens(headers: &HeaderMap) -> impl Iterator<Item = Option<&str>> {
    headers.get_all(AUTHORIZATION).iter().filter_map(|value| match value.to_str() {
        Err(_) => Some(None),
        Ok(value) => bearer(value).map(Some),
    })
}

/// The token of an `Authorization` value with the Bearer scheme; other schemes are not looked at.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The name of a `name=value` pair, percent-encoded.
pub(crate) fn pair_name(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(name, _)| name)
}
