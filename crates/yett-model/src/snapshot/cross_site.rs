//! Pages of other origins: which may read answers (CORS), and whose requests are forged (CSRF).

use super::Mode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Decides which pages of other origins may call, and tells browsers so (Fetch standard, CORS protocol).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CorsGuard {
    /// What to do with requests that `foreign` refuses; `off` lets the upstream speak to browsers for itself.
    pub mode: Mode,
    /// Origins whose pages may read answers: exact ones, `https://*.example.org` for one label more, or `*` alone.
    pub origins: Vec<String>,
    /// Header fields that pages may send besides those of the contract, in lower case.
    pub headers: Vec<String>,
    /// Header fields of answers that pages may read.
    pub expose: Vec<String>,
    /// Whether browsers may send cookies and the like along.
    pub credentials: bool,
    /// Seconds for which browsers may keep what a preflight told them.
    pub max_age_s: u32,
    /// Whether pages of the public network may call a gateway in a private one.
    pub private_network: bool,
    /// What happens to requests of pages of origins that are not named.
    pub foreign: Foreign,
}

impl Default for CorsGuard {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            origins: Vec::new(),
            headers: Vec::new(),
            expose: Vec::new(),
            credentials: false,
            max_age_s: 600,
            private_network: false,
            foreign: Foreign::default(),
        }
    }
}

/// What happens to requests of pages of origins that are not named. Where no origin is named, they pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Foreign {
    /// They pass: the browser keeps the answer from the page.
    Pass,
    /// Those that carry cookies, `Authorization` or a client certificate are refused.
    #[default]
    RefuseCredentials,
    /// All are refused.
    Refuse,
}

/// Refuses requests that a page of another site made a browser send with its user's cookies.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CsrfGuard {
    /// What to do with forged requests.
    pub mode: Mode,
    /// Cookies that tell who calls; empty means any cookie.
    pub cookies: Vec<String>,
    /// Origins whose pages may send requests besides the host's own, as for `cors`.
    pub origins: Vec<String>,
    /// Asks for a signed token in a cookie and a header field besides; absent means not.
    pub token: Option<CsrfToken>,
}

/// A signed token that only pages of the API's own host can read and send back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CsrfToken {
    /// Cookie in which the gateway gives it out; its name begins with `__Host-`.
    pub cookie: String,
    /// Header field in which it is sent back, in lower case.
    pub header: String,
    /// Seconds until it expires.
    pub lifetime_s: u32,
}

impl Default for CsrfToken {
    fn default() -> Self {
        Self { cookie: "__Host-yett-csrf".to_owned(), header: "x-csrf-token".to_owned(), lifetime_s: 7200 }
    }
}
