//! The TLS settings in force, built whole from their files or not at all.

use super::certificate::{self, Certificate};
use super::clients::{self, Policy};
use super::names::Names;
use super::resolver::Resolver;
use super::{Sources, invalid};
use crate::error::Error;
use crate::options::{Hsts, Tls};
use http::HeaderValue;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{Ticketer, default_provider};
use rustls::server::{ResolvesServerCert, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};
use std::sync::Arc;
use yett_model::snapshot::TlsVersion;

/// TLS settings, built.
pub(crate) struct Settings {
    /// For hosts without client authentication.
    open: Arc<ServerConfig>,
    /// For hosts with it.
    guarded: Vec<(Arc<Policy>, Arc<ServerConfig>)>,
    hosts: Names<usize>,
    /// Value of `Strict-Transport-Security`.
    pub(crate) hsts: Option<HeaderValue>,
    /// The gateway's own certificates.
    pub(crate) certificates: Vec<Certificate>,
    /// SHA-256 over all files.
    pub(super) digest: [u8; 32],
}

impl Settings {
    /// Reads every file.
    ///
    /// # Errors
    /// `tls-invalid`, saying which file is at fault.
    pub(super) fn read(tls: &Tls) -> Result<Self, Error> {
        let provider = Arc::new(default_provider());
        let mut sources = Sources::new();
        let files = tls.pairs();
        let certificates = files.iter().map(|files| certificate::read(files, &mut sources, &provider));
        let certificates = certificates.collect::<Result<Vec<_>, _>>()?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::new(Resolver::new(&files, &certificates, tls.strict_sni)?);
        let mut hosts = Names::default();
        let mut guarded = Vec::new();
        for (number, options) in tls.client_certificates.iter().enumerate() {
            let policy = clients::read(options, &mut sources, &provider)?;
            let config = config(tls, &provider, &resolver, Some(&policy))?;
            guarded.push((policy, config));
            let free = match options.hosts.is_empty() {
                true => hosts.add_others(number),
                false => options.hosts.iter().all(|host| hosts.add(host, number)),
            };
            if !free {
                return Err(invalid("`client_certificates` name a host twice, or all hosts twice"));
            }
        }
        Ok(Self {
            open: config(tls, &provider, &resolver, None)?,
            guarded,
            hosts,
            hsts: tls.hsts.as_ref().map(strict_transport),
            certificates,
            digest: sources.digest(),
        })
    }

    /// The number of the policy of a host, if it has one.
    pub(super) fn policy_of(&self, host: &str) -> Option<usize> {
        self.hosts.find(host).copied()
    }

    /// A policy by its number.
    pub(super) fn policy(&self, number: usize) -> Option<&Arc<Policy>> {
        self.guarded.get(number).map(|(policy, _)| policy)
    }

    /// Whether any host has client authentication.
    pub(super) fn guards_any(&self) -> bool {
        !self.guarded.is_empty()
    }

    /// The settings of a handshake for a host.
    pub(super) fn config_of(&self, host: &str) -> Arc<ServerConfig> {
        let guarded = self.policy_of(host).and_then(|number| self.guarded.get(number));
        guarded.map_or(&self.open, |(_, config)| config).clone()
    }
}

/// Each has tickets of its own: what was proved to one policy opens nothing under another.
fn config(
    tls: &Tls,
    provider: &Arc<CryptoProvider>,
    resolver: &Arc<dyn ResolvesServerCert>,
    policy: Option<&Arc<Policy>>,
) -> Result<Arc<ServerConfig>, Error> {
    let failed = |error: rustls::Error| invalid(format!("TLS cannot be set up: {error}"));
    let verifier = policy.map_or_else(WebPkiClientVerifier::no_client_auth, |policy| policy.verifier.clone());
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions(tls.min_version))
        .map_err(failed)?;
    let mut config = config.with_client_cert_verifier(verifier).with_cert_resolver(resolver.clone());
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = Ticketer::new().map_err(failed)?;
    Ok(Arc::new(config))
}

/// A version and those after it, the newest first.
pub(crate) fn versions(oldest: TlsVersion) -> &'static [&'static SupportedProtocolVersion] {
    static BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
    match oldest {
        TlsVersion::V1_2 => &BOTH,
        TlsVersion::V1_3 => BOTH.split_at(1).0,
    }
}

/// RFC 6797 section 6.1.
fn strict_transport(hsts: &Hsts) -> HeaderValue {
    let mut text = format!("max-age={}", hsts.max_age_s);
    for (wanted, directive) in [(hsts.include_subdomains, "; includeSubDomains"), (hsts.preload, "; preload")] {
        text.push_str(if wanted { directive } else { "" });
    }
    // Digits and fixed words only: it is always a value.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("max-age=0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_transport_is_written_as_the_standard_wants() {
        let hsts = Hsts { max_age_s: 60, include_subdomains: true, preload: true };
        assert_eq!(strict_transport(&hsts), "max-age=60; includeSubDomains; preload");
    }
}
