//! A collected body, parsed at most once for all guards.
//!
//! Limits: the shell collects at most the operation's `max_body_bytes` (an answer: `max_response_bytes`), and the guard
//! that parses bounds depth, fields and parts. Read JSON takes some two times its bytes, a hostile one (a list of tiny
//! objects) about eight times. Where a guard needs a tree (or the text is not ordinary), that takes some ten times the
//! bytes, and about eighty times. Both live as long as the guards look at the body.

pub(crate) mod scan;
pub(crate) mod tape;

use bytes::Bytes;
use serde_json::Value;
use std::cell::OnceCell;
use tape::{Tape, Written};

/// The bytes of a body that had to be seen whole, and their one reading.
pub struct Body {
    bytes: Bytes,
    reading: OnceCell<Reading>,
    /// The tree of a tape, once somebody asked for it.
    value: OnceCell<Value>,
}

/// What a guard read in a body.
pub(crate) enum Reading {
    /// JSON, where it stands in the bytes.
    Tape(Tape),
    Value(Value),
}

impl Body {
    /// Wraps collected bytes.
    #[must_use]
    pub fn new(bytes: Bytes) -> Self {
        Self { bytes, reading: OnceCell::new(), value: OnceCell::new() }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The body as a JSON value, if a guard has read it: JSON as it is, forms and multipart as an object, text as a
    /// string. The contract guard runs first and keeps what it read, also when its mode is `monitor`.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        match self.reading.get()? {
            Reading::Value(value) => Some(value),
            Reading::Tape(tape) => {
                let text = std::str::from_utf8(&self.bytes).ok()?;
                Some(self.value.get_or_init(|| Written { text, tape }.value(0)))
            }
        }
    }

    /// What a guard has read in the body, if one has.
    pub(crate) fn reading(&self) -> Option<&Reading> {
        self.reading.get()
    }

    /// Keeps the reading for later guards. The first reading stays: two guards must not see two bodies.
    pub(crate) fn keep(&self, reading: Reading) {
        let _first_stays = self.reading.set(reading);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_body_when_read_twice_then_the_first_reading_stays() {
        let body = Body::new(Bytes::from_static(b"1"));
        assert_eq!(body.value(), None);
        body.keep(Reading::Value(1.into()));
        body.keep(Reading::Value(2.into()));
        assert_eq!(body.value(), Some(&1.into()));
    }
}
