use super::*;
use crate::access::Profiles;
use crate::exchange::{Caller, Now};
use crate::identity::AppPlan;
use crate::identity::chain::{Progress, build};
use crate::identity::credentials::{Credentials, Stored};
use crate::identity::jwt::key_sets::KeySets;
use crate::identity::key::Pepper;
use crate::identity::proofs::Proofs;
use crate::identity::replays::Replays;
use crate::identity::revoked::Revoked;
use http::HeaderMap;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use yett_model::snapshot::Identify;

fn app(name: &str) -> Arc<AppPlan> {
    Arc::new(AppPlan {
        name: name.into(),
        team: "team".into(),
        subject: 1,
        agent: false,
        plan: None,
        rules: Default::default(),
        held: [].into(),
        limits: vec![],
        grants: Arc::default(),
    })
}

fn places() -> ApiKey {
    ApiKey { header: Some("x-api-key".into()), bearer: true, query: Some("key".into()) }
}

const KEY: &str = "yett_test_0000000000000000000000000000000000000000_2SiFRe";

struct House {
    pepper: Pepper,
    credentials: Credentials,
}

fn house(expires_at: Option<u64>) -> House {
    let pepper = Pepper::new(&[9; 32]).unwrap();
    let credentials = Credentials::default();
    let hash = pepper.hash(KEY);
    let stored = Stored { id: "k1".into(), hash, expires_at, app: app("reader"), grants: Arc::default() };
    credentials.put("yett_test_00000000", stored);
    House { pepper, credentials }
}

fn ask(house: &House, headers: &[(&'static str, &str)], query: &str) -> Result<Option<String>, Code> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    let caller = Caller::new(IpAddr::V4(Ipv4Addr::LOCALHOST), false);
    let asked = Asked {
        profiles: &Profiles::default(),
        key_sets: &KeySets::default(),
        revoked: &Revoked::default(),
        replays: &Replays::default(),
        told_host: None,
        method: &http::Method::GET,
        host: "a",
        path: "/",
        query,
        headers: &map,
        caller: &caller,
        now: Now { unix_ms: 1_000_000, mono_us: 0 },
        credentials: &house.credentials,
        pepper: &house.pepper,
        uri: &http::Uri::default(),
        is_http2: false,
        proofs: &Proofs::default(),
    };
    let mut progress = Progress::default();
    let identify = Identify { api_key: Some(places()), ..Identify::default() };
    let chain = build(&identify, None, &HashMap::new());
    chain.go_on(&asked, &mut progress, None).map_err(|refusal| refusal.code)?;
    let found = chain.conclude(&asked, progress).map_err(|refusal| refusal.code)?;
    Ok(found.map(|principal| principal.app.name.to_string()))
}

#[test]
fn the_fixture_key_is_well_formed() {
    assert_eq!(key::prefix(KEY), Some("yett_test_00000000"));
}

#[test]
fn a_known_key_is_accepted_in_each_place() {
    let house = house(None);
    for (headers, query) in [
        (vec![("x-api-key", KEY)], String::new()),
        (vec![("authorization", &*format!("bearer {KEY}"))], String::new()),
        (vec![], format!("a=1&key={KEY}")),
    ] {
        assert_eq!(ask(&house, &headers, &query), Ok(Some("reader".into())));
    }
}

#[test]
fn no_key_is_not_a_wrong_key() {
    assert_eq!(ask(&house(None), &[("authorization", "Basic YTpi")], ""), Ok(None));
}

#[test]
fn a_wrong_key_is_refused() {
    let house = house(None);
    assert_eq!(ask(&house, &[("x-api-key", "guess")], ""), Err(Code::CredentialInvalid));
    assert_eq!(ask(&house, &[("x-api-key", "")], ""), Err(Code::CredentialInvalid));
}

#[test]
fn two_keys_are_refused_even_if_equal() {
    let bearer = format!("Bearer {KEY}");
    assert_eq!(ask(&house(None), &[("x-api-key", KEY), ("authorization", &bearer)], ""), Err(Code::CredentialAmbiguous));
    assert_eq!(ask(&house(None), &[("x-api-key", KEY), ("x-api-key", KEY)], ""), Err(Code::CredentialAmbiguous));
}

#[test]
fn a_key_expires_at_its_second() {
    assert_eq!(ask(&house(Some(1000)), &[("x-api-key", KEY)], ""), Err(Code::CredentialExpired));
    assert_eq!(ask(&house(Some(1001)), &[("x-api-key", KEY)], ""), Ok(Some("reader".into())));
}

#[test]
fn a_dropped_key_is_refused_at_once() {
    let house = house(None);
    assert!(house.credentials.drop("k1"));
    assert_eq!(ask(&house, &[("x-api-key", KEY)], ""), Err(Code::CredentialInvalid));
    assert!(!house.credentials.drop("k1"));
}

#[test]
fn keys_that_share_a_prefix_are_told_apart() {
    let house = house(None);
    let other = Stored { id: "k2".into(), hash: [0; 32], expires_at: None, app: app("other"), grants: Arc::default() };
    house.credentials.put("yett_test_00000000", other);
    assert_eq!(ask(&house, &[("x-api-key", KEY)], ""), Ok(Some("reader".into())));
    assert_eq!(house.credentials.len(), 2);
}

#[test]
fn a_key_that_is_replaced_is_accepted_throughout() {
    let house = house(None);
    std::thread::scope(|scope| {
        let replacing = scope.spawn(|| {
            for _ in 0..2000 {
                let hash = house.pepper.hash(KEY);
                house.credentials.put(
                    "yett_test_00000000",
                    Stored { id: "k1".into(), hash, expires_at: None, app: app("reader"), grants: Arc::default() },
                );
            }
        });
        while !replacing.is_finished() {
            assert_eq!(ask(&house, &[("x-api-key", KEY)], ""), Ok(Some("reader".into())));
        }
    });
}

#[test]
fn a_credential_that_moves_to_another_prefix_leaves_the_old_one() {
    let house = house(None);
    let moved = Stored { id: "k1".into(), hash: [0; 32], expires_at: None, app: app("reader"), grants: Arc::default() };
    house.credentials.put("yett_test_11111111", moved);
    assert_eq!(ask(&house, &[("x-api-key", KEY)], ""), Err(Code::CredentialInvalid));
    assert_eq!(house.credentials.len(), 1);
}
