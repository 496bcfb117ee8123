//! The method `introspection`: opaque tokens, of which their issuer says what they are worth (RFC 7662).

use super::issuers::IssuerPlan;
use super::{ByToken, INVALID, SentToken, refused, worth};
use crate::Refusal;
use crate::identity::question::{Answer, Hidden, Question};
use crate::identity::{Asked, Found, Method, Principal, Sent, bearer_tokens, key, refuse};
use crate::jose::{is_compact, text};
use http::HeaderName;
use http::header::AUTHORIZATION;
use serde_json::{Map, Value};
use std::sync::Arc;
use yett_model::Code;

/// Longest token that is shown to an issuer.
const LONGEST: usize = 8 * 1024;
/// Seconds for which a token is taken to be good of which its issuer does not say how long it is.
const UNSAID_S: u64 = 60;

/// The method `introspection`.
#[derive(Debug)]
pub(crate) struct ByIntrospection {
    issuer: Arc<IssuerPlan>,
    /// Checks what must be proven with every request.
    bound: ByToken,
    /// Whether API keys, and JWTs, are another method's.
    leaves: (bool, bool),
}

impl ByIntrospection {
    /// `leaves`: whether the API has a method for API keys, and for JWTs, that come in the same field.
    pub(crate) fn new(issuer: Arc<IssuerPlan>, leaves: (bool, bool)) -> Self {
        let bound = ByToken::new(vec![issuer.clone()], false);
        Self { issuer, bound, leaves }
    }

    fn is_mine(&self, token: &str) -> bool {
        let (keys, tokens) = self.leaves;
        let anothers = (keys && token.starts_with(key::START)) || (tokens && is_compact(token));
        !anothers
    }

    fn tokens<'a>(&self, asked: &Asked<'a>) -> impl Iterator<Item = Option<&'a str>> {
        bearer_tokens(asked.headers).filter(|token| token.is_none_or(|token| self.is_mine(token)))
    }

    fn only_token<'a>(&self, asked: &Asked<'a>) -> Result<Option<&'a str>, Box<Refusal>> {
        let mut sent = self.tokens(asked);
        match (sent.next(), sent.next()) {
            (None, _) => Ok(None),
            (Some(Some(token)), None) if !token.is_empty() && token.len() <= LONGEST => Ok(Some(token)),
            (Some(_), None) => Err(refuse(INVALID, Code::CredentialInvalid, "the token is empty, too long or not visible ASCII")),
            (Some(_), Some(_)) => Err(Refusal::open(Code::CredentialAmbiguous, "the request carries more than one credential")),
        }
    }

    /// What the issuer said, judged as the claims of a token are. What it says over a connection that was verified it need
    /// not sign.
    fn judge(&self, asked: &Asked<'_>, token: &str, said: &Map<String, Value>) -> Result<Principal, Box<Refusal>> {
        if said.get("active") != Some(&Value::Bool(true)) {
            // By a keyed hash of it: whoever tries one dead token from everywhere is found, and the log holds no token.
            let hash: String = asked.pepper.hash(token).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            let refusal = refuse(INVALID, Code::CredentialInvalid, "the issuer says that the token is not active");
            return Err(refusal.of_credential(Some(format!("{}:~{hash}", self.issuer.name).into())));
        }
        let mut claims = said.clone();
        claims.entry("iss").or_insert_with(|| (&*self.issuer.issuer).into());
        let now_s = asked.now.unix_ms / 1000;
        let mut judged = claims.clone();
        judged.entry("exp").or_insert_with(|| (now_s + UNSAID_S).into());
        self.issuer.expected.check(&judged, now_s).map_err(refused)?;
        let token_type = text(&claims, "token_type").map_err(refused)?.unwrap_or("Bearer");
        if !["bearer", "dpop"].iter().any(|known| token_type.eq_ignore_ascii_case(known)) {
            return Err(refuse(INVALID, Code::CredentialInvalid, "the token is of a type that gives no access"));
        }
        let verified = worth::verified(asked, &self.issuer, 0, 0, claims)?;
        self.bound.check_each_time(asked, &SentToken { token, with_proof: false }, &verified)?;
        Ok(Principal { method: "introspection", ..verified.principal })
    }
}

impl Method for ByIntrospection {
    fn name(&self) -> &'static str {
        "introspection"
    }

    fn sent(&self, asked: &Asked<'_>) -> Sent {
        match self.tokens(asked).next() {
            Some(_) => Sent::Authorization,
            None => Sent::Nothing,
        }
    }

    fn look(&self, asked: &Asked<'_>) -> Result<Found, Box<Refusal>> {
        let Some(token) = self.only_token(asked)? else { return Ok(Found::Nothing) };
        Ok(Found::Asks(Question::Introspect { issuer: self.issuer.name.clone(), token: Hidden(token.into()) }))
    }

    fn answered(&self, asked: &Asked<'_>, answer: Answer) -> Result<Found, Box<Refusal>> {
        let Some(token) = self.only_token(asked)? else { return Ok(Found::Nothing) };
        match answer {
            Answer::Introspected(said) => self.judge(asked, token, &said).map(Found::Caller),
            Answer::Unavailable(reason) => {
                Err(Refusal::new(Code::IdentityUnavailable, format!("issuer '{}' says nothing: {reason}", self.issuer.name)))
            }
            other => Err(Refusal::new(Code::IdentityUnavailable, format!("an issuer was asked, and told {other:?}"))),
        }
    }

    fn challenge(&self) -> &'static str {
        super::CHALLENGE
    }

    fn hint(&self) -> Option<String> {
        Some("Send a token as Authorization: Bearer.".to_owned())
    }

    fn takes(&self, name: &HeaderName) -> bool {
        name == AUTHORIZATION
    }
}
