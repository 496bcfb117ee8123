//! Fast-changing data: ordered, numbered changes laid over a snapshot without recompiling it.

use crate::snapshot::Credential;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A numbered batch of changes. Numbers rise by one; a gap or a repeat is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// Number of this patch: the last number applied plus one.
    pub sequence: u64,
    /// The changes, applied in order, all or none.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "change", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Change {
    /// Adds a credential, or replaces the one with the same id.
    PutCredential {
        /// The credential.
        credential: Credential,
    },
    /// Revokes a credential at once.
    DropCredential {
        /// Id of the credential.
        id: String,
    },
    /// Revokes a token that has not expired yet. Lasts until it has, whatever snapshots come.
    RevokeToken {
        /// `iss` of the token.
        issuer: String,
        /// `jti` of the token.
        jti: String,
        /// `exp` of the token: Unix second after which nobody accepts it anyway.
        expires_at: u64,
    },
}
