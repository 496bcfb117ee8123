//! The targets and versions of an upstream, and what of its settings can be wrong.

use super::build::Builder;
use super::target::parse_target;
use super::{TargetPlan, VersionPlan};
use http::HeaderName;
use std::sync::Arc;
use yett_model::snapshot::{Balance, HashKey, Target, Upstream, UpstreamVersion};

/// The most that a request may be sent.
const MOST_ATTEMPTS: u32 = 10;

impl Builder<'_> {
    /// The targets, those of all versions one after the other, and the versions.
    pub(super) fn upstream(&mut self, api: u32, upstream: &Upstream, path: &str) -> (Vec<Arc<TargetPlan>>, Vec<VersionPlan>) {
        self.check_settings(upstream, path);
        let mut targets = Vec::new();
        if upstream.versions.is_empty() {
            self.targets(&mut targets, api, &upstream.targets, &format!("{path}/targets"));
            return (targets, Vec::new());
        }
        if !upstream.targets.is_empty() {
            self.report(format!("{path}/versions"), "target-invalid", "an upstream has targets or versions, not both");
        }
        if upstream.versions.iter().all(|version| version.weight == 0) {
            self.report(format!("{path}/versions"), "target-missing", "an upstream needs a version with weight");
        }
        let mut versions: Vec<VersionPlan> = Vec::new();
        for (index, version) in upstream.versions.iter().enumerate() {
            let path = format!("{path}/versions/{index}");
            if versions.iter().any(|known| *known.name == *version.name) {
                self.report(format!("{path}/name"), "version-duplicate", format!("'{}' is there twice", version.name));
            }
            let first = targets.len();
            self.targets(&mut targets, api, &version.targets, &format!("{path}/targets"));
            versions.push(VersionPlan {
                name: version.name.as_str().into(),
                targets: first..targets.len(),
                weight: version.weight,
                header: self.header(version, &path),
            });
        }
        (targets, versions)
    }

    fn header(&mut self, version: &UpstreamVersion, path: &str) -> Vec<(HeaderName, String)> {
        let mut found = Vec::new();
        for (index, header) in version.header.iter().enumerate() {
            match header.name.parse() {
                Ok(name) => found.push((name, header.value.clone())),
                Err(_) => {
                    self.report(format!("{path}/header/{index}/name"), "header-invalid", "this is no name of a header field")
                }
            }
        }
        found
    }

    fn targets(&mut self, targets: &mut Vec<Arc<TargetPlan>>, api: u32, listed: &[Target], path: &str) {
        if listed.iter().all(|target| target.weight == 0) {
            self.report(path, "target-missing", "an upstream needs a target with weight");
        }
        for (index, target) in listed.iter().enumerate() {
            targets.extend(self.target(&target.url, target.weight, api, &format!("{path}/{index}/url")));
        }
    }

    /// A target, unless its URL cannot be used.
    pub(super) fn target(&mut self, url: &str, weight: u32, api: u32, path: &str) -> Option<Arc<TargetPlan>> {
        let target = parse_target(&Target { url: url.to_owned(), weight }, api);
        target.map_err(|message| self.report(path, "target-invalid", message)).ok().map(Arc::new)
    }

    fn check_settings(&mut self, upstream: &Upstream, path: &str) {
        let is_token =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if upstream.retries.as_ref().is_some_and(|retries| !(1..=MOST_ATTEMPTS).contains(&retries.attempts)) {
            let message = format!("a request is sent 1 to {MOST_ATTEMPTS} times");
            self.report(format!("{path}/retries/attempts"), "retries-invalid", message);
        }
        if upstream.affinity.as_ref().is_some_and(|affinity| !is_token(&affinity.cookie)) {
            self.report(
                format!("{path}/affinity/cookie"),
                "cookie-invalid",
                "a cookie's name is letters, digits, '-', '_' and '.'",
            );
        }
        if upstream.health.as_ref().is_some_and(|health| !is_path(&health.path)) {
            self.report(format!("{path}/health/path"), "health-invalid", "a path begins with '/' and holds plain characters");
        }
        if upstream.health.as_ref().is_some_and(|health| health.interval_ms == 0 || health.timeout_ms == 0) {
            self.report(format!("{path}/health"), "health-invalid", "a health check needs an interval and a timeout");
        }
        if let Balance::Hash(HashKey::Header(name)) = &upstream.balance
            && name.parse::<HeaderName>().is_err()
        {
            self.report(format!("{path}/balance"), "header-invalid", "this is no name of a header field");
        }
    }
}

fn is_path(path: &str) -> bool {
    path.starts_with('/') && path.parse::<http::uri::PathAndQuery>().is_ok()
}
