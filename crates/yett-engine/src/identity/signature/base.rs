//! The signature base of RFC 9421 section 2.5: what the signer must have signed, written anew from the request.

use super::fields::{Bare, Item, Parameters, parameter, write_item, write_list};
use crate::identity::Asked;
use http::HeaderName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::borrow::Cow;

/// All that must be encoded in a value of a form (WHATWG URL, section 5.2), a space included.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');

/// The base for a list of components; an error says which of them cannot be written.
pub(super) fn base(asked: &Asked<'_>, components: &[Item], parameters: &Parameters) -> Result<String, String> {
    let mut base = String::new();
    for (number, component) in components.iter().enumerate() {
        let written = write_item(component);
        if components.iter().take(number).any(|other| write_item(other) == written) {
            return Err(format!("the signature covers {written} twice"));
        }
        let value = value(asked, component).ok_or_else(|| format!("{written} cannot be had from the request"))?;
        base.push_str(&written);
        base.push_str(": ");
        base.push_str(&value);
        base.push('\n');
    }
    base.push_str("\"@signature-params\": ");
    base.push_str(&write_list(components, parameters));
    Ok(base)
}

fn value<'a>(asked: &'a Asked<'_>, (name, parameters): &Item) -> Option<Cow<'a, str>> {
    let Bare::Text(name) = name else { return None };
    match (name.as_str(), parameters.as_slice()) {
        ("@query-param", [(key, Bare::Text(wanted))]) if key == "name" => query_parameter(asked.query, wanted).map(Cow::Owned),
        // `sf`, `key`, `bs`, `req` and `tr` are not known here, and what is not known cannot be checked.
        (_, [_, ..]) => None,
        ("@method", _) => Some(asked.method.as_str().into()),
        ("@authority", _) => authority(asked),
        ("@scheme", _) => Some(scheme(asked).into()),
        ("@target-uri", _) => Some(format!("{}://{}{}", scheme(asked), authority(asked)?, target(asked)).into()),
        ("@request-target", _) if asked.uri.authority().is_none() || asked.is_http2 => Some(target(asked).into()),
        ("@path", _) => Some(path(asked).into()),
        ("@query", _) => Some(format!("?{}", asked.uri.query().unwrap_or("")).into()),
        (name, _) if name.starts_with('@') => None,
        (name, _) => field(asked, name),
    }
}

fn scheme(asked: &Asked<'_>) -> &'static str {
    if asked.caller.tls { "https" } else { "http" }
}

fn path<'a>(asked: &'a Asked<'_>) -> &'a str {
    if asked.uri.path().is_empty() { "/" } else { asked.uri.path() }
}

fn target(asked: &Asked<'_>) -> String {
    let query = asked.uri.query().map(|query| format!("?{query}"));
    format!("{}{}", path(asked), query.unwrap_or_default())
}

/// Lower case, without the port that the scheme has anyway (RFC 9421 section 2.2.3).
fn authority<'a>(asked: &'a Asked<'_>) -> Option<Cow<'a, str>> {
    let spoken = asked.authority()?;
    let port = if asked.caller.tls { ":443" } else { ":80" };
    Some(spoken.strip_suffix(port).unwrap_or(spoken).to_ascii_lowercase().into())
}

/// RFC 9421 section 2.1: each value without white space around it, joined.
fn field<'a>(asked: &'a Asked<'_>, name: &str) -> Option<Cow<'a, str>> {
    let name = HeaderName::from_lowercase(name.as_bytes()).ok()?;
    let mut values = asked.headers.get_all(name).iter().map(|value| value.to_str().ok().map(str::trim));
    let first = values.next()??;
    let mut joined = Cow::Borrowed(first);
    for value in values {
        let joined = joined.to_mut();
        joined.push_str(", ");
        joined.push_str(value?);
    }
    Some(joined)
}

/// RFC 9421 section 2.2.8; a parameter that comes twice cannot be named.
fn query_parameter(query: &str, wanted: &str) -> Option<String> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8().ok().map(Cow::into_owned);
    let written = |text: &str| decoded(text).map(|text| utf8_percent_encode(&text, FORM).to_string());
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut found = pairs.filter(|(name, _)| written(name).as_deref() == Some(wanted));
    let (_, value) = found.next()?;
    found.next().is_none().then(|| written(value))?
}

/// Whether a component without parameters is covered.
pub(super) fn covers(components: &[Item], wanted: &str) -> bool {
    components.iter().any(|(name, parameters)| matches!(name, Bare::Text(name) if name == wanted) && parameters.is_empty())
}

/// An integer among the parameters of a signature.
pub(super) fn integer(parameters: &Parameters, name: &str) -> Result<Option<i64>, String> {
    match parameter(parameters, name) {
        None => Ok(None),
        Some(Bare::Integer(number)) => Ok(Some(*number)),
        Some(_) => Err(format!("{name} is no integer")),
    }
}

/// A string among the parameters of a signature.
pub(super) fn text<'a>(parameters: &'a Parameters, name: &str) -> Result<Option<&'a str>, String> {
    match parameter(parameters, name) {
        None => Ok(None),
        Some(Bare::Text(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{name} is no string")),
    }
}
