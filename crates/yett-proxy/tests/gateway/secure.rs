//! Authorities, certificates, revocation lists, and callers that speak TLS.
#![allow(unreachable_pub, reason = "a program has no outside")]

use crate::common::{Message, Origin, PATIENCE, Stage, options, read_message, snapshot};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, IsCa, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use serde_json::json;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use yett_proxy::{CertificateFiles, ClientCertificates, ClientMode, Options, Tls};

/// A certificate and its key, as PEM.
#[derive(Clone)]
pub struct Issued {
    pub certificate: String,
    pub key: String,
}

/// A certificate authority.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Issues a certificate for names, under a serial number.
    pub fn issue(&self, names: &[&str], serial: u64) -> Issued {
        let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        params.serial_number = Some(SerialNumber::from(serial));
        let key = KeyPair::generate().unwrap();
        Issued { certificate: params.signed_by(&key, &self.0).unwrap().pem(), key: key.serialize_pem() }
    }

    /// A list that revokes serial numbers and is to be renewed before a year.
    pub fn revoke(&self, serials: &[u64], next_update: i32) -> String {
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(next_update, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.0).unwrap().pem().unwrap()
    }
}

/// A folder that goes with the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("yett-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.0.join(name), text).unwrap();
        self.0.join(name)
    }

    pub fn pair(&self, name: &str, issued: &Issued) -> CertificateFiles {
        CertificateFiles {
            certificate: self.write(&format!("{name}.pem"), &issued.certificate),
            key: self.write(&format!("{name}.key"), &issued.key),
            hosts: Vec::new(),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Options with TLS.
pub fn secure(tls: Tls) -> Options {
    let mut options = options();
    options.tls = Some(tls);
    options
}

/// A gateway with TLS before an origin.
pub fn stage(origin: &Origin, options: Options) -> Stage {
    Stage::start(options, &snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})))
}

/// Certificates of clients that an authority issues are asked for on some hosts.
pub fn clients(ca: PathBuf, mode: ClientMode, hosts: &[&str]) -> ClientCertificates {
    ClientCertificates { ca, crl: Vec::new(), mode, hosts: hosts.iter().map(|host| (*host).to_owned()).collect(), forward: false }
}

pub fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A caller that trusts an authority and may have a certificate.
pub fn client(trusted: &Authority, own: Option<&Issued>, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted.pem().as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(provider()).with_protocol_versions(versions).unwrap();
    let config = config.with_root_certificates(roots);
    match own {
        None => config.with_no_client_auth(),
        Some(own) => {
            let chain = CertificateDer::pem_slice_iter(own.certificate.as_bytes()).collect::<Result<_, _>>().unwrap();
            config.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap()).unwrap()
        }
    }
}

pub const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

/// A connection of a caller.
pub struct Secured(pub StreamOwned<ClientConnection, TcpStream>);

impl Secured {
    pub fn open(address: SocketAddr, name: &str, config: &Arc<ClientConfig>) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self::over(stream, name, config)
    }

    pub fn over(stream: TcpStream, name: &str, config: &Arc<ClientConfig>) -> Self {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        Self(StreamOwned::new(ClientConnection::new(config.clone(), name).unwrap(), stream))
    }

    /// Asks for a page of a host; what keeps it from getting an answer.
    pub fn ask(&mut self, host: &str) -> Result<Message, String> {
        let request = format!("GET /shop/books HTTP/1.1\r\nhost: {host}\r\n\r\n");
        self.0.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
        self.0.flush().map_err(|error| error.to_string())?;
        read_message(&mut self.0, false)
    }
}

/// One request on a connection of its own.
pub fn ask(stage: &Stage, name: &str, config: ClientConfig) -> Result<Message, String> {
    Secured::open(stage.address, name, &Arc::new(config)).ask(name)
}

/// Waits until a line is in the metrics.
pub fn expect_metric(stage: &Stage, line: &str) {
    let began = Instant::now();
    loop {
        let page = stage.telemetry("/metrics");
        if page.text().lines().any(|found| found == line) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{line} is not in\n{}", page.text());
    }
}

/// The line of a kind of failed handshakes.
pub fn failed(kind: &str, count: u32) -> String {
    format!("yett_tls_handshakes_failed_total{{kind=\"{kind}\"}} {count}")
}
