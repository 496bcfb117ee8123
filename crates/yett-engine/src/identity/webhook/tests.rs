use super::*;
use crate::exchange::{BodyNeed, Step};
use crate::fixture;
use crate::identity::question::Answer;
use crate::identity::secrets::Secrets;
use crate::identity::staged::{Stage, request};
use aws_lc_rs::hmac;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use serde_json::json;

const OLD: &str = "the secret of last year";
const NEW: &str = "the secret of this year";
const BODY: &[u8] = b"{\"action\":\"opened\"}";

fn method(format: WebhookFormat, prefix: &str) -> ByWebhook {
    let (app, header, prefix) = ("forge".to_owned(), "x-hub-signature-256".to_owned(), prefix.to_owned());
    ByWebhook { settings: Webhook { app, header, format, prefix, tolerance_s: 300, keep: false } }
}

fn stage() -> Stage {
    let apps = json!([{"name": "forge", "team": "t", "webhook_secrets": ["new", "old"]}]);
    Stage::new(&apps, &[("new", NEW), ("old", OLD)])
}

fn mac(secret: &str, text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), text).as_ref().to_vec()
}

fn post(value: &str) -> http::request::Parts {
    request("POST", "/", &[("x-hub-signature-256", value)])
}

#[test]
fn the_published_example_of_a_common_sender_is_accepted() {
    let apps = json!([{"name": "forge", "team": "t", "webhook_secrets": ["s"]}]);
    let stage = Stage::new(&apps, &[("s", "It's a Secret to Everybody")]);
    let sent = post("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
    assert_eq!(stage.tell(&method(WebhookFormat::Hex, "sha256="), &sent, b"Hello, World!").unwrap(), "forge");
}

#[test]
fn both_secrets_hold_while_they_are_rotated() {
    let method = method(WebhookFormat::Hex, "sha256=");
    for secret in [OLD, NEW] {
        let sent = post(&format!("sha256={}", HEXLOWER.encode(&mac(secret, BODY))));
        assert_eq!(stage().tell(&method, &sent, BODY).unwrap(), "forge");
        assert_eq!(stage().code(&method, &sent, b"{\"action\":\"closed\"}"), Some(Code::CredentialInvalid));
        assert_eq!(stage().code(&method, &sent, b""), Some(Code::CredentialInvalid));
    }
    let forged = post(&format!("sha256={}", HEXLOWER.encode(&mac("the secret of nobody", BODY))));
    assert_eq!(stage().code(&method, &forged, BODY), Some(Code::CredentialInvalid));
}

#[test]
fn the_caller_is_only_named_until_the_body_is_there() {
    let sent = post(&HEXLOWER.encode(&[0; 32]));
    let stage = stage();
    let found = method(WebhookFormat::Hex, "").look(&stage.asked(&sent)).unwrap();
    assert!(matches!(found, Found::Bound(_, proof) if proof.is_provisional()));
}

#[test]
fn base64_is_read_as_strictly_as_hex() {
    let method = method(WebhookFormat::Base64, "");
    assert_eq!(stage().tell(&method, &post(&BASE64.encode(&mac(NEW, BODY))), BODY).unwrap(), "forge");
    let short = BASE64.encode(&mac(NEW, BODY)[..31]);
    for wrong in ["", "x", short.as_str(), "sha256=AAAA"] {
        assert_eq!(stage().code(&method, &post(wrong), BODY), Some(Code::CredentialInvalid), "{wrong}");
    }
    let hex = super::tests::method(WebhookFormat::Hex, "sha256=");
    for wrong in ["", "sha256=", "sha1=00", "sha256=zz", &HEXLOWER.encode(&mac(NEW, BODY))] {
        assert_eq!(stage().code(&hex, &post(wrong), BODY), Some(Code::CredentialInvalid), "{wrong}");
    }
}

fn timestamped(time: u64) -> String {
    let text = [format!("{time}.").as_bytes(), BODY].concat();
    format!("t={time},v1={},v0=00", HEXLOWER.encode(&mac(NEW, &text)))
}

#[test]
fn a_timestamp_is_part_of_what_is_hashed_and_must_be_near() {
    let (method, stage) = (method(WebhookFormat::Timestamped, ""), stage());
    let now = stage.now_s;
    for near in [now - 300, now, now + 300] {
        assert_eq!(stage.tell(&method, &post(&timestamped(near)), BODY).unwrap(), "forge");
    }
    for far in [now - 301, now + 301, 0] {
        assert_eq!(stage.code(&method, &post(&timestamped(far)), BODY), Some(Code::CredentialExpired));
    }
    let moved = timestamped(now - 400).replace(&format!("t={}", now - 400), &format!("t={now}"));
    assert_eq!(stage.code(&method, &post(&moved), BODY), Some(Code::CredentialInvalid));
}

#[test]
fn any_of_several_hashes_is_enough_but_not_of_many() {
    let (method, stage) = (method(WebhookFormat::Timestamped, ""), stage());
    let wrong = format!("v1={}", HEXLOWER.encode(&[1; 32]));
    let good = timestamped(stage.now_s);
    assert_eq!(stage.tell(&method, &post(&format!("{wrong},{good}")), BODY).unwrap(), "forge");
    let many = format!("{good},{}", [wrong.as_str(); MOST].join(","));
    for refused in [many.as_str(), "v1=00", "", "t=x,v1=00", &format!("{good},t=1")] {
        assert_eq!(stage.code(&method, &post(refused), BODY), Some(Code::CredentialInvalid), "{refused}");
    }
}

#[test]
fn two_headers_are_refused() {
    let mut twice = post(&HEXLOWER.encode(&mac(NEW, BODY)));
    twice.headers.append("x-hub-signature-256", http::HeaderValue::from_static("00"));
    assert_eq!(stage().code(&method(WebhookFormat::Hex, ""), &twice, BODY), Some(Code::CredentialAmbiguous));
}

#[test]
fn the_header_stays_here_unless_it_is_wanted_upstream() {
    let mut method = method(WebhookFormat::Hex, "");
    let name = HeaderName::from_static("x-hub-signature-256");
    assert!(method.takes(&name));
    method.settings.keep = true;
    assert!(!method.takes(&name));
}

#[test]
fn nobody_outside_is_told_of_a_sender_that_is_not_proven() {
    let change = fixture::change;
    let snapshot = fixture::changed(
        "/apis/0/identify",
        json!({"webhook": {"app": "reader-app", "header": "x-hub-signature-256", "format": "hex", "tolerance_s": 300}}),
    );
    let snapshot = change(snapshot, "/apps/0/webhook_secrets", json!(["new"]));
    let snapshot = change(snapshot, "/apps/0/profiles", json!(["sender"]));
    let snapshot = change(snapshot, "/profiles", json!([{"name": "sender", "operations": ["shop:create"]}]));
    let judge = json!({"name": "judge", "remote": {"url": "https://judge.example"}, "headers": ["x-tenant"]});
    let snapshot = change(snapshot, "/callouts", json!([judge]));
    let snapshot = change(snapshot, "/apis/0/callouts", json!(["judge"]));
    let engine = crate::Engine::new(fixture::pepper());
    engine.renew_secrets(Secrets::new([("new".to_owned(), "0123456789abcdef".to_owned())].into()));
    engine.apply(&fixture::bytes(&snapshot)).unwrap();
    let body = Bytes::from_static(br#"{"title":"x"}"#);
    let hash = HEXLOWER.encode(&mac("0123456789abcdef", &body));
    for (sent, right) in [(hash, true), ("00".repeat(32), false)] {
        let fields = [("x-hub-signature-256", sent.as_str()), ("content-type", "application/json"), ("x_tenant", "forged")];
        let mut parts = fixture::head("POST", "/shop/books", &fields);
        let mut exchange = fixture::exchange(&engine, 1);
        let step = exchange.judge_head_unless(&parts, |_, _| None).unwrap();
        assert!(matches!(step, Step::Go(BodyNeed::Collect)), "{step:?}");
        assert_eq!(exchange.prove_body(&parts, Some(&body)).is_ok(), right);
        if right {
            assert!(exchange.tells_body());
            let asked = exchange.consult_with(&parts, Some(&body), None).unwrap().unwrap();
            assert!(!format!("{asked:?}").contains("title"), "it is not told the body");
            let said = Answer::Callout(json!({"allow": true, "headers": {"x-tenant": "a"}}));
            assert!(exchange.consult_with(&parts, Some(&body), Some(said)).unwrap().is_none());
            exchange.upstream_request(&mut parts).unwrap();
            assert_eq!(parts.headers["x-tenant"], "a");
        }
    }
}
