//! Whom the gateway asks whether a request may pass.

use super::Remote;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody outside who has a say: a request goes on only if he allows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Callout {
    /// Name.
    pub name: String,
    /// Where he is asked.
    pub remote: Remote,
    /// Milliseconds for which what he said of a request holds for all that are the same in everything he was told; absent
    /// means that he is asked every time.
    #[serde(default)]
    pub cache_ms: Option<u64>,
    /// What happens when he says nothing, or nothing that can be understood.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// What he is told besides who calls what.
    #[serde(default)]
    pub send: CalloutSend,
    /// Header fields (lower case) that he may set on the request to the upstream; the caller may not.
    #[serde(default)]
    pub headers: Vec<String>,
}

/// What happens to a request that nobody could judge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// It is refused.
    #[default]
    Refuse,
    /// It goes on.
    Allow,
}

/// What a callout is told besides who calls what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalloutSend {
    /// Header fields of the request, in lower case; credentials are left out.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Most bytes of a body that is told whole; absent means that the body is not told. A request with a larger body is
    /// refused: he would judge what he has not seen.
    #[serde(default)]
    pub body: Option<u64>,
    /// Leave out the caller's address: then what was said holds for callers elsewhere, too.
    #[serde(default)]
    pub without_address: bool,
}
