//! Multipart bodies by their boundaries: how many parts, how large the head of each, and what their files are called.

use crate::xml::Fault;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use memchr::memmem;
use yett_model::snapshot::StructureGuard;

/// Longest boundary (RFC 2046 section 5.1.1).
const LONGEST_BOUNDARY: usize = 70;
/// Longest name that file systems take.
const LONGEST_FILE_NAME: usize = 255;

/// Holds a body against the limits.
pub(crate) fn hold(bytes: &[u8], headers: &HeaderMap, limits: &StructureGuard) -> Result<(), Fault> {
    let boundary = boundary(headers).ok_or(Fault::Refused("has no boundary that can be read"))?;
    let line = format!("--{boundary}");
    let mut parts = 0;
    for at in memmem::find_iter(bytes, line.as_bytes()) {
        let begins = at == 0 || bytes.get(at - 1) == Some(&b'\n');
        let part = bytes.get(at + line.len()..).unwrap_or(&[]);
        // A longer line is another boundary's, and `--` ends the body.
        let ends = part.first().is_none_or(|byte| matches!(byte, b'\r' | b'\n' | b' ' | b'\t'));
        if !begins || !ends {
            continue;
        }
        parts += 1;
        if parts > limits.max_parts {
            return Err(Fault::Exceeds("has too many parts"));
        }
        hold_head(part, limits.max_part_head_bytes as usize)?;
    }
    Ok(())
}

/// The boundary that `Content-Type` names.
fn boundary(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let parameters = text.split(';').skip(1).map(str::trim);
    let named = |one: &str| {
        one.get(..9).filter(|start| start.eq_ignore_ascii_case("boundary=")).map(|_| one.get(9..).unwrap_or("").to_owned())
    };
    let value = parameters.filter_map(named).next()?;
    let value = value.trim_matches('"');
    ((1..=LONGEST_BOUNDARY).contains(&value.len())).then(|| value.to_owned())
}

fn hold_head(part: &[u8], most: usize) -> Result<(), Fault> {
    let window = part.get(..most.saturating_add(4)).unwrap_or(part);
    let end = memmem::find(window, b"\r\n\r\n").or_else(|| memmem::find(window, b"\n\n"));
    let head = match end {
        Some(end) => window.get(..end).unwrap_or(&[]),
        None if part.len() > most => return Err(Fault::Exceeds("has a part with too large a head")),
        None => window,
    };
    match file_names(head).all(|name| is_plain(&name)) {
        true => Ok(()),
        false => Err(Fault::Refused("has a file whose name is none")),
    }
}

/// Every `filename=` and `filename*=` of a part's head, decoded as far as percent signs go.
fn file_names(head: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let lower = head.to_ascii_lowercase();
    let places: Vec<usize> = memmem::find_iter(&lower, b"filename").collect();
    places.into_iter().filter_map(|at| value_at(head.get(at + 8..)?))
}

fn value_at(rest: &[u8]) -> Option<Vec<u8>> {
    let rest = rest.strip_prefix(b"*").unwrap_or(rest).trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let raw = match rest.strip_prefix(b"\"") {
        Some(quoted) => quoted.get(..quoted.iter().position(|byte| *byte == b'"').unwrap_or(quoted.len()))?,
        None => rest.get(..rest.iter().position(|byte| matches!(byte, b';' | b'\r' | b'\n')).unwrap_or(rest.len()))?.trim_ascii(),
    };
    Some(percent_encoding::percent_decode(raw).collect())
}

/// Whether a file may be called so: no path, no climbing, no control character.
fn is_plain(name: &[u8]) -> bool {
    // `filename*` says its charset before: `utf-8''name`.
    let name = memmem::find(name, b"''").and_then(|at| name.get(at + 2..)).unwrap_or(name);
    name.len() <= LONGEST_FILE_NAME
        && name != b".."
        && name != b"."
        && !name.iter().any(|byte| *byte < b' ' || matches!(byte, b'/' | b'\\' | 0x7f))
}
