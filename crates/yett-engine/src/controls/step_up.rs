//! Step-up (RFC 9470): a token must say that the user proved themselves strongly, or lately, enough.

use crate::Refusal;
use crate::identity::Claims;
use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;
use serde_json::Value;
use yett_model::Code;

/// What a token must say.
#[derive(Debug)]
pub(crate) struct Wanted {
    acr_values: Vec<String>,
    max_age_s: Option<u64>,
    challenge: HeaderValue,
}

impl Wanted {
    /// Compiles it, or says what is wrong with it.
    pub(super) fn compile(acr_values: &[String], max_age_s: Option<u64>) -> Result<Self, &'static str> {
        let plain = |value: &String| {
            !value.is_empty()
                && value.len() <= 200
                && value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
        };
        if (acr_values.is_empty() && max_age_s.is_none()) || acr_values.len() > 16 || !acr_values.iter().all(plain) {
            return Err("a step-up asks for `acr_values` (at most 16, plain ASCII without spaces), `max_age_s`, or both");
        }
        let mut text = "Bearer error=\"insufficient_user_authentication\"".to_owned();
        if !acr_values.is_empty() {
            text.push_str(&format!(", acr_values=\"{}\"", acr_values.join(" ")));
        }
        if let Some(seconds) = max_age_s {
            text.push_str(&format!(", max_age=\"{seconds}\""));
        }
        let challenge = HeaderValue::from_str(&text).map_err(|_| "an `acr` is plain ASCII")?;
        Ok(Self { acr_values: acr_values.to_vec(), max_age_s, challenge })
    }

    /// Holds the claims of a caller, if there are any, against it at the Unix second `now`.
    ///
    /// # Errors
    /// What is missing, for the log.
    pub(super) fn check(&self, claims: Option<&Claims>, now: u64) -> Result<(), String> {
        let claim = |name: &str| claims.and_then(|claims| claims.all.get(name));
        if !self.acr_values.is_empty() {
            let acr = claim("acr").and_then(Value::as_str).unwrap_or_default();
            if !self.acr_values.iter().any(|wanted| wanted == acr) {
                return Err(format!("acr is '{}'", acr.get(..64).unwrap_or(acr)));
            }
        }
        let Some(most) = self.max_age_s else { return Ok(()) };
        let at = claim("auth_time").and_then(Value::as_u64);
        match at.map(|at| now.saturating_sub(at)) {
            Some(age) if age <= most => Ok(()),
            Some(age) => Err(format!("the user proved themselves {age} seconds ago")),
            None => Err("the token does not say when the user proved themselves".to_owned()),
        }
    }

    /// Names what is to be asked for.
    pub(crate) fn refuse(&self, claims: Option<&Claims>, now: u64) -> Result<(), Box<Refusal>> {
        let refusal =
            |reason: String| Refusal::new(Code::StepUpRequired, reason).with_header(WWW_AUTHENTICATE, self.challenge.clone());
        self.check(claims, now).map_err(refusal)
    }
}
