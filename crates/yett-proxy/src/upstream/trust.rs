//! Whom an upstream must prove to be, and what the gateway proves to it.

use crate::tls::versions;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use std::fmt::Write;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use yett_model::Diagnostic;
use yett_model::snapshot::{TlsVersion, Upstream, UpstreamCertificate, UpstreamTls};

/// Whom an upstream must prove to be; an upstream that cannot be verified is never reached.
pub(super) struct Trust {
    pub(super) config: Result<Arc<ClientConfig>, String>,
    pub(super) name: Result<ServerName<'static>, String>,
    pub(super) is_http2: bool,
}

impl Trust {
    /// `host` is that of the target's URL.
    pub(super) fn new(host: &str, upstream: &Upstream, is_http2: bool) -> Self {
        Self::of(host, upstream.ca_pem.as_deref(), upstream.tls.as_ref(), is_http2)
    }

    /// The same for anybody.
    pub(super) fn of(host: &str, ca_pem: Option<&str>, tls: Option<&UpstreamTls>, is_http2: bool) -> Self {
        let name = tls.and_then(|tls| tls.server_name.as_deref()).unwrap_or(host);
        Self {
            config: config(ca_pem, tls)
                .map(|config| if is_http2 { over_http2(&config) } else { config })
                .map_err(|mistake| mistake.message),
            name: server_name(name),
            is_http2,
        }
    }
}

/// What sets upstreams apart by the proof that is asked and given.
pub(super) fn key(upstream: &Upstream) -> String {
    let mut key = upstream.ca_pem.clone().unwrap_or_default();
    if let Some(tls) = &upstream.tls {
        let _ = write!(key, " {tls:?}");
    }
    key
}

fn server_name(name: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(name.to_owned()).map_err(|error| format!("'{name}' is no name a certificate can prove: {error}"))
}

/// What is wrong, and with which part of an upstream.
struct Mistake {
    part: &'static str,
    code: &'static str,
    message: String,
}

fn wrong_certificate(message: String) -> Mistake {
    Mistake { part: "tls/client_certificate", code: "client-certificate-invalid", message }
}

fn config(ca_pem: Option<&str>, tls: Option<&UpstreamTls>) -> Result<Arc<ClientConfig>, Mistake> {
    let wrong_ca = |message: String| Mistake { part: "ca_pem", code: "ca-invalid", message };
    let (own, oldest) = tls.map_or((None, TlsVersion::V1_2), |tls| (tls.client_certificate.as_ref(), tls.min_version));
    match ca_pem {
        Some(pem) => with_roots(Arc::new(roots(pem).map_err(wrong_ca)?), own, oldest),
        None if own.is_none() && oldest == TlsVersion::V1_2 => platform_config().map_err(wrong_ca),
        None => with_roots(platform_roots().map_err(wrong_ca)?, own, oldest),
    }
}

fn roots(pem: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| format!("the PEM text cannot be read: {error}"))?;
        roots.add(certificate).map_err(|error| format!("a certificate cannot be trusted: {error}"))?;
    }
    if roots.is_empty() { Err("the PEM text has no certificate".to_owned()) } else { Ok(roots) }
}

/// What the platform trusts; its certificates are read once.
fn platform_roots() -> Result<Arc<RootCertStore>, String> {
    static PLATFORM: OnceLock<Result<Arc<RootCertStore>, String>> = OnceLock::new();
    let load = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        match roots.is_empty() {
            true => Err("this machine has no trusted root certificates: install them or set `ca_pem`".to_owned()),
            false => Ok(Arc::new(roots)),
        }
    };
    PLATFORM.get_or_init(load).clone()
}

fn platform_config() -> Result<Arc<ClientConfig>, String> {
    static PLATFORM: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    let build = || with_roots(platform_roots()?, None, TlsVersion::V1_2).map_err(|mistake| mistake.message);
    PLATFORM.get_or_init(build).clone()
}

fn with_roots(
    roots: Arc<RootCertStore>,
    own: Option<&UpstreamCertificate>,
    oldest: TlsVersion,
) -> Result<Arc<ClientConfig>, Mistake> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions(oldest))
        .map_err(|error| wrong_certificate(format!("TLS cannot be set up: {error}")))?;
    let config = config.with_root_certificates(roots);
    let mut config = match own {
        None => config.with_no_client_auth(),
        Some(own) => {
            let (chain, key) = read_own(own)?;
            let together = config.with_client_auth_cert(chain, key);
            together.map_err(|error| wrong_certificate(format!("certificate and key do not work together: {error}")))?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The key is read here and not carried in the snapshot.
fn read_own(own: &UpstreamCertificate) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Mistake> {
    let chain = CertificateDer::pem_slice_iter(own.certificate_pem.as_bytes()).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| wrong_certificate(format!("the certificate cannot be read: {error}")))?;
    let key = PrivateKeyDer::from_pem_file(Path::new(&own.key_file));
    let key = key.map_err(|error| wrong_certificate(format!("{} cannot be read: {error}", own.key_file)))?;
    if chain.is_empty() { Err(wrong_certificate("the PEM text has no certificate".to_owned())) } else { Ok((chain, key)) }
}

/// The same trust, where HTTP/2 must be agreed on (ALPN, RFC 7301).
fn over_http2(config: &ClientConfig) -> Arc<ClientConfig> {
    let mut config = config.clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

/// The part of a snapshot that only the shell can check. Anything else wrong with it is the engine's to say.
#[derive(Deserialize)]
struct Proofs {
    apis: Vec<OfApi>,
}

#[derive(Deserialize)]
struct OfApi {
    upstream: OfUpstream,
}

#[derive(Deserialize)]
struct OfUpstream {
    ca_pem: Option<String>,
    tls: Option<UpstreamTls>,
}

/// What is wrong with authorities, certificates and names of upstreams.
pub(crate) fn check(snapshot: &[u8]) -> Vec<Diagnostic> {
    let is_there = |name: &[u8]| memchr::memmem::find(snapshot, name).is_some();
    if !is_there(b"\"ca_pem\"") && !is_there(b"\"tls\"") {
        return Vec::new();
    }
    let Ok(Proofs { apis }) = serde_json::from_slice(snapshot) else { return Vec::new() };
    let mistakes = apis.iter().enumerate().filter_map(|(number, api)| Some((number, mistake(&api.upstream)?)));
    mistakes.map(|(number, mistake)| mistake.at(&format!("/apis/{number}/upstream"))).collect()
}

impl Mistake {
    fn at(self, path: &str) -> Diagnostic {
        Diagnostic::new(format!("{path}/{}", self.part), self.code, self.message)
            .hint("Give PEM text of certificates, and a key that this machine can read.")
    }
}

/// What is wrong with the proofs that are asked of somebody and given to him, who is described at `path`.
pub(crate) fn check_trust(path: &str, ca_pem: Option<&str>, tls: Option<&UpstreamTls>) -> Option<Diagnostic> {
    proofs_mistake(ca_pem, tls).map(|mistake| mistake.at(path))
}

fn mistake(upstream: &OfUpstream) -> Option<Mistake> {
    proofs_mistake(upstream.ca_pem.as_deref(), upstream.tls.as_ref())
}

fn proofs_mistake(ca_pem: Option<&str>, tls: Option<&UpstreamTls>) -> Option<Mistake> {
    if ca_pem.is_none() && tls.is_none() {
        return None;
    }
    let name = tls.and_then(|tls| tls.server_name.as_deref());
    let wrong_name = |message: String| Mistake { part: "tls/server_name", code: "server-name-invalid", message };
    let named = name.map_or(Ok(()), |name| server_name(name).map(drop).map_err(wrong_name));
    named.and_then(|()| config(ca_pem, tls).map(drop)).err()
}
