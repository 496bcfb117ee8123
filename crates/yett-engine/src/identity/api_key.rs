//! API keys: `yett_<env>_<random>_<checksum>`, looked up by their public prefix and proven by a keyed hash.

use super::credentials::Use;
use super::{Asked, Found, Method, Principal, Sent, bearer_tokens, key, refuse};
use crate::Refusal;
use http::HeaderName;
use http::header::AUTHORIZATION;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use yett_model::Code;
use yett_model::snapshot::ApiKey;

const CHALLENGE: &str = "Bearer realm=\"yett\"";
const INVALID: &str = "Bearer realm=\"yett\", error=\"invalid_token\"";

/// The method `api-key`.
#[derive(Debug)]
pub(super) struct ByApiKey {
    pub(super) places: ApiKey,
    /// Whether no other method reads bearer tokens: then every one of them is meant to be a key.
    pub(super) alone: bool,
}

impl ByApiKey {
    fn is_key(&self, token: &str) -> bool {
        self.alone || token.starts_with(key::START)
    }

    fn sent_keys<'a>(&'a self, asked: &Asked<'a>) -> Result<Vec<Cow<'a, str>>, Box<Refusal>> {
        let malformed = || refuse(INVALID, Code::CredentialInvalid, "the credential is not visible ASCII");
        let mut sent = Vec::new();
        if let Some(name) = &self.places.header {
            for value in asked.headers.get_all(name) {
                sent.push(Cow::Borrowed(value.to_str().map_err(|_| malformed())?.trim()));
            }
        }
        if self.places.bearer {
            for token in bearer_tokens(asked.headers) {
                let token = token.ok_or_else(malformed)?;
                sent.extend(self.is_key(token).then_some(Cow::Borrowed(token)));
            }
        }
        if let Some(name) = &self.places.query {
            sent.extend(query_values(asked.query, name));
        }
        Ok(sent)
    }
}

impl Method for ByApiKey {
    fn name(&self) -> &'static str {
        "api-key"
    }

    fn sent(&self, asked: &Asked<'_>) -> Sent {
        let in_header = self.places.header.as_ref().is_some_and(|name| asked.headers.contains_key(name));
        let in_query = || self.places.query.as_ref().is_some_and(|name| query_values(asked.query, name).next().is_some());
        if in_header || in_query() {
            return Sent::Elsewhere;
        }
        let is_key = |token: Option<&str>| token.is_none_or(|token| self.is_key(token));
        match self.places.bearer && bearer_tokens(asked.headers).any(is_key) {
            true => Sent::Authorization,
            false => Sent::Nothing,
        }
    }

    /// Exactly one key is looked at; two are refused rather than ranked.
    fn look(&self, asked: &Asked<'_>) -> Result<Found, Box<Refusal>> {
        let mut sent = self.sent_keys(asked)?;
        let Some(key) = sent.pop() else { return Ok(Found::Nothing) };
        match sent.is_empty() {
            true => check(&key, asked).map(Found::Caller),
            false => Err(Refusal::open(Code::CredentialAmbiguous, "the request carries more than one credential")),
        }
    }

    fn challenge(&self) -> &'static str {
        CHALLENGE
    }

    fn hint(&self) -> Option<String> {
        match &self.places {
            ApiKey { header: Some(header), .. } => Some(format!("Send an API key in the header {header}.")),
            ApiKey { bearer: true, .. } => Some("Send an API key as Authorization: Bearer.".to_owned()),
            ApiKey { query: Some(query), .. } => Some(format!("Send an API key in the query parameter {query}.")),
            _ => None,
        }
    }

    fn takes(&self, name: &HeaderName) -> bool {
        (self.places.bearer && name == AUTHORIZATION) || self.places.header.as_deref() == Some(name.as_str())
    }

    fn query(&self) -> Option<&str> {
        self.places.query.as_deref()
    }
}

fn check(key: &str, asked: &Asked<'_>) -> Result<Principal, Box<Refusal>> {
    let Some(prefix) = key::prefix(key) else {
        return Err(refuse(INVALID, Code::CredentialInvalid, "the key is malformed or its checksum is wrong"));
    };
    let seen = Use::new(asked.now.unix_ms, asked.caller.address);
    match asked.credentials.find_used(prefix, |hash| asked.pepper.verify(key, hash), seen) {
        None => {
            let refusal = refuse(INVALID, Code::CredentialInvalid, "no credential has this key");
            Err(refusal.of_credential(asked.credentials.named(prefix)))
        }
        Some((found, _)) if found.expires_at.is_some_and(|at| at <= asked.now.unix_ms / 1000) => {
            Err(refuse(INVALID, Code::CredentialExpired, format!("credential {} has expired", found.id)))
        }
        Some((found, marked)) => {
            if let Some(networks) = marked.networks {
                let credentials = asked.credentials;
                credentials.watch.widened(&found.id, (networks, credentials.networks.most), asked.caller.address, asked.now);
            }
            Ok(Principal { credential: Some(found.id), grants: found.grants, method: "api-key", ..Principal::of(found.app) })
        }
    }
}

fn query_values<'a>(query: &'a str, name: &'a str) -> impl Iterator<Item = Cow<'a, str>> {
    let named = move |pair: &&str| percent_decode_str(super::pair_name(pair)).decode_utf8_lossy() == name;
    query.split('&').filter(named).map(|pair| {
        let value = pair.split_once('=').map_or("", |(_, value)| value);
        percent_decode_str(value).decode_utf8_lossy()
    })
}

#[cfg(test)]
mod tests;
