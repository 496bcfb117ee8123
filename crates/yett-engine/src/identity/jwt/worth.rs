//! What a proven token is worth: which app, user, actors and profiles.

use super::confirmation::Confirmation;
use super::issuers::{AppChoice, IssuerPlan};
use super::verified::Verified;
use super::{INVALID, refused};
use crate::Refusal;
use crate::access::Profiles;
use crate::identity::credentials::Marks;
use crate::identity::{AppPlan, Asked, Claims, Person, Principal, refuse};
use crate::jose::{Fault, FaultKind, list, seconds, text};
use serde_json::{Map, Value};
use std::sync::Arc;
use yett_model::Code;

/// Longest chain of actors.
const MOST_ACTORS: usize = 8;
const LONGEST_ID: usize = 256;

pub(super) fn verified(
    asked: &Asked<'_>,
    issuer: &IssuerPlan,
    number: usize,
    generation: u64,
    claims: Map<String, Value>,
) -> Result<Verified, Box<Refusal>> {
    let confirmation = Confirmation::read(&claims).map_err(refused)?;
    if let Some(lack) = confirmation.lacks(issuer.bound) {
        return Err(refuse(INVALID, Code::CredentialInvalid, lack));
    }
    let jti: Option<Box<str>> = text(&claims, "jti").map_err(refused)?.map(Into::into);
    let time = |name: &str| seconds(&claims, name).map_err(refused);
    let begins = time("nbf")?.max(time("iat")?).unwrap_or(0);
    let until_s = time("exp")?.unwrap_or(0).saturating_add(issuer.expected.leeway_s);
    let principal = principal(asked.profiles, issuer, jti.as_deref(), claims)?;
    let from_s = begins.saturating_sub(issuer.expected.leeway_s);
    Ok(Verified { principal, issuer: number, generation, until_s, from_s, jti, confirmation, marks: Marks::default() })
}

/// Who calls with a token of these claims, by what a plan's profiles give.
pub(super) fn principal(
    profiles: &Profiles,
    issuer: &IssuerPlan,
    jti: Option<&str>,
    claims: Map<String, Value>,
) -> Result<Principal, Box<Refusal>> {
    let app = app(issuer, &claims)?;
    let user = match &issuer.user_from {
        None => None,
        Some(claim) => text(&claims, claim).map_err(refused)?.filter(|user| !user.is_empty()).map(short).transpose()?,
    };
    let person = user.as_ref().map(|subject| person(issuer, subject, &claims)).transpose()?;
    let mut principal = Principal { method: "jwt", user, person, actors: actors(&claims)?, ..Principal::of(app) };
    if let Some(choice) = &issuer.profiles {
        let values = list(&claims, &choice.claim).map_err(refused)?;
        let held = IssuerPlan::held(choice, values.iter().flat_map(|value| value.split(' ')));
        let app = &principal.app;
        principal.grants = match issuer.trusted_to_grant {
            true => profiles.grants(&held, &app.held),
            false => {
                // When the app has a profile for a time only, so has the token.
                let both = app.held.iter().filter(|own| held.iter().any(|carried| carried.profile == own.profile));
                profiles.grants(&both.copied().collect::<Vec<_>>(), &app.held)
            }
        };
    }
    principal.credential = Some(match jti {
        Some(jti) => format!("{}:{}", issuer.name, shown(jti)).into(),
        None => issuer.name.clone(),
    });
    principal.claims = Some(Arc::new(Claims { issuer: issuer.name.clone(), all: claims }));
    Ok(principal)
}

/// Whose user it is: the issuer's own, or that of one whose word it passes on.
fn person(issuer: &IssuerPlan, subject: &Arc<str>, claims: &Map<String, Value>) -> Result<Arc<Person>, Box<Refusal>> {
    let own = |issuer: &Arc<str>| Arc::new(Person { issuer: issuer.clone(), subject: subject.clone() });
    let Some(others) = &issuer.users_of else { return Ok(own(&issuer.issuer)) };
    match text(claims, &others.claim).map_err(refused)? {
        None => Ok(own(&issuer.issuer)),
        Some(named) => others.issuers.get(named).map(own).ok_or_else(|| {
            let detail = "the user is one of an issuer that is not known".to_owned();
            refused(Fault { kind: FaultKind::Claim, detail })
        }),
    }
}

fn app(issuer: &IssuerPlan, claims: &Map<String, Value>) -> Result<Arc<AppPlan>, Box<Refusal>> {
    match &issuer.app {
        AppChoice::Always(app) => Ok(app.clone()),
        AppChoice::From(claim, apps) => {
            let value = text(claims, claim).map_err(refused)?;
            value.and_then(|value| apps.get(value)).cloned().ok_or_else(|| {
                let detail = format!("the claim `{claim}` names no app of ours");
                refused(Fault { kind: FaultKind::Claim, detail })
            })
        }
    }
}

/// Who acts for the user, the nearest first (RFC 8693 section 4.1).
fn actors(claims: &Map<String, Value>) -> Result<Vec<Arc<str>>, Box<Refusal>> {
    let mut actors = Vec::new();
    let mut link = claims.get("act");
    while let Some(act) = link {
        let malformed = || refused(Fault { kind: FaultKind::Malformed, detail: "the chain of `act` is malformed".to_owned() });
        let members = act.as_object().filter(|_| actors.len() < MOST_ACTORS).ok_or_else(malformed)?;
        let actor = members.get("sub").and_then(Value::as_str).ok_or_else(malformed)?;
        actors.push(short(actor)?);
        link = members.get("act");
    }
    Ok(actors)
}

fn short(name: &str) -> Result<Arc<str>, Box<Refusal>> {
    match name.len() <= LONGEST_ID && !name.chars().any(char::is_control) {
        true => Ok(name.into()),
        false => Err(refused(Fault {
            kind: FaultKind::Malformed,
            detail: "the name of somebody is too long or unprintable".to_owned(),
        })),
    }
}

/// A `jti` as it stands in a log.
fn shown(jti: &str) -> String {
    jti.chars().filter(|character| character.is_ascii_graphic()).take(64).collect()
}
