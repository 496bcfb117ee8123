//! The request target: one spelling for every path, so that gateway and upstream cannot read it differently.
//!
//! RFC 3986 section 6.2.2: percent-encoded unreserved characters are decoded, hex digits are upper-cased. What has no
//! safe single reading is refused: dot segments, empty segments (many upstreams merge slashes), encoded slashes and backslashes, control characters, bad escapes,
//! invalid or overlong UTF-8, escapes of escapes.

use std::borrow::Cow;

/// Longest request target that is looked at, in bytes.
pub const MAX_TARGET: usize = 16 * 1024;

/// A path in its one spelling, and the raw query.
#[derive(Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// Normalised path.
    pub path: Cow<'a, str>,
    /// Raw query without `?`; `None` when there is no `?`.
    pub query: Option<&'a str>,
}

/// Normalises a path and query in origin form.
///
/// # Errors
/// A sentence saying what is wrong with the target.
pub fn normalise(target: &str) -> Result<Target<'_>, &'static str> {
    if target.len() > MAX_TARGET {
        return Err("the request target is longer than 16 KiB");
    }
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    if let Some(query) = query {
        check_query(query)?;
    }
    Ok(Target { path: normalise_path(path)?, query })
}

fn check_query(query: &str) -> Result<(), &'static str> {
    if query.bytes().any(|byte| byte <= b' ' || byte == 0x7f || byte == b'#') {
        return Err("the query has a space, a '#' or a control character");
    }
    Ok(())
}

fn normalise_path(path: &str) -> Result<Cow<'_, str>, &'static str> {
    if !path.starts_with('/') {
        return Err("the path does not begin with '/'");
    }
    let path = if path.bytes().all(is_plain) { Cow::Borrowed(path) } else { Cow::Owned(respell(path)?) };
    if path.contains("/.") && path.split('/').any(is_dot_segment) {
        return Err("the path has a dot segment");
    }
    if path.contains("//") {
        return Err("the path has an empty segment");
    }
    Ok(path)
}

/// Also `..;x`: some servers cut off what follows a ';' before they resolve dots.
pub(crate) fn is_dot_segment(segment: &str) -> bool {
    let name = segment.split(';').next().unwrap_or("");
    let name = name.split("%3B").next().unwrap_or("");
    name == "." || name == ".."
}

/// Characters that need no second look: `pchar` of RFC 3986 and '/', without '%'.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte)
}

fn respell(path: &str) -> Result<String, &'static str> {
    let mut out = Vec::with_capacity(path.len());
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            if !is_plain(byte) {
                return Err("the path has a character that must be percent-encoded");
            }
            out.push(byte);
            decoded.push(byte);
            continue;
        }
        let value = escape(bytes.next(), bytes.next()).ok_or("the path has a '%' without two hex digits")?;
        check_escaped(value)?;
        decoded.push(value);
        push_escaped(&mut out, value);
    }
    if std::str::from_utf8(&decoded).is_err() {
        return Err("the path is not UTF-8");
    }
    if is_doubly_escaped(&out) {
        return Err("the path is percent-encoded twice");
    }
    String::from_utf8(out).map_err(|_| "the path is not UTF-8")
}

/// An escaped '%' before two hex digits: a reader that decodes twice would see another path.
fn is_doubly_escaped(path: &[u8]) -> bool {
    let hex = |byte: &u8| byte.is_ascii_hexdigit();
    path.windows(5).any(|part| part.starts_with(b"%25") && part.iter().skip(3).all(hex))
}

fn escape(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

fn check_escaped(value: u8) -> Result<(), &'static str> {
    match value {
        b'/' | b'\\' => Err("the path has an encoded slash or backslash"),
        0..=0x1f | 0x7f => Err("the path has an encoded control character"),
        _ => Ok(()),
    }
}

/// Unreserved characters are never left encoded: `%41` and `A` are the same path.
fn push_escaped(out: &mut Vec<u8>, value: u8) {
    if value.is_ascii_alphanumeric() || b"-._~".contains(&value) {
        out.push(value);
        return;
    }
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.push(b'%');
    for nibble in [value >> 4, value & 15] {
        out.extend(HEX.get(usize::from(nibble)));
    }
}

/// Spells a literal of a template as [`normalise`] would spell it in a request.
pub(super) fn normalise_literal(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let rest = bytes.clone();
        if byte == b'%' {
            let mut ahead = rest;
            if let Some(value) = escape(ahead.next(), ahead.next()) {
                bytes.next();
                bytes.next();
                push_escaped(&mut out, value);
                continue;
            }
        }
        if is_plain(byte) { out.push(byte) } else { push_escaped(&mut out, byte) }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(target: &str) -> Result<String, &'static str> {
        normalise(target).map(|target| target.path.into_owned())
    }

    #[test]
    fn spellings_of_one_path_become_one() {
        for spelling in ["/a~b/%C3%A9", "/%61%7eb/%c3%a9", "/a%7Eb/%c3%A9"] {
            assert_eq!(path(spelling).unwrap(), "/a~b/%C3%A9");
        }
    }

    #[test]
    fn what_has_no_safe_reading_is_refused() {
        for target in [
            "",
            "a",
            "*",
            "/..",
            "/a/../b",
            "/a/./b",
            "/%2e%2e/a",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/%00",
            "/%0a",
            "/%",
            "/%4",
            "/%zz",
            "/%c0%af",
            "/%ff",
            "/a b",
            "/a\u{e9}",
            "/a?b c",
            "/a#b",
            "/a?b#c",
            "//a",
            "/a//b",
            "/a//",
        ] {
            assert!(normalise(target).is_err(), "{target:?}");
        }
    }

    #[test]
    fn dots_inside_a_segment_are_plain_text() {
        assert_eq!(path("/a..b/.well-known/...").unwrap(), "/a..b/.well-known/...");
    }

    #[test]
    fn a_path_that_is_encoded_twice_is_refused() {
        for target in ["/%2541", "/%252e%252e/", "/%25%32%65", "/%25%322f"] {
            assert_eq!(path(target), Err("the path is percent-encoded twice"), "{target}");
        }
    }

    #[test]
    fn a_percent_sign_that_escapes_nothing_is_plain_text() {
        assert_eq!(path("/100%25/%25x").unwrap(), "/100%25/%25x");
    }

    proptest! {
        #[test]
        fn normalising_never_panics_and_is_stable(target in "\\PC{0,80}") {
            if let Ok(once) = path(&target) {
                prop_assert_eq!(path(&once).unwrap(), once);
            }
        }

        #[test]
        fn a_normal_path_has_no_dot_segment_after_decoding(target in "/[%2efF./a5cC\\\\]{0,30}") {
            if let Ok(once) = path(&target) {
                let decoded = percent_encoding::percent_decode_str(&once).decode_utf8().unwrap().into_owned();
                prop_assert!(!decoded.split(['/', '\\']).any(|segment| segment == ".."), "{once}");
            }
        }
    }
}
