//! What a request itself says about where it should go: a version, a key, a target that a cookie names.

use crate::balance::{cookie_value, digest, read_cookie, split};
use crate::exchange::Exchange;
use crate::plan::{ApiPlan, TargetPlan};
use http::header::{AUTHORIZATION, COOKIE, HOST, PROXY_AUTHORIZATION};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::net::IpAddr;
use yett_model::snapshot::{Balance, HashKey};

/// Fields with credentials that the gateway knows nothing of; what it knows is taken off every request.
const SECRETS: [HeaderName; 9] = [
    AUTHORIZATION,
    PROXY_AUTHORIZATION,
    COOKIE,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("api-key"),
    HeaderName::from_static("apikey"),
    HeaderName::from_static("x-auth-token"),
    HeaderName::from_static("x-access-token"),
    HeaderName::from_static("x-csrf-token"),
];

/// What a request says about where it should go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Number of the version; 0 where there are none.
    pub version: usize,
    /// What it has in common with requests that should go to the same target.
    pub key: u64,
    /// Number of the target that its cookie names.
    pub target: Option<usize>,
}

impl Exchange {
    /// What the request says about where it should go. The cookie of the affinity is the gateway's own and taken off.
    pub fn choose(&self, parts: &mut Parts) -> Wish {
        let Some(api) = self.api_plan() else { return Wish { version: 0, key: 0, target: None } };
        let target = api.upstream.affinity.as_ref().and_then(|affinity| {
            let value = take_cookie(&mut parts.headers, affinity.cookie.as_bytes())?;
            let id = read_cookie(&self.plan.pepper, &api.name, std::str::from_utf8(&value).ok()?)?;
            api.targets.iter().position(|target| target.id() == id)
        });
        let version = self.version(api, parts, target);
        let range = api.targets_of(version);
        Wish { version, key: self.key(api, parts), target: target.filter(|target| range.contains(target)) }
    }

    /// A header leads to its version whatever the shares; a cookie stays with its own; all others are dealt out by who
    /// calls, so that one caller sees one version.
    fn version(&self, api: &ApiPlan, parts: &Parts, target: Option<usize>) -> usize {
        if api.versions.is_empty() {
            return 0;
        }
        let has = |(name, value): &(HeaderName, String)| parts.headers.get(name).is_some_and(|found| found == value.as_str());
        let named = api.versions.iter().position(|version| !version.header.is_empty() && version.header.iter().all(has));
        let kept = || {
            let holds = |target| api.versions.iter().position(|version| version.weight > 0 && version.targets.contains(&target));
            target.and_then(holds)
        };
        let dealt = || split(api.versions.iter().map(|version| version.weight), self.caller_key() ^ digest(api.name.as_bytes()));
        named.or_else(kept).or_else(dealt).unwrap_or(0)
    }

    fn key(&self, api: &ApiPlan, parts: &Parts) -> u64 {
        let Balance::Hash(key) = &api.upstream.balance else { return 0 };
        let found = match key {
            HashKey::Address => None,
            HashKey::App => return self.caller_key(),
            HashKey::Header(name) => parts.headers.get(name).map(|value| digest(value.as_bytes())),
            HashKey::Cookie(name) => cookie(&parts.headers, name.as_bytes()).map(digest),
            HashKey::Path(name) => {
                self.parameters.iter().find(|(known, _)| **known == **name).map(|(_, value)| digest(value.as_bytes()))
            }
        };
        found.unwrap_or_else(|| self.address_key())
    }

    /// Stands for the app, or for the address of a caller without one.
    fn caller_key(&self) -> u64 {
        self.principal.as_ref().map_or_else(|| self.address_key(), |principal| digest(principal.app.name.as_bytes()))
    }

    fn address_key(&self) -> u64 {
        match self.caller.address {
            IpAddr::V4(address) => digest(&address.octets()),
            IpAddr::V6(address) => digest(&address.octets()),
        }
    }

    /// The target where nothing is known of how the targets are: by the request's key, or else by weight.
    pub(crate) fn pick(&self, parts: &mut Parts) -> Option<usize> {
        let api = self.api_plan()?;
        if api.targets.len() == 1 {
            return Some(0);
        }
        let wish = self.choose(parts);
        let range = api.targets_of(wish.version);
        let targets = api.targets.get(range.clone())?;
        let weights: Vec<u32> = targets.iter().map(|target| target.weight).collect();
        let chosen = match &api.upstream.balance {
            Balance::Hash(_) => {
                let ids: Vec<u64> = targets.iter().map(|target| target.id()).collect();
                crate::balance::of_key(&weights, &ids, wish.key)
            }
            Balance::RoundRobin | Balance::LeastLoaded => crate::balance::of_weight(&weights, self.random),
        };
        wish.target.or_else(|| Some(range.start + chosen?))
    }

    /// How the target is chosen, for people.
    pub(crate) fn explain_choice(&self, api: &ApiPlan) -> Option<String> {
        let version = self.target.and_then(|target| api.version_of(target));
        let count = version.map_or(api.targets.len(), |name| {
            api.versions.iter().find(|version| *version.name == *name).map_or(0, |version| version.targets.len())
        });
        let way = match &api.upstream.balance {
            Balance::RoundRobin => "in turn by weight".to_owned(),
            Balance::LeastLoaded => "the less busy of two".to_owned(),
            Balance::Hash(HashKey::Address) => "by the caller's address".to_owned(),
            Balance::Hash(HashKey::App) => "by the app".to_owned(),
            Balance::Hash(HashKey::Header(name)) => format!("by the header {name}"),
            Balance::Hash(HashKey::Cookie(name)) => format!("by the cookie {name}"),
            Balance::Hash(HashKey::Path(name)) => format!("by the path parameter {name}"),
        };
        let of_version = version.map(|name| format!("version {name}"));
        let of_targets = (count > 1).then(|| format!("one of {count} targets, {way}; while all are well"));
        let parts: Vec<String> = of_version.into_iter().chain(of_targets).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// The cookie that keeps the caller on the target it got.
    #[must_use]
    pub fn affinity_cookie(&self) -> Option<HeaderValue> {
        let api = self.api_plan()?;
        let affinity = api.upstream.affinity.as_ref()?;
        let target = api.targets.get(self.target?)?;
        let value = cookie_value(&self.plan.pepper, &api.name, target.id());
        let age = affinity.lifetime_s.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
        let secure = if self.caller.tls { "; Secure" } else { "" };
        let text = format!("{}={value}; Path={}; HttpOnly; SameSite=Lax{secure}{age}", affinity.cookie, api.base_path);
        HeaderValue::from_str(&text).ok()
    }

    /// A copy of a head that is ready for its target, for the mirror: no credential of any kind goes along.
    #[must_use]
    pub fn copy_for(&self, parts: &Parts, mirror: &TargetPlan) -> Option<Parts> {
        let mut copy = http::Request::new(()).into_parts().0;
        copy.method = parts.method.clone();
        copy.version = parts.version;
        let api = self.api_plan()?;
        let token = api.proxy.tokens.as_ref().map(|tokens| &tokens.header);
        copy.uri = self.upstream_path(api, mirror).parse().ok()?;
        let kept = parts.headers.iter().filter(|(name, _)| !SECRETS.contains(name) && Some(*name) != token);
        copy.headers = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        copy.headers.insert(HOST, mirror.host.clone());
        Some(copy)
    }
}

/// The pairs of `Cookie`: their values may hold bytes beyond ASCII, which some sites set.
fn crumbs(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    values.flat_map(|value| value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii))
}

/// The value of a pair, if it has that name.
fn value_of<'c>(crumb: &'c [u8], name: &[u8]) -> Option<&'c [u8]> {
    crumb.strip_prefix(name)?.strip_prefix(b"=")
}

fn cookie<'h>(headers: &'h HeaderMap, name: &[u8]) -> Option<&'h [u8]> {
    crumbs(headers).find_map(|crumb| value_of(crumb, name))
}

/// Takes a cookie off the head and gives its value.
fn take_cookie(headers: &mut HeaderMap, name: &[u8]) -> Option<Vec<u8>> {
    let value = cookie(headers, name)?.to_owned();
    let others: Vec<&[u8]> = crumbs(headers).filter(|crumb| value_of(crumb, name).is_none()).collect();
    match HeaderValue::from_bytes(&others.join(&b"; "[..])) {
        Ok(rest) if !rest.is_empty() => headers.insert(COOKIE, rest),
        _ => headers.remove(COOKIE),
    };
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_taken_off_whatever_stands_beside_it() {
        for (beside, rest) in
            [(&b"x=\xfc\xe9; at=1; y=2"[..], Some(&b"x=\xfc\xe9; y=2"[..])), (b"at=1", None), (b"at=1;at=2", None)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_bytes(beside).unwrap());
            assert_eq!(take_cookie(&mut headers, b"at").as_deref(), Some(&b"1"[..]));
            assert_eq!(headers.get(COOKIE).map(HeaderValue::as_bytes), rest);
        }
    }
}
