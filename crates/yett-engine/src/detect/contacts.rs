//! E-mail addresses (RFC 5321, as they are in use) and phone numbers (E.164, and what is common to write).

use super::{Found, Kind, Kinds, found};

/// RFC 5321 section 4.5.3.1.
const LONGEST_LOCAL: usize = 64;
const LONGEST_DOMAIN: usize = 255;
const LONGEST_LABEL: usize = 63;

/// The address around an `@`.
pub(super) fn email(bytes: &[u8], at: usize, kinds: Kinds) -> Option<Found> {
    if !kinds.has(Kind::Email) {
        return None;
    }
    let before = bytes.get(..at)?;
    let local = before.iter().rev().take(LONGEST_LOCAL).take_while(|byte| is_local(**byte)).count();
    let local = before.get(at - local..)?;
    // A name that is longer than names are was cut, perhaps within a character.
    let skipped = local.iter().take_while(|byte| **byte == b'.' || is_inside(**byte)).count();
    let local = local.get(skipped..)?;
    if local.is_empty() || local.ends_with(b".") {
        return None;
    }
    let domain = domain(bytes.get(at + 1..)?)?;
    found(kinds, Kind::Email, at - local.len()..at + 1 + domain)
}

/// Bytes of a name with at least one dot, whose last label is letters.
fn domain(rest: &[u8]) -> Option<usize> {
    let (mut end, mut labels, mut start) = (0, 0, 0);
    for label in rest.get(..LONGEST_DOMAIN.min(rest.len()))?.split(|byte| *byte == b'.') {
        let length = label.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-' || **byte >= 0x80).count();
        let named = label.get(..length)?;
        let named = named.strip_suffix(b"-").unwrap_or(named);
        if named.is_empty() || length > LONGEST_LABEL || named.starts_with(b"-") {
            break;
        }
        labels += 1;
        let is_top = named.len() > 1 && (named.iter().all(|byte| !byte.is_ascii_digit()) || named.starts_with(b"xn--"));
        if labels > 1 && is_top {
            end = start + named.len();
        }
        if length < label.len() {
            break;
        }
        start += label.len() + 1;
    }
    while rest.get(end).is_some_and(|byte| is_inside(*byte)) {
        end -= 1;
    }
    (end > 0).then_some(end)
}

/// Whether a byte of UTF-8 is not the first of its character.
fn is_inside(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

/// Characters of an unquoted local part; what is beyond ASCII is a letter (RFC 6531).
fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

/// Whether a number, as it is written, is a phone's: with `+` and a country's code; or in groups, as it is dialled.
pub(super) fn is_phone(text: &[u8], digits: usize) -> bool {
    let groups = text.split(|byte| !byte.is_ascii_digit()).filter(|group| !group.is_empty()).map(<[u8]>::len);
    let groups: Vec<usize> = groups.take(8).collect();
    match text.first() {
        Some(b'+') => (8..=15).contains(&digits) && text.get(1) != Some(&b'0'),
        Some(b'(') => (8..=13).contains(&digits) && groups.len() > 1,
        Some(b'0') => (9..=12).contains(&digits) && (2..=6).contains(&groups.len()),
        _ => matches!(*groups.as_slice(), [3, 3, 4] | [1, 3, 3, 4]),
    }
}
