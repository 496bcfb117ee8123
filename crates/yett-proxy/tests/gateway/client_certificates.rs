//! Client authentication, and the ways around it that must not be there.

use crate::common::{Message, Origin, Stage, get};
use crate::secure::{Authority, BOTH, Folder, Issued, Secured, ask, client, clients, expect_metric, failed, secure, stage};
use data_encoding::BASE64;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::{TLS12, TLS13};
use serde_json::json;
use std::sync::Arc;
use yett_model::Code;
use yett_proxy::{ClientCertificates, ClientMode, Options, Tls};

/// What a test about client certificates needs.
struct Scene {
    servers: Authority,
    authority: Authority,
    folder: Folder,
    origin: Origin,
}

impl Scene {
    fn new(name: &str) -> Self {
        let (servers, authority) = (Authority::new(), Authority::new());
        Self { servers, authority, folder: Folder::new(name), origin: Origin::echo() }
    }

    fn ca(&self) -> std::path::PathBuf {
        self.folder.write("ca.pem", &self.authority.pem())
    }

    fn options(&self, client_certificates: Vec<ClientCertificates>) -> Options {
        let pair = self.folder.pair("server", &self.servers.issue(&["a.example", "b.example", "c.example"], 1));
        secure(Tls { certificates: vec![pair], client_certificates, ..Tls::default() })
    }

    fn stage(&self, client_certificates: Vec<ClientCertificates>) -> Stage {
        stage(&self.origin, self.options(client_certificates))
    }

    fn ask(&self, stage: &Stage, name: &str, own: Option<&Issued>) -> Result<Message, String> {
        ask(stage, name, client(&self.servers, own, BOTH))
    }

    fn open(&self, stage: &Stage, name: &str, own: Option<&Issued>) -> Secured {
        Secured::open(stage.address, name, &Arc::new(client(&self.servers, own, BOTH)))
    }
}

fn is_misdirected(answer: &Message) -> bool {
    answer.status() == 421 && answer.json()["code"] == json!("misdirected")
}

#[test]
fn a_caller_without_a_good_certificate_is_refused() {
    let scene = Scene::new("required");
    let stage = scene.stage(vec![clients(scene.ca(), ClientMode::Required, &[])]);
    let (good, strange) = (scene.authority.issue(&["app"], 1), Authority::new().issue(&["app"], 1));
    for version in [&TLS12, &TLS13] {
        let ask = |own: Option<&Issued>| ask(&stage, "a.example", client(&scene.servers, own, &[version]));
        assert_eq!(ask(Some(&good)).unwrap().status(), 200);
        assert!(ask(None).is_err());
        assert!(ask(Some(&strange)).is_err());
    }
    expect_metric(&stage, &failed("certificate-missing", 2));
    expect_metric(&stage, &failed("certificate-refused", 2));
    assert_eq!(scene.origin.requests.try_iter().count(), 2);
}

#[test]
fn an_optional_certificate_may_be_missing_but_not_bad() {
    let scene = Scene::new("optional");
    let stage = scene.stage(vec![clients(scene.ca(), ClientMode::Optional, &[])]);
    assert_eq!(scene.ask(&stage, "a.example", None).unwrap().status(), 200);
    assert_eq!(scene.ask(&stage, "a.example", Some(&scene.authority.issue(&["app"], 1))).unwrap().status(), 200);
    assert!(scene.ask(&stage, "a.example", Some(&Authority::new().issue(&["app"], 1))).is_err());
}

#[test]
fn a_certificate_is_asked_for_on_its_hosts_only() {
    let scene = Scene::new("hosts");
    let stage = scene.stage(vec![clients(scene.ca(), ClientMode::Required, &["a.example"])]);
    assert!(scene.ask(&stage, "a.example", None).is_err());
    assert_eq!(scene.ask(&stage, "b.example", None).unwrap().status(), 200);
}

#[test]
fn a_handshake_for_one_host_opens_no_other() {
    let scene = Scene::new("bypass");
    let mut options = scene.options(vec![clients(scene.ca(), ClientMode::Required, &["a.example"])]);
    options.workers = Some(1);
    let stage = stage(&scene.origin, options);
    for host in ["a.example", "A.EXAMPLE", "a.example.", "a.example:443", "a.example:"] {
        let mut caller = scene.open(&stage, "b.example", None);
        assert_eq!(caller.ask("b.example").unwrap().status(), 200);
        assert!(is_misdirected(&caller.ask(host).unwrap()), "{host}");
        assert!(caller.ask("b.example").is_err(), "the connection is closed");
    }
    let mut absolute = scene.open(&stage, "b.example", None);
    std::io::Write::write_all(&mut absolute.0, b"GET https://a.example/shop/books HTTP/1.1\r\nhost: a.example\r\n\r\n").unwrap();
    assert!(is_misdirected(&crate::common::read_message(&mut absolute.0, false).unwrap()));
    let mut config = client(&scene.servers, None, BOTH);
    config.enable_sni = false;
    let mut nameless = Secured::open(stage.address, "b.example", &Arc::new(config));
    assert!(is_misdirected(&nameless.ask("a.example").unwrap()));
    // Nor does a certificate for one host open one that asks for none: its caller is somebody else there.
    let good = scene.authority.issue(&["app"], 1);
    let mut known = scene.open(&stage, "a.example", Some(&good));
    assert!(is_misdirected(&known.ask("b.example").unwrap()));
    // Hosts that ask the same are reached on one connection.
    assert_eq!(scene.open(&stage, "b.example", None).ask("c.example").unwrap().status(), 200);
    let seen = scene.origin.requests.try_iter().count();
    assert_eq!(seen, 6, "no misdirected request went upstream");
    assert!(stage.finish().iter().all(|event| event.status == 200 || event.code == Some(Code::Misdirected)));
}

#[test]
fn a_connection_that_is_used_again_over_http2_opens_no_other_host() {
    let scene = Scene::new("bypass-http2");
    let stage = scene.stage(vec![clients(scene.ca(), ClientMode::Required, &["a.example"])]);
    let mut config = client(&scene.servers, None, BOTH);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let address = stage.address;
    let statuses = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async move {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let name = rustls::pki_types::ServerName::try_from("b.example").unwrap();
        let stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        let (mut send, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let mut statuses = Vec::new();
        for host in ["b.example", "a.example", "b.example"] {
            send = send.ready().await.unwrap();
            let request = http::Request::get(format!("https://{host}/shop/books")).version(http::Version::HTTP_2);
            let (answer, _) = send.send_request(request.body(()).unwrap(), true).unwrap();
            statuses.push(answer.await.unwrap().status().as_u16());
        }
        statuses
    });
    assert_eq!(statuses, [200, 421, 200]);
}

#[test]
fn a_plain_listener_is_no_way_around() {
    let scene = Scene::new("plain");
    let mut options = scene.options(vec![clients(scene.ca(), ClientMode::Required, &["shop.example"])]);
    options.listen.push(options.listen[0].clone());
    options.listen[0].tls = Some(false);
    let stage = stage(&scene.origin, options);
    assert!(is_misdirected(&stage.ask(&get("/shop/books"))));
    let mut other = stage.caller();
    other.send("GET /shop/books HTTP/1.1\r\nhost: b.example\r\n\r\n");
    assert_eq!(other.read().unwrap().status(), 200);
}

#[test]
fn a_revoked_certificate_is_refused_and_so_is_one_whose_status_nobody_tells() {
    let scene = Scene::new("revoked");
    let other = Authority::new();
    let of = |crl: String| {
        let mut policy = clients(scene.ca(), ClientMode::Required, &[]);
        policy.crl = vec![scene.folder.write("list.pem", &crl)];
        scene.stage(vec![policy])
    };
    let (good, revoked) = (scene.authority.issue(&["app"], 1), scene.authority.issue(&["app"], 2));
    let current = of(scene.authority.revoke(&[2], 2099));
    assert_eq!(scene.ask(&current, "a.example", Some(&good)).unwrap().status(), 200);
    assert!(scene.ask(&current, "a.example", Some(&revoked)).is_err());
    expect_metric(&current, &failed("certificate-revoked", 1));
    for (what, crl) in [("expired", scene.authority.revoke(&[2], 2021)), ("another's", other.revoke(&[], 2099))] {
        let stage = of(crl);
        assert!(scene.ask(&stage, "a.example", Some(&good)).is_err(), "{what}");
        expect_metric(&stage, &failed("status-unknown", 1));
    }
}

#[test]
fn a_certificate_that_is_revoked_while_its_connection_is_open_opens_no_more() {
    let scene = Scene::new("renewed-list");
    let mut policy = clients(scene.ca(), ClientMode::Required, &[]);
    policy.crl = vec![scene.folder.write("list.pem", &scene.authority.revoke(&[], 2099))];
    let stage = scene.stage(vec![policy]);
    let (good, bad) = (scene.authority.issue(&["app"], 1), scene.authority.issue(&["app"], 2));
    let (mut first, mut second) = (scene.open(&stage, "a.example", Some(&good)), scene.open(&stage, "a.example", Some(&bad)));
    assert!(first.ask("a.example").is_ok() && second.ask("a.example").is_ok());
    scene.folder.write("list.pem", &scene.authority.revoke(&[2], 2099));
    assert!(stage.gateway.renew_tls(None).unwrap());
    assert_eq!(first.ask("a.example").unwrap().status(), 200);
    assert!(is_misdirected(&second.ask("a.example").unwrap()));
    assert!(scene.ask(&stage, "a.example", Some(&bad)).is_err());
}

#[test]
fn a_host_that_begins_to_ask_for_certificates_asks_open_connections_too() {
    let scene = Scene::new("renewed-policy");
    let options = scene.options(Vec::new());
    let mut tls = options.tls.clone().unwrap();
    let stage = stage(&scene.origin, options);
    let mut caller = scene.open(&stage, "a.example", None);
    assert_eq!(caller.ask("a.example").unwrap().status(), 200);
    tls.client_certificates = vec![clients(scene.ca(), ClientMode::Required, &[])];
    assert!(stage.gateway.renew_tls(Some(tls)).unwrap());
    assert!(is_misdirected(&caller.ask("a.example").unwrap()));
}

#[test]
fn the_upstream_learns_of_the_certificate_from_the_gateway_only() {
    let scene = Scene::new("forwarded");
    let mut policy = clients(scene.ca(), ClientMode::Optional, &[]);
    policy.forward = true;
    let stage = scene.stage(vec![policy]);
    let own = scene.authority.issue(&["app"], 1);
    let forged = "client-cert: :AAAA:\r\nclient-cert-chain: :AAAA:\r\nx-ssl-client-verify: SUCCESS\r\n";
    let request = format!("GET /shop/books HTTP/1.1\r\nhost: a.example\r\n{forged}\r\n");
    let sent = |own: Option<&Issued>| {
        let mut caller = scene.open(&stage, "a.example", own);
        std::io::Write::write_all(&mut caller.0, request.as_bytes()).unwrap();
        assert_eq!(crate::common::read_message(&mut caller.0, false).unwrap().status(), 200);
        scene.origin.next()
    };
    let der = CertificateDer::from_pem_slice(own.certificate.as_bytes()).unwrap();
    let seen = sent(Some(&own));
    assert_eq!(seen.field("client-cert"), Some(&*format!(":{}:", BASE64.encode(&der))));
    assert_eq!((seen.field("client-cert-chain"), seen.field("x-ssl-client-verify")), (None, None));
    assert_eq!(sent(None).field("client-cert"), None);
}

#[test]
fn files_that_hold_something_else_are_refused_by_name() {
    let scene = Scene::new("wrong-files");
    let pem = scene.folder.write("wrong.pem", "nothing");
    let mut lists = clients(scene.ca(), ClientMode::Required, &[]);
    lists.crl = vec![pem.clone()];
    for policies in [vec![clients(pem, ClientMode::Required, &[])], vec![lists]] {
        let error = yett_proxy::Gateway::new(scene.options(policies)).err().unwrap();
        assert!(error.code() == "tls-invalid" && error.message().contains("wrong.pem"), "{error}");
    }
    let twice = vec![clients(scene.ca(), ClientMode::Required, &[]); 2];
    assert!(yett_proxy::Gateway::new(scene.options(twice)).is_err());
}
