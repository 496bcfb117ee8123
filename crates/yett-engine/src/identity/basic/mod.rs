//! HTTP Basic (RFC 7617): a user name and a password, proven by a hash that is slow on purpose.
//!
//! The slow part is asked of the shell, which does it away from the workers. A user that is not known costs as much time
//! as one that is: a hash that nobody has stands in.

pub mod phc;

use super::question::{Answer, Hidden, Question};
use super::{Asked, Found, Method, Principal, Sent, refuse};
use crate::Refusal;
use data_encoding::BASE64;
use http::HeaderName;
use http::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use yett_model::Code;

const CHALLENGE: &str = "Basic realm=\"yett\", charset=\"UTF-8\"";
/// Longest user name and password together, in bytes.
const LONGEST: usize = 1024;

/// The method `basic`.
#[derive(Debug)]
pub(super) struct ByPassword;

impl Method for ByPassword {
    fn name(&self) -> &'static str {
        "basic"
    }

    fn sent(&self, asked: &Asked<'_>) -> Sent {
        if values(asked).next().is_some() { Sent::Authorization } else { Sent::Nothing }
    }

    fn look(&self, asked: &Asked<'_>) -> Result<Found, Box<Refusal>> {
        let (user, password) = read(asked)?;
        let hash = match asked.proofs.password(&user) {
            Some(known) => known.hash.clone(),
            None => Some(asked.proofs.nobodys_password()),
        };
        let Some(hash) = hash else {
            return Err(Refusal::new(Code::IdentityUnavailable, format!("the password of {user} is not here")));
        };
        Ok(Found::Asks(Question::Password { hash: Hidden(hash), password: Hidden(password.into()) }))
    }

    fn answered(&self, asked: &Asked<'_>, answer: Answer) -> Result<Found, Box<Refusal>> {
        let (user, _) = read(asked)?;
        match (answer, asked.proofs.password(&user)) {
            (Answer::Password(true), Some(known)) => {
                let principal = Principal::of(known.app.clone());
                Ok(Found::Caller(Principal { credential: Some(known.user.clone()), method: "basic", ..principal }))
            }
            // Of a user who is not known too: otherwise the delay would tell the two apart.
            (Answer::Password(_), _) => Err(invalid("the user name or the password is wrong").of_credential(Some(user.into()))),
            (Answer::Unavailable(reason), _) => {
                Err(Refusal::new(Code::IdentityUnavailable, reason).with_header(RETRY_AFTER, HeaderValue::from_static("1")))
            }
            (answer, _) => {
                Err(Refusal::new(Code::IdentityUnavailable, format!("a password was asked about, and told {answer:?}")))
            }
        }
    }

    fn challenge(&self) -> &'static str {
        CHALLENGE
    }

    fn hint(&self) -> Option<String> {
        Some("Send a user name and a password as Authorization: Basic.".to_owned())
    }

    fn takes(&self, name: &HeaderName) -> bool {
        name == AUTHORIZATION
    }
}

/// What follows the scheme in every `Authorization: Basic`.
fn values<'a>(asked: &'a Asked<'_>) -> impl Iterator<Item = &'a [u8]> {
    asked.headers.get_all(AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, rest) = value.as_bytes().split_at_checked(5)?;
        (scheme.eq_ignore_ascii_case(b"basic") && rest.first().is_none_or(|next| *next == b' ')).then_some(rest)
    })
}

/// User name and password. The first colon ends the user name; control characters have no place in either.
fn read(asked: &Asked<'_>) -> Result<(String, String), Box<Refusal>> {
    let mut sent = values(asked);
    let (Some(value), None) = (sent.next(), sent.next()) else {
        return Err(Refusal::open(Code::CredentialAmbiguous, "the request carries more than one user name"));
    };
    let value = value.trim_ascii();
    let decoded = (value.len() <= LONGEST * 4 / 3 + 4).then(|| BASE64.decode(value).ok()).flatten();
    let text = decoded.filter(|bytes| bytes.len() <= LONGEST).and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.filter(|text| !text.chars().any(char::is_control));
    let pair = text.as_deref().and_then(|text| text.split_once(':'));
    match pair {
        Some((user, password)) => Ok((user.to_owned(), password.to_owned())),
        None => Err(invalid("the user name and password cannot be read")),
    }
}

fn invalid(reason: &str) -> Box<Refusal> {
    refuse(CHALLENGE, Code::CredentialInvalid, reason)
}

#[cfg(test)]
mod tests;
