//! The response cache, the pure part: which request may be answered with what is kept, which answer may be kept, and
//! under which key. No clock and no store: the shell has both.
//!
//! What is not in the key does not reach the upstream: of the caller's fields only those that are part of the key are
//! passed on, so that no input can change a kept answer without changing its key (see `docs/caching.md`).

pub mod conditional;
pub mod directives;
pub mod freshness;
pub(crate) mod key;

pub use conditional::Conditions;
pub use directives::Directives;
pub use freshness::{Defaults, Fetched, Freshness, Usable, storable};
pub use key::Key;

use http::HeaderName;
use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL, COOKIE, IF_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, PRAGMA, RANGE,
    UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, Method};
use yett_model::snapshot::{self, Location, Operation};

/// Requests with any of these fields are passed on as they are: their answer is a part, or theirs alone.
const BYPASSING: [HeaderName; 6] = [COOKIE, RANGE, IF_RANGE, IF_MATCH, IF_UNMODIFIED_SINCE, UPGRADE];

/// The settings of one operation.
#[derive(Debug)]
pub struct CachePlan {
    /// What answers that are silent get.
    pub defaults: Defaults,
    /// Largest body that is kept, in bytes.
    pub max_object: u64,
    /// Whether one app's answers are given to others.
    pub shared: bool,
    /// The caller's fields that reach the upstream, in alphabetical order.
    keyed: Vec<HeaderName>,
}

impl CachePlan {
    /// The plan of an operation, if it has a cache.
    pub(crate) fn new(operation: &Operation) -> Option<Self> {
        let snapshot::Cache { default_ttl_ms, max_object, stale_while_revalidate_ms, stale_if_error_ms, .. } =
            *operation.cache.as_ref()?;
        let settings = operation.cache.as_ref()?;
        let declared = operation.parameters.iter().filter(|parameter| parameter.location == Location::Header);
        let named = declared.map(|parameter| parameter.name.as_str()).chain(settings.headers.iter().map(String::as_str));
        let mut keyed: Vec<HeaderName> = named.filter_map(|name| name.parse().ok()).collect();
        keyed.extend([ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION]);
        keyed.retain(|name| !BYPASSING.contains(name));
        keyed.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        keyed.dedup();
        let defaults = Defaults { ttl_ms: default_ttl_ms, stale_while_revalidate_ms, stale_if_error_ms };
        Some(Self { defaults, max_object, shared: settings.shared_between_callers, keyed })
    }
}

/// What a request wants of the cache.
#[derive(Debug)]
pub struct Ask {
    /// Its `Cache-Control`.
    pub directives: Directives,
    /// Under which conditions it needs no body.
    pub conditions: Conditions,
    /// Whether `Authorization` went upstream.
    pub authorized: bool,
}

/// Reads what a request wants of the cache, and leaves it only the fields of the caller that are keyed. `None`: the
/// request goes past the cache, unchanged.
pub(crate) fn ask(plan: &CachePlan, parts: &mut Parts, has_body: bool, taken: impl Fn(&HeaderName) -> bool) -> Option<Ask> {
    let fits = matches!(parts.method, Method::GET | Method::HEAD) && !has_body;
    if !fits || BYPASSING.iter().any(|name| parts.headers.contains_key(name)) {
        return None;
    }
    let directives = Directives::read(&parts.headers);
    if directives.no_store {
        return None;
    }
    let conditions = Conditions::read(&parts.headers);
    let mut kept = HeaderMap::with_capacity(parts.headers.len());
    for name in plan.keyed.iter().chain([&http::header::HOST]).filter(|name| !taken(name)) {
        parts.headers.get_all(name).iter().for_each(|value| {
            kept.append(name.clone(), value.clone());
        });
    }
    // For the upstream's own cache: they choose no other answer.
    for name in [CACHE_CONTROL, PRAGMA] {
        parts.headers.get_all(&name).iter().for_each(|value| {
            kept.append(name.clone(), value.clone());
        });
    }
    let authorized = kept.contains_key(AUTHORIZATION);
    parts.headers = kept;
    Some(Ask { directives, conditions, authorized })
}
