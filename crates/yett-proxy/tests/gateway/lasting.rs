//! Streams and WebSockets end when what they were opened with no longer holds: over real sockets.

use crate::common::{Caller, Origin, PATIENCE, Stage, api_key, options, read_message, snapshot};
use crate::issuers::{Key, now_s};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Instant;
use yett_model::Code;

const ISSUER: &str = "https://id.example";
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// An origin that begins an answer, or opens a WebSocket, and never ends it.
fn endless() -> SocketAddr {
    Origin::raw(|_, mut stream| {
        let Ok(request) = read_message(&mut stream, false) else { return };
        let head = match request.field("upgrade") {
            Some(_) => {
                format!("101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {ACCEPT}")
            }
            None => "200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked".to_owned(),
        };
        stream.write_all(format!("HTTP/1.1 {head}\r\n\r\n").as_bytes()).unwrap();
        if request.field("upgrade").is_none() {
            stream.write_all(b"5\r\nfirst\r\n").unwrap();
        }
        // Until the gateway closes.
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

/// The test's API, whose secret is a stream and a WebSocket for a key or a token.
fn offering(origin: SocketAddr, key: &Key) -> Value {
    let mut snapshot = snapshot(&json!({"targets": [{"url": format!("http://{origin}/v1")}]}));
    let operations = snapshot["apis"][0]["operations"].as_array_mut().unwrap();
    let secret = operations.iter_mut().find(|one| one["id"] == "shop:secret").unwrap();
    (secret["websocket"], secret["long_lived"], secret["idle_timeout_ms"]) = (json!({}), json!(true), json!(600_000));
    snapshot["apis"][0]["identify"]["jwt"] = json!({"issuers": ["id"]});
    snapshot["issuers"] = json!([{
        "name": "id", "issuer": ISSUER, "keys": key.set(), "audiences": ["api"], "app": {"named": "reader"}, "leeway_s": 0,
    }]);
    snapshot
}

struct Scene {
    stage: Stage,
    snapshot: Value,
    key: Key,
}

impl Scene {
    fn new(change: impl FnOnce(&mut Value)) -> Self {
        let key = Key::new("k1");
        let mut snapshot = offering(endless(), &key);
        change(&mut snapshot);
        Self { stage: Stage::start(options(), &snapshot), snapshot, key }
    }

    fn by_key(&self) -> String {
        format!("x-api-key: {}", api_key())
    }

    fn by_token(&self, seconds: u64) -> String {
        let claims = json!({"iss": ISSUER, "aud": "api", "jti": "t1", "iat": now_s(), "exp": now_s() + seconds});
        format!("authorization: Bearer {}", self.key.signed("k1", claims))
    }

    /// Opens the stream; what came of it up to its first part is read.
    fn stream(&self, credential: &str) -> Caller {
        let mut caller = self.stage.caller();
        caller.send(format!("GET /shop/secret HTTP/1.1\r\nhost: shop.example\r\n{credential}\r\n\r\n"));
        read_until(&mut caller, b"first\r\n");
        caller
    }

    fn socket(&self, credential: &str) -> Caller {
        let mut caller = self.stage.caller();
        caller.send(format!(
            "GET /shop/secret HTTP/1.1\r\nhost: shop.example\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: {KEY}\r\n{credential}\r\n\r\n"
        ));
        read_until(&mut caller, b"\r\n\r\n");
        caller
    }

    fn patch(&self, change: Value) {
        let patch = json!({"sequence": 1, "changes": [change]});
        self.stage.gateway.patch(patch.to_string().as_bytes()).unwrap();
    }

    fn apply(&self, change: impl FnOnce(&mut Value)) {
        let mut snapshot = self.snapshot.clone();
        change(&mut snapshot);
        self.stage.gateway.apply(snapshot.to_string().as_bytes()).unwrap();
    }

    /// The events of the streams that ended, each with the reason.
    fn ended(self, streams: usize) -> Vec<(u16, Option<Code>, String)> {
        let events = self.stage.finish();
        assert_eq!(events.len(), streams, "{events:?}");
        events.into_iter().map(|event| (event.status, event.code, event.reason.unwrap_or_default())).collect()
    }
}

fn read_until(caller: &mut Caller, end: &[u8]) {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end) {
        let mut byte = [0];
        caller.stream.read_exact(&mut byte).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&bytes)));
        bytes.push(byte[0]);
    }
}

/// What a caller hears last: of a stream nothing that looks like an end, of a WebSocket that it may not go on.
fn last_words(caller: &mut Caller) -> Vec<u8> {
    let began = Instant::now();
    let heard = caller.read_to_end();
    assert!(began.elapsed() < PATIENCE);
    heard
}

#[test]
fn a_stream_and_a_socket_end_when_their_key_is_blocked_or_dropped() {
    for change in [
        json!({"change": "block-credential", "id": "reader", "because": "leaked"}),
        json!({"change": "drop-credential", "id": "reader"}),
    ] {
        let scene = Scene::new(|_| ());
        let (mut stream, mut socket) = (scene.stream(&scene.by_key()), scene.socket(&scene.by_key()));
        scene.patch(change);
        assert_eq!(last_words(&mut stream), b"");
        assert_eq!(last_words(&mut socket), [0x88, 0x02, 0x03, 0xf0]);
        for (_, code, reason) in scene.ended(2) {
            assert_eq!(code, Some(Code::AccessEnded));
            assert!(reason.contains("credential reader"), "{reason}");
        }
    }
}

#[test]
fn a_stream_and_a_socket_end_when_their_token_is_revoked() {
    let scene = Scene::new(|_| ());
    let (mut stream, mut socket) = (scene.stream(&scene.by_token(600)), scene.socket(&scene.by_token(600)));
    scene.patch(json!({"change": "revoke-token", "issuer": ISSUER, "jti": "t1", "expires_at": now_s() + 600}));
    assert_eq!((last_words(&mut stream), last_words(&mut socket).len()), (vec![], 4));
    assert!(scene.ended(2).iter().all(|(_, code, reason)| *code == Some(Code::AccessEnded) && reason == "the token was revoked"));
}

#[test]
fn a_stream_ends_when_its_token_expires_unless_that_is_allowed() {
    let scene = Scene::new(|_| ());
    let mut stream = scene.stream(&scene.by_token(2));
    assert_eq!(last_words(&mut stream), b"");
    assert_eq!(scene.ended(1), [(200, Some(Code::AccessEnded), "the token has expired".to_owned())]);
    let scene = Scene::new(|snapshot| snapshot["apis"][0]["identify"]["streams_outlive_tokens"] = json!(true));
    let mut lasting = scene.stream(&scene.by_token(1));
    // A key whose stream ends a second later shows that the token's could have ended by then.
    let until = now_s() + 3;
    scene.apply(|snapshot| {
        snapshot["apis"][0]["identify"]["streams_outlive_tokens"] = json!(true);
        snapshot["credentials"][0]["expires_at"] = json!(until);
    });
    let mut ending = scene.stream(&scene.by_key());
    assert_eq!(last_words(&mut ending), b"");
    lasting.stream.set_nonblocking(true).unwrap();
    assert_eq!(lasting.stream.read(&mut [0; 8]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn a_stream_ends_with_the_grant_that_opened_it() {
    let until = now_s() + 2;
    let scene = Scene::new(|snapshot| {
        let profile = &mut snapshot["profiles"][0];
        profile["operations"] = json!([]);
        profile["timed"] = json!([{"operations": ["shop:secret"], "until": until}]);
    });
    let mut stream = scene.stream(&scene.by_key());
    assert_eq!(last_words(&mut stream), b"");
    let [(_, code, reason)] = &scene.ended(1)[..] else { panic!() };
    assert_eq!((*code, reason.contains("no profile of the caller grants shop:secret")), (Some(Code::AccessEnded), true));
}

#[test]
fn another_snapshot_ends_what_it_takes_away_and_nothing_else() {
    let takes: [fn(&mut Value); 5] = [
        |snapshot| snapshot["profiles"][0]["operations"] = json!([]),
        |snapshot| snapshot["credentials"] = json!([]),
        |snapshot| snapshot["apis"][0]["identify"]["api_key"] = Value::Null,
        |snapshot| snapshot["apis"][0]["operations"].as_array_mut().unwrap().retain(|one| one["id"] != "shop:secret"),
        |snapshot| snapshot["profiles"][0]["denied_operations"] = json!(["shop:secret"]),
    ];
    for (number, take) in takes.into_iter().enumerate() {
        let scene = Scene::new(|_| ());
        let mut stream = scene.stream(&scene.by_key());
        // One that changes nothing for the caller does nothing to the stream.
        scene.apply(|snapshot| snapshot["apis"][0]["version"] = json!("1.0.1"));
        let mut other = scene.stream(&scene.by_key());
        scene.patch(json!({"change": "block-credential", "id": "nobody", "because": "revoked"}));
        scene.apply(|snapshot| {
            snapshot["sequence"] = json!(1);
            take(snapshot);
            if number == 3 {
                snapshot["profiles"][0]["operations"] = json!([]);
            }
        });
        assert_eq!((last_words(&mut stream), last_words(&mut other)), (vec![], vec![]), "{number}");
        assert!(scene.ended(2).iter().all(|(status, code, _)| (*status, *code) == (200, Some(Code::AccessEnded))), "{number}");
    }
}
