use super::*;
use crate::access::Grants;
use crate::access::Profiles;
use crate::exchange::{Caller, Now};
use crate::identity::AppPlan;
use crate::identity::credentials::Credentials;
use crate::identity::jwt::key_sets::KeySets;
use crate::identity::key::Pepper;
use crate::identity::proofs::Proofs;
use crate::identity::replays::Replays;
use crate::identity::revoked::Revoked;
use http::HeaderMap;
use std::net::{IpAddr, Ipv4Addr};

const NOW: Now = Now { unix_ms: 1, mono_us: 0 };

/// Proves the app that its field names; a name that ends in `?` has to be asked about first.
#[derive(Debug)]
struct ByName {
    field: &'static str,
    place: Sent,
    grants: &'static [u32],
}

impl Method for ByName {
    fn name(&self) -> &'static str {
        self.field
    }

    fn sent(&self, asked: &Asked<'_>) -> Sent {
        if asked.headers.contains_key(self.field) { self.place } else { Sent::Nothing }
    }

    fn look(&self, asked: &Asked<'_>) -> Result<Found, Box<Refusal>> {
        match asked.headers[self.field].to_str().unwrap() {
            "wrong" => Err(refuse(self.challenge(), Code::CredentialInvalid, "it is wrong")),
            name if name.ends_with('?') => Ok(Found::Asks(Question::KeySet { issuer: name.into(), kid: None })),
            name => Ok(Found::Caller(principal(name, self.grants))),
        }
    }

    fn answered(&self, asked: &Asked<'_>, answer: Answer) -> Result<Found, Box<Refusal>> {
        let name = asked.headers[self.field].to_str().unwrap().trim_end_matches('?');
        match answer {
            Answer::KeySet => Ok(Found::Caller(principal(name, self.grants))),
            _ => Err(Refusal::new(Code::IdentityUnavailable, "nobody knows")),
        }
    }

    fn challenge(&self) -> &'static str {
        "Name"
    }

    fn hint(&self) -> Option<String> {
        Some(format!("Send {}.", self.field))
    }

    fn takes(&self, name: &HeaderName) -> bool {
        name == self.field
    }
}

fn principal(name: &str, operations: &[u32]) -> Principal {
    let grants = Arc::new(Grants::always(operations));
    let principal = Principal::of(Arc::new(AppPlan {
        name: name.into(),
        team: "team".into(),
        subject: 1,
        agent: false,
        plan: None,
        rules: Default::default(),
        held: [].into(),
        limits: vec![],
        grants,
    }));
    Principal { credential: Some(format!("{name}-key").into()), ..principal }
}

fn chain(combine: Combine, place: Sent) -> Chain {
    let first: Arc<dyn Method> = Arc::new(ByName { field: "first", place, grants: &[1, 2] });
    let second: Arc<dyn Method> = Arc::new(ByName { field: "second", place, grants: &[2, 3] });
    Chain { methods: vec![first, second], combine, anonymous: None }
}

/// What the chain says of a request with these fields, every question answered by `answer`.
fn told(chain: &Chain, sent: &[(&'static str, &str)], answer: &Answer) -> Result<Option<Principal>, Code> {
    let mut headers = HeaderMap::new();
    for (name, value) in sent {
        headers.append(*name, value.parse().unwrap());
    }
    let (pepper, credentials) = (Pepper::new(&[9; 32]).unwrap(), Credentials::default());
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
        query: "",
        headers: &headers,
        caller: &caller,
        now: NOW,
        credentials: &credentials,
        pepper: &pepper,
        uri: &http::Uri::default(),
        is_http2: false,
        proofs: &Proofs::default(),
    };
    let mut progress = Progress::default();
    let mut next = None;
    while chain.go_on(&asked, &mut progress, next.take()).map_err(|refusal| refusal.code)?.is_some() {
        next = Some(answer.clone());
    }
    chain.conclude(&asked, progress).map_err(|refusal| refusal.code)
}

fn name(chain: &Chain, sent: &[(&'static str, &str)]) -> Result<Option<String>, Code> {
    told(chain, sent, &Answer::KeySet).map(|found| found.map(|principal| principal.app.name.to_string()))
}

#[test]
fn any_one_of_the_methods_is_enough() {
    for combine in [Combine::One, Combine::First, Combine::Agree] {
        let chain = chain(combine, Sent::Elsewhere);
        assert_eq!(name(&chain, &[("first", "a")]), Ok(Some("a".into())));
        assert_eq!(name(&chain, &[("second", "b")]), Ok(Some("b".into())));
        assert_eq!(name(&chain, &[]), Ok(None));
    }
}

#[test]
fn two_credentials_are_refused_before_either_is_looked_at() {
    let chain = chain(Combine::One, Sent::Elsewhere);
    assert_eq!(name(&chain, &[("first", "wrong"), ("second", "b")]), Err(Code::CredentialAmbiguous));
    assert_eq!(name(&chain, &[("first", "a"), ("second", "a")]), Err(Code::CredentialAmbiguous));
}

#[test]
fn the_first_method_in_order_decides_where_that_is_asked_for() {
    let chain = chain(Combine::First, Sent::Elsewhere);
    assert_eq!(name(&chain, &[("first", "a"), ("second", "wrong")]), Ok(Some("a".into())));
    assert_eq!(name(&chain, &[("first", "wrong"), ("second", "b")]), Err(Code::CredentialInvalid));
}

#[test]
fn credentials_that_must_agree_allow_what_each_of_them_allows() {
    let chain = chain(Combine::Agree, Sent::Elsewhere);
    let found = told(&chain, &[("first", "a"), ("second", "a")], &Answer::KeySet).unwrap().unwrap();
    let allowed: Vec<u32> = (0..8).filter(|&operation| found.grants.allows(operation, NOW)).collect();
    assert_eq!(allowed, [2]);
    assert_eq!(name(&chain, &[("first", "a"), ("second", "b")]), Err(Code::CredentialDisagree));
    assert_eq!(name(&chain, &[("first", "a"), ("second", "wrong")]), Err(Code::CredentialInvalid));
}

#[test]
fn none_may_be_missing_where_all_are_needed() {
    let chain = chain(Combine::All, Sent::Elsewhere);
    assert_eq!(name(&chain, &[("first", "a"), ("second", "a")]), Ok(Some("a".into())));
    assert_eq!(name(&chain, &[("first", "a")]), Err(Code::CredentialMissing));
    assert_eq!(name(&chain, &[("second", "a")]), Err(Code::CredentialMissing));
    assert_eq!(name(&chain, &[]), Ok(None));
}

#[test]
fn the_field_with_room_for_one_belongs_to_the_first_that_knows_it() {
    let chain = chain(Combine::One, Sent::Authorization);
    assert_eq!(name(&chain, &[("first", "a"), ("second", "wrong")]), Ok(Some("a".into())));
}

#[test]
fn the_field_with_room_for_one_comes_once() {
    #[derive(Debug)]
    struct ByAuthorization;
    impl Method for ByAuthorization {
        fn name(&self) -> &'static str {
            "authorization"
        }
        fn sent(&self, asked: &Asked<'_>) -> Sent {
            if asked.headers.contains_key(AUTHORIZATION) { Sent::Authorization } else { Sent::Nothing }
        }
        fn look(&self, _: &Asked<'_>) -> Result<Found, Box<Refusal>> {
            Ok(Found::Caller(principal("a", &[])))
        }
        fn challenge(&self) -> &'static str {
            "Name"
        }
        fn hint(&self) -> Option<String> {
            None
        }
        fn takes(&self, name: &HeaderName) -> bool {
            name == AUTHORIZATION
        }
    }
    for combine in [Combine::One, Combine::First, Combine::Agree, Combine::All] {
        let chain = Chain { methods: vec![Arc::new(ByAuthorization)], combine, anonymous: None };
        assert_eq!(name(&chain, &[("authorization", "Bearer a")]), Ok(Some("a".into())));
        let two = [("authorization", "Basic wrong"), ("authorization", "Bearer a")];
        assert_eq!(name(&chain, &two), Err(Code::CredentialAmbiguous), "{combine:?}");
    }
}

#[test]
fn every_credential_of_a_caller_is_remembered() {
    let chain = chain(Combine::All, Sent::Elsewhere);
    let found = told(&chain, &[("first", "a"), ("second", "a")], &Answer::KeySet).unwrap().unwrap();
    assert_eq!(found.credentials().collect::<Vec<_>>(), ["a-key", "a-key"]);
}

#[test]
fn a_question_is_answered_by_the_method_that_asked_it() {
    let chain = chain(Combine::Agree, Sent::Elsewhere);
    assert_eq!(name(&chain, &[("first", "a?"), ("second", "a?")]), Ok(Some("a".into())));
    let silent = told(&chain, &[("first", "a?")], &Answer::Unavailable("down".into()));
    assert_eq!(silent.map(|_| ()), Err(Code::IdentityUnavailable));
}
