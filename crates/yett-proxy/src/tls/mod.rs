//! TLS for callers: certificates chosen by name, client authentication by host, both renewed while connections go on.
//!
//! TLS 1.2 and 1.3 with the suites of rustls only; the hybrid group X25519MLKEM768 is preferred; HTTP/2 and HTTP/1.1 are
//! chosen by ALPN.

mod certificate;
mod clients;
mod handshake;
mod names;
mod resolver;
mod server;

pub(crate) use handshake::{Failed, Proof, accept};
pub(crate) use server::{Settings, versions};

use crate::error::Error;
use crate::options::Tls;
use arc_swap::ArcSwap;
use aws_lc_rs::digest::{Context, SHA256};
use certificate::unreadable;
use std::path::Path;
use std::sync::Arc;

/// Files that are read together, and the digest over them.
struct Sources(Context);

impl Sources {
    fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    fn read(&mut self, path: &Path) -> Result<Vec<u8>, Error> {
        let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
        self.0.update(&(bytes.len() as u64).to_be_bytes());
        self.0.update(&bytes);
        Ok(bytes)
    }

    fn digest(self) -> [u8; 32] {
        let mut digest = [0; 32];
        digest.iter_mut().zip(self.0.finish().as_ref()).for_each(|(to, from)| *to = *from);
        digest
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new("tls-invalid", message)
}

/// Why a request may not come on the connection it came on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Misdirected {
    /// Its host asks other proof of a caller than the name of the handshake.
    OtherProof,
    /// The caller's certificate, or its lack, is not accepted any more.
    NoLongerAccepted,
}

/// The TLS settings of a gateway, which may be renewed at any time.
pub(crate) struct Security {
    settings: ArcSwap<Settings>,
}

impl Security {
    /// Reads the files.
    ///
    /// # Errors
    /// `tls-invalid`, saying which file is at fault.
    pub(crate) fn read(tls: &Tls) -> Result<Self, Error> {
        Ok(Self { settings: ArcSwap::from_pointee(Settings::read(tls)?) })
    }

    /// Puts other settings, or the same with renewed files, in force for the handshakes and requests to come; whether
    /// they differ from what was in force is the caller's to say of the settings, and told here of the files.
    ///
    /// # Errors
    /// `tls-invalid`; what was in force stays in force.
    pub(crate) fn renew(&self, tls: &Tls, is_other: bool) -> Result<bool, Error> {
        let settings = Settings::read(tls)?;
        let renewed = is_other || settings.digest != self.settings.load().digest;
        if renewed {
            self.settings.store(Arc::new(settings));
        }
        Ok(renewed)
    }

    /// What is in force.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// Whether a request for a host may come on a connection: its handshake must have asked the proof that the host
    /// asks, and the proof must hold under the settings in force. `None` proves nothing: the connection is plain.
    pub(crate) fn admits(&self, proof: Option<&Proof>, host: &str) -> Result<(), Misdirected> {
        let settings = self.settings.load();
        if !settings.guards_any() {
            return Ok(());
        }
        let wanted = settings.policy_of(host);
        let Some(proof) = proof else {
            let required = wanted.and_then(|number| settings.policy(number)).is_some_and(|policy| policy.is_required());
            return if required { Err(Misdirected::OtherProof) } else { Ok(()) };
        };
        if settings.policy_of(proof.name()) != wanted {
            return Err(Misdirected::OtherProof);
        }
        let verified = Arc::ptr_eq(&settings, &proof.settings.borrow());
        if verified {
            return Ok(());
        }
        let policy = wanted.and_then(|number| settings.policy(number));
        if policy.is_some_and(|policy| !policy.accepts(&proof.chain)) {
            return Err(Misdirected::NoLongerAccepted);
        }
        *proof.settings.borrow_mut() = Arc::clone(&settings);
        Ok(())
    }
}
