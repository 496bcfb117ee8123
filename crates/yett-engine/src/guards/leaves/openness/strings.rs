//! Strings that a schema leaves no room in.

use regex_syntax::hir::{Class, Hir, HirKind, Look};
use serde_json::{Map, Value};

/// Formats that are asserted and hold nothing but letters, digits and `-.:+`.
const FORMATS: [&str; 8] = ["uuid", "date", "date-time", "time", "duration", "ipv4", "ipv6", "hostname"];
/// Characters of harmless patterns besides letters and digits.
const HARMLESS: &[u8] = b"_-.:@+";
/// Nobody does harm in less than three characters: `;ls`.
const LONGEST: u64 = 2;

/// Whether a string that fits the schema can be nothing but what it is.
pub(super) fn is_closed_string(schema: &Map<String, Value>) -> bool {
    let short = schema.get("maxLength").and_then(Value::as_u64).is_some_and(|length| length <= LONGEST);
    let format = schema.get("format").and_then(Value::as_str).is_some_and(|format| FORMATS.contains(&format));
    short || format || schema.get("pattern").and_then(Value::as_str).is_some_and(is_tight)
}

/// Whether a pattern covers the whole text and lets only harmless characters stand in it.
fn is_tight(pattern: &str) -> bool {
    regex_syntax::parse(pattern).is_ok_and(|hir| is_anchored(&hir) && is_harmless(&hir))
}

fn is_anchored(hir: &Hir) -> bool {
    has_edge(hir, Look::Start, <[Hir]>::first) && has_edge(hir, Look::End, <[Hir]>::last)
}

/// Whether every way through a pattern has this at its edge.
fn has_edge(hir: &Hir, look: Look, edge: fn(&[Hir]) -> Option<&Hir>) -> bool {
    match hir.kind() {
        HirKind::Look(is) => *is == look,
        HirKind::Concat(parts) => edge(parts).is_some_and(|part| has_edge(part, look, edge)),
        HirKind::Alternation(branches) => branches.iter().all(|branch| has_edge(branch, look, edge)),
        HirKind::Capture(capture) => has_edge(&capture.sub, look, edge),
        _ => false,
    }
}

fn is_harmless(hir: &Hir) -> bool {
    let byte = |byte: u8| byte.is_ascii_alphanumeric() || HARMLESS.contains(&byte);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => literal.0.iter().copied().all(byte),
        HirKind::Class(Class::Unicode(class)) => class.ranges().iter().all(|range| {
            // Letters beyond ASCII have among them what some databases take for an apostrophe.
            u8::try_from(range.start()).is_ok_and(|start| u8::try_from(range.end()).is_ok_and(|end| (start..=end).all(byte)))
        }),
        HirKind::Class(Class::Bytes(class)) => class.ranges().iter().all(|range| (range.start()..=range.end()).all(byte)),
        HirKind::Repetition(repetition) => is_harmless(&repetition.sub),
        HirKind::Capture(capture) => is_harmless(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().all(is_harmless),
    }
}
