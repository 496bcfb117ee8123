//! A collected body, parsed at most once for all guards.
//!
//! Limits: the shell collects at most the operation's `max_body_bytes` (an answer: `max_response_bytes`), and the guard
//! that parses bounds depth, fields and parts. A parsed value takes some ten times its bytes, a hostile one (a list of
//! tiny objects) about eighty times, and lives as long as the guards look at the body.

use bytes::Bytes;
use serde_json::Value;
use std::cell::OnceCell;

/// The bytes of a body that had to be seen whole, and their one reading.
pub struct Body {
    bytes: Bytes,
    value: OnceCell<Value>,
}

impl Body {
    /// Wraps collected bytes.
    #[must_use]
    pub fn new(bytes: Bytes) -> Self {
        Self { bytes, value: OnceCell::new() }
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
        self.value.get()
    }

    /// Keeps the reading for later guards. The first reading stays: two guards must not see two bodies.
    pub(crate) fn keep(&self, value: Value) {
        let _first_stays = self.value.set(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_body_when_read_twice_then_the_first_reading_stays() {
        let body = Body::new(Bytes::from_static(b"1"));
        assert_eq!(body.value(), None);
        body.keep(1.into());
        body.keep(2.into());
        assert_eq!(body.value(), Some(&1.into()));
    }
}
