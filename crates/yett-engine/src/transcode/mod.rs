//! Other notations in the place of JSON: what a caller sends as MessagePack or CBOR becomes JSON before anything looks
//! at it, and the JSON of an answer becomes what it asks for.
//!
//! Only what JSON can say is let in. Refused: binary data, tags and extensions, NaN and infinities, whole numbers beyond
//! 64 bits, keys that are no text, the same key twice, text in pieces, more nesting or bytes than the operation takes.

mod cbor;
mod json;
mod msgpack;
#[cfg(test)]
mod tests;

pub use json::{Fault, to_json};

use http::header::{ACCEPT, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use yett_model::snapshot::Notation;

/// Other names of the notations that are understood.
fn notation(essence: &str) -> Option<Notation> {
    match essence {
        "application/msgpack" | "application/x-msgpack" | "application/vnd.msgpack" => Some(Notation::Msgpack),
        "application/cbor" => Some(Notation::Cbor),
        _ => None,
    }
}

fn media_type(notation: Notation) -> HeaderValue {
    HeaderValue::from_static(match notation {
        Notation::Msgpack => "application/msgpack",
        Notation::Cbor => "application/cbor",
    })
}

/// What a request is written in and wants its answer written in, where that is not JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Notations {
    /// Of the request's body.
    pub sent: Option<Notation>,
    /// Of the answer.
    pub wanted: Option<Notation>,
}

impl Notations {
    /// Reads a head, and rewrites it as if the caller spoke JSON.
    pub(crate) fn take(offered: &[Notation], parts: &mut Parts) -> Self {
        let sent = sent(&parts.headers).filter(|notation| offered.contains(notation));
        if sent.is_some() {
            parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let wanted = wanted(&parts.headers, offered);
        if wanted.is_some() {
            parts.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        }
        Self { sent, wanted }
    }
}

fn sent(headers: &HeaderMap) -> Option<Notation> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (first, second) = (types.next()?, types.next());
    let text = first.to_str().ok().filter(|_| second.is_none())?;
    // Parameters mean nothing here, and what means nothing is not dropped unseen.
    notation(&text.trim().to_ascii_lowercase())
}

/// The notation on offer that the caller likes better than JSON; JSON wins a draw, and so does whoever asks for anything.
fn wanted(headers: &HeaderMap, offered: &[Notation]) -> Option<Notation> {
    let (mut best, mut of_json) = (None, 0);
    for element in headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')) {
        let (range, parameters) = element.split_once(';').unwrap_or((element, ""));
        let range = range.trim().to_ascii_lowercase();
        let weight = weight(parameters);
        match notation(&range).filter(|notation| offered.contains(notation)) {
            Some(notation) if weight > best.map_or(0, |(_, weight)| weight) => best = Some((notation, weight)),
            Some(_) => {}
            None if matches!(&*range, "*/*" | "application/*" | "application/json") => of_json = of_json.max(weight),
            None => {}
        }
    }
    best.filter(|(_, weight)| *weight > of_json || of_json == 0).map(|(notation, _)| notation)
}

/// The `q` among parameters, in thousandths; none of it can be read as nothing.
fn weight(parameters: &str) -> u16 {
    let q = parameters.split(';').filter_map(|one| one.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    let Some((_, value)) = q else { return 1000 };
    let weight: f32 = value.trim().parse().unwrap_or(0.0);
    (weight.clamp(0.0, 1.0) * 1000.0) as u16
}

/// Writes a value.
#[must_use]
pub fn from_json(notation: Notation, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    match notation {
        Notation::Msgpack => msgpack::write(value, &mut out),
        Notation::Cbor => cbor::write(value, &mut out),
    }
    out
}

/// Names the notation of a converted answer.
pub(crate) fn label(headers: &mut HeaderMap, notation: Notation) {
    headers.insert(CONTENT_TYPE, media_type(notation));
}
