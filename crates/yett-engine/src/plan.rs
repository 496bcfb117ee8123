//! The plan: a snapshot compiled for enforcement. Immutable but for its credentials, which patches change.

mod build;
mod callers;
pub(crate) mod target;
mod upstream;

use crate::access::{Grants, Held, Profiles, add_held};
use crate::cache::CachePlan;
use crate::callout::CalloutPlan;
use crate::compression::CompressionPlan;
use crate::controls::Controls;
use crate::forward::forwarded::TrustedProxies;
use crate::forward::token::Signer;
use crate::forward::{Protecting, ProxyPlan};
use crate::guards::cors::CorsPlan;
use crate::guards::{Guard, Reshapes, contract, limits, mask};
use crate::identity::chain::Chain;
use crate::identity::credentials::keyring::{self, Keyring};
use crate::identity::credentials::{Credentials, Holder, Stored};
use crate::identity::jwt::issuers::IssuerPlan;
use crate::identity::jwt::key_sets::KeySets;
use crate::identity::key::Pepper;
use crate::identity::proofs::Proofs;
use crate::identity::replays::Replays;
use crate::identity::revoked::Revoked;
use crate::identity::users::Users;
use crate::identity::{AppPlan, Principal};
use crate::mock::Mock;
use crate::outline::Outlines;
use crate::policy::Policies;
use crate::retirement::RetirementPlan;
use crate::routing::Routes;
use crate::routing::template::Template;
use aws_lc_rs::digest;
use http::{HeaderName, HeaderValue};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use yett_model::Diagnostic;
use yett_model::snapshot::{
    Api, Collection, Credential, DecompressRequests, Failures, Leaks, LogSubjects, Mode, Notation, Operation, PlacedAt, Priority,
    Snapshot, Tracing, Upstream, WebSocket,
};

/// Body limit of requests that no operation describes.
pub(crate) const DEFAULT_MAX_BODY_BYTES: u64 = 1 << 20;

/// A compiled snapshot.
pub struct Plan {
    digest: String,
    pub(crate) sequence: u64,
    pub(crate) routes: Routes,
    /// For requests that lead to no API.
    pub(crate) guards: Vec<Arc<dyn Guard>>,
    apis: Vec<ApiPlan>,
    operations: Vec<OperationPlan>,
    pub(crate) apps: HashMap<Arc<str>, Arc<AppPlan>>,
    pub(crate) users: Users,
    pub(crate) profiles: Profiles,
    pub(crate) credentials: Credentials,
    pub(crate) pepper: Arc<Pepper>,
    /// Certificates, signing keys, secrets of webhooks, and passwords.
    pub(crate) proofs: Proofs,
    /// What was used and must not be used again.
    pub(crate) replays: Arc<Replays>,
    /// Tokens that are refused though they have not expired.
    pub revoked: Arc<Revoked>,
    /// Controls in force.
    pub controls: Arc<Controls>,
    /// Issuers whose tokens are accepted, by name.
    pub issuers: HashMap<Arc<str>, Arc<IssuerPlan>>,
    /// Keys of those that publish them.
    pub key_sets: Arc<KeySets>,
    /// Signs tokens for upstreams; absent where there is no key, as in simulations.
    pub(crate) signer: Option<Arc<Signer>>,
    /// Whether nothing that is decided comes of it: keys may be missing then.
    pub(crate) simulated: bool,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) tracing: Tracing,
    /// Public path of the key set.
    pub(crate) jwks_path: Option<String>,
    /// Fields of answers that no API gives.
    pub(crate) protection: Protecting,
    /// What is worth telling about the snapshot, but was no reason to refuse it.
    pub(crate) warnings: Vec<Diagnostic>,
    /// Who is asked whether requests may pass, by name.
    pub callouts: HashMap<Arc<str>, Arc<CalloutPlan>>,
    /// Delays for whoever guesses credentials.
    pub(crate) failures: Failures,
    /// Where leaked keys are handed in.
    pub(crate) leaks: Option<Leaks>,
    /// How people stand in events.
    pub(crate) log_subjects: LogSubjects,
}

/// An API of the plan.
pub struct ApiPlan {
    /// Name.
    pub name: Arc<str>,
    /// Targets of the upstream, those of all versions one after the other.
    pub targets: Vec<Arc<TargetPlan>>,
    /// Versions of the upstream; none where there is but one.
    pub versions: Vec<VersionPlan>,
    /// Where copies of requests go.
    pub mirror: Option<Arc<TargetPlan>>,
    pub(crate) base_path: String,
    /// Where requests say that they are for this version, if there are several.
    pub(crate) placed_at: Option<PlacedAt>,
    /// Settings of the upstream.
    pub upstream: Upstream,
    pub(crate) preserve_host: bool,
    /// Whether every operation, and so whatever the upstream may make of a request, is open to anybody.
    pub(crate) all_public: bool,
    /// How its callers prove themselves.
    pub(crate) identity: Chain,
    /// Whether streams go on when the token they were opened with expires.
    pub(crate) streams_outlive_tokens: bool,
    pub(crate) undocumented: Mode,
    pub(crate) max_response_bytes: u64,
    /// Deepest nesting of a body.
    pub(crate) max_depth: u32,
    pub(crate) operations: Range<u32>,
    pub(crate) guards: Vec<Arc<dyn Guard>>,
    /// What the guards may do to the bodies of answers to requests that no operation describes.
    pub(crate) reshapes: Reshapes,
    /// For requests that no operation describes.
    pub(crate) callouts: Vec<Arc<CalloutPlan>>,
    pub(crate) proxy: ProxyPlan,
    /// Which pages of other origins may read answers; absent where none may.
    pub(crate) cors: Option<CorsPlan>,
    /// Digest of the API's settings if any of its operations keeps answers: with other settings they are other answers.
    pub(crate) cache_digest: Vec<u8>,
}

/// A version of an upstream.
#[derive(Debug)]
pub struct VersionPlan {
    /// Name.
    pub name: Arc<str>,
    /// Its targets among those of the API.
    pub targets: Range<usize>,
    pub(crate) weight: u32,
    pub(crate) header: Vec<(HeaderName, String)>,
}

/// A target of an upstream.
#[derive(Debug)]
pub struct TargetPlan {
    /// The URL as configured.
    pub url: String,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Host name or address to connect to, without brackets.
    pub name: String,
    /// Port.
    pub port: u16,
    /// Value for `Host`.
    pub host: HeaderValue,
    /// Path prefix without a trailing slash.
    pub prefix: String,
    /// Number of the API in the plan.
    pub api: u32,
    /// Share of the traffic relative to the others.
    pub weight: u32,
}

/// An operation of the plan.
pub struct OperationPlan {
    /// `api:operationId`.
    pub id: Arc<str>,
    /// Path template.
    pub template: String,
    /// Number of the API in the plan.
    pub api: u32,
    pub(crate) cost: u32,
    pub(crate) max_body_bytes: u64,
    /// How much it matters while its API is overloaded.
    pub priority: Priority,
    /// Whether its answers may take as long as they like.
    pub long_lived: bool,
    pub(crate) public: bool,
    /// Whether the contract describes a ';' in the path.
    pub(crate) semicolons: bool,
    /// Whether answers are held against a schema, so that they must come without a content coding.
    pub(crate) reads_answers: bool,
    /// As in the snapshot.
    pub(crate) idle_timeout_ms: Option<u64>,
    pub(crate) websocket: Option<WebSocket>,
    /// Header fields of the contract that would otherwise be taken off.
    pub(crate) declared_headers: Vec<HeaderName>,
    /// The path's name at the upstream, where it is another.
    pub(crate) upstream_path: Option<Template>,
    /// Keeps answers.
    pub(crate) cache: Option<CachePlan>,
    /// Compresses answers.
    pub(crate) compression: Option<CompressionPlan>,
    /// Decodes the bodies of requests.
    pub(crate) decompress_requests: Option<DecompressRequests>,
    /// Notations in the place of JSON.
    pub(crate) transcode: Vec<Notation>,
    /// Names of the path parameters whose values no log shows.
    pub(crate) private_path: Vec<Box<str>>,
    /// Answers in the place of the upstream.
    pub(crate) mock: Option<Mock>,
    /// How it goes, where it does.
    pub(crate) retirement: Option<RetirementPlan>,
    pub(crate) guards: Vec<Arc<dyn Guard>>,
    /// What the guards may do to the bodies of answers.
    pub(crate) reshapes: Reshapes,
    /// Who is asked whether a request may pass, in order.
    pub(crate) callouts: Vec<Arc<CalloutPlan>>,
}

/// Everything a guard may need to be built for one operation (or for what an API does not describe).
pub struct Scope<'a> {
    /// The whole snapshot.
    pub snapshot: &'a Snapshot,
    /// The API.
    pub api: &'a Api,
    /// The operation; `None` for requests that the contract does not describe.
    pub operation: Option<&'a Operation>,
    /// Collections that have the operation.
    pub collections: &'a [&'a Collection],
    /// Whether some app or profile has limits: told once, as there may be many apps for each of many operations.
    pub app_limits: bool,
    /// Guards of limits that are built already.
    pub limits_guards: &'a limits::Shared,
    /// The access policies.
    pub(crate) policies: &'a Policies,
    /// The API's compiled shared schemas.
    pub schemas: &'a contract::Schemas,
    /// What the API's schemas say besides what fits.
    pub(crate) outlines: &'a Outlines,
    /// What the mask guards of all operations share.
    pub(crate) masking: &'a mask::Shared,
    /// The API's pages of other origins; absent where there are none.
    pub(crate) cors: Option<&'a CorsPlan>,
    /// The API's guard against forged requests.
    pub(crate) csrf: Option<&'a Arc<dyn Guard>>,
    /// JSON pointer of the operation in the snapshot.
    pub path: String,
}

impl Plan {
    /// Compiles a snapshot.
    ///
    /// # Errors
    /// Every mistake that was found; nothing is compiled by halves.
    pub fn build(bytes: &[u8], pepper: Arc<Pepper>) -> Result<Self, Vec<Diagnostic>> {
        build::build(bytes, pepper)
    }

    /// SHA-256 of the snapshot, hex.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    pub(crate) fn short_digest(&self) -> &str {
        self.digest.get(..16).unwrap_or(&self.digest)
    }

    /// An operation by number.
    #[must_use]
    pub fn operation(&self, number: u32) -> Option<&OperationPlan> {
        self.operations.get(number as usize)
    }

    /// The callouts of an operation, or of what an API does not describe.
    pub(crate) fn callouts_of(&self, api: Option<u32>, operation: Option<u32>) -> &[Arc<CalloutPlan>] {
        match (operation.and_then(|number| self.operation(number)), api.and_then(|number| self.api(number))) {
            (Some(operation), _) => &operation.callouts,
            (None, Some(api)) => &api.callouts,
            (None, None) => &[],
        }
    }

    pub(crate) fn is_public(&self, operation: u32) -> bool {
        self.operation(operation).is_some_and(|operation| operation.public)
    }

    /// An API by number.
    #[must_use]
    pub fn api(&self, number: u32) -> Option<&ApiPlan> {
        self.apis.get(number as usize)
    }

    /// The APIs, in the snapshot's order.
    #[must_use]
    pub fn apis(&self) -> &[ApiPlan] {
        &self.apis
    }

    /// The operations, in the snapshot's order.
    #[must_use]
    pub fn operations(&self) -> &[OperationPlan] {
        &self.operations
    }

    /// What is worth telling about the snapshot.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The proxies in front whose word about a caller is taken.
    #[must_use]
    pub fn trusted_proxies(&self) -> &TrustedProxies {
        &self.trusted_proxies
    }

    /// The first API that tells its upstream who calls, and so needs a signing key.
    pub(crate) fn signs_for(&self) -> Option<usize> {
        self.apis.iter().position(|api| api.proxy.tokens.is_some())
    }

    /// A credential as it is stored, its app and profiles resolved.
    ///
    /// # Errors
    /// The mistake, if it names what the plan does not have.
    pub(crate) fn resolve(&self, credential: &Credential, path: &str) -> Result<Stored, Diagnostic> {
        let Holder { app, grants } = self.holder(&credential.app, credential.profiles.as_deref(), path)?;
        let hash = decode_hex(&credential.hash)
            .and_then(|hash| <[u8; 32]>::try_from(hash).ok())
            .ok_or_else(|| Diagnostic::new(format!("{path}/hash"), "hash-malformed", "a credential hash is 64 hex digits"))?;
        let (id, expires_at) = (credential.id.as_str().into(), credential.expires_at);
        Ok(Stored { id, hash, expires_at, app, grants })
    }

    /// An app, and what a credential of it may use that carries the named profiles, or all of them.
    fn holder(&self, app: &str, profiles: Option<&[String]>, path: &str) -> Result<Holder, Diagnostic> {
        let found = self.apps.get(app);
        let app =
            found.ok_or_else(|| Diagnostic::new(format!("{path}/app"), "app-unknown", format!("there is no app '{app}'")))?;
        let grants = match profiles {
            None => app.grants.clone(),
            Some(names) => self.narrow(app, names).map_err(|name| {
                let message = format!("app '{}' does not have profile '{name}'", app.name);
                Diagnostic::new(format!("{path}/profiles"), "profile-not-of-app", message)
            })?,
        };
        Ok(Holder { app: app.clone(), grants })
    }

    /// Hangs up keys that were loaded from a file; how many of their holders are nobody in this plan.
    pub(crate) fn hang(&self, keyring: &Arc<Keyring>) -> usize {
        let resolve = |name: &keyring::Name| self.holder(&name.app, name.profiles.as_deref(), "").ok();
        self.credentials.hang(keyring, resolve)
    }

    /// The grants of a credential that carries some of its app's profiles. What the others deny stays denied, and what
    /// they limit stays limited: a narrower key opens nothing that the app cannot.
    fn narrow<'n>(&self, app: &AppPlan, names: &'n [String]) -> Result<Arc<Grants>, &'n str> {
        let mut held: Vec<Held> = Vec::new();
        for name in names {
            let of_app = |held: &&Held| self.profiles.name(held.profile).is_some_and(|of_app| **of_app == **name);
            let found: Vec<Held> = app.held.iter().filter(of_app).copied().collect();
            if found.is_empty() {
                return Err(name.as_str());
            }
            add_held(&mut held, &found);
        }
        Ok(self.profiles.grants(&held, &app.held))
    }

    /// The principal of an app without a credential, for simulations.
    pub(crate) fn assume(&self, app: &str) -> Option<Principal> {
        let app = self.apps.get(app)?.clone();
        Some(Principal::of(app))
    }

    /// An agent that acts for a user may do what both may: for a user whom nobody knows, nothing.
    pub(crate) fn bind(&self, principal: &mut Principal) {
        let known = self.users.recognise(principal).map(|user| user.grants.clone());
        if principal.user.is_some() && principal.app.agent {
            let of_user = known.unwrap_or_else(|| self.profiles.grants_of([]));
            principal.grants = Arc::new(principal.grants.both(&of_user));
            principal.of_user = Some(of_user);
        }
    }
}

impl ApiPlan {
    /// Name of the version that a target belongs to.
    #[must_use]
    pub fn version_of(&self, target: usize) -> Option<&str> {
        self.versions.iter().find(|version| version.targets.contains(&target)).map(|version| &*version.name)
    }

    /// The targets of a version by number; all of them where there are no versions.
    #[must_use]
    pub fn targets_of(&self, version: usize) -> Range<usize> {
        self.versions.get(version).map_or(0..self.targets.len(), |version| version.targets.clone())
    }
}

impl TargetPlan {
    /// A number that stands for the target in every plan and every gateway.
    #[must_use]
    pub fn id(&self) -> u64 {
        crate::balance::digest(self.url.as_bytes())
    }
}

/// A number that stands for a name in counters, the same in every plan.
pub(crate) fn stable_number(name: &str) -> u64 {
    let digest = digest::digest(&digest::SHA256, name.as_bytes());
    digest.as_ref().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests;
