//! The gateway over real sockets. One program holds every file of these tests, so that they are linked once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod binary;
mod caching;
mod callouts;
mod certificates;
mod client_certificates;
mod common;
mod compression;
mod decompression;
mod draining;
mod failing;
mod floods;
mod grpc;
mod guarding;
mod http2;
mod hygiene;
mod issuers;
mod lasting;
mod listeners;
mod overload;
mod proxying;
mod refusals;
mod resilience;
mod resting;
mod secure;
mod slow;
mod streaming;
mod swaps;
mod telemetry;
mod tls;
mod transcoding;
mod upstream_proofs;
mod upstreams;
mod upstreams_http2;
mod websocket;
mod websocket_http2;
