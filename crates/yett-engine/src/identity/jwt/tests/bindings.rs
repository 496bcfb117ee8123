//! Tokens that are bound to a key: without it they are worth nothing.

use super::*;
use crate::identity::certificate::ClientCertificate;
use crate::jose::jwk::thumbprint;
use aws_lc_rs::digest;

fn sha256(bytes: &[u8]) -> String {
    encoded(digest::digest(&digest::SHA256, bytes))
}

fn with_certificate(der: &[u8]) -> Caller {
    let mut caller = caller();
    caller.certificate = Some(Arc::new(ClientCertificate::read(der, Arc::default())));
    caller
}

#[test]
fn a_token_that_is_bound_to_a_certificate_needs_it() {
    let key = Private::ec();
    let engine = fixture::engine(&snapshot(&key, &json!({"bound": "certificate"})));
    let bound = bearer(&key.token("k", &with(&json!({"cnf": {"x5t#S256": sha256(b"mine")}}))));
    let code = |caller, token: &str| ask_as(&engine, NOW_S, caller, "/shop/books", &[("authorization", token)]).code;
    for _ in 0..2 {
        assert_eq!(code(with_certificate(b"mine"), &bound), None);
        assert_eq!(code(with_certificate(b"another"), &bound), Some(Code::CredentialInvalid));
        assert_eq!(code(caller(), &bound), Some(Code::CredentialInvalid));
    }
    assert_eq!(code(with_certificate(b"mine"), &bearer(&key.token("k", &claims()))), Some(Code::CredentialInvalid));
}

#[test]
fn a_binding_that_cannot_be_proven_here_is_refused() {
    let key = Private::ec();
    let engine = fixture::engine(&snapshot(&key, &json!({})));
    for cnf in [
        json!({"kid": "k"}),
        json!({"jwk": {}}),
        json!({}),
        json!("x"),
        json!({"x5t#S256": "short"}),
        json!({"jkt": 1}),
        json!({"jkt": sha256(b"a"), "new": sha256(b"b")}),
    ] {
        assert_eq!(code(&engine, &key.token("k", &with(&json!({ "cnf": cnf })))), Some(Code::CredentialInvalid), "{cnf}");
    }
}

#[test]
fn what_an_issuer_must_bind_its_tokens_to_is_checked() {
    let key = Private::ec();
    let certificate = json!({"cnf": {"x5t#S256": sha256(b"mine")}});
    for (bound, cnf, accepted) in [
        ("none", json!({}), true),
        ("any", json!({}), false),
        ("any", certificate.clone(), true),
        ("certificate", certificate.clone(), true),
        ("dpop", certificate.clone(), false),
    ] {
        let engine = fixture::engine(&snapshot(&key, &json!({ "bound": bound })));
        let token = bearer(&key.token("k", &with(&cnf)));
        let told = ask_as(&engine, NOW_S, with_certificate(b"mine"), "/shop/books", &[("authorization", &token)]);
        assert_eq!(told.code.is_none(), accepted, "{bound} {cnf}");
    }
}

/// A caller with a key and a token that is bound to it.
struct Holder {
    own: Private,
    token: String,
    snapshot: Value,
    engine: Engine,
}

impl Holder {
    fn new(nonce: bool) -> Self {
        let (issuer, own) = (Private::ec(), Private::ec());
        let mut snapshot = snapshot(&issuer, &json!({"bound": "dpop"}));
        snapshot["apis"][0]["identify"]["jwt"]["dpop_nonce"] = json!(nonce);
        // Some tests fail more often than a source may.
        snapshot["failures"] = json!({"mode": "off"});
        let print = thumbprint(own.bare().as_object().unwrap()).unwrap();
        let token = issuer.token("k", &with(&json!({"cnf": {"jkt": print}, "exp": NOW_S + 3600})));
        Self { own, token, engine: fixture::engine(&snapshot), snapshot }
    }

    fn claims(&self, id: &str) -> Value {
        json!({
            "htm": "GET", "htu": "https://shop.example/shop/books", "iat": NOW_S, "jti": id, "ath": sha256(self.token.as_bytes()),
        })
    }

    fn header(&self) -> Value {
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.own.bare()})
    }

    fn proof(&self, header: &Value, claims: &Value) -> String {
        self.own.raw(&header.to_string(), &claims.to_string())
    }

    fn ask(&self, proof: &str) -> Told {
        let authorization = format!("DPoP {}", self.token);
        ask(&self.engine, &[("authorization", &authorization), ("dpop", proof)])
    }

    fn code(&self, proof: &str) -> Option<Code> {
        self.ask(proof).code
    }
}

#[test]
fn a_token_with_a_proof_of_its_key_is_accepted_and_each_proof_once() {
    let holder = Holder::new(false);
    let proof = holder.proof(&holder.header(), &holder.claims("1"));
    assert_eq!(holder.code(&proof), None);
    let again = holder.ask(&proof);
    assert_eq!(again.code, Some(Code::ProofInvalid));
    assert!(again.challenge.starts_with("DPoP ") && again.challenge.contains("invalid_dpop_proof"), "{}", again.challenge);
    assert_eq!(holder.code(&holder.proof(&holder.header(), &holder.claims("2"))), None);
}

#[test]
fn a_proof_names_the_port_that_the_caller_asked() {
    let holder = Holder::new(false);
    let authorization = format!("DPoP {}", holder.token);
    let code = |host: &str, url: &str| {
        let mut claims = holder.claims(&format!("{host} {url}"));
        claims["htu"] = json!(url);
        let proof = holder.proof(&holder.header(), &claims);
        let mut exchange = at(&holder.engine, NOW_S, caller());
        let mut parts = fixture::head("GET", "/shop/books", &[("authorization", &authorization), ("dpop", &proof)]);
        parts.headers.insert("host", host.parse().unwrap());
        let _judged = exchange.judge_head(&parts);
        exchange.code()
    };
    let refused = Some(Code::ProofInvalid);
    assert_eq!(code("shop.example:8443", "https://shop.example:8443/shop/books"), None);
    assert_eq!(code("shop.example:8443", "https://shop.example/shop/books"), refused);
    assert_eq!(code("shop.example:8443", "https://shop.example:9443/shop/books"), refused);
    assert_eq!(code("shop.example:443", "https://shop.example/shop/books"), None);
    assert_eq!(code("shop.example", "https://shop.example:443/shop/books"), None);
}

#[test]
fn a_replayed_proof_is_refused_after_a_change_of_plan_too() {
    let holder = Holder::new(false);
    let proof = holder.proof(&holder.header(), &holder.claims("1"));
    assert_eq!(holder.code(&proof), None);
    let mut next = holder.snapshot.clone();
    next["generation"] = json!(9);
    holder.engine.apply(&fixture::bytes(&next)).unwrap();
    assert_eq!(holder.code(&proof), Some(Code::ProofInvalid));
}

#[test]
fn a_stolen_token_is_worth_nothing_without_its_key() {
    let holder = Holder::new(false);
    let thief = Private::ec();
    let bearer = ask(&holder.engine, &[("authorization", &bearer(&holder.token))]);
    assert_eq!(bearer.code, Some(Code::CredentialInvalid));
    let scheme = format!("DPoP {}", holder.token);
    assert_eq!(ask(&holder.engine, &[("authorization", &scheme)]).code, Some(Code::ProofInvalid));
    let own = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": thief.bare()});
    assert_eq!(holder.code(&thief.raw(&own.to_string(), &holder.claims("1").to_string())), Some(Code::ProofInvalid));
    let borrowed = thief.raw(&holder.header().to_string(), &holder.claims("1").to_string());
    assert_eq!(holder.code(&borrowed), Some(Code::ProofInvalid));
    let proof = holder.proof(&holder.header(), &holder.claims("1"));
    let two = [("authorization", &*scheme), ("dpop", &*proof), ("dpop", &*proof)];
    assert_eq!(ask(&holder.engine, &two).code, Some(Code::ProofInvalid));
}

#[test]
fn a_proof_for_anything_else_is_refused() {
    let holder = Holder::new(false);
    let odd = [
        ("htm", json!("POST")),
        ("htm", json!("get")),
        ("htm", Value::Null),
        ("htu", json!("https://shop.example/shop/books/1")),
        ("htu", json!("http://shop.example/shop/books")),
        ("htu", json!("https://evil.example/shop/books")),
        ("htu", json!("https://shop.example:8443/shop/books")),
        ("htu", json!("https://x@shop.example/shop/books")),
        ("htu", json!("/shop/books")),
        ("htu", json!("https://shop.example/shop/../shop/books")),
        ("htu", Value::Null),
        ("ath", json!(sha256(b"another token"))),
        ("ath", Value::Null),
        ("iat", json!(NOW_S - 61)),
        ("iat", json!(NOW_S + 11)),
        ("iat", json!("now")),
        ("iat", Value::Null),
        ("jti", json!("")),
        ("jti", json!("x".repeat(257))),
        ("jti", Value::Null),
    ];
    for (name, value) in odd {
        let mut claims = holder.claims("1");
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
        assert_eq!(holder.code(&holder.proof(&holder.header(), &claims)), Some(Code::ProofInvalid), "{name} {value}");
    }
    let mut secret = holder.own.bare();
    secret["d"] = json!("AAAA");
    for (name, value) in [
        ("typ", json!("JWT")),
        ("typ", json!("at+jwt")),
        ("alg", json!("none")),
        ("jwk", json!({})),
        ("jwk", secret),
        ("jwk", json!(1)),
    ] {
        let mut header = holder.header();
        header[name] = value.clone();
        assert_eq!(holder.code(&holder.proof(&header, &holder.claims("1"))), Some(Code::ProofInvalid), "{name} {value}");
    }
    // None of them took the place of the good one.
    assert_eq!(holder.code(&holder.proof(&holder.header(), &holder.claims("1"))), None);
}

#[test]
fn the_url_of_a_proof_may_be_spelled_in_any_way_that_means_the_same() {
    let holder = Holder::new(false);
    for (number, url) in [
        "https://shop.example:443/shop/books",
        "HTTPS://SHOP.example/shop/books",
        "https://shop.example/shop/%62ooks",
        "https://shop.example/shop/books?page=1#top",
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = holder.claims(&number.to_string());
        claims["htu"] = json!(url);
        assert_eq!(holder.code(&holder.proof(&holder.header(), &claims)), None, "{url}");
    }
}

#[test]
fn whoever_lacks_a_nonce_has_not_failed() {
    let mut holder = Holder::new(true);
    holder.snapshot["failures"] = json!({"mode": "enforce", "per_source": 2});
    holder.engine.apply(&fixture::bytes(&holder.snapshot)).unwrap();
    for number in 0..9 {
        let told = holder.ask(&holder.proof(&holder.header(), &holder.claims(&number.to_string())));
        assert_eq!(told.code, Some(Code::ProofInvalid), "{number}");
        assert!(told.challenge.contains("use_dpop_nonce"), "{}", told.challenge);
    }
}

#[test]
fn where_a_nonce_is_asked_for_no_proof_is_made_in_advance() {
    let holder = Holder::new(true);
    let proof = holder.proof(&holder.header(), &holder.claims("1"));
    let mut exchange = at(&holder.engine, NOW_S, caller());
    let scheme = format!("DPoP {}", holder.token);
    let answer = exchange.judge_head(&fixture::head("GET", "/shop/books", &[("authorization", &scheme), ("dpop", &proof)]));
    let answer = answer.unwrap_err();
    let field = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert!(field("www-authenticate").contains("use_dpop_nonce"));
    let nonce = field("dpop-nonce");
    let with_nonce = |id: &str, nonce: &str| {
        let mut claims = holder.claims(id);
        claims["nonce"] = json!(nonce);
        claims
    };
    assert_eq!(holder.code(&holder.proof(&holder.header(), &with_nonce("2", &nonce))), None);
    assert_eq!(holder.code(&holder.proof(&holder.header(), &with_nonce("3", "guess"))), Some(Code::ProofInvalid));
    // What was given out is good for some minutes, and then an old one.
    let mut late = with_nonce("4", &nonce);
    late["iat"] = json!(NOW_S + 400);
    let proof = holder.proof(&holder.header(), &late);
    let told = ask_as(&holder.engine, NOW_S + 400, caller(), "/shop/books", &[("authorization", &scheme), ("dpop", &proof)]);
    assert_eq!(told.code, Some(Code::ProofInvalid));
    assert!(told.challenge.contains("use_dpop_nonce"), "{}", told.challenge);
}

#[test]
fn a_token_that_is_not_bound_is_not_sent_as_if_it_were() {
    let key = Private::ec();
    let engine = fixture::engine(&snapshot(&key, &json!({})));
    let scheme = format!("DPoP {}", key.token("k", &claims()));
    assert_eq!(ask(&engine, &[("authorization", &scheme)]).code, Some(Code::CredentialInvalid));
}

/// What was found of replayed tokens: what it is about, and how.
fn replayed(engine: &Engine) -> Vec<(String, String)> {
    let found = engine.watch().findings.take(99).into_iter();
    let replayed = found.filter(|finding| finding.kind == yett_model::FindingKind::TokenReplayed);
    replayed.map(|finding| (finding.subject, finding.evidence["what"].clone())).collect()
}

#[test]
fn a_proof_that_is_sent_again_is_found() {
    let holder = Holder::new(false);
    let proof = holder.proof(&holder.header(), &holder.claims("p1"));
    assert_eq!((holder.code(&proof), replayed(&holder.engine)), (None, vec![]));
    assert_eq!(holder.code(&proof), Some(Code::ProofInvalid));
    let expected = ("corp:t1".to_owned(), "a proof that was used before".to_owned());
    assert_eq!(replayed(&holder.engine), [expected]);
}

#[test]
fn a_bound_token_that_is_used_without_its_key_is_found_and_a_forged_one_is_not() {
    let holder = Holder::new(false);
    let sent_as_bearer = ask(&holder.engine, &[("authorization", &bearer(&holder.token))]);
    assert_eq!(sent_as_bearer.code, Some(Code::CredentialInvalid));
    assert_eq!(replayed(&holder.engine).len(), 1);
    let key = Private::ec();
    let engine = fixture::engine(&snapshot(&key, &json!({})));
    let cnf = json!({"cnf": {"x5t#S256": sha256(b"mine")}});
    let ask = |token: &str| ask_as(&engine, NOW_S, with_certificate(b"another"), "/shop/books", &[("authorization", token)]).code;
    assert_eq!(ask(&bearer(&Private::ec().token("k", &with(&cnf)))), Some(Code::CredentialInvalid));
    assert_eq!(replayed(&engine), []);
    assert_eq!(ask(&bearer(&key.token("k", &with(&cnf)))), Some(Code::CredentialInvalid));
    let expected = ("corp:t1".to_owned(), "a token without the certificate it is bound to".to_owned());
    assert_eq!(replayed(&engine), [expected]);
}

#[test]
fn a_token_from_many_networks_is_found_and_goes_on() {
    let key = Private::ec();
    let mut snapshot = snapshot(&key, &json!({}));
    snapshot["networks"] = json!({"most": 5, "window_minutes": 60});
    let engine = fixture::engine(&snapshot);
    let token = bearer(&key.token("k", &claims()));
    for network in 0..20 {
        let caller = Caller::new(IpAddr::from([10, 0, network, 1]), true);
        assert_eq!(ask_as(&engine, NOW_S, caller, "/shop/books", &[("authorization", &token)]).code, None);
    }
    let found = replayed(&engine);
    assert_eq!(found.len(), 1);
    assert!(found[0].0 == "corp:t1" && found[0].1.starts_with("a token from "), "{found:?}");
}
