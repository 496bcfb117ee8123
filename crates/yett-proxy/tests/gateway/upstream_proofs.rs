//! What an upstream must prove, and what the gateway proves to it.

use crate::common::{Origin, Stage, get, options, read_message, snapshot};
use crate::secure::{Authority, Folder, Issued, provider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use serde_json::{Value, json};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

/// An origin that says which name it was asked for; with `clients`, only those with a certificate get an answer.
fn origin(own: &Issued, clients: Option<&Authority>, versions: &[&'static SupportedProtocolVersion]) -> SocketAddr {
    let config = ServerConfig::builder_with_provider(provider()).with_protocol_versions(versions).unwrap();
    let verifier = match clients {
        None => WebPkiClientVerifier::no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build().unwrap()
        }
    };
    let chain = vec![CertificateDer::from_pem_slice(own.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
    let config = Arc::new(config.with_client_cert_verifier(verifier).with_single_cert(chain, key).unwrap());
    Origin::raw(move |_, stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
        while read_message(&mut stream, false).is_ok() {
            let name = stream.conn.server_name().unwrap_or("").to_owned();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{name}", name.len());
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    })
}

fn served(origin: SocketAddr, authority: &Authority, tls: &Value) -> Value {
    let url = format!("https://localhost:{}", origin.port());
    snapshot(&json!({"targets": [{"url": url}], "ca_pem": authority.pem(), "tls": tls}))
}

/// What the caller gets: the text of an answer, or the code of a refusal.
fn answer(origin: SocketAddr, authority: &Authority, tls: &Value) -> String {
    let answer = Stage::start(options(), &served(origin, authority, tls)).ask(&get("/shop/books"));
    match answer.status() {
        200 => answer.text().to_owned(),
        _ => answer.json()["code"].as_str().unwrap().to_owned(),
    }
}

const UNREACHABLE: &str = "upstream-unreachable";

#[test]
fn the_name_that_is_written_down_is_asked_for_and_proved() {
    let authority = Authority::new();
    let origin = origin(&authority.issue(&["books.internal"], 1), None, &[&TLS13]);
    assert_eq!(answer(origin, &authority, &json!({"server_name": "books.internal"})), "books.internal");
    assert_eq!(answer(origin, &authority, &json!({"server_name": "other.internal"})), UNREACHABLE);
    assert_eq!(answer(origin, &authority, &json!({})), UNREACHABLE);
}

#[test]
fn an_upstream_of_an_older_version_is_never_reached() {
    let authority = Authority::new();
    let origin = origin(&authority.issue(&["localhost"], 1), None, &[&TLS12]);
    assert_eq!(answer(origin, &authority, &json!({"min_version": "1.2"})), "localhost");
    assert_eq!(answer(origin, &authority, &json!({"min_version": "1.3"})), UNREACHABLE);
}

#[test]
fn the_gateway_proves_itself_to_the_upstream() {
    let (authority, callers, folder) = (Authority::new(), Authority::new(), Folder::new("upstream-proof"));
    let origin = origin(&authority.issue(&["localhost"], 1), Some(&callers), &[&TLS13, &TLS12]);
    let with = |own: &Issued, name: &str| {
        let key = folder.write(name, &own.key);
        json!({"client_certificate": {"certificate_pem": own.certificate, "key_file": key}})
    };
    assert_eq!(answer(origin, &authority, &with(&callers.issue(&["gateway"], 1), "good.key")), "localhost");
    for refused in [json!({}), with(&Authority::new().issue(&["gateway"], 1), "strange.key")] {
        // With TLS 1.3 the gateway learns of the refusal when it reads the answer.
        let told = answer(origin, &authority, &refused);
        assert!([UNREACHABLE, "upstream-broken"].contains(&&*told), "{told}");
    }
}

#[test]
fn what_cannot_be_proved_is_refused_with_the_snapshot() {
    let (authority, folder) = (Authority::new(), Folder::new("upstream-mistakes"));
    let own = authority.issue(&["gateway"], 1);
    let other = folder.write("other.key", &authority.issue(&["gateway"], 2).key);
    let with = |pem: &str, key: &str| json!({"client_certificate": {"certificate_pem": pem, "key_file": key}});
    let gateway = yett_proxy::Gateway::new(options()).unwrap();
    let address = "127.0.0.1:1".parse().unwrap();
    for (tls, part, said) in [
        (with(&own.certificate, "/no/such.key"), "client_certificate", "/no/such.key"),
        (with(&own.certificate, other.to_str().unwrap()), "client_certificate", "do not work together"),
        (with("nothing", other.to_str().unwrap()), "client_certificate", "no certificate"),
        (json!({"server_name": "a b"}), "server_name", "a b"),
    ] {
        let mistakes = gateway.apply(served(address, &authority, &tls).to_string().as_bytes()).unwrap_err();
        assert_eq!(mistakes[0].path, format!("/apis/0/upstream/tls/{part}"));
        assert!(mistakes[0].message.contains(said) && !mistakes[0].message.contains("PRIVATE"), "{mistakes:?}");
    }
}
