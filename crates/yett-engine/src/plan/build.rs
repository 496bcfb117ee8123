//! From a snapshot to a plan: every part is compiled, and every mistake told, before anything is put in force.

use super::{ApiPlan, OperationPlan, Plan, Scope};
use crate::access;
use crate::cache::CachePlan;
use crate::callout;
use crate::compression::CompressionPlan;
use crate::forward::forwarded::TrustedProxies;
use crate::forward::{Protecting, ProxyPlan, is_ambiguous, upstream_path};
use crate::guards::cors::CorsPlan;
use crate::guards::{self, contract, csrf, injection, limits, mask};
use crate::identity::chain;
use crate::identity::credentials::Credentials;
use crate::identity::jwt::issuers;
use crate::identity::key::Pepper;
use crate::identity::proofs::Proofs;
use crate::identity::users::Users;
use crate::mock::Mock;
use crate::outline::Outlines;
use crate::policy::Policies;
use crate::retirement::RetirementPlan;
use crate::routing::{Routes, target};
use aws_lc_rs::digest;
use http::{HeaderName, Method};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use yett_model::snapshot::{Api, Collection, Location, MediaKind, Mode, Operation, Parameter, Protocol, Snapshot, Style};
use yett_model::{Diagnostic, SNAPSHOT_FORMAT};

/// Compiles a snapshot. See [`Plan::build`].
pub(super) fn build(bytes: &[u8], pepper: Arc<Pepper>) -> Result<Plan, Vec<Diagnostic>> {
    let snapshot = parse(bytes)?;
    let digest = digest::digest(&digest::SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut diagnostics = check_head(&snapshot, &pepper);
    let policies = Policies::build(&snapshot, &mut diagnostics);
    let mut builder = Builder {
        snapshot: &snapshot,
        app_limits: has_app_limits(&snapshot),
        limits_guards: limits::Shared::default(),
        policies: &policies,
        masking: mask::Shared::build(&snapshot, &pepper),
        diagnostics,
    };
    let plan = builder.plan(digest, pepper);
    match builder.diagnostics.is_empty() {
        true => Ok(plan),
        false => Err(builder.diagnostics),
    }
}

fn parse(bytes: &[u8]) -> Result<Snapshot, Vec<Diagnostic>> {
    serde_json::from_slice(bytes).map_err(|error| {
        let message = format!("the snapshot cannot be read: {error}");
        vec![Diagnostic::new("", "snapshot-malformed", message).hint("Compile it again with the same version of Yett.")]
    })
}

fn check_head(snapshot: &Snapshot, pepper: &Pepper) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if snapshot.format != SNAPSHOT_FORMAT {
        let message = format!("format {} is not {SNAPSHOT_FORMAT}", snapshot.format);
        found.push(
            Diagnostic::new("/format", "format-unknown", message)
                .hint("Compile the snapshot with the version of Yett that runs it."),
        );
    }
    if snapshot.pepper_id.as_deref().is_some_and(|id| id != pepper.id()) {
        let message = "the credentials were hashed with another pepper";
        found.push(
            Diagnostic::new("/pepper_id", "pepper-mismatch", message)
                .hint("Start the gateway with the pepper of the control plane."),
        );
    }
    found
}

/// What a snapshot is compiled with.
pub(super) struct Builder<'a> {
    pub(super) snapshot: &'a Snapshot,
    app_limits: bool,
    limits_guards: limits::Shared,
    pub(super) policies: &'a Policies,
    masking: mask::Shared,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    fn plan(&mut self, digest: String, pepper: Arc<Pepper>) -> Plan {
        let numbers = self.number_operations();
        let mut plan = Plan {
            digest,
            sequence: self.snapshot.sequence,
            routes: Routes::default(),
            guards: limits::build_for_strays(&self.snapshot.limits).into_iter().collect(),
            apis: Vec::new(),
            operations: Vec::new(),
            apps: HashMap::new(),
            users: Users::default(),
            profiles: access::build(self.snapshot, &numbers, &self.policies.roles, &mut self.diagnostics),
            credentials: Credentials::watched(self.snapshot.networks),
            pepper,
            proofs: Proofs::default(),
            replays: Arc::default(),
            revoked: Arc::default(),
            controls: Arc::default(),
            issuers: HashMap::new(),
            key_sets: Arc::default(),
            signer: None,
            simulated: false,
            trusted_proxies: self.trusted_proxies(),
            tracing: self.snapshot.tracing,
            protection: Protecting::usual(),
            callouts: callout::build(self.snapshot, &mut self.diagnostics),
            jwks_path: self.snapshot.identity.as_ref().and_then(|identity| identity.jwks.clone()),
            warnings: self.policies.warnings.clone(),
            failures: self.snapshot.failures,
            leaks: self.snapshot.leaks.clone(),
            log_subjects: self.snapshot.log_subjects,
        };
        // The methods of the APIs know the issuers, and those the apps.
        self.apps(&mut plan);
        plan.issuers = issuers::build(self.snapshot, &plan.apps, &plan.profiles, &mut self.diagnostics);
        plan.users.bind(&self.snapshot.users, &plan.issuers, &mut self.diagnostics);
        let collections = self.collections_of_operations();
        for (number, api) in self.snapshot.apis.iter().enumerate() {
            self.api(&mut plan, number as u32, api, &collections);
        }
        self.check_edge(&plan);
        self.credentials(&mut plan);
        plan
    }

    pub(super) fn report(&mut self, path: impl Into<String>, code: &str, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(path, code, message));
    }

    fn trusted_proxies(&mut self) -> TrustedProxies {
        TrustedProxies::parse(&self.snapshot.trusted_proxies).unwrap_or_else(|(index, message)| {
            self.report(format!("/trusted_proxies/{index}"), "network-invalid", message);
            TrustedProxies::default()
        })
    }

    /// What concerns the gateway's own face: the share of traces, and the path of the key set.
    fn check_edge(&mut self, plan: &Plan) {
        if plan.tracing.sample_percent > 100 {
            self.report("/tracing/sample_percent", "percent-invalid", "a share is at most 100");
        }
        self.check_own_path(plan, plan.jwks_path.as_deref(), "/identity/jwks", "jwks-path");
        self.check_own_path(plan, plan.leaks.as_ref().map(|leaks| &*leaks.path), "/leaks/path", "leaks-path");
        if plan.leaks.as_ref().is_some_and(|leaks| plan.jwks_path.as_ref() == Some(&leaks.path)) {
            self.report("/leaks/path", "leaks-path-taken", "the key set is served at this path");
        }
    }

    /// A path that the gateway answers by itself must be one, and nobody else's.
    fn check_own_path(&mut self, plan: &Plan, path: Option<&str>, pointer: &str, code: &str) {
        let Some(path) = path else { return };
        let hosts = self.snapshot.apis.iter().flat_map(Self::hosts).map(|host| host.unwrap_or(""));
        match () {
            () if target::normalise(path).map(|target| target.path != *path || target.query.is_some()).unwrap_or(true) => {
                self.report_own_path(pointer, &format!("{code}-invalid"), format!("'{path}' is no plain path"));
            }
            () if hosts.clone().any(|host| plan.routes.has_path(host, path)) => {
                self.report_own_path(pointer, &format!("{code}-taken"), format!("'{path}' is a path of an API"));
            }
            () => {}
        }
    }

    fn report_own_path(&mut self, pointer: &str, code: &str, message: String) {
        let hint = match pointer {
            "/identity/jwks" => "write `jwks: /.well-known/jwks.json`, or another path that no API has",
            _ => "write `path: /.well-known/yett/leaked-keys`, or another path that no API has",
        };
        self.diagnostics.push(Diagnostic::new(pointer, code, message).hint(hint));
    }

    fn number_operations(&mut self) -> HashMap<&'a str, u32> {
        let mut numbers = HashMap::new();
        for (a, api) in self.snapshot.apis.iter().enumerate() {
            for (o, operation) in api.operations.iter().enumerate() {
                let number = numbers.len() as u32;
                if numbers.insert(operation.id.as_str(), number).is_some() {
                    self.report(
                        format!("/apis/{a}/operations/{o}/id"),
                        "operation-duplicate",
                        format!("'{}' is there twice", operation.id),
                    );
                }
            }
        }
        numbers
    }

    fn collections_of_operations(&self) -> HashMap<&'a str, Vec<&'a Collection>> {
        let mut found: HashMap<&str, Vec<&Collection>> = HashMap::new();
        for collection in &self.snapshot.collections {
            for operation in &collection.operations {
                found.entry(operation).or_default().push(collection);
            }
        }
        found
    }

    fn api(&mut self, plan: &mut Plan, number: u32, api: &'a Api, collections: &HashMap<&'a str, Vec<&'a Collection>>) {
        let path = format!("/apis/{number}");
        self.check_issuers(plan, api, &path);
        self.open(plan, number, api, &path);
        let schemas = contract::Schemas::build(api, &path, &mut self.diagnostics);
        let outlines = Outlines::build(api);
        let cors = CorsPlan::build(api, &path, &mut self.diagnostics);
        let csrf = csrf::build(api, &plan.pepper, &path, &mut self.diagnostics);
        injection::check(api, &path, &mut self.diagnostics);
        let first = plan.operations.len() as u32;
        for (index, operation) in api.operations.iter().enumerate() {
            let path = format!("{path}/operations/{index}");
            self.route(plan, (number, api), operation, &path);
            self.check_websocket(api, operation, &path);
            let collections = collections.get(operation.id.as_str()).map_or(&[][..], Vec::as_slice);
            let scope = Scope {
                snapshot: self.snapshot,
                api,
                operation: Some(operation),
                collections,
                app_limits: self.app_limits,
                limits_guards: &self.limits_guards,
                policies: self.policies,
                schemas: &schemas,
                outlines: &outlines,
                masking: &self.masking,
                cors: cors.as_ref(),
                csrf: csrf.as_ref(),
                path: path.clone(),
            };
            let guards = guards::build(&scope);
            plan.operations.push(OperationPlan {
                id: operation.id.as_str().into(),
                template: operation.path.clone(),
                api: number,
                cost: operation.cost,
                max_body_bytes: operation.max_body_bytes,
                priority: operation.priority,
                long_lived: operation.long_lived,
                public: operation.public.unwrap_or(api.identify.public),
                semicolons: describes_semicolon(operation),
                reads_answers: reads_answers(api, operation) || self.policies.judges_answers(&operation.id),
                idle_timeout_ms: operation.idle_timeout_ms,
                websocket: operation.websocket.clone(),
                declared_headers: ambiguous_headers(operation),
                upstream_path: upstream_path(operation, &path, &mut self.diagnostics),
                cache: CachePlan::new(operation),
                compression: operation.compression.as_ref().map(CompressionPlan::new),
                decompress_requests: operation.decompress_requests.clone(),
                transcode: operation.transcode.clone(),
                callouts: callout::of(&plan.callouts, api, Some(operation), &path, &mut self.diagnostics),
                private_path: mask::private_path(operation, &outlines),
                mock: mock(operation, &path, &mut self.diagnostics),
                reshapes: guards::reshapes(&guards),
                guards,
                retirement: retirement(operation, &path, &mut self.diagnostics),
            });
        }
        let scope = Scope {
            snapshot: self.snapshot,
            api,
            operation: None,
            collections: &[],
            app_limits: self.app_limits,
            limits_guards: &self.limits_guards,
            policies: self.policies,
            schemas: &schemas,
            outlines: &outlines,
            masking: &self.masking,
            cors: cors.as_ref(),
            csrf: csrf.as_ref(),
            path: path.clone(),
        };
        let guards = guards::build(&scope);
        let (targets, versions) = self.upstream(number, &api.upstream, &format!("{path}/upstream"));
        let mirror = api.upstream.mirror.as_ref();
        let mirror = mirror.and_then(|mirror| self.target(&mirror.url, 1, number, &format!("{path}/upstream/mirror/url")));
        let anonymous = self.anonymous(plan, api, &format!("{path}/identify"));
        plan.apis.push(ApiPlan {
            name: api.name.as_str().into(),
            targets,
            versions,
            mirror,
            base_path: api.base_path.clone(),
            placed_at: api.placement.as_ref().map(|placement| placement.at.clone()),
            upstream: api.upstream.clone(),
            preserve_host: api.upstream.preserve_host,
            all_public: api.identify.public && api.operations.iter().all(|operation| operation.public != Some(false)),
            streams_outlive_tokens: api.identify.streams_outlive_tokens,
            identity: chain::build(&api.identify, anonymous, &plan.issuers),
            undocumented: api.guards.contract.mode,
            max_response_bytes: api.guards.contract.max_response_bytes,
            max_depth: api.guards.contract.max_depth,
            operations: first..plan.operations.len() as u32,
            reshapes: guards::reshapes(&guards),
            guards,
            callouts: callout::of(&plan.callouts, api, None, &path, &mut self.diagnostics),
            proxy: ProxyPlan::build(api, self.snapshot, &path, &mut self.diagnostics),
            cors,
            cache_digest: cache_digest(api),
        });
    }

    fn hosts(api: &Api) -> Vec<Option<&str>> {
        match api.hosts.is_empty() {
            true => vec![None],
            false => api.hosts.iter().map(|host| Some(host.as_str())).collect(),
        }
    }

    fn open(&mut self, plan: &mut Plan, number: u32, api: &Api, path: &str) {
        for host in Self::hosts(api) {
            if let Err(claimed) = plan.routes.open(host, &api.base_path, api.placement.as_ref(), number) {
                let other = self.snapshot.apis.get(claimed.by as usize).map_or("", |other| &other.name);
                let at = host.unwrap_or("any host");
                self.report(
                    format!("{path}/base_path"),
                    "base-path-taken",
                    format!("'{}' on {at} belongs to '{other}'", api.base_path),
                );
            }
        }
    }

    /// Every issuer is known, and no two of an API have the same `iss`: which of them a token is from must be clear.
    fn check_issuers(&mut self, plan: &Plan, api: &Api, path: &str) {
        if let Some(method) = &api.identify.introspection
            && plan.issuers.get(method.issuer.as_str()).is_none_or(|issuer| issuer.introspection.is_none())
        {
            let message = format!("there is no issuer '{}' with introspection", method.issuer);
            self.report(format!("{path}/identify/introspection/issuer"), "issuer-unknown", message);
        }
        let Some(jwt) = &api.identify.jwt else { return };
        let mut seen = HashSet::new();
        for (index, name) in jwt.issuers.iter().enumerate() {
            let path = format!("{path}/identify/jwt/issuers/{index}");
            match plan.issuers.get(name.as_str()) {
                None => self.report(path, "issuer-unknown", format!("there is no issuer '{name}'")),
                Some(issuer) if !seen.insert(issuer.issuer.clone()) => {
                    self.report(path, "issuer-ambiguous", format!("another issuer of this API is '{}' too", issuer.issuer));
                }
                Some(_) => {}
            }
        }
    }

    fn route(&mut self, plan: &mut Plan, owner: (u32, &Api), operation: &Operation, path: &str) {
        let Ok(method) = operation.method.parse::<Method>() else {
            return self.report(format!("{path}/method"), "method-invalid", format!("'{}' is no HTTP method", operation.method));
        };
        let number = plan.operations.len() as u32;
        for host in Self::hosts(owner.1) {
            if let Err(message) = plan.routes.add((host, &owner.1.base_path, owner.0), &method, &operation.path, number) {
                self.report(
                    format!("{path}/path"),
                    "path-invalid",
                    format!("{} {}: {message}", operation.method, operation.path),
                );
            }
        }
    }

    fn check_websocket(&mut self, api: &Api, operation: &Operation, path: &str) {
        if operation.websocket.is_some() && (operation.method != "GET" || api.upstream.protocol != Protocol::Http1) {
            let message = "a WebSocket is opened by GET, and passed on to an upstream of HTTP/1.1 only";
            self.report(format!("{path}/websocket"), "websocket-impossible", message);
        }
    }
}

fn has_app_limits(snapshot: &Snapshot) -> bool {
    snapshot.profiles.iter().any(|profile| !profile.limits.is_empty()) || snapshot.apps.iter().any(|app| !app.limits.is_empty())
}

/// Kept answers are those of these settings of the API, and no longer given when they change.
fn cache_digest(api: &Api) -> Vec<u8> {
    if api.operations.iter().all(|operation| operation.cache.is_none()) {
        return Vec::new();
    }
    let settings = serde_json::to_vec(api).unwrap_or_default();
    digest::digest(&digest::SHA256, &settings).as_ref().to_vec()
}

fn describes_semicolon(operation: &Operation) -> bool {
    let matrix = |parameter: &Parameter| parameter.location == Location::Path && parameter.style == Style::Matrix;
    operation.path.contains(';') || operation.parameters.iter().any(matrix)
}

fn reads_answers(api: &Api, operation: &Operation) -> bool {
    let mut media = operation.responses.iter().flat_map(|response| &response.media);
    api.guards.contract.responses != Mode::Off && media.any(|media| media.kind == MediaKind::Json && media.schema.is_some())
}

fn ambiguous_headers(operation: &Operation) -> Vec<HeaderName> {
    let headers = operation.parameters.iter().filter(|parameter| parameter.location == Location::Header);
    headers.filter_map(|parameter| parameter.name.parse().ok()).filter(|name: &HeaderName| is_ambiguous(name.as_str())).collect()
}

fn mock(operation: &Operation, path: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Mock> {
    Mock::build(&operation.mock).unwrap_or_else(|message| {
        diagnostics.push(Diagnostic::new(format!("{path}/mock"), "mock-impossible", message));
        None
    })
}

fn retirement(operation: &Operation, path: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<RetirementPlan> {
    let built = RetirementPlan::build(operation.retirement.as_ref()?);
    built.map_err(|message| diagnostics.push(Diagnostic::new(format!("{path}/retirement"), "retirement-invalid", message))).ok()
}
