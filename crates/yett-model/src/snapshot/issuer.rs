//! Who issues tokens.

use super::{Introspection, KeyFetch};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A signature algorithm, by its name in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    #[serde(rename = "RS384")]
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    #[serde(rename = "RS512")]
    Rs512,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// RSASSA-PSS with SHA-384.
    #[serde(rename = "PS384")]
    Ps384,
    /// RSASSA-PSS with SHA-512.
    #[serde(rename = "PS512")]
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// ECDSA on P-521 with SHA-512.
    #[serde(rename = "ES512")]
    Es512,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// HMAC with SHA-256: a secret that both sides know.
    #[serde(rename = "HS256")]
    Hs256,
    /// HMAC with SHA-384.
    #[serde(rename = "HS384")]
    Hs384,
    /// HMAC with SHA-512.
    #[serde(rename = "HS512")]
    Hs512,
}

/// An issuer whose tokens are accepted, and what they are worth here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenIssuer {
    /// Kebab-case name.
    pub name: String,
    /// Claim `iss` of its tokens.
    pub issuer: String,
    /// Its public keys as a JWK Set (RFC 7517), where they do not change; absent means that they are fetched.
    #[serde(default)]
    pub keys: Option<Value>,
    /// The secret that its tokens are keyed with, instead of public keys.
    #[serde(default)]
    pub secret: Option<IssuerSecret>,
    /// Where its keys are fetched; absent with absent `keys` means where its metadata say (OpenID Connect Discovery 1.0,
    /// RFC 8414).
    #[serde(default)]
    pub jwks_url: Option<String>,
    /// How its keys are fetched.
    #[serde(default)]
    pub fetch: Option<KeyFetch>,
    /// Where it says what a token is worth. With neither `keys` nor `jwks_url` nor `fetch`, its keys are not fetched.
    #[serde(default)]
    pub introspection: Option<Introspection>,
    /// Its tokens must be for one of these (`aud`).
    pub audiences: Vec<String>,
    /// Algorithms that are accepted; empty means every one for public keys.
    #[serde(default)]
    pub algorithms: Vec<Algorithm>,
    /// Types (`typ`) that are accepted, without `application/`; empty means `JWT`, `at+jwt` and none.
    #[serde(default)]
    pub types: Vec<String>,
    /// Seconds that its clock may differ by.
    #[serde(default = "leeway")]
    pub leeway_s: u64,
    /// Longest time from `iat` to `exp`, in seconds.
    #[serde(default)]
    pub max_lifetime_s: Option<u64>,
    /// Claims that a token must have: of this value, or a list that contains it; `null` accepts any value.
    #[serde(default)]
    pub required: BTreeMap<String, Value>,
    /// Which app a token stands for.
    pub app: TokenApp,
    /// Claim that names the user; absent means that tokens tell of none.
    #[serde(default)]
    pub user_from: Option<String>,
    /// Whose users its tokens tell of, where they are not its own.
    #[serde(default)]
    pub users_of: Option<UsersOf>,
    /// Which profiles a token carries; absent means all of the app's.
    #[serde(default)]
    pub profiles: Option<TokenProfiles>,
    /// Whether its tokens may carry profiles that the app does not have.
    #[serde(default)]
    pub trusted_to_grant: bool,
    /// Whether its tokens must be bound to a key that the caller proves to have.
    #[serde(default)]
    pub bound: Bound,
}

/// A secret that an issuer shares with the gateway: whoever has it can make tokens, so neither gives it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuerSecret {
    /// Its name among the options of the process.
    pub name: String,
    /// The one algorithm it is used with: `HS256`, `HS384` or `HS512`.
    pub algorithm: Algorithm,
}

/// Which app a token stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum TokenApp {
    /// Always this one.
    Named(String),
    /// That of a claim's value.
    From {
        /// The claim.
        claim: String,
        /// App by value.
        map: BTreeMap<String, String>,
    },
}

/// Others whose users an issuer's tokens tell of, as those of an exchange do (RFC 8693).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsersOf {
    /// The claim that says whose user it is; without it the user is the issuer's own.
    pub claim: String,
    /// `iss` of each of them; a token that names another one is refused.
    pub issuers: Vec<String>,
}

/// Which profiles a token carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenProfiles {
    /// The claim: a list, or words with spaces between them as in `scope` (RFC 6749 section 3.3).
    pub claim: String,
    /// Profiles by value. Values that are not here give nothing.
    pub map: BTreeMap<String, Vec<String>>,
}

/// Whether tokens must be bound to a key that the caller proves to have. A token that is bound must always be proven.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// They need not be.
    #[default]
    None,
    /// To a key of either kind.
    Any,
    /// To a client certificate (RFC 8705).
    Certificate,
    /// To a key that signs a proof for each request (RFC 9449).
    Dpop,
}

/// The tokens that an API accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// Names of the issuers.
    pub issuers: Vec<String>,
    /// Whether a proof of possession (RFC 9449) must contain a nonce of ours, so that none can be made in advance.
    #[serde(default)]
    pub dpop_nonce: bool,
}

fn leeway() -> u64 {
    30
}
