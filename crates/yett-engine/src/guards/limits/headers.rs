//! `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), structured fields of RFC 9651.
//!
//! Both are lists with one item for each limit that was counted, so that every policy has its state; concurrency limits
//! are left out, as the draft has no words for places. Both phases write into one field each.

use super::gcra::MOST_UNITS;
use super::outcome::Standing;
use crate::guards::Effects;
use http::{HeaderName, HeaderValue};
use std::io::Write;

/// The policies that were applied.
pub(super) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What is left of them.
pub(super) const STATE: HeaderName = HeaderName::from_static("ratelimit");
const SEPARATOR: &[u8] = b", ";

/// A structured-field string (RFC 9651 section 3.3.3). What it cannot hold becomes a question mark.
pub(super) fn string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            ' '..='~' => quoted.push(character),
            _ => quoted.push('?'),
        }
    }
    quoted.push('"');
    quoted
}

/// An item of `RateLimit-Policy`: so many units in so many seconds.
pub(super) fn policy(label: &str, units: u64, seconds: u64) -> String {
    format!("{label};q={};w={}", units.min(MOST_UNITS), seconds.min(MOST_UNITS))
}

/// Whole seconds, rounded up.
pub(super) fn seconds(microseconds: u64) -> u64 {
    microseconds.div_ceil(1_000_000)
}

/// A list under construction.
pub(super) struct List {
    bytes: Vec<u8>,
}

impl List {
    /// An empty list with room for so many items of common length.
    pub(super) fn with_room(items: usize) -> Self {
        Self { bytes: Vec::with_capacity(items * 64) }
    }

    /// Appends an item.
    pub(super) fn push(&mut self, item: &[u8]) {
        if !self.bytes.is_empty() {
            self.bytes.extend_from_slice(SEPARATOR);
        }
        self.bytes.extend_from_slice(item);
    }

    /// Appends an item of `RateLimit`.
    pub(super) fn push_state(&mut self, label: &str, standing: Standing) {
        self.push(label.as_bytes());
        // Writing to memory does not fail.
        let _ = write!(self.bytes, ";r={};t={}", standing.remaining.min(MOST_UNITS), seconds(standing.reset_us).min(MOST_UNITS));
    }

    /// The field value; `None` without items.
    pub(super) fn value(&self) -> Option<HeaderValue> {
        if self.bytes.is_empty() { None } else { HeaderValue::from_bytes(&self.bytes).ok() }
    }
}

/// Adds a list to the answer, behind what an earlier phase wrote into the same field.
pub(super) fn add(effects: &mut Effects, name: HeaderName, value: HeaderValue) {
    match effects.headers.iter_mut().find(|(present, _)| *present == name) {
        None => effects.headers.push((name, value)),
        Some((_, present)) => {
            let both = [present.as_bytes(), SEPARATOR, value.as_bytes()].concat();
            if let Ok(both) = HeaderValue::from_bytes(&both) {
                *present = both;
            }
        }
    }
}
