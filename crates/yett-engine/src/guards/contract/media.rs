//! Media types: what a message says it carries, and the ranges of the contract (RFC 9110 sections 8.3 and 12.5.1).

use super::form::Form;
use super::header::{Parametrised, is_token};
use super::schema::Schema;
use super::style::Escapes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use std::collections::BTreeMap;
use yett_model::snapshot::{self, MediaKind, Shape};

const JSON: &str = "application/json";

/// A media range: `a/b`, `a/*`, `*/*`, or `a/*+suffix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::guards) struct Range {
    pub(in crate::guards) text: Box<str>,
}

impl Range {
    pub(in crate::guards) fn new(text: &str) -> Self {
        let essence = text.split(';').next().unwrap_or("").trim();
        Self { text: essence.to_ascii_lowercase().into() }
    }

    /// How specific the range is for a media type; `None` if it does not have it.
    pub(in crate::guards) fn rank(&self, essence: &str) -> Option<u8> {
        if *self.text == *essence {
            return Some(4);
        }
        let (kind, subtype) = self.text.split_once('/')?;
        let (its_kind, its_subtype) = essence.split_once('/')?;
        let fits = |subtype: &str| subtype.strip_prefix('*').is_some_and(|suffix| its_subtype.ends_with(suffix));
        match (kind, subtype) {
            ("*", "*") => Some(1),
            (kind, "*") if kind == its_kind => Some(2),
            (kind, subtype) if kind == its_kind && subtype.starts_with("*+") && fits(subtype) => Some(3),
            _ => None,
        }
    }
}

/// One media range of a body, compiled.
pub(super) struct Media {
    pub(super) range: Range,
    pub(super) kind: MediaKind,
    pub(super) schema: Option<Schema>,
    /// For forms and multipart.
    pub(super) form: Option<Form>,
    /// For multipart: media ranges of parts by name.
    pub(super) parts: BTreeMap<String, Vec<Range>>,
}

impl Media {
    pub(super) fn new(media: &snapshot::Media, schema: Option<Schema>) -> Self {
        let shape = Shape::default();
        let shape = media.shape.as_ref().unwrap_or(&shape);
        let form = match media.kind {
            MediaKind::Form => Some(Form::new(shape, &media.encoding, Escapes::Form)),
            MediaKind::Multipart => Some(Form::new(shape, &media.encoding, Escapes::None)),
            _ => None,
        };
        let ranges = |types: &[String]| types.iter().map(|range| Range::new(range)).collect::<Vec<_>>();
        let parts = media.encoding.iter().map(|(name, encoding)| (name.clone(), ranges(&encoding.content_types)));
        Self { range: Range::new(&media.range), kind: media.kind, schema, form, parts: parts.collect() }
    }
}

/// The most specific media range that has a media type.
pub(super) fn find<'m>(media: &'m [Media], essence: &str) -> Option<&'m Media> {
    let ranked = media.iter().filter_map(|media| Some((media.range.rank(essence)?, media)));
    // The first of equals, as the contract lists them.
    ranked.rev().max_by_key(|(rank, _)| *rank).map(|(_, media)| media)
}

/// Content-Type as it is sent.
pub(in crate::guards) enum Sent<'h> {
    Nothing,
    Type(Parametrised<'h>),
    /// Malformed, or there twice.
    Unreadable,
}

/// Reads Content-Type: exactly one, of the form `type/subtype`.
pub(in crate::guards) fn sent(headers: &HeaderMap) -> Sent<'_> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (first, second) = (values.next(), values.next());
    let Some(first) = first else { return Sent::Nothing };
    if first == JSON && second.is_none() {
        // What most messages say, and nothing to read in it.
        return Sent::Type(Parametrised::plain(JSON));
    }
    let read = first.to_str().ok().and_then(Parametrised::parse);
    match read {
        Some(read) if second.is_none() && is_media_type(&read.value) => Sent::Type(read),
        _ => Sent::Unreadable,
    }
}

fn is_media_type(essence: &str) -> bool {
    essence.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
        && !essence.bytes().any(|byte| byte == b'*')
}

/// `application/json` and everything with the suffix `+json` (RFC 6839).
pub(in crate::guards) fn is_json(essence: &str) -> bool {
    matches!(essence, "application/json" | "text/json") || essence.ends_with("+json")
}

/// Whether text in this charset can be read: UTF-8 and its subset.
pub(super) fn is_utf8(sent: &Parametrised<'_>) -> bool {
    let known = |charset: &str| ["utf-8", "utf8", "us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known));
    sent.parameter("charset").is_none_or(known)
}

/// Whether a body is sent as it is, without a content coding.
pub(in crate::guards) fn is_plain(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn media(ranges: &[&str]) -> Vec<Media> {
        let media = |range: &&str| snapshot::Media {
            range: (*range).to_owned(),
            kind: MediaKind::Json,
            schema: None,
            shape: None,
            encoding: BTreeMap::new(),
        };
        ranges.iter().map(|range| Media::new(&media(range), None)).collect()
    }

    #[test]
    fn test_ranges_when_several_have_a_type_then_the_most_specific_is_taken() {
        let all = media(&["*/*", "application/*", "application/*+json", "application/json"]);
        for (sent, range) in [
            ("application/json", "application/json"),
            ("application/vnd.x+json", "application/*+json"),
            ("application/xml", "application/*"),
            ("text/plain", "*/*"),
        ] {
            assert_eq!(&*find(&all, sent).unwrap().range.text, range);
        }
        assert!(find(&media(&["application/json"]), "application/vnd.x+json").is_none());
    }

    #[test]
    fn test_content_type_when_malformed_or_there_twice_then_it_is_unreadable() {
        for values in [&["json"][..], &["a/b; x"], &["a/*"], &["*/*"], &["a/b/c"], &["a /b"], &["", ""], &["a/b", "a/b"]] {
            let headers = values.iter().map(|value| (CONTENT_TYPE, HeaderValue::from_str(value).unwrap())).collect();
            assert!(matches!(sent(&headers), Sent::Unreadable), "{values:?}");
        }
    }
}
