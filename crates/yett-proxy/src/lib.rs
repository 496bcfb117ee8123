//! The shell around the engine: sockets, TLS, HTTP/1.1 and HTTP/2, upstream connections, events and metrics.
//!
//! Thread per core: each worker owns a single-threaded runtime, its own listeners on the shared ports and its own
//! upstream connections; on the path of a request workers share only the plan in force and the limit counters. What a
//! request may do is decided in `yett-engine`, never here. No signal handler is installed and the process is never
//! ended: the host keeps both.

mod answer;
mod aside;
mod ask;
mod attempt;
mod body;
mod cache;
mod chatter;
mod clock;
mod compress;
mod connection;
mod crowd;
mod drain;
mod error;
mod fetch;
mod framing;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod gateway;
mod identity;
mod keys;
mod lease;
mod line;
mod link;
mod listen;
mod local;
mod metrics;
mod options;
mod passwords;
mod patience;
mod pepper;
mod pools;
mod prober;
mod proxy_protocol;
mod random;
mod record;
mod redirect;
mod serve;
mod shed;
mod streams;
mod telemetry;
mod tls;
mod trip;
mod upgrade;
mod upstream;
mod worker;

pub use error::Error;
pub use gateway::{Bound, Gateway, Stats, Stopped};
pub use options::{CertificateFiles, ClientCertificates, ClientMode, Hsts, Listener, Options, Overload, Redirect, Secret, Tls};
pub use random::random;
pub use yett_engine::{Applied, LoadedKeys};
pub use yett_model::snapshot::TlsVersion;
pub use yett_model::{Diagnostic, Finding};
