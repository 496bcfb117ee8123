//! The gateway's own certificates: chosen by name, renewed, and the versions they are shown under.

use crate::common::{Origin, PATIENCE, Stage};
use crate::secure::{Authority, BOTH, Folder, Secured, ask, client, expect_metric, failed, secure, stage};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::{TLS12, TLS13};
use std::io::{Read, Write};
use std::sync::Arc;
use yett_proxy::{CertificateFiles, Hsts, Tls, TlsVersion};

/// Which of the certificates a caller is shown, if any is.
fn shown(stage: &Stage, authority: &Authority, name: &str, pems: &[&str]) -> Option<usize> {
    let mut caller = Secured::open(stage.address, name, &Arc::new(client(authority, None, BOTH)));
    caller.ask(name).ok()?;
    let leaf = caller.0.conn.peer_certificates().unwrap()[0].clone();
    pems.iter().position(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap() == leaf)
}

#[test]
fn the_certificate_is_chosen_by_the_name() {
    let (authority, folder, origin) = (Authority::new(), Folder::new("names"), Origin::echo());
    let issued = [&["a.example"][..], &["*.b.example", "b.example"], &["c.example", "written.example"]]
        .map(|names| authority.issue(names, 1));
    let mut files: Vec<CertificateFiles> =
        issued.iter().zip(["a", "b", "c"]).map(|(issued, name)| folder.pair(name, issued)).collect();
    files[2].hosts = vec!["written.example".to_owned()];
    let mut tls = Tls { certificates: files, ..Tls::default() };
    let pems: Vec<&str> = issued.iter().map(|issued| &*issued.certificate).collect();
    {
        let stage = stage(&origin, secure(tls.clone()));
        let shown = |name| shown(&stage, &authority, name, &pems);
        assert_eq!(shown("a.example"), Some(0));
        assert_eq!(shown("x.b.example"), Some(1));
        assert_eq!(shown("b.example"), Some(1));
        assert_eq!(shown("written.example"), Some(2));
        // The names that are written down replace those of the certificate: the first is shown, and does not fit.
        assert_eq!(shown("c.example"), None);
        expect_metric(&stage, &failed("alert", 1));
    }
    tls.strict_sni = true;
    let stage = stage(&origin, secure(tls));
    assert_eq!(shown(&stage, &authority, "a.example", &pems), Some(0));
    assert!(ask(&stage, "unknown.example", client(&authority, None, BOTH)).is_err());
    let mut nameless = client(&authority, None, BOTH);
    nameless.enable_sni = false;
    assert!(ask(&stage, "a.example", nameless).is_err());
    expect_metric(&stage, &failed("unknown-name", 2));
}

#[test]
fn a_name_that_is_written_down_twice_is_refused() {
    let (authority, folder) = (Authority::new(), Folder::new("twice"));
    let mut files = folder.pair("a", &authority.issue(&["a.example"], 1));
    files.hosts = vec!["a.example".to_owned()];
    let tls = Tls { certificates: vec![files.clone(), files], ..Tls::default() };
    let error = yett_proxy::Gateway::new(secure(tls)).err().unwrap();
    assert!(error.message().contains("a.example is named for two"), "{error}");
}

#[test]
fn an_older_version_than_the_oldest_is_refused() {
    let (authority, folder, origin) = (Authority::new(), Folder::new("versions"), Origin::echo());
    let pair = folder.pair("a", &authority.issue(&["a.example"], 1));
    for (oldest, spoken) in [(TlsVersion::V1_2, true), (TlsVersion::V1_3, false)] {
        let tls = Tls { certificates: vec![pair.clone()], min_version: oldest, ..Tls::default() };
        let stage = stage(&origin, secure(tls));
        assert_eq!(ask(&stage, "a.example", client(&authority, None, &[&TLS12])).is_ok(), spoken, "{oldest:?}");
        assert!(ask(&stage, "a.example", client(&authority, None, &[&TLS13])).is_ok());
        if !spoken {
            expect_metric(&stage, &failed("incompatible", 1));
        }
    }
}

#[test]
fn the_keys_are_agreed_on_by_the_hybrid_group_and_sessions_go_on() {
    let (authority, folder, origin) = (Authority::new(), Folder::new("group"), Origin::echo());
    let pair = folder.pair("a", &authority.issue(&["a.example"], 1));
    let stage = stage(&origin, secure(Tls { certificates: vec![pair], ..Tls::default() }));
    let config = Arc::new(client(&authority, None, BOTH));
    let mut first = Secured::open(stage.address, "a.example", &config);
    first.ask("a.example").unwrap();
    let group = first.0.conn.negotiated_key_exchange_group().unwrap();
    assert_eq!(group.name(), rustls::NamedGroup::X25519MLKEM768);
    let mut second = Secured::open(stage.address, "a.example", &config);
    second.ask("a.example").unwrap();
    assert_eq!(second.0.conn.handshake_kind(), Some(rustls::HandshakeKind::Resumed));
}

#[test]
fn a_renewed_certificate_is_shown_and_open_connections_go_on() {
    let (authority, folder, origin) = (Authority::new(), Folder::new("renewal"), Origin::echo());
    let (old, new) = (authority.issue(&["a.example"], 1), authority.issue(&["a.example"], 2));
    let stage = stage(&origin, secure(Tls { certificates: vec![folder.pair("a", &old)], ..Tls::default() }));
    let pems = [&*old.certificate, &*new.certificate];
    let mut open = Secured::open(stage.address, "a.example", &Arc::new(client(&authority, None, BOTH)));
    assert_eq!(open.ask("a.example").unwrap().status(), 200);
    assert!(!stage.gateway.renew_tls(None).unwrap(), "nothing differs");
    // Half of a pair is no pair: the old one serves, and the reason is told.
    folder.write("a.pem", &new.certificate);
    let error = stage.gateway.renew_tls(None).unwrap_err();
    assert!(error.message().contains("do not work together"), "{error}");
    assert_eq!(shown(&stage, &authority, "a.example", &pems), Some(0));
    folder.write("a.key", &new.key);
    assert!(stage.gateway.renew_tls(None).unwrap());
    assert_eq!(shown(&stage, &authority, "a.example", &pems), Some(1));
    assert_eq!(open.ask("a.example").unwrap().status(), 200);
}

#[test]
fn settings_are_renewed_too_but_tls_is_not_turned_on_or_off() {
    let (authority, folder, origin) = (Authority::new(), Folder::new("settings"), Origin::echo());
    let pair = folder.pair("a", &authority.issue(&["a.example"], 1));
    let tls = Tls { certificates: vec![pair], ..Tls::default() };
    let secured = stage(&origin, secure(tls.clone()));
    let stricter = Tls { min_version: TlsVersion::V1_3, ..tls.clone() };
    assert!(secured.gateway.renew_tls(Some(stricter)).unwrap());
    assert!(ask(&secured, "a.example", client(&authority, None, &[&TLS12])).is_err());
    assert_eq!(secured.gateway.renew_tls(Some(Tls::default())).unwrap_err().code(), "option-invalid");
    let plain = Stage::before(origin.address);
    assert_eq!(plain.gateway.renew_tls(Some(tls)).unwrap_err().code(), "option-invalid");
}

#[test]
fn browsers_are_told_to_keep_to_tls_on_answers_and_refusals() {
    let (authority, folder) = (Authority::new(), Folder::new("hsts"));
    let pair = folder.pair("a", &authority.issue(&["a.example"], 1));
    let hsts = Some(Hsts { max_age_s: 60, include_subdomains: false, preload: false });
    let mut options = secure(Tls { certificates: vec![pair], hsts, ..Tls::default() });
    let mut plain = options.listen[0].clone();
    plain.tls = Some(false);
    options.listen.push(plain);
    let gateway = yett_proxy::Gateway::new(options).unwrap();
    let config = Arc::new(client(&authority, None, BOTH));
    let bound = gateway.start().unwrap();
    let told = |request: &str| {
        let mut caller = Secured::open(bound.listen[0], "a.example", &config);
        caller.0.write_all(request.as_bytes()).unwrap();
        crate::common::read_message(&mut caller.0, false).unwrap().field("strict-transport-security").map(str::to_owned)
    };
    assert_eq!(told("GET / HTTP/1.1\r\nhost: a.example\r\n\r\n").as_deref(), Some("max-age=60"));
    assert_eq!(told("GET / nonsense\r\n\r\n").as_deref(), Some("max-age=60"));
    let mut caller = crate::common::Caller::connect(bound.listen[1]);
    caller.send("GET / HTTP/1.1\r\nhost: a.example\r\n\r\n");
    assert_eq!(caller.read().unwrap().field("strict-transport-security"), None);
    gateway.stop(PATIENCE);
}

#[test]
fn the_expiry_of_each_certificate_is_told() {
    let (authority, folder, origin) = (Authority::new(), Folder::new("expiry"), Origin::echo());
    let pair = folder.pair("a", &authority.issue(&["a.example"], 1));
    let path = pair.certificate.display().to_string();
    let stage = stage(&origin, secure(Tls { certificates: vec![pair], ..Tls::default() }));
    // rcgen's own end of time.
    expect_metric(&stage, &format!("yett_certificate_expiry_seconds{{file=\"{path}\"}} 67090118400"));
}

#[test]
fn handshakes_that_stay_half_open_end_with_the_header_timeout() {
    let (authority, folder, origin) = (Authority::new(), Folder::new("half-open"), Origin::echo());
    let pair = folder.pair("a", &authority.issue(&["a.example"], 1));
    let mut options = secure(Tls { certificates: vec![pair], ..Tls::default() });
    options.header_timeout_ms = 300;
    options.max_connections = 20;
    let stage = stage(&origin, options);
    let mut flood: Vec<_> = (0..20).map(|_| stage.caller()).collect();
    // The start of a handshake record, and never the rest.
    flood.iter_mut().for_each(|caller| caller.send(b"\x16\x03\x01\x02\x00\x01"));
    for caller in &mut flood {
        let mut rest = Vec::new();
        let _ = caller.stream.read_to_end(&mut rest);
    }
    expect_metric(&stage, &failed("timeout", 20));
    assert!(ask(&stage, "a.example", client(&authority, None, BOTH)).is_ok());
    let mut caller = stage.caller();
    caller.send("GET / HTTP/1.1\r\nhost: a.example\r\n\r\n");
    caller.read_to_end();
    expect_metric(&stage, &failed("not-tls", 1));
}
