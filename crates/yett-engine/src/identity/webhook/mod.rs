//! Webhooks: a sender that cannot be given a key of ours proves each request by a keyed hash over its body.
//!
//! The proof needs the body, so the caller is only named until that was read; see [`BodyProof::Mac`].

use super::body_proof::{BodyProof, Mac};
use super::{Asked, Found, Method, Principal, Sent, refuse};
use crate::Refusal;
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use http::HeaderName;
use yett_model::Code;
use yett_model::snapshot::{Webhook, WebhookFormat};

const CHALLENGE: &str = "Webhook realm=\"yett\"";
/// Bytes of HMAC-SHA-256.
const TAG: usize = 32;
/// Most hashes in one header: a sender that renews its secret sends two.
const MOST: usize = 8;

/// The method `webhook`.
#[derive(Debug)]
pub(super) struct ByWebhook {
    pub(super) settings: Webhook,
}

/// What a header says: what is hashed before the body, and the hashes.
type Said = (Vec<u8>, Vec<Vec<u8>>);

impl ByWebhook {
    fn read(&self, value: &str, now_s: u64) -> Result<Said, Box<Refusal>> {
        let rest = value.trim().strip_prefix(self.settings.prefix.as_str());
        let rest = rest.ok_or_else(|| invalid("the hash does not begin as it should"))?;
        let tag = match self.settings.format {
            WebhookFormat::Hex => HEXLOWER_PERMISSIVE.decode(rest.as_bytes()).ok(),
            WebhookFormat::Base64 => BASE64.decode(rest.as_bytes()).ok(),
            WebhookFormat::Timestamped => return self.read_timestamped(rest, now_s),
        };
        match tag.filter(|tag| tag.len() == TAG) {
            Some(tag) => Ok((Vec::new(), vec![tag])),
            None => Err(invalid("the hash is no HMAC-SHA-256")),
        }
    }

    fn read_timestamped(&self, text: &str, now_s: u64) -> Result<Said, Box<Refusal>> {
        let (mut time, mut tags) = (None, Vec::new());
        for (name, value) in text.split(',').filter_map(|part| part.trim().split_once('=')) {
            match name {
                "t" if time.is_some() => return Err(invalid("the timestamp is there twice")),
                "t" => time = Some(value),
                "v1" => tags.extend(HEXLOWER_PERMISSIVE.decode(value.as_bytes()).ok().filter(|tag| tag.len() == TAG)),
                _ => {}
            }
        }
        let digits = time.filter(|time| (1..=12).contains(&time.len()) && time.bytes().all(|byte| byte.is_ascii_digit()));
        let time = digits.ok_or_else(|| invalid("there is no timestamp"))?;
        let apart = time.parse::<u64>().map_or(u64::MAX, |time| time.abs_diff(now_s));
        match () {
            () if apart > self.settings.tolerance_s => {
                Err(refuse(CHALLENGE, Code::CredentialExpired, "the timestamp is too far from now"))
            }
            () if !(1..=MOST).contains(&tags.len()) => Err(invalid("there is no hash, or there are too many")),
            () => Ok((format!("{time}.").into_bytes(), tags)),
        }
    }
}

impl Method for ByWebhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn sent(&self, asked: &Asked<'_>) -> Sent {
        if asked.headers.contains_key(&self.settings.header) { Sent::Elsewhere } else { Sent::Nothing }
    }

    fn look(&self, asked: &Asked<'_>) -> Result<Found, Box<Refusal>> {
        let mut values = asked.headers.get_all(&self.settings.header).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(Refusal::open(Code::CredentialAmbiguous, format!("there is more than one {}", self.settings.header)));
        };
        let value = value.to_str().map_err(|_| invalid("the hash is not visible ASCII"))?;
        let (before, sent) = self.read(value, asked.now.unix_ms / 1000)?;
        let Some((app, keys)) = asked.proofs.webhook(&self.settings.app).filter(|(_, keys)| !keys.is_empty()) else {
            return Err(Refusal::new(Code::IdentityUnavailable, format!("the secrets of {} are not here", self.settings.app)));
        };
        let principal = Principal { method: "webhook", ..Principal::of(app.clone()) };
        Ok(Found::Bound(principal, BodyProof::Mac(Mac { app: app.name.clone(), keys: keys.to_vec(), before, sent })))
    }

    fn challenge(&self) -> &'static str {
        CHALLENGE
    }

    fn hint(&self) -> Option<String> {
        Some(format!("Send a keyed hash of the body in the header {}.", self.settings.header))
    }

    fn takes(&self, name: &HeaderName) -> bool {
        !self.settings.keep && name.as_str() == self.settings.header
    }
}

fn invalid(reason: &str) -> Box<Refusal> {
    refuse(CHALLENGE, Code::CredentialInvalid, reason)
}

#[cfg(test)]
mod tests;
