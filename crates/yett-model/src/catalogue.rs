//! The catalogue of error codes: every refusal and failure a caller can see, named once.
//!
//! A code is stable for ever; its status, title and advice may be improved. `schemas/errors.json` is generated from
//! this list.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a failure came from: it decides whom an alert wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The caller sent something that was refused.
    Caller,
    /// The upstream failed or answered badly.
    Upstream,
    /// The gateway itself could not serve.
    Gateway,
}

/// One row of the catalogue.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Entry {
    /// The stable kebab-case slug.
    pub code: &'static str,
    /// HTTP status of the refusal.
    pub status: u16,
    /// Short human title (RFC 9457 `title`).
    pub title: &'static str,
    /// What the caller can do about it.
    pub action: &'static str,
    /// Who is at fault.
    pub source: Source,
    /// Whether the same request may succeed when sent again later.
    pub retry: bool,
}

macro_rules! catalogue {
    ($($variant:ident $code:literal $status:literal $source:ident $retry:literal $title:literal $action:literal;)*) => {
        /// A stable error code. The number of the variant means nothing; the kebab-case name does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Code {
            $(#[doc = $title] #[serde(rename = $code)] $variant,)*
        }

        /// Every code, in phase order.
        pub const CATALOGUE: &[Entry] = &[
            $(Entry { code: $code, status: $status, title: $title, action: $action, source: Source::$source, retry: $retry },)*
        ];

        impl Code {
            /// Every code, in the order of [`CATALOGUE`].
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The catalogue row of this code.
            #[must_use]
            pub fn entry(self) -> Entry {
                match self {
                    $(Code::$variant => Entry { code: $code, status: $status, title: $title, action: $action, source: Source::$source, retry: $retry },)*
                }
            }
        }
    };
}

catalogue! {
    // receive
    RequestMalformed "request-malformed" 400 Caller false
        "The request is not well-formed HTTP" "Send a request that follows RFC 9110 and RFC 9112.";
    TargetInvalid "target-invalid" 400 Caller false
        "The request target cannot be used" "Send a plain absolute path: no dot segments, encoded slashes, backslashes or control characters.";
    HostInvalid "host-invalid" 400 Caller false
        "The Host of the request is missing or contradictory" "Send exactly one valid Host (or :authority).";
    Misdirected "misdirected" 421 Caller true
        "This host is not served on this connection" "Open a new connection for this host, with the certificate it asks for.";
    MethodRefused "method-refused" 405 Caller false
        "This method is never forwarded" "CONNECT and TRACE are refused; use a method of the API's contract.";
    UpgradeRefused "upgrade-refused" 400 Caller false
        "This protocol upgrade is not allowed" "Send the request without Upgrade.";
    ExpectationFailed "expectation-failed" 417 Caller false
        "The expectation cannot be met" "Only `Expect: 100-continue` is understood.";
    HeadersTooLarge "headers-too-large" 431 Caller false
        "The request headers are too large" "Send fewer or shorter headers.";
    RequestTimeout "request-timeout" 408 Caller true
        "The request took too long to arrive" "Send the request again over a faster connection.";
    BodyTooLarge "body-too-large" 413 Caller false
        "The request body is larger than this operation allows" "Send a smaller body.";
    BodyIncomplete "body-incomplete" 400 Caller true
        "The request body ended early" "Send the whole body.";
    ConnectionsExceeded "connections-exceeded" 429 Caller true
        "Too many connections from this address" "Use fewer connections, and each for many requests.";
    // route
    ApiUnknown "api-unknown" 404 Caller false
        "No API is served here" "Check the host and the base path.";
    OperationUnknown "operation-unknown" 404 Caller false
        "The API has no such path" "Check the path against the API's contract.";
    MethodNotAllowed "method-not-allowed" 405 Caller false
        "The path exists, but not with this method" "Use a method named in the Allow header.";
    VersionMissing "version-missing" 400 Caller false
        "The request does not say which version of the API it is for" "Name one of the versions in `detail`.";
    VersionUnknown "version-unknown" 400 Caller false
        "The API has no such version" "Name one of the versions in `detail`, once.";
    OperationRetired "operation-retired" 410 Caller false
        "This version of the operation is no longer served" "Read the page in `Link` and move to what takes its place.";
    OperationBrownout "operation-brownout" 410 Caller true
        "This version of the operation goes soon, and is switched off for a while" "Read the page in `Link`, move to what takes its place, and come back after Retry-After until then.";
    // screen
    OriginRefused "origin-refused" 403 Caller false
        "Pages of this origin may not do this" "Do it from a page of the API's own host, or of an origin it names.";
    CrossSiteRequest "cross-site-request" 403 Caller false
        "The request was made by a page of another site" "Send it from a page of the API's own host, with the token the API gave out if it asks for one.";
    Blocked "blocked" 403 Caller false
        "This caller is blocked for the time being" "Ask the API's owner; the decision id tells them why.";
    OperationClosed "operation-closed" 503 Gateway true
        "This operation is closed for the time being" "Try again later; the API's owner has closed it on purpose.";
    Throttled "throttled" 429 Caller true
        "Requests are slowed down for the time being" "Wait as long as Retry-After says.";
    ChallengeRequired "challenge-required" 403 Caller true
        "A proof of work is required" "Find the answer to `challenge` and send the request again with it.";
    VirtualPatch "virtual-patch" 403 Caller false
        "Requests like this are not accepted for the time being" "Ask the API's owner; the decision id tells them why.";
    // identify
    CredentialMissing "credential-missing" 401 Caller false
        "A credential is required" "Send a credential as the API's documentation describes.";
    CredentialInvalid "credential-invalid" 401 Caller false
        "The credential was not accepted" "Check that the whole credential was sent and that it is still in use.";
    CredentialExpired "credential-expired" 401 Caller false
        "The credential has expired" "Ask for a new credential.";
    CredentialAmbiguous "credential-ambiguous" 400 Caller false
        "More than one credential was sent" "Send exactly one credential.";
    ProofInvalid "proof-invalid" 401 Caller false
        "The proof of possession is missing or wrong" "Sign a new proof for this request with the key of the token (RFC 9449).";
    CredentialDisagree "credential-disagree" 401 Caller false
        "The credentials prove different callers" "Send credentials of one and the same app and user.";
    IdentityUnavailable "identity-unavailable" 503 Gateway true
        "Who calls cannot be established at the moment" "Try again; if it stays so, tell the owner of the API.";
    TooManyFailures "too-many-failures" 429 Caller true
        "Too many credentials were not accepted" "Wait as long as Retry-After says, and send a credential that is in use.";
    // authorize
    AccessDenied "access-denied" 403 Caller false
        "The caller may not use this operation" "Ask the API's owner for an access profile that grants it.";
    PolicyDenied "policy-denied" 403 Caller false
        "An access policy refuses this request" "Read `detail` if there is one, or ask the API's owner.";
    CalloutDenied "callout-denied" 403 Caller false
        "The request was not allowed" "Ask the API's owner why; the decision id tells them.";
    CalloutUnavailable "callout-unavailable" 503 Gateway true
        "Whether the request is allowed cannot be found out at the moment" "Try again; if it stays so, tell the owner of the API.";
    StepUpRequired "step-up-required" 401 Caller false
        "The user must prove themselves again, or more strongly" "Ask for a token as WWW-Authenticate says (RFC 9470).";
    // limit
    RateExceeded "rate-exceeded" 429 Caller true
        "Too many requests" "Wait as long as Retry-After says.";
    QuotaExceeded "quota-exceeded" 429 Caller true
        "The quota of this period is used up" "Wait until the period ends, or ask for a larger quota.";
    ConcurrencyExceeded "concurrency-exceeded" 429 Caller true
        "Too many requests at the same time" "Wait for earlier requests to finish.";
    // inspect
    DataForbidden "data-forbidden" 400 Caller false
        "The request holds data that is not accepted here" "Leave personal data or secrets of this kind out of the request.";
    RequestInvalid "request-invalid" 400 Caller false
        "The request does not fit the API's contract" "Correct the fields listed in `errors`.";
    StructureExceeded "structure-exceeded" 400 Caller false
        "The body holds more than it may" "Send fewer, shorter or less deeply nested values; `detail` says which.";
    StructureRefused "structure-refused" 400 Caller false
        "The body has something that is not taken" "Leave out what `detail` names.";
    MediaTypeUnsupported "media-type-unsupported" 415 Caller false
        "The body's media type is not one this operation accepts" "Send a media type of the contract, named in `Accept`.";
    InjectionDetected "injection-detected" 403 Caller false
        "A value of the request looks like an attack" "Send another value, or tell the API's owner the decision id: it names what may be excepted.";
    // forward
    UpstreamUnreachable "upstream-unreachable" 502 Upstream true
        "The API could not be reached" "Try again later.";
    UpstreamBroken "upstream-broken" 502 Upstream true
        "The API gave an answer that cannot be passed on" "Try again later.";
    UpstreamTimeout "upstream-timeout" 504 Upstream true
        "The API did not answer in time" "Try again later.";
    AccessEnded "access-ended" 403 Caller false
        "What the stream was opened with no longer holds" "Prove yourself anew, and open it again.";
    TunnelIdle "tunnel-idle" 408 Caller true
        "Nothing passed through the tunnel for too long" "Send pings, and connect again.";
    UpstreamOverloaded "upstream-overloaded" 503 Upstream true
        "The API has no room for this request" "Wait as long as Retry-After says.";
    CircuitOpen "circuit-open" 503 Upstream true
        "The API failed again and again and is given a rest" "Wait as long as Retry-After says.";
    // respond
    UpstreamError "upstream-error" 502 Upstream true
        "The API reported an error" "Report the decision id to the API's owner.";
    NotCached "not-cached" 504 Caller true
        "No kept answer" "The request takes a kept answer only, and there is none. Send it without `Cache-Control: only-if-cached`.";
    ResponseUnmasked "response-unmasked" 502 Upstream false
        "The answer holds data that could not be masked" "Tell the API's owner the decision id.";
    ResponseLeaks "response-leaks" 502 Upstream false
        "The answer tells of the upstream's inside" "Tell the API's owner the decision id.";
    ResponseInvalid "response-invalid" 502 Upstream false
        "The API's answer does not fit its contract" "Report the decision id to the API's owner.";
    // record: failures of the gateway itself
    Draining "draining" 503 Gateway true
        "The gateway is shutting down" "Try again: another gateway will answer.";
    Overloaded "overloaded" 503 Gateway true
        "The gateway has no room for this request" "Try again later.";
    OverloadShed "overload-shed" 503 Gateway true
        "The API is overloaded" "Wait as long as Retry-After says.";
    RequestOverdue "request-overdue" 504 Gateway true
        "The request took longer than the gateway allows" "Try again later, or ask for less at a time.";
    NotConfigured "not-configured" 503 Gateway true
        "The gateway has no configuration yet" "Try again later.";
    GatewayError "gateway-error" 500 Gateway false
        "The gateway failed" "Report the decision id.";
    CallerSlow "caller-slow" 408 Caller true
        "The caller took the answer too slowly" "Read the answer faster, or ask for less at a time.";
    CallerGone "caller-gone" 499 Caller true
        "The caller left before the answer" "Nothing was sent; send the request again.";
}

impl Code {
    /// The stable kebab-case slug.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.entry().code
    }

    /// The HTTP status of the refusal.
    #[must_use]
    pub fn status(self) -> u16 {
        self.entry().status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_kebab_case_unique_and_serialises_to_its_slug() {
        let mut seen = std::collections::BTreeSet::new();
        for (code, entry) in Code::ALL.iter().zip(CATALOGUE) {
            assert_eq!(code.as_str(), entry.code);
            assert!(entry.code.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", entry.code);
            assert!(seen.insert(entry.code), "{} is named twice", entry.code);
            assert_eq!(serde_json::to_value(code).unwrap(), entry.code);
            assert!((400..600).contains(&entry.status));
        }
    }
}
