//! Controls: temporary, explained actions on traffic.

use crate::snapshot::{Mode, Subject};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A temporary action on traffic. It has an author, a reason and an end, always.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Id, such as `control-3f9a1c2e`: 1 to 64 of `a-z`, `0-9` and `-`.
    pub id: String,
    /// What is done.
    pub action: Action,
    /// With which requests.
    pub scope: ControlScope,
    /// Whether it acts, or only records what it would do.
    #[serde(default)]
    pub mode: Mode,
    /// Who made it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// What speaks for it: ids of findings or decisions, links, sentences.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// Unix second at which it was made.
    pub made_at: u64,
    /// Unix second from which on it does nothing; at most 30 days after it was made.
    pub expires_at: u64,
}

/// What a control does with the requests in its scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// Refuses them.
    Block,
    /// Lets no more than so many pass.
    Throttle {
        /// Requests per period.
        requests: u64,
        /// Period in milliseconds.
        period_ms: u64,
        /// What each counter belongs to.
        by: Subject,
    },
    /// Lets those pass that carry a proof of work.
    Challenge {
        /// Leading zero bits of the hash that is to be found, 8 to 24: one more doubles the work.
        difficulty: u8,
        /// Seconds for which an answer holds.
        valid_s: u32,
    },
    /// Lets those pass whose token says that the user proved themselves strongly or lately enough (RFC 9470).
    StepUp {
        /// `acr` of the token must be one of these; none means any.
        #[serde(default)]
        acr_values: Vec<String>,
        /// Seconds since `auth_time` of the token, at most.
        #[serde(default)]
        max_age_s: Option<u64>,
    },
    /// Refuses those that meet every condition.
    Patch {
        /// 1 to 8 conditions.
        when: Vec<Condition>,
    },
}

impl Action {
    /// Name as in the configuration and in the log.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Throttle { .. } => "throttle",
            Self::Challenge { .. } => "challenge",
            Self::StepUp { .. } => "step-up",
            Self::Patch { .. } => "patch",
        }
    }
}

/// Which requests a control is about: each list that is not empty must name the request's own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ControlScope {
    /// Every request; said aloud, as it stops everything.
    pub everything: bool,
    /// Operations, `api:operationId`.
    pub operations: Vec<String>,
    /// Names of APIs.
    pub apis: Vec<String>,
    /// Names of apps.
    pub apps: Vec<String>,
    /// Users, as the issuers of their tokens name them.
    pub users: Vec<String>,
    /// Ids of credentials.
    pub credentials: Vec<String>,
    /// Networks (CIDR) or addresses of callers.
    pub networks: Vec<String>,
}

/// A condition of a virtual patch: a place in the request, and what is told of it. Checked in time linear in the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Where.
    #[serde(rename = "in")]
    pub place: Place,
    /// Name of the parameter, header or cookie, or JSON pointer (RFC 6901) into the body, in which `*` stands for any
    /// member or element; absent means any value there, and of the body its text.
    #[serde(default)]
    pub name: Option<String>,
    /// What is told of it.
    pub test: Test,
}

/// Where a condition looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Parameters of the path.
    Path,
    /// Parameters of the query.
    Query,
    /// Header fields.
    Header,
    /// Cookies.
    Cookie,
    /// The body.
    Body,
}

impl Place {
    /// Name as in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Body => "body",
        }
    }
}

/// What a condition tells of a value. Texts are compared without regard to ASCII case, but for `equals`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Test {
    /// It is there.
    Present,
    /// It is not there.
    Absent,
    /// It is exactly this.
    Equals {
        /// The text.
        value: String,
    },
    /// It has this in it.
    Contains {
        /// The text.
        value: String,
    },
    /// It begins with this.
    StartsWith {
        /// The text.
        value: String,
    },
    /// It has more bytes than this.
    Longer {
        /// The bytes.
        bytes: u64,
    },
    /// It is a number above this.
    Above {
        /// The number.
        number: i64,
    },
    /// A regular expression is found in it, in linear time (no look-around, no back references).
    Matches {
        /// The expression.
        pattern: String,
    },
}
