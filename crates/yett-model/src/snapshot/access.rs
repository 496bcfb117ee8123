//! Who may call: collections, profiles, teams, users, apps and their credentials.

use super::{AppCertificate, Limit, Password, SigningKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A named group of operations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// Kebab-case name.
    pub name: String,
    /// Operation ids.
    pub operations: Vec<String>,
    /// Limits on the group as a whole.
    #[serde(default)]
    pub limits: Vec<Limit>,
}

/// An access profile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Kebab-case name.
    pub name: String,
    /// Profiles whose grants and denies it has too, and, where it has none of its own, their limits.
    #[serde(default)]
    pub inherits: Vec<String>,
    /// Granted collections.
    #[serde(default)]
    pub collections: Vec<String>,
    /// Granted operations.
    #[serde(default)]
    pub operations: Vec<String>,
    /// What is granted for a time only.
    #[serde(default)]
    pub timed: Vec<TimedGrant>,
    /// Collections that nobody with this profile may use, whatever else grants them.
    #[serde(default)]
    pub denied_collections: Vec<String>,
    /// Operations that nobody with this profile may use, whatever else grants them.
    #[serde(default)]
    pub denied_operations: Vec<String>,
    /// Limits on callers with this profile.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// Classes of data that callers with this profile see unmasked, those below them too.
    #[serde(default)]
    pub sees: Vec<String>,
}

/// Grants that hold for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimedGrant {
    /// Granted collections.
    #[serde(default)]
    pub collections: Vec<String>,
    /// Granted operations.
    #[serde(default)]
    pub operations: Vec<String>,
    /// Unix second from which they hold; absent means from ever.
    #[serde(default)]
    pub from: Option<u64>,
    /// Unix second from which they no longer hold; absent means for ever.
    #[serde(default)]
    pub until: Option<u64>,
}

/// A profile that is held for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimedProfile {
    /// Name of the profile.
    pub profile: String,
    /// Unix second from which it is held; absent means from ever.
    #[serde(default)]
    pub from: Option<u64>,
    /// Unix second from which it is no longer held; absent means for ever.
    #[serde(default)]
    pub until: Option<u64>,
}

/// A team that has profiles. Its apps and its members have them too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// Kebab-case name.
    pub name: String,
    /// Names of its profiles.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// Profiles it has for a time.
    #[serde(default)]
    pub timed_profiles: Vec<TimedProfile>,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Kebab-case name.
    pub name: String,
    /// Teams the user is a member of.
    #[serde(default)]
    pub teams: Vec<String>,
    /// Names of the user's own profiles.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// Profiles the user has for a time.
    #[serde(default)]
    pub timed_profiles: Vec<TimedProfile>,
    /// As whom issuers know the user. None means by the name of the user, to the one issuer there is.
    #[serde(default)]
    pub identities: Vec<UserIdentity>,
}

/// As whom an issuer knows a user: both are needed, as two issuers may have somebody of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserIdentity {
    /// `iss` of the issuer.
    pub issuer: String,
    /// What its tokens call the user.
    pub subject: String,
}

/// An app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Kebab-case name.
    pub name: String,
    /// Team it belongs to.
    pub team: String,
    /// Whether it acts for users. What it may do for one is what both may do.
    #[serde(default)]
    pub agent: bool,
    /// Name of the plan it is on, as policies read it.
    #[serde(default)]
    pub plan: Option<String>,
    /// Names of its profiles, besides those of its team.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// Profiles it has for a time.
    #[serde(default)]
    pub timed_profiles: Vec<TimedProfile>,
    /// Limits on this app alone.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// Client certificates of the app.
    #[serde(default)]
    pub certificates: Vec<AppCertificate>,
    /// Keys it signs requests with.
    #[serde(default)]
    pub signing_keys: Vec<SigningKey>,
    /// Names of the secrets of its webhooks.
    #[serde(default)]
    pub webhook_secrets: Vec<String>,
    /// Its user names and passwords.
    #[serde(default)]
    pub passwords: Vec<Password>,
}

/// An API key of an app, hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// Stable id, shown in logs; not secret.
    pub id: String,
    /// App it belongs to.
    pub app: String,
    /// Public part of the key it is looked up by: `yett_<env>_` and the first eight characters of the random part.
    pub prefix: String,
    /// HMAC-SHA-256 of the whole key under the pepper, lower-case hex.
    pub hash: String,
    /// Unix second from which it is refused.
    #[serde(default)]
    pub expires_at: Option<u64>,
    /// The subset of the app's profiles that the key carries; absent means all.
    #[serde(default)]
    pub profiles: Option<Vec<String>>,
}
