//! A mistake found while reading a snapshot: data, not an exception, and always all of them at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One mistake in a snapshot or patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diagnostic {
    /// JSON pointer (RFC 6901) into the document that was checked.
    pub path: String,
    /// Stable kebab-case code.
    pub code: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// How to mend it; empty when nothing useful can be said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// Where in the text at `path` it stands; absent where the value as a whole is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spot: Option<Spot>,
    /// Worth telling, but no reason to refuse the document.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warning: bool,
}

/// A place in a text: line and column count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spot {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

impl Diagnostic {
    /// A diagnostic without a hint.
    pub fn new(path: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            code: code.to_owned(),
            message: message.into(),
            hint: String::new(),
            spot: None,
            warning: false,
        }
    }

    /// The same diagnostic with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same diagnostic, at a place within the text.
    #[must_use]
    pub fn at(mut self, spot: Option<Spot>) -> Self {
        self.spot = spot;
        self
    }

    /// The same diagnostic as a warning.
    #[must_use]
    pub fn warn(mut self) -> Self {
        self.warning = true;
        self
    }
}
