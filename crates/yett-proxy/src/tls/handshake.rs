//! The handshake with a caller, what it proved, and why it failed.

use super::Security;
use super::server::Settings;
use rustls::pki_types::CertificateDer;
use rustls::server::Acceptor;
use rustls::{CertificateError, Error, HandshakeKind};
use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;
use yett_engine::identity::certificate::ClientCertificate;

/// What a connection proved at its handshake.
pub(crate) struct Proof {
    /// The name that was asked for; empty if none was.
    name: String,
    /// The caller's certificate and those between it and its authority; empty if it showed none.
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// The settings that the chain was last verified under.
    pub(super) settings: RefCell<Arc<Settings>>,
}

impl Proof {
    /// The name that was asked for; empty if none was.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Value of `Strict-Transport-Security` for the connection's answers.
    pub(crate) fn hsts(&self) -> Option<http::HeaderValue> {
        self.settings.borrow().hsts.clone()
    }

    /// The certificate as the upstream is told of it.
    pub(crate) fn forwarded(&self) -> Option<http::HeaderValue> {
        let settings = self.settings.borrow();
        settings.policy(settings.policy_of(&self.name)?)?.forwarded(&self.chain)
    }

    /// The certificate as an identity.
    pub(crate) fn identity(&self) -> Option<ClientCertificate> {
        let settings = self.settings.borrow();
        let policy = settings.policy(settings.policy_of(&self.name)?)?;
        self.chain.first().map(|leaf| ClientCertificate::read(leaf, policy.authorities.clone()))
    }
}

/// Why a handshake failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    /// The caller left, or its connection broke.
    Gone,
    /// It took too long.
    Timeout,
    /// The bytes are no TLS.
    NotTls,
    /// The caller speaks no version, suite or group that is offered.
    Incompatible,
    /// No certificate is there for the name.
    UnknownName,
    /// The caller showed no certificate where one is required.
    CertificateMissing,
    /// The caller's certificate was not accepted.
    CertificateRefused,
    /// The caller's certificate is revoked.
    CertificateRevoked,
    /// No valid revocation list tells the status of the caller's certificate.
    StatusUnknown,
    /// The caller refused the gateway.
    Alert,
    /// Anything else.
    Other,
}

impl Failed {
    /// Every kind with its name in the metrics.
    pub(crate) const ALL: [(Self, &'static str); 11] = [
        (Self::Gone, "gone"),
        (Self::Timeout, "timeout"),
        (Self::NotTls, "not-tls"),
        (Self::Incompatible, "incompatible"),
        (Self::UnknownName, "unknown-name"),
        (Self::CertificateMissing, "certificate-missing"),
        (Self::CertificateRefused, "certificate-refused"),
        (Self::CertificateRevoked, "certificate-revoked"),
        (Self::StatusUnknown, "status-unknown"),
        (Self::Alert, "alert"),
        (Self::Other, "other"),
    ];

    fn of(error: &io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            None => Self::Gone,
            Some(Error::InvalidMessage(_)) => Self::NotTls,
            Some(Error::PeerIncompatible(_)) => Self::Incompatible,
            Some(Error::NoCertificatesPresented) => Self::CertificateMissing,
            Some(Error::InvalidCertificate(error)) => Self::of_certificate(error),
            Some(Error::InvalidCertRevocationList(_)) => Self::StatusUnknown,
            Some(Error::AlertReceived(_)) => Self::Alert,
            // The one thing rustls says in words here: the resolver found no certificate.
            Some(Error::General(_)) => Self::UnknownName,
            Some(_) => Self::Other,
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        match error {
            CertificateError::Revoked => Self::CertificateRevoked,
            CertificateError::UnknownRevocationStatus
            | CertificateError::ExpiredRevocationList
            | CertificateError::ExpiredRevocationListContext { .. } => Self::StatusUnknown,
            _ => Self::CertificateRefused,
        }
    }
}

/// Shakes hands under the settings of the name that the caller asks for.
///
/// # Errors
/// Why it came to nothing; the caller was told by an alert where TLS has one.
pub(crate) async fn accept(security: &Security, stream: TcpStream) -> Result<(TlsStream<TcpStream>, Proof), Failed> {
    let settings = security.settings();
    let started = LazyConfigAcceptor::new(Acceptor::default(), stream).await.map_err(|error| Failed::of(&error))?;
    let name = started.client_hello().server_name().unwrap_or("").to_owned();
    let config = settings.config_of(&name);
    let stream = started.into_stream(config).await.map_err(|error| Failed::of(&error))?;
    let session = stream.get_ref().1;
    let chain = session.peer_certificates().map(<[_]>::to_vec).unwrap_or_default();
    // A session that goes on was not verified again: its certificate may have been revoked since.
    if session.handshake_kind() == Some(HandshakeKind::Resumed) {
        let policy = settings.policy_of(&name).and_then(|number| settings.policy(number));
        if policy.is_some_and(|policy| !policy.accepts(&chain)) {
            return Err(Failed::CertificateRefused);
        }
    }
    Ok((stream, Proof { name, chain, settings: RefCell::new(settings) }))
}
