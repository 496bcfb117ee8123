//! What the engine must ask of the world outside while it identifies or authorizes, and what it is told.
//!
//! The engine never waits: it hands a question to the shell and goes on when the answer is there.

use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;

/// A secret on its way to whoever may judge it; it never shows in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub Arc<str>);

impl fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Hidden(***)")
    }
}

/// What the shell is to find out.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// Fetch the key set of an issuer, because it has no key of this id, or none at all.
    KeySet {
        /// Name of the issuer.
        issuer: Arc<str>,
        /// The key's id.
        kid: Option<Arc<str>>,
    },
    /// Ask an issuer what a token is worth (RFC 7662).
    Introspect {
        /// Name of the issuer.
        issuer: Arc<str>,
        /// The token.
        token: Hidden,
    },
    /// Check a password against its slow hash, away from the workers.
    Password {
        /// Hash in PHC form.
        hash: Hidden,
        /// The password.
        password: Hidden,
    },
    /// Ask somebody whether a request may pass.
    Callout {
        /// Name of the callout.
        callout: Arc<str>,
        /// What they are told, as JSON.
        message: Value,
    },
}

/// What the shell found out.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The key set is as new as it gets.
    KeySet,
    /// What the issuer says of the token.
    Introspected(Arc<Map<String, Value>>),
    /// Whether the password is right.
    Password(bool),
    /// What the callout says.
    Callout(Value),
    /// Nobody could say; with the reason, for the log.
    Unavailable(String),
}
