use super::*;
use crate::jose::jwk::thumbprint;

fn reason(keys: Value) -> String {
    KeySet::public(json!({ "keys": keys }).to_string().as_bytes()).unwrap_err()
}

fn changed(mut key: Value, name: &str, value: Value) -> Value {
    key[name] = value;
    key
}

#[test]
fn a_set_that_gives_away_a_secret_is_refused_whole() {
    let good = Private::ec().jwk("good");
    let secret = json!({"kty": "oct", "kid": "s", "alg": "HS256", "k": signing::encoded([7; 32])});
    assert!(reason(json!([good, changed(Private::ec().jwk("p"), "d", json!("AAAA"))])).contains("private"));
    assert!(reason(json!([good, secret])).contains("secret"));
    assert!(reason(json!([secret])).contains("secret"));
    let mixed = json!({"keys": [good, secret]}).to_string();
    assert!(KeySet::with_secrets(mixed.as_bytes()).is_err());
    assert_eq!(KeySet::with_secrets(json!({"keys": [secret]}).to_string().as_bytes()).unwrap().len(), 1);
}

#[test]
fn two_keys_of_one_name_are_refused() {
    assert!(reason(json!([Private::ec().jwk("a"), Private::ed().jwk("a")])).contains("two keys"));
}

#[test]
fn keys_for_something_else_are_left_out() {
    let good = Private::ec().jwk("good");
    for odd in [
        changed(Private::ec().jwk("a"), "use", json!("enc")),
        changed(Private::ec().jwk("a"), "key_ops", json!(["encrypt"])),
        changed(Private::ec().jwk("a"), "key_ops", json!("verify")),
        changed(Private::ec().jwk("a"), "kty", json!("AKP")),
        changed(Private::ec().jwk("a"), "kty", json!("OKP")),
        changed(Private::ec().jwk("a"), "crv", json!("secp256k1")),
        changed(Private::ec().jwk("a"), "crv", json!("P-384")),
        changed(Private::ec().jwk("a"), "alg", json!("ECDH-ES")),
        changed(Private::ec().jwk("a"), "alg", json!("none")),
        changed(Private::ec().jwk("a"), "alg", json!(5)),
        changed(Private::ec().jwk("a"), "y", json!(signing::encoded([1; 32]))),
        changed(Private::ec().jwk("a"), "x", json!(signing::encoded([1; 31]))),
        changed(Private::ec().jwk("a"), "kid", json!(5)),
        changed(Private::rsa().jwk("a"), "e", json!("AQ")),
        changed(Private::rsa().jwk("a"), "e", json!("Ag")),
        changed(Private::rsa().jwk("a"), "e", json!(signing::encoded([1; 9]))),
        changed(Private::rsa().jwk("a"), "n", json!(signing::encoded([0xff; 128]))),
        changed(Private::rsa().jwk("a"), "n", json!(signing::encoded([0xff; 2048]))),
        changed(Private::rsa().jwk("a"), "alg", json!("ES256")),
    ] {
        let set = json!({"keys": [good, odd]}).to_string();
        assert_eq!(KeySet::public(set.as_bytes()).map(|set| set.len()), Ok(1), "{odd}");
        assert!(reason(json!([odd])).starts_with("no key of the set can be used"), "{odd}");
    }
}

#[test]
fn a_set_that_is_none_is_refused() {
    let many: Vec<Value> = (0..101).map(|number| Private::ed().jwk(&number.to_string())).collect();
    let cases = [
        String::new(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"keys": {}}"#.to_owned(),
        r#"{"keys": []}"#.to_owned(),
        r#"{"keys": [1]}"#.to_owned(),
        r#"{"keys": [], "keys": []}"#.to_owned(),
        "<html>".to_owned(),
        format!("{{\"keys\": {}{}}}", "[".repeat(20), "]".repeat(20)),
        json!({ "keys": many }).to_string(),
        format!("{{\"keys\": [], \"x\": \"{}\"}}", "x".repeat(300_000)),
    ];
    for set in cases {
        assert!(KeySet::public(set.as_bytes()).is_err(), "{:.60}", set);
    }
}

#[test]
fn secrets_are_long_and_are_no_public_keys() {
    let set = |alg: &str, secret: &[u8]| {
        json!({"keys": [{"kty": "oct", "alg": alg, "k": signing::encoded(secret)}]}).to_string().into_bytes()
    };
    for (alg, secret) in [
        ("HS256", &[][..]),
        ("HS256", &[1; 31]),
        ("HS384", &[1; 47]),
        ("HS512", &[1; 63]),
        ("A256GCM", &[1; 32]),
        ("HS256", b"-----BEGIN PUBLIC KEY-----\nMFkw......"),
        ("HS256", br#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN"}"#),
    ] {
        assert!(KeySet::with_secrets(&set(alg, secret)).is_err(), "{alg} {secret:?}");
    }
    let keys = KeySet::with_secrets(&set("HS256", &[1; 32])).unwrap();
    let token = Private::Secret(vec![1; 32]).token("k", &claims());
    let hmac = Expectations { algorithms: vec![Algorithm::Hs256], ..expected() };
    assert!(verify_jwt(&token, &keys, &hmac, NOW_S).is_ok());
    assert_eq!(verify_jwt(&token, &keys, &expected(), NOW_S).unwrap_err().kind, FaultKind::Algorithm);
}

#[test]
fn a_key_without_an_algorithm_is_for_the_usual_one_unless_others_are_listed() {
    let rsa = Private::rsa();
    let set = json!({"keys": [changed(rsa.bare(), "kid", json!("k"))]}).to_string();
    let keys = KeySet::public(set.as_bytes()).unwrap();
    assert!(verify_jwt(&rsa.token("k", &claims()), &keys, &expected(), NOW_S).is_ok());
    let odd = rsa.raw(r#"{"alg":"RS512","kid":"k"}"#, &claims().to_string());
    assert_eq!(verify_jwt(&odd, &keys, &expected(), NOW_S).unwrap_err().kind, FaultKind::Algorithm);
    let listed = Expectations { algorithms: vec![Algorithm::Rs512], ..expected() };
    // Accepted as an algorithm; the signature in this token is another's.
    assert_eq!(verify_jwt(&odd, &keys, &listed, NOW_S).unwrap_err().kind, FaultKind::Signature);
}

#[test]
fn tokens_and_keys_without_a_name_find_each_other() {
    let (first, second) = (Private::ed(), Private::ed());
    let set = json!({"keys": [first.bare(), second.bare()]}).to_string();
    let keys = KeySet::public(set.as_bytes()).unwrap();
    let nameless = second.raw(r#"{"alg":"EdDSA"}"#, &claims().to_string());
    assert!(verify_jwt(&nameless, &keys, &expected(), NOW_S).is_ok());
    assert!(verify_jwt(&second.token("any", &claims()), &keys, &expected(), NOW_S).is_ok());
    let named = KeySet::public(&second.set("k")).unwrap();
    assert!(verify_jwt(&nameless, &named, &expected(), NOW_S).is_ok());
}

#[test]
fn the_thumbprint_is_that_of_the_rfc() {
    let key = json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    });
    assert_eq!(thumbprint(key.as_object().unwrap()).as_deref(), Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
}
