//! Phase `forward`: the caller's head becomes the upstream's.

use super::*;
use http::HeaderName;
use http::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE};

/// What makes an upstream answer with less than the object (RFC 9110 sections 13 and 14).
const CONDITIONS: [HeaderName; 6] = [IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE, IF_RANGE, RANGE];

/// Whether conditions only spare the caller an answer (RFC 9110 section 9.2.1); elsewhere they keep changes apart.
fn is_safe(method: &Method) -> bool {
    method.is_safe() || method.as_str() == "QUERY"
}

/// Takes a field off, and names that many upstreams cannot tell from it.
pub(super) fn take_off(headers: &mut HeaderMap, name: &HeaderName) {
    headers.remove(name);
    let imitates = |other: &&HeaderName| other.as_str().contains('_') && other.as_str().replace('_', "-") == name.as_str();
    let imitations: Vec<HeaderName> = headers.keys().filter(imitates).cloned().collect();
    imitations.iter().for_each(|name| drop(headers.remove(name)));
}

impl Exchange {
    /// Phase `forward` where there is nothing to watch: picks a target by what the request says and its weight, and turns
    /// the caller's head into the upstream's. See [`Exchange::forward_to`].
    pub fn upstream_request(&mut self, parts: &mut Parts) -> Option<Arc<TargetPlan>> {
        let index = self.pick(parts)?;
        self.forward_to(parts, index)
    }

    /// Phase `forward` to a target: turns the caller's head into the upstream's. The method, path and fields are final;
    /// the shell adds framing only.
    pub fn forward_to(&mut self, parts: &mut Parts, index: usize) -> Option<Arc<TargetPlan>> {
        self.phase = Phase::Forward;
        self.takes_trailers = trailers::are_taken(&parts.headers);
        self.sealed = self.judges_answer(parts);
        let plan = self.plan.clone();
        let api = plan.api(self.api?)?;
        let target = api.targets.get(index)?;
        self.target = Some(index);
        let path = self.upstream_path(api, target);
        let operation = self.operation_plan();
        let facts = Facts {
            caller: &self.caller,
            words: self.words(),
            told_host: self.told_host.as_deref(),
            trace: self.trace.as_ref(),
            token: self.token(api)?,
            plain: operation.is_some_and(|operation| operation.reads_answers),
            declared: operation.map_or(&[][..], |operation| &operation.declared_headers),
        };
        forward::request_headers(parts, api, &target.host, &facts);
        self.ask_for_whole(&mut parts.headers);
        self.tell_opinions(&mut parts.headers);
        if self.sealed && is_safe(&parts.method) {
            CONDITIONS.iter().for_each(|name| take_off(&mut parts.headers, name));
        }
        if self.takes_trailers && api.upstream.protocol == Protocol::Http2 {
            parts.headers.insert(TE, HeaderValue::from_static("trailers"));
        }
        if self.upgrades {
            parts.headers.insert(UPGRADE, WEBSOCKET);
        }
        if self.asks_cache {
            self.leave_unkeyed(&mut parts.headers);
        }
        parts.uri = path.parse().ok()?;
        Some(target.clone())
    }

    /// Whether a guard that refuses judges the answer to this request as an object.
    fn judges_answer(&self, parts: &Parts) -> bool {
        let view = self.view(parts);
        self.guards().iter().any(|guard| guard.response_mode() == Mode::Enforce && guard.judges_answer(&view))
    }

    /// Aims a head that was made for one target at another.
    pub fn redirect_to(&mut self, parts: &mut Parts, index: usize) -> Option<Arc<TargetPlan>> {
        let plan = self.plan.clone();
        let api = plan.api(self.api?)?;
        let target = api.targets.get(index)?;
        self.target = Some(index);
        if !api.preserve_host {
            parts.headers.insert(HOST, target.host.clone());
        }
        parts.uri = self.upstream_path(api, target).parse().ok()?;
        Some(target.clone())
    }

    /// The template of the path at the upstream, where it is another than the contract's.
    pub(crate) fn upstream_template(&self) -> Option<String> {
        self.operation_plan()?.upstream_path.as_ref().map(|template| template.to_string())
    }

    /// The path and query at a target.
    pub(crate) fn upstream_path(&self, api: &ApiPlan, target: &TargetPlan) -> String {
        let credential = api.identity.query();
        let (base, rest) = self.path.split_at_checked(self.base).unwrap_or(("", "/"));
        let rest = self.rewritten.as_deref().unwrap_or(rest);
        match api.proxy.strip_base_path {
            true => forward::request_target(&target.prefix, rest, &self.query, credential),
            false => forward::request_target(&format!("{}{base}", target.prefix), rest, &self.query, credential),
        }
    }

    /// The token that tells the upstream who calls: `Some(None)` where nobody is known or nothing is to be told, `None`
    /// if it cannot be made.
    pub(super) fn token(&self, api: &ApiPlan) -> Option<Option<HeaderValue>> {
        let (Some(tokens), Some(principal), Some(signer)) = (&api.proxy.tokens, &self.principal, &self.plan.signer) else {
            return Some(None);
        };
        let operation = self.operation.zip(self.operation_plan());
        tokens.token(signer, &Bearer { principal, operation, decision: &self.id, now: self.now }).map(Some)
    }

    /// What rules for header fields may say of this request.
    pub(super) fn words(&self) -> Words<'_> {
        let app = self.principal.as_ref().map(|principal| &principal.app);
        Words {
            api: self.api_plan().map(|api| &*api.name),
            operation: self.operation_plan().map(|operation| &*operation.id),
            app: app.map(|app| &*app.name),
            team: app.map(|app| &*app.team),
            decision: &self.id,
            address: Some(self.caller.address),
            host: self.told_host.as_deref().unwrap_or(&self.host),
        }
    }
}
