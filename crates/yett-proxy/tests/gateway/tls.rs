//! TLS on both sides, and HTTP/2.

use crate::common::{Message, Origin, PATIENCE, Stage, get, options, read_message, snapshot};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use yett_model::Code;
use yett_proxy::{Gateway, Options, Secret, Tls};

/// A certificate authority and a certificate it issued for `localhost`, as PEM.
struct Identity {
    authority: String,
    certificate: String,
    key: String,
}

fn identity(name: &str) -> Identity {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    Identity { authority: authority.pem(), certificate: certificate.pem(), key: key.serialize_pem() }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// An origin behind TLS that answers with what it was asked.
fn secure_origin(identity: &Identity) -> SocketAddr {
    let chain = vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    Origin::raw(move |_, stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
        while let Ok(request) = read_message(&mut stream, false) {
            let name = stream.conn.server_name().unwrap_or("").to_owned();
            let body = format!("{name} {}", request.body.len());
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    })
}

fn upstream(origin: SocketAddr, host: &str, ca_pem: Option<&str>) -> Value {
    snapshot(&json!({"targets": [{"url": format!("https://{host}:{}", origin.port())}], "ca_pem": ca_pem}))
}

#[test]
fn an_upstream_that_proves_its_name_is_reached() {
    let identity = identity("localhost");
    let origin = secure_origin(&identity);
    let stage = Stage::start(options(), &upstream(origin, "localhost", Some(&identity.authority)));
    let mut caller = stage.caller();
    for size in [0, 10, 300_000] {
        caller.send(crate::common::post("/shop/books", &"x".repeat(size)));
        assert_eq!(caller.read().unwrap().text(), format!("localhost {size}"));
    }
}

#[test]
fn an_upstream_that_proves_nothing_is_never_reached() {
    let (right, wrong) = (identity("localhost"), identity("localhost"));
    let elsewhere = identity("elsewhere.example");
    for (served, trusted) in [(&right, Some(&*wrong.authority)), (&right, None), (&elsewhere, Some(&*elsewhere.authority))] {
        let origin = secure_origin(served);
        let stage = Stage::start(options(), &upstream(origin, "localhost", trusted));
        let answer = stage.ask(&get("/shop/books"));
        assert_eq!((answer.status(), &answer.json()["code"]), (502, &json!("upstream-unreachable")));
        assert_eq!(stage.finish()[0].code, Some(Code::UpstreamUnreachable));
    }
}

/// A gateway behind TLS, and the files of its certificate.
fn secure_stage(identity: &Identity, name: &str, snapshot: &Value) -> (Stage, PathBuf) {
    let folder = std::env::temp_dir().join(format!("yett-tls-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("certificate.pem"), &identity.certificate).unwrap();
    std::fs::write(folder.join("key.pem"), &identity.key).unwrap();
    let mut options = options();
    options.tls = Some(Tls::pair(folder.join("certificate.pem"), folder.join("key.pem")));
    (Stage::start(options, snapshot), folder)
}

fn client(identity: &Identity, alpn: &[&[u8]]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(identity.authority.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    Arc::new(config)
}

#[test]
fn callers_are_served_over_tls() {
    let identity = identity("localhost");
    let origin = Origin::echo();
    let served = snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]}));
    let (stage, folder) = secure_stage(&identity, "http1", &served);
    let connection =
        ClientConnection::new(client(&identity, &[b"http/1.1"]), ServerName::try_from("localhost").unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(stage.address).unwrap());
    stream.sock.set_read_timeout(Some(PATIENCE)).unwrap();
    for _ in 0..2 {
        stream.write_all(get("/shop/books").as_bytes()).unwrap();
        assert_eq!(read_message(&mut stream, false).unwrap().status(), 200);
        assert_eq!(origin.next().field("x-forwarded-proto"), Some("https"));
    }
    assert_eq!(stream.conn.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    let mut plain = stage.caller();
    plain.send(get("/shop/books"));
    assert!(!String::from_utf8_lossy(&plain.read_to_end()).contains("HTTP/"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_certificate_that_cannot_be_used_is_a_clear_error() {
    let mut options = Options::new(Secret::new("ab".repeat(32)));
    options.tls = Some(Tls::pair("/no/such.pem", "/no/such.key"));
    let error = Gateway::new(options).err().unwrap();
    assert_eq!(error.code(), "tls-invalid");
    assert!(error.message().contains("/no/such.pem"));
}

/// Sends requests at the same time over one HTTP/2 connection; the answers' statuses and bodies.
async fn over_http2(io: impl AsyncIo, requests: Vec<(http::Request<()>, Vec<u8>)>) -> Vec<Message> {
    let (mut send, connection) = h2::client::handshake(io).await.unwrap();
    tokio::spawn(connection);
    let mut answers = Vec::new();
    for (request, body) in requests {
        send = send.ready().await.unwrap();
        let (answer, mut stream) = send.send_request(request, body.is_empty()).unwrap();
        if !body.is_empty() {
            stream.send_data(body.into(), true).unwrap();
        }
        answers.push(answer);
    }
    let mut messages = Vec::new();
    for answer in answers {
        let (head, mut incoming) = answer.await.unwrap().into_parts();
        let mut message = Message { head: format!("HTTP/2 {}\r\n", head.status), ..Message::default() };
        while let Some(data) = incoming.data().await {
            let data = data.unwrap();
            incoming.flow_control().release_capacity(data.len()).unwrap();
            message.body.extend_from_slice(&data);
        }
        messages.push(message);
    }
    messages
}

trait AsyncIo: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static> AsyncIo for T {}

fn requests(scheme: &str) -> Vec<(http::Request<()>, Vec<u8>)> {
    let request = |method: &str, path: &str| {
        let uri = format!("{scheme}://shop.example{path}");
        http::Request::builder().method(method).uri(uri).version(http::Version::HTTP_2)
    };
    vec![
        (request("GET", "/shop/books?n=1").header("cookie", "a=1").header("cookie", "b=2").body(()).unwrap(), Vec::new()),
        (request("POST", "/shop/books").body(()).unwrap(), vec![b'x'; 30_000]),
        (request("GET", "/shop/secret").body(()).unwrap(), Vec::new()),
    ]
}

fn check_http2(stage: Stage, origin: &Origin, messages: &[Message]) {
    assert_eq!(messages[0].json()["target"], "/books?n=1");
    assert_eq!(messages[1].json()["length"], 30_000);
    assert_eq!((messages[2].status(), &messages[2].json()["code"]), (401, &json!("credential-missing")));
    let seen: Vec<Message> = origin.requests.try_iter().collect();
    let list = seen.iter().find(|request| request.head.starts_with("GET /books?n=1 HTTP/1.1")).unwrap();
    assert_eq!((list.field("cookie"), list.field("x-forwarded-host")), (Some("a=1; b=2"), Some("shop.example")));
    let events = stage.finish();
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|event| event.protocol == "HTTP/2" && event.host == "shop.example"));
    assert!(events.iter().all(|event| event.code.is_none() || event.status == 401), "{events:?}");
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn http2_with_prior_knowledge_is_served() {
    let origin = Origin::echo();
    let stage = Stage::start(options(), &snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})));
    let address = stage.address;
    let messages =
        block_on(async move { over_http2(tokio::net::TcpStream::connect(address).await.unwrap(), requests("http")).await });
    check_http2(stage, &origin, &messages);
}

/// Whether the gateway resets each of three streams whose answers get no window.
async fn asks_without_a_window(address: SocketAddr) {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let handshake = h2::client::Builder::new().initial_window_size(0).handshake::<_, bytes::Bytes>(stream);
    let (mut send, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let mut answers = Vec::new();
    for _ in 0..3 {
        send = send.ready().await.unwrap();
        let request = http::Request::get("http://shop.example/shop/books").version(http::Version::HTTP_2).body(()).unwrap();
        answers.push(send.send_request(request, true).unwrap().0);
    }
    for answer in answers {
        let mut body = answer.await.unwrap().into_body();
        let end = tokio::time::timeout(PATIENCE, body.data()).await.expect("the stream stays open");
        assert!(end.unwrap().unwrap_err().is_reset());
    }
}

#[test]
fn http2_streams_whose_caller_grants_no_window_are_reset_and_recorded() {
    let origin = Origin::echo();
    let mut options = options();
    options.idle_timeout_ms = 200;
    let stage = Stage::start(options, &snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})));
    block_on(asks_without_a_window(stage.address));
    assert_eq!(stage.gateway.stats().in_flight, 0);
    let events = stage.finish();
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|event| (event.status, event.code) == (200, Some(Code::CallerSlow))), "{events:?}");
}

#[test]
fn http2_streams_that_wait_for_the_upstream_go_on() {
    let (go, going) = std::sync::mpsc::channel();
    let going = std::sync::Mutex::new(going);
    let origin = Origin::start(move |request, stream| {
        let mut write = |text: &str| stream.write_all(text.as_bytes()).is_ok();
        if request.head.contains("wait") {
            write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na") && going.lock().unwrap().recv().is_ok() && write("b")
        } else {
            write("HTTP/1.1 204 No Content\r\n\r\n")
        }
    });
    let mut options = options();
    options.idle_timeout_ms = 200;
    let stage = Stage::start(options, &snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})));
    let mut idle = stage.caller();
    let body = block_on(async {
        let stream = tokio::net::TcpStream::connect(stage.address).await.unwrap();
        let (mut send, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let request = http::Request::get("http://shop.example/shop/books?wait").version(http::Version::HTTP_2).body(()).unwrap();
        let (answer, _) = send.send_request(request, true).unwrap();
        let mut body = answer.await.unwrap().into_body();
        let mut text = body.data().await.unwrap().unwrap().to_vec();
        // An idle connection ends after the time that a caller has to take a part.
        idle.send(get("/shop/books"));
        assert!(idle.read_to_end().starts_with(b"HTTP/1.1 204"));
        go.send(()).unwrap();
        text.extend(body.data().await.unwrap().unwrap());
        text
    });
    assert_eq!(body, b"ab");
    let events = stage.finish();
    assert!(events.iter().all(|event| event.code.is_none()), "{events:?}");
}

#[test]
fn http2_over_tls_is_chosen_by_alpn() {
    let identity = identity("localhost");
    let origin = Origin::echo();
    let served = snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]}));
    let (stage, folder) = secure_stage(&identity, "http2", &served);
    let (address, config) = (stage.address, client(&identity, &[b"h2"]));
    let messages = block_on(async move {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(config);
        let stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
        over_http2(stream, requests("https")).await
    });
    check_http2(stage, &origin, &messages);
    std::fs::remove_dir_all(folder).unwrap();
}
