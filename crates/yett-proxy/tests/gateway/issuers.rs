//! Issuers that are asked for their keys and about tokens: over real sockets, and failing in every way they can.

use crate::common::{Message, Origin, PATIENCE, Stage, options, reply, snapshot};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use yett_proxy::Secret;

const JSON: &str = "content-type: application/json\r\n";

/// A key of an issuer.
pub(crate) struct Key {
    pair: Ed25519KeyPair,
    kid: &'static str,
}

impl Key {
    pub(crate) fn new(kid: &'static str) -> Self {
        Self { pair: Ed25519KeyPair::generate().unwrap(), kid }
    }

    pub(crate) fn set(&self) -> Value {
        let x = BASE64URL_NOPAD.encode(self.pair.public_key().as_ref());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.kid, "x": x}]})
    }

    fn token(&self, issuer: &str) -> String {
        self.token_as(issuer, self.kid)
    }

    fn token_as(&self, issuer: &str, kid: &str) -> String {
        let claims = json!({"iss": issuer, "aud": "api", "sub": "mira", "iat": now_s(), "exp": now_s() + 600});
        self.signed(kid, claims)
    }

    /// A token with these claims.
    pub(crate) fn signed(&self, kid: &str, claims: Value) -> String {
        let part = |value: Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(json!({"alg": "EdDSA", "kid": kid})), part(claims));
        let signature = BASE64URL_NOPAD.encode(self.pair.sign(signed.as_bytes()).as_ref());
        format!("{signed}.{signature}")
    }
}

pub(crate) fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Somebody whose answer can be changed, and who counts how often he was asked.
#[derive(Clone)]
struct Answering(Arc<(Mutex<String>, AtomicUsize)>);

impl Answering {
    fn new(said: &Value) -> Self {
        Self(Arc::new((Mutex::new(said.to_string()), AtomicUsize::new(0))))
    }

    fn say(&self, said: impl ToString) {
        *self.0.0.lock().unwrap() = said.to_string();
    }

    fn asked(&self) -> usize {
        self.0.1.load(Ordering::SeqCst)
    }

    fn serve(&self) -> Origin {
        let answering = self.clone();
        Origin::start(move |_, stream| {
            answering.0.1.fetch_add(1, Ordering::SeqCst);
            let said = answering.0.0.lock().unwrap().clone();
            reply(stream, "200 OK", JSON, said.as_bytes())
        })
    }
}

/// The test's API, which takes what `identify` says.
fn staged(issuer: Value, identify: Value) -> Stage {
    let mut snapshot = snapshot(&json!({"targets": [{"url": format!("http://{}/v1", Origin::echo().address)}]}));
    snapshot["issuers"] = json!([issuer]);
    snapshot["apis"][0]["identify"] = identify;
    let mut options = options();
    options.secrets.insert("issuers/id".to_owned(), Secret::new("hush & hush"));
    Stage::start(options, &snapshot)
}

fn with_keys(jwks: SocketAddr, fetch: Value) -> Stage {
    let url = format!("http://{jwks}/jwks");
    let issuer = json!({"name": "id", "issuer": "https://id.example", "jwks_url": url, "fetch": fetch, "audiences": ["api"], "app": {"named": "reader"}});
    staged(issuer, json!({"jwt": {"issuers": ["id"]}}))
}

fn call(stage: &Stage, token: &str) -> (u16, Message) {
    let request = format!("GET /shop/secret HTTP/1.1\r\nhost: shop.example\r\nauthorization: Bearer {token}\r\n\r\n");
    let answer = stage.ask(&request);
    (answer.status(), answer)
}

/// Calls until the answer has a status.
fn until(stage: &Stage, token: &str, status: u16) {
    let began = Instant::now();
    while call(stage, token).0 != status {
        assert!(began.elapsed() < PATIENCE, "it never was {status}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

const ISSUER: &str = "https://id.example";

#[test]
fn keys_are_fetched_before_they_are_needed_and_a_flood_of_invented_ones_asks_nobody() {
    let key = Key::new("k1");
    let answering = Answering::new(&key.set());
    let jwks = answering.serve();
    let stage = with_keys(jwks.address, json!({}));
    assert_eq!(call(&stage, &key.token(ISSUER)).0, 200);
    assert_eq!(call(&stage, &Key::new("k1").token(ISSUER)).0, 401);
    for number in 0..50 {
        // Whoever guesses is slowed down after a while.
        assert!(matches!(call(&stage, &key.token_as(ISSUER, &format!("invented-{number}"))).0, 401 | 429));
    }
    assert_eq!(answering.asked(), 1);
    let metrics = String::from_utf8(stage.telemetry("/metrics").body).unwrap();
    assert!(metrics.contains("yett_asks_total{kind=\"keys\",name=\"id\",outcome=\"answered\"} 1"), "{metrics}");
}

#[test]
fn a_new_key_is_found_when_a_token_names_it() {
    let (old, new) = (Key::new("k1"), Key::new("k2"));
    let answering = Answering::new(&old.set());
    let stage = with_keys(answering.serve().address, json!({"min_refresh_ms": 1000}));
    assert_eq!(call(&stage, &old.token(ISSUER)).0, 200);
    answering.say(new.set());
    until(&stage, &new.token(ISSUER), 200);
    assert_eq!(call(&stage, &old.token(ISSUER)).0, 401);
}

#[test]
fn a_poisoned_set_changes_nothing() {
    let key = Key::new("k1");
    let private = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": "AAAA", "d": "AAAA"}]});
    for poison in [private.to_string(), "<html>".to_owned(), json!({"keys": []}).to_string(), " ".repeat(300_000)] {
        let answering = Answering::new(&key.set());
        let stage = with_keys(answering.serve().address, json!({"min_refresh_ms": 1000, "max_refresh_ms": 1000}));
        assert_eq!(call(&stage, &key.token(ISSUER)).0, 200);
        answering.say(poison);
        let before = answering.asked();
        let began = Instant::now();
        while answering.asked() < before + 2 {
            assert!(began.elapsed() < PATIENCE);
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(call(&stage, &key.token(ISSUER)).0, 200);
    }
}

#[test]
fn keys_that_are_too_old_are_not_believed() {
    let key = Key::new("k1");
    let answering = Answering::new(&key.set());
    let stage =
        with_keys(answering.serve().address, json!({"min_refresh_ms": 1000, "max_refresh_ms": 1000, "max_stale_ms": 500}));
    assert_eq!(call(&stage, &key.token(ISSUER)).0, 200);
    answering.say("no keys any more");
    until(&stage, &key.token(ISSUER), 503);
}

#[test]
fn without_keys_nobody_passes() {
    let silent = Origin::raw(|_, stream| {
        std::thread::sleep(PATIENCE);
        drop(stream);
    });
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (elsewhere, asked) = (Answering::new(&Key::new("k1").set()), Answering::new(&json!({})));
    let target = elsewhere.serve().address;
    let redirect =
        Origin::start(move |_, stream| reply(stream, "302 Found", &format!("{JSON}location: http://{target}/\r\n"), b"{}"));
    for address in [silent, closed, redirect.address, asked.serve().address] {
        let stage = with_keys(address, json!({"timeout_ms": 300}));
        let (status, answer) = call(&stage, &Key::new("k1").token(ISSUER));
        assert_eq!((status, answer.json()["code"].as_str().unwrap()), (503, "identity-unavailable"));
    }
    assert_eq!(elsewhere.asked(), 0);
}

/// An issuer with metadata; `tamper` changes them.
fn discovered(key: &Key, tamper: impl Fn(&mut Value) + Send + Sync + 'static) -> (Stage, String) {
    let set = key.set().to_string();
    let address = Arc::new(Mutex::new(String::new()));
    let named = address.clone();
    let origin = Origin::start(move |request, stream| {
        let issuer = named.lock().unwrap().clone();
        let mut metadata = json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys"), "token_endpoint": "x"});
        tamper(&mut metadata);
        match request.head.split(' ').nth(1).unwrap() {
            "/.well-known/openid-configuration" => reply(stream, "200 OK", JSON, metadata.to_string().as_bytes()),
            "/keys" => reply(stream, "200 OK", JSON, set.as_bytes()),
            _ => reply(stream, "404 Not Found", "", b""),
        }
    });
    let issuer = format!("http://{}", origin.address);
    address.lock().unwrap().clone_from(&issuer);
    let settings = json!({"name": "id", "issuer": issuer, "audiences": ["api"], "app": {"named": "reader"}});
    (staged(settings, json!({"jwt": {"issuers": ["id"]}})), issuer)
}

#[test]
fn metadata_lead_to_the_keys() {
    let key = Key::new("k1");
    let (stage, issuer) = discovered(&key, |_| {});
    assert_eq!(call(&stage, &key.token(&issuer)).0, 200);
}

#[test]
fn metadata_of_another_issuer_or_that_lead_astray_are_not_believed() {
    let key = Key::new("k1");
    let tampers: [fn(&mut Value); 4] = [
        |metadata| metadata["issuer"] = json!("https://evil.example"),
        |metadata| metadata["issuer"] = json!(format!("{}/", metadata["issuer"].as_str().unwrap())),
        |metadata| metadata["jwks_uri"] = json!("http://169.254.169.254/latest/meta-data"),
        |metadata| metadata["jwks_uri"] = json!("file:///etc/passwd"),
    ];
    for tamper in tampers {
        let (stage, issuer) = discovered(&key, tamper);
        assert_eq!(call(&stage, &key.token(&issuer)).0, 503);
    }
}

fn introspecting(endpoint: SocketAddr, settings: Value) -> Stage {
    let remote = json!({"url": format!("http://{endpoint}/introspect"), "plain": true, "timeout_ms": 300});
    let mut asked = json!({"remote": remote, "client_id": "gate way", "client_secret": "issuers/id"});
    for (name, value) in settings.as_object().unwrap() {
        asked[name] = value.clone();
    }
    let issuer =
        json!({"name": "id", "issuer": ISSUER, "introspection": asked, "audiences": ["api"], "app": {"named": "reader"}});
    staged(issuer, json!({"introspection": {"issuer": "id"}}))
}

fn active() -> Value {
    json!({"active": true, "aud": "api", "exp": now_s() + 600, "sub": "mira"})
}

#[test]
fn an_issuer_is_asked_once_about_a_token_and_the_gateway_proves_itself() {
    let answering = Answering::new(&active());
    let endpoint = answering.serve();
    let stage = introspecting(endpoint.address, json!({}));
    for _ in 0..3 {
        assert_eq!(call(&stage, "opaque&token=x").0, 200);
    }
    assert_eq!(answering.asked(), 1);
    let asked = endpoint.next();
    assert_eq!(asked.text(), "token=opaque%26token%3Dx&token_type_hint=access_token");
    let proof = data_encoding::BASE64.encode(b"gate+way:hush+%26+hush");
    assert_eq!(asked.field("authorization"), Some(format!("Basic {proof}").as_str()));
    let events = stage.finish();
    let logged = serde_json::to_string(&events).unwrap();
    assert!(!logged.contains("opaque") && !logged.contains("hush"));
}

#[test]
fn a_secret_may_go_in_the_body() {
    let endpoint = Answering::new(&active()).serve();
    let stage = introspecting(endpoint.address, json!({"client_auth": "post", "cache_ms": 0}));
    assert_eq!(call(&stage, "t").0, 200);
    let asked = endpoint.next();
    assert!(asked.text().ends_with("&client_id=gate+way&client_secret=hush+%26+hush"));
    assert_eq!(asked.field("authorization"), None);
}

#[test]
fn a_token_that_is_not_good_enough_is_refused() {
    let (now_s, mut cases) = (now_s(), vec![json!({"active": false})]);
    for (claim, value) in [
        ("aud", json!("another")),
        ("aud", json!(null)),
        ("exp", json!(now_s - 3600)),
        ("nbf", json!(now_s + 3600)),
        ("iss", json!("https://evil.example")),
        ("token_type", json!("refresh_token")),
        ("cnf", json!({"jkt": "A".repeat(43)})),
    ] {
        let mut said = active();
        said[claim] = value;
        cases.push(said);
    }
    for said in cases {
        let stage = introspecting(Answering::new(&said).serve().address, json!({}));
        assert_eq!(call(&stage, "t").0, 401, "{said}");
    }
}

#[test]
fn an_issuer_that_says_nothing_lets_nobody_pass() {
    let silent = Origin::raw(|_, stream| {
        std::thread::sleep(PATIENCE);
        drop(stream);
    });
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let lies = [json!({}), json!({"active": "true"}), json!([true]), json!(true)];
    let lying = lies.map(|lie| Answering::new(&lie).serve());
    for address in lying.iter().map(|origin| origin.address).chain([silent, closed]) {
        let (status, answer) = call(&introspecting(address, json!({})), "t");
        assert_eq!((status, answer.json()["code"].as_str().unwrap()), (503, "identity-unavailable"));
    }
}

#[test]
fn the_last_word_holds_longer_only_where_that_is_configured() {
    for (stale_ms, status) in [(0, 503), (60_000, 200)] {
        let answering = Answering::new(&active());
        let stage = introspecting(answering.serve().address, json!({"cache_ms": 1, "stale_ms": stale_ms}));
        assert_eq!(call(&stage, "t").0, 200);
        answering.say("down");
        until(&stage, "t", status);
        assert_eq!(call(&stage, "t").0, status);
        assert_eq!(call(&stage, "another").0, 503);
    }
}
