//! Fast-changing data: ordered, numbered changes laid over a snapshot without recompiling it.

use crate::control::Control;
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

/// Why a credential is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// Its owner took it back.
    Revoked,
    /// Somebody else may have it.
    Leaked,
}

impl Block {
    /// Name as in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Leaked => "leaked",
        }
    }
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
    /// Refuses a credential from now on, whatever snapshots say of it, until it is released.
    BlockCredential {
        /// Id of the credential, of any method.
        id: String,
        /// Why.
        because: Block,
    },
    /// Accepts a blocked credential again.
    ReleaseCredential {
        /// Id of the credential.
        id: String,
    },
    /// Puts a control in force, or replaces the one with the same id. Outlives snapshots.
    PutControl {
        /// The control.
        control: Control,
    },
    /// Ends a control at once.
    EndControl {
        /// Id of the control.
        id: String,
    },
}
