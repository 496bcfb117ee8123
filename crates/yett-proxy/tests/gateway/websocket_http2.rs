//! WebSocket over HTTP/2 (RFC 8441): one stream is a tunnel, and the others go on.

use crate::common::{Message, PATIENCE, Stage, options, read_message};
use crate::http2::{connect, run};
use crate::websocket::{ACCEPT, agree, offering};
use bytes::Bytes;
use data_encoding::BASE64;
use h2::client::SendRequest;
use h2::ext::Protocol;
use http::{Request, Response, Version};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use yett_model::Code;

/// An extended CONNECT, with more fields.
fn handshake(path: &str, fields: &[(&str, &str)]) -> Request<()> {
    let request = Request::connect(format!("http://shop.example{path}")).version(Version::HTTP_2);
    let request = request.header("sec-websocket-version", "13").extension(Protocol::from_static("websocket"));
    fields.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(()).unwrap()
}

/// An origin that agrees and sends back what it hears.
fn echoing() -> (SocketAddr, Receiver<Message>) {
    let (sender, heads) = channel();
    let address = crate::common::Origin::raw(move |_, mut stream| {
        let Ok(asked) = read_message(&mut stream, false) else { return };
        let key = asked.field("sec-websocket-key").unwrap_or_default().to_owned();
        let _ = sender.send(asked);
        agree(&mut stream, &accept_of(&key), "");
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            stream.write_all(&buffer[..read]).unwrap();
        }
    });
    (address, heads)
}

fn accept_of(key: &str) -> String {
    let text = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    BASE64.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref())
}

/// A caller once it has heard that it may ask for tunnels.
async fn caller(stage: &Stage) -> SendRequest<Bytes> {
    let mut send = connect(stage).await;
    while !send.is_extended_connect_protocol_enabled() {
        tokio::time::sleep(Duration::from_millis(1)).await;
        send = send.ready().await.unwrap();
    }
    send
}

async fn heard(answer: &mut Response<h2::RecvStream>, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let data = answer.body_mut().data().await.unwrap().unwrap();
        answer.body_mut().flow_control().release_capacity(data.len()).unwrap();
        bytes.extend(data);
    }
    bytes
}

#[test]
fn a_stream_becomes_a_socket_and_the_others_go_on() {
    let (origin, heads) = echoing();
    let stage = Stage::start(options(), &offering(origin, 60_000));
    run(async {
        let mut send = caller(&stage).await;
        let fields = [("origin", "https://app.example"), ("sec-websocket-key", "bWluZSwgbm90IHlvdXJzIQ=="), ("x-own", "1")];
        let (answer, mut stream) = send.send_request(handshake("/shop/chat?room=1", &fields), false).unwrap();
        let mut answer = answer.await.unwrap();
        assert_eq!(answer.status(), 200);
        for name in ["upgrade", "connection", "sec-websocket-accept", "content-length", "server"] {
            assert!(!answer.headers().contains_key(name), "{name}");
        }
        assert!(answer.headers().contains_key("yett-decision"));
        for round in 0..3u8 {
            let frame = vec![round; 1000];
            stream.send_data(frame.clone().into(), false).unwrap();
            assert_eq!(heard(&mut answer, 1000).await, frame);
            let other = Request::get("http://shop.example/shop/secret").body(()).unwrap();
            assert_eq!(send.send_request(other, true).unwrap().0.await.unwrap().status(), 401);
        }
        stream.send_data(Bytes::new(), true).unwrap();
        assert_eq!(crate::http2::all(answer.body_mut()).await.unwrap(), b"");
    });
    let asked = heads.recv_timeout(PATIENCE).unwrap();
    assert!(asked.head.starts_with("GET /v1/chat?room=1 HTTP/1.1\r\n"), "{}", asked.head);
    assert_eq!((asked.field("connection"), asked.field("upgrade")), (Some("upgrade"), Some("websocket")));
    assert_eq!((asked.field("sec-websocket-version"), asked.field("x-own")), (Some("13"), Some("1")));
    assert_ne!(asked.field("sec-websocket-key"), Some("bWluZSwgbm90IHlvdXJzIQ=="));
    let events = stage.finish();
    let tunnel = events.iter().find(|event| event.operation.as_deref() == Some("shop:chat")).unwrap();
    assert_eq!((tunnel.status, tunnel.code, tunnel.bytes_in, tunnel.bytes_out), (200, None, 3000, 3000));
    assert_eq!(events.len(), 4);
}

#[test]
fn a_socket_over_http2_must_prove_as_much_as_any_other() {
    let (origin, heads) = echoing();
    let stage = Stage::start(options(), &offering(origin, 60_000));
    run(async {
        let mut send = caller(&stage).await;
        let mut old = handshake("/shop/chat", &[]);
        old.headers_mut().insert("sec-websocket-version", http::HeaderValue::from_static("8"));
        let mut other = handshake("/shop/chat", &[]);
        other.extensions_mut().insert(Protocol::from_static("connect-udp"));
        for (request, code) in [
            (handshake("/shop/books", &[]), Code::UpgradeRefused),
            (old, Code::UpgradeRefused),
            (handshake("/shop/chat", &[("origin", "https://evil.example")]), Code::OriginRefused),
            (handshake("/shop/secret", &[]), Code::CredentialMissing),
            (other, Code::MethodRefused),
        ] {
            let told = format!("{request:?}");
            let mut answer = send.send_request(request, false).unwrap().0.await.unwrap();
            let body = crate::http2::all(answer.body_mut()).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!((answer.status().as_u16(), body["code"].as_str()), (code.status(), Some(code.as_str())), "{told}");
        }
    });
    assert!(heads.try_recv().is_err());
}

#[test]
fn success_without_a_tunnel_is_no_tunnel() {
    let (ok, wrong) = ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", "");
    for said in [ok, wrong] {
        let origin = crate::common::Origin::raw(move |_, mut stream| {
            let _ = read_message(&mut stream, false);
            match said.is_empty() {
                // The proof is that of another key.
                true => agree(&mut stream, ACCEPT, ""),
                false => stream.write_all(said.as_bytes()).unwrap(),
            }
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let stage = Stage::start(options(), &offering(origin, 60_000));
        run(async {
            let mut send = caller(&stage).await;
            let answer = send.send_request(handshake("/shop/chat", &[]), false).unwrap().0.await.unwrap();
            assert_eq!(answer.status(), 502, "{said}");
        });
        assert_eq!(stage.finish()[0].code, Some(Code::UpstreamBroken), "{said}");
    }
}

#[test]
fn a_socket_over_http2_ends_when_nobody_uses_it_and_when_its_caller_leaves() {
    let (origin, _heads) = echoing();
    let stage = Stage::start(options(), &offering(origin, 200));
    run(async {
        let mut send = caller(&stage).await;
        let (answer, _stream) = send.send_request(handshake("/shop/chat", &[]), false).unwrap();
        let mut answer = answer.await.unwrap();
        while let Some(Ok(_)) = answer.body_mut().data().await {}
    });
    assert_eq!(stage.finish()[0].code, Some(Code::TunnelIdle));
    let (origin, _heads) = echoing();
    let stage = Stage::start(options(), &offering(origin, 60_000));
    run(async {
        let mut send = caller(&stage).await;
        let (answer, mut stream) = send.send_request(handshake("/shop/chat", &[]), false).unwrap();
        assert_eq!(answer.await.unwrap().status(), 200);
        stream.send_reset(h2::Reason::CANCEL);
        // Its end is recorded while the connection lives.
        while stage.gateway.stats().requests == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
}

#[test]
fn draining_says_goodbye_on_a_stream_too() {
    let (origin, _heads) = echoing();
    let stage = Stage::start(options(), &offering(origin, 60_000));
    run(async {
        let mut send = caller(&stage).await;
        let (answer, _stream) = send.send_request(handshake("/shop/chat", &[]), false).unwrap();
        let mut answer = answer.await.unwrap();
        let gateway = stage.gateway.clone();
        let stopping = std::thread::spawn(move || gateway.stop(PATIENCE));
        assert_eq!(heard(&mut answer, 4).await, [0x88, 0x02, 0x03, 0xe9]);
        drop((answer, send, _stream));
        stopping.join().unwrap();
    });
}
