//! The issuers of a plan: what their tokens must be, and what they are worth.

use super::key_sets::{Kept, KeySets};
use crate::access::{Held, Profiles, Window};
use crate::identity::AppPlan;
use crate::identity::secrets::Secrets;
use crate::jose::{Expectations, KeySet, seconds};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};
use yett_model::Diagnostic;
use yett_model::snapshot::{Bound, Introspection, IssuerSecret, Remote, Snapshot, TokenApp, TokenIssuer};

const LONGEST_LEEWAY_S: u64 = 300;

/// Where an issuer publishes its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySource {
    /// The key set, or with `discovery` the issuer's metadata, which name it.
    pub remote: Remote,
    /// Whether the URL is that of metadata (RFC 8414, OpenID Connect Discovery), whose `issuer` must be this issuer.
    pub discovery: bool,
    /// Milliseconds between two fetches at least.
    pub min_refresh_ms: u64,
    /// Milliseconds between two fetches at most.
    pub max_refresh_ms: u64,
    /// Milliseconds for which keys are used when no newer ones can be fetched.
    pub max_stale_ms: u64,
}

/// An issuer as the plan knows it.
#[derive(Debug)]
pub struct IssuerPlan {
    /// Name.
    pub name: Arc<str>,
    /// Under which its keys are put into [`KeySets`]: differs whenever they come from elsewhere.
    pub source: Arc<str>,
    /// Claim `iss` of its tokens.
    pub issuer: Arc<str>,
    /// Where its keys are fetched, if they are.
    pub key_source: Option<KeySource>,
    /// Where it says what a token is worth.
    pub introspection: Option<Introspection>,
    given: Option<Arc<Kept>>,
    secret: Option<IssuerSecret>,
    /// Its keys, once the secret is here.
    shared: OnceLock<Arc<Kept>>,
    pub(super) expected: Expectations,
    pub(super) app: AppChoice,
    pub(super) user_from: Option<String>,
    pub(super) users_of: Option<UsersOf>,
    pub(super) profiles: Option<ProfileChoice>,
    pub(super) trusted_to_grant: bool,
    pub(super) bound: Bound,
}

#[derive(Debug)]
pub(super) enum AppChoice {
    Always(Arc<AppPlan>),
    From(String, HashMap<String, Arc<AppPlan>>),
}

/// Others whose users the tokens tell of.
#[derive(Debug)]
pub(super) struct UsersOf {
    pub(super) claim: String,
    pub(super) issuers: HashSet<Arc<str>>,
}

#[derive(Debug)]
pub(super) struct ProfileChoice {
    pub(super) claim: String,
    /// Numbers of profiles by a value of the claim.
    pub(super) map: HashMap<String, Vec<u32>>,
}

impl IssuerPlan {
    /// Whether its keys are fetched, rather than part of the snapshot.
    #[must_use]
    pub fn is_fetched(&self) -> bool {
        self.given.is_none() && self.secret.is_none()
    }

    /// Gives the issuer the secret it shares with the gateway.
    ///
    /// # Errors
    /// Why there is none that could be used; the secret does not show.
    pub(crate) fn bind(&self, secrets: &Secrets) -> Result<(), Diagnostic> {
        let Some(secret) = &self.secret else { return Ok(()) };
        let text = secrets.get(&secret.name).ok_or_else(|| {
            Diagnostic::new("/issuers", "secret-missing", format!("there is no secret '{}' among the options", secret.name))
        })?;
        let keys = KeySet::of_secret(secret.algorithm, text.as_bytes())
            .map_err(|reason| Diagnostic::new("/issuers", "secret-short", format!("issuer '{}': {reason}", self.name)))?;
        let _ = self.shared.set(Kept::given(keys));
        Ok(())
    }

    /// Those whose users its tokens may tell of.
    pub(crate) fn namers(&self) -> impl Iterator<Item = &str> {
        let others = self.users_of.iter().flat_map(|others| &others.issuers).map(|issuer| &**issuer);
        let own = self.users_of.is_none().then_some(&*self.issuer);
        own.into_iter().chain(others).filter(|_| self.user_from.is_some())
    }

    /// Whether its tokens may stand for an agent.
    pub(crate) fn serves_agents(&self) -> bool {
        match &self.app {
            AppChoice::Always(app) => app.agent,
            AppChoice::From(_, apps) => apps.values().any(|app| app.agent),
        }
    }

    /// The Unix second from which a token of these claims is no longer accepted.
    pub(crate) fn ends(&self, claims: &Map<String, Value>) -> Option<u64> {
        seconds(claims, "exp").ok().flatten().map(|until| until.saturating_add(self.expected.leeway_s))
    }

    /// Whether its tokens use this name for a program: an app, or the client of one.
    pub(crate) fn knows_program(&self, name: &str) -> bool {
        match &self.app {
            AppChoice::Always(app) => *app.name == *name,
            AppChoice::From(_, apps) => apps.contains_key(name) || apps.values().any(|app| *app.name == *name),
        }
    }

    pub(super) fn keys(&self, sets: &KeySets) -> Option<Arc<Kept>> {
        let own = self.given.clone().or_else(|| self.shared.get().cloned());
        if self.is_fetched() { sets.get(&self.source) } else { own }
    }

    /// Generation of its keys in force.
    pub(super) fn generation(&self, sets: &KeySets) -> Option<u64> {
        self.keys(sets).map(|kept| kept.generation)
    }

    /// The profiles that a token with these values carries, as somebody has them for ever.
    pub(super) fn held<'v>(choice: &ProfileChoice, values: impl Iterator<Item = &'v str>) -> Vec<Held> {
        let mut numbers: Vec<u32> = values.filter_map(|value| choice.map.get(value)).flatten().copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().map(|profile| Held { profile, window: Window::ALWAYS }).collect()
    }
}

/// The issuers of a snapshot by name.
pub(crate) fn build(
    snapshot: &Snapshot,
    apps: &HashMap<Arc<str>, Arc<AppPlan>>,
    profiles: &Profiles,
    found: &mut Vec<Diagnostic>,
) -> HashMap<Arc<str>, Arc<IssuerPlan>> {
    let mut issuers = HashMap::new();
    for (index, issuer) in snapshot.issuers.iter().enumerate() {
        let mut building = Building { issuer, apps, profiles, path: format!("/issuers/{index}"), found };
        if let Some(plan) = building.plan()
            && issuers.insert(plan.name.clone(), Arc::new(plan)).is_some()
        {
            let message = format!("'{}' is there twice", issuer.name);
            found.push(Diagnostic::new(format!("/issuers/{index}/name"), "issuer-duplicate", message));
        }
    }
    issuers
}

struct Building<'a> {
    issuer: &'a TokenIssuer,
    apps: &'a HashMap<Arc<str>, Arc<AppPlan>>,
    profiles: &'a Profiles,
    path: String,
    found: &'a mut Vec<Diagnostic>,
}

impl Building<'_> {
    fn report(&mut self, member: &str, code: &str, message: impl Into<String>) {
        self.found.push(Diagnostic::new(format!("{}/{member}", self.path), code, message));
    }

    fn plan(&mut self) -> Option<IssuerPlan> {
        let issuer = self.issuer;
        if issuer.audiences.is_empty() {
            self.report("audiences", "audiences-missing", "a token must be for somebody: name at least one audience");
        }
        if issuer.leeway_s > LONGEST_LEEWAY_S {
            self.report("leeway_s", "leeway-invalid", format!("clocks differ by at most {LONGEST_LEEWAY_S} seconds"));
        }
        if let Some(secret) = &issuer.secret {
            if issuer.algorithms != [secret.algorithm] || !crate::jose::is_symmetric(secret.algorithm) {
                self.report("algorithms", "algorithm-unbound", "a secret is for one algorithm: HS256, HS384 or HS512");
            }
            if issuer.keys.is_some() || issuer.jwks_url.is_some() || issuer.fetch.is_some() {
                self.report("secret", "keys-twice", "an issuer has a secret or public keys, never both");
            }
        } else if issuer.algorithms.iter().any(|algorithm| crate::jose::is_symmetric(*algorithm)) {
            self.report(
                "algorithms",
                "algorithm-symmetric",
                "a token of an issuer is signed with a private key, not with a secret",
            );
        }
        if issuer.fetch.as_ref().is_some_and(|fetch| fetch.min_refresh_ms < 1_000 || fetch.max_refresh_ms < fetch.min_refresh_ms)
        {
            self.report("fetch", "refresh-invalid", "keys are fetched every second at most, and the bounds are in order");
        }
        let longest = |held_ms: u64| held_ms > 3_600_000;
        if issuer.introspection.as_ref().is_some_and(|asked| longest(asked.cache_ms) || longest(asked.stale_ms)) {
            self.report("introspection", "cache-invalid", "what was said of a token holds for at most an hour");
        }
        if issuer.keys.is_some() && issuer.jwks_url.is_some() {
            self.report("jwks_url", "keys-twice", "keys are either given or fetched");
        }
        let given = self.keys();
        let app = self.app();
        let profiles = self.profile_choice();
        Some(IssuerPlan {
            name: issuer.name.as_str().into(),
            source: format!("{}\n{}\n{:?}", issuer.name, issuer.issuer, key_source(issuer)).into(),
            issuer: issuer.issuer.as_str().into(),
            key_source: key_source(issuer),
            introspection: issuer.introspection.clone(),
            given,
            secret: issuer.secret.clone(),
            shared: OnceLock::new(),
            expected: expectations(issuer),
            app: app?,
            user_from: issuer.user_from.clone(),
            users_of: issuer.users_of.as_ref().map(|others| UsersOf {
                claim: others.claim.clone(),
                issuers: others.issuers.iter().map(|issuer| issuer.as_str().into()).collect(),
            }),
            profiles,
            trusted_to_grant: issuer.trusted_to_grant,
            bound: issuer.bound,
        })
    }

    fn keys(&mut self) -> Option<Arc<Kept>> {
        let keys = KeySet::public(self.issuer.keys.as_ref()?.to_string().as_bytes());
        keys.map(Kept::given).map_err(|reason| self.report("keys", "keys-refused", reason)).ok()
    }

    fn app_named(&mut self, member: &str, name: &str) -> Option<Arc<AppPlan>> {
        let app = self.apps.get(name).cloned();
        if app.is_none() {
            self.report(member, "app-unknown", format!("there is no app '{name}'"));
        }
        app
    }

    fn app(&mut self) -> Option<AppChoice> {
        match &self.issuer.app {
            TokenApp::Named(name) => self.app_named("app/named", name).map(AppChoice::Always),
            TokenApp::From { claim, map } => {
                let apps = map.iter().map(|(value, name)| Some((value.clone(), self.app_named("app/from/map", name)?)));
                apps.collect::<Option<_>>().map(|apps| AppChoice::From(claim.clone(), apps))
            }
        }
    }

    fn profile_choice(&mut self) -> Option<ProfileChoice> {
        let choice = self.issuer.profiles.as_ref()?;
        let mut map = HashMap::new();
        for (value, names) in &choice.map {
            let numbers = names.iter().filter_map(|name| {
                let number = self.profiles.number(name);
                if number.is_none() {
                    self.report("profiles/map", "profile-unknown", format!("there is no profile '{name}'"));
                }
                number
            });
            map.insert(value.clone(), numbers.collect());
        }
        Some(ProfileChoice { claim: choice.claim.clone(), map })
    }
}

/// Where keys are fetched that are not part of the snapshot.
fn key_source(issuer: &TokenIssuer) -> Option<KeySource> {
    let is_silent = issuer.jwks_url.is_none() && issuer.fetch.is_none() && issuer.introspection.is_some();
    if issuer.keys.is_some() || issuer.secret.is_some() || is_silent {
        return None;
    }
    let fetch = issuer.fetch.clone().unwrap_or_default();
    let well_known = || format!("{}/.well-known/openid-configuration", issuer.issuer.trim_end_matches('/'));
    let url = issuer.jwks_url.clone().or_else(|| fetch.metadata_url.clone()).unwrap_or_else(well_known);
    Some(KeySource {
        discovery: issuer.jwks_url.is_none(),
        remote: Remote {
            // The configuration says aloud where plain HTTP may be spoken; it never leaves this machine.
            plain: url.starts_with("http:"),
            url,
            private: fetch.private,
            ca_pem: fetch.ca_pem,
            tls: fetch.tls,
            timeout_ms: fetch.timeout_ms,
        },
        min_refresh_ms: fetch.min_refresh_ms,
        max_refresh_ms: fetch.max_refresh_ms,
        max_stale_ms: fetch.max_stale_ms,
    })
}

fn expectations(issuer: &TokenIssuer) -> Expectations {
    Expectations {
        issuer: issuer.issuer.clone(),
        audiences: issuer.audiences.clone(),
        algorithms: issuer.algorithms.clone(),
        types: issuer.types.clone(),
        leeway_s: issuer.leeway_s,
        max_lifetime_s: issuer.max_lifetime_s,
        required: issuer.required.clone(),
    }
}
