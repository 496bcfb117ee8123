//! The exchange as the cache sees it.

use super::Exchange;
use crate::cache::{Ask, CachePlan, Key, ask, key};
use crate::exchange::Now;
use crate::forward;
use http::header::{ACCEPT_ENCODING, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::json;
use std::sync::Arc;

impl Exchange {
    /// The cache of the operation, if it has one.
    #[must_use]
    pub fn cache(&self) -> Option<&CachePlan> {
        self.operation_plan()?.cache.as_ref()
    }

    /// Before [`upstream_request`](Exchange::upstream_request): what the request wants of the cache; its fields that are
    /// not in the key stay behind. `None`: it goes past the cache.
    pub fn ask_cache(&mut self, parts: &mut Parts, has_body: bool) -> Option<Ask> {
        let (plan, api) = (self.cache()?, self.api_plan()?);
        // Which version a request goes to may hang on anything in it.
        if !api.versions.is_empty() {
            return None;
        }
        // The credential is spent: only what identified nobody may be the upstream's.
        let taken = |name: &HeaderName| api.identity.takes(name);
        let asked = ask(plan, parts, has_body, taken);
        self.asks_cache = asked.is_some();
        asked
    }

    /// The key of a request that [`ask_cache`](Exchange::ask_cache) let through: made of what will go upstream.
    pub fn cache_key(&mut self, parts: &Parts) -> Option<Key> {
        let mut sent = parts.clone();
        self.upstream_request(&mut sent)?;
        let (target, plan) = (self.cache_target(), self.cache()?);
        let who = self.who().filter(|_| !plan.shared);
        let token = self.api_plan()?.proxy.tokens.as_ref().map(|tokens| &tokens.header);
        let facts = self.cache_facts(who.as_deref(), &target)?;
        Some(key::key(plan, &sent, &key::Facts { token, ..facts }))
    }

    /// Takes off what is not in the key, once the gateway has said all it says upstream.
    pub(super) fn leave_unkeyed(&self, headers: &mut HeaderMap) {
        let Some(plan) = self.cache() else { return };
        let token = self.api_plan().and_then(|api| api.proxy.tokens.as_ref()).map(|tokens| &tokens.header);
        let personal = |name: &HeaderName| is_personal(name.as_str(), plan.shared) || (plan.shared && token == Some(name));
        let unkeyed: Vec<HeaderName> = headers.keys().filter(|name| personal(name)).cloned().collect();
        unkeyed.iter().for_each(|name| {
            headers.remove(name);
        });
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }

    /// An exchange for a fetch beside this one, which answers nobody.
    #[must_use]
    pub fn beside(&self, now: Now, random: u128) -> Self {
        let mut beside = Self::new(self.plan.clone(), self.counters.clone(), self.caller.clone(), now, random);
        beside.method = Method::GET;
        beside.protocol = self.protocol;
        beside.host.clone_from(&self.host);
        beside.path.clone_from(&self.path);
        beside.query.clone_from(&self.query);
        beside.base = self.base;
        beside.api = self.api;
        beside.operation = self.operation;
        beside.principal.clone_from(&self.principal);
        beside.told_host.clone_from(&self.told_host);
        beside.rewritten.clone_from(&self.rewritten);
        beside.asks_cache = self.asks_cache;
        beside
    }

    /// All that may be told of who asks: the app, its credentials, the profiles in force, which a patch may change, and
    /// of a token all it says: two users of an app are two callers, also where tokens have no names.
    fn who(&self) -> Option<String> {
        let principal = self.principal.as_ref()?;
        let claims = principal.claims.as_ref().map(|claims| (&*claims.issuer, &claims.all));
        let texts = |texts: &[Arc<str>]| texts.iter().map(|text| text.to_string()).collect::<Vec<_>>();
        let who = json!([
            &*principal.app.name,
            &*principal.app.team,
            principal.credentials().collect::<Vec<_>>(),
            texts(&principal.profiles(self.now)),
            principal.user.as_deref(),
            texts(&principal.actors),
            claims,
        ]);
        Some(who.to_string())
    }

    /// The resource that a request changes, if its API keeps answers.
    #[must_use]
    pub fn cache_place(&self) -> Option<[u8; 16]> {
        if self.method.is_safe() || self.api_plan()?.cache_digest.is_empty() {
            return None;
        }
        let target = self.cache_target();
        Some(key::place(&self.cache_facts(None, &target)?))
    }

    fn cache_target(&self) -> String {
        let credential = self.api_plan().and_then(|api| api.identity.query());
        forward::request_target("", self.path.get(self.base..).unwrap_or("/"), &self.query, credential)
    }

    fn cache_facts<'a>(&'a self, who: Option<&'a str>, target: &'a str) -> Option<key::Facts<'a>> {
        let operation = self.operation_plan().map_or("", |operation| &*operation.id);
        let api = self.api_plan()?;
        Some(key::Facts {
            api: &api.cache_digest,
            host: &self.host,
            target,
            tls: self.caller.tls,
            who,
            token: None,
            operation,
            spoken_host: api.preserve_host,
        })
    }
}

/// What the gateway says about one caller: its network always stays behind, its app where answers are shared.
fn is_personal(name: &str, shared: bool) -> bool {
    let kept = [HOST.as_str(), "x-forwarded-host", "x-forwarded-proto", "yett-decision"];
    let forwarded = name.starts_with("x-forwarded-") || name == "forwarded" || name == "x-real-ip";
    !kept.contains(&name) && (forwarded || (shared && name.starts_with("yett-")))
}
