//! What a token must say (RFC 7519 section 4.1, RFC 8725 section 3).

use super::algorithm;
use super::compact::Compact;
use super::fault::{Fault, FaultKind, quoted};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use yett_model::snapshot::Algorithm;

/// The last second of the year 9999. A later time is one in another unit.
const LAST_SECOND: f64 = 253_402_300_799.0;
/// Media types of tokens, without `application/`, where none is asked for.
const USUAL_TYPES: [&str; 2] = ["jwt", "at+jwt"];

/// What a verifier expects of a token.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectations {
    /// The `iss` it must have.
    pub issuer: String,
    /// It must be for one of these: one of its `aud`. None at all accepts no token.
    pub audiences: Vec<String>,
    /// Algorithms accepted; empty means every one for public keys. HMAC only where it stands here.
    #[serde(default)]
    pub algorithms: Vec<Algorithm>,
    /// The `typ` it must have, one of these, without `application/` and in any case; empty means `JWT`, `at+jwt` or none,
    /// so that a token made for another purpose is not taken for one that gives access (RFC 8725 section 3.11).
    #[serde(default)]
    pub types: Vec<String>,
    /// Seconds that the clocks may differ by.
    #[serde(default)]
    pub leeway_s: u64,
    /// Longest time from `iat`, or from now where there is none, to `exp`, in seconds.
    #[serde(default)]
    pub max_lifetime_s: Option<u64>,
    /// Claims it must have: of this value, or a list that contains it; `null` accepts any value.
    #[serde(default)]
    pub required: BTreeMap<String, Value>,
}

impl Expectations {
    fn accepts(&self, algorithm: Algorithm) -> bool {
        match self.algorithms.is_empty() {
            true => !algorithm::is_symmetric(algorithm),
            false => self.algorithms.contains(&algorithm),
        }
    }

    /// Whether a token could be accepted if its signature were right, which nobody knows yet.
    pub(crate) fn precheck(&self, token: &Compact<'_>, claims: &Map<String, Value>, now_s: u64) -> Result<(), Fault> {
        self.check_algorithm(token.header.algorithm)?;
        self.check_type(token.header.typ.as_deref())?;
        self.check(claims, now_s)
    }

    pub(super) fn check_algorithm(&self, algorithm: Algorithm) -> Result<(), Fault> {
        match self.accepts(algorithm) {
            true => Ok(()),
            false => Err(Fault::new(FaultKind::Algorithm, format!("{algorithm:?} is not accepted from this issuer"))),
        }
    }

    pub(super) fn check_type(&self, typ: Option<&str>) -> Result<(), Fault> {
        let typ = typ.map(str::to_ascii_lowercase);
        let typ = typ.as_deref().map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
        let accepted = match typ {
            None => self.types.is_empty(),
            Some(typ) if self.types.is_empty() => USUAL_TYPES.contains(&typ),
            Some(typ) => self.types.iter().any(|wanted| bare(wanted).eq_ignore_ascii_case(typ)),
        };
        match accepted {
            true => Ok(()),
            false => Err(Fault::new(FaultKind::Type, format!("the type {} is not accepted", quoted(typ.unwrap_or(""))))),
        }
    }

    pub(crate) fn check(&self, claims: &Map<String, Value>, now_s: u64) -> Result<(), Fault> {
        self.check_parties(claims)?;
        self.check_times(claims, now_s)?;
        for (name, wanted) in &self.required {
            let fits = match claims.get(name) {
                None => false,
                Some(_) if wanted.is_null() => true,
                Some(Value::Array(values)) => values.contains(wanted) || claims.get(name) == Some(wanted),
                Some(value) => value == wanted,
            };
            if !fits {
                return Err(Fault::new(FaultKind::Claim, format!("the claim `{name}` is missing, or another than required")));
            }
        }
        Ok(())
    }

    fn check_parties(&self, claims: &Map<String, Value>) -> Result<(), Fault> {
        match text(claims, "iss")? {
            Some(issuer) if issuer == self.issuer => {}
            other => {
                let issuer = quoted(other.unwrap_or(""));
                return Err(Fault::new(FaultKind::Issuer, format!("it is from {issuer}, not from '{}'", self.issuer)));
            }
        }
        let audiences = list(claims, "aud")?;
        match audiences.iter().any(|audience| self.audiences.iter().any(|wanted| wanted == audience)) {
            true => Ok(()),
            false => {
                let audiences: Vec<String> = audiences.iter().take(4).map(|audience| quoted(audience)).collect();
                Err(Fault::new(FaultKind::Audience, format!("it is for {}, not for us", audiences.join(", "))))
            }
        }
    }

    fn check_times(&self, claims: &Map<String, Value>, now_s: u64) -> Result<(), Fault> {
        let expires = seconds(claims, "exp")?.ok_or_else(|| Fault::new(FaultKind::Claim, "it has no `exp`"))?;
        let (from, made) = (seconds(claims, "nbf")?, seconds(claims, "iat")?);
        if now_s >= expires.saturating_add(self.leeway_s) {
            return Err(Fault::new(FaultKind::Expired, format!("it has expired {} seconds ago", now_s.saturating_sub(expires))));
        }
        let latest = now_s.saturating_add(self.leeway_s);
        if let Some(begins) = [from, made].into_iter().flatten().max().filter(|begins| *begins > latest) {
            return Err(Fault::new(FaultKind::NotYet, format!("it begins in {} seconds", begins.saturating_sub(now_s))));
        }
        let lifetime = expires.saturating_sub(made.unwrap_or(now_s));
        match self.max_lifetime_s.filter(|longest| lifetime > *longest) {
            Some(longest) => Err(Fault::new(FaultKind::Lifetime, format!("it lives for {lifetime} s, more than {longest}"))),
            None => Ok(()),
        }
    }
}

fn bare(typ: &str) -> &str {
    const APPLICATION: &str = "application/";
    match typ.get(..APPLICATION.len()) {
        Some(start) if start.eq_ignore_ascii_case(APPLICATION) => typ.get(APPLICATION.len()..).unwrap_or(""),
        _ => typ,
    }
}

/// A claim that is a text.
pub(crate) fn text<'c>(claims: &'c Map<String, Value>, name: &str) -> Result<Option<&'c str>, Fault> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Fault::malformed(format!("the claim `{name}` is not a text"))),
    }
}

/// A claim that is a text or a list of them.
pub(crate) fn list<'c>(claims: &'c Map<String, Value>, name: &str) -> Result<Vec<&'c str>, Fault> {
    let malformed = || Fault::malformed(format!("the claim `{name}` is not a text or a list of texts"));
    match claims.get(name) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text]),
        Some(Value::Array(all)) => all.iter().map(|one| one.as_str().ok_or_else(malformed)).collect(),
        Some(_) => Err(malformed()),
    }
}

/// A claim that is a time, in whole Unix seconds (RFC 7519 section 2, `NumericDate`).
pub(crate) fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<u64>, Fault> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    match value.as_f64().filter(|seconds| (0.0..=LAST_SECOND).contains(seconds)) {
        Some(seconds) => Ok(Some(seconds as u64)),
        None => Err(Fault::malformed(format!("the claim `{name}` is not a time in Unix seconds"))),
    }
}
