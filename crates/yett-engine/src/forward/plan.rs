//! How an API is exposed, compiled: what is not configured is `None` and costs one look.

use super::cookies::Shelf;
use super::places::{Rewritten, split_port};
use super::protection::Protecting;
use super::redirect::Redirects;
use super::rules::{Rules, Way};
use super::token::Tokens;
use crate::routing::template::Template;
use std::collections::BTreeSet;
use yett_model::Diagnostic;
use yett_model::snapshot::{Api, Cookies, ForwardedFields, Mode, Operation, Snapshot};

/// The API's part.
pub(crate) struct ProxyPlan {
    pub(crate) strip_base_path: bool,
    pub(crate) redirects: Option<Redirects>,
    pub(super) request: Option<Rules>,
    pub(super) response: Option<Rules>,
    pub(super) cookies: Cookies,
    pub(super) forwarded: ForwardedFields,
    /// Fields that protect the reader of an answer.
    pub(crate) protection: Protecting,
    /// Whether the gateway, not the upstream, tells browsers which pages may read answers.
    pub(super) speaks_cors: bool,
    pub(crate) rewritten: Rewritten,
    pub(crate) tokens: Option<Tokens>,
    replaced: Vec<(u16, u16)>,
}

impl ProxyPlan {
    /// Compiles the API's part and tells every mistake. `path` is the API's place in the snapshot.
    pub(crate) fn build(api: &Api, snapshot: &Snapshot, path: &str, found: &mut Vec<Diagnostic>) -> Self {
        let proxy = &api.proxy;
        let at = format!("{path}/proxy");
        let tokens = proxy.upstream_identity.as_ref().and_then(|identity| {
            Tokens::new(identity, api, snapshot)
                .map_err(|message| {
                    let hint = "write `header: yett-identity`, and the issuer under `gateway.identity`";
                    let place = format!("{at}/upstream_identity");
                    found.push(Diagnostic::new(place, "upstream-identity-invalid", message).hint(hint));
                })
                .ok()
        });
        Self {
            strip_base_path: proxy.strip_base_path,
            redirects: (!proxy.redirects.is_empty()).then(|| Redirects::build(api, snapshot, &at, found)),
            request: Rules::build(&proxy.headers.request, Way::Upstream, &format!("{at}/headers/request"), found),
            response: Rules::build(&proxy.headers.response, Way::Caller, &format!("{at}/headers/response"), found),
            cookies: proxy.cookies.clone(),
            forwarded: proxy.forwarded,
            protection: Protecting::build(proxy, &at, found),
            speaks_cors: api.guards.cors.mode != Mode::Off,
            rewritten: Rewritten::of(api),
            tokens,
            replaced: replaced(&proxy.errors.replace, &at, found),
        }
    }

    /// Whether an answer with this status is replaced unless the contract describes it.
    pub(crate) fn replaces(&self, status: u16) -> bool {
        status >= 400 && self.replaced.iter().any(|(first, last)| (*first..=*last).contains(&status))
    }

    pub(super) fn shelf<'a>(&'a self, tls: bool, host: &'a str) -> Shelf<'a> {
        Shelf { rules: &self.cookies, tls, host: split_port(host).0 }
    }
}

fn replaced(statuses: &[String], path: &str, found: &mut Vec<Diagnostic>) -> Vec<(u16, u16)> {
    let mut ranges = Vec::new();
    for (index, text) in statuses.iter().enumerate() {
        let range = match text.as_bytes() {
            [class @ b'4'..=b'5', b'X' | b'x', b'X' | b'x'] => {
                let first = u16::from(class - b'0') * 100;
                Some((first, first + 99))
            }
            _ => text.parse().ok().filter(|status| (400..600).contains(status)).map(|status: u16| (status, status)),
        };
        match range {
            Some(range) => ranges.push(range),
            None => {
                let message = format!("'{text}' is no error status: use one from 400 to 599, 4XX or 5XX");
                found.push(Diagnostic::new(format!("{path}/errors/replace/{index}"), "status-invalid", message));
            }
        }
    }
    ranges
}

/// The upstream's path template of an operation, if it has one of its own.
pub(crate) fn upstream_path(operation: &Operation, path: &str, found: &mut Vec<Diagnostic>) -> Option<Template> {
    let text = operation.upstream_path.as_deref()?;
    let mut wrong =
        |message: String| found.push(Diagnostic::new(format!("{path}/upstream_path"), "upstream-path-invalid", message));
    let template = Template::parse(text).map_err(&mut wrong).ok()?;
    let names: Vec<_> = Template::parse(&operation.path).map(|own| own.names().cloned().collect()).unwrap_or_default();
    let known: BTreeSet<&str> = names.iter().map(|name| &**name).collect();
    let unknown = template.names().find(|name| !known.contains(&***name)).cloned();
    match unknown {
        Some(unknown) => wrong(format!("the contract's path '{}' has no parameter '{unknown}'", operation.path)),
        None if template.is_crooked() => wrong("a path has no dot segments and no empty ones".to_owned()),
        None => return Some(template),
    }
    None
}
