//! Client authentication (mTLS): which authority a caller's certificate must come from, and what was revoked.

use super::certificate::{read_chain, unreadable};
use super::{Sources, invalid};
use crate::error::Error;
use crate::options::{ClientCertificates, ClientMode};
use data_encoding::BASE64;
use http::HeaderValue;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use std::path::Path;
use std::sync::Arc;
use yett_engine::identity::certificate::{Thumbprint, thumbprint};

/// What callers of some hosts must prove.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(super) verifier: Arc<dyn ClientCertVerifier>,
    /// Thumbprints of the authorities that callers' certificates come from.
    pub(super) authorities: Arc<[Thumbprint]>,
    mode: ClientMode,
    forward: bool,
}

impl Policy {
    /// Whether a chain is accepted now; the empty one is that of a caller without a certificate.
    pub(crate) fn accepts(&self, chain: &[CertificateDer<'_>]) -> bool {
        match chain.split_first() {
            Some((leaf, others)) => self.verifier.verify_client_cert(leaf, others, UnixTime::now()).is_ok(),
            None => self.mode == ClientMode::Optional,
        }
    }

    /// Whether a caller must have a certificate.
    pub(crate) fn is_required(&self) -> bool {
        self.mode == ClientMode::Required
    }

    /// The certificate as the upstream is told of it: a byte sequence of RFC 8941, as RFC 9440 section 2.1 wants.
    pub(crate) fn forwarded(&self, chain: &[CertificateDer<'_>]) -> Option<HeaderValue> {
        let leaf = chain.first().filter(|_| self.forward)?;
        HeaderValue::from_str(&format!(":{}:", BASE64.encode(leaf))).ok()
    }
}

/// Reads authorities and revocation lists.
///
/// With lists, a certificate whose status none of them tells is refused, and so is every certificate when its list has
/// expired: a list that is withheld must not bring a revoked certificate back.
///
/// # Errors
/// `tls-invalid`, saying which file is at fault.
pub(super) fn read(
    options: &ClientCertificates,
    sources: &mut Sources,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<Policy>, Error> {
    let mut roots = RootCertStore::empty();
    let authorities = read_chain(&options.ca, sources)?;
    let thumbprints = authorities.iter().map(|authority| thumbprint(authority)).collect();
    for certificate in authorities {
        roots.add(certificate).map_err(|error| unreadable(&options.ca, &error))?;
    }
    let mut lists = Vec::new();
    for path in &options.crl {
        lists.extend(read_lists(path, sources)?);
    }
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).with_crls(lists);
    builder = builder.enforce_revocation_expiration();
    if options.mode == ClientMode::Optional {
        builder = builder.allow_unauthenticated();
    }
    let verifier = builder.build().map_err(|error| invalid(format!("client certificates cannot be verified: {error}")))?;
    Ok(Arc::new(Policy { verifier, authorities: thumbprints, mode: options.mode, forward: options.forward }))
}

fn read_lists(path: &Path, sources: &mut Sources) -> Result<Vec<CertificateRevocationListDer<'static>>, Error> {
    let pem = sources.read(path)?;
    let lists = CertificateRevocationListDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let lists = lists.map_err(|error| unreadable(path, &error))?;
    match lists.is_empty() {
        true => Err(invalid(format!("{} holds no revocation list in PEM form", path.display()))),
        false => Ok(lists),
    }
}
