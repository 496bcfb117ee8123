//! Issuers whose tokens are keyed with a secret that both sides know.

use super::*;
use crate::identity::secrets::Secrets;
use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use std::collections::HashMap;

const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn keyed(algorithm: &str, secret: &str, claims: &Value) -> String {
    let hashing = match algorithm {
        "HS256" => hmac::HMAC_SHA256,
        "HS384" => hmac::HMAC_SHA384,
        _ => hmac::HMAC_SHA512,
    };
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(&json!({"alg": algorithm})), part(claims));
    let tag = hmac::sign(&hmac::Key::new(hashing, secret.as_bytes()), signed.as_bytes());
    format!("{signed}.{}", BASE64URL_NOPAD.encode(tag.as_ref()))
}

fn sharing(algorithm: &str) -> Value {
    let mut snapshot = snapshot(&Private::ec(), &json!({}));
    let issuer = snapshot["issuers"][0].as_object_mut().unwrap();
    issuer.remove("keys");
    issuer.insert("algorithms".into(), json!([algorithm]));
    issuer.insert("secret".into(), json!({"name": "corp", "algorithm": algorithm}));
    snapshot
}

fn applied(snapshot: &Value, secret: Option<&str>) -> Result<Engine, Vec<String>> {
    let engine = Engine::new(fixture::pepper()).signing(None);
    engine.renew_secrets(Secrets::new(
        secret.map(|secret| ("corp".to_owned(), secret.to_owned())).into_iter().collect::<HashMap<_, _>>(),
    ));
    match engine.apply(&fixture::bytes(snapshot)) {
        Ok(_) => Ok(engine),
        Err(found) => Err(found.into_iter().map(|mistake| mistake.code).collect()),
    }
}

#[test]
fn a_token_keyed_with_the_shared_secret_is_let_in_and_no_other() {
    for algorithm in ["HS256", "HS384", "HS512"] {
        let engine = applied(&sharing(algorithm), Some(SECRET)).unwrap();
        assert_eq!(code(&engine, &keyed(algorithm, SECRET, &claims())), None, "{algorithm}");
        let other = SECRET.replace('0', "1");
        assert_eq!(code(&engine, &keyed(algorithm, &other, &claims())), Some(Code::CredentialInvalid));
        assert_eq!(code(&engine, &keyed(algorithm, "", &claims())), Some(Code::CredentialInvalid));
        for another in ["HS256", "HS384", "HS512"].into_iter().filter(|one| *one != algorithm) {
            assert_eq!(code(&engine, &keyed(another, SECRET, &claims())), Some(Code::CredentialInvalid), "{algorithm} {another}");
        }
    }
}

#[test]
fn a_secret_is_as_long_as_its_hash_and_there_or_the_snapshot_is_refused() {
    for (algorithm, least) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        assert!(applied(&sharing(algorithm), Some(&SECRET[..least])).is_ok(), "{algorithm}");
        let short = applied(&sharing(algorithm), Some(&SECRET[..least - 1])).err().unwrap();
        assert_eq!(short, ["secret-short"], "{algorithm}");
    }
    assert_eq!(applied(&sharing("HS256"), None).err().unwrap(), ["secret-missing"]);
}

#[test]
fn a_secret_is_bound_to_one_algorithm_and_stands_beside_no_public_key() {
    let mut two = sharing("HS256");
    two["issuers"][0]["algorithms"] = json!(["HS256", "HS512"]);
    assert_eq!(applied(&two, Some(SECRET)).err().unwrap(), ["algorithm-unbound"]);
    let mut both = sharing("HS256");
    both["issuers"][0]["jwks_url"] = json!("https://id.example/keys");
    assert_eq!(applied(&both, Some(SECRET)).err().unwrap(), ["keys-twice"]);
    let mut public = sharing("HS256");
    public["issuers"][0]["algorithms"] = json!(["ES256"]);
    public["issuers"][0]["secret"]["algorithm"] = json!("ES256");
    assert_eq!(applied(&public, Some(SECRET)).err().unwrap(), ["algorithm-unbound"]);
}

#[test]
fn the_public_key_of_another_issuer_is_no_secret() {
    // The old confusion: a public key taken for the secret of a keyed hash.
    let key = Private::ec();
    let engine = fixture::engine(&snapshot(&key, &json!({})));
    let forged = keyed("HS256", &key.jwk("k").to_string(), &claims());
    assert_eq!(code(&engine, &forged), Some(Code::CredentialInvalid));
}
