//! The bytes of a body, read as their media type asks and held against the schema.

use super::fields::form_pairs;
use super::instance::Instance;
use super::json::{self, Read};
use super::media::{self, Media, Range, Sent, is_json, is_utf8};
use super::multipart::{self, Part};
use super::schema::Schema;
use super::style::Fault;
use super::violation::{Place, Violations, joined, shown};
use crate::body::Reading;
use crate::body::tape::Written;
use http::HeaderMap;
use serde_json::Value;
use yett_model::snapshot::MediaKind;

/// Whether the guard must see the bytes.
pub(super) fn looks_into(media: &Media) -> bool {
    match media.kind {
        MediaKind::Json | MediaKind::Form | MediaKind::Multipart => true,
        MediaKind::Text => media.schema.is_some(),
        MediaKind::Binary => false,
    }
}

/// Reads a body and adds what does not fit; the value, if there is one reading.
pub(super) fn inspect(
    media: &Media,
    headers: &HeaderMap,
    bytes: &[u8],
    max_depth: u32,
    found: &mut Violations,
) -> Option<Reading> {
    let schema = media.schema.as_ref().unwrap_or(&Schema::Any);
    match media.kind {
        MediaKind::Binary => None,
        MediaKind::Json => inspect_json(schema, bytes, max_depth, found),
        MediaKind::Text => checked(schema, Value::String(utf8(bytes, found)?.to_owned()), found),
        MediaKind::Form => {
            let text = utf8(bytes, found)?;
            let read = media.form.as_ref()?.read(form_pairs(text), Vec::new(), max_depth, schema, Place::Body, found);
            read.map(Reading::Value)
        }
        MediaKind::Multipart => inspect_multipart(media, schema, headers, bytes, max_depth, found).map(Reading::Value),
    }
}

fn checked(schema: &Schema, value: Value, found: &mut Violations) -> Option<Reading> {
    schema.check(&value, Place::Body, None, found);
    Some(Reading::Value(value))
}

/// JSON as requests and responses carry it.
pub(super) fn inspect_json(schema: &Schema, bytes: &[u8], max_depth: u32, found: &mut Violations) -> Option<Reading> {
    match json::read(bytes, max_depth, schema.twins()) {
        Ok(Read::Tape(text, tape)) => {
            let written = Written { text, tape: &tape };
            match found.is_full() || schema.fits(Instance::Written(&written, 0)) {
                true => Some(Reading::Tape(tape)),
                false => checked(schema, written.value(0), found),
            }
        }
        Ok(Read::Value(value)) => checked(schema, value, found),
        Err(fault) => {
            found.push(Place::Body, fault.pointer, fault.code, fault.detail);
            None
        }
    }
}

fn utf8<'b>(bytes: &'b [u8], found: &mut Violations) -> Option<&'b str> {
    let text = std::str::from_utf8(bytes);
    text.map_err(|_| found.push(Place::Body, "", "malformed", "is not UTF-8")).ok()
}

fn inspect_multipart(
    media: &Media,
    schema: &Schema,
    headers: &HeaderMap,
    bytes: &[u8],
    max_depth: u32,
    found: &mut Violations,
) -> Option<Value> {
    let Sent::Type(sent) = media::sent(headers) else { return None };
    let boundary = sent.parameter("boundary").unwrap_or("");
    let parts = match multipart::parse(bytes, boundary) {
        Ok(parts) => parts,
        Err(Fault { code, detail }) => {
            found.push(Place::Body, "", code, detail);
            return None;
        }
    };
    match sent.value == "multipart/form-data" {
        true => form_data(media, schema, &parts, max_depth, found),
        // Parts of other multipart types have no names, so that there is no object to hold against the schema.
        false => None,
    }
}

/// RFC 7578: every part has a name and is a field.
fn form_data(media: &Media, schema: &Schema, parts: &[Part<'_>], max_depth: u32, found: &mut Violations) -> Option<Value> {
    let form = media.form.as_ref()?;
    let (mut texts, mut ready) = (Vec::new(), Vec::new());
    for part in parts {
        let Some(name) = part.name.as_deref() else {
            found.push(Place::Body, "", "malformed", "has a part without a name");
            continue;
        };
        check_type(media, name, part, found);
        let json = part.media.as_ref().map_or(form.is_json(name), |media| is_json(&media.value));
        match std::str::from_utf8(part.bytes) {
            _ if json => match json::parse(part.bytes, max_depth, schema.twins()) {
                Ok(value) => ready.push((name, value)),
                Err(fault) => found.push(Place::Body, joined("", name) + &fault.pointer, fault.code, fault.detail),
            },
            Ok(text) if part.filename.is_none() => texts.push((name, text)),
            Ok(text) => ready.push((name, Value::String(text.to_owned()))),
            // Lengths in a schema of bytes count bytes: one character for each.
            Err(_) => ready.push((name, Value::String(part.bytes.iter().map(|&byte| char::from(byte)).collect()))),
        }
    }
    form.read(texts.into_iter(), ready, max_depth, schema, Place::Body, found)
}

/// The contract may give parts their media types; what is no file is text unless it says otherwise.
fn check_type(media: &Media, name: &str, part: &Part<'_>, found: &mut Violations) {
    let mut refuse = |detail: &str| found.push(Place::Body, joined("", &shown(name)), "invalid", detail);
    if part.media.as_ref().is_some_and(|media| part.filename.is_none() && !is_utf8(media)) {
        refuse("must be UTF-8");
    }
    let Some(ranges) = media.parts.get(name).filter(|ranges| !ranges.is_empty()) else { return };
    let essence = match &part.media {
        Some(media) => &*media.value,
        None if part.filename.is_some() => "application/octet-stream",
        None if ranges.iter().all(|range| is_json(&range.text)) => "application/json",
        None => "text/plain",
    };
    if !ranges.iter().any(|range: &Range| range.rank(essence).is_some()) {
        let allowed = ranges.iter().map(|range| &*range.text).collect::<Vec<_>>().join(" or ");
        refuse(&format!("must have the media type {allowed}"));
    }
}
