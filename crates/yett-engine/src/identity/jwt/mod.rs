//! JSON Web Tokens of issuers (RFC 6750, 7519, 9068): verified, and turned into a principal.
//!
//! What a token is signed and must say is checked by `crate::jose`; here is what it is worth: which app, user and
//! profiles. A token that was verified is remembered for as long as it is good, its keys are in force, and it is not
//! revoked. One that is bound to a key (RFC 8705, 9449) must be proven with every request.

mod confirmation;
mod dpop;
mod introspected;
pub mod issuers;
pub mod key_sets;
#[cfg(test)]
mod tests;
mod verified;
mod worth;

pub(crate) use introspected::ByIntrospection;

use super::question::{Answer, Question};
use super::{Asked, Claims, Found, Method, Principal, Sent, refuse};
use crate::Refusal;
use crate::access::Profiles;
use crate::identity::credentials::Use;
use crate::jose::{Compact, Fault, FaultKind, is_compact, text, verify_read};
pub(crate) use dpop::NONCE;
use http::HeaderName;
use http::header::AUTHORIZATION;
use issuers::IssuerPlan;
use std::sync::Arc;
use verified::{Fingerprint, Verified, VerifiedTokens, fingerprint};
use yett_model::Code;

const CHALLENGE: &str = "Bearer realm=\"yett\"";
const INVALID: &str = "Bearer realm=\"yett\", error=\"invalid_token\"";
const INVALID_BOUND: &str = "DPoP realm=\"yett\", error=\"invalid_token\"";

/// The method `jwt`.
#[derive(Debug)]
pub(crate) struct ByToken {
    pub(crate) issuers: Vec<Arc<IssuerPlan>>,
    pub(crate) dpop_nonce: bool,
    verified: VerifiedTokens,
}

/// A token as it was sent.
struct SentToken<'a> {
    token: &'a str,
    /// Whether with the scheme `DPoP` (RFC 9449 section 7.1).
    with_proof: bool,
}

/// Tokens of `Authorization`, with either scheme; `None` for a value that cannot be read.
fn sent_tokens<'a>(asked: &Asked<'a>) -> impl Iterator<Item = Option<SentToken<'a>>> {
    asked.headers.get_all(AUTHORIZATION).iter().filter_map(|value| {
        let Ok(value) = value.to_str() else { return Some(None) };
        let (scheme, token) = value.split_once(' ')?;
        let token = token.trim();
        let with_proof = scheme.eq_ignore_ascii_case("dpop");
        let known = with_proof || (scheme.eq_ignore_ascii_case("bearer") && is_compact(token));
        known.then_some(Some(SentToken { token, with_proof }))
    })
}

impl ByToken {
    pub(crate) fn new(issuers: Vec<Arc<IssuerPlan>>, dpop_nonce: bool) -> Self {
        Self { issuers, dpop_nonce, verified: VerifiedTokens::default() }
    }

    fn only_token<'a>(asked: &Asked<'a>) -> Result<Option<SentToken<'a>>, Box<Refusal>> {
        let mut sent = sent_tokens(asked);
        match (sent.next(), sent.next()) {
            (None, _) => Ok(None),
            (Some(Some(token)), None) => Ok(Some(token)),
            (Some(None), None) => Err(refuse(INVALID, Code::CredentialInvalid, "the credential is not visible ASCII")),
            (Some(_), Some(_)) => Err(Refusal::open(Code::CredentialAmbiguous, "the request carries more than one credential")),
        }
    }

    /// `told` tells that the keys were just asked for: there is no asking again.
    fn judge(&self, asked: &Asked<'_>, told: bool) -> Result<Found, Box<Refusal>> {
        let Some(sent) = Self::only_token(asked)? else { return Ok(Found::Nothing) };
        let fingerprint = fingerprint(sent.token);
        let verified = match self.remembered(asked, &fingerprint) {
            Some(verified) => verified,
            None => match self.verify(asked, sent.token, told)? {
                Ok(verified) => {
                    let verified = Arc::new(verified);
                    self.verified.put(fingerprint, verified.clone(), asked.now.unix_ms / 1000);
                    verified
                }
                Err(question) => return Ok(Found::Asks(question)),
            },
        };
        self.check_each_time(asked, &sent, &verified)?;
        let seen = Use::new(asked.now.unix_ms, asked.caller.address);
        if let Some(networks) = verified.marks.note(seen, asked.credentials.networks.window_minutes).networks {
            let most = asked.credentials.networks.most;
            asked.credentials.watch.token_widened(verified.id(), (networks, most), asked.caller.address, asked.now);
        }
        Ok(Found::Caller(verified.principal.clone()))
    }

    fn remembered(&self, asked: &Asked<'_>, fingerprint: &Fingerprint) -> Option<Arc<Verified>> {
        let verified = self.verified.get(fingerprint)?;
        let now_s = asked.now.unix_ms / 1000;
        let issuer = self.issuers.get(verified.issuer)?;
        let in_time = (verified.from_s..verified.until_s).contains(&now_s);
        if in_time && issuer.generation(asked.key_sets) == Some(verified.generation) {
            return Some(verified);
        }
        self.verified.remove(fingerprint);
        None
    }

    fn check_each_time(&self, asked: &Asked<'_>, sent: &SentToken<'_>, verified: &Verified) -> Result<(), Box<Refusal>> {
        let refused = |reason: &str| Err(refuse(INVALID, Code::CredentialInvalid, reason));
        if let (Some(jti), Some(issuer)) = (&verified.jti, self.issuers.get(verified.issuer))
            && asked.revoked.contains(&issuer.issuer, jti)
        {
            return refused("the token was revoked");
        }
        let watch = &asked.credentials.watch;
        let stolen = |what: &str| watch.replayed(verified.id(), what, asked.caller.address, asked.now);
        if !verified.confirmation.fits_certificate(asked) {
            stolen("a token without the certificate it is bound to");
            return refused("the token is bound to another client certificate than the connection's");
        }
        match (&verified.confirmation.key, sent.with_proof) {
            (None, false) => Ok(()),
            (Some(key), true) => dpop::check(asked, sent.token, key, (self.dpop_nonce, verified)),
            (Some(_), false) => {
                stolen("a token without a proof of the key it is bound to");
                Err(refuse(INVALID_BOUND, Code::CredentialInvalid, "the token is bound to a key, and was sent as if it were not"))
            }
            (None, true) => Err(refuse(INVALID_BOUND, Code::CredentialInvalid, "the token is not bound to the key of a proof")),
        }
    }

    /// The verified token, or the question that must be answered first.
    fn verify(&self, asked: &Asked<'_>, token: &str, told: bool) -> Result<Result<Verified, Question>, Box<Refusal>> {
        let read = Compact::read(token).map_err(refused)?;
        let unproven = read.claims().map_err(refused)?;
        let named = text(&unproven, "iss").map_err(refused)?;
        let issuer = self.issuers.iter().position(|issuer| Some(&*issuer.issuer) == named);
        let Some((number, issuer)) = issuer.and_then(|number| Some((number, self.issuers.get(number)?))) else {
            return Err(refused(Fault { kind: FaultKind::Issuer, detail: "no issuer of this API made it".to_owned() }));
        };
        let kid = read.header.kid.as_deref();
        let keys = issuer.keys(asked.key_sets);
        let now_s = asked.now.unix_ms / 1000;
        if issuer.is_fetched() && !told && !keys.as_ref().is_some_and(|kept| kept.keys.may_know(kid)) {
            // What could not be a token of this issuer whatever its keys asks nobody: guessing must not be cheap.
            issuer.expected.precheck(&read, &unproven, now_s).map_err(refused)?;
            return Ok(Err(Question::KeySet { issuer: issuer.name.clone(), kid: kid.map(Into::into) }));
        }
        let Some(kept) = keys else {
            return Err(Refusal::new(Code::IdentityUnavailable, format!("there are no keys of issuer '{}'", issuer.name)));
        };
        let claims = verify_read(&read, &kept.keys, &issuer.expected, now_s).map_err(refused)?;
        worth::verified(asked, issuer, number, kept.generation, claims).map(Ok)
    }
}

/// Whom a token that was proven earlier stands for in another plan.
///
/// # Errors
/// Why it stands for nobody there.
pub(crate) fn again(profiles: &Profiles, issuer: &IssuerPlan, claims: &Claims) -> Result<Principal, Box<Refusal>> {
    let jti = text(&claims.all, "jti").map_err(refused)?;
    worth::principal(profiles, issuer, jti, claims.all.clone())
}

/// A token that is not accepted: why is for the log.
fn refused(fault: Fault) -> Box<Refusal> {
    let code = if fault.kind == FaultKind::Expired { Code::CredentialExpired } else { Code::CredentialInvalid };
    refuse(INVALID, code, format!("the token is refused: {}", fault.detail))
}

impl Method for ByToken {
    fn name(&self) -> &'static str {
        "jwt"
    }

    fn sent(&self, asked: &Asked<'_>) -> Sent {
        match sent_tokens(asked).next() {
            Some(_) => Sent::Authorization,
            None => Sent::Nothing,
        }
    }

    fn look(&self, asked: &Asked<'_>) -> Result<Found, Box<Refusal>> {
        self.judge(asked, false)
    }

    /// With the keys as new as they get; if nobody could say, with those that are there.
    fn answered(&self, asked: &Asked<'_>, answer: Answer) -> Result<Found, Box<Refusal>> {
        match answer {
            Answer::KeySet | Answer::Unavailable(_) => self.judge(asked, true),
            other => Err(Refusal::new(Code::IdentityUnavailable, format!("jwt asked for keys, and was told {other:?}"))),
        }
    }

    fn challenge(&self) -> &'static str {
        CHALLENGE
    }

    fn hint(&self) -> Option<String> {
        Some("Send a token as Authorization: Bearer.".to_owned())
    }

    fn takes(&self, name: &HeaderName) -> bool {
        name == AUTHORIZATION || name == dpop::PROOF
    }
}
