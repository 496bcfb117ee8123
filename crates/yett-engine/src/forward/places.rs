//! Places that an answer names, told as the caller must spell them: the upstream's own address means nothing to it, and
//! is not its business.

use super::links;
use crate::plan::TargetPlan;
use crate::routing::target::is_dot_segment;
use crate::routing::template::Template;
use http::header::{CONTENT_LOCATION, LINK, LOCATION, REFRESH};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;
use std::sync::Arc;
use yett_model::snapshot::Api;

/// Paths that the upstream knows under another name than the contract: the upstream's template, and the contract's.
#[derive(Debug, Default)]
pub(crate) struct Rewritten(Vec<(Template, Template)>);

impl Rewritten {
    /// Those of an API. Templates that cannot be read are told elsewhere.
    pub(super) fn of(api: &Api) -> Self {
        let pair = |upstream: &str, path: &str| Some((Template::parse(upstream).ok()?, Template::parse(path).ok()?));
        let rewritten = api.operations.iter().filter_map(|one| pair(one.upstream_path.as_deref()?, &one.path));
        Self(rewritten.collect())
    }

    fn public(&self, path: &str) -> Option<String> {
        self.0.iter().find_map(|(upstream, public)| public.fill(&upstream.capture(path)?))
    }
}

/// Where an answer comes from and under which base path the caller knows it.
pub(crate) struct Origin<'a> {
    /// All of the API's targets: one may speak of another.
    pub(crate) targets: &'a [Arc<TargetPlan>],
    /// The one that answers.
    pub(crate) target: &'a TargetPlan,
    /// Public host that was sent upstream instead of the target's.
    pub(crate) spoken: Option<&'a str>,
    /// Public base path without a trailing slash.
    pub(crate) base: &'a str,
    /// Whether the upstream knows the base path.
    pub(crate) keeps_base: bool,
    pub(crate) rewritten: &'a Rewritten,
    /// Whether a public path is one of the contract's.
    pub(crate) is_path: &'a dyn Fn(&str) -> bool,
}

/// What becomes of a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It is relative, public already, or somebody else's.
    Kept,
    /// It is the upstream's, and this is its public spelling.
    As(String),
    /// It names the upstream but nothing that callers can reach: it is not told at all.
    Hidden,
}

/// Writes the places in an answer's fields as the caller must spell them.
pub(super) fn translate_places(headers: &mut HeaderMap, origin: &Origin<'_>) {
    for name in [LOCATION, CONTENT_LOCATION] {
        rewrite(headers, &name, |place| match origin.tell(place) {
            Told::Kept => Some(Cow::Borrowed(place)),
            Told::As(public) => Some(Cow::Owned(public)),
            Told::Hidden => None,
        });
    }
    rewrite(headers, &LINK, |value| links::translate_links(value, origin));
    rewrite(headers, &REFRESH, |value| links::translate_refresh(value, origin));
}

/// Replaces each value of a field, or takes it off. What is not ASCII names no place.
pub(super) fn rewrite(headers: &mut HeaderMap, name: &HeaderName, write: impl Fn(&str) -> Option<Cow<'_, str>>) {
    if !headers.contains_key(name) {
        return;
    }
    let mut anew: Vec<HeaderValue> = Vec::new();
    let mut changed = false;
    for value in headers.get_all(name) {
        match value.to_str().map(&write) {
            Err(_) | Ok(Some(Cow::Borrowed(_))) => anew.push(value.clone()),
            Ok(written) => {
                changed = true;
                anew.extend(written.and_then(|text| HeaderValue::from_str(&text).ok()));
            }
        }
    }
    if changed {
        headers.remove(name);
        anew.into_iter().for_each(|value| {
            headers.append(name, value);
        });
    }
}

impl Origin<'_> {
    /// How the caller must spell a place (RFC 3986 reference).
    pub(super) fn tell(&self, place: &str) -> Told {
        let (authority, path) = match split(place) {
            Some(parts) => parts,
            None => return Told::Kept,
        };
        let target = match authority {
            None => self.target,
            Some(authority) if self.spoken.is_some_and(|host| same_name(authority, host)) => self.target,
            Some(authority) => match self.targets.iter().find(|target| names(target, authority)) {
                Some(target) => target,
                None => return Told::Kept,
            },
        };
        match (self.public(path, &target.prefix), authority) {
            (Some(public), None) if public == path => Told::Kept,
            (Some(public), _) => Told::As(public),
            (None, None) => Told::Kept,
            // The public host may have said it of its own accord.
            (None, Some(authority)) if self.spoken.is_some_and(|host| same_name(authority, host)) => Told::Kept,
            (None, Some(_)) => Told::Hidden,
        }
    }

    /// The public spelling of a path of the upstream, with query and fragment; `None` if it has none.
    pub(super) fn public(&self, path: &str, prefix: &str) -> Option<String> {
        let (bare, tail) = path.split_at(path.find(['?', '#']).unwrap_or(path.len()));
        if bare
            .split('/')
            .any(|segment| is_dot_segment(segment) || is_dot_segment(&segment.to_ascii_lowercase().replace("%2e", ".")))
        {
            return None;
        }
        let below = below(bare, prefix)?;
        let below = if self.keeps_base { self::below(below, self.base)? } else { below };
        if let Some(public) = self.rewritten.public(below) {
            return Some(format!("{}{public}{tail}", self.base));
        }
        let public = format!("{}{below}", self.base);
        let public = if public.starts_with('/') { public } else { format!("/{public}") };
        // An upstream that knows its base path spells it already; only the contract can tell.
        let may_be_public = !self.keeps_base && !self.base.is_empty() && self::below(bare, self.base).is_some();
        match may_be_public && !(self.is_path)(&public) {
            true => Some(format!("{bare}{tail}")),
            false => Some(format!("{public}{tail}")),
        }
    }
}

/// Authority and path of a place; `None` for one that is relative to its own path, or not of HTTP.
fn split(place: &str) -> Option<(Option<&str>, &str)> {
    let scheme = ["http://", "https://", "//"]
        .into_iter()
        .find(|scheme| place.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    match scheme {
        Some(scheme) => {
            let rest = place.get(scheme.len()..)?;
            let (authority, path) = rest.split_at(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len()));
            Some((Some(authority), path))
        }
        None => place.starts_with('/').then_some((None, place)),
    }
}

/// Whether an authority is a target's. Without a port it is, if the target's is one of the usual.
fn names(target: &TargetPlan, authority: &str) -> bool {
    let (name, port) = split_port(authority);
    let same_port = match port {
        Some(port) => port.parse() == Ok(target.port),
        None => [80, 443].contains(&target.port),
    };
    same_port && name.trim_matches(['[', ']']).eq_ignore_ascii_case(&target.name)
}

fn same_name(authority: &str, host: &str) -> bool {
    split_port(authority).0.eq_ignore_ascii_case(split_port(host).0)
}

pub(super) fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        Some((name, port)) => (name, Some(port)),
        None => (authority, None),
    }
}

/// What follows a prefix of whole segments.
fn below<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
pub(super) mod tests;
