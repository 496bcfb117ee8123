//! The handle of a running gateway.

use crate::{native_error, refused, unserialisable};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::time::Duration;

/// A gateway in this process. Its workers are threads of its own that never touch the interpreter.
#[pyclass(frozen, module = "yett._native")]
pub(crate) struct Gateway {
    inner: yett_proxy::Gateway,
}

fn failed(error: &yett_proxy::Error) -> PyErr {
    native_error(error.code(), error.to_string(), &())
}

fn json(value: &impl serde::Serialize) -> PyResult<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| unserialisable(&error))
}

#[pymethods]
impl Gateway {
    /// A gateway from its options as JSON. Nothing is bound yet.
    #[new]
    fn new(options: &[u8]) -> PyResult<Self> {
        let options =
            serde_json::from_slice(options).map_err(|error| native_error("options-malformed", error.to_string(), &()))?;
        let inner = yett_proxy::Gateway::new(options).map_err(|error| failed(&error))?;
        Ok(Self { inner })
    }

    /// Binds every address and starts the workers; returns the bound addresses as JSON.
    fn start(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
        py.detach(|| self.inner.start().map_err(|error| failed(&error)).and_then(|bound| json(&bound)))
    }

    /// Compiles a snapshot and swaps it in, or refuses it with every mistake in `NativeError.details`.
    fn apply(&self, py: Python<'_>, snapshot: &[u8]) -> PyResult<Vec<u8>> {
        py.detach(|| self.inner.apply(snapshot).map_err(|diagnostics| refused(&diagnostics)).and_then(|applied| json(&applied)))
    }

    /// Applies a numbered patch, or refuses it whole.
    fn patch(&self, py: Python<'_>, patch: &[u8]) -> PyResult<Vec<u8>> {
        py.detach(|| self.inner.patch(patch).map_err(|diagnostics| refused(&diagnostics)).and_then(|applied| json(&applied)))
    }

    /// Reads the files of the TLS settings (JSON) again and puts them in force, all or nothing; whether any differs.
    fn renew_tls(&self, py: Python<'_>, tls: &[u8]) -> PyResult<bool> {
        let tls = serde_json::from_slice(tls).map_err(|error| native_error("options-malformed", error.to_string(), &()))?;
        py.detach(|| self.inner.renew_tls(Some(tls)).map_err(|error| failed(&error)))
    }

    /// Takes other secrets, by name, as JSON; they hold from the next snapshot on.
    fn renew_secrets(&self, py: Python<'_>, secrets: &[u8]) -> PyResult<()> {
        let secrets = serde_json::from_slice(secrets)
            .map_err(|_| native_error("options-malformed", "secrets are an object of strings", &()))?;
        py.detach(|| self.inner.renew_secrets(&secrets));
        Ok(())
    }

    /// Up to `most` events, oldest first, each one line of JSON.
    fn events(&self, py: Python<'_>, most: usize) -> Vec<Vec<u8>> {
        py.detach(|| self.inner.events(most))
    }

    /// Settles what was handed in as leaked; up to `most` findings that are news, as JSON.
    fn findings(&self, py: Python<'_>, most: usize) -> PyResult<Vec<u8>> {
        py.detach(|| json(&self.inner.findings(most)))
    }

    /// Loads a file of keys in the place of the one before, or refuses it whole.
    fn load_keys(&self, py: Python<'_>, path: PathBuf) -> PyResult<Vec<u8>> {
        py.detach(|| self.inner.load_keys(&path).map_err(|mistake| refused(&[mistake])).and_then(|loaded| json(&loaded)))
    }

    /// Pairs of id and Unix minute of the credentials used since a minute, at most `most`, as JSON.
    fn used_keys(&self, py: Python<'_>, since: u32, most: usize) -> PyResult<Vec<u8>> {
        py.detach(|| json(&self.inner.used_keys(since, most)))
    }

    /// The key set of an issuer as it was fetched, `None` where there is none; looked for anew if it has no such key.
    fn key_set(&self, py: Python<'_>, issuer: &str, kid: Option<&str>) -> Option<Vec<u8>> {
        py.detach(|| self.inner.key_set(issuer, kid).map(Vec::from))
    }

    /// Figures of the running gateway, as JSON.
    fn stats(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
        py.detach(|| json(&self.inner.stats()))
    }

    /// Stops accepting, lets requests in flight finish for up to `grace` seconds; returns what was cut.
    fn stop(&self, py: Python<'_>, grace: f64) -> PyResult<Vec<u8>> {
        let grace = Duration::try_from_secs_f64(grace)
            .map_err(|_| native_error("options-malformed", "grace is seconds, 0 or more", &()))?;
        py.detach(|| json(&self.inner.stop(grace)))
    }
}
