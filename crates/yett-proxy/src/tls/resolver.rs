//! Choosing the certificate by the name the caller asks for (SNI, RFC 6066 section 3).

use super::certificate::Certificate;
use super::invalid;
use super::names::Names;
use crate::error::Error;
use crate::options::CertificateFiles;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::sync::Arc;

/// The certificates by their names.
#[derive(Debug)]
pub(super) struct Resolver {
    names: Names<Arc<CertifiedKey>>,
}

impl Resolver {
    /// Names that are written down go before those that certificates carry; the first certificate with a name has it.
    /// Unless `strict`, the first certificate is also for every other name and for callers that name none.
    ///
    /// # Errors
    /// `tls-invalid` if a name is written down for two certificates.
    pub(super) fn new(files: &[CertificateFiles], certificates: &[Certificate], strict: bool) -> Result<Self, Error> {
        let mut names = Names::default();
        for (files, certificate) in files.iter().zip(certificates) {
            if let Some(host) = files.hosts.iter().find(|host| !names.add(host, certificate.key.clone())) {
                return Err(invalid(format!("{host} is named for two certificates")));
            }
        }
        for (_, certificate) in files.iter().zip(certificates).filter(|(files, _)| files.hosts.is_empty()) {
            for name in &certificate.names {
                names.add(name, certificate.key.clone());
            }
        }
        if let Some(first) = certificates.first().filter(|_| !strict) {
            names.add_others(first.key.clone());
        }
        Ok(Self { names })
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.names.find(hello.server_name().unwrap_or("")).cloned()
    }
}
