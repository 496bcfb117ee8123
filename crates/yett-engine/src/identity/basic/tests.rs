use super::*;
use crate::identity::staged::{Stage, request};
use http::request::Parts;
use serde_json::json;

const HASH: &str = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OTAxMjM0NQ";

fn stage() -> Stage {
    let apps = json!([{"name": "crm", "team": "t", "passwords": [{"user": "jürgen", "hash": "h"}]}]);
    Stage::new(&apps, &[("h", HASH)])
}

fn sent(value: &str) -> Parts {
    request("GET", "/", &[("authorization", value)])
}

fn basic(pair: &str) -> Parts {
    sent(&format!("Basic {}", BASE64.encode(pair.as_bytes())))
}

fn asked_about(parts: &Parts) -> (String, String) {
    match ByPassword.look(&stage().asked(parts)).unwrap() {
        Found::Asks(Question::Password { hash, password }) => (hash.0.to_string(), password.0.to_string()),
        other => panic!("{other:?}"),
    }
}

fn answered(parts: &Parts, answer: Answer) -> Result<Found, Code> {
    ByPassword.answered(&stage().asked(parts), answer).map_err(|refusal| refusal.code)
}

#[test]
fn the_first_colon_ends_the_user_name_and_utf_8_is_welcome() {
    assert_eq!(asked_about(&basic("jürgen:a:b ü")), (HASH.to_owned(), "a:b ü".to_owned()));
    assert_eq!(asked_about(&basic("jürgen:")).1, "");
    let lower = sent(&format!("bASIC  {}", BASE64.encode("jürgen:x".as_bytes())));
    assert_eq!(asked_about(&lower).1, "x");
}

#[test]
fn an_unknown_user_costs_as_much_and_is_refused_whatever_the_answer() {
    let (hash, _) = asked_about(&basic("nobody:x"));
    assert_ne!(hash, HASH);
    assert_eq!(phc::Phc::parse(&hash).unwrap().cost(), phc::Phc::parse(HASH).unwrap().cost());
    assert_eq!(answered(&basic("nobody:x"), Answer::Password(true)).unwrap_err(), Code::CredentialInvalid);
}

#[test]
fn the_answer_decides() {
    let parts = basic("jürgen:x");
    let found = answered(&parts, Answer::Password(true)).unwrap();
    assert!(
        matches!(found, Found::Caller(principal) if &*principal.app.name == "crm" && principal.credential.as_deref() == Some("jürgen"))
    );
    assert_eq!(answered(&parts, Answer::Password(false)).unwrap_err(), Code::CredentialInvalid);
    let full = ByPassword.answered(&stage().asked(&parts), Answer::Unavailable("full".into())).unwrap_err();
    assert!(full.code == Code::IdentityUnavailable && full.headers.iter().any(|(name, _)| name == RETRY_AFTER));
    assert_eq!(answered(&parts, Answer::KeySet).unwrap_err(), Code::IdentityUnavailable);
}

#[test]
fn a_wrong_password_counts_against_the_user_it_was_for_known_or_not() {
    for user in ["jürgen", "nobody"] {
        let parts = basic(&format!("{user}:x"));
        let refused = ByPassword.answered(&stage().asked(&parts), Answer::Password(false)).unwrap_err();
        assert_eq!(refused.claimed.as_deref(), Some(user));
    }
}

#[test]
fn what_cannot_be_read_is_refused() {
    let oversize = format!("jürgen:{}", "x".repeat(LONGEST));
    for parts in [
        sent("Basic"),
        sent("Basic !!!"),
        sent("Basic anVyZ2VuOng"),
        basic("no-colon"),
        basic("jürgen:\u{7}"),
        basic("jürgen\n:x"),
        basic(&oversize),
        sent(&format!("Basic {}", BASE64.encode(b"a:\xff"))),
    ] {
        let refused = ByPassword.look(&stage().asked(&parts)).map_err(|refusal| refusal.code);
        assert_eq!(refused.unwrap_err(), Code::CredentialInvalid, "{:?}", parts.headers);
    }
    let mut twice = basic("jürgen:x");
    twice.headers.append(AUTHORIZATION, twice.headers[AUTHORIZATION].clone());
    assert_eq!(ByPassword.look(&stage().asked(&twice)).unwrap_err().code, Code::CredentialAmbiguous);
}

#[test]
fn other_schemes_are_not_looked_at() {
    let stage = stage();
    for (value, expected) in [("Bearer x", Sent::Nothing), ("Basically x", Sent::Nothing), ("basic x", Sent::Authorization)] {
        assert_eq!(ByPassword.sent(&stage.asked(&sent(value))), expected, "{value}");
    }
}

#[test]
fn a_question_shows_neither_hash_nor_password() {
    let parts = basic("jürgen:hush");
    let shown = format!("{:?}", ByPassword.look(&stage().asked(&parts)).unwrap());
    assert!(!shown.contains("hush") && !shown.contains("argon2"), "{shown}");
}
