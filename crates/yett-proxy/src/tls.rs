//! TLS for callers: one certificate, TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN.

use crate::error::Error;
use crate::options::Tls;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// Reads certificate and key.
///
/// # Errors
/// `tls-invalid`, saying which file is at fault.
pub(crate) fn acceptor(tls: &Tls) -> Result<TlsAcceptor, Error> {
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| invalid(format!("{} cannot be read: {error}", path.display()));
    let chain = CertificateDer::pem_file_iter(&tls.certificate).map_err(|error| unreadable(&tls.certificate, &error))?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(|error| unreadable(&tls.certificate, &error))?;
    if chain.is_empty() {
        return Err(invalid(format!("{} holds no certificate in PEM form", tls.certificate.display())));
    }
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|error| unreadable(&tls.key, &error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|error| invalid(format!("certificate and key do not work together: {error}")))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn invalid(message: String) -> Error {
    Error::new("tls-invalid", message)
}
