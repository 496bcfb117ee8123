//! Attacks on credentials, against a whole exchange.

use crate::engine::Engine;
use crate::exchange::{BodyNeed, Caller, Exchange, Now};
use crate::fixture::{self, KEY, bytes, changed, engine, head, snapshot};
use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};
use std::net::IpAddr;
use yett_model::{Code, FindingKind};

/// Well-formed, and nobody's: it shares its public prefix with the real key.
const WRONG: &str = "yett_test_0000000000000000000000000000000000000001_2SiFRf";

fn now(second: u64) -> Now {
    Now { unix_ms: fixture::NOW.unix_ms + second * 1000, mono_us: second * 1_000_000 }
}

fn exchange(engine: &Engine, from: &str, second: u64) -> Exchange {
    let caller = Caller::new(from.parse::<IpAddr>().unwrap(), true);
    Exchange::new(engine.plan().unwrap(), engine.counters().clone(), caller, now(second), 1)
}

fn send(engine: &Engine, from: &str, second: u64, key: &str) -> (Option<Code>, Option<String>) {
    let mut exchange = exchange(engine, from, second);
    let answer = exchange.judge_head(&head("GET", "/shop/books", &[("x-api-key", key)])).err();
    let wait = answer.and_then(|answer| Some(answer.headers().get("retry-after")?.to_str().ok()?.to_owned()));
    (exchange.code(), wait)
}

fn code(engine: &Engine, from: &str, second: u64, key: &str) -> Option<Code> {
    send(engine, from, second, key).0
}

fn wrong_key() -> String {
    // The checksum of the fixture's neighbour, found by trying: a guess that is only turned down by its hash.
    let body = WRONG.rsplit_once('_').unwrap().0;
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = !body.bytes().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    });
    let mut checksum = [b'0'; 6];
    for digit in checksum.iter_mut().rev() {
        *digit = digits[rest as usize % 62];
        rest /= 62;
    }
    format!("{body}_{}", std::str::from_utf8(&checksum).unwrap())
}

fn patch(engine: &Engine, sequence: u64, change: Value) {
    engine.patch(&bytes(&json!({"sequence": sequence, "changes": [change]}))).unwrap();
}

fn report(engine: &Engine, from: &str, method: &str, body: &str) -> Response<Bytes> {
    let mut exchange = exchange(engine, from, 0);
    let parts = head(method, "/leaks", &[]);
    match exchange.judge_head(&parts) {
        Ok(need) => {
            assert_eq!(need, BodyNeed::Collect);
            *exchange.judge_body(&parts, Some(Bytes::from(body.to_owned()))).unwrap_err()
        }
        Err(refused) => *refused,
    }
}

fn with_leaks() -> Engine {
    engine(&changed("/leaks", json!({"path": "/leaks", "per_source": 10, "window_ms": 60_000})))
}

#[test]
fn a_guesser_is_slowed_and_a_right_guess_is_not_told_from_a_wrong_one() {
    let engine = engine(&snapshot());
    for _ in 0..21 {
        assert_eq!(code(&engine, "192.0.2.1", 0, &wrong_key()), Some(Code::CredentialInvalid));
    }
    assert_eq!(send(&engine, "192.0.2.1", 0, &wrong_key()), (Some(Code::TooManyFailures), Some("1".into())));
    assert_eq!(
        send(&engine, "192.0.2.1", 0, KEY),
        (Some(Code::TooManyFailures), Some("1".into())),
        "a valid key is no way around"
    );
    assert_eq!(code(&engine, "192.0.2.2", 0, KEY), None);
    assert_eq!(code(&engine, "192.0.2.1", 1, &wrong_key()), Some(Code::CredentialInvalid));
    assert_eq!(send(&engine, "192.0.2.1", 1, KEY), (Some(Code::TooManyFailures), Some("2".into())), "delays double");
    assert_eq!(code(&engine, "192.0.2.1", 3, KEY), None);
}

#[test]
fn a_delayed_source_may_still_ask_for_what_is_public() {
    let engine = engine(&snapshot());
    (0..22).for_each(|_| _ = code(&engine, "192.0.2.1", 0, "guess"));
    let mut public = exchange(&engine, "192.0.2.1", 0);
    assert!(public.judge_head(&head("GET", "/shop/health", &[])).is_ok());
    let mut with_key = exchange(&engine, "192.0.2.1", 0);
    assert!(with_key.judge_head(&head("GET", "/shop/health", &[("x-api-key", KEY)])).is_err());
}

#[test]
fn in_monitor_a_delay_is_recorded_and_the_request_goes_on() {
    let engine = engine(&changed("/failures", json!({"mode": "monitor", "per_source": 1})));
    (0..5).for_each(|_| assert_eq!(code(&engine, "192.0.2.1", 0, "guess"), Some(Code::CredentialInvalid)));
    let mut exchange = exchange(&engine, "192.0.2.1", 0);
    assert!(exchange.judge_head(&head("GET", "/shop/books", &[("x-api-key", KEY)])).is_ok());
    assert_eq!(exchange.would_deny().collect::<Vec<_>>(), ["failures"]);
}

#[test]
fn where_it_is_off_nobody_is_delayed() {
    let engine = engine(&changed("/failures", json!({"mode": "off", "per_source": 1, "per_credential": 1})));
    (0..50).for_each(|_| assert_eq!(code(&engine, "192.0.2.1", 0, &wrong_key()), Some(Code::CredentialInvalid)));
    assert!(engine.watch().findings.take(9).is_empty());
}

#[test]
fn a_key_attacked_from_everywhere_still_serves_its_owner() {
    let engine = engine(&snapshot());
    assert_eq!(code(&engine, "198.51.100.7", 0, KEY), None);
    let attacks: Vec<_> = (0..60).map(|n| code(&engine, &format!("10.0.{n}.1"), 0, &wrong_key())).collect();
    assert_eq!((attacks[0], attacks[59]), (Some(Code::CredentialInvalid), Some(Code::TooManyFailures)));
    assert_eq!(code(&engine, "10.9.9.9", 0, KEY), Some(Code::TooManyFailures), "a right guess looks like a wrong one");
    assert_eq!(code(&engine, "198.51.100.8", 0, KEY), None);
    let found = engine.watch().findings.take(9);
    assert!(found.iter().any(|found| found.kind == FindingKind::CredentialAttacked && found.subject == "k1"), "{found:?}");
}

#[test]
fn a_key_from_many_networks_is_found_and_goes_on() {
    let engine = engine(&changed("/networks", json!({"most": 5})));
    (0..5).for_each(|n| assert_eq!(code(&engine, &format!("10.0.{n}.1"), 0, KEY), None));
    assert!(engine.watch().findings.take(9).is_empty());
    (0..40).for_each(|n| assert_eq!(code(&engine, &format!("10.0.{n}.1"), 0, KEY), None));
    let [found] = &*engine.watch().findings.take(9) else { panic!() };
    assert_eq!((found.kind, &*found.subject), (FindingKind::KeyFromManyNetworks, "k1"));
}

#[test]
fn a_blocked_key_is_refused_whatever_snapshot_comes_until_it_is_released() {
    let engine = engine(&snapshot());
    patch(&engine, 5, json!({"change": "block-credential", "id": "k1", "because": "revoked"}));
    assert_eq!(code(&engine, "192.0.2.1", 0, KEY), Some(Code::CredentialInvalid));
    engine.apply(&bytes(&changed("/sequence", json!(5)))).unwrap();
    assert_eq!(code(&engine, "192.0.2.1", 0, KEY), Some(Code::CredentialInvalid));
    assert_eq!(engine.watch().findings.take(9)[0].kind, FindingKind::BlockedCredentialUsed);
    patch(&engine, 6, json!({"change": "release-credential", "id": "k1"}));
    assert_eq!(code(&engine, "192.0.2.1", 0, KEY), None);
}

#[test]
fn a_leaked_key_is_blocked_and_its_answer_is_that_to_any_other() {
    let engine = with_leaks();
    let answers = [KEY.to_owned(), wrong_key(), "nothing".to_owned()].map(|body| report(&engine, "203.0.113.1", "POST", &body));
    for answer in &answers {
        assert_eq!(
            (answer.status(), answer.headers(), answer.body()),
            (answers[0].status(), answers[0].headers(), answers[0].body())
        );
    }
    assert_eq!((answers[0].status().as_u16(), answers[0].body().len()), (202, 0));
    assert_eq!(code(&engine, "192.0.2.1", 0, KEY), None, "nothing is looked up while the report is answered");
    engine.settle_leaks(now(0));
    assert_eq!(code(&engine, "192.0.2.1", 0, KEY), Some(Code::CredentialInvalid));
    let found = engine.watch().findings.take(9);
    assert!(found.iter().any(|found| found.kind == FindingKind::LeakedKey && found.subject == "k1"));
    assert!(!format!("{found:?}").contains(KEY));
}

#[test]
fn reports_are_posts_of_a_known_form_and_not_too_many() {
    let engine = with_leaks();
    assert_eq!(report(&engine, "203.0.113.1", "GET", "").status().as_u16(), 405);
    assert_eq!(report(&engine, "203.0.113.1", "POST", "{").status().as_u16(), 400);
    let statuses: Vec<u16> = (0..12).map(|_| report(&engine, "203.0.113.9", "POST", "x").status().as_u16()).collect();
    assert_eq!((statuses[9], statuses[11]), (202, 429));
    assert_eq!(report(&engine, "203.0.113.2", "POST", "x").status().as_u16(), 202);
}

#[test]
fn the_place_for_leaked_keys_must_be_nobody_elses() {
    for (path, code) in [("leaks", "leaks-path-invalid"), ("/shop/books", "leaks-path-taken")] {
        let snapshot = changed("/leaks", json!({"path": path, "per_source": 1, "window_ms": 1}));
        let mistakes = Engine::new(fixture::pepper()).apply(&bytes(&snapshot)).unwrap_err();
        assert_eq!(mistakes[0].code, code, "{mistakes:?}");
    }
}

#[test]
fn keys_of_a_file_outlive_snapshots_and_are_refused_without_their_app() {
    let without = changed("/credentials", json!([]));
    let engine = engine(&without);
    let hash: String = fixture::pepper().hash(KEY).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut loader = engine.key_loader();
    for line in [
        json!({"yett_keys": 1, "pepper_id": fixture::pepper().id()}),
        json!({"id": "f1", "app": "reader-app", "prefix": "yett_test_00000000", "hash": hash}),
        json!({"id": "f2", "app": "nobody", "prefix": "yett_test_00000001", "hash": hash}),
    ] {
        loader.line(line.to_string().as_bytes()).unwrap();
    }
    let loaded = engine.load_keys(loader).unwrap();
    assert_eq!((loaded.keys, loaded.strangers), (2, 1));
    assert_eq!(code(&engine, "192.0.2.1", 0, KEY), None);
    assert_eq!(engine.used_keys(0, 9).len(), 1);
    engine.apply(&bytes(&without)).unwrap();
    assert_eq!(code(&engine, "192.0.2.1", 0, KEY), None);
    let mut gone = without.clone();
    gone["apps"] = json!([]);
    engine.apply(&bytes(&gone)).unwrap();
    assert_eq!(code(&engine, "192.0.2.1", 0, KEY), Some(Code::CredentialInvalid));
    engine.apply(&bytes(&without)).unwrap();
    patch(&engine, 5, json!({"change": "drop-credential", "id": "f1"}));
    assert_eq!(code(&engine, "192.0.2.1", 0, KEY), Some(Code::CredentialInvalid));
}
