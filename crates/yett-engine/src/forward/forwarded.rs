//! Who the caller is when other proxies stand in front: `X-Forwarded-*` and `Forwarded` (RFC 7239), read from trusted
//! peers only and written anew for the upstream.
//!
//! Only the right-most part of such a field was written by somebody who is trusted; everything to its left is hearsay.

use crate::Refusal;
use crate::address::spelled;
use crate::exchange::Caller;
use crate::network::{Network, as_bits};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use yett_model::Code;
use yett_model::snapshot::ForwardedFields;

const FORWARDED: HeaderName = http::header::FORWARDED;
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Most hops that are looked at: a longer chain is a loop or an attack.
const MOST_HOPS: usize = 64;

/// The networks of proxies whose word about a caller is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

impl TrustedProxies {
    /// Reads networks: `10.0.0.0/8`, `2001:db8::/32`, or a single address.
    ///
    /// # Errors
    /// The index of the first that is none, and a sentence.
    pub fn parse(networks: &[String]) -> Result<Self, (usize, String)> {
        let network = |(index, text): (usize, &String)| {
            Network::parse(text).ok_or_else(|| (index, format!("'{text}' is neither an address nor a network")))
        };
        networks.iter().enumerate().map(network).collect::<Result<_, _>>().map(Self)
    }

    /// Whether an address belongs to one of the networks. IPv4 in IPv6 clothes is IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = as_bits(address);
        self.0.iter().any(|network| network.has(bits))
    }

    /// Whether there are none: everybody is a caller.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a trusted proxy says about the caller.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) caller: Caller,
    /// Host that the caller asked for, lower case, as it was spelled with its port.
    pub(crate) host: Option<String>,
}

/// One proxy's account of whom it served.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Hop<'a> {
    /// `None` for `unknown`, obfuscated and unreadable names.
    address: Option<IpAddr>,
    tls: Option<bool>,
    host: Option<Cow<'a, str>>,
}

/// Reads what the peer, which is trusted, says about the caller; `None` if it says nothing.
///
/// The caller is the right-most hop that is not trusted. A hop without a readable address hides everything to its left:
/// the caller is then the last one that is known.
///
/// # Errors
/// The refusal of fields that cannot be read, or of two families that contradict each other.
pub(crate) fn told(peer: &Caller, headers: &HeaderMap, trusted: &TrustedProxies) -> Result<Option<Told>, Box<Refusal>> {
    let unreadable = |name: &str| Refusal::open(Code::RequestMalformed, format!("{name} cannot be read"));
    let old = read_x_forwarded(headers).ok_or_else(|| unreadable("X-Forwarded-For"))?;
    let new = read_forwarded(headers).ok_or_else(|| unreadable("Forwarded"))?;
    let old = old.map(|hops| settle(peer, hops, trusted));
    let new = new.map(|hops| settle(peer, hops, trusted));
    match (old, new) {
        (Some(old), Some(new)) if old.caller != new.caller => {
            Err(Refusal::open(Code::RequestMalformed, "X-Forwarded-For and Forwarded contradict each other"))
        }
        (old, new) => Ok(new.or(old)),
    }
}

/// Walks from the peer towards the caller.
fn settle(peer: &Caller, hops: Vec<Hop<'_>>, trusted: &TrustedProxies) -> Told {
    let mut told = Told { caller: peer.clone(), host: None };
    for hop in hops.into_iter().rev() {
        let Some(address) = hop.address else { break };
        // A certificate that was proven on the connection is the proxy's, not the caller's.
        told.caller = Caller::new(address, hop.tls.unwrap_or(told.caller.tls));
        told.host = hop.host.map(Cow::into_owned).or(told.host);
        if !trusted.contains(address) {
            break;
        }
    }
    told
}

/// `None` if it cannot be read; `Some(None)` if there is nothing.
fn read_x_forwarded(headers: &HeaderMap) -> Option<Option<Vec<Hop<'_>>>> {
    if !headers.contains_key(FORWARDED_FOR) {
        return Some(None);
    }
    let addresses = list(headers, &FORWARDED_FOR)?;
    let schemes = list(headers, &FORWARDED_PROTO)?;
    let hosts = list(headers, &FORWARDED_HOST)?;
    if addresses.len() > MOST_HOPS {
        return None;
    }
    let count = addresses.len();
    let hop = |(index, address): (usize, &&str)| Hop {
        address: node_address(address),
        tls: beside(&schemes, index, count).and_then(tls_of),
        host: beside(&hosts, index, count).filter(|host| is_host(host)).map(|host| Cow::Owned(host.to_ascii_lowercase())),
    };
    Some(Some(addresses.iter().enumerate().map(hop).collect()))
}

/// The value that belongs to an address: lists of one length go pairwise; otherwise only the last was told by a peer that
/// is trusted, and it is the same for all.
fn beside<'a>(values: &[&'a str], index: usize, count: usize) -> Option<&'a str> {
    match values.len() == count {
        true => values.get(index).copied(),
        false => values.last().copied(),
    }
}

fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Vec<&'a str>> {
    let mut items = Vec::new();
    for value in headers.get_all(name) {
        items.extend(value.to_str().ok()?.split(',').map(str::trim).filter(|item| !item.is_empty()));
    }
    Some(items)
}

fn tls_of(scheme: &str) -> Option<bool> {
    match () {
        () if scheme.eq_ignore_ascii_case("https") => Some(true),
        () if scheme.eq_ignore_ascii_case("http") => Some(false),
        () => None,
    }
}

fn is_host(host: &str) -> bool {
    crate::receive::host_name(host).is_some()
}

/// The address of a node (RFC 7239 section 6), with or without port and brackets.
fn node_address(node: &str) -> Option<IpAddr> {
    let bare = node.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match bare {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().ok().map(IpAddr::V6),
        None => node.parse().ok().or_else(|| node.parse().ok().map(|address: SocketAddr| address.ip())).or_else(|| {
            // An obfuscated port hides nothing that is needed.
            let (address, port) = node.rsplit_once(":_").filter(|(_, port)| port.bytes().all(is_obfuscated))?;
            let _ = port;
            let v6 = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            v6.map_or_else(|| address.parse().ok().map(IpAddr::V4), |v6| v6.parse().ok().map(IpAddr::V6))
        }),
    };
    address.map(|address| address.to_canonical())
}

fn is_obfuscated(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

/// Reads `Forwarded`. One open quote would swallow what a trusted proxy appended, so a field is read whole or not at all.
fn read_forwarded(headers: &HeaderMap) -> Option<Option<Vec<Hop<'_>>>> {
    if !headers.contains_key(FORWARDED) {
        return Some(None);
    }
    let mut hops = Vec::new();
    for value in headers.get_all(FORWARDED) {
        read_elements(value.to_str().ok()?, &mut hops)?;
    }
    (hops.len() <= MOST_HOPS).then_some(Some(hops))
}

fn read_elements<'a>(text: &'a str, hops: &mut Vec<Hop<'a>>) -> Option<()> {
    let mut rest = text;
    loop {
        let (hop, after) = read_element(rest)?;
        hops.extend(hop);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return after.is_empty().then_some(()),
        }
    }
}

/// One element: pairs joined by `;`. An empty one is no hop.
fn read_element(text: &str) -> Option<(Option<Hop<'_>>, &str)> {
    let mut hop = Hop::default();
    let (mut seen, mut rest) = (Vec::new(), text);
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        if !rest.starts_with([',', ';']) && !rest.is_empty() {
            let (name, value, after) = read_pair(rest)?;
            let name = name.to_ascii_lowercase();
            match name.as_str() {
                "for" => hop.address = node_address(&value),
                "proto" => hop.tls = tls_of(&value),
                "host" => hop.host = is_host(&value).then(|| Cow::Owned(value.to_ascii_lowercase())),
                _ => {}
            }
            // RFC 7239 section 4: each parameter once.
            if seen.contains(&name) {
                return None;
            }
            seen.push(name);
            rest = after.trim_start_matches([' ', '\t']);
        }
        match rest.strip_prefix(';') {
            Some(next) => rest = next,
            None => return Some(((!seen.is_empty()).then_some(hop), rest)),
        }
    }
}

/// `token=value`, the value a token or quoted; and what follows.
fn read_pair(text: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let (name, rest) = text.split_once('=')?;
    if name.is_empty() || !name.bytes().all(is_token) {
        return None;
    }
    if let Some(quoted) = rest.strip_prefix('"') {
        let (value, after) = unquote(quoted)?;
        return Some((name, Cow::Owned(value), after));
    }
    let end = rest.bytes().position(|byte| !is_token(byte) && !b":[]".contains(&byte)).unwrap_or(rest.len());
    let (value, after) = rest.split_at_checked(end)?;
    (!value.is_empty()).then_some((name, Cow::Borrowed(value), after))
}

/// The text up to the closing quote, escapes undone.
pub(super) fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Some((value, text.get(index + 1..)?)),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

/// `tchar` of RFC 9110.
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Tells the upstream who called, over what, and which host was asked for.
pub(super) fn tell(headers: &mut HeaderMap, fields: ForwardedFields, caller: &Caller, host: HeaderValue) {
    let scheme = if caller.tls { "https" } else { "http" };
    if matches!(fields, ForwardedFields::XForwarded | ForwardedFields::Both) {
        super::insert(headers, FORWARDED_FOR, &spelled(caller.address));
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static(scheme));
        headers.insert(FORWARDED_HOST, host.clone());
    }
    if matches!(fields, ForwardedFields::Rfc7239 | ForwardedFields::Both) {
        let node = match caller.address {
            IpAddr::V4(_) => spelled(caller.address),
            IpAddr::V6(v6) => format!("\"[{v6}]\""),
        };
        // A host may hold `:` and brackets, which no token may; what was received has no quote in it.
        let host = host.to_str().unwrap_or("");
        super::insert(headers, FORWARDED, &format!("for={node};host=\"{host}\";proto={scheme}"));
    }
}

#[cfg(test)]
mod tests;
