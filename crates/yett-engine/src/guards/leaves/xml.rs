//! Leaves of XML, read as forgivingly as need be: nothing here decides whether a document is well-formed.

use super::head::named;
use super::{Part, Place, Visit};
use std::ops::ControlFlow;

/// The whole document, then the texts, attribute values and CDATA sections in it.
pub(super) fn leaves(document: &str, visit: Visit<'_>) -> ControlFlow<()> {
    visit(&named(Place::Body, Part::Document, "", document))?;
    let mut rest = document;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        value(text.trim(), visit)?;
        rest = match tag.strip_prefix("<![CDATA[") {
            Some(data) => {
                let (data, after) = data.split_once("]]>").unwrap_or((data, ""));
                value(data, visit)?;
                after
            }
            None => {
                let (inside, after) = tag_and_rest(tag.get(1..).unwrap_or_default());
                attributes(inside, visit)?;
                after
            }
        };
    }
    value(rest.trim(), visit)
}

fn value(text: &str, visit: Visit<'_>) -> ControlFlow<()> {
    match text.is_empty() {
        true => ControlFlow::Continue(()),
        false => visit(&named(Place::Body, Part::Value, "", text)),
    }
}

/// A tag without its brackets, and what follows it; quoted `>` are part of the tag.
fn tag_and_rest(text: &str) -> (&str, &str) {
    let mut quote = None;
    let end = text.bytes().position(|byte| match (quote, byte) {
        (None, b'"' | b'\'') => {
            quote = Some(byte);
            false
        }
        (Some(open), byte) if open == byte => {
            quote = None;
            false
        }
        (None, b'>') => true,
        _ => false,
    });
    let end = end.unwrap_or(text.len());
    (text.get(..end).unwrap_or(text), text.get(end + 1..).unwrap_or(""))
}

/// What stands in quotes.
fn attributes(tag: &str, visit: Visit<'_>) -> ControlFlow<()> {
    let mut rest = tag;
    while let Some(at) = rest.find(['"', '\'']) {
        let quote = if rest.as_bytes().get(at) == Some(&b'"') { '"' } else { '\'' };
        let quoted = rest.get(at + 1..).unwrap_or("");
        let (inside, after) = quoted.split_once(quote).unwrap_or((quoted, ""));
        // Names of namespaces and schemas are addresses that nobody fetches because of this document's value.
        if !rest.get(..at).is_some_and(|before| {
            before.trim_end_matches([' ', '=']).rsplit([' ', '\n', '\t']).next().is_some_and(|name| name.starts_with("xmlns"))
        }) {
            value(inside, visit)?;
        }
        rest = after;
    }
    ControlFlow::Continue(())
}
