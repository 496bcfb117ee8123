//! The seam: what Python sees of the engine and the proxy. Only plain data crosses it, and there is no logic here.
//!
//! The only crate that names pyo3. Every function has the same body: take data, let go of the interpreter, call a pure
//! crate, map the error. Rust never calls back into Python.

mod gateway;

use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};
use yett_engine::detect::{self, Kinds};
use yett_engine::jose::{self, Expectations, KeySet};
use yett_engine::{Engine, Now, Pepper};
use yett_model::{CATALOGUE, Diagnostic, Event, Finding, Patch, Request, Snapshot};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

create_exception!(_native, NativeError, PyException, "A refusal: `args` are its code, a sentence, and details as JSON text.");

/// The one exception of the seam.
fn native_error(code: &str, message: impl Into<String>, details: &impl serde::Serialize) -> PyErr {
    let details = serde_json::to_string(details).unwrap_or_else(|_| "null".to_owned());
    NativeError::new_err((code.to_owned(), message.into(), details))
}

fn refused(diagnostics: &[Diagnostic]) -> PyErr {
    native_error("snapshot-refused", format!("{} mistakes", diagnostics.len()), &diagnostics)
}

fn unserialisable(error: &serde_json::Error) -> PyErr {
    native_error("gateway-error", error.to_string(), &())
}

fn pepper_of(bytes: &[u8]) -> PyResult<Pepper> {
    Pepper::new(bytes)
        .ok_or_else(|| native_error("pepper-short", format!("a pepper has at least {} bytes", Pepper::MIN_BYTES), &()))
}

fn now() -> Now {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now { unix_ms: since.as_millis() as u64, mono_us: since.as_micros() as u64 }
}

/// Compiles a snapshot without running it: JSON array of diagnostics, none of which is more than a warning when it is good.
#[pyfunction]
fn check(py: Python<'_>, snapshot: &[u8], pepper: &[u8]) -> PyResult<Vec<u8>> {
    let engine = Engine::new(pepper_of(pepper)?);
    let diagnostics = py.detach(|| engine.check(snapshot));
    serde_json::to_vec(&diagnostics).map_err(|error| unserialisable(&error))
}

/// Decides requests in order with one engine: JSON array of `Request` in, JSON array of `Decision` out. `changes`, a JSON
/// array of `Change`, are laid over the snapshot first.
#[pyfunction]
#[pyo3(signature = (snapshot, requests, pepper, changes=None))]
fn decide(py: Python<'_>, snapshot: &[u8], requests: &[u8], pepper: &[u8], changes: Option<&[u8]>) -> PyResult<Vec<u8>> {
    let engine = Engine::new(pepper_of(pepper)?);
    let requests: Vec<Request> =
        serde_json::from_slice(requests).map_err(|error| native_error("request-malformed", error.to_string(), &()))?;
    py.detach(|| {
        engine.apply(snapshot).map_err(|diagnostics| refused(&diagnostics))?;
        changes.map_or(Ok(()), |changes| engine.change(changes)).map_err(|diagnostics| refused(&diagnostics))?;
        let decisions = requests.iter().map(|request| yett_engine::decide(&engine, request, now(), yett_proxy::random()));
        let decisions: Vec<_> =
            decisions.collect::<Result<_, _>>().map_err(|message| native_error("request-malformed", message, &()))?;
        serde_json::to_vec(&decisions).map_err(|error| unserialisable(&error))
    })
}

/// Every statement of a snapshot's access policies: whom it is for, of which operations, and whether it has conditions.
#[pyfunction]
fn statements(py: Python<'_>, snapshot: &[u8]) -> PyResult<Vec<u8>> {
    let found = py.detach(|| yett_engine::policy_statements(snapshot)).map_err(|diagnostics| refused(&diagnostics))?;
    serde_json::to_vec(&found).map_err(|error| unserialisable(&error))
}

/// Verifies a token against the keys of its issuer (a JWK Set) and what is expected of it (`Expectations`, both JSON), at
/// a Unix second or now: its claims as JSON. A refusal has the code `token-refused`, and its kind as details.
#[pyfunction]
#[pyo3(signature = (token, keys, expectations, now_s=None))]
fn verify_jwt(py: Python<'_>, token: &str, keys: &[u8], expectations: &[u8], now_s: Option<u64>) -> PyResult<Vec<u8>> {
    let expected: Expectations =
        serde_json::from_slice(expectations).map_err(|error| native_error("expectations-malformed", error.to_string(), &()))?;
    let now_s = now_s.unwrap_or_else(|| now().unix_ms / 1000);
    py.detach(|| {
        let keys = KeySet::for_expectations(keys, &expected).map_err(|reason| native_error("keys-refused", reason, &()))?;
        let claims = jose::verify_jwt(token, &keys, &expected, now_s)
            .map_err(|fault| native_error("token-refused", fault.detail, &fault.kind))?;
        serde_json::to_vec(&claims).map_err(|error| unserialisable(&error))
    })
}

/// Verifies a signature whose payload need not be a token's claims, against keys (a JWK Set): the payload. A refusal has
/// the code `token-refused`, and its kind as details.
#[pyfunction]
fn verify_jws(py: Python<'_>, token: &str, keys: &[u8]) -> PyResult<Vec<u8>> {
    py.detach(|| {
        let keys = KeySet::public(keys).map_err(|reason| native_error("keys-refused", reason, &()))?;
        jose::verify_jws(token, &keys).map_err(|fault| native_error("token-refused", fault.detail, &fault.kind))
    })
}

/// The `iss` of a token, of which nothing is proven: to choose the keys it is then verified with.
#[pyfunction]
fn unverified_issuer(token: &str) -> Option<String> {
    jose::unverified_issuer(token)
}

/// Personal data and secrets of some classes in a text: the class of each, and from which byte to before
/// which, in UTF-8.
#[pyfunction]
fn find_data(py: Python<'_>, text: &str, classes: Vec<String>) -> Vec<(&'static str, usize, usize)> {
    let kinds = Kinds::of(classes.iter().map(String::as_str));
    let found = py.detach(|| detect::find(text, kinds));
    found.into_iter().map(|one| (one.kind.class(), one.span.start, one.span.end)).collect()
}

/// What this build knows: the error catalogue and the JSON Schemas of what crosses the seam, as JSON.
#[pyfunction]
fn catalogue() -> PyResult<Vec<u8>> {
    let catalogue = json!({
        "errors": CATALOGUE,
        "schemas": {
            "snapshot": schemars::schema_for!(Snapshot),
            "patch": schemars::schema_for!(Patch),
            "event": schemars::schema_for!(Event),
            "finding": schemars::schema_for!(Finding),
            "request": schemars::schema_for!(Request),
            "decision": schemars::schema_for!(yett_model::Decision),
            "options": schemars::schema_for!(yett_proxy::Options),
        },
    });
    serde_json::to_vec(&catalogue).map_err(|error| unserialisable(&error))
}

/// Version, snapshot format and checksum of the Rust sources, as JSON.
#[pyfunction]
fn build_info() -> PyResult<Vec<u8>> {
    let info = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "snapshot_format": yett_model::SNAPSHOT_FORMAT,
        "sources": env!("YETT_SOURCES"),
        "optimised": !cfg!(debug_assertions),
    });
    serde_json::to_vec(&info).map_err(|error| unserialisable(&error))
}

/// The data plane of Yett.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("NativeError", module.py().get_type::<NativeError>())?;
    module.add_class::<gateway::Gateway>()?;
    module.add_function(wrap_pyfunction!(check, module)?)?;
    module.add_function(wrap_pyfunction!(decide, module)?)?;
    module.add_function(wrap_pyfunction!(statements, module)?)?;
    module.add_function(wrap_pyfunction!(verify_jwt, module)?)?;
    module.add_function(wrap_pyfunction!(verify_jws, module)?)?;
    module.add_function(wrap_pyfunction!(unverified_issuer, module)?)?;
    module.add_function(wrap_pyfunction!(find_data, module)?)?;
    module.add_function(wrap_pyfunction!(catalogue, module)?)?;
    module.add_function(wrap_pyfunction!(build_info, module)?)?;
    Ok(())
}
