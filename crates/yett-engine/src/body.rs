//! A collected body, parsed at most once for all guards.

use bytes::Bytes;

/// The bytes of a body that had to be seen whole.
pub struct Body {
    bytes: Bytes,
}

impl Body {
    /// Wraps collected bytes.
    #[must_use]
    pub fn new(bytes: Bytes) -> Self {
        Self { bytes }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}
