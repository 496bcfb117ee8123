//! Access policies: statements of Cedar that narrow what profiles grant.

use super::Mode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One named policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Kebab-case name, told in events.
    pub name: String,
    /// Statements in Cedar's language.
    pub cedar: String,
    /// How many statements `cedar` must hold; absent means one or more. Set where the text was put together from
    /// expressions, none of which may end its own statement.
    #[serde(default)]
    pub statements: Option<u32>,
    /// What happens where the policy refuses.
    #[serde(default)]
    pub mode: Mode,
    /// What a refused caller is told besides the code.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What policies may speak of besides what the rest of the snapshot names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyContext {
    /// IANA name of the time zone of `context.time`; absent means UTC.
    pub time_zone: Option<String>,
    /// Claims of tokens, as `context.claims` has them.
    pub claims: BTreeMap<String, ClaimType>,
    /// Teams without an app.
    pub teams: Vec<String>,
    /// Facts of addresses that the gateway is told by a database, so that policies may read them.
    pub network: Vec<NetworkFact>,
}

/// What the value of a claim must be. A claim of another type is no answer: what reads it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimType {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A list of texts; one text is a list of one.
    Strings,
}

/// What a database tells of the network that an address belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkFact {
    /// Its country: `context.network.country`.
    Country,
    /// The number of its autonomous system: `context.network.asn`.
    Asn,
}
