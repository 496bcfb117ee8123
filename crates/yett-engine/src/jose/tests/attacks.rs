use super::*;
use proptest::prelude::*;

fn header(members: Value) -> String {
    let mut header = json!({"alg": "ES256", "kid": "k"});
    header.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    header.to_string()
}

#[test]
fn a_good_token_of_each_algorithm_is_accepted() {
    for key in [&Private::ec(), &Private::ed(), Private::rsa()] {
        assert_eq!(judge(&key.token("k", &claims()), &key.set("k"), &expected()), Ok(()));
    }
}

#[test]
fn a_token_without_a_signature_is_refused() {
    let key = Private::ec();
    let payload = signing::encoded(claims().to_string());
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = signing::encoded(json!({"alg": alg, "kid": "k"}).to_string());
        let token = format!("{header}.{payload}.");
        assert_eq!(judge(&token, &key.set("k"), &expected()), Err(FaultKind::Algorithm), "{alg}");
    }
    let header = signing::encoded(header(json!({})));
    assert_eq!(judge(&format!("{header}.{payload}."), &key.set("k"), &expected()), Err(FaultKind::Signature));
    assert_eq!(judge(&format!("{header}.{payload}"), &key.set("k"), &expected()), Err(FaultKind::Malformed));
}

#[test]
fn a_public_key_is_never_taken_for_a_secret() {
    let rsa = Private::rsa();
    let set = rsa.set("k");
    let modulus = rsa.bare()["n"].as_str().unwrap().as_bytes().to_vec();
    for secret in [modulus, set.clone(), b"-----BEGIN PUBLIC KEY-----".to_vec()] {
        let forged = Private::Secret(secret).token("k", &claims());
        assert_eq!(judge(&forged, &set, &expected()), Err(FaultKind::Algorithm));
        let mut lax = expected();
        lax.algorithms = vec![Algorithm::Rs256, Algorithm::Hs256];
        assert_eq!(judge(&forged, &set, &lax), Err(FaultKind::Algorithm));
    }
}

#[test]
fn the_algorithm_is_the_keys_and_not_the_headers() {
    let key = Private::ec();
    for alg in ["ES384", "ES512", "EdDSA", "RS256", "PS256", "HS256"] {
        let token = key.raw(&header(json!({"alg": alg})), &claims().to_string());
        assert_eq!(judge(&token, &key.set("k"), &expected()), Err(FaultKind::Algorithm), "{alg}");
    }
    let rsa = Private::rsa();
    for alg in ["RS384", "PS256"] {
        let token = rsa.raw(&header(json!({"alg": alg})), &claims().to_string());
        assert_eq!(judge(&token, &rsa.set("k"), &expected()), Err(FaultKind::Algorithm), "{alg}");
    }
}

#[test]
fn an_algorithm_that_the_issuer_is_not_given_is_refused() {
    let key = Private::ec();
    let only_ed = Expectations { algorithms: vec![Algorithm::EdDsa], ..expected() };
    assert_eq!(judge(&key.token("k", &claims()), &key.set("k"), &only_ed), Err(FaultKind::Algorithm));
}

#[test]
fn a_key_that_the_token_brings_or_points_to_is_not_used() {
    let (key, attacker) = (Private::ec(), Private::ec());
    let own = attacker.jwk("k");
    for bait in [
        json!({"jwk": own}),
        json!({"jku": "https://evil.example/jwks.json"}),
        json!({"x5u": "https://evil.example/cert.pem"}),
        json!({"x5c": ["MIIB"]}),
    ] {
        let forged = attacker.raw(&header(bait.clone()), &claims().to_string());
        assert_eq!(judge(&forged, &key.set("k"), &expected()), Err(FaultKind::Signature), "{bait}");
        let genuine = key.raw(&header(bait.clone()), &claims().to_string());
        assert_eq!(judge(&genuine, &key.set("k"), &expected()), Ok(()), "{bait}");
    }
}

#[test]
fn the_name_of_a_key_is_only_a_name() {
    let key = Private::ec();
    for kid in ["../../../../dev/null", "k' OR '1'='1", "k\u{0}", "K", "|/usr/bin/true", "\r\nk"] {
        assert_eq!(judge(&key.token(kid, &claims()), &key.set("k"), &expected()), Err(FaultKind::KeyUnknown), "{kid}");
    }
    let long = key.token(&"k".repeat(300), &claims());
    assert_eq!(judge(&long, &key.set("k"), &expected()), Err(FaultKind::Malformed));
    let number = key.raw(&header(json!({"kid": 7})), &claims().to_string());
    assert_eq!(judge(&number, &key.set("k"), &expected()), Err(FaultKind::Malformed));
}

#[test]
fn what_a_log_shows_of_a_token_stays_on_its_line() {
    let key = Private::ec();
    let token = key.token("\r\n2026 INFO all is well \u{202e}", &claims());
    let fault = verify_jwt(&token, &KeySet::public(&key.set("k")).unwrap(), &expected(), NOW_S).unwrap_err();
    assert!(fault.detail.is_ascii() && !fault.detail.contains(['\r', '\n']), "{}", fault.detail);
}

#[test]
fn a_member_that_stands_twice_is_refused() {
    let key = Private::ec();
    let good = claims().to_string();
    for (header, payload) in [
        (r#"{"alg":"ES256","kid":"k","alg":"none"}"#.to_owned(), good.clone()),
        (r#"{"alg":"ES256","kid":"k","kid":"other"}"#.to_owned(), good.clone()),
        (header(json!({})), good.replace("\"sub\":\"u1\"", "\"sub\":\"u1\",\"sub\":\"root\"")),
        (header(json!({})), good.replace("\"sub\":\"u1\"", "\"sub\":\"u1\",\"s\\u0075b\":\"root\"")),
        (header(json!({})), good.replace("\"sub\":\"u1\"", "\"sub\":\"u1\",\"act\":{\"sub\":\"a\",\"sub\":\"b\"}")),
        (header(json!({})), good.replace("\"sub\":\"u1\"", "\"sub\":\"u1\",\"Sub\":\"root\"")),
    ] {
        assert_eq!(
            judge(&key.raw(&header, &payload), &key.set("k"), &expected()),
            Err(FaultKind::Malformed),
            "{header} {payload}"
        );
    }
}

#[test]
fn an_extension_of_the_signature_is_refused() {
    let key = Private::ec();
    for extension in [
        json!({"crit": ["exp"]}),
        json!({"crit": []}),
        json!({"crit": ["b64"], "b64": true}),
        json!({"b64": false}),
        json!({"b64": "false"}),
    ] {
        let token = key.raw(&header(extension.clone()), &claims().to_string());
        assert_eq!(judge(&token, &key.set("k"), &expected()), Err(FaultKind::Malformed), "{extension}");
    }
}

#[test]
fn the_json_forms_of_a_signature_are_refused() {
    let key = Private::ec();
    let token = key.token("k", &claims());
    let parts: Vec<&str> = token.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    for form in [
        json!({"protected": header, "payload": payload, "signature": signature}),
        json!({"payload": payload, "signatures": []}),
        json!({"payload": payload, "signatures": [{"protected": header, "signature": signature}]}),
    ] {
        assert_eq!(judge(&form.to_string(), &key.set("k"), &expected()), Err(FaultKind::Malformed), "{form}");
    }
}

#[test]
fn an_encrypted_or_nested_token_is_refused() {
    let key = Private::ec();
    let token = key.token("k", &claims());
    assert_eq!(judge(&format!("{token}.a.b"), &key.set("k"), &expected()), Err(FaultKind::Malformed));
    let nested = key.raw(&header(json!({"cty": "JWT"})), &token);
    assert_eq!(judge(&nested, &key.set("k"), &expected()), Err(FaultKind::Malformed));
}

#[test]
fn a_huge_token_is_refused_before_it_is_read() {
    let key = Private::ec();
    let mut large = claims();
    large["fill"] = json!("x".repeat(20_000));
    assert_eq!(judge(&key.token("k", &large), &key.set("k"), &expected()), Err(FaultKind::Malformed));
    let deep = format!("{{\"iss\":{}1{}}}", "[".repeat(40), "]".repeat(40));
    assert_eq!(judge(&key.raw(&header(json!({})), &deep), &key.set("k"), &expected()), Err(FaultKind::Malformed));
}

#[test]
fn a_changed_character_anywhere_is_refused() {
    let key = Private::ec();
    let token = key.token("k", &claims());
    for index in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(judge(&changed, &key.set("k"), &expected()).is_err(), "{index}");
    }
    for odd in [format!(" {token}"), format!("{token} "), format!("{token}="), token.replace('.', ".."), format!("{token}\n")] {
        assert!(judge(&odd, &key.set("k"), &expected()).is_err(), "{odd:?}");
    }
}

proptest! {
    #[test]
    fn whatever_is_sent_is_judged_without_harm(token in "[-A-Za-z0-9_.=?{}\" ]{0,300}") {
        let keys = KeySet::default();
        prop_assert!(verify_jwt(&token, &keys, &expected(), NOW_S).is_err());
        let _ = unverified_issuer(&token);
    }
}
