//! Opening a connection: names, TCP, TLS.

use super::{Failure, Socket, Upstream};
use crate::clock::{Clock, within};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

/// How long the addresses of a name are believed.
const ADDRESSES_FOR_US: u64 = 10_000_000;

/// Whom an upstream must prove to be; an upstream that cannot be verified is never reached.
pub(super) struct Trust {
    config: Result<Arc<ClientConfig>, String>,
    name: Result<ServerName<'static>, String>,
    is_http2: bool,
}

impl Trust {
    pub(super) fn new(name: &str, ca_pem: Option<&str>, is_http2: bool) -> Self {
        let server = ServerName::try_from(name.to_owned());
        Self {
            config: match ca_pem {
                Some(pem) => client_config(pem),
                None => platform_config(),
            }
            .map(|config| if is_http2 { over_http2(&config) } else { config }),
            name: server.map_err(|error| format!("'{name}' is no name a certificate can prove: {error}")),
            is_http2,
        }
    }
}

/// TLS that trusts the given certificates only.
///
/// # Errors
/// What is wrong with the PEM text.
pub(crate) fn client_config(pem: &str) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| format!("the PEM text cannot be read: {error}"))?;
        roots.add(certificate).map_err(|error| format!("a certificate cannot be trusted: {error}"))?;
    }
    match roots.is_empty() {
        true => Err("the PEM text has no certificate".to_owned()),
        false => with_roots(roots),
    }
}

/// TLS that trusts what the platform trusts; its certificates are read once.
fn platform_config() -> Result<Arc<ClientConfig>, String> {
    static PLATFORM: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    let load = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        match roots.is_empty() {
            true => Err("this machine has no trusted root certificates: install them or set `ca_pem`".to_owned()),
            false => with_roots(roots),
        }
    };
    PLATFORM.get_or_init(load).clone()
}

fn with_roots(roots: RootCertStore) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The same trust, where HTTP/2 must be agreed on (ALPN, RFC 7301).
fn over_http2(config: &ClientConfig) -> Arc<ClientConfig> {
    let mut config = config.clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

pub(super) async fn connect(upstream: &Upstream, clock: &Rc<Clock>) -> Result<Socket, Failure> {
    let late = || Failure::Unreachable(format!("no connection within {} ms", upstream.connect_timeout.as_millis()));
    within(clock, upstream.connect_timeout, open(upstream, clock)).await.ok_or_else(late)?
}

async fn open(upstream: &Upstream, clock: &Clock) -> Result<Socket, Failure> {
    let stream = tcp(upstream, clock).await.map_err(|error| {
        upstream.addresses.borrow_mut().0.clear();
        Failure::Unreachable(format!("{}:{} cannot be reached: {error}", upstream.name, upstream.port))
    })?;
    let _ = stream.set_nodelay(true);
    let Some(trust) = &upstream.trust else { return Ok(Socket::Plain(stream)) };
    let config = trust.config.clone().map_err(Failure::Unreachable)?;
    let name = trust.name.clone().map_err(Failure::Unreachable)?;
    let stream = TlsConnector::from(config).connect(name, stream).await;
    let stream = stream.map_err(|error| Failure::Unreachable(format!("TLS with {} failed: {error}", upstream.name)))?;
    if trust.is_http2 && stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return Err(Failure::Unreachable(format!("{} does not agree to HTTP/2", upstream.name)));
    }
    Ok(Socket::Tls(Box::new(stream)))
}

async fn tcp(upstream: &Upstream, clock: &Clock) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses(upstream, clock).await? {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

async fn addresses(upstream: &Upstream, clock: &Clock) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = upstream.name.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, upstream.port)]);
    }
    {
        let known = upstream.addresses.borrow();
        if !known.0.is_empty() && known.1 > clock.latest_us() {
            return Ok(known.0.clone());
        }
    }
    let found: Vec<SocketAddr> = lookup_host((upstream.name.as_str(), upstream.port)).await?.collect();
    *upstream.addresses.borrow_mut() = (found.clone(), clock.latest_us() + ADDRESSES_FOR_US);
    Ok(found)
}
