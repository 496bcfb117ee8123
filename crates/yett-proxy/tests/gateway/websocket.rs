//! WebSocket: who may open one, what goes through, and how it ends.

use crate::common::{Caller, Message, Origin, PATIENCE, Stage, api_key, options, read_message, snapshot};
use crate::secure::{Authority, BOTH, Folder, Secured, client, provider, secure};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use yett_model::Code;
use yett_proxy::Tls;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A handshake, with more fields.
fn handshake(path: &str, fields: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nhost: shop.example\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: {KEY}\r\n{fields}\r\n"
    )
}

/// A snapshot whose secret is a WebSocket too, beside a public one.
pub(crate) fn offering(origin: SocketAddr, idle_ms: u64) -> Value {
    let mut snapshot = snapshot(&json!({"targets": [{"url": format!("http://{origin}/v1")}]}));
    let operations = snapshot["apis"][0]["operations"].as_array_mut().unwrap();
    operations.push(json!({
        "id": "shop:chat", "method": "GET", "path": "/chat", "public": true, "idle_timeout_ms": idle_ms,
        "websocket": {"origins": ["https://app.example"]},
    }));
    operations.iter_mut().find(|one| one["id"] == "shop:secret").unwrap()["websocket"] = json!({});
    snapshot
}

fn stage(origin: SocketAddr) -> Stage {
    Stage::start(options(), &offering(origin, 60_000))
}

pub(crate) fn agree(stream: &mut impl Write, accept: &str, fields: &str) {
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {accept}\r\n\
         server: x\r\n{fields}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
}

/// An origin that agrees and sends back what it hears.
fn echoing() -> (SocketAddr, Receiver<Message>) {
    let (sender, heads) = channel();
    let address = Origin::raw(move |_, mut stream| {
        let Ok(head) = read_message(&mut stream, false) else { return };
        let _ = sender.send(head);
        agree(&mut stream, ACCEPT, "sec-websocket-protocol: chat\r\n");
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            stream.write_all(&buffer[..read]).unwrap();
        }
    });
    (address, heads)
}

fn exactly(caller: &mut Caller, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    caller.stream.read_exact(&mut bytes).unwrap();
    bytes
}

fn switched(caller: &mut Caller) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(exactly(caller, 1));
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    head
}

#[test]
fn a_socket_is_opened_and_bytes_go_both_ways() {
    let (origin, heads) = echoing();
    let stage = stage(origin);
    let mut caller = stage.caller();
    caller.send(handshake("/shop/chat?room=1", "sec-websocket-protocol: chat\r\norigin: https://app.example\r\n"));
    let head = switched(&mut caller);
    for field in ["upgrade: websocket", "connection: upgrade", &format!("sec-websocket-accept: {ACCEPT}"), "yett-decision: "] {
        assert!(head.contains(field), "{field} in {head}");
    }
    assert!(head.contains("sec-websocket-protocol: chat") && !head.contains("server:"), "{head}");
    let asked = heads.recv_timeout(PATIENCE).unwrap();
    assert!(asked.head.starts_with("GET /v1/chat?room=1 HTTP/1.1\r\n"), "{}", asked.head);
    assert_eq!((asked.field("connection"), asked.field("upgrade")), (Some("upgrade"), Some("websocket")));
    assert_eq!((asked.field("sec-websocket-key"), asked.field("sec-websocket-version")), (Some(KEY), Some("13")));
    for round in 0..3 {
        let frame = vec![round; 1000];
        caller.send(&frame);
        assert_eq!(exactly(&mut caller, 1000), frame);
    }
    caller.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(caller.read_to_end(), b"");
    drop(caller);
    let events = stage.finish();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].status, events[0].code, events[0].bytes_in, events[0].bytes_out), (101, None, 3000, 3000));
    assert_eq!(events[0].operation.as_deref(), Some("shop:chat"));
}

#[test]
fn a_socket_leads_back_to_its_target_by_a_cookie_as_any_answer_does() {
    let (origin, heads) = echoing();
    let mut snapshot = offering(origin, 60_000);
    snapshot["apis"][0]["upstream"]["affinity"] = json!({"cookie": "at"});
    let stage = Stage::start(options(), &snapshot);
    let mut caller = stage.caller();
    caller.send(handshake("/shop/chat", "sec-websocket-protocol: chat\r\n"));
    let head = switched(&mut caller);
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: at=")).unwrap().split(';').next().unwrap();
    let mut again = stage.caller();
    again.send(handshake("/shop/chat", &format!("sec-websocket-protocol: chat\r\ncookie: x=\u{fc}; at={cookie}\r\n")));
    assert!(!switched(&mut again).contains("set-cookie"));
    heads.recv_timeout(PATIENCE).unwrap();
    assert!(!heads.recv_timeout(PATIENCE).unwrap().head.contains("at="));
}

#[test]
fn large_transfers_pass_with_bounded_buffers_and_half_closes_are_kept_apart() {
    let origin = Origin::raw(move |_, mut stream| {
        let _ = read_message(&mut stream, false);
        agree(&mut stream, ACCEPT, "");
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).unwrap();
        stream.write_all(&heard).unwrap();
    });
    let stage = stage(origin);
    let mut caller = stage.caller();
    caller.send(handshake("/shop/chat", ""));
    switched(&mut caller);
    let sent: Vec<u8> = (0..3_000_000u32).map(|number| number as u8).collect();
    caller.send(&sent);
    caller.stream.shutdown(Shutdown::Write).unwrap();
    assert!(caller.read_to_end() == sent);
}

#[test]
fn only_an_operation_that_offers_it_is_upgraded() {
    let (origin, heads) = echoing();
    let stage = stage(origin);
    for (request, code) in [
        (handshake("/shop/books", ""), Code::UpgradeRefused),
        (handshake("/shop/chat", "sec-websocket-key: AAAA\r\n"), Code::UpgradeRefused),
        (handshake("/shop/chat", "").replace("version: 13", "version: 8"), Code::UpgradeRefused),
        (handshake("/shop/chat", "").replace("upgrade: websocket", "upgrade: websocket, h2c"), Code::UpgradeRefused),
        (handshake("/shop/chat", "content-length: 3\r\n").replace("\r\n\r\n", "\r\n\r\nabc"), Code::UpgradeRefused),
        (handshake("/shop/chat", "origin: https://evil.example\r\n"), Code::OriginRefused),
        (handshake("/shop/chat", "origin: null\r\n"), Code::OriginRefused),
        (handshake("/shop/chat", "origin: http://shop.example:8080\r\n"), Code::OriginRefused),
        (handshake("/shop/secret", ""), Code::CredentialMissing),
    ] {
        let mut caller = stage.caller();
        caller.send(&request);
        let answer = caller.read().unwrap();
        assert_eq!((answer.status(), answer.json()["code"].as_str()), (code.status(), Some(code.as_str())), "{request}");
        assert_eq!(caller.read_to_end(), b"", "{request}");
    }
    assert!(heads.try_recv().is_err());
}

#[test]
fn identity_and_concurrency_hold_for_the_life_of_the_tunnel() {
    let (origin, heads) = echoing();
    let mut snapshot = offering(origin, 60_000);
    snapshot["apis"][0]["guards"]["limits"]["mode"] = json!("enforce");
    snapshot["apis"][0]["operations"].as_array_mut().unwrap().iter_mut().find(|one| one["id"] == "shop:secret").unwrap()["limits"] =
        json!([{"name": "one", "measure": {"kind": "concurrent", "amount": 1}, "by": "all"}]);
    let stage = Stage::start(options(), &snapshot);
    let key = format!("x-api-key: {}\r\n", api_key());
    let mut first = stage.caller();
    first.send(handshake("/shop/secret", &(key.clone() + "sec-websocket-protocol: chat\r\n")));
    switched(&mut first);
    assert_eq!(heads.recv_timeout(PATIENCE).unwrap().field("yett-app"), Some("reader"));
    let second = stage.ask(&handshake("/shop/secret", &key));
    assert_eq!((second.status(), second.json()["code"].as_str()), (429, Some("concurrency-exceeded")));
    first.stream.shutdown(Shutdown::Write).unwrap();
    first.read_to_end();
    drop(first);
    let mut third = stage.caller();
    third.send(handshake("/shop/secret", &(key + "sec-websocket-protocol: chat\r\n")));
    switched(&mut third);
}

#[test]
fn an_upstream_that_does_not_agree_opens_nothing() {
    let accept_of_other = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for (accept, fields) in [(accept_of_other, ""), (ACCEPT, "sec-websocket-protocol: other\r\n"), (ACCEPT, "upgrade: h2c\r\n")] {
        let origin = Origin::raw(move |_, mut stream| {
            let _ = read_message(&mut stream, false);
            agree(&mut stream, accept, fields);
            let mut more = Vec::new();
            let _ = stream.read_to_end(&mut more);
            assert!(more.is_empty(), "bytes went to an upstream that did not agree");
        });
        let stage = stage(origin);
        let answer = stage.ask(&(handshake("/shop/chat", "sec-websocket-protocol: chat\r\n") + "premature"));
        assert_eq!((answer.status(), answer.json()["code"].as_str()), (502, Some("upstream-broken")), "{fields}");
    }
}

#[test]
fn switching_without_being_asked_is_a_broken_answer() {
    let origin = Origin::start(|_, stream| {
        agree(stream, ACCEPT, "");
        false
    });
    let stage = stage(origin.address);
    let answer = stage.ask("GET /shop/chat HTTP/1.1\r\nhost: h\r\n\r\n");
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (502, Some("upstream-broken")));
}

#[test]
fn what_is_sent_ahead_of_an_agreement_goes_through_the_tunnel_and_is_no_request() {
    let (origin, heads) = echoing();
    let stage = stage(origin);
    let mut caller = stage.caller();
    let smuggled = "GET /shop/books HTTP/1.1\r\nhost: shop.example\r\n\r\n";
    caller.send(handshake("/shop/chat", "sec-websocket-protocol: chat\r\n") + smuggled);
    switched(&mut caller);
    assert_eq!(exactly(&mut caller, smuggled.len()), smuggled.as_bytes());
    caller.stream.shutdown(Shutdown::Write).unwrap();
    caller.read_to_end();
    drop(caller);
    assert!(heads.recv_timeout(PATIENCE).is_ok() && heads.try_recv().is_err());
    assert_eq!(stage.finish().len(), 1);
}

#[test]
fn what_is_sent_ahead_of_a_refusal_is_a_request_to_nobody() {
    let origin = Origin::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 426 Upgrade Required\r\ncontent-length: 2\r\n\r\nno").unwrap();
        true
    });
    let stage = stage(origin.address);
    let smuggled = "GET /shop/books HTTP/1.1\r\nhost: shop.example\r\n\r\n";
    for (path, status, field) in [("/shop/chat", 426, ""), ("/shop/books", 400, ""), ("/shop/chat", 403, "origin: null\r\n")] {
        let mut caller = stage.caller();
        caller.send(handshake(path, field) + smuggled);
        let answer = caller.read().unwrap();
        assert_eq!((answer.status(), answer.field("connection")), (status, Some("close")), "{path}");
        assert_eq!(caller.read_to_end(), b"", "{path}");
    }
    assert_eq!(origin.requests.try_iter().filter(|request| request.head.contains("/v1/books")).count(), 0);
    assert_eq!(stage.finish().len(), 3);
}

#[test]
fn a_tunnel_that_nobody_uses_ends() {
    let (origin, _heads) = echoing();
    let stage = Stage::start(options(), &offering(origin, 200));
    let mut caller = stage.caller();
    caller.send(handshake("/shop/chat", "sec-websocket-protocol: chat\r\n"));
    switched(&mut caller);
    assert_eq!(caller.read_to_end(), b"");
    drop(caller);
    let events = stage.finish();
    assert_eq!((events[0].status, events[0].code), (101, Some(Code::TunnelIdle)));
}

#[test]
fn a_side_that_breaks_is_told_of_in_the_event() {
    let origin = Origin::raw(|_, mut stream| {
        let _ = read_message(&mut stream, false);
        agree(&mut stream, ACCEPT, "");
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        // Closing with unread bytes resets the connection.
    });
    let stage = stage(origin);
    let mut caller = stage.caller();
    caller.send(handshake("/shop/chat", ""));
    switched(&mut caller);
    caller.send(vec![0; 1_000_000]);
    caller.read_to_end();
    drop(caller);
    let events = stage.finish();
    assert_eq!((events[0].status, events[0].code), (101, Some(Code::UpstreamBroken)));
}

#[test]
fn draining_says_goodbye_to_both_sides_at_the_end_of_a_frame() {
    let (sender, farewells) = channel();
    let origin = Origin::raw(move |_, mut stream| {
        let _ = read_message(&mut stream, false);
        agree(&mut stream, ACCEPT, "");
        stream.write_all(&[0x81, 0x02, b'h', b'i']).unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).unwrap();
        let _ = sender.send(heard);
    });
    let stage = stage(origin);
    let mut caller = stage.caller();
    caller.send(handshake("/shop/chat", ""));
    switched(&mut caller);
    assert_eq!(exactly(&mut caller, 4), [0x81, 0x02, b'h', b'i']);
    let gateway = stage.gateway.clone();
    let began = std::time::Instant::now();
    let stopping = std::thread::spawn(move || gateway.stop(PATIENCE));
    assert_eq!(caller.read_to_end(), [0x88, 0x02, 0x03, 0xe9]);
    drop(caller);
    let heard = farewells.recv_timeout(PATIENCE).unwrap();
    assert_eq!((heard.len(), &heard[..2]), (8, &[0x88, 0x82][..]));
    assert_eq!([heard[6] ^ heard[2], heard[7] ^ heard[3]], [0x03, 0xe9]);
    stopping.join().unwrap();
    assert!(began.elapsed() < PATIENCE / 2, "the whole grace was waited out");
    let events = stage.events();
    assert_eq!((events[0].status, events[0].code), (101, None));
}

#[test]
fn a_caller_that_takes_nothing_stops_the_upstream_and_not_the_memory() {
    let (sender, sent) = channel();
    let origin = Origin::raw(move |_, mut stream| {
        let _ = read_message(&mut stream, false);
        agree(&mut stream, ACCEPT, "");
        stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        let mut total = 0u64;
        while let Ok(wrote) = stream.write(&[0; 65536]) {
            total += wrote as u64;
        }
        let _ = sender.send(total);
    });
    let stage = stage(origin);
    let mut caller = stage.caller();
    caller.send(handshake("/shop/chat", ""));
    switched(&mut caller);
    let total = sent.recv_timeout(PATIENCE).unwrap();
    assert!(total < 64 << 20, "{total} bytes were taken for a caller that reads none");
}

#[test]
fn a_socket_over_tls_is_a_tunnel_between_two_sessions() {
    let (authority, folder) = (Authority::new(), Folder::new("websocket"));
    let issued = authority.issue(&["localhost"], 1);
    let chain = vec![CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let origin = Origin::raw(move |_, stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
        read_message(&mut stream, false).unwrap();
        agree(&mut stream, ACCEPT, "");
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).unwrap();
        stream.write_all(&heard).unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
    });
    let mut snapshot = offering(origin, 60_000);
    snapshot["apis"][0]["upstream"] =
        json!({"targets": [{"url": format!("https://localhost:{}/v1", origin.port())}], "ca_pem": authority.pem()});
    let tls = Tls { certificates: vec![folder.pair("localhost", &issued)], ..Tls::default() };
    let stage = Stage::start(secure(tls), &snapshot);
    let mut caller = Secured::open(stage.address, "localhost", &Arc::new(client(&authority, None, BOTH))).0;
    caller.write_all(handshake("/shop/chat", "").as_bytes()).unwrap();
    assert_eq!(read_message(&mut caller, true).unwrap().status(), 101);
    let sent: Vec<u8> = (0..200_000u32).map(|number| number as u8).collect();
    caller.write_all(&sent).unwrap();
    caller.conn.send_close_notify();
    caller.flush().unwrap();
    let mut heard = Vec::new();
    caller.read_to_end(&mut heard).unwrap();
    assert!(heard == sent, "{} of {} bytes came back", heard.len(), sent.len());
}
