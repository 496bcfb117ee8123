//! What the host of a gateway chooses; everything about APIs comes with the snapshot instead.

use crate::answer::PIECE;
use crate::error::Error;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

mod listeners;
mod overload;
mod tls;

pub(crate) use listeners::Network;
pub use listeners::{Listener, Redirect};
pub use overload::Overload;
pub use tls::{CertificateFiles, ClientCertificates, ClientMode, Hsts, Tls};

/// Settings of a [`Gateway`](crate::Gateway), fixed for its life. As JSON, every field may be left out but `pepper`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Where callers are accepted: an address `host:port`, port 0 letting the system choose, or an address with settings.
    #[serde(default = "listen")]
    pub listen: Vec<Listener>,
    /// Addresses and networks, such as `10.0.0.0/8`, of the proxies that may write a PROXY header on listeners with
    /// `proxy_protocol`.
    #[serde(default)]
    pub proxy_protocol_from: Vec<String>,
    /// A plain listener that sends callers to HTTPS and does nothing else.
    #[serde(default)]
    pub redirect: Option<Redirect>,
    /// Worker threads; absent means one per core.
    #[serde(default)]
    pub workers: Option<usize>,
    /// Address for `/metrics`, `/healthz` and `/readyz`; absent means none.
    #[serde(default)]
    pub telemetry: Option<String>,
    /// Where events are written, one JSON line each: `-` for standard output, a path, or `off`.
    #[serde(default = "off")]
    pub access_log: String,
    /// Secret that credential hashes are made with: at least 32 bytes as hex or base64, or the path of a file with it.
    pub pepper: Secret,
    /// Ed25519 private keys (PKCS #8, PEM) that tokens for upstreams are signed with, or paths of files with one each. The
    /// first signs; the public halves of all are served, so that one can be replaced without a gap.
    #[serde(default)]
    pub identity_keys: Vec<Secret>,
    /// Secrets of signing keys and webhooks and hashes of passwords, by the names that the snapshot has for them.
    #[serde(default)]
    pub secrets: HashMap<String, Secret>,
    /// Certificates of the listeners and what their callers must prove; absent means plain HTTP.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// Connections at the same time over all workers; more are turned away.
    #[serde(default = "max_connections")]
    pub max_connections: usize,
    /// Connections at the same time from one address (IPv6: one /64) over all workers; more are turned away.
    #[serde(default = "max_connections_per_address")]
    pub max_connections_per_address: usize,
    /// Milliseconds for a request head to arrive, the TLS handshake included on a new connection.
    #[serde(default = "header_timeout_ms")]
    pub header_timeout_ms: u64,
    /// Milliseconds for a collected request body to arrive whole. A streamed one may be waited for as long, and longer with
    /// every byte that arrived, as `min_upload_rate` says.
    #[serde(default = "body_timeout_ms")]
    pub body_timeout_ms: u64,
    /// Milliseconds a connection may be idle between requests, or a caller may take no byte of an answer.
    #[serde(default = "idle_timeout_ms")]
    pub idle_timeout_ms: u64,
    /// Milliseconds from the head of a request to the last byte of its answer; absent means as long as it takes. Operations
    /// that are `long_lived` are exempt.
    #[serde(default)]
    pub request_timeout_ms: Option<u64>,
    /// Bytes a second that a caller must send of a streamed body on average, once it was waited for as long as
    /// `body_timeout_ms`; 0 means that any byte is enough.
    #[serde(default = "min_upload_rate")]
    pub min_upload_rate: u64,
    /// Bytes a second that a caller must take of an answer on average, once it was waited for as long as
    /// `idle_timeout_ms`; 0 means that any byte is enough.
    #[serde(default = "min_download_rate")]
    pub min_download_rate: u64,
    /// Largest request head in bytes.
    #[serde(default = "max_head_bytes")]
    pub max_head_bytes: usize,
    /// Header fields of a request.
    #[serde(default = "max_headers")]
    pub max_headers: usize,
    /// HTTP/2 streams at the same time on one connection.
    #[serde(default = "max_streams")]
    pub max_streams: u32,
    /// HTTP/2 requests that a caller may abandon at once on one connection; as many are forgiven every ten seconds.
    #[serde(default = "max_resets")]
    pub max_resets: u32,
    /// When requests are refused so that others are answered soon.
    #[serde(default)]
    pub overload: Overload,
    /// Idle connections kept per upstream target and worker.
    #[serde(default = "upstream_idle_connections")]
    pub upstream_idle_connections: usize,
    /// Milliseconds an idle upstream connection is kept.
    #[serde(default = "upstream_idle_timeout_ms")]
    pub upstream_idle_timeout_ms: u64,
    /// Bytes of memory for kept answers, over all workers.
    #[serde(default = "cache_bytes")]
    pub cache_bytes: usize,
    /// Events held for [`Gateway::events`](crate::Gateway::events); the oldest give way. 0 holds none.
    #[serde(default)]
    pub event_capacity: usize,
}

/// A secret that is never printed.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

fn listen() -> Vec<Listener> {
    vec!["127.0.0.1:8080".into()]
}
fn off() -> String {
    "off".to_owned()
}
fn max_connections() -> usize {
    10_000
}
fn header_timeout_ms() -> u64 {
    10_000
}
fn body_timeout_ms() -> u64 {
    30_000
}
fn idle_timeout_ms() -> u64 {
    75_000
}
fn max_head_bytes() -> usize {
    32 * 1024
}
fn max_connections_per_address() -> usize {
    1024
}
fn min_upload_rate() -> u64 {
    500
}
fn min_download_rate() -> u64 {
    1024
}
fn max_headers() -> usize {
    100
}
fn max_streams() -> u32 {
    100
}
fn max_resets() -> u32 {
    200
}
fn upstream_idle_connections() -> usize {
    128
}
fn cache_bytes() -> usize {
    64 << 20
}
fn upstream_idle_timeout_ms() -> u64 {
    60_000
}

impl Options {
    /// Options with defaults for everything but the pepper.
    #[must_use]
    pub fn new(pepper: Secret) -> Self {
        Self {
            listen: listen(),
            proxy_protocol_from: Vec::new(),
            redirect: None,
            workers: None,
            telemetry: None,
            access_log: off(),
            pepper,
            identity_keys: Vec::new(),
            secrets: HashMap::new(),
            tls: None,
            max_connections: max_connections(),
            max_connections_per_address: max_connections_per_address(),
            header_timeout_ms: header_timeout_ms(),
            body_timeout_ms: body_timeout_ms(),
            idle_timeout_ms: idle_timeout_ms(),
            request_timeout_ms: None,
            min_upload_rate: min_upload_rate(),
            min_download_rate: min_download_rate(),
            max_head_bytes: max_head_bytes(),
            max_headers: max_headers(),
            max_streams: max_streams(),
            max_resets: max_resets(),
            overload: Overload::default(),
            upstream_idle_connections: upstream_idle_connections(),
            upstream_idle_timeout_ms: upstream_idle_timeout_ms(),
            cache_bytes: cache_bytes(),
            event_capacity: 0,
        }
    }

    /// Reads options from JSON.
    ///
    /// # Errors
    /// `option-invalid` with the field at fault. The message never holds the pepper.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        serde_json::from_str(json).map_err(|error| Error::new("option-invalid", format!("the options cannot be read: {error}")))
    }

    /// Checks what types cannot say.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = |message: &str| Err(Error::new("option-invalid", message));
        self.check_listeners()?;
        let timeouts = [self.header_timeout_ms, self.body_timeout_ms, self.idle_timeout_ms, self.upstream_idle_timeout_ms];
        let timeouts = timeouts.into_iter().chain(self.request_timeout_ms);
        match () {
            () if self.workers == Some(0) => wrong("`workers` must be at least 1"),
            () if self.workers.is_some_and(|workers| workers > 1024) => wrong("`workers` must be at most 1024"),
            () if self.max_connections == 0 => wrong("`max_connections` must be at least 1"),
            () if self.max_connections_per_address == 0 => wrong("`max_connections_per_address` must be at least 1"),
            () if self.max_streams == 0 => wrong("`max_streams` must be at least 1"),
            () if self.overload.mistake().is_some() => wrong(self.overload.mistake().unwrap_or_default()),
            () if self.max_resets == 0 => wrong("`max_resets` must be at least 1"),
            () if !(1..=1000).contains(&self.max_headers) => wrong("`max_headers` must be between 1 and 1000"),
            () if self.min_upload_rate.max(self.min_download_rate) > 1_000_000 => {
                wrong("`min_upload_rate` and `min_download_rate` must be at most 1000000 bytes a second")
            }
            () if !(4096..=HEAD_BUFFER).contains(&self.max_head_bytes) => {
                wrong("`max_head_bytes` must be between 4096 and 65536")
            }
            () if timeouts.into_iter().any(|timeout| !(1..=86_400_000).contains(&timeout)) => {
                wrong("timeouts must be between 1 and 86400000 milliseconds")
            }
            () => Ok(()),
        }
    }

    pub(crate) fn worker_count(&self) -> usize {
        self.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
    }

    fn piece(&self) -> usize {
        let kept = self.min_download_rate.saturating_mul(self.idle_timeout_ms) / 2000;
        match self.min_download_rate {
            0 => PIECE,
            _ => usize::try_from(kept).unwrap_or(PIECE).clamp(1024, PIECE),
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits {
            max_connections: self.max_connections,
            max_connections_per_address: self.max_connections_per_address,
            header_timeout: Duration::from_millis(self.header_timeout_ms),
            body_timeout: Duration::from_millis(self.body_timeout_ms),
            idle_timeout: Duration::from_millis(self.idle_timeout_ms),
            request_timeout: self.request_timeout_ms.map(Duration::from_millis),
            min_upload_rate: self.min_upload_rate,
            min_download_rate: self.min_download_rate,
            max_head_bytes: self.max_head_bytes,
            max_headers: self.max_headers,
            max_streams: self.max_streams,
            max_resets: self.max_resets,
            piece: self.piece(),
            upstream_idle_connections: self.upstream_idle_connections,
            upstream_idle_timeout: Duration::from_millis(self.upstream_idle_timeout_ms),
        }
    }
}

/// Bytes a connection may buffer while it reads a head.
pub(crate) const HEAD_BUFFER: usize = 64 * 1024;

/// The limits among the options, in the units the workers use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) max_connections: usize,
    pub(crate) max_connections_per_address: usize,
    pub(crate) header_timeout: Duration,
    pub(crate) body_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) request_timeout: Option<Duration>,
    pub(crate) min_upload_rate: u64,
    pub(crate) min_download_rate: u64,
    pub(crate) max_head_bytes: usize,
    pub(crate) max_headers: usize,
    pub(crate) max_streams: u32,
    pub(crate) max_resets: u32,
    /// Most of an answer that is handed over at once on HTTP/2, where the library holds it until the caller's window takes
    /// it: a caller that keeps to the rate takes one in half of the idle timeout.
    pub(crate) piece: usize,
    pub(crate) upstream_idle_connections: usize,
    pub(crate) upstream_idle_timeout: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pepper_is_needed() {
        let options = Options::from_json(r#"{"pepper": "x"}"#).unwrap();
        assert_eq!(options.listen, ["127.0.0.1:8080".into()]);
        assert!(options.check().is_ok());
        assert_eq!(Options::from_json("{}").unwrap_err().code(), "option-invalid");
    }

    #[test]
    fn an_unknown_option_is_refused_by_name() {
        let error = Options::from_json(r#"{"pepper": "x", "worker": 2}"#).unwrap_err();
        assert!(error.message().contains("`worker`"), "{error}");
    }

    #[test]
    fn options_out_of_range_are_refused() {
        for wrong in [
            r#""listen": []"#,
            r#""workers": 0"#,
            r#""max_connections": 0"#,
            r#""max_head_bytes": 1"#,
            r#""idle_timeout_ms": 0"#,
            r#""max_streams": 0"#,
            r#""max_resets": 0"#,
            r#""overload": {"tolerance": 0}"#,
            r#""overload": {"slack_ms": 0}"#,
            r#""overload": {"floor": 0}"#,
            r#""overload": {"lag_ms": 1}"#,
            r#""max_headers": 0"#,
            r#""max_connections_per_address": 0"#,
            r#""request_timeout_ms": 0"#,
            r#""min_download_rate": 1000001"#,
        ] {
            let options = Options::from_json(&format!(r#"{{"pepper": "x", {wrong}}}"#)).unwrap();
            assert_eq!(options.check().unwrap_err().code(), "option-invalid", "{wrong}");
        }
    }

    #[test]
    fn the_pepper_is_never_printed() {
        let options = Options::new(Secret::new("hush-hush"));
        assert!(!format!("{options:?}").contains("hush"));
    }
}
