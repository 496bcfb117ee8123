//! A finding: something that a person should look at, whoever noticed it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// A credential is used from more networks than one caller plausibly has.
    KeyFromManyNetworks,
    /// A token or proof that may be used once was sent again.
    TokenReplayed,
    /// Somebody tries to guess a credential, from many sources or in spite of being delayed.
    CredentialAttacked,
    /// A key was handed in as leaked, and is one of ours: it is blocked.
    LeakedKey,
    /// A credential that was revoked or leaked is still used.
    BlockedCredentialUsed,
}

impl FindingKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::KeyFromManyNetworks, Self::TokenReplayed, Self::CredentialAttacked, Self::LeakedKey, Self::BlockedCredentialUsed];

    /// Name as in the log and in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeyFromManyNetworks => "key-from-many-networks",
            Self::TokenReplayed => "token-replayed",
            Self::CredentialAttacked => "credential-attacked",
            Self::LeakedKey => "leaked-key",
            Self::BlockedCredentialUsed => "blocked-credential-used",
        }
    }

    /// Seconds for which the same finding, noticed again, is no news. A blocked credential is tried for weeks by whoever
    /// has forgotten it somewhere.
    #[must_use]
    pub fn quiet_s(self) -> u64 {
        if self == Self::BlockedCredentialUsed { 3_600 } else { 60 }
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::KeyFromManyNetworks | Self::BlockedCredentialUsed => Severity::Medium,
            Self::TokenReplayed | Self::CredentialAttacked => Severity::High,
            Self::LeakedKey => Severity::Critical,
        }
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Low,
    /// To be looked at in the coming days.
    Medium,
    /// To be looked at today.
    High,
    /// To be looked at now.
    Critical,
}

/// One finding. The same thing noticed again is the same finding, seen once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Stable id, made of kind and subject: `finding-` and 16 hex digits.
    pub id: String,
    /// What was noticed.
    pub kind: FindingKind,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: the id of a credential, an issuer.
    pub subject: String,
    /// What speaks for it, by name. Holds no secret; addresses are networks.
    pub evidence: BTreeMap<String, String>,
    /// Unix second at which it was noticed first.
    pub first_seen: u64,
    /// Unix second at which it was noticed last.
    pub last_seen: u64,
    /// How often it was noticed.
    pub count: u64,
}
