//! What can keep a gateway from starting.

use std::fmt;

/// Why a gateway could not be made or started. Its text says what to change.
#[derive(Debug)]
pub struct Error {
    code: &'static str,
    message: String,
}

impl Error {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Stable kebab-case code: `option-invalid`, `pepper-invalid`, `tls-invalid`, `listen-failed`, `access-log-failed`,
    /// `already-started`, `thread-failed`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong and how to mend it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
