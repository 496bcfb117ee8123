//! Stopping: what the gateway tells its workers, and what they tell back.

use std::time::Instant;

/// Whether the workers go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Serve.
    Serve,
    /// Take no more connections, finish the requests in flight, and end by this time.
    Drain(Instant),
}

/// How a worker ended.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Report {
    /// Requests that had to be cut off.
    pub(crate) cut: u64,
}
