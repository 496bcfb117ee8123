use super::*;
use crate::identity::Method;
use crate::identity::certificate::method::ByCertificate;
use crate::identity::staged::{Stage, app, proofs, request};
use serde_json::{Value, json};
use yett_model::Code;

impl Proofs {
    /// A secret that is no text.
    pub(crate) fn set_secret(&mut self, id: &str, bytes: &[u8]) {
        let key = self.signing_keys.get_mut(id).unwrap();
        key.signer = Some(Signer::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, bytes))));
    }
}

fn hex(byte: u8) -> String {
    format!("{byte:02x}").repeat(32)
}

fn certificate(authority: u8) -> ClientCertificate {
    ClientCertificate {
        thumbprint: [1; 32],
        subject: Some(Name::parse("CN=orders,O=Example").unwrap()),
        names: vec![OtherName::Dns("a.example".into()), OtherName::Uri("spiffe://x/a".into()), OtherName::Email("a@x".into())],
        authorities: Arc::new([[authority; 32]]),
    }
}

/// The app that a certificate is found to be of, by the method.
fn owner(certificates: &Value, shown: ClientCertificate) -> Result<String, Code> {
    let mut stage = Stage::new(&json!([{"name": "orders", "team": "t", "certificates": certificates}]), &[]);
    stage.caller.certificate = Some(Arc::new(shown));
    stage.tell(&ByCertificate, &request("GET", "/", &[]), b"").map_err(|(code, _)| code)
}

#[test]
fn a_certificate_is_known_by_each_of_its_names() {
    for mark in [
        json!({"thumbprint": hex(1)}),
        json!({"subject": "cn=orders, o=Example"}),
        json!({"san": "dns:A.example"}),
        json!({"san": "uri:spiffe://x/a"}),
        json!({"san": "email:a@x"}),
    ] {
        assert_eq!(owner(&json!([mark]), certificate(7)), Ok("orders".into()), "{mark}");
    }
}

#[test]
fn a_certificate_that_nobody_has_is_refused() {
    for mark in [
        json!({"thumbprint": hex(2)}),
        json!({"subject": "CN=orders"}),
        json!({"san": "dns:spiffe://x/a"}),
        json!({"san": "uri:a.example"}),
        json!({"san": "dns:example"}),
    ] {
        assert_eq!(owner(&json!([mark]), certificate(7)), Err(Code::CredentialInvalid), "{mark}");
    }
}

#[test]
fn a_name_counts_only_from_the_authorities_it_is_bound_to() {
    let bound = json!([{"subject": "CN=orders,O=Example", "authorities": [hex(7)]}]);
    assert_eq!(owner(&bound, certificate(7)), Ok("orders".into()));
    assert_eq!(owner(&bound, certificate(8)), Err(Code::CredentialInvalid));
    let both = ClientCertificate { authorities: Arc::new([[7; 32], [8; 32]]), ..certificate(7) };
    assert_eq!(owner(&bound, both), Err(Code::CredentialInvalid));
    assert_eq!(owner(&bound, ClientCertificate { authorities: Arc::default(), ..certificate(7) }), Err(Code::CredentialInvalid));
}

#[test]
fn a_certificate_of_several_apps_is_refused() {
    let apps = json!([
        {"name": "a", "team": "t", "certificates": [{"san": "dns:a.example"}]},
        {"name": "b", "team": "t", "certificates": [{"san": "uri:spiffe://x/a"}]},
    ]);
    let (known, found) = proofs(&apps, &[]);
    assert!(found.is_empty());
    assert_eq!(known.app_of(&certificate(7)).map(|app| app.name.clone()), Err(true));
}

#[test]
fn a_header_is_no_certificate() {
    let stage = Stage::new(&json!([{"name": "orders", "team": "t", "certificates": [{"thumbprint": hex(1)}]}]), &[]);
    for name in ["client-cert", "x-ssl-client-cert", "x-forwarded-client-cert"] {
        let spoofed = request("GET", "/", &[(name, ":AAAA:")]);
        assert_eq!(ByCertificate.sent(&stage.asked(&spoofed)), crate::identity::Sent::Nothing, "{name}");
    }
}

fn mistakes(app: Value, secrets: &[(&str, &str)]) -> Vec<(String, String)> {
    let (_, found) = proofs(&json!([app]), secrets);
    found.into_iter().map(|one| (one.path, one.code)).collect()
}

#[test]
fn proofs_that_cannot_be_used_are_told_where_they_stand() {
    let ed25519 = "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
    let key = |algorithm: &str, public: Value, secret: Value| json!({"name": "a", "team": "t", "signing_keys": [{"id": "k", "algorithm": algorithm, "public_key": public, "secret": secret}]});
    for (app, path, code) in [
        (json!({"name": "a", "team": "t", "certificates": [{}]}), "/apps/0/certificates/0", "certificate-invalid"),
        (
            json!({"name": "a", "team": "t", "certificates": [{"thumbprint": "00"}]}),
            "/apps/0/certificates/0",
            "certificate-invalid",
        ),
        (json!({"name": "a", "team": "t", "certificates": [{"subject": "x"}]}), "/apps/0/certificates/0", "certificate-invalid"),
        (json!({"name": "a", "team": "t", "certificates": [{"san": "ip:1"}]}), "/apps/0/certificates/0", "certificate-invalid"),
        (
            json!({"name": "a", "team": "t", "certificates": [{"san": "dns:a"}, {"san": "dns:A"}]}),
            "/apps/0/certificates/1",
            "certificate-taken",
        ),
        (key("ed25519", Value::Null, Value::Null), "/apps/0/signing_keys/0", "signing-key-invalid"),
        (key("ed25519", json!(ed25519), json!("s")), "/apps/0/signing_keys/0", "signing-key-invalid"),
        (key("hmac-sha256", json!(ed25519), Value::Null), "/apps/0/signing_keys/0", "signing-key-invalid"),
        (key("rsa-pss-sha512", json!(ed25519), Value::Null), "/apps/0/signing_keys/0", "signing-key-invalid"),
        (key("ecdsa-p256-sha256", json!(ed25519), Value::Null), "/apps/0/signing_keys/0", "signing-key-invalid"),
        (key("ed25519", json!("AAAA"), Value::Null), "/apps/0/signing_keys/0", "signing-key-invalid"),
        (key("hmac-sha256", Value::Null, json!("absent")), "/apps/0/signing_keys/0/secret", "secret-missing"),
        (key("hmac-sha256", Value::Null, json!("short")), "/apps/0/signing_keys/0/secret", "secret-short"),
        (json!({"name": "a", "team": "t", "webhook_secrets": ["absent"]}), "/apps/0/webhook_secrets/0", "secret-missing"),
        (
            json!({"name": "a", "team": "t", "passwords": [{"user": "u", "hash": "short"}]}),
            "/apps/0/passwords/0/hash",
            "password-hash-invalid",
        ),
    ] {
        assert_eq!(mistakes(app.clone(), &[("short", "hush")]), [(path.to_owned(), code.to_owned())], "{app}");
    }
}

#[test]
fn a_mistake_shows_no_secret() {
    let app = json!({"name": "a", "team": "t", "webhook_secrets": ["s"], "passwords": [{"user": "u", "hash": "s"}]});
    let (known, found) = proofs(&json!([app]), &[("s", "hush")]);
    assert!(found.len() == 2 && !format!("{found:?} {known:?}").contains("hush"), "{found:?}");
}

#[test]
fn a_name_belongs_to_one_app() {
    let one = |name: &str| {
        json!({"name": name, "team": "t", "signing_keys": [{"id": "k", "algorithm": "hmac-sha256", "secret": "s"}],
            "passwords": [{"user": "u", "hash": "h"}]})
    };
    let (mut known, mut found) = (Proofs::default(), Vec::new());
    for name in ["a", "b"] {
        known.add(&serde_json::from_value(one(name)).unwrap(), &app(name), "", &mut found);
    }
    assert_eq!(found.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["proof-taken", "proof-taken"]);
    assert_eq!(&*known.signing_key("k").unwrap().app.name, "a");
}
