//! A stage for the tests of methods: requests, what the plan knows, and the time.

use super::body_proof::BodyProof;
use super::credentials::Credentials;
use super::jwt::key_sets::KeySets;
use super::key::Pepper;
use super::proofs::Proofs;
use super::replays::Replays;
use super::revoked::Revoked;
use super::secrets::Secrets;
use super::{AppPlan, Asked, Found, Method};
use crate::access::Profiles;
use crate::exchange::{Caller, Now};
use http::request::Parts;
use serde_json::Value;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use yett_model::snapshot::App;
use yett_model::{Code, Diagnostic};

pub(super) struct Stage {
    pub(super) proofs: Proofs,
    pub(super) caller: Caller,
    pub(super) now_s: u64,
    pub(super) told_host: Option<&'static str>,
    replays: Replays,
    profiles: Profiles,
    key_sets: KeySets,
    revoked: Revoked,
    credentials: Credentials,
    pepper: Pepper,
}

/// An app of the plan.
pub(super) fn app(name: &str) -> Arc<AppPlan> {
    let (team, held, limits) = ("team".into(), [].into(), vec![]);
    Arc::new(AppPlan {
        name: name.into(),
        team,
        agent: false,
        plan: None,
        rules: Default::default(),
        subject: 1,
        held,
        limits,
        grants: Arc::default(),
    })
}

/// Apps with their proofs; mistakes of either.
pub(super) fn proofs(apps: &Value, secrets: &[(&str, &str)]) -> (Proofs, Vec<Diagnostic>) {
    let (mut proofs, mut found) = (Proofs::default(), Vec::new());
    for (index, spelled) in apps.as_array().unwrap().iter().enumerate() {
        let spelled: App = serde_json::from_value(spelled.clone()).unwrap();
        proofs.add(&spelled, &app(&spelled.name), &format!("/apps/{index}"), &mut found);
    }
    let named: HashMap<String, String> = secrets.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
    found.extend(proofs.bind(&Secrets::new(named)));
    (proofs, found)
}

impl Stage {
    pub(super) fn new(apps: &Value, secrets: &[(&str, &str)]) -> Self {
        let (proofs, found) = proofs(apps, secrets);
        assert!(found.is_empty(), "{found:?}");
        Self {
            proofs,
            caller: Caller::new(IpAddr::from([192, 0, 2, 1]), false),
            now_s: 1_618_884_473,
            told_host: None,
            replays: Replays::default(),
            profiles: Profiles::default(),
            key_sets: KeySets::default(),
            revoked: Revoked::default(),
            credentials: Credentials::default(),
            pepper: Pepper::new(&[9; 32]).unwrap(),
        }
    }

    pub(super) fn asked<'a>(&'a self, parts: &'a Parts) -> Asked<'a> {
        Asked {
            method: &parts.method,
            host: "example.com",
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or(""),
            uri: &parts.uri,
            is_http2: false,
            told_host: self.told_host,
            headers: &parts.headers,
            caller: &self.caller,
            now: Now { unix_ms: self.now_s * 1000, mono_us: 0 },
            proofs: &self.proofs,
            replays: &self.replays,
            profiles: &self.profiles,
            key_sets: &self.key_sets,
            revoked: &self.revoked,
            credentials: &self.credentials,
            pepper: &self.pepper,
        }
    }

    /// Whom a method finds with a body, or why nobody.
    pub(super) fn tell(&self, method: &dyn Method, parts: &Parts, body: &[u8]) -> Result<String, (Code, String)> {
        let refused = |refusal: Box<crate::Refusal>| (refusal.code, refusal.reason.clone());
        match method.look(&self.asked(parts)).map_err(refused)? {
            Found::Caller(principal) => Ok(principal.app.name.to_string()),
            Found::Bound(principal, proof) => {
                let check = |proof: &BodyProof| proof.check(body).map_err(refused);
                check(&proof).map(|()| principal.app.name.to_string())
            }
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn code(&self, method: &dyn Method, parts: &Parts, body: &[u8]) -> Option<Code> {
        self.tell(method, parts, body).err().map(|(code, _)| code)
    }
}

/// A request for `example.com`.
pub(super) fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
    let request = http::Request::builder().method(method).uri(target).header("host", "example.com");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(()).unwrap().into_parts().0
}
