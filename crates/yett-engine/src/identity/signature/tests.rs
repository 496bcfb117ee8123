use super::*;
use crate::identity::staged::{Stage, request};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use data_encoding::BASE64;
use http::request::Parts;
use serde_json::{Value, json};

/// Published keys of RFC 9421 appendix B.1.
const RSA: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5WUtzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI2wIDAQAB";
const P256: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lfw0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==";
const ED25519: &str = "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
const SHARED: &str = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
const CREATED: u64 = 1_618_884_473;
const BODY: &[u8] = b"{\"hello\": \"world\"}";
const DIGEST: &str = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
/// Of the tests' own.
const SECRET: &str = "a secret of enough bytes";

/// Signatures of RFC 9421 appendix B.2: what is signed, and the signature.
const PUBLISHED: [(&str, &str); 5] = [
    (
        r#"();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd""#,
        "d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==",
    ),
    (
        r#"("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example""#,
        "LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==",
    ),
    (
        r#"("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss""#,
        "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==",
    ),
    (
        r#"("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#,
        "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
    ),
    (
        r#"("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#,
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
    ),
];

fn method() -> BySignature {
    BySignature { settings: MessageSignature { covers: None, max_age_s: 300, once: false } }
}

fn apps() -> Value {
    json!([
        {"name": "published", "team": "t", "signing_keys": [
            {"id": "test-key-rsa-pss", "algorithm": "rsa-pss-sha512", "public_key": RSA},
            {"id": "test-key-ecc-p256", "algorithm": "ecdsa-p256-sha256", "public_key": P256},
            {"id": "test-key-ed25519", "algorithm": "ed25519", "public_key": ED25519},
        ]},
        {"name": "erp", "team": "t", "signing_keys": [{"id": "erp", "algorithm": "hmac-sha256", "secret": "erp"}]},
    ])
}

fn stage() -> Stage {
    Stage::new(&apps(), &[("erp", SECRET)])
}

fn published(input: &str, signature: &str) -> Parts {
    let (input, signature) = (format!("sig={input}"), format!("sig=:{signature}:"));
    request(
        "POST",
        "/foo?param=Value&Pet=dog",
        &[
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("content-type", "application/json"),
            ("content-digest", DIGEST),
            ("content-length", "18"),
            ("signature-input", &input),
            ("signature", &signature),
        ],
    )
}

fn verifies(stage: &Stage, parts: &Parts) -> bool {
    let found = candidate(&stage.asked(parts)).unwrap();
    let base = base(&stage.asked(parts), &found.components, &found.parameters).unwrap();
    found.key.signer.as_ref().unwrap().verifies(base.as_bytes(), &found.signature)
}

/// A request that `erp` signed as `input` says.
fn signed(parts: Parts, input: &str) -> Parts {
    signed_by(parts, input, |base| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), base).as_ref().to_vec())
}

fn signed_by(mut parts: Parts, input: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> Parts {
    let stage = stage();
    let Some((_, Member::List(components, parameters))) = dictionary(&format!("s={input}")).unwrap().pop() else { panic!() };
    let base = base(&stage.asked(&parts), &components, &parameters).unwrap();
    let signature = format!("s=:{}:", BASE64.encode(&sign(base.as_bytes())));
    parts.headers.insert(SIGNATURE_INPUT, format!("s={input}").parse().unwrap());
    parts.headers.insert(SIGNATURE, signature.parse().unwrap());
    parts
}

const ENOUGH: &str = r#"("@method" "@target-uri")"#;

fn input(components: &str, more: &str) -> String {
    format!(r#"{components};created={CREATED};keyid="erp"{more}"#)
}

fn get(input: &str) -> Parts {
    signed(request("GET", "/foo?a=1", &[]), input)
}

#[test]
fn the_published_signatures_verify_and_no_other_does() {
    let mut apps = apps();
    apps[0]["signing_keys"]
        .as_array_mut()
        .unwrap()
        .push(json!({"id": "test-shared-secret", "algorithm": "hmac-sha256", "secret": "x"}));
    let mut stage = Stage::new(&apps, &[("erp", SECRET), ("x", SECRET)]);
    let shared = BASE64.decode(SHARED.as_bytes()).unwrap();
    stage.proofs.set_secret("test-shared-secret", &shared);
    for (input, signature) in PUBLISHED {
        assert!(verifies(&stage, &published(input, signature)), "{input}");
        let mut wrong = BASE64.decode(signature.as_bytes()).unwrap();
        wrong[7] ^= 1;
        assert!(!verifies(&stage, &published(input, &BASE64.encode(&wrong))), "{input}");
    }
}

#[test]
fn the_published_signature_that_covers_enough_is_accepted_with_its_body_only() {
    let (input, signature) = PUBLISHED[2];
    let (stage, parts) = (stage(), published(input, signature));
    assert_eq!(stage.tell(&method(), &parts, BODY).unwrap(), "published");
    assert_eq!(stage.code(&method(), &parts, b"{\"hello\": \"World\"}"), Some(Code::CredentialInvalid));
    assert_eq!(stage.code(&method(), &parts, b""), Some(Code::CredentialInvalid));
}

#[test]
fn the_published_signatures_that_cover_too_little_are_refused() {
    for (input, signature) in [PUBLISHED[0], PUBLISHED[1], PUBLISHED[4]] {
        let refused = stage().tell(&method(), &published(input, signature), BODY).unwrap_err();
        assert!(refused.0 == Code::CredentialInvalid && refused.1.contains("does not cover"), "{refused:?}");
    }
}

#[test]
fn a_signature_that_leaves_out_what_decides_is_refused() {
    for (components, missing) in [
        (r#"("@target-uri")"#, "@method"),
        (r#"("@method")"#, "@authority"),
        (r#"("@method" "@authority")"#, "@path"),
        (r#"("@method" "@path" "@query")"#, "@authority"),
        (r#"("@method" "@authority" "@path")"#, "@query"),
    ] {
        let (code, reason) = stage().tell(&method(), &get(&input(components, "")), b"").unwrap_err();
        assert_eq!((code, reason), (Code::CredentialInvalid, format!("the signature does not cover {missing}")));
    }
    for enough in [ENOUGH, r#"("@method" "@authority" "@path" "@query")"#, r#"("@method" "@authority" "@request-target")"#] {
        assert_eq!(stage().tell(&method(), &get(&input(enough, "")), b"").unwrap(), "erp");
    }
}

#[test]
fn what_an_api_wants_covered_must_be_covered() {
    let settings = MessageSignature { covers: Some(vec!["@method".into(), "x-tenant".into()]), max_age_s: 300, once: false };
    let method = BySignature { settings };
    let with = |components: &str| signed(request("GET", "/", &[("x-tenant", "a")]), &input(components, ""));
    assert_eq!(stage().tell(&method, &with(r#"("@method" "x-tenant")"#), b"").unwrap(), "erp");
    assert_eq!(stage().code(&method, &with(ENOUGH), b""), Some(Code::CredentialInvalid));
    let mut changed = with(r#"("@method" "x-tenant")"#);
    changed.headers.insert("x-tenant", HeaderValue::from_static("b"));
    assert_eq!(stage().code(&method, &changed, b""), Some(Code::CredentialInvalid));
    changed.headers.remove("x-tenant");
    assert_eq!(stage().code(&method, &changed, b""), Some(Code::CredentialInvalid));
}

#[test]
fn a_signature_of_another_request_is_refused() {
    let signed = get(&input(ENOUGH, ""));
    for (method_, target, host) in [
        ("POST", "/foo?a=1", "example.com"),
        ("GET", "/foo?a=2", "example.com"),
        ("GET", "/foo", "example.com"),
        ("GET", "/bar?a=1", "example.com"),
        ("GET", "/foo?a=1", "example.org"),
        ("GET", "/foo?a=1", "example.com:8080"),
    ] {
        let mut other = request(method_, target, &[]);
        other.headers = signed.headers.clone();
        other.headers.insert("host", host.parse().unwrap());
        assert_eq!(stage().code(&method(), &other, b""), Some(Code::CredentialInvalid), "{method_} {target} {host}");
    }
    let mut secure = stage();
    secure.caller.tls = true;
    assert_eq!(secure.code(&method(), &signed, b""), Some(Code::CredentialInvalid));
}

#[test]
fn a_body_must_be_covered_whether_the_head_tells_of_it_or_not() {
    let told = signed(request("POST", "/", &[("content-length", "18")]), &input(ENOUGH, ""));
    assert_eq!(stage().code(&method(), &told, BODY), Some(Code::CredentialInvalid));
    let untold = signed(request("POST", "/", &[]), &input(ENOUGH, ""));
    assert_eq!(stage().code(&method(), &untold, BODY), Some(Code::CredentialInvalid));
    assert_eq!(stage().tell(&method(), &untold, b"").unwrap(), "erp");
}

#[test]
fn a_digest_must_be_of_a_kind_that_is_known_and_right() {
    let with = |digest: &str| {
        signed(request("POST", "/", &[("content-digest", digest)]), &input(r#"("@method" "@target-uri" "content-digest")"#, ""))
    };
    let both = format!("{DIGEST}, md5=:Sd/dVLAcvNLSq16eXua5uQ==:, sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
    assert_eq!(stage().tell(&method(), &with(&both), BODY).unwrap(), "erp");
    for wrong in ["md5=:Sd/dVLAcvNLSq16eXua5uQ==:", "sha-256=x", "", "sha-256=:AAAA:", &both.replace("X48E", "X48F")] {
        assert_eq!(stage().code(&method(), &with(wrong), BODY), Some(Code::CredentialInvalid), "{wrong}");
    }
}

#[test]
fn a_signature_holds_for_its_time() {
    let mut stage = stage();
    for (now_s, more, expected) in [
        (CREATED + 300, "", None),
        (CREATED + 301, "", Some(Code::CredentialExpired)),
        (CREATED - 30, "", None),
        (CREATED - 31, "", Some(Code::CredentialInvalid)),
        (CREATED, ";expires=1618884473", None),
        (CREATED + 1, ";expires=1618884473", Some(Code::CredentialExpired)),
        (CREATED, ";expires=\"1\"", Some(Code::CredentialInvalid)),
    ] {
        stage.now_s = now_s;
        assert_eq!(stage.code(&method(), &get(&input(ENOUGH, more)), b""), expected, "{now_s} {more}");
    }
    stage.now_s = CREATED;
    for timeless in [r#"("@method" "@target-uri");keyid="erp""#, r#"("@method" "@target-uri");created="x";keyid="erp""#] {
        assert_eq!(stage.code(&method(), &get(timeless), b""), Some(Code::CredentialInvalid));
    }
    let extreme = format!(r#"{ENOUGH};created=-999999999999999;keyid="erp""#);
    assert_eq!(stage.code(&method(), &get(&extreme), b""), Some(Code::CredentialExpired));
}

#[test]
fn a_nonce_is_accepted_once_where_that_is_wanted() {
    let once = BySignature { settings: MessageSignature { covers: None, max_age_s: 300, once: true } };
    let stage = stage();
    let (first, second) = (get(&input(ENOUGH, ";nonce=\"a\"")), get(&input(ENOUGH, ";nonce=\"b\"")));
    assert_eq!(stage.tell(&once, &first, b"").unwrap(), "erp");
    assert_eq!(stage.code(&once, &first, b""), Some(Code::CredentialInvalid));
    assert_eq!(stage.tell(&once, &second, b"").unwrap(), "erp");
    for without in ["", ";nonce=\"\"", ";nonce=1"] {
        assert_eq!(stage.code(&once, &get(&input(ENOUGH, without)), b""), Some(Code::CredentialInvalid), "{without}");
    }
    assert_eq!(stage.tell(&method(), &first, b"").unwrap(), "erp");
}

#[test]
fn a_forged_signature_uses_up_no_nonce() {
    let once = BySignature { settings: MessageSignature { covers: None, max_age_s: 300, once: true } };
    let (stage, good) = (stage(), get(&input(ENOUGH, ";nonce=\"a\"")));
    let mut forged = good.clone();
    forged.headers.insert(SIGNATURE, HeaderValue::from_static("s=:AAAA:"));
    assert_eq!(stage.code(&once, &forged, b""), Some(Code::CredentialInvalid));
    assert_eq!(stage.tell(&once, &good, b"").unwrap(), "erp");
}

#[test]
fn the_algorithm_is_the_keys_and_not_the_callers() {
    assert_eq!(stage().tell(&method(), &get(&input(ENOUGH, ";alg=\"hmac-sha256\"")), b"").unwrap(), "erp");
    for alg in [";alg=\"ed25519\"", ";alg=\"none\"", ";alg=none", ";alg=\"HMAC-SHA256\""] {
        assert_eq!(stage().code(&method(), &get(&input(ENOUGH, alg)), b""), Some(Code::CredentialInvalid), "{alg}");
    }
    // The public key, which everybody has, taken for a shared secret.
    for (id, public) in [("test-key-rsa-pss", RSA), ("test-key-ed25519", ED25519)] {
        let input = format!(r#"{ENOUGH};created={CREATED};keyid="{id}";alg="hmac-sha256""#);
        for key in [public.as_bytes().to_vec(), BASE64.decode(public.as_bytes()).unwrap()] {
            let forged = signed_by(request("GET", "/", &[]), &input, |base| {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), base).as_ref().to_vec()
            });
            assert_eq!(stage().code(&method(), &forged, b""), Some(Code::CredentialInvalid), "{id}");
            let unnamed = input.replace(";alg=\"hmac-sha256\"", "");
            let forged = signed_by(request("GET", "/", &[]), &unnamed, |base| {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), base).as_ref().to_vec()
            });
            assert_eq!(stage().code(&method(), &forged, b""), Some(Code::CredentialInvalid), "{id}");
        }
    }
}

#[test]
fn signatures_that_cannot_be_read_or_told_apart_are_refused() {
    let good = get(&input(ENOUGH, ""));
    let with = |name: &'static str, value: &str| {
        let mut parts = good.clone();
        parts.headers.insert(name, value.parse().unwrap());
        parts
    };
    let twice = format!("s={0}, t={0}", input(ENOUGH, ""));
    let signature = good.headers[SIGNATURE].to_str().unwrap().to_owned();
    for (name, value) in [
        ("signature-input", "s=("),
        ("signature-input", "s=1"),
        ("signature-input", "s=();keyid=1"),
        ("signature-input", "s=();created=1;keyid=\"unknown\""),
        ("signature-input", "other=();created=1;keyid=\"erp\""),
        ("signature-input", ""),
        ("signature-input", twice.as_str()),
        ("signature", "s=1"),
        ("signature", "s=::"),
        ("signature", ""),
        ("signature", "x"),
    ] {
        assert_eq!(stage().code(&method(), &with(name, value), b""), Some(Code::CredentialInvalid), "{name}: {value}");
    }
    let mut both = with("signature-input", &twice);
    both.headers.insert(SIGNATURE, format!("{signature}, t{}", signature.trim_start_matches('s')).parse().unwrap());
    assert_eq!(stage().code(&method(), &both, b""), Some(Code::CredentialAmbiguous));
    let mut alone = good.clone();
    alone.headers.remove(SIGNATURE_INPUT);
    assert_eq!(stage().code(&method(), &alone, b""), Some(Code::CredentialInvalid));
}

#[test]
fn components_that_cannot_be_written_anew_are_refused() {
    let stage = stage();
    for components in [
        r#"("@method" "@method" "@target-uri")"#,
        r#"("@method" "@target-uri" "@status")"#,
        r#"("@method" "@target-uri" "date";bs)"#,
        r#"("@method" "@target-uri" "date";req)"#,
        r#"("@method";req "@target-uri")"#,
        r#"("@method" "@target-uri" "Date")"#,
        r#"("@method" "@target-uri" date)"#,
        r#"("@method" "@target-uri" "x-absent")"#,
        r#"("@method" "@target-uri" "@query-param";name="b")"#,
        r#"("@method" "@target-uri" "@query-param")"#,
    ] {
        let mut parts = request("GET", "/foo?a=1", &[("date", "x"), ("signature", "s=:AAAA:")]);
        parts.headers.insert(SIGNATURE_INPUT, format!("s={}", input(components, "")).parse().unwrap());
        assert_eq!(stage.code(&method(), &parts, b""), Some(Code::CredentialInvalid), "{components}");
    }
}

#[test]
fn fields_that_come_in_several_lines_are_joined() {
    let parts = request("GET", "/", &[("x-a", " 1 "), ("x-a", "2")]);
    let stage = stage();
    let components = vec![(Bare::Text("x-a".to_owned()), vec![])];
    assert!(base(&stage.asked(&parts), &components, &vec![]).unwrap().starts_with("\"x-a\": 1, 2\n"));
}

#[test]
fn the_authority_is_the_one_that_was_asked_for() {
    let mut stage = stage();
    let authority = |stage: &Stage, host: &str| {
        let mut parts = request("GET", "/", &[]);
        parts.headers.insert("host", host.parse().unwrap());
        let components = vec![(Bare::Text("@authority".to_owned()), vec![])];
        base(&stage.asked(&parts), &components, &vec![]).unwrap().lines().next().unwrap().to_owned()
    };
    assert_eq!(authority(&stage, "EXAMPLE.com:80"), "\"@authority\": example.com");
    assert_eq!(authority(&stage, "example.com:443"), "\"@authority\": example.com:443");
    stage.told_host = Some("front.example");
    assert_eq!(authority(&stage, "example.com"), "\"@authority\": front.example");
}

#[test]
fn every_kind_of_key_verifies_what_it_signed() {
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let p256 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref()).unwrap();
    let edwards = Ed25519KeyPair::generate().unwrap();
    let mut p256_info = BASE64.decode(P256.as_bytes()).unwrap();
    p256_info.splice(26.., p256.public_key().as_ref().iter().copied());
    let mut edwards_info = BASE64.decode(ED25519.as_bytes()).unwrap();
    edwards_info.splice(12.., edwards.public_key().as_ref().iter().copied());
    let stage = Stage::new(
        &json!([{"name": "a", "team": "t", "signing_keys": [
            {"id": "p", "algorithm": "ecdsa-p256-sha256", "public_key": BASE64.encode(&p256_info)},
            {"id": "e", "algorithm": "ed25519", "public_key": BASE64.encode(&edwards_info)},
        ]}]),
        &[],
    );
    let input = |id: &str| format!(r#"{ENOUGH};created={CREATED};keyid="{id}""#);
    let sign_p256 = |base: &[u8]| p256.sign(&random, base).unwrap().as_ref().to_vec();
    let parts = signed_by(request("GET", "/", &[]), &input("p"), sign_p256);
    assert_eq!(stage.tell(&method(), &parts, b"").unwrap(), "a");
    let parts = signed_by(request("GET", "/", &[]), &input("e"), |base| edwards.sign(base).as_ref().to_vec());
    assert_eq!(stage.tell(&method(), &parts, b"").unwrap(), "a");
    let crossed = signed_by(request("GET", "/", &[]), &input("e"), sign_p256);
    assert_eq!(stage.code(&method(), &crossed, b""), Some(Code::CredentialInvalid));
}

#[test]
fn without_its_secret_a_key_proves_nobody() {
    let mut stage = stage();
    stage.proofs = crate::identity::proofs::Proofs::default();
    let apps: Vec<yett_model::snapshot::App> = serde_json::from_value(apps()).unwrap();
    let mut found = vec![];
    apps.iter().for_each(|app| stage.proofs.add(app, &crate::identity::staged::app(&app.name), "", &mut found));
    assert_eq!(stage.code(&method(), &get(&input(ENOUGH, "")), b""), Some(Code::IdentityUnavailable));
}

#[test]
fn a_wrong_signature_is_counted_against_the_key_it_names() {
    let (stage, mut forged) = (stage(), get(&input(ENOUGH, "")));
    forged.headers.insert(SIGNATURE, HeaderValue::from_static("s=:AAAA:"));
    let refused = method().look(&stage.asked(&forged)).unwrap_err();
    assert_eq!(refused.claimed.as_deref(), Some("erp"));
}
