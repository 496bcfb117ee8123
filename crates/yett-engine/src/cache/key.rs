//! Keys of kept answers: digests of fixed size, so that no caller makes a key long, and none holds a secret.

use super::CachePlan;
use aws_lc_rs::digest::{Context, SHA256};
use http::HeaderName;
use http::header::{CACHE_CONTROL, HOST, PRAGMA};
use http::request::Parts;

/// The key of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The resource, whoever asks and however: what a request that changes it makes invalid.
    pub place: [u8; 16],
    /// Everything else that reached the upstream.
    pub variant: [u8; 16],
}

/// What a key is made of besides the fields of the request.
pub(crate) struct Facts<'a> {
    /// Digest of the API's settings.
    pub api: &'a [u8],
    pub host: &'a str,
    /// Path below the base path and query, without credentials.
    pub target: &'a str,
    pub tls: bool,
    /// Who asks, unless that is no matter.
    pub who: Option<&'a str>,
    /// The field with the token that tells who asks.
    pub token: Option<&'a HeaderName>,
    /// Operation that the request is.
    pub operation: &'a str,
    /// Whether the upstream gets `Host` as the caller spelled it, with its port.
    pub spoken_host: bool,
}

/// Adds a part with its length, so that no two lists of parts run into one.
fn add(context: &mut Context, part: &[u8]) {
    context.update(&(part.len() as u64).to_be_bytes());
    context.update(part);
}

fn half(context: Context) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut().zip(context.finish().as_ref()).for_each(|(half, byte)| *half = *byte);
    half
}

/// The resource: the same for every method, caller and representation.
pub(crate) fn place(facts: &Facts<'_>) -> [u8; 16] {
    let mut context = Context::new(&SHA256);
    [facts.api, facts.host.as_bytes(), facts.target.as_bytes()].iter().for_each(|part| add(&mut context, part));
    half(context)
}

/// Fields that are another's in every request, or tell the upstream's cache its duty: they choose no answer. The host
/// of a target means nothing, and the caller's is told apart.
const UNKEYED: [HeaderName; 6] = [
    HOST,
    CACHE_CONTROL,
    PRAGMA,
    HeaderName::from_static("yett-decision"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
];

/// The key of a request as it goes upstream: every field of it, whoever put it there.
pub(crate) fn key(plan: &CachePlan, parts: &Parts, facts: &Facts<'_>) -> Key {
    let mut context = Context::new(&SHA256);
    add(&mut context, facts.operation.as_bytes());
    add(&mut context, &[u8::from(facts.tls), u8::from(plan.shared), u8::from(facts.who.is_some())]);
    add(&mut context, facts.who.unwrap_or("").as_bytes());
    let is_keyed = |name: &HeaderName| !UNKEYED.contains(name) || (facts.spoken_host && name == HOST);
    let mut names: Vec<&HeaderName> = parts.headers.keys().filter(|name| is_keyed(name) && facts.token != Some(*name)).collect();
    names.sort_unstable_by_key(|name| name.as_str());
    for name in names {
        parts.headers.get_all(name).iter().for_each(|value| {
            add(&mut context, name.as_str().as_bytes());
            add(&mut context, value.as_bytes());
        });
    }
    Key { place: place(facts), variant: half(context) }
}
