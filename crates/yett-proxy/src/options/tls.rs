//! TLS towards callers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use yett_model::snapshot::TlsVersion;

/// Certificates of the listeners and what their callers must prove.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM file with the certificate chain, the leaf first: the short form of one entry of `certificates`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// PEM file with the private key of `certificate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// Certificates that are chosen by the name a caller asks for.
    #[serde(default)]
    pub certificates: Vec<CertificateFiles>,
    /// Refuse callers that ask for no name, or for one that no certificate has, instead of showing the first certificate.
    #[serde(default)]
    pub strict_sni: bool,
    /// The oldest version that is spoken.
    #[serde(default)]
    pub min_version: TlsVersion,
    /// What callers of some hosts, or of all, must prove.
    #[serde(default)]
    pub client_certificates: Vec<ClientCertificates>,
    /// What browsers are told of coming back without TLS (RFC 6797); absent tells nothing.
    #[serde(default)]
    pub hsts: Option<Hsts>,
}

impl Tls {
    /// TLS with one certificate and its key.
    pub fn pair(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { certificate: Some(certificate.into()), key: Some(key.into()), ..Self::default() }
    }

    /// All certificates, that of the short form first.
    pub(crate) fn pairs(&self) -> Vec<CertificateFiles> {
        let short = self.certificate.clone().zip(self.key.clone());
        let short = short.map(|(certificate, key)| CertificateFiles { certificate, key, hosts: Vec::new() });
        short.into_iter().chain(self.certificates.iter().cloned()).collect()
    }

    /// What is wrong in itself, whatever the files hold.
    pub(crate) fn mistake(&self) -> Option<&'static str> {
        match () {
            () if self.certificate.is_some() != self.key.is_some() => Some("`tls.certificate` and `tls.key` go together"),
            () if self.pairs().is_empty() => Some("`tls` must have a certificate and its key"),
            () => None,
        }
    }
}

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificateFiles {
    /// PEM file with the certificate chain, the leaf first.
    pub certificate: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
    /// Names it is shown for, `a.example` or `*.example`; empty means those it carries.
    #[serde(default)]
    pub hosts: Vec<String>,
}

/// What callers of some hosts must prove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientCertificates {
    /// PEM file with the authorities that certificates must come from.
    pub ca: PathBuf,
    /// PEM files with revocation lists. With any, every certificate of a chain must have a list that tells its status,
    /// and an expired list tells nothing.
    #[serde(default)]
    pub crl: Vec<PathBuf>,
    /// Whether a caller must have a certificate.
    #[serde(default)]
    pub mode: ClientMode,
    /// The hosts, `a.example` or `*.example`; empty means all that no other entry names.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Tell the upstream the certificate, as `Client-Cert` (RFC 9440).
    #[serde(default)]
    pub forward: bool,
}

/// Whether a caller must have a certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientMode {
    /// It must.
    #[default]
    Required,
    /// It may have none; one it has must be good.
    Optional,
}

/// HTTP Strict Transport Security.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hsts {
    /// Seconds for which a browser that was here keeps to HTTPS.
    pub max_age_s: u64,
    /// For all names below the host too.
    #[serde(default)]
    pub include_subdomains: bool,
    /// Consent to the lists that browsers are built with.
    #[serde(default)]
    pub preload: bool,
}
